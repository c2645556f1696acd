"""How long a start takes with years of settled items in the store."""

import sqlite3
import statistics
import time
from contextlib import closing

import figures
from stage import DAY

# Numbers that are an incident's own, and texts that there are once.
NUMBERS = {"message_id", "incident_id", "child_id", "decision_id", "notice_id", "amends", "item_id", "audit_id"}
TEXTS = {"police_ref", "reference", "key"}
TABLES = ("message", "incident", "incident_revision", "child", "decision", "candidate", "notice", "notice_child",
          "outbox", "attempt", "audit")


def settle(db):
    db.executescript("""
        UPDATE child SET state = 'answered', stage = 'done';
        UPDATE notice SET state = 'answered', answered_at = told_at, follow_at = NULL, remind_at = NULL;
        UPDATE outbox SET state = 'sent', sent_at = created_at, lease_until = NULL WHERE state IN ('due','leased');
        UPDATE incident SET closed_at = accepted_at;""")


def multiply(path, items):
    """Makes the store's outbox that many items, all of them settled; how many there are."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript("PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF; PRAGMA cache_size=-200000;")
        settle(db)
        db.execute("BEGIN")
        have = db.execute("SELECT count(*) FROM outbox").fetchone()[0]
        columns = {t: [name for _, name, *_ in db.execute(f"PRAGMA table_info({t})")] for t in TABLES}
        step = max(db.execute(f"SELECT ifnull(max({c}), 0) FROM {t}").fetchone()[0]
                   for t in TABLES for c in columns[t] if c in NUMBERS)
        for table in TABLES if items >= 2 * have else ():
            values = [f"{c} + k * {step}" if c in NUMBERS else f"{c} || '-' || k" if c in TEXTS else c
                      for c in columns[table]]
            db.execute(f"INSERT INTO {table} SELECT {', '.join(values)} FROM"
                       f" (WITH RECURSIVE n(k) AS (VALUES (1) UNION ALL SELECT k + 1 FROM n WHERE k < {items // have - 1})"
                       f" SELECT n.k, t.* FROM n CROSS JOIN (SELECT * FROM {table}) t)")
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return db.execute("SELECT count(*) FROM outbox").fetchone()[0]


def start(stage, times=3):
    """Milliseconds until the daemon says READY, and its Meter after a second of looking around."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        meter = stage.start(DAY)
        took.append((time.perf_counter() - began) * 1000)
        time.sleep(1)
        meter.look()
        stage.gateway.stop()
    return statistics.median(took), meter


def measure(stage, items):
    """With the store that stands, whatever was told in it."""
    stage.put_back("base.db")
    none, _ = start(stage)
    stage.put_back("told.db")
    count = multiply(stage.gateway.store, items)
    some, meter = start(stage)
    figures.heading(f"Start-up with {count:,} settled items in the store"
                    f" ({stage.gateway.store.stat().st_size / 1e6:,.0f} MB); {figures.load()}")
    figures.row("an empty store: until READY", none, "ms")
    figures.row("all of them settled: until READY", some, "ms", None, "an empty store", some / none)
    figures.note(meter.memory())
