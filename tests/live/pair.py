"""Two applications on a real Kafka that read the same in step, while a retailer's records are written: one in peace, one that is tried. What kills.py and
outages.py have in common."""

import argparse
import signal
import subprocess
import time

from daemon import BINARY, ENVIRONMENT, Waybill, waybill
from servers import Kafka, Server, scratch, wait_for
from stage import Failed, judge, say

# Records between two looks: about one epoch.
PORTION = 250


class Load(Server):
    """`waybill retailer load`, held back while it is ahead: readers that fall behind meet the systems' topics one after the other, and what
    the systems answered to an order before the order itself. That may be, but then little is left to request."""

    def __init__(self, folder, kafka, prefix, orders, seed):
        super().__init__("load", folder)
        self.spawn([BINARY, "retailer", "load", "--brokers", kafka.bootstrap, "--prefix", prefix, "--orders", str(orders), "--seed", str(seed),
                    "--partitions", "2"], env=ENVIRONMENT)
        self.seconds = 0.02

    def hold(self):
        self.process.send_signal(signal.SIGSTOP)

    def portion(self):
        """Lets it write for a moment; false when it has ended."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
        try:
            code = self.process.wait(self.seconds)
        except subprocess.TimeoutExpired:
            self.hold()
            return True
        if code != 0:
            raise Failed(f"the load ended with {code}\n{self.log.read_text(errors='replace')}")
        return False

    def wrote(self, records):
        """A portion came to so many records: the next one shall come to about PORTION."""
        if records:
            self.seconds = min(max(self.seconds * PORTION / records, self.seconds / 2, 0.002), self.seconds * 2, 0.5)

    def stop(self, seconds=20):
        if self.process.poll() is None:
            # A stopped process (SIGSTOP) handles no other signal.
            self.process.kill()
        self.process.wait()


class Pair:
    """The load, and the two applications that read it."""

    def __init__(self, kafka, folder, name, options):
        self.kafka, self.prefix = kafka, f"{name}."
        config = waybill("retailer", "config", "--brokers", kafka.bootstrap, "--prefix", self.prefix)
        # Small epochs, so that there are some hundred of them, and few partitions: a transaction costs by partition.
        settings = {"epochs__linger": "20ms", "kafka__partitions": 2, "application__shards": 4}
        self.both = [Waybill(folder, f"{self.prefix}{which}", config, **settings) for which in ("calm", "tried")]
        self.calm, self.tried = self.both
        self.load = Load(folder, kafka, self.prefix, options.orders, options.seed)
        wait_for("source topics", self.topics_are_there)
        self.load.hold()
        for application in self.both:
            application.start()
        for application in self.both:
            application.wait_ready(240)
        say("both applications are ready")

    def topics_are_there(self):
        """`check` names the source topics that are not there yet."""
        checked = subprocess.run([BINARY, "check", "--config", str(self.calm.config)], env=ENVIRONMENT, capture_output=True, text=True)
        return checked.returncode == 0 and "does not exist yet" not in checked.stdout

    def step(self, meanwhile=None):
        """Lets the load write a portion, and waits until each has committed something of it, unless `meanwhile` has something to do. False: all is
        written."""
        before = [application.metrics() for application in self.both]
        going = self.load.portion()
        if meanwhile is not None and meanwhile():
            return going
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            now = [application.metrics() for application in self.both]
            if all(b["waybill_epochs_total"] > a["waybill_epochs_total"] for a, b in zip(before, now)):
                break
            time.sleep(0.005)
        self.load.wrote(now[0]["waybill_records_total"] - before[0]["waybill_records_total"])
        return going

    def written(self):
        say(f"all is written: {self.load.log.read_text().strip()}")

    def judge(self):
        return judge(self.kafka, self.calm, self.tried)


def main(name, description, run, **numbers):
    """The program: a Kafka of its own, then `run(kafka, folder, options)`. `numbers`: its options, each a number with its default and help."""
    parser = argparse.ArgumentParser(description=description)
    for option, (default, text) in {"orders": (1_650, None), "seed": (1, None), **numbers}.items():
        parser.add_argument(f"--{option}", type=int, default=default, help=text)
    options = parser.parse_args()
    folder = scratch(name)
    with Kafka(folder) as kafka:
        say("Kafka is up")
        run(kafka, folder, options)
    say("all well")
