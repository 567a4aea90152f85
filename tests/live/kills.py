#!/usr/bin/env python3
"""A hundred thousand native records on a real Kafka, read by two applications: one in peace, one killed with SIGKILL ten times.

    kills.py [--orders N] [--seed S] [--kills K]

Both read the same source topics while the retailer's records are written to them, in the order in which its systems wrote. Each kill comes
after a random number of epochs, at a random moment of the next one; the process is started again under its slot. In the end both must have said
the same (`compare`), each record must have been read once in a committed epoch, and no record may be a dead letter.
"""

from output import TOPICS
from pair import Pair, main
from stage import Kills, check, say

# Epochs between two kills: at least, at most.
EPOCHS = (4, 16)


def feed(pair, kills):
    """Lets the load write, portion by portion; a kill comes while an epoch is under way."""

    def kill():
        if not kills.due():
            return False
        kills.kill(pair.kafka)
        return True

    portions = 1
    while pair.step(kill):
        portions += 1
    say(f"{portions} portions")
    pair.written()
    check(kills.done == len(kills.plan), f"{kills.done} kills, of {len(kills.plan)} that were planned")


def run(kafka, folder, options):
    pair = Pair(kafka, folder, "kills", options)
    kills = Kills(pair.tried, options.kills, EPOCHS, options.seed)
    feed(pair, kills)
    sources = {partition.topic for partition in kafka.progress(pair.calm.application) if not partition.topic.startswith(pair.calm.prefix)}
    for application, before in ((pair.calm, 0), (pair.tried, kills.before)):
        metrics = application.wait_idle(kafka)
        say(f"{application.name} has read all: {metrics['waybill_records_total']:.0f} records and {metrics['waybill_epochs_total']:.0f} epochs in its last life")
        there = sum(end for (topic, _), end in kafka.ends(f"{pair.prefix}.*").items() if topic in sources)
        read = before + int(metrics["waybill_records_total"])
        check(read == there, f"{application.name}: {there} records are in the topics, {read} were read in committed epochs")
    compared = pair.judge()
    # The records are of days long past: mails to customers have lapsed.
    silent = {output.name: [topic for topic in TOPICS if topic != "notifications" and not output.count(topic)] for output in (compared.a, compared.b)}
    check(not any(silent.values()), f"both had something to say in every topic but notifications (silent: {silent})")


if __name__ == "__main__":
    main("kills", "SIGKILL, ten times, over a hundred thousand records.", run, kills=(10, None))
