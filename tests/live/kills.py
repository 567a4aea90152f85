#!/usr/bin/env python3
"""A hundred thousand native records on a real Kafka, read by two applications: one in peace, one killed with SIGKILL ten times.

    kills.py [--orders N] [--seed S] [--kills K]

Both read the same source topics while the retailer's records are written to them, in the order in which its systems wrote. Each kill comes
after a random number of epochs, at a random moment of the next one; the process is started again under its slot. In the end both must have said
the same (`compare`), each record must have been read once in a committed epoch, and no record may be a dead letter.
"""

import argparse
import signal
import subprocess
import time

from output import TOPICS
from daemon import BINARY, ENVIRONMENT, Waybill, waybill
from servers import Kafka, Server, scratch, wait_for
from stage import Failed, Kills, check, judge, say

PREFIX = "kills."
# Records between two looks: about one epoch.
PORTION = 250
# Epochs between two kills: at least, at most.
EPOCHS = (4, 16)


class Load(Server):
    """`waybill retailer load`, held back while it is ahead: readers that fall behind meet the systems' topics one after the other, and what
    the systems answered to an order before the order itself. That may be, but then little is left to request."""

    def __init__(self, folder, kafka, orders, seed):
        super().__init__("load", folder)
        self.spawn([BINARY, "retailer", "load", "--brokers", kafka.bootstrap, "--prefix", PREFIX, "--orders", str(orders), "--seed", str(seed),
                    "--partitions", "2"], env=ENVIRONMENT)
        self.seconds = 0.02

    def portion(self):
        """Lets it write for a moment; false when it has ended."""
        self.process.send_signal(signal.SIGCONT)
        try:
            code = self.process.wait(self.seconds)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGSTOP)
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


def applications(kafka, folder):
    config = waybill("retailer", "config", "--brokers", kafka.bootstrap, "--prefix", PREFIX)
    # Small epochs, so that there are some hundred of them, and few partitions: a transaction costs by partition.
    settings = {"epochs__linger": "20ms", "kafka__partitions": 2, "application__shards": 4}
    return [Waybill(folder, f"{PREFIX}{name}", config, **settings) for name in ("calm", "killed")]


def feed(kafka, load, calm, killed, kills):
    """Lets the load write, portion by portion, each once both have committed something of the one before."""
    going, portions = True, 0
    while going:
        before = [application.metrics() for application in (calm, killed)]
        going = load.portion()
        portions += 1
        if kills.due():
            kills.kill(kafka)
            continue
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            now = [application.metrics() for application in (calm, killed)]
            if all(b["waybill_epochs_total"] > a["waybill_epochs_total"] for a, b in zip(before, now)):
                break
            time.sleep(0.005)
        load.wrote(now[0]["waybill_records_total"] - before[0]["waybill_records_total"])
    say(f"all is written, in {portions} portions: {load.log.read_text().strip()}")
    check(kills.done == len(kills.plan), f"{kills.done} kills, of {len(kills.plan)} that were planned")


def run(kafka, folder, options):
    calm, killed = applications(kafka, folder)
    load = Load(folder, kafka, options.orders, options.seed)
    kills = Kills(killed, options.kills, EPOCHS, options.seed)
    # `check` names the source topics that are not there yet.
    def there():
        checked = subprocess.run([BINARY, "check", "--config", str(calm.config)], env=ENVIRONMENT, capture_output=True, text=True)
        return checked.returncode == 0 and "does not exist yet" not in checked.stdout

    wait_for("source topics", there)
    load.process.send_signal(signal.SIGSTOP)
    for application in (calm, killed):
        application.start()
    for application in (calm, killed):
        application.wait_ready()
    say("both applications are ready")
    feed(kafka, load, calm, killed, kills)
    sources = {partition.topic for partition in kafka.progress(calm.application) if not partition.topic.startswith(calm.prefix)}
    for application, before in ((calm, 0), (killed, kills.before)):
        metrics = application.wait_idle(kafka)
        say(f"{application.name} has read all: {metrics['waybill_records_total']:.0f} records and {metrics['waybill_epochs_total']:.0f} epochs in its last life")
        there = sum(end for (topic, _), end in kafka.ends(f"{PREFIX}.*").items() if topic in sources)
        read = before + int(metrics["waybill_records_total"])
        check(read == there, f"{application.name}: {there} records are in the topics, {read} were read in committed epochs")
    compared = judge(kafka, calm, killed)
    # The records are of days long past: mails to customers have lapsed.
    silent = {output.name: [topic for topic in TOPICS if topic != "notifications" and not output.count(topic)] for output in (compared.a, compared.b)}
    check(not any(silent.values()), f"both had something to say in every topic but notifications (silent: {silent})")


def main():
    parser = argparse.ArgumentParser(description="SIGKILL, ten times, over a hundred thousand records.")
    parser.add_argument("--orders", type=int, default=1_650)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=10)
    options = parser.parse_args()
    folder = scratch("kills")
    with Kafka(folder) as kafka:
        say("Kafka is up")
        run(kafka, folder, options)
    say("all well")


if __name__ == "__main__":
    main()
