#!/usr/bin/env python3
"""A change of rules on a state of many finished orders, on a real Kafka: nothing leaves by itself, and `waybill plan` has said what will wait.

    rules.py [--orders N] [--seed S]

A retailer's days are read by one application. Then it ends, and starts again:

    the same rules              `plan` finds nothing, and nothing is said
    shipping comes back         [refunds] charges_back was false, for the retailer too, and is true: the shipping of each order that came back whole
                                is due by the rule alone, and waits; accepted, it leaves
    the ERP receives            [authorities] receipts moves from the warehouse to the ERP: what that alone would ask is discarded
    the warehouse does again    ... and moves back: accepted

Before each start `plan` reads the state under the new rules. After it no request topic holds a record more than before, what `waybill held` lists is
what `plan` has said, topic by topic, with number, sum and orders, and one exception (`requests-suspended`) tells a person.
"""

import argparse
import json
import re
import subprocess
from dataclasses import dataclass, field

from daemon import BINARY, ENVIRONMENT, Waybill, configured, waybill
from output import SHAPES
from servers import Kafka, scratch, wait_for
from stage import check, say


@dataclass(frozen=True)
class Change:
    name: str
    # What a person says to what waits.
    word: str
    settings: dict = field(default_factory=dict)
    # What must wait, at least.
    topics: tuple = ()


CHANGES = [
    Change("shipping comes back", "accept", {"refunds__charges_back": True}, ("refund-requests",)),
    Change("the ERP receives", "discard", {"authorities__receipts": "nav"}),
    Change("the warehouse does again", "accept", {"authorities__receipts": "peoplevox"}),
]


class Tried:
    """The application, and what it has asked for so far."""

    def __init__(self, kafka, folder, options):
        self.kafka, self.options = kafka, options
        config = waybill("retailer", "config", "--brokers", kafka.bootstrap, "--prefix", "rules.")
        self.application = Waybill(folder, "rules.waybill", config, refunds__charges_back=False, kafka__partitions=2, application__shards=4)
        self.url = f"http://127.0.0.1:{self.application.port}"
        # A correction that is not asked for must show, too: every request topic.
        self.pattern = re.escape(self.application.prefix) + f"({'|'.join(SHAPES)})"

    def requests(self):
        """Records of each request topic."""
        sums = {}
        for (topic, _), end in self.kafka.ends(self.pattern).items():
            name = topic.removeprefix(self.application.prefix)
            sums[name] = sums.get(name, 0) + end
        return sums

    def plan(self):
        return json.loads(waybill("plan", "--json", "--config", str(self.application.config)))

    def asked(self, *arguments):
        return json.loads(waybill(*arguments, "--json", "--url", self.url))

    def held(self):
        said = self.asked("held")
        return said["held"] if isinstance(said, dict) else said

    def suspended(self):
        """How many exceptions are open about what waits."""
        return int(self.application.metrics()['waybill_exceptions_open{kind="requests-suspended"}'])

    def start(self):
        self.application.start().wait_ready(600)
        return self.application.wait_idle(self.kafka, seconds=1_200)

    def end(self):
        code = self.application.end(seconds=120)
        check(code == 0, f"SIGTERM ends it with exit code {code}")

    def load(self):
        # All topics are there before it starts: their records are read as they were written.
        command = [BINARY, "retailer", "load", "--brokers", self.kafka.bootstrap, "--prefix", "rules.", "--partitions", "2"]
        command += ["--orders", str(self.options.orders), "--seed", str(self.options.seed), "--charges-stay"]
        said = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
        check(said.returncode == 0, f"written: {said.stdout.strip()}")
        self.start()
        # On a busy machine nothing may have been fetched yet, and nothing lags.
        wait_for("records", lambda: self.application.metrics()["waybill_records_total"] > 0, 600)
        metrics = self.application.wait_idle(self.kafka, seconds=1_200)
        say(f"read: {metrics['waybill_records_total']:,.0f} records in {metrics['waybill_epochs_total']:,.0f} epochs")

    def unchanged(self):
        before = self.requests()
        plan = self.plan()
        check(not plan["changed"] and not plan["asked"], "the same rules: plan finds nothing that would change")
        self.start()
        check(self.requests() == before, "the same rules: nothing leaves")
        self.end()

    def change(self, change):
        before = self.requests()
        self.application.config.write_text(configured(self.application.config.read_text(), **change.settings))
        plan = self.plan()
        check(plan["changed"] and plan["rules"], f"{change.name}: plan names what changes: {'; '.join(plan['rules'])}")
        say(f"  plan: would say {numbers(plan['said'])}; open {numbers(plan['opened'])}; close {numbers(plan['closed'])}")
        for group in plan["asked"]:
            say(f"  plan: would ask {shown(group)}")
        self.start()
        check(self.requests() == before, f"{change.name}: nothing leaves, of {sum(before.values()):,} records in {len(before)} request topics")
        held = self.held()
        check(by_topic(held) == by_topic(plan["asked"]), f"{change.name}: what waits is what plan has said, {sum(requests(group) for group in held):,} requests")
        for topic in change.topics:
            check(any(group["topic"] == topic for group in held), f"{change.name}: {topic} wait")
        told = 1 if held else 0
        wait_for("the exception", lambda: self.suspended() == told, 60)
        check(self.suspended() == told, f"{change.name}: a person is told of it, by one exception for all topics" if held else f"{change.name}: nobody is asked")
        self.settle(change, before, held)
        self.end()

    def settle(self, change, before, held):
        if not held:
            return
        waybill("rules", change.word, "--who", "rules.py", "--why", change.name, "--url", self.url)
        self.application.wait_idle(self.kafka, seconds=600)
        check(not self.held(), f"{change.name}: {change.word} settles all of it")
        now = self.requests()
        left = {topic: now[topic] - before[topic] for topic in now if now[topic] != before[topic]}
        if change.word == "discard":
            check(not left, f"{change.name}: discarded, nothing leaves; left: {left}")
        else:
            # Offsets count the marks of transactions, too: at least as many as were held.
            waited = {topic: sum(requests(group) for group in held if group["topic"] == topic) for topic in {group["topic"] for group in held}}
            check(all(left.get(topic, 0) >= number for topic, number in waited.items()), f"{change.name}: accepted, it leaves: {waited}")
            check(set(left) <= set(waited), f"{change.name}: nothing else leaves with it")


def numbers(of):
    return ", ".join(f"{name} {named['number']}" for name, named in of.items()) or "nothing"


def requests(group):
    return group["requests"]


def shown(group):
    return ", ".join(f"{name} {value}" for name, value in group.items() if name != "orders")


def by_topic(groups):
    """Of each topic and reason: all that is said of it."""
    return {(group["topic"], group["why"]): group for group in groups}


def main():
    parser = argparse.ArgumentParser(description="A change of rules on a state of many finished orders.")
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = scratch("rules")
    with Kafka(folder) as kafka:
        say("Kafka is up")
        tried = Tried(kafka, folder, options)
        tried.load()
        tried.end()
        tried.unchanged()
        for change in CHANGES:
            tried.change(change)
    say("all well")


if __name__ == "__main__":
    main()
