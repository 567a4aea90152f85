#!/usr/bin/env python3
"""Are the derived topics of two applications equal, though one was killed, or cut its epochs elsewhere?

    compare.py A=FILE[,ORDERS] B=FILE[,ORDERS]

FILE is what `servers.Kafka.read` wrote, ORDERS a JSON list of the answers to GET /orders/{id}. Exit code 1 names what differs by topic, key, member.

Compared are, for each statement key the newest content, for each ledger the last total or content, by its shape. Within each application ids
are told once, and steps count from 1 (see `output`).

What is left out, and why. Nothing else may differ.

| what | why |
| --- | --- |
| `id`, `step`, and a step's own difference (`amount`, `difference`, `quantity`) | how many steps led to a total depends on where epochs were cut |
| `action` of a document, unless it cancels | created with the last content, or created and then changed: the same record is wanted |
| a document that wants nothing | equal to one never asked: its order was cancelled before the gate was seen open |
| `occurred_at` | the time of the newest row that this step knew |
| `to_send`, `warehouse_number` of a go-ahead | what had left, and whether the warehouse had an order, when this step was made |
| the ERP's own ids in an order for it, `captured_at` | whether the ERP had recorded the order, and which rows of a payment had come, when this step was made |
| `gross`, `tax` of a reversal's line | what this step reversed, beside the total |
| `date` of a journal entry | the business date of the newest row that this step knew; totals by pair and account are compared instead |
| `since`, `causes` of an exception | a moment of the clock; places of records |
| exception `refund-overasked` | speaks of a ledger |
| `counts.counted_at` of a stock update | a newer moment of an equal count is never told |
| mails that count by a total which a higher one passed over | the lower total was seen between two epochs by one run, by the other not |
| quantities of a confirmation, where one run's are a part of the other's | sent before, or after, it was seen that pieces were cancelled; counted with the next |
| lines of a parcel's mail, where one run's are a part of the other's and the rest "is still to come" | a parcel's rows came in two pieces, and in compressed time the mail's wait for the rest is a few ms; such mails are counted, a tenth at most |
| a mail that a later stage of the order or parcel overtook in one run | then it is entered and not sent; that run's own ledger must say so (`views`) |
| a request whose effect the receiver's own row showed first: the ERP's record, its or the shop's shipment or receipt, goods that had left, a refund paid | the run that read this row before the gate was seen open need not ask. Its own ledger must say that the row is the answer (`views`); such ledgers are counted |
| refunds, books, payment word, return stage of orders whose go-aheads do not agree | a cancelled piece counts as stopped when no go-ahead was ever made for it (only pieces that are cancelled matter); such orders are counted, 2 % at most |
"""

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal

from output import SHAPES, STATEMENTS, Output, events
from views import Views

# Of orders whose go-aheads do not agree.
SHARE_MAX = 0.02
# Of a topic's ledgers that one run need not ask: beyond it the runs have too little in common to be compared.
ANSWERED_SHARE_MAX = 0.5
# Of all mails, those of a parcel of which one run had seen a part.
PARTS_SHARE_MAX = 0.1

# Members about how a content came about, not what it is.
OF_THE_WAY = {"id", "step", "occurred_at"}
OF_A_STEP = {
    "fulfilment-requests": {"action", "difference", "to_send", "warehouse_number"},
    "sales-orders": {"action", "erp_id", "erp_number", "erp_line", "erp_item", "captured_at"},
    "refund-requests": {"amount"},
    "despatch-notices": {"quantity"},
    "receipt-notices": {"quantity"},
    "order-reversals": {"quantity", "gross", "tax"},
}
OF_THE_CLOCK = {"exceptions": {"since", "causes"}, "stock-updates": {"counted_at"}}

# What may follow from *stopped* when go-aheads do not agree: whole topics, and members of an order's status.
AFTER_STOPPED = {"refund-requests", "journal-entries"}
STATUS_AFTER_STOPPED = {"payment", "return_stage", "refunded", "text"}
# What the receiver's own row can answer, and the members that differ then; "content" is a ledger that is there in one run only.
ANSWERED = {
    "sales-orders": {"content"},
    "fulfilment-requests": {"content", "lines"},
    "despatch-notices": {"content", "lines"},
    "receipt-notices": {"content", "lines"},
    "notifications": {"content"},
    "refund-requests": {"content", "total", "by_tender", "by_reason", "by_line", "rmas"},
}
# Members of a parcel's mail that depend on how much of the parcel was known.
OF_A_PARCEL = {"lines", "still_to_come"}
MAILS_OF_MONEY = {"part-cancelled", "cancelled", "refund-made"}


@dataclass(frozen=True)
class Difference:
    topic: str
    key: str
    member: str
    a: object
    b: object

    def __str__(self):
        return f"{self.topic} {self.key}: {self.member}: {show(self.a)} / {show(self.b)}"


def show(value):
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 200 else f"{text[:200]} ..."


def without(content, names):
    """The content without members of these names, at any depth."""
    if isinstance(content, dict):
        return {name: without(value, names) for name, value in content.items() if name not in names}
    if isinstance(content, list):
        return [without(value, names) for value in content]
    return content


def members(a, b, path=""):
    """Where two contents differ: (member, a, b)."""
    if isinstance(a, dict) and isinstance(b, dict):
        for name in sorted(a.keys() | b.keys()):
            yield from members(a.get(name), b.get(name), f"{path}.{name}" if path else name)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for index, pair in enumerate(zip(a, b)):
            yield from members(*pair, f"{path}[{index}]")
    elif a != b:
        yield path or "content", a, b


def document(topic, steps):
    last = steps[-1]
    if topic == "sales-orders":
        return None if last["action"] == "cancel" else last
    lines = [line for line in last["lines"] if Decimal(line["total"]) != 0]
    return {**last, "lines": lines} if lines else None


def book(topic, steps):
    """The running totals that a book's steps add up to; what adds up to nothing was never posted."""
    last = steps[-1]
    if topic == "revenue-notices":
        totals = {name: Decimal(value) for name, value in last["total"].items()}
    else:
        totals = defaultdict(Decimal)
        for posting in (posting for step in steps for posting in step["postings"]):
            totals[f"{posting['pair']} {posting['account']}"] += Decimal(posting["debit"]) - Decimal(posting["credit"])
    totals = {name: total for name, total in totals.items() if total}
    kept = {name: last[name] for name in ("order", "number", "channel", "currency")}
    return {**kept, "totals": totals} if totals else None


def stands(topic, steps):
    """What a ledger stands at: its last total or content, without members about the way there. `None`: nothing is wanted, nothing was emitted."""
    shape = SHAPES[topic]
    content = document(topic, steps) if shape == "document" else book(topic, steps) if shape == "book" else steps[-1]
    return content and without(content, OF_THE_WAY | OF_A_STEP.get(topic, set()))


def newest(topic, content):
    return without(content, {"id"} | OF_THE_CLOCK.get(topic, set()))


class Compared:
    """Two applications' outputs laid side by side."""

    def __init__(self, a, b):
        self.a, self.b = a, b
        self.left_out = Counter()
        # By topic: ledgers of either run, and those that one run need not ask.
        self.ledgers, self.answered = Counter(), Counter()
        self.mails_of_a_part = 0
        self.orders = {body["order"] for output in (a, b) for (topic, _), body in output.statements.items() if topic == "order-status"}
        self.unequal_go_aheads = self._unequal_go_aheads()
        self.differences = [*self._statements(), *self._ledgers()]

    def faults(self):
        """Everything that is wrong, in sentences."""
        faults = [*self.a.faults, *self.b.faults, *(str(difference) for difference in self.differences)]
        for output in (self.a, self.b):
            if output.views:
                faults += [f"{output.name}: {sentence}" for sentence in (*output.views.unmade(), *output.views.unheard(output.ledgers))]
        share = len(self.unequal_go_aheads) / max(1, len(self.orders))
        if share > SHARE_MAX:
            faults.append(
                f"the go-aheads of {len(self.unequal_go_aheads)} of {len(self.orders)} orders do not agree ({share:.1%}, at most {SHARE_MAX:.0%})"
            )
        for topic, answered in self.answered.items():
            if answered > max(1, ANSWERED_SHARE_MAX * self.ledgers[topic]):
                faults.append(f"{answered} of {self.ledgers[topic]} ledgers of {topic} were asked in one run alone: too few are left to compare")
        mails = self.ledgers["notifications"]
        if self.mails_of_a_part > max(1, PARTS_SHARE_MAX * mails):
            faults.append(f"{self.mails_of_a_part} of {mails} mails told a part of what the other run's told: too many")
        return faults

    def _unequal_go_aheads(self):
        """Orders of which one application asked a warehouse for a piece, cancelled since, that the other never asked for."""
        a, b = highest_asked(self.a), highest_asked(self.b)
        return {order for order in self.orders if any(a[order, line] != b[order, line] for line in self._lines_cancelled(order))}

    def _lines_cancelled(self, order):
        status = self.a.statements.get(("order-status", order)) or self.b.statements.get(("order-status", order))
        return [line["line"] for line in status.get("lines", ()) if Decimal(line["wanted"]) < Decimal(line["ordered"])]

    def _statements(self):
        for topic, key in sorted(self.a.statements.keys() | self.b.statements.keys()):
            if topic == "exceptions" and key.startswith("refund-overasked|"):
                self.left_out["exceptions that speak of a ledger"] += 1
                continue
            a, b = (output.statements.get((topic, key)) for output in (self.a, self.b))
            order = (a or b).get("order")
            for member, left, right in members(a and newest(topic, a), b and newest(topic, b)):
                if order in self.unequal_go_aheads and follows_from_stopped(topic, member):
                    self.left_out["members of statements that follow from unequal go-aheads"] += 1
                else:
                    yield Difference(topic, key, member, left, right)

    def _ledgers(self):
        passed_over = self._passed_over()
        for ledger in sorted(self.a.ledgers.keys() | self.b.ledgers.keys()):
            topic, key, ledger_key = ledger
            self.ledgers[topic] += 1
            if ledger in passed_over:
                self.left_out["mails of a total that was passed over"] += 1
                continue
            a, b = (stands(topic, output.ledgers[ledger]) if ledger in output.ledgers else None for output in (self.a, self.b))
            found = [Difference(topic, ledger_key, member, left, right) for member, left, right in members(a, b)]
            part = ledger_key[len(key) + 1 :]
            of_money = topic in AFTER_STOPPED or (topic == "notifications" and part.split("|")[0] in MAILS_OF_MONEY)
            if found and of_money and key in self.unequal_go_aheads:
                self.left_out["ledgers of money that follow from unequal go-aheads"] += 1
            elif found and topic == "notifications" and a and b and tells_a_part(a, b):
                self.left_out["mails that tell a part of what the other run's tell"] += 1
                self.mails_of_a_part += 1
            elif found and self._answered(topic, key, part, found):
                self.left_out[f"ledgers of {topic} that were overtaken, or answered by the receiver's own row"] += 1
                self.answered[topic] += 1
            else:
                yield from found

    def _answered(self, topic, order, part, found):
        """In one run the receiver's own row came first; both know that nothing is left to ask."""
        known = all(re.split(r"[.\[]", difference.member)[0] in ANSWERED.get(topic, ()) for difference in found)
        return known and all(output.views and output.views.answered(order, topic, part) for output in (self.a, self.b))

    def _passed_over(self):
        """Ledgers of mails that count by a total, but for each order's highest."""
        totals = defaultdict(list)
        for topic, order, ledger_key in self.a.ledgers.keys() | self.b.ledgers.keys():
            kind, _, total = ledger_key[len(order) + 1 :].partition("|")
            if topic == "notifications" and kind in MAILS_OF_MONEY:
                group = "refund" if kind == "refund-made" else "cancel"
                totals[order, group].append((Decimal(total), (topic, order, ledger_key)))
        return {
            ledger for told in totals.values() for total, ledger in told if total < max(highest for highest, _ in told)
        }


def highest_asked(output):
    """For each line, (order, line), the highest total that warehouses were ever asked for, by location."""
    highest = defaultdict(dict)
    for (topic, order, _), steps in output.ledgers.items():
        if topic != "fulfilment-requests":
            continue
        for step in steps:
            for line in step["lines"]:
                by_location, total = highest[order, line["line"]], Decimal(line["total"])
                by_location[step["location"]] = max(total, by_location.get(step["location"], total))
    return highest


def tells_a_part(a, b):
    """Two mails of which one holds a part of the other's pieces, and nothing else differs: of one parcel, where just the rest is still to come; or
    the confirmation, that one run sent before it saw that pieces were cancelled."""
    if without(a, OF_A_PARCEL) != without(b, OF_A_PARCEL):
        return False
    less, more = sorted((pieces(a), pieces(b)), key=Counter.total)
    if any(count > more[what] for what, count in less.items()):
        return False
    missing, awaited = more.total() - less.total(), [mail.get("still_to_come") for mail in (a, b)]
    if a["kind"] == "confirmed":
        return missing > 0 and awaited[0] == awaited[1]
    return None not in awaited and missing == abs(Decimal(awaited[0]) - Decimal(awaited[1])) > 0


def pieces(mail):
    counted = Counter()
    for line in mail.get("lines", ()):
        counted[line["sku"], line["description"]] += Decimal(line["quantity"])
    return counted


def follows_from_stopped(topic, member):
    if topic == "order-status":
        return member.rpartition(".")[2] in STATUS_AFTER_STOPPED
    return topic in ("customer-history", "exceptions")


def report(compared, shown=40):
    """Prints what was compared and what is wrong; the number of faults."""
    for output in (compared.a, compared.b):
        counts = ", ".join(f"{topic} {output.count(topic)}" for topic in (*STATEMENTS, *SHAPES) if output.count(topic))
        print(f"  {output.name}: {len(output.events)} events ({counts})")
    print(f"  {len(compared.orders)} orders; go-aheads of {len(compared.unequal_go_aheads)} do not agree")
    for what, count in sorted(compared.left_out.items()):
        print(f"  left out: {count} {what}")
    faults = compared.faults()
    for fault in faults[:shown]:
        print(f"  FAULT {fault}")
    if len(faults) > shown:
        print(f"  ... and {len(faults) - shown} more")
    return len(faults)


def main():
    parser = argparse.ArgumentParser(description="Compares the derived topics of two applications.")
    parser.add_argument("outputs", nargs=2, metavar="NAME=FILE[,ORDERS]")
    outputs = []
    for name, paths in (output.split("=", 1) for output in parser.parse_args().outputs):
        path, _, orders = paths.partition(",")
        outputs.append(Output(name, events(path), Views(json.load(open(orders, encoding="utf-8"))) if orders else None))
    sys.exit(1 if report(Compared(*outputs)) else 0)


if __name__ == "__main__":
    main()
