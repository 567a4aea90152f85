#!/usr/bin/env python3
"""The day of `stores.py` once more, in Avro: what Debezium writes of MariaDB, and of PostgreSQL flattened, with its schemas in Apicurio Registry; what
Waybill writes, registered there too.

    avro.py [--kills K] [--seed S]

The figures that must stand are those of `stores.json`: the form of the records changes nothing. Meanwhile the application is killed; the registry stops
answering while it starts again, and comes back; a table gets a column. At the end a carrier's scans come from PostgreSQL (`ExtractNewRecordState`, schema
ids in headers).
"""

import argparse
import json
import re
import signal
from concurrent.futures import ThreadPoolExecutor

import day
from daemon import Waybill
from output import events
from servers import HERE, Connect, Kafka, MariaDb, Postgres, Registry, jars, scratch, wait_for
from stage import Kills, check, say
from stores import PREFIX, TABLES, compare

# Of all else in Avro these two stay JSON: what is compared at the end reads them from Kafka's own console.
PLAIN = ("exceptions", "refund-requests")

CONFIG = """
[schema_registry]
url = "{REGISTRY}"
[output]
format = "avro"
topics = { "exceptions" = "json", "refund-requests" = "json" }
[sources.carrier]
kind = "mapped"
format = "avro"
roles = ["carrier"]
[[sources.carrier.rows]]
topic = "{P}pg.public.scans"
row = "scan"
[sources.carrier.rows.fields]
tracking = "parcel"
meaning = "status"
scanned_at = "scanned_at"
"""

SCANS = """
CREATE TABLE scans (id bigint PRIMARY KEY, parcel text NOT NULL, status text NOT NULL, scanned_at timestamptz NOT NULL, weight numeric(8,3), note text);
"""


def configured(kafka, registry):
    text = (HERE / "stores.toml").read_text().replace('kind = "magento"', 'kind = "magento"\nformat = "avro"') + CONFIG
    # The registry is away for longer than an order's rows may be apart there.
    text = text.replace('order_incomplete = "20s"', 'order_incomplete = "5m"')
    return text.replace("{BOOT}", kafka.bootstrap).replace("{P}", PREFIX).replace("{REGISTRY}", registry.url)


def told_of(application, path):
    return json.loads(application.get(path)[1] or "{}")


def paused(application, registry, kafka):
    """The application starts while the registry does not answer: it waits, says so, and goes on."""
    application.kill()
    registry.process.send_signal(signal.SIGSTOP)
    application.start()
    wait_for("/readyz that names the registry", lambda: "schema registry is away" in (told_of(application, "/readyz").get("waits_for") or ""), 90, application.process, application.log)
    say(told_of(application, "/readyz")["waits_for"])
    registry.process.send_signal(signal.SIGCONT)
    application.wait_ready()
    say("the registry answers again, and the application goes on")


def play(kafka, mariadb, registry, folder, options):
    application = Waybill(folder, f"{PREFIX}waybill", configured(kafka, registry))
    kills = Kills(application, options.kills, (4, 12), options.seed)

    for statements in day.NIGHT:
        mariadb.sql(statements)
    connect = Connect(folder, kafka, mariadb, f"{PREFIX}magento", TABLES, registry)
    connect.wait_streaming()
    application.start().wait_ready()
    say("Debezium follows the binlog, in Avro")
    kills.meanwhile(kafka, mariadb, day.MORNING)
    paused(application, registry, kafka)
    mariadb.sql("ALTER TABLE sales_order_item ADD COLUMN gift_note varchar(80) NOT NULL DEFAULT 'none', ALGORITHM=INSTANT")
    kills.meanwhile(kafka, mariadb, day.NOON)
    kills.meanwhile(kafka, mariadb, day.AFTERNOON)
    while kills.done < len(kills.plan):
        kills.kill(kafka)
    kills.meanwhile(kafka, mariadb, day.EVENING)
    return application, connect


def scanned(application, postgres):
    postgres.sql("INSERT INTO scans VALUES (1, 'N-1', 'transit', now(), 1.250, NULL)")
    postgres.sql("INSERT INTO scans VALUES (2, 'N-1', 'delivered', now(), NULL, 'at the door')")

    def arrived():
        parcels = (application.order("magento|1") or {}).get("parcels", [])
        return any(parcel.get("tracking") == "N-1" and parcel.get("delivered_at") for parcel in parcels)

    wait_for("the scan of PostgreSQL", arrived, 60, application.process, application.log)
    say("a scan that PostgreSQL told, flattened and in Avro, delivers its parcel")


def main():
    parser = argparse.ArgumentParser(description="A Magento with two stores on real servers, in Avro.")
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = scratch("avro")
    with ThreadPoolExecutor(4) as pool:
        servers = [
            pool.submit(Kafka, folder, {"num.partitions": "3"}),
            pool.submit(MariaDb, folder, "shop", HERE / "magento.sql"),
            pool.submit(Registry, folder),
            pool.submit(Postgres, folder, "parcels", SCANS),
        ]
        kafka, mariadb, registry, postgres = (server.result() for server in servers)
    mariadb.sql((HERE / "stores.sql").read_text())
    say("Kafka, MariaDB, PostgreSQL and Apicurio Registry are up")
    with kafka, mariadb, registry, postgres:
        application, connect = play(kafka, mariadb, registry, folder, options)
        with connect:
            application.wait_idle(kafka)
            pattern = re.escape(application.prefix) + f"({'|'.join(PLAIN)})"
            wrong = compare(application, json.loads((HERE / "stores.json").read_text()), events(kafka.read(pattern, folder / "said.out")))
            for sentence in wrong:
                print(f"FAULT {sentence}")
            check(not wrong, "every order and every figure stands as it was worked out by hand")
            with postgres.connect(folder, kafka, f"{PREFIX}pg", "public.scans", registry):
                scanned(application, postgres)
            application.wait_idle(kafka)
            ends = kafka.ends(f"{PREFIX}.*")
            refused = sum(end for (topic, _), end in ends.items() if topic.endswith("dead-letters"))
            check(refused == 0, f"{refused} dead letters")
            subjects = registry.subjects()
            ours = [subject for subject in subjects if subject.startswith(application.prefix)]
            check(len(ours) >= 14, f"{len(ours)} schemas of our own are registered")
            told = kafka.read(re.escape(f"{application.prefix}order-status"), folder / "status.out").read_bytes().splitlines()
            values = [line.split(b"\t", 4)[-1] for line in told if line.startswith(b"Partition:")]
            check(values and all(value.startswith(b"\0\0\0\0") for value in values), f"{len(values)} statements of orders are in Avro")
            check(application.end() == 0, "SIGTERM ends it with exit code 0")
    say("all well")


if __name__ == "__main__":
    jars("avro")
    main()
