"""What the runs on real servers have in common: what they print while they run, and how they look at two applications in the end."""

import json
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor

from compare import Compared, report
from output import TOPICS, Output, events
from views import Views

BEGAN = time.monotonic()


class Failed(SystemExit):
    """Something does not hold: the run ends with its sentence and exit code 1."""


def say(text):
    print(f"{time.monotonic() - BEGAN:6.1f} s  {text}", flush=True)


def check(holds, sentence):
    if not holds:
        raise Failed(f"FAULT {sentence}")
    say(f"ok: {sentence}")


class Kills:
    """Kills one application again and again, each time after a random number of epochs."""

    def __init__(self, application, kills, epochs, seed):
        self.application = application
        self.random = random.Random(seed)
        self.plan = [self.random.randint(*epochs) for _ in range(kills)]
        say(f"the plan, seed {seed}: kills after {self.plan} epochs")
        self.done = 0
        # Records that earlier lives committed: known once, before the last life begins.
        self.before = 0

    def due(self):
        return self.done < len(self.plan) and self.application.metrics()["waybill_epochs_total"] >= self.plan[self.done]

    def meanwhile(self, kafka, mariadb, transactions):
        """Writes a shop's transactions, and kills when it is due."""
        for statements in transactions:
            mariadb.sql(statements)
            self.application.alive()
            if self.due():
                self.kill(kafka)
            time.sleep(0.15)

    def kill(self, kafka):
        """At a random moment of an epoch."""
        time.sleep(self.random.random() * 0.25)
        epochs = int(self.application.metrics()["waybill_epochs_total"])
        self.application.kill()
        self.done += 1
        if self.done == len(self.plan):
            # A commit that had been asked for is ended by the broker alone.
            time.sleep(0.5)
            self.before = committed(kafka, self.application)
        began = time.monotonic()
        self.application.start().wait_ready()
        say(f"kill {self.done} after {epochs} epochs; ready again after {time.monotonic() - began:.1f} s")


def committed(kafka, application):
    """Records of source topics before the committed offsets."""
    return sum(partition.at or 0 for partition in kafka.progress(application.application) if not partition.topic.startswith(application.prefix))


def derived(application):
    """A pattern of all its derived topics."""
    return re.escape(application.prefix) + f"({'|'.join(TOPICS)})"


def heard(kafka, application):
    """All that the application emitted, and its answer about each order in it."""
    path = kafka.folder / f"{application.application}.out"
    said = events(kafka.read(derived(application), path))
    keys = sorted({event.key for event in said if event.topic == "order-status"})
    answers = [application.order(key) for key in keys]
    # Kept beside the events, for `compare.py` by hand.
    path.with_suffix(".orders").write_text(json.dumps(answers))
    return Output(application.application, said, Views(answers))


def heard_both(kafka, a, b):
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda application: heard(kafka, application), (a, b)))


def judge(kafka, a, b, while_up=lambda a, b: None):
    """Reads what both emitted, ends them, and compares; raises when anything does not hold. `while_up` looks at both before they end."""
    outputs = heard_both(kafka, a, b)
    say("what both said is read")
    while_up(*outputs)
    before = kafka.ends(f"{a.prefix}.*,{b.prefix}.*")
    for application in (a, b):
        code = application.end()
        check(code == 0, f"{application.name}: SIGTERM ends it with exit code {code}")
    after = kafka.ends(f"{a.prefix}.*,{b.prefix}.*")
    check(before == after, "nothing was written after the applications had said all")
    refused = sum(end for (topic, _), end in after.items() if topic.endswith("dead-letters"))
    check(refused == 0, f"{refused} dead letters")
    compared = Compared(*outputs)
    faults = report(compared)
    check(faults == 0, f"{a.name} and {b.name} said the same ({faults} faults)")
    return compared
