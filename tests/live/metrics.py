#!/usr/bin/env python3
"""What is watched is there: a real Prometheus scrapes a real Waybill, with the rules and the board of `docker/`.

    metrics.py [--orders N] [--seed S]

A retailer's days are read from a real Kafka by `waybill run`. Every series that rules and board name must exist in Prometheus, every expression of
the board must give something, every rule must be evaluated without an error, and no alert may fire that wakes somebody. Then its rules change, so
that requests wait for a person: the alert that says so must fire.
"""

import argparse
import json
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from daemon import BINARY, ENVIRONMENT, Waybill, configured, waybill
from servers import ROOT, Kafka, Server, daemon_path, free_ports, scratch, wait_for
from stage import check, say

PREFIX = "metrics."
RULES = ROOT / "docker" / "prometheus"
BOARD = ROOT / "docker" / "grafana" / "waybill.json"
# What may be without a value while all is well: panels of what is not there.
MAY_BE_EMPTY = {"Alerts", "Exceptions by kind", "Events written", "The oldest order that waits", "Silent for"}
# Series that are not there while all is well, and settings by which they come: a change of rules, and a warehouse that never tells what left, about which
# nobody is asked for years.
HELD, WAITING = "waybill_requests_held", "waybill_oldest_waiting_timestamp_seconds"
CHANGED = {"authorities__receipts": "nav"}
SILENT = {"sources.peoplevox.topics__despatch_summary": "", "durations__mirror_only": "9000d", "durations__short_closed": "9000d",
          "durations__despatch_untold": "9000d"}
# So long Waybill takes from the restore to its first look through the books, and a rule to be evaluated.
AUDIT_SECONDS = 90


class Prometheus(Server):
    """Debian's, with the rules as they are and its own scrape of one application."""

    def __init__(self, folder, target):
        super().__init__("prometheus", folder)
        (self.port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        config = (RULES / "prometheus.yml").read_text()
        config = config.replace('"waybill:8080"', f'"{target}"').replace("scrape_interval: 5s", "scrape_interval: 1s")
        config = config.replace("evaluation_interval: 15s", "evaluation_interval: 2s")
        for name in ("recording.yml", "alerts.yml"):
            # Minutes that a rule waits would be minutes of the run.
            text = re.sub(r"^( *interval:) 1m$", r"\1 2s", (RULES / name).read_text(), flags=re.MULTILINE)
            (self.folder / name).write_text(re.sub(r"^( *for:) \w+$", r"\1 2s", text, flags=re.MULTILINE))
        file = self.folder / "prometheus.yml"
        file.write_text(config)
        self.spawn([daemon_path("prometheus"), f"--config.file={file}", f"--storage.tsdb.path={self.folder / 'tsdb'}",
                    f"--web.listen-address=127.0.0.1:{self.port}"])
        wait_for("Prometheus", lambda: self.get("/-/ready") is not None, process=self.process, log=self.log)

    def get(self, path):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.url}{path}", timeout=10) as answer:
            return answer.read().decode()

    def ask(self, expression):
        """The result of an instant query; fails where Prometheus does not understand it."""
        try:
            answer = json.loads(self.get(f"/api/v1/query?query={urllib.parse.quote(expression)}"))
        except urllib.error.HTTPError as error:
            raise SystemExit(f"FAULT {expression}: {error.read().decode()}") from None
        return answer["data"]["result"]

    def firing(self):
        return {(alert["metric"]["alertname"], alert["metric"]["severity"]) for alert in self.ask('ALERTS{alertstate="firing"}')}

    def broken_rules(self):
        groups = json.loads(self.get("/api/v1/rules"))["data"]["groups"]
        return [f"{rule['name']}: {rule['lastError']}" for group in groups for rule in group["rules"] if rule.get("lastError")]


def named():
    """Names of series, of metrics and of what recording rules make, that rules and board ask for."""
    texts = [(RULES / name).read_text() for name in ("recording.yml", "alerts.yml")]
    code = ["\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")) for text in texts]
    text = "\n".join([*code, *(expression for _, expression in panels())])
    # Names of alerts' groups have a dash behind `waybill`.
    return sorted(set(re.findall(r"\b(?:waybill_|waybill:|process_)[a-z0-9_:]+", text)))


def panels():
    """(title, expression) of every query of the board, for all instances."""
    board = json.loads(BOARD.read_text())
    return [(panel["title"], target["expr"].replace("$instance", ".*")) for panel in board["panels"] for target in panel.get("targets", [])]


def load(kafka, options):
    command = [BINARY, "retailer", "load", "--brokers", kafka.bootstrap, "--prefix", PREFIX, "--partitions", "2"]
    command += ["--orders", str(options.orders), "--seed", str(options.seed)]
    said = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    check(said.returncode == 0, f"written: {said.stdout.strip()} {said.stderr[-500:] if said.returncode else ''}")


def started(kafka, folder, name, **settings):
    config = waybill("retailer", "config", "--brokers", kafka.bootstrap, "--prefix", PREFIX)
    application = Waybill(folder, f"{PREFIX}{name}", config, **settings)
    application.start().wait_ready(120)
    wait_for("records", lambda: application.metrics()["waybill_records_total"] > 0, 120)
    application.wait_idle(kafka, seconds=300)
    return application


def all_is_there(prometheus):
    names = named()
    # Series only while something is held, or waits: they are asked for below.
    expected = [name for name in names if name not in (HELD, WAITING)]

    def missing():
        return [name for name in expected if not prometheus.ask(f"last_over_time({name}[10m])")]

    until = time.monotonic() + AUDIT_SECONDS
    while missing() and time.monotonic() < until:
        time.sleep(1)
    check(not missing(), f"{len(expected)} series that rules and board name are in Prometheus; missing: {missing()}")
    empty = sorted({title for title, expression in panels() if not prometheus.ask(expression)} - MAY_BE_EMPTY)
    check(not empty, f"{len(panels())} queries of the board are understood and give something; empty: {empty}")
    broken = prometheus.broken_rules()
    check(not broken, f"every rule is evaluated; broken: {broken}")


def main():
    parser = argparse.ArgumentParser(description="A real Prometheus scrapes a real Waybill.")
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = scratch("metrics")
    with Kafka(folder) as kafka:
        say("Kafka is up")
        load(kafka, options)
        with started(kafka, folder, "waybill") as application, Prometheus(folder / "one", f"127.0.0.1:{application.port}") as prometheus:
            all_is_there(prometheus)
            now = application.metrics()
            refunds = now["waybill_refunds_requested_total"], now['waybill_events_total{topic="refund-requests"}']
            check(refunds[0] == refunds[1] > 0, f"{refunds[0]:.0f} refunds are counted, and as many requests were written ({refunds[1]:.0f})")
            # Records are of days long past; what comes late of them, and what rises in the minute of the first read, is no fault here.
            woken = {name for name, severity in prometheus.firing() if severity == "critical"}
            check(not woken, f"nobody is woken: {woken or 'no critical alert'}")
            application.end()
            application.config.write_text(configured(application.config.read_text(), **CHANGED))
            application.start().wait_ready(120)
            wait_for(HELD, lambda: prometheus.ask(HELD), AUDIT_SECONDS)
            wait_for("WaybillRequestsWait", lambda: ("WaybillRequestsWait", "critical") in prometheus.firing(), 60)
            say(f"ok: after a change of rules {HELD} is there, and somebody is woken: WaybillRequestsWait fires")
        with started(kafka, folder, "silent", **SILENT) as application, Prometheus(folder / "two", f"127.0.0.1:{application.port}") as prometheus:
            wait_for(WAITING, lambda: prometheus.ask(WAITING), AUDIT_SECONDS)
            say(f"ok: where a warehouse is silent {WAITING} is there")
    say("all well")


if __name__ == "__main__":
    main()
