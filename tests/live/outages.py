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

import random
import signal
import time
from collections import Counter

from pair import Pair, main
from stage import Failed, check, say

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
        # Is it the process, or the broker? The other application has met the same broker.
        looks = [f"{each.name}: {each.get('/readyz')}\n{self.kafka.members(each.application)}" for each in (self.application, self.calm)]
        raise Failed("\n".join([
            f"FAULT {application.name} is not ready within two minutes", *looks, f"its log:\n{application.tail()}", f"the broker's log:\n{self.kafka.log_tail()}",
        ]))


def run(kafka, folder, options):
    pair = Pair(kafka, folder, "outages", options)
    faults = Tried(kafka, pair.calm, pair.tried, options.faults, options.seed)
    say(f"the plan, seed {options.seed}: {', '.join(faults.plan)}")
    for number in range(options.faults):
        for _ in range(options.portions):
            pair.step()
        # What is hit has something to commit, or commits it.
        pair.load.portion()
        faults.fault(number)
    while pair.step():
        pass
    pair.written()
    for application in pair.both:
        application.wait_idle(kafka, seconds=300)
    pair.judge()
    say(f"{dict(faults.done)}; ended with {dict(faults.ended)} and was started again; the slowest return took {faults.slowest:.1f} s")
    check(sum(faults.done.values()) == options.faults, f"{options.faults} faults")


if __name__ == "__main__":
    main(
        "outages",
        "Outages, pauses and kills on a real Kafka.",
        run,
        faults=(100, None),
        portions=(3, "portions of records between two faults"),
    )
