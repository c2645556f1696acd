#!/usr/bin/python3
"""make demo: one Sunday night of call-outs, and the Monday morning after it.

A real broker, a mail server and a webhook receiver on free loopback ports, all in a temporary folder
that is removed at the end (--keep leaves it). Schools and centres are real; every person, home and
police record is invented.
"""
import argparse
import datetime
import email
import email.policy
import json
import os
import re
import shutil
import sys
import tempfile
import textwrap
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))

import night  # noqa: E402
from support import invent  # noqa: E402
from support.scene import Scene  # noqa: E402

ESTABLISHMENTS = [HERE / "data/establishments.csv", HERE / "data/childrens_centres.csv"]
NIGHT, MORNING = "2026-03-16T05:40:00", "2026-03-16T07:29:50"
POLICIES = night.POLICIES
TERMINAL = sys.stdout.isatty()


def bold(text):
    return f"\033[1m{text}\033[0m" if TERMINAL else text


def heading(text):
    print(f"\n{bold(text)}\n{'-' * len(text)}", flush=True)


def indented(text, prefix="    "):
    print(textwrap.indent(text.rstrip("\n"), prefix), flush=True)


def imported(text):
    """What an import said, with its file's name in place of the way to it."""
    indented(re.sub(r" rows\nadded", " rows: added", re.sub(r"/\S+/", "", text)))
    if "\n\n" in text:
        print()


class LiveLine:
    """One line rewritten in place on a terminal; elsewhere each new state is a line, where state is
    what the line says beside the time."""

    def __init__(self):
        self._last = None

    def show(self, text, state=None):
        state = None if TERMINAL else state
        if (state or text) == self._last:
            return
        self._last = state or text
        if TERMINAL:
            text = text[:shutil.get_terminal_size().columns - 1]  # a line that wraps cannot be rewritten
        print(f"\r\033[K{text}" if TERMINAL else text, end="" if TERMINAL else "\n", flush=True)

    def end(self):
        if TERMINAL:
            print(flush=True)


def running_now(gateway, started):
    at = datetime.datetime.fromisoformat(gateway.now) + datetime.timedelta(seconds=time.time() - started)
    return at.isoformat(timespec="seconds")


def glance(status):
    """The morning in one line, from `encompass status --json`."""
    children, notices = status["all"]["children"], status["notices"]
    return (f"  {status['at'][11:19]}  notices owed {notices['owed']:>3}, told"
            f" {notices['told'] + notices['answered']:>3};  children open {children['open']:>3}, told"
            f" {children['told'] + children['answered']:>3}, at a desk {children['with_la_desk']:>2}")


def play_the_night(scene, night_of):
    gateway = scene.gateway
    heading("The night: control rooms publish, each to its own topic, and wait for their receipts")
    started = time.time()
    gateway.start()
    line = LiveLine()
    sent = 0
    good = [(force, text) for force, text in night_of.messages if text.endswith("}")]
    answers = []
    for start in range(0, len(good), 30):
        chunk = good[start:start + 30]
        answers += scene.publish_all(chunk, chunk=30)
        sent += len(chunk)
        line.show(f"  {sent} of {len(good)} call-outs published and receipted")
    night_of.publish_raw(scene)
    line.end()
    print("  and one message that is no JSON, as a broken client would send it")
    scene.settled()
    refused = [a for a in answers if a.returncode == 1]
    for answer in refused:
        print("\n  What a control room sees when a call-out is refused:")
        indented(answer.stdout + answer.stderr)
    heading(f"At {running_now(gateway, started)[11:16]}: tonight at a glance (encompass status)")
    indented(gateway.run("status", now=running_now(gateway, started)).stdout)
    gateway.stop()


def play_the_morning(scene):
    gateway = scene.gateway
    heading("Monday, ten seconds before half past seven (the gateway was restarted in between)")
    started = time.time()
    gateway.start(now=MORNING)
    line = LiveLine()
    end = time.time() + 60
    while time.time() < end:
        status = gateway.json("status", now=running_now(gateway, started))
        line.show(glance(status), (status["notices"], status["all"]["children"]))
        if status["notices"]["owed"] == 0:
            break
        time.sleep(0.5)
    line.end()
    scene.settled()
    return started


def show_mail(scene, heading_text, wanted):
    """The first mail to somebody for whom wanted(address) holds, as its reader sees the text."""
    for mail in scene.mail.messages:
        parsed = email.message_from_bytes(mail.data, policy=email.policy.default)
        if wanted(mail):
            print(f"\n  {bold(heading_text)}")
            for name in ("From", "To", "Subject", "Date", "Message-ID"):
                indented(f"{name}: {parsed[name]}")
            print()
            indented(parsed.get_body(("plain",)).get_content())
            return
    raise SystemExit(f"no such mail was sent: {heading_text}")


ROLES = {"dsl": "the key adult", "deputy": "the deputy"}
REASONS = {"no-match": "on no roll", "review": "a person has to decide who it is",
           "under-five": "under five, no local route", "no-contact": "nobody there who can be told"}


def show_where_they_went(scene, night_of):
    heading("The odd ones, and where each went")
    rows = []
    for case in night_of.cases:
        if not case.odd or not case.police_ref:
            continue
        told = scene.gateway.query(
            "SELECT DISTINCT coalesce(e.name, a.name), k.role, n.reason, n.basis FROM notice n"
            " JOIN incident i USING (incident_id) JOIN contact k ON k.contact_id = n.told_contact"
            " LEFT JOIN establishment e ON e.namespace = n.namespace AND e.urn = n.urn"
            " LEFT JOIN authority a ON n.namespace = 'la' AND a.la_code = n.urn"
            " WHERE i.force = ? AND i.police_ref = ? AND n.state IN ('told', 'answered')"
            " ORDER BY n.notice_id", case.force, case.police_ref)
        states = {state for state, in scene.gateway.query(
            "SELECT c.state FROM child c JOIN incident i USING (incident_id)"
            " WHERE i.force = ? AND i.police_ref = ?", case.force, case.police_ref)}
        went = [(f"the desk of {name}" if role == "la_desk" else f"{name}, {ROLES[role]}")
                + (f" ({REASONS.get(reason, reason)})" if reason else
                   " (local agreement)" if basis == "local" else "")
                for name, role, reason, basis in told]
        rows.append((case.label, went or [f"nobody: {' and '.join(sorted(states))}"]))
    width = max(len(label) for label, _ in rows)
    for label, went in rows:
        for door in went:
            print(f"  {label:<{width}}  {door}")
            label = ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", type=Path, required=True, help="the folder of the programs")
    parser.add_argument("--children", type=int, default=20000)
    parser.add_argument("--keep", action="store_true", help="leave the folder, to look around in")
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    folder = Path(tempfile.mkdtemp(prefix="encompass-demo-"))
    began = time.time()
    try:
        print(bold("Operation Encompass gateway: one night and its morning"))
        print("Schools and children's centres are real (Leeds, Kent, Lancashire; see tests/demo/data).\n"
              "Every child, home, member of staff, term date and police record is invented.")
        establishments = invent.read_establishments(*ESTABLISHMENTS)
        world = invent.World(establishments, options.children)
        night_of = night.Night(world)
        with Scene(folder, build=options.build.resolve(), now=NIGHT) as scene:
            heading(f"The registers: {len(establishments)} establishments, {len(world.children):,} children")
            scene.gateway.fill(
                world, folder / "registers", changes=night_of.contact_changes, policies=POLICIES,
                adapter_of=lambda e: "webhook" if int(e.urn) % 9 == 0 else "email",
                webhook=scene.webhook_url, establishments=ESTABLISHMENTS, report=imported)
            play_the_night(scene, night_of)
            started = play_the_morning(scene)
            told = scene.gateway.value("SELECT count(*) FROM notice WHERE state IN ('told','answered')")
            print(f"\n  {told} notices told: {len(scene.mail.messages)} by e-mail, "
                  f"{len(scene.web.requests)} by webhook, each to one recipient.")
            heading("Three of the e-mails, and one webhook")
            desk = lambda mail: "front-door@" in mail.recipients[0]  # noqa: E731
            centre = lambda mail: "@centre-" in mail.recipients[0]  # noqa: E731
            show_mail(scene, "To a key adult at a school", lambda m: not desk(m) and not centre(m))
            show_mail(scene, "To a children's centre, by local agreement", centre)
            show_mail(scene, "To an authority's desk", desk)
            request = scene.web.requests[0]
            print(f"\n  {bold('To a school that takes a webhook')}")
            indented("\n".join(f"{name}: {value}" for name, value in request.headers.items()
                               if name.startswith("webhook") or name == "content-type"))
            indented(json.dumps(request.json, indent=2, ensure_ascii=False))
            show_where_they_went(scene, night_of)
            now = running_now(scene.gateway, started)
            case = next(c for c in night_of.cases if c.label.startswith("a brother and sister"))
            heading(f"Why? encompass explain {case.police_ref} --force {case.force}")
            indented(scene.gateway.run("explain", case.police_ref, "--force", case.force, now=now,
                                       env={**os.environ, "COLUMNS": "96"}).stdout)
            heading("And everybody is accounted for (encompass status)")
            indented(scene.gateway.run("status", now=now).stdout)
            scene.gateway.stop()
        heading("Where to look further")
        print("  encompass --help         every command; each has --help and --json\n"
              "  config/                  the contract, the broker's set-up, every setting\n"
              "  templates/               what a notice says, in English and Welsh\n"
              "  make test                the same night, and much worse ones, checked")
        if options.keep:
            print(f"  {folder}   the store, logs, maildir and registers of this run (--keep)")
        print(f"\nDone in {time.time() - began:.0f} s; nothing is left running.")
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
