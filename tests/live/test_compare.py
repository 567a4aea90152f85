"""The comparer itself, on small made-up outputs: python3 -m unittest discover -s tests/live"""

import json
import unittest

from compare import Compared, members
from output import HEADERS_END, NULL, Output, event
from views import Views

ORDER = "magento|1"


class Said:
    """What one application emits, as the console consumer would print it."""

    def __init__(self, name):
        self.name = name
        self.lines = []
        self.steps = {}
        self.revision = 0

    def line(self, id, key, body, partition=0, **headers):
        headers = {"id": id, "causes": "t[0]@1,t[0]@2", "epoch": "0:1", "tick": "2026-03-02T10:00:00Z", "content-type": "application/json", **headers}
        shown = HEADERS_END.join(f"{name}:{value}" for name, value in headers.items() if value is not None)
        value = NULL if body is None else json.dumps(body)
        self.lines.append(f"Partition:{partition}\tOffset:{len(self.lines)}\t{shown}\t{key}\t{value}\n")
        return self

    def statement(self, topic, key, revision=None, **body):
        self.revision = self.revision + 1 if revision is None else revision
        id = f"{topic}|{key}|1|{self.revision}"
        return self.line(id, key, {"id": id, "order": ORDER, **body})

    def withdrawn(self, topic, key):
        self.revision += 1
        return self.line(f"{topic}|{key}|1|{self.revision}", key, None)

    def request(self, topic, part="", step=None, key=ORDER, **body):
        ledger = f"{key}|{part}" if part else key
        step = self.steps.get((topic, ledger), 0) + 1 if step is None else step
        self.steps[topic, ledger] = step
        id = f"{topic}|{ledger}|1|{step}"
        return self.line(id, key, {"id": id, "ledger_key": ledger, "step": step, "order": key, "number": "1", "channel": "web", **body})

    def released(self, total, difference=0, key=ORDER):
        lines = [{"line": "A", "sku": "TEE", "total": total, "difference": difference}]
        return self.request("fulfilment-requests", "MAIN", key=key, location="MAIN", action="release", lines=lines)

    def refund(self, total, amount="0"):
        return self.request("refund-requests", total=total, amount=amount, currency="GBP")

    def entry(self, account, debit, credit, date="2026-03-02"):
        posting = {"pair": "captured", "account": account, "debit": debit, "credit": credit}
        return self.request("journal-entries", "GBP", currency="GBP", date=date, postings=[posting], total=debit)

    def output(self):
        return Output(self.name, [event(line) for line in self.lines])


def pair():
    return Said("a"), Said("b")


def faults(a, b):
    return Compared(a.output(), b.output()).faults()


class OneApplication(unittest.TestCase):
    """What an application must hold by itself."""

    def assert_fault(self, said, sentence):
        found = said.output().faults
        self.assertTrue(any(sentence in fault for fault in found), f"{sentence!r} is not in {found}")

    def test_a_sound_one_has_no_faults(self):
        said = Said("a").released("2").released("1", "-1").refund("10").refund("12").statement("order-status", ORDER, stage="placed")
        self.assertEqual(said.output().faults, [])

    def test_a_doubled_request(self):
        said = Said("a").refund("10")
        said.lines.append(said.lines[0].replace("Offset:0", "Offset:1"))
        self.assert_fault(said, "too, with the same content")
        self.assert_fault(said, "step 1 of ledger magento|1 comes after step 1")

    def test_an_id_with_two_contents(self):
        self.assert_fault(Said("a").statement("order-status", ORDER, 1, stage="placed").statement("order-status", ORDER, 1, stage="packed"),
                          "too, with another content")

    def test_a_gap_in_the_steps(self):
        self.assert_fault(Said("a").request("refund-requests", step=1, total="1").request("refund-requests", step=3, total="2"),
                          "step 3 of ledger magento|1 comes after step 1")

    def test_a_ledger_that_does_not_begin_with_its_first_step(self):
        self.assert_fault(Said("a").request("refund-requests", step=2, total="2"), "step 2 of ledger magento|1 comes after step 0")

    def test_a_revision_that_goes_back(self):
        self.assert_fault(Said("a").statement("order-status", ORDER, 7).statement("order-status", ORDER, 4), "revision 4 stands after revision 7")

    def test_a_body_with_another_id(self):
        said = Said("a").line("refund-requests|magento|1|1|1", ORDER, {"id": "x", "ledger_key": ORDER, "step": 1})
        self.assert_fault(said, "the body's id is 'x'")

    def test_an_id_of_another_key(self):
        said = Said("a").line("order-status|magento|2|1|1", ORDER, {"id": "order-status|magento|2|1|1"})
        self.assert_fault(said, "the id is not topic|key|generation|revision")

    def test_a_key_in_two_partitions(self):
        said = Said("a").refund("1")
        said.lines.append(said.refund("2").lines.pop().replace("Partition:0", "Partition:1"))
        self.assert_fault(said, "its key stands in partition 0 too")

    def test_a_header_that_is_missing(self):
        said = Said("a").line("order-status|k|1|1", "k", {"id": "order-status|k|1|1"}, causes=None)
        self.assert_fault(said, "headers are missing: causes")

    def test_a_request_that_is_a_tombstone(self):
        self.assert_fault(Said("a").line("refund-requests|k|1|1", "k", None), "can't be withdrawn")

    def test_an_event_of_no_topic(self):
        self.assert_fault(Said("a").line("nonsense|k|1|1", "k", {}), "no derived topic is called 'nonsense'")


class TwoApplications(unittest.TestCase):
    """What two must have in common, and what not."""

    def assert_differs(self, a, b, *sentences):
        found = faults(a, b)
        for sentence in sentences:
            self.assertTrue(any(sentence in fault for fault in found), f"{sentence!r} is not in {found}")

    def assert_equal(self, a, b):
        self.assertEqual(faults(a, b), [])

    def test_another_number_of_steps_to_one_total(self):
        a, b = pair()
        a.refund("10", "10").refund("12", "2")
        b.refund("12", "12")
        self.assert_equal(a, b)

    def test_another_total(self):
        a, b = pair()
        a.refund("10")
        b.refund("12")
        self.assert_differs(a, b, "refund-requests magento|1: total: 10 / 12")

    def test_a_ledger_that_is_missing(self):
        a, b = pair()
        a.refund("10")
        self.assert_differs(a, b, "refund-requests magento|1: content: {")

    def test_totals_by_line_are_named(self):
        a, b = pair()
        for said, total in ((a, "2"), (b, "1")):
            lines = [{"line": "A", "total": "5", "quantity": "5"}, {"line": "B", "total": total, "quantity": "1"}]
            said.request("despatch-notices", "erp|D1", lines=lines)
        self.assert_differs(a, b, "despatch-notices magento|1|erp|D1: lines[1].total: 2 / 1")

    def test_a_statement_that_differs_or_is_missing(self):
        a, b = pair()
        a.statement("stock-updates", "web|TEE", shown="4").statement("stock-updates", "web|CAP", shown="1")
        b.statement("stock-updates", "web|TEE", shown="5")
        self.assert_differs(a, b, "stock-updates web|TEE: shown: 4 / 5", "stock-updates web|CAP: content: {")

    def test_the_newest_statement_counts(self):
        a, b = pair()
        a.statement("order-status", ORDER, stage="placed").statement("order-status", ORDER, stage="packed")
        b.statement("order-status", ORDER, stage="packed")
        self.assert_equal(a, b)

    def test_withdrawn_is_never_said(self):
        a, b = pair()
        a.statement("exceptions", "orphan-rows|x|1", kind="orphan-rows").withdrawn("exceptions", "orphan-rows|x|1")
        self.assert_equal(a, b)

    def test_an_exception_since_another_moment(self):
        a, b = pair()
        a.statement("exceptions", "unknown-word|x|1", since="10:00", causes=["t[0]@1"], sentence="s")
        b.statement("exceptions", "unknown-word|x|1", since="10:01", causes=[], sentence="s")
        self.assert_equal(a, b)

    def test_a_document_that_wants_nothing_was_never_asked(self):
        a, b = pair()
        a.request("sales-orders", action="create", lines=[]).request("sales-orders", action="cancel", lines=[])
        self.assert_equal(a, b)

    def test_a_document_created_at_once_or_changed(self):
        a, b = pair()
        a.request("sales-orders", action="create", total="9").request("sales-orders", action="change", total="8")
        b.request("sales-orders", action="create", total="8")
        self.assert_equal(a, b)
        b.request("sales-orders", action="change", total="7")
        self.assert_differs(a, b, "sales-orders magento|1: total: 8 / 7")

    def test_entries_add_up(self):
        a, b = pair()
        a.entry("clearing", "10.00", "0").entry("clearing", "0", "4.00", date="2026-03-03").entry("cash", "1", "0").entry("cash", "0", "1")
        b.entry("clearing", "6.00", "0", date="2026-03-04")
        self.assert_equal(a, b)
        b.entry("clearing", "0.01", "0")
        self.assert_differs(a, b, "journal-entries magento|1|GBP: totals.captured clearing: 6.00 / 6.01")

    def test_a_mail_that_only_one_sent(self):
        a, b = pair()
        a.request("notifications", "despatched|D1", kind="despatched")
        self.assert_differs(a, b, "notifications magento|1|despatched|D1")

    def test_mails_of_a_parcel_whose_rows_came_in_two_pieces(self):
        def parcel(said, part, to_come, *lines):
            told = [{"sku": sku, "description": "", "quantity": quantity} for sku, quantity in lines]
            said.request("notifications", f"despatched|{part}", kind="despatched", lines=told, still_to_come=to_come)

        a, b = pair()
        parcel(a, "D1", "0", ("MUG", "1"), ("TEE", "2"))
        parcel(b, "D1", "2", ("MUG", "1"))
        self.assert_equal(a, b)
        parcel(a, "D2", "0", ("MUG", "1"), ("TEE", "2"))
        parcel(b, "D2", "1", ("MUG", "1"))
        self.assert_differs(a, b, "notifications magento|1|despatched|D2: lines")
        a, b = pair()
        parcel(a, "D1", "0", ("MUG", "1"))
        parcel(b, "D1", "0", ("TEE", "1"))
        self.assert_differs(a, b, "notifications magento|1|despatched|D1: lines")

    def test_a_confirmation_before_pieces_were_cancelled(self):
        def confirmed(said, quantity, total="9.00"):
            said.request("notifications", "confirmed", kind="confirmed", lines=[{"sku": "TEE", "description": "", "quantity": quantity}], total=total)

        a, b = pair()
        confirmed(a, "3")
        confirmed(b, "2")
        self.assert_equal(a, b)
        a, b = pair()
        confirmed(a, "3")
        confirmed(b, "2", total="6.00")
        self.assert_differs(a, b, "notifications magento|1|confirmed: lines[0].quantity: 3 / 2")

    def test_mails_of_a_total_that_was_passed_over(self):
        a, b = pair()
        for said in (a, b):
            said.request("notifications", "cancelled|3", kind="cancelled")
        a.request("notifications", "part-cancelled|1", kind="part-cancelled")
        self.assert_equal(a, b)
        a.request("notifications", "refund-made|5.00", kind="refund-made")
        self.assert_differs(a, b, "notifications magento|1|refund-made|5.00")


class GoAheads(unittest.TestCase):
    """Orders whose go-aheads do not agree: what follows from them is left out, and they are few."""

    @staticmethod
    def status(said, order, wanted="0", stage="cancelled", payment="paid"):
        said.statement("order-status", order, order=order, payment=payment, stage=stage, lines=[{"line": "A", "ordered": "1", "wanted": wanted}])

    def orders(self, unequal, of=200):
        a, b = pair()
        for number in range(of):
            order = f"magento|{number}"
            for said in (a, b):
                self.status(said, order)
            if number < unequal:
                a.released("1", key=order).released("0", key=order)
                b.request("refund-requests", key=order, total="10")
        return a, b

    def test_refunds_and_payment_word_of_few_are_left_out(self):
        a, b = self.orders(unequal=4)
        self.status(b, "magento|3", payment="refunded")
        self.assertEqual(faults(a, b), [])

    def test_their_stage_is_not(self):
        a, b = self.orders(unequal=1)
        self.status(b, "magento|0", stage="placed")
        self.assertEqual(faults(a, b), ["order-status magento|0: stage: cancelled / placed"])

    def test_an_order_with_equal_go_aheads_is_compared_whole(self):
        a, b = self.orders(unequal=1)
        b.request("refund-requests", key="magento|5", total="10")
        self.assertEqual(len(faults(a, b)), 1)

    def test_of_pieces_that_are_wanted_the_go_ahead_decides_nothing(self):
        a, b = self.orders(unequal=0)
        for said in (a, b):
            self.status(said, "magento|7", wanted="1", stage="placed")
        a.released("1", key="magento|7")
        b.request("refund-requests", key="magento|7", total="10")
        self.assertEqual(len(faults(a, b)), 2)

    def test_more_than_two_in_a_hundred_are_too_many(self):
        found = faults(*self.orders(unequal=5))
        self.assertEqual(len(found), 1)
        self.assertIn("5 of 200 orders do not agree", found[0])


class Answered(unittest.TestCase):
    """The receiver's own row came first in one run: its ledger must know of it."""

    def setUp(self):
        self.a, self.b = pair()
        self.a.request("despatch-notices", "erp|D1", lines=[{"line": "A", "total": "2"}])

    def faults(self, topic, part, due, *requested, open=True):
        def views(requested):
            return Views([{"order": ORDER, "why": [{"topic": topic, "part": part, "due": due, "requested": requested, "open": open}]}])

        outputs = [said.output() for said in (self.a, self.b)]
        for output, requested in zip(outputs, requested):
            output.views = views(requested)
        return Compared(*outputs).faults()

    def test_told_by_the_receiver_itself(self):
        found = self.faults("despatch-notices", "erp|D1", "2 pieces", "2 pieces in 1 steps", "2 pieces in 0 steps")
        self.assertEqual(found, [])

    def test_a_notice_that_is_lost(self):
        found = self.faults("despatch-notices", "erp|D1", "2 pieces", "2 pieces in 1 steps", "0 pieces in 0 steps")
        self.assertTrue(any(fault.startswith("despatch-notices magento|1|erp|D1: content") for fault in found), found)
        self.assertTrue(any("the gate is open" in fault for fault in found), found)

    def test_another_member_than_the_totals(self):
        self.b.request("despatch-notices", "erp|D1", tracking="T1", lines=[{"line": "A", "total": "2"}])
        found = self.faults("despatch-notices", "erp|D1", "2 pieces", "2 pieces in 1 steps", "2 pieces in 1 steps")
        self.assertEqual(found, ["despatch-notices magento|1|erp|D1: tracking: nothing / T1"])

    def test_without_the_applications_word_nothing_is_excused(self):
        self.assertEqual(len(faults(self.a, self.b)), 1)

    def test_a_record_that_nobody_asked_for(self):
        self.setUp()
        self.a.lines.clear()
        self.a.request("sales-orders", action="create", total="9")
        self.assertEqual(self.faults("sales-orders", "", "as requested", "step 1", "adopted: the ERP recorded it without our asking"), [])
        self.assertEqual(len(self.faults("sales-orders", "", "as requested", "step 1", "nothing")), 1)

    def test_a_refund_that_was_paid_already(self):
        self.a.lines.clear()
        self.a.refund("10")
        self.assertEqual(self.faults("refund-requests", "", "10.00 GBP", "10.00 GBP, refunded 10.00 GBP", "0.00 GBP, refunded 10.00 GBP"), [])
        self.assertEqual(len(self.faults("refund-requests", "", "10.00 GBP", "10.00 GBP, refunded 0 GBP", "0 GBP, refunded 9.99 GBP")), 2)

    def test_when_most_were_answered_too_little_is_compared(self):
        self.a.request("despatch-notices", "erp|D2", lines=[{"line": "A", "total": "1"}])
        why = [
            {"topic": "despatch-notices", "part": f"erp|{parcel}", "due": "1 pieces", "requested": "1 pieces in {} steps", "open": True}
            for parcel in ("D1", "D2")
        ]
        outputs = [said.output() for said in (self.a, self.b)]
        for output, steps in zip(outputs, (1, 0)):
            output.views = Views([{"order": ORDER, "why": [{**one, "requested": one["requested"].format(steps)} for one in why]}])
        self.assertEqual(
            Compared(*outputs).faults(),
            ["2 of 2 ledgers of despatch-notices were asked in one run alone: too few are left to compare"],
        )

    def test_a_mail_that_was_overtaken(self):
        self.a.lines.clear()
        self.a.request("notifications", "despatched|D1", kind="despatched")
        self.assertEqual(self.faults("notifications", "despatched|D1", "overtaken", "sent", "lapsed"), [])
        found = self.faults("notifications", "despatched|D1", "overtaken", "sent", "sent")
        self.assertTrue(any("the 0 events heard" in fault for fault in found), found)

    def test_a_ledger_that_counts_more_steps_than_were_heard(self):
        self.b.request("despatch-notices", "erp|D1", lines=[{"line": "A", "total": "2"}])
        found = self.faults("despatch-notices", "erp|D1", "2 pieces", "2 pieces in 1 steps", "2 pieces in 2 steps")
        self.assertEqual(len(found), 1)
        self.assertIn("the ledger says '2 pieces in 2 steps', the 1 events heard do not", found[0])

    def test_a_refund_that_the_ledger_has_entered_and_nobody_heard(self):
        self.a.lines.clear()
        self.a.refund("10")
        found = self.faults("refund-requests", "", "10.00 GBP", *("10.00 GBP, refunded 10.00 GBP",) * 2)
        self.assertEqual(found, ["b: refund-requests magento|1|: the ledger says '10.00 GBP, refunded 10.00 GBP', the 0 events heard do not"])

    def test_a_go_ahead_that_the_ledger_has_entered_and_nobody_heard(self):
        self.a.lines.clear()
        self.a.released("2")
        self.assertEqual(len(self.faults("fulfilment-requests", "MAIN", "2 pieces", "2 pieces", "2 pieces")), 1)

    def test_what_is_due_behind_a_shut_gate_waits(self):
        self.b.request("despatch-notices", "erp|D1", lines=[{"line": "A", "total": "2"}])
        waiting = ("0.00 GBP, refunded 0.00 GBP",) * 2
        self.assertEqual(self.faults("refund-requests", "", "10.00 GBP", *waiting, open=False), [])
        self.assertEqual(len(self.faults("refund-requests", "", "10.00 GBP", *waiting)), 2)


class Members(unittest.TestCase):
    def test_paths_name_what_differs(self):
        a = {"x": {"y": [1, {"z": 2}]}, "only": 1, "list": [1]}
        b = {"x": {"y": [1, {"z": 3}]}, "list": [1, 2]}
        self.assertEqual(list(members(a, b)), [("list", [1], [1, 2]), ("only", 1, None), ("x.y[1].z", 2, 3)])


if __name__ == "__main__":
    unittest.main()
