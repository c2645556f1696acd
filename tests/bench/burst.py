"""A morning on which everything is due at once, and messages that are told as they come."""

import datetime

import figures
from stage import DAY, DECIDED, MORNING, kept, sent

SENT = "SELECT count(*) FROM outbox WHERE kind = 'notice' AND state = 'sent'"


def morning(stage, sink, part=1):
    """(how many were told, their Meter): the night's notices, or one in part of them."""
    stage.put_back("night.db", sink.adapter)
    for table in ("outbox", "notice"):
        stage.change(f"UPDATE {table} SET state = 'cancelled' WHERE notice_id % ? <> 0", part)
    waiting = stage.gateway.value("SELECT count(*) FROM outbox WHERE kind = 'notice' AND state = 'due'")
    meter = stage.until(stage.start(MORNING), sent(sink.adapter))
    stage.gateway.stop()
    told = stage.gateway.value(SENT)
    if told != waiting:
        raise SystemExit(f"{waiting} notices were due and {told} were told")
    return told, meter


def measure(stage, sink, what, size, tenth=10):
    few, small = morning(stage, sink, tenth)
    count, meter = morning(stage, sink)
    figures.heading(f"A morning's burst by {what}: {count:,} notices of {size:,} bytes are due; {figures.load()}")
    seconds, cpu = sink.flood(count, size)
    limit, rate = count / seconds, count / meter.seconds
    thousand = meter.cpu / count * 1000
    figures.row(f"raw: {sink.limit}, connections kept", limit, "notices/s", cpu / count * 1000)
    figures.row("told: rendered, sent, its outcome on disk", rate, "notices/s", thousand, sink.limit, rate / limit)
    figures.row(f"a backlog of {few:,}", few / small.seconds, "notices/s", small.cpu / few * 1000)
    before = small.cpu / few * 1000
    figures.note(f"CPU a notice at {count / few:.0f} times the backlog: {thousand / max(before, 1e-9):.2f} times as much;"
                 f" {meter.memory()}")


def first_few(stage, sink, count=10):
    """Bytes of the mean message to a sink."""
    stage.put_back("base.db", sink.adapter)
    stage.queue(stage.messages(count, datetime.datetime(2026, 3, 16, 7, 30)))
    sink.keep()
    meter = stage.start(DAY)
    stage.until(meter, f"{kept(count)} AND {DECIDED} AND {sent(sink.adapter)}")
    stage.gateway.stop()
    return sink.size()


def end_to_end(stage, sinks, count):
    figures.heading(f"From publishing to told, by day: {count:,} messages of two children wait at the broker;"
                    f" {figures.load()}")
    for what, sink in sinks:
        stage.put_back("base.db", sink.adapter)
        stage.queue(stage.messages(count, datetime.datetime(2026, 3, 16, 8, 30)))
        meter = stage.start(DAY)
        stage.until(meter, f"{kept(count)} AND {DECIDED} AND {sent(sink.adapter)}")
        stage.gateway.stop()
        notices = stage.gateway.value(SENT)
        figures.row(f"by {what}", count / meter.seconds, "messages/s", meter.cpu / count * 1000)
        figures.row("", notices / meter.seconds, "notices/s", meter.cpu / notices * 1000)
        figures.note(meter.memory())
