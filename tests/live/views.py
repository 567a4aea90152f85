"""What an application answers to `GET /orders/{id}`: for each request what is due, what was requested, whether its gate is open.

Three uses. An order whose gates are open has nothing left to ask: so nothing was lost. Its ledgers have entered what the events say: so
nothing was said that is not in the topics. And where one run made a request that the other did not,
because it read the receiver's own row first, the ledger of the other must know that this row is its answer.
"""

import re
from decimal import Decimal


def number(text):
    """The number that a text begins with: `3 pieces in 1 steps`, `12.50 GBP`."""
    found = re.match(r"-?\d+(\.\d+)?", text)
    return Decimal(found.group()) if found else Decimal(0)


def pieces_equal(due, requested):
    return number(due) == number(requested)


def pieces_reached(due, requested):
    return number(due) <= number(requested)


def refund_made(due, requested):
    """`10.00 GBP`; `10.00 GBP, refunded 5.00 GBP`."""
    asked, _, refunded = requested.partition(", refunded ")
    return number(due) <= max(number(asked), number(refunded))


# By topic: is all requested that is due? The texts are those of `why`.
MADE = {
    "sales-orders": lambda due, requested: due == "as requested",
    "fulfilment-requests": pieces_equal,
    "despatch-notices": pieces_equal,
    "receipt-notices": pieces_equal,
    "order-reversals": pieces_equal,
    "order-completions": pieces_reached,
    "refund-requests": refund_made,
    "journal-entries": lambda due, requested: due == "as posted",
    "notifications": lambda due, requested: requested != "nothing",
}


def entered(topic, requested):
    """What a ledger has entered as sent, where `requested` holds it: steps; of a refund the total, of a go-ahead the pieces. Else None:
    a notice of receipt tells pieces that the receiver may have known by itself."""
    if topic == "notifications":
        return 1 if requested == "sent" else 0
    if topic in ("journal-entries", "refund-requests", "fulfilment-requests"):
        return number(requested)
    found = re.search(r" in (\d+) steps$" if topic == "despatch-notices" else r"^step (\d+)", requested)
    if topic in ("despatch-notices", "sales-orders"):
        return int(found.group(1)) if found else 0
    return None


def heard(topic, contents):
    """The same, of the events of a ledger."""
    if topic == "refund-requests":
        return Decimal(contents[-1]["total"]) if contents else 0
    if topic == "fulfilment-requests":
        return sum(Decimal(line["total"]) for line in contents[-1]["lines"]) if contents else 0
    return len(contents)


class Views:
    """The orders of one application, by key."""

    def __init__(self, orders):
        self.orders = {order["order"]: order for order in orders}

    def why(self, order, topic, part):
        for why in self.orders.get(order, {}).get("why", ()):
            if (why["topic"], why["part"]) == (topic, part):
                return why
        return None

    def unmade(self):
        """Requests that are due, whose gate is open, and that were not made, in sentences."""
        for key, order in sorted(self.orders.items()):
            for why in order["why"]:
                made = MADE.get(why["topic"])
                if made and why["open"] and not made(why["due"], why["requested"]):
                    yield f"{why['topic']} {key}|{why['part']}: due {why['due']}, requested {why['requested']}, and the gate is open"

    def unheard(self, ledgers):
        """Ledgers with an entry of which there is no event, in sentences. `ledgers`: (topic, order, ledger key) -> contents."""
        for key, order in sorted(self.orders.items()):
            for why in order["why"]:
                said = ledgers.get((why["topic"], key, f"{key}|{why['part']}" if why["part"] else key), ())
                count = entered(why["topic"], why["requested"])
                if count is not None and count != heard(why["topic"], said):
                    yield f"{why['topic']} {key}|{why['part']}: the ledger says {why['requested']!r}, the {len(said)} events heard do not"

    def answered(self, order, topic, part):
        """Nothing is left to ask in this ledger, whether it was asked or the receiver's own row came first."""
        why = self.why(order, topic, part)
        if not why or (topic == "sales-orders" and why["requested"] == "nothing"):
            return False
        return MADE[topic](why["due"], why["requested"])
