#!/usr/bin/env python3
"""How fast a call-out is matched, and what the roll's index costs, on rolls of invented pupils.

    match_speed.py --build build/release [--names FOLDER] [--pupils 100000 1000000] [--callouts 20000]
                   [--folder /tmp] [--found]

FOLDER has the frequencies (forenames.csv, surnames.csv, streets.csv, schools.csv; packed as .xz or
not); without it they are those of tests/data/names. A roll of nine million takes some 10 GB below --folder and the better part of an hour; everything is removed after.
"""
import argparse
import json
import lzma
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


class Run:
    """One program: its output, seconds and peak memory."""

    def __init__(self, *argv):
        began = time.monotonic()
        child = subprocess.Popen([str(a) for a in argv], stdout=subprocess.PIPE, text=True)
        self.out = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        child.stdout.close()
        self.seconds = time.monotonic() - began
        self.mb = usage.ru_maxrss / 1024
        self.cpu = usage.ru_utime + usage.ru_stime
        if child.returncode != 0:
            sys.exit(f"{argv[0]} {argv[1]} ended with {child.returncode}")


def forget(path):
    """The store's pages leave the machine's cache."""
    os.sync()
    with open(path, "rb") as f:
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def megabytes_of(store, table):
    db = sqlite3.connect(store)
    try:
        return db.execute("SELECT sum(pgsize) FROM dbstat WHERE name = ?", (table,)).fetchone()[0] / 1e6
    except sqlite3.OperationalError: # an SQLite without dbstat
        return float("nan")
    finally:
        db.close()


def unpacked(names, to):
    """The frequencies, none of them packed, in a folder."""
    to.mkdir()
    for f in names.glob("*.csv*"):
        if f.suffix == ".xz":
            with lzma.open(f) as packed, open(to / f.stem, "wb") as out:
                shutil.copyfileobj(packed, out)
        else:
            shutil.copy(f, to)
    return to


def one_size(args, pupils):
    tools = args.build / "tests"
    encompass = args.build / "encompass"
    folder = pathlib.Path(tempfile.mkdtemp(prefix="encompass-speed-", dir=args.folder))
    store = folder / "store.db"
    try:
        Run(tools / "make_roll", unpacked(args.names, folder / "names"), folder / "roll", pupils, args.callouts, 1)
        rolls = sorted(folder.glob("roll-[0-9]*.csv"), key=lambda p: int(p.stem.split("-")[1]))
        Run(encompass, "init", "--store", store)
        imports = [Run(encompass, "import", "roll", roll, "--store", store) for roll in rolls]
        seconds = sum(r.seconds for r in imports)
        print(f"{pupils} pupils: imported in {seconds:.1f} s, {max(r.mb for r in imports):.0f} MB of"
              f" memory at most; the store takes {store.stat().st_size / 1e6:.0f} MB on disk,"
              f" {megabytes_of(store, 'pupil_block'):.0f} of them the index", flush=True)

        db = sqlite3.connect(store)
        db.execute("UPDATE roll_index SET keys_version = 0")
        db.commit()
        db.close()
        none = folder / "none.csv"
        none.write_text(rolls[0].open(encoding="utf-8").readline(), encoding="utf-8")
        anew = Run(encompass, "import", "roll", none, "--store", store)
        print(f"  the index made anew in {anew.seconds:.1f} s, {anew.mb:.0f} MB", flush=True)

        for cache in ("cold", "warm"):
            if cache == "cold":
                forget(store)
            run = Run(encompass, "match", "--store", store, "--queries", folder / "roll-queries.csv",
                      "--out", folder / "decisions.csv", "--json")
            result = json.loads(run.out)
            ms = result["ms"]
            print(f"  {cache} cache: a call-out takes {ms['mean']:.2f} ms, p50 {ms['p50']:.2f},"
                  f" p95 {ms['p95']:.2f}, p99 {ms['p99']:.2f};"
                  f" {1000 * run.cpu / result['queries']:.2f} ms of the processor; {run.mb:.0f} MB",
                  flush=True)
        if args.found:
            print(Run(tools / "found", REPOSITORY / "config" / "names", folder / "roll-queries.csv",
                      folder / "roll-truth.csv", *rolls).out)
    finally:
        shutil.rmtree(folder)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", type=pathlib.Path, required=True)
    p.add_argument("--names", type=pathlib.Path, default=REPOSITORY / "tests/data/names")
    p.add_argument("--pupils", type=int, nargs="+", default=[100000, 1000000])
    p.add_argument("--callouts", type=int, default=20000)
    p.add_argument("--folder", default=None)
    p.add_argument("--found", action="store_true", help="also what each kind of key finds")
    args = p.parse_args()
    for pupils in args.pupils:
        one_size(args, pupils)


if __name__ == "__main__":
    main()
