"""How fast messages are kept, and how fast they get from there to the outbox."""

import datetime
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing

import figures
from stage import DECIDED, NIGHT, kept, sent

A_COMMIT = 1000
OPENED = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-16000;"

# What a message has left in the store when it is acknowledged, by the incident's number.
ROWS = {
    "message": "SELECT m.* FROM done.message m JOIN done.incident i USING (message_id) ORDER BY i.incident_id",
    "incident": "SELECT * FROM done.incident ORDER BY incident_id",
    "incident_revision": "SELECT * FROM done.incident_revision ORDER BY incident_id",
    "child": "SELECT * FROM done.child ORDER BY incident_id, child_id",
    "outbox": "SELECT * FROM done.outbox WHERE kind = 'receipt' AND payload ->> 'status' = 'accepted' ORDER BY item_id",
    "audit": "SELECT * FROM done.audit WHERE event = 'incident.accepted' ORDER BY incident_id",
}


def same_rows(source, empty, count):
    """Seconds in which SQLite alone takes the rows of source's messages into an empty store."""
    target = source.with_name("raw-same.db")
    shutil.copy(empty, target)
    with closing(sqlite3.connect(target, isolation_level=None)) as db:
        db.executescript(OPENED + "ATTACH ':memory:' AS ready;")
        db.execute("ATTACH ? AS done", (str(source),))
        for table, select in ROWS.items():
            db.execute(f"CREATE TABLE ready.{table} AS {select}")
            if table == "child":  # as it was on arrival
                db.execute("UPDATE ready.child SET stage = 'match', state = 'open', decision_id = NULL")
        db.execute("UPDATE ready.outbox SET state = 'due'")
        db.execute("DETACH done")
        number = {t: db.execute(f"SELECT count(*) FROM ready.{t}").fetchone()[0] // count for t in ROWS}
        assert all(number.values()), number
        started = time.perf_counter()
        for first in range(0, count, A_COMMIT):
            db.execute("BEGIN IMMEDIATE")
            for table, each in number.items():
                db.execute(f"INSERT INTO main.{table} SELECT * FROM ready.{table} WHERE rowid > ? AND rowid <= ?",
                           (first * each, (first + A_COMMIT) * each))
            db.execute("COMMIT")
        seconds = time.perf_counter() - started
    return seconds


def three_rows(folder, bodies):
    """Seconds for an incident and two outbox rows a message: the raw limit of peers' figures."""
    with closing(sqlite3.connect(folder / "raw-three.db", isolation_level=None)) as db:
        db.executescript(OPENED +
                         "CREATE TABLE incident(id INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE, body BLOB NOT NULL);"
                         "CREATE TABLE outbox(id INTEGER PRIMARY KEY, incident INTEGER NOT NULL REFERENCES incident,"
                         " key TEXT NOT NULL UNIQUE, state TEXT NOT NULL);"
                         "CREATE TEMP TABLE ready(id INTEGER PRIMARY KEY, body BLOB);")
        db.executemany("INSERT INTO ready(body) VALUES (?)", [(b,) for b in bodies])
        started = time.perf_counter()
        for first in range(0, len(bodies), A_COMMIT):
            span = (first, first + A_COMMIT)
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT INTO incident SELECT id, 'OE-' || id, body FROM ready WHERE id > ? AND id <= ?", span)
            for child in (1, 2):
                db.execute(f"INSERT INTO outbox(incident, key, state) SELECT id, id || '-{child}', 'due'"
                           " FROM ready WHERE id > ? AND id <= ?", span)
            db.execute("COMMIT")
        return time.perf_counter() - started


def measure(stage, count):
    """Leaves the store of that night, everything decided and nothing sent yet, as night.db."""
    messages = list(stage.messages(count, datetime.datetime(2026, 3, 15, 20)))
    figures.heading(f"Intake: {count:,} messages of {len(messages[0]):,} bytes and two children wait at the broker (TLS,"
                    f" QoS 1); {figures.load()}")
    three = count / three_rows(stage.folder, messages)
    stage.queue(messages, clients=("encompassd", "nobody"))
    began = time.perf_counter()
    subprocess.run(stage.sub("nobody") + ["-C", str(count)], check=True, stdout=subprocess.DEVNULL, timeout=300)
    receiving = count / (time.perf_counter() - began)
    meter = stage.start(NIGHT)
    began = time.perf_counter()
    stage.until(meter, kept(count))
    ours, cpu = count / meter.seconds, meter.cpu / count * 1000
    stage.until(meter, f"{DECIDED} AND {sent('mqtt')}")
    decided = time.perf_counter() - began
    stage.gateway.stop()
    stage.keep("night.db")
    same = count / same_rows(stage.folder / "night.db", stage.folder / "base.db", count)
    figures.row("raw: SQLite, an incident and two outbox rows", three, "messages/s")
    figures.row("raw: SQLite, the very rows that the gateway keeps", same, "messages/s")
    figures.row("raw: mosquitto_sub, which keeps nothing", receiving, "messages/s")
    figures.row("intake: checked, on disk, acknowledged", ours, "messages/s", cpu, "SQLite, the very rows", ours / same)
    for what, limit in (("SQLite, incident and two rows", three), ("mosquitto_sub", receiving)):
        figures.row("", ours, "messages/s", None, what, ours / limit)
    notices = stage.gateway.value("SELECT count(*) FROM outbox WHERE kind = 'notice'")
    figures.row("until all is matched, planned and receipted", count / decided, "messages/s",
                meter.cpu / count * 1000, "intake", count / decided / ours)
    figures.note(f"{notices:,} notices are owed to key adults of {len(stage.world.children):,} pupils' schools; {meter.memory()}")
