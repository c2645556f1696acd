#!/usr/bin/python3
"""make bench: how fast, as ratios against raw limits that are taken in the same run.

intake      messages of two children wait at the broker: until all are on disk. Against SQLite alone
            (an incident and two outbox rows; the very rows that the gateway keeps; a thousand a commit,
            synchronous=FULL) and mosquitto_sub, which keeps nothing
burst       a morning's notices, all due, by SMTP against smtp-source into the same smtp-sink, and by
            webhook against libcurl alone into the same nginx; CPU, memory, and a tenth of the backlog
end         from the broker to told
start       start-up with settled items in the store
import      a roll by `encompass import roll`, against sqlite3's own .import of that file

CPU is the daemon's alone, user and system. Only ratios of one run count: rates drift with the machine.
"""
import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import burst  # noqa: E402
import figures  # noqa: E402
import intake  # noqa: E402
import settled  # noqa: E402
from stage import ESTABLISHMENTS, Stage  # noqa: E402


def bench_import(stage):
    gateway, world, folder = stage.gateway, stage.world, stage.folder / "import"
    folder.mkdir()
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
        subprocess.run(["sqlite3", str(folder / "raw.db"), ".mode csv", f".import {path} roll_{code}"], check=True)
    raw = len(world.children) / (time.perf_counter() - started)
    figures.heading(f"Import: {len(world.children):,} pupils; {figures.load()}")
    figures.row("raw: sqlite3 .import, no key, no index", raw, "pupils/s")
    figures.row("import roll: checked, with the keys of matching", ours, "pupils/s", None, "sqlite3 .import", ours / raw)
    gateway.store.unlink()


def play(stage, options):
    if "import" in options.only:
        bench_import(stage)
    stage.fill()
    stage.keep("base.db")
    sinks = [("SMTP", stage.mail), ("webhook", stage.web)]
    if "intake" in options.only or "burst" in options.only:
        intake.measure(stage, options.notices // 2)
    if "burst" in options.only:
        for what, sink in sinks:
            burst.measure(stage, sink, what, burst.first_few(stage, sink))
    if "end" in options.only or "start" in options.only:
        burst.end_to_end(stage, sinks, options.messages)
        stage.keep("told.db")
    if "start" in options.only:
        settled.measure(stage, options.settled)


def main():
    every = ["import", "intake", "burst", "end", "start"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--tools", type=Path, required=True, help="where tests/tools/bench_tools has unpacked")
    parser.add_argument("--notices", type=int, default=25000, help="of a morning; half as many messages of a night")
    parser.add_argument("--messages", type=int, default=5000, help="from publishing to told")
    parser.add_argument("--settled", type=int, default=1000000, help="items in the store at a start")
    parser.add_argument("--pupils", type=int, default=100000)
    parser.add_argument("--only", nargs="+", choices=every, default=every)
    parser.add_argument("--folder", type=Path, help="where the store's disk is; a temporary folder unless given")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="encompass-bench-", dir=options.folder))
    began = time.perf_counter()
    try:
        with Stage(folder, options.build.resolve(), options.tools,
                   max(options.notices // 2, options.messages), options.pupils) as stage:
            play(stage, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\n{time.perf_counter() - began:.0f} s, {figures.load()}")


if __name__ == "__main__":
    main()
