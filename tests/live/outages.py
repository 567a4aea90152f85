#!/usr/bin/env python3
"""Outages, pauses and kills on a real Kafka, one after the other, while a retailer's records are written; the long run is a hundred of them.

    outages.py [--orders N] [--seed S] [--faults F]

Two applications read the same, in step. What happens to the broker happens to both; what happens to a process happens to one alone. Supervisors that
obey exit codes stand beside them. In the end both must have said the same, judged by Kafka's own console consumer and `compare`. The faults, drawn
from the seed:

    kill      SIGKILL of the process, at a random moment of an epoch
    pause     SIGSTOP of the process for seconds: longer than its transaction may be open, or than the group's session
    still     SIGSTOP of the only broker, as long
    away      the only broker ends in order and comes back after seconds

After each fault the process must be ready again within two minutes: the same one, or a new one after an exit code that says restart.
"""

import argparse
import random
import signal
import subprocess
import time
from collections import Counter

from kills import Load, PREFIX
from daemon import BINARY, ENVIRONMENT, Waybill, waybill
from servers import Kafka, scratch, wait_for
from stage import Failed, check, judge, say

# As docs/reliability.md has them.
RESTARTED = {69, 70, 72, 74}
KINDS = ["kill"] * 4 + ["pause"] * 3 + ["still"] * 3 + ["away"] * 2
# Seconds, mostly and rarely: longer than a transaction may be open (15 s), longer than a session (45 s).
SHORT, LONG, LONGEST = (0.5, 6), (16, 20), (48, 60)


class Tried:
    """The applications, their supervisors, and what breaks. Processes are hit of `application` alone."""

    def __init__(self, kafka, calm, application, faults, seed):
        self.kafka, self.calm, self.application = kafka, calm, application
        self.random = random.Random(seed)
        self.plan = [self.random.choice(KINDS) for _ in range(faults)]
        self.done, self.ended, self.slowest = Counter(), Counter(), 0.0

    def seconds(self):
        span = self.random.choices((SHORT, LONG, LONGEST), (80, 15, 5))[0]
        return self.random.uniform(*span)

    def fault(self, number):
        kind, seconds = self.plan[number], self.seconds()
        time.sleep(self.random.random() * 0.25)
        process = self.application.process
        if kind == "kill":
            self.application.kill()
            self.application.start()
        elif kind == "pause":
            self.held(process, seconds)
        elif kind == "still":
            self.held(self.kafka.process, seconds)
        else:
            self.kafka.stop(seconds=60)
            time.sleep(seconds)
            self.kafka.start()
        self.done[kind] += 1
        began = time.monotonic()
        for application in (self.application, self.calm):
            self.ready_again(application)
        took = time.monotonic() - began
        self.slowest = max(self.slowest, took)
        say(f"fault {number + 1}: {kind}{'' if kind == 'kill' else f' for {seconds:.0f} s'}; works again after {took:.1f} s")

    def held(self, process, seconds):
        process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        process.send_signal(signal.SIGCONT)

    def ready_again(self, application):
        """Ready, and all that is written is committed: not what `/readyz` said before it noticed."""
        until = time.monotonic() + 120
        while time.monotonic() < until:
            code = application.process.poll()
            if code is not None:
                if code not in RESTARTED:
                    raise Failed(f"FAULT {application.name} ended with {code}, which no supervisor restarts on\n{application.tail()}")
                self.ended[code] += 1
                application.start()
            metrics = application.metrics()
            if metrics and metrics["waybill_ready"] and not metrics["waybill_lag_records"] and application.get("/readyz")[0] == 200:
                return
            time.sleep(0.1)
        raise Failed(f"FAULT {application.name} is not ready within two minutes: {application.get('/readyz')}\n{application.tail()}")


def in_step(load, applications):
    """Lets the load write a portion, and waits until each has committed something of it. False: all is written."""
    before = [application.metrics() for application in applications]
    going = load.process.poll() is None and load.portion()
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        now = [application.metrics() for application in applications]
        if all(b["waybill_epochs_total"] > a["waybill_epochs_total"] for a, b in zip(before, now)):
            break
        time.sleep(0.005)
    load.wrote(now[0]["waybill_records_total"] - before[0]["waybill_records_total"])
    return going


def run(kafka, folder, options):
    config = waybill("retailer", "config", "--brokers", kafka.bootstrap, "--prefix", PREFIX)
    settings = {"epochs__linger": "20ms", "kafka__partitions": 2, "application__shards": 4}
    both = calm, tried = [Waybill(folder, f"{PREFIX}{name}", config, **settings) for name in ("calm", "tried")]
    load = Load(folder, kafka, options.orders, options.seed)
    wait_for("source topics", lambda: subprocess.run([BINARY, "check", "--config", str(calm.config)], env=ENVIRONMENT, capture_output=True).returncode == 0)
    load.process.send_signal(signal.SIGSTOP)
    for application in both:
        application.start()
    for application in both:
        application.wait_ready(120)
    faults = Tried(kafka, calm, tried, options.faults, options.seed)
    say(f"the plan, seed {options.seed}: {', '.join(faults.plan)}")
    for number in range(options.faults):
        for _ in range(options.portions):
            in_step(load, both)
        # What is hit has something to commit, or commits it.
        load.process.poll() is None and load.portion()
        faults.fault(number)
    while in_step(load, both):
        pass
    say(f"all is written: {load.log.read_text().strip()}")
    for application in both:
        application.wait_idle(kafka, seconds=300)
    judge(kafka, calm, tried)
    say(f"{dict(faults.done)}; ended with {dict(faults.ended)} and was started again; the slowest return took {faults.slowest:.1f} s")
    check(sum(faults.done.values()) == options.faults, f"{options.faults} faults")


def main():
    parser = argparse.ArgumentParser(description="Outages, pauses and kills on a real Kafka.")
    parser.add_argument("--orders", type=int, default=1_650)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=100)
    parser.add_argument("--portions", type=int, default=3, help="portions of records between two faults")
    options = parser.parse_args()
    folder = scratch("outages")
    with Kafka(folder) as kafka:
        say("Kafka is up")
        run(kafka, folder, options)
    say("all well")


if __name__ == "__main__":
    main()
