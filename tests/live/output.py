"""What an application emitted: its derived topics as Kafka's console consumer shows them, folded to what stands at the end.

Everything that one application must hold by itself is checked while reading: ids, steps, revisions, places.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

# The console consumer's separators: no header and no body holds these characters.
HEADERS_END = "\x1f"
NULL = "\x1e"

STATEMENTS = ("marketing-profiles", "product-updates", "stock-updates", "order-status", "customer-history", "exceptions")

# Shapes of ledgers. document: the whole content wanted; sum: a running total of money; notice: running totals by line;
# book: signed differences that add up; once: a mail.
SHAPES = {
    "sales-orders": "document",
    "fulfilment-requests": "document",
    "refund-requests": "sum",
    "despatch-notices": "notice",
    "receipt-notices": "notice",
    "order-reversals": "notice",
    "order-completions": "notice",
    "revenue-notices": "book",
    "journal-entries": "book",
    "notifications": "once",
}
TOPICS = (*STATEMENTS, *SHAPES)

HEADERS = ("id", "causes", "epoch", "tick", "content-type")


@dataclass(frozen=True)
class Event:
    """One record of a derived topic. The console consumer does not print the topic: the id begins with its name."""

    topic: str
    partition: int
    offset: int
    headers: dict = field(hash=False)
    key: str
    # The bytes as text, to find two contents under one id; `None` is a tombstone.
    text: str | None
    body: dict | None = field(hash=False)

    @property
    def id(self):
        return self.headers.get("id", "")

    @property
    def place(self):
        return f"{self.topic}[{self.partition}]@{self.offset}"


def event(line):
    """A line of the console consumer: partition, offset, headers, key, value, separated by tabs."""
    partition, offset, headers, key, value = line.rstrip("\n").split("\t", 4)
    pairs = dict(pair.split(":", 1) for pair in headers.split(HEADERS_END) if ":" in pair)
    text = None if value == NULL else value
    return Event(
        topic=pairs.get("id", "").split("|", 1)[0],
        partition=int(partition.removeprefix("Partition:")),
        offset=int(offset.removeprefix("Offset:")),
        headers=pairs,
        key=key,
        text=text,
        body=None if text is None else json.loads(text, parse_float=Decimal),
    )


def events(path):
    with open(path, encoding="utf-8", newline="\n") as lines:
        return [event(line) for line in lines if line.startswith("Partition:")]


class Output:
    """One application's derived topics, and what is wrong with them taken alone."""

    def __init__(self, name, said, views=None):
        self.name = name
        self.events = said
        # What it answers to GET /orders/{id}, where that was asked.
        self.views = views
        # What is wrong, in sentences.
        self.faults = []
        # (topic, key) -> newest content; a tombstone removes it: withdrawn is as good as never emitted.
        self.statements = {}
        # (topic, Kafka key, ledger key) -> contents, step by step.
        self.ledgers = defaultdict(list)
        self._ids = {}
        self._ends = {}
        self._homes = {}
        self._revisions = {}
        for said_event in said:
            self._read(said_event)

    def count(self, topic):
        return sum(1 for said in self.events if said.topic == topic)

    def fault(self, said, sentence):
        self.faults.append(f"{self.name}: {said.place} ({said.id or said.key}): {sentence}")

    def _read(self, said):
        if said.topic not in TOPICS:
            return self.fault(said, f"no derived topic is called {said.topic!r}")
        missing = [name for name in HEADERS if name not in said.headers]
        if missing:
            self.fault(said, f"headers are missing: {', '.join(missing)}")
        self._place(said)
        self._id(said)
        if said.topic in STATEMENTS:
            self._statement(said)
        else:
            self._request(said)

    def _place(self, said):
        """A partition is read in its order, and all of one key stand in one partition."""
        end = self._ends.get((said.topic, said.partition), -1)
        if said.offset <= end:
            self.fault(said, f"stands after offset {end}")
        self._ends[said.topic, said.partition] = said.offset
        home = self._homes.setdefault((said.topic, said.key), said.partition)
        if home != said.partition:
            self.fault(said, f"its key stands in partition {home} too")

    def _id(self, said):
        if said.body is not None and said.body.get("id") != said.id:
            self.fault(said, f"the body's id is {said.body.get('id')!r}")
        before = self._ids.setdefault(said.id, said)
        if before is not said:
            what = "with the same content" if before.text == said.text else "with another content"
            self.fault(said, f"the id stands at {before.place} too, {what}")

    def _statement(self, said):
        """topic|key|generation|revision: revisions of a key rise."""
        prefix, _, number = said.id.rpartition("|")
        if not prefix.startswith(f"{said.topic}|{said.key}|") or not number.isdigit():
            return self.fault(said, "the id is not topic|key|generation|revision")
        before = self._revisions.get((said.topic, said.key), 0)
        if int(number) < before:
            self.fault(said, f"revision {number} stands after revision {before}")
        self._revisions[said.topic, said.key] = int(number)
        if said.body is None:
            self.statements.pop((said.topic, said.key), None)
        else:
            self.statements[said.topic, said.key] = said.body

    def _request(self, said):
        """topic|ledger key|generation|step: steps of a ledger count from 1."""
        if said.body is None:
            return self.fault(said, "a request can't be withdrawn by a tombstone")
        ledger_key, step = said.body.get("ledger_key"), said.body.get("step")
        prefix, _, number = said.id.rpartition("|")
        if not prefix.startswith(f"{said.topic}|{ledger_key}|") or number != str(step):
            return self.fault(said, "the id is not topic|ledger key|generation|step")
        steps = self.ledgers[said.topic, said.key, ledger_key]
        if step != len(steps) + 1:
            self.fault(said, f"step {step} of ledger {ledger_key} comes after step {len(steps)}")
        steps.append(said.body)
