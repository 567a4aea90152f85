"""`waybill run` as an operator meets it: a process with a configuration, its HTTP answers, signals."""

import http.client
import json
import os
import re
import signal
import subprocess
import time
import urllib.parse
from collections import defaultdict

from servers import ROOT, Server, free_ports, wait_for

BINARY = os.environ.get("WAYBILL_BINARY", str(ROOT / "target" / "release" / "waybill"))
ENVIRONMENT = {**os.environ, "WAYBILL_EMAIL_SECRET": "the live run's people are made up"}


def waybill(*arguments):
    """Runs a subcommand to its end and gives what it printed."""
    result = subprocess.run([BINARY, *arguments], capture_output=True, text=True, env=ENVIRONMENT)
    if result.returncode != 0:
        raise SystemExit(f"waybill {' '.join(arguments)} ended with {result.returncode}\n{result.stdout}\n{result.stderr[-3000:]}")
    return result.stdout


def configured(text, **values):
    """A waybill.toml with other values: `section.key=value` by keyword `section__key`. A key is replaced, or put below its section's title."""
    for name, value in values.items():
        section, key = name.split("__")
        line = f"{key} = {json.dumps(value)}"
        found = re.search(rf"^\[{section}\]\n(?:(?!\[).*\n)*", text, re.MULTILINE)
        if not found:
            text += f"\n[{section}]\n{line}\n"
            continue
        body = re.sub(rf"^{key} *=.*\n", "", found.group(), flags=re.MULTILINE).replace(f"[{section}]\n", f"[{section}]\n{line}\n", 1)
        text = text[: found.start()] + body + text[found.end() :]
    return text


class Waybill(Server):
    """One instance of one application. It can be killed and started again, under the same slot."""

    def __init__(self, folder, application, config, **settings):
        super().__init__(application, folder)
        (self.port,) = free_ports(1)
        self.application = application
        self.prefix = f"{application}."
        self.config = self.folder / f"{application}.toml"
        own = {
            "application__id": application,
            "application__topic_prefix": self.prefix,
            "http__enabled": True,
            "http__listen": f"127.0.0.1:{self.port}",
        }
        self.config.write_text(configured(config, **own, **settings))

    def start(self):
        self.spawn([BINARY, "run", "--config", str(self.config)], env={**ENVIRONMENT, "WAYBILL_SLOT": "0"})
        return self

    def get(self, path):
        """(status, body); no status while nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except (OSError, http.client.HTTPException):
            return None, ""
        finally:
            connection.close()

    def order(self, name):
        """The committed view of the order that is known under the name, or None."""
        status, body = self.get(f"/orders/{urllib.parse.quote(name, safe='')}")
        return json.loads(body) if status == 200 else None

    def metrics(self):
        """Sums over labels by name, and each labelled value under `name{labels}`; empty while nobody listens."""
        values = defaultdict(float)
        for line in self.get("/metrics")[1].splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                values[name] = float(value)
                if "{" in name:
                    values[name.split("{")[0]] += float(value)
        return values

    def wait_ready(self, seconds=60):
        wait_for(f"{self.name}", lambda: self.get("/readyz")[0] == 200, seconds, self.process, self.log)

    def wait_idle(self, kafka, seconds=120, quiet=1.5):
        """Until the group has read all that its topics hold, and nothing more is emitted."""
        until, calm = time.monotonic() + seconds, Calm(quiet)
        while time.monotonic() < until:
            self.alive()
            now = self.metrics()
            settled = now["waybill_ready"] and not now["waybill_lag_records"]
            if settled and calm.since(now["waybill_epochs_total"], now["waybill_events_total"]):
                behind = self.behind(kafka)
                if not behind:
                    return now
                calm = Calm(quiet)
            time.sleep(0.05)
        raise SystemExit(f"{self.name} did not come to an end: behind in {', '.join(map(str, self.behind(kafka)))}")

    def behind(self, kafka):
        """Partitions whose records are not all committed. One that holds nothing may have no offset."""
        return [partition for partition in kafka.progress(self.application) if (partition.at or 0) != partition.end]

    def alive(self):
        if self.process.poll() is not None:
            raise SystemExit(f"{self.name} ended with {self.process.returncode}\n{self.tail()}")

    def tail(self):
        return self.log.read_text(errors="replace")[-3000:]

    def kill(self):
        """As a crash does it: by SIGKILL, which no process can handle."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self, seconds=30):
        """As an operator does it: SIGTERM. Gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


class Calm:
    """Has anything changed for a while?"""

    def __init__(self, seconds):
        self.seconds = seconds
        self.values, self.at = None, time.monotonic()

    def since(self, *values):
        if values != self.values:
            self.values, self.at = values, time.monotonic()
        return time.monotonic() - self.at >= self.seconds
