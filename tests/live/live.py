#!/usr/bin/env python3
"""One retailer, live: Magento's tables in MariaDB, Debezium, Kafka, `waybill run`.

    live.py [--orders N] [--seed S] [--kills K] [--hurry F]

Shoppers order, cancel and send back; Magento's rows change by SQL and come as Debezium's own change events; NAV, Peoplevox, carrier, finance and
CRM are played on the broker in their native formats. All react to one application, which is killed with SIGKILL in the middle. A second one reads
the same topics in peace, and nobody reacts to it. In the end the retailer judges every order, both applications must have said the same
(`compare`), and the straight story, a cancellation and a refund must have brought an event in every topic that they touch.
"""

import argparse
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from daemon import BINARY, ENVIRONMENT, Waybill, waybill
from servers import Connect, Kafka, MariaDb, Server, HERE, scratch
from stage import Kills, check, judge, say

PREFIX = "live."
# Epochs between two kills: at least, at most.
EPOCHS = (20, 60)
# The retailer ends by itself before this.
SECONDS_MAX = 200

# Each story: topics and what must be emitted there for one order, as (topic, member, value); no member: anything.
STRAIGHT = [
    ("sales-orders", "action", "create"), ("revenue-notices", None, None), ("fulfilment-requests", "action", "release"),
    ("despatch-notices", "receiver", "erp"), ("despatch-notices", "receiver", "shop"), ("notifications", "kind", "confirmed"),
    ("notifications", "kind", "despatched"), ("notifications", "kind", "delivered"), ("order-completions", "receiver", "erp"),
    ("order-completions", "receiver", "shop"), ("journal-entries", None, None), ("order-status", "stage", "delivered"),
    ("customer-history", "kind", "purchase"), ("customer-history", "kind", "despatch"), ("customer-history", "kind", "delivery"),
]
STORIES = {
    "delivered": STRAIGHT,
    # Whether the ERP had it already, and must cancel its record, is a matter of moments.
    "cancelled": [
        ("notifications", "kind", "cancelled"), ("order-status", "stage", "cancelled"),
        ("customer-history", "kind", "cancellation"),
    ],
    "sent back and refunded": [
        *STRAIGHT, ("receipt-notices", "receiver", "erp"), ("refund-requests", None, None), ("order-reversals", "receiver", "erp"),
        ("order-reversals", "receiver", "shop"), ("notifications", "kind", "return-received"), ("notifications", "kind", "refund-made"),
        ("order-status", "return_stage", "reversed"), ("customer-history", "kind", "return"), ("customer-history", "kind", "refund"),
    ],
}
# Statements that are not of one order.
OTHERS = ("stock-updates", "product-updates", "marketing-profiles")


class Retailer:
    """`waybill retailer play`, its shop's SQL piped into MariaDB's own client."""

    def __init__(self, folder, kafka, mariadb, options):
        self.player, self.client = Server("retailer", folder), Server("sql", folder)
        command = [BINARY, "retailer", "play", "--plain", "--magento-sql", "-", "--brokers", kafka.bootstrap, "--prefix", PREFIX,
                   "--orders", str(options.orders), "--seed", str(options.seed), "--hurry", str(options.hurry), "--limit", str(SECONDS_MAX)]
        with open(self.player.log, "ab") as log:
            self.player.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, env=ENVIRONMENT)
        with open(self.client.log, "ab") as log:
            client = ["mariadb", "--no-defaults", f"--socket={mariadb.socket}", "-u", "root", mariadb.database]
            self.client.process = subprocess.Popen(client, stdin=self.player.process.stdout, stdout=log, stderr=log)
        # The client alone holds the pipe now: if it fails, the player gets an error.
        self.player.process.stdout.close()

    def ended(self):
        return self.player.process.poll() is not None

    def verdict(self):
        """Its own picture of what happened, and its exit code."""
        code, client = self.player.process.wait(), self.client.process.wait(30)
        print(self.player.log.read_text(errors="replace"))
        check(client == 0, f"MariaDB took every transaction of the shop (its client ended with {client}) {self.client.log.read_text()[-500:]}")
        check(code == 0, f"the retailer's own verdict on every order (exit code {code})")


def tables():
    return re.findall(r"CREATE TABLE (\w+)", (HERE / "magento.sql").read_text())


def play(kafka, mariadb, folder, options):
    """Applications A and B, and the retailer's days."""
    config = waybill("retailer", "config", "--brokers", kafka.bootstrap, "--prefix", PREFIX)
    settings = {"epochs__linger": "50ms", "kafka__partitions": 2, "application__shards": 4}
    # The retailer reads the topics under its prefix and `waybill.`.
    heard, calm = (Waybill(folder, f"{PREFIX}{name}", config, **settings) for name in ("waybill", "calm"))
    kills = Kills(heard, options.kills, EPOCHS, options.seed)
    retailer = Retailer(folder, kafka, mariadb, options)
    for application in (calm, heard):
        application.start()
    for application in (calm, heard):
        application.wait_ready()
    say("both applications are ready, the shop opens")
    while not retailer.ended():
        heard.alive()
        calm.alive()
        if kills.due():
            kills.kill(kafka)
        time.sleep(0.02)
    retailer.verdict()
    check(kills.done == len(kills.plan), f"{kills.done} kills, of {len(kills.plan)} that were planned")
    for application in (heard, calm):
        application.wait_idle(kafka)
    return heard, calm


def orders_of(output, story):
    """Orders for which everything was emitted that the story asks for."""
    told = {}
    for event in output.events:
        if event.body is None:
            continue
        order = event.body.get("order")
        for index, (topic, member, value) in enumerate(story):
            if event.topic == topic and (member is None or event.body.get(member) == value):
                told.setdefault(order, set()).add(index)
    return sorted(order for order, parts in told.items() if len(parts) == len(story))


def check_stories(output):
    for name, story in STORIES.items():
        found = orders_of(output, story)
        topics = sorted({topic for topic, _, _ in story})
        check(found, f"{len(found)} orders are {name}, with every event of it ({', '.join(topics)})")
    for topic in OTHERS:
        check(output.count(topic), f"{output.count(topic)} events in {topic}")


def check_names(application, output):
    """A delivered order is found under each of its names."""
    order = orders_of(output, STRAIGHT)[0]
    view = application.order(order)
    parcel = next(parcel for parcel in view["parcels"] if parcel["tracking"])
    names = {
        "the shop's number": view["number"],
        "the ERP's": view["erp_document"],
        "the warehouse's": view["warehouse"][0]["number"],
        "a tracking number": parcel["tracking"],
    }
    for whose, name in names.items():
        found = application.order(name)
        check(found and found.get("order") == order, f"GET /orders/{name} finds the order by {whose}")


def debezium(kafka, mariadb, folder):
    connect = Connect(folder, kafka, mariadb, f"{PREFIX}magento", tables())
    connect.wait_streaming()
    say("Debezium follows the binlog")
    return connect


def check_changes(kafka):
    """The shop's topics were written by Debezium: their events name the connector that wrote them."""
    topic = f"{PREFIX}magento.shop.sales_order"
    out = kafka.folder / "sales_order.out"
    kafka.read(re.escape(topic), out)
    values = out.read_text().splitlines()
    written = sum(1 for line in values if '"connector":"mariadb"' in line and '"name":"live.magento"' in line)
    check(written and written == len(values), f"{written} change events of sales_order came from Debezium's MariaDB connector")


def main():
    parser = argparse.ArgumentParser(description="One retailer on real servers, live.")
    parser.add_argument("--orders", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--hurry", type=int, default=12_000)
    options = parser.parse_args()
    folder = scratch("live")
    with ThreadPoolExecutor(2) as pool:
        kafka, mariadb = pool.submit(Kafka, folder), pool.submit(MariaDb, folder, "shop", HERE / "magento.sql")
        kafka, mariadb = kafka.result(), mariadb.result()
    say("Kafka and MariaDB are up")
    with kafka, mariadb, debezium(kafka, mariadb, folder):
        heard, calm = play(kafka, mariadb, folder, options)
        compared = judge(kafka, heard, calm, lambda a, _: check_names(heard, a))
        check_stories(compared.a)
        check_changes(kafka)
    say("all well")


if __name__ == "__main__":
    main()
