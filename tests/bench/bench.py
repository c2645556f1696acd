#!/usr/bin/python3
"""make bench: how fast, as ratios against raw limits that are taken in the same run.

    bench.py --build FOLDER [--messages N] [--pupils N]

intake   N incidents of two children wait at the broker; the daemon starts, and it counts until the
         last is committed. Against: the same bytes into one SQLite table, a thousand a commit,
         synchronous=FULL; and mosquitto_sub, which keeps nothing.
import   a roll of N pupils by `encompass import roll`. Against: sqlite3's own .import of that file.
"""
import argparse
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from support import invent  # noqa: E402
from support.gateway import wait_until  # noqa: E402
from support.scene import Publisher, Scene  # noqa: E402

ESTABLISHMENTS = [HERE.parent / "demo/data/establishments.csv",
                  HERE.parent / "demo/data/childrens_centres.csv"]


def row(what, rate, unit, against="", ratio=None):
    print(f"  {what:<44} {rate:>10,.0f} {unit:<12} {against:<34} {'' if ratio is None else f'{ratio:5.2f}'}",
          flush=True)


def raw_sqlite(folder, payloads):
    with sqlite3.connect(folder / "raw.db", isolation_level=None) as db:
        db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                         "CREATE TABLE message(id INTEGER PRIMARY KEY, at INTEGER, topic TEXT, body BLOB);")
        started = time.perf_counter()
        for first in range(0, len(payloads), 1000):
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT INTO message(at, topic, body) VALUES (1, 'encompass/v1/kent/incident', ?)",
                           [(p,) for p in payloads[first:first + 1000]])
            db.execute("COMMIT")
        return len(payloads) / (time.perf_counter() - started)


def session(scene, client_id):
    """Makes a persistent session at the broker and leaves it, so that messages wait there."""
    subprocess.run(sub(scene, client_id) + ["-E"], check=True, timeout=30)


def sub(scene, client_id):
    return ["mosquitto_sub", "-V", "5", "-h", "localhost", "-p", str(scene.broker.port), "--cafile",
            str(scene.certs.ca), "-u", "encompassd", "-P", scene.broker.users["encompassd"], "-i",
            client_id, "-c", "-x", "4294967295", "-q", "1", "-t", "encompass/v1/+/incident"]


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def peak_mb(pid):
    line = next(l for l in Path(f"/proc/{pid}/status").read_text().splitlines() if l.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--messages", type=int, default=20000)
    parser.add_argument("--pupils", type=int, default=100000)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="encompass-bench-"))
    try:
        establishments = invent.read_establishments(*ESTABLISHMENTS)
        world = invent.World(establishments, options.pupils)
        with Scene(folder, build=options.build.resolve(), now="2026-03-15T22:00:00") as scene:
            print(f"  {'':<44} {'':>10} {'':<12} {'against':<34} ratio")
            bench_import(scene, world, folder)
            bench_intake(scene, world, options.messages, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def bench_import(scene, world, folder):
    gateway = scene.gateway
    gateway.run("init")
    for path in ESTABLISHMENTS:
        gateway.run("import", "establishments", path)
    rolls = [(code, world.write_roll(folder, code)) for code, _ in world.authorities]
    started = time.perf_counter()
    for code, path in rolls:
        gateway.run("import", "roll", path, "--la", code)
    ours = len(world.children) / (time.perf_counter() - started)
    started = time.perf_counter()
    for code, path in rolls:
        subprocess.run(["sqlite3", str(folder / "raw-import.db"), ".mode csv", f".import {path} roll_{code}"],
                       check=True)
    raw = len(world.children) / (time.perf_counter() - started)
    row("import: roll, keys and indexes", ours, "pupils/s", "sqlite3 .import, no index", ours / raw)


def bench_intake(scene, world, count, folder):
    gateway = scene.gateway
    pairs = [f for f in world.families if len(f) >= 2]
    payloads = []
    for number in range(count):
        family = pairs[number % len(pairs)]
        payloads.append(json.dumps(invent.incident(
            "kent", f"BENCH-{number:06d}", "2026-03-15T20:00:00Z",
            [invent.said(c, str(n)) for n, c in enumerate(family[:2], 1)],
            circumstances="Officers attended a verbal argument. " * 8)).encode())
    raw = raw_sqlite(folder, payloads)
    row("raw: SQLite, one row a message, 1000 a commit", raw, "messages/s")
    for client in ("encompassd", "nobody"):
        session(scene, client)
    publisher = Publisher(scene.broker, scene.certs, "kent")
    handles = [publisher.publish("encompass/v1/kent/incident", p) for p in payloads]
    for handle in handles:
        handle.wait_for_publish(120)
    publisher.stop()
    started = time.perf_counter()
    subprocess.run(sub(scene, "nobody") + ["-C", str(count)], check=True, stdout=subprocess.DEVNULL, timeout=300)
    receiving = count / (time.perf_counter() - started)
    row("raw: mosquitto_sub, keeps nothing", receiving, "messages/s")
    started = time.perf_counter()
    gateway.start()
    wait_until(lambda: gateway.value("SELECT count(*) FROM incident") >= count, 300, every=0.02)
    ours = count / (time.perf_counter() - started)
    row("intake: checked, durable, acknowledged", ours, "messages/s", "raw SQLite", ours / raw)
    row("", ours, "messages/s", "mosquitto_sub", ours / receiving)
    scene.settled(600)
    whole = count / (time.perf_counter() - started)
    row("intake, match, plan, receipts", whole, "messages/s", "intake alone", whole / ours)
    print(f"  {'for that: CPU seconds per 1,000 messages':<44} {cpu_seconds(gateway.pid) / count * 1000:>10.3f}"
          f" s; peak memory {peak_mb(gateway.pid):.0f} MB")


if __name__ == "__main__":
    main()
