#!/usr/bin/env python3
"""A day of one Magento with two stores, two currencies and three sources, live: real tables with their foreign keys in MariaDB, Debezium, Kafka,
`waybill run`.

    stores.py [--kills K] [--seed S] [--record FILE]

The rows come as they may: the night's by the snapshot; of a table in three partitions, by key, so that rows of one transaction overtake each other; the
connector is killed, and comes back; then it is set up anew, so that a second snapshot brings all rows once more at the end. The application is
killed with SIGKILL meanwhile. What must stand in the answers then is written by hand in `stores.json`, in the form of the cases (`tests/fixtures/cases`).
`--record` writes the records that Debezium made as `records.jsonl` of such a case: there they are shuffled.
"""

import argparse
import json
import os
import re
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, InvalidOperation

import day
from daemon import Waybill
from output import events
from servers import HERE, Connect, Kafka, MariaDb, scratch
from stage import Kills, check, derived, say

PREFIX = "stores."
TABLES = [table for name in ("magento.sql", "stores.sql") for table in re.findall(r"CREATE TABLE (\w+)", (HERE / name).read_text())]


def same(want, got):
    try:
        return Decimal(str(want)) == Decimal(str(got))
    except InvalidOperation:
        return want == got


def at(value, pointer):
    for part in pointer.strip("/").split("/"):
        try:
            value = value[int(part)] if isinstance(value, list) else (value or {}).get(part)
        except IndexError:
            return None
    return value


def member(view, name):
    if name.startswith("/"):
        return at(view, name)
    found = view.get(name)
    return view.get("money", {}).get(name) if found is None else found


def compare(application, expected, heard):
    """Sentences: what is otherwise."""
    wrong = []

    def hold(what, want, got):
        if not same(want, got):
            wrong.append(f"{what}: expected {want}, got {got}")

    def asked(name):
        name, _, query = name.partition("?")
        status, body = application.get(f"/orders/{urllib.parse.quote(name, safe='')}" + (f"?{query}" if query else ""))
        return json.loads(body) if status == 200 else {}

    opened = [(said.key.split("|"), said.body) for said in heard if said.topic == "exceptions"]
    for name, want in expected["orders"].items():
        view = asked(name)
        kinds = {key[0]: body for key, body in opened if key[1] == urllib.parse.quote(view.get("order", ""), safe="")}
        for what, figure in want.items():
            if what == "lines":
                lines = {line["line"]: line for line in view.get("lines", [])}
                for line, figures in figure.items():
                    for of, value in figures.items():
                        hold(f"{name} line {line} {of}", value, lines.get(line, {}).get(of))
            elif what == "open":
                wrong.extend(f"{name}: {kind} is not open" for kind in figure if not kinds.get(kind))
            elif what == "never":
                wrong.extend(f"{name}: {kind} opened" for kind in figure if kind in kinds)
            else:
                hold(f"{name} {what}", figure, member(view, what))
    for name, keys in expected["found"].items():
        view = asked(name)
        hold(f"{name} leads to", keys, sorted(order["order"] for order in view.get("several", [view] if view else [])))
    for sku, channels in expected["stock"].items():
        status, body = application.get(f"/stock/{sku}")
        told = {channel["channel"]: channel for channel in (json.loads(body)["channels"] if status == 200 else [])}
        for channel, figures in channels.items():
            for name, figure in figures.items():
                hold(f"{sku} {channel} {name}", figure, told.get(channel, {}).get(name))
    requests = [said for said in heard if said.topic == "refund-requests"]
    hold("refunds that were requested", 0, len(requests))
    return wrong


def play(kafka, mariadb, folder, options):
    config = (HERE / "stores.toml").read_text().replace("{BOOT}", kafka.bootstrap).replace("{P}", PREFIX)
    application = Waybill(folder, f"{PREFIX}waybill", config)
    kills = Kills(application, options.kills, (4, 12), options.seed)

    for statements in day.NIGHT:
        mariadb.sql(statements)
    # Nothing is there yet: each table's topic comes with its first row.
    application.start().wait_ready()
    check(b"sales_creditmemo" in application.get("/readyz")[1].encode(), "it is ready before any topic of the shop is there, and names them")
    connect = Connect(folder, kafka, mariadb, f"{PREFIX}magento", TABLES)
    connect.wait_streaming()
    say("Debezium follows the binlog")
    kills.meanwhile(kafka, mariadb, day.MORNING)
    connect.process.kill()
    connect.process.wait()
    say("the connector is killed")
    kills.meanwhile(kafka, mariadb, day.NOON)
    connect = again(folder, kafka, mariadb)
    kills.meanwhile(kafka, mariadb, day.AFTERNOON)
    while kills.done < len(kills.plan):
        kills.kill(kafka)
    kills.meanwhile(kafka, mariadb, day.EVENING)
    time.sleep(1)
    connect.stop()
    (folder / "connect.offsets").unlink()
    anew = again(folder, kafka, mariadb)
    say("the connector is set up anew, and reads every row once more")
    return application, anew


def again(folder, kafka, mariadb):
    (folder / "connect.log").unlink()
    connect = Connect(folder, kafka, mariadb, f"{PREFIX}magento", TABLES)
    connect.wait_streaming()
    return connect


def record(kafka, file):
    """All records of the shop's topics, as lines of a case. The order of the partitions of a topic is of no account."""
    there = {topic for topic, _ in kafka.ends(f"{re.escape(PREFIX)}magento.*")}
    with open(file, "w", encoding="utf-8") as out:
        for table in TABLES:
            topic = f"{PREFIX}magento.shop.{table}"
            if topic not in there:
                continue
            path = kafka.read(re.escape(topic), kafka.folder / f"{table}.read")
            for line in path.read_text(encoding="utf-8").splitlines():
                value = line.rstrip("\n").split("\t", 4)[-1]
                # What is no object is the tombstone behind a deletion.
                body = json.loads(value) if value.startswith("{") else None
                out.write(json.dumps({"step": 0, "topic": f"magento.shop.{table}", "headers": {}, "value": body}) + "\n")


def main():
    parser = argparse.ArgumentParser(description="A Magento with two stores on real servers.")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record")
    options = parser.parse_args()
    folder = scratch("stores")
    with ThreadPoolExecutor(2) as pool:
        kafka = pool.submit(Kafka, folder, {"num.partitions": "3"})
        mariadb = pool.submit(MariaDb, folder, "shop", HERE / "magento.sql")
        kafka, mariadb = kafka.result(), mariadb.result()
    mariadb.sql((HERE / "stores.sql").read_text())
    say("Kafka and MariaDB are up")
    with kafka, mariadb:
        application, connect = play(kafka, mariadb, folder, options)
        with connect:
            application.wait_idle(kafka)
            heard = events(kafka.read(derived(application), folder / "said.out"))
            expected = json.loads((HERE / "stores.json").read_text())
            wrong = compare(application, expected, heard)
            ends = kafka.ends(f"{PREFIX}.*")
            refused = sum(end for (topic, _), end in ends.items() if topic.endswith("dead-letters"))
            for sentence in wrong:
                print(f"FAULT {sentence}")
            if options.record:
                record(kafka, options.record)
            check(not wrong, "every order and every figure stands as it was worked out by hand")
            check(refused == 0, f"{refused} dead letters")
            check(application.end() == 0, "SIGTERM ends it with exit code 0")
    say("all well")


if __name__ == "__main__":
    main()
