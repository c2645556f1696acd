"""Silence is an event, and a drill is none: with a real broker, a real mail server and a webhook."""

import datetime
import json
import sqlite3
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from conftest import ESTABLISHMENTS
from support import invent
from support.gateway import REPOSITORY, wait_until
from support.http_sink import Response, signature_holds
from support.scene import Scene

NIGHT, LATER = "2026-03-12T23:00:00", "2026-03-13T11:05:00"
FORCE, LA = "kent", "886"
NOTICE = json.loads((REPOSITORY / "config/webhook-notice.schema.json").read_text())
BULLETIN = json.loads((REPOSITORY / "config/webhook-bulletin.schema.json").read_text())


def is_valid(schema, body):
    return Draft202012Validator(schema, format_checker=FormatChecker()).is_valid(body)


@pytest.fixture(scope="module")
def world():
    return invent.World(invent.read_establishments(*ESTABLISHMENTS), 60, seed=11, rare_names=True)


@pytest.fixture
def scene(tmp_path, world):
    with Scene(tmp_path, forces=(FORCE,), now=NIGHT) as made:
        made.gateway.fill(world, tmp_path / "registers",
                          adapter_of=lambda e: "webhook" if e.la_code == LA else "email",
                          webhook=made.webhook_url, establishments=ESTABLISHMENTS,
                          policies=[("la", LA, "home_force", FORCE),
                                    ("force", FORCE, "fields", "full")])
        yield made


def incident(police_ref):
    return json.dumps({
        "version": 1, "force": FORCE, "police_ref": police_ref, "revision": 1,
        "type": "domestic_abuse", "action": "notify", "attended_at": "2026-03-12T21:00:00Z",
        "children": [{"child_ref": "1", "forename": "Nobody", "surname": "Zorthamplaxe"}]})


def school_of(world):
    return next(s for s in world.schools if s.la_code == LA)


def counts(gateway):
    """Everything that is counted of call-outs, but for when it was asked."""
    status = gateway.json("status")
    for key in ("at", "since", "daemon_pid"):
        status.pop(key)
    return status, gateway.json("plan", "--all"), gateway.query(
        "SELECT (SELECT count(*) FROM notice), (SELECT count(*) FROM outbox), (SELECT count(*) FROM attempt),"
        " (SELECT count(*) FROM incident), (SELECT count(*) FROM child), (SELECT count(*) FROM message)")


def test_a_quiet_feed_warns_its_desk_once_and_clears_itself(scene):
    gateway = scene.gateway
    gateway.start()
    scene.rooms[FORCE].publish([incident("K-1")])
    scene.settled()
    assert gateway.json("status")["warnings"] == []
    gateway.stop()

    gateway.start(now=LATER)  # twelve hours and a little, and nothing has come
    mail, = wait_until(lambda: [m for m in scene.mail.messages if "warning" in m.parsed["Subject"]],
                       seconds=60)
    assert mail.parsed["To"].addresses[0].addr_spec == f"encompass@{FORCE}.example"
    words = mail.parsed.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "is quiet" in words and "23:0" in words and "not a\ncall-out" in words
    warning, = wait_until(lambda: [w for w in gateway.json("status")["warnings"] if w["told"] == 1])
    assert (warning["kind"], warning["namespace"], warning["urn"]) == ("feed-quiet", "force", FORCE)
    assert f"the feed of {FORCE} is quiet" in gateway.run("status", status=None).stdout

    gateway.stop()
    gateway.start()  # a daemon that starts anew does not tell it again
    scene.rooms[FORCE].publish([incident("K-2")])
    wait_until(lambda: gateway.json("status")["warnings"] == [], seconds=90)
    assert len([m for m in scene.mail.messages if "warning" in m.parsed["Subject"]]) == 1
    events = gateway.query("SELECT event, detail FROM audit WHERE event GLOB 'warning.*' ORDER BY audit_id")
    assert [e for e, _ in events] == ["warning.raised", "warning.planned", "warning.sent", "warning.cleared"] \
        or [e for e, _ in events] == ["warning.planned", "warning.raised", "warning.sent", "warning.cleared"]
    assert not any("Zorthamplaxe" in text for text in
                   [gateway.log_text(), str(events), words, mail.data.decode(errors="replace")])


def test_a_drill_goes_the_whole_way_by_mail_and_webhook_and_is_counted_nowhere(scene, world):
    gateway, school = scene.gateway, school_of(world)
    scene.web.respond = lambda request: Response(200, {}, b'{"answered_by": "Zorthamplaxe"}')
    gateway.start()
    scene.rooms[FORCE].publish([incident("K-1")])
    scene.settled()
    before = counts(gateway)

    dry = gateway.json("drill", "--force", FORCE, "--la", LA, "--urn", school.urn, "--dry-run")
    assert dry["drill"] is None and {c["adapter"] for c in dry["contacts"]} == {"webhook", "email"}
    assert gateway.value("SELECT count(*) FROM drill") == 0
    begun = gateway.json("drill", "--force", FORCE, "--la", LA, "--urn", school.urn)
    assert begun["contacts"] == dry["contacts"]

    def lines():
        return gateway.json("drill", "report", begun["drill"])["messages"]
    done = wait_until(lambda: (got := lines()) and all(m["sent_at"] for m in got) and got)
    request, = scene.web.requests
    mail, = [m for m in scene.mail.messages if "EXERCISE" in m.parsed["Subject"]]
    body = request.json
    assert signature_holds(request, scene.web.secret)
    assert body["kind"] == "exercise" and body["exercise_of"] == "notice"
    assert is_valid(BULLETIN, body) and not is_valid(NOTICE, body)
    assert body["children"][0]["name"] == "EXERCISE Invented-Child"
    assert mail.parsed["Subject"].startswith("EXERCISE")
    assert mail.parsed.get_body(("plain",)).get_content().startswith("EXERCISE")
    assert "EXERCISE" in mail.parsed.get_body(("html",)).get_content().partition("Invented-Child")[0]

    by_adapter = {m["adapter"]: m for m in done}
    assert by_adapter["webhook"]["answered_by"] == "webhook" and by_adapter["webhook"]["answered_at"]
    assert by_adapter["email"]["answered_at"] is None
    gateway.run("answer", by_adapter["email"]["reference"].lower())
    answered = next(m for m in lines() if m["adapter"] == "email")
    times = [datetime.datetime.fromisoformat(answered[k].replace("Z", "+00:00"))
             for k in ("stored_at", "planned_at", "sent_at")]
    assert times == sorted(times) and answered["answered_at"]
    assert by_adapter["email"]["reference"] in gateway.run("drill", "report").stdout

    assert counts(gateway) == before
    assert "Zorthamplaxe" not in gateway.log_text()
    assert "Zorthamplaxe" not in gateway.value("SELECT group_concat(who || detail) FROM audit")


def test_a_drill_that_is_refused_says_why_and_stores_nothing(scene, world):
    gateway, school = scene.gateway, school_of(world)
    elsewhere = next(s for s in world.schools if s.la_code != LA)
    for arguments, status, says in ((["--urn", school.urn], 2, "in whose name"),
                                    (["--la", LA, "--urn", elsewhere.urn], 1, f"is not authority {LA}'s"),
                                    (["--la", LA, "--urn", "999999"], 1, "is not in the register"),
                                    (["--la", LA, "--contact", "987654"], 1, "there is none"),
                                    (["--la", LA, "--contact", "x"], 2, "are numbers"),
                                    (["--la", LA, "--adapter", "spool"], 1, "no verified contact")):
        done = gateway.run("drill", *arguments, status=None)
        assert done.returncode == status and says in done.stderr, (arguments, done.stderr, done.returncode)
    gateway.run("drill", "report", "4", status=1)
    assert gateway.value("SELECT count(*) FROM drill") + gateway.value("SELECT count(*) FROM bulletin") == 0


def test_a_preview_shows_the_real_words_and_stores_and_sends_nothing(scene, world):
    gateway, school = scene.gateway, school_of(world)
    before = Path(gateway.store).stat().st_mtime_ns, gateway.value("SELECT count(*) FROM audit")
    shown = gateway.run("preview", "--urn", school.urn, "--force", FORCE).stdout
    assert "EXERCISE Invented-Child" in shown and "Date of birth" in shown
    assert "Friday 13 March 2026 at 07:30" in shown and school.name in shown
    assert "by 08:15 on Friday 13 March 2026" in shown, "answered in time from when it is due, not from now"
    least = gateway.run("preview", "--urn", school.urn).stdout
    assert "Date of birth" not in least, "the force's policy is that force's"
    assert gateway.run("preview", "--urn", school.urn, "--html").stdout.startswith("<!DOCTYPE html>")
    both = ("correction", "withdrawal", "exercise", "warning")
    for where, kinds in ((["--la", LA], ("desk", *both)), (["--force", FORCE], ("desk", *both)),
                         (["--urn", school.urn], ("notice", "reminder", *both))):
        for kind in kinds:
            said = gateway.json("preview", *where, "--kind", kind, "--language", "cy")
            assert said["subject"] and said["text"] and said["language"] == "cy", (kind, where)
            assert kind == "warning" or "Plentyn-Dychmygol" in said["text"], (kind, where)
            assert said["body"]["kind"] == kind
            assert is_valid(BULLETIN if kind in ("exercise", "warning") else NOTICE, said["body"]), kind
    gateway.run("preview", "--la", LA, "--kind", "notice", status=2)
    gateway.run("preview", "--urn", school.urn, "--kind", "desk", status=2)
    assert gateway.run("preview", "--urn", "999999", status=1).stderr
    assert (Path(gateway.store).stat().st_mtime_ns, gateway.value("SELECT count(*) FROM audit")) == before


def test_a_preview_goes_to_whom_planning_would_send_it(scene, world):
    """A school's health visitor is nobody, and a closed school is not told."""
    gateway, school = scene.gateway, school_of(world)
    gateway.stop()
    with sqlite3.connect(gateway.store) as db:
        db.execute("UPDATE contact SET role = 'health_visitor' WHERE namespace = 'school' AND urn = ?"
                   " AND role = 'dsl'", (school.urn,))
        db.execute("DELETE FROM contact WHERE namespace = 'school' AND urn = ? AND role <> 'health_visitor'",
                   (school.urn,))
        db.execute("UPDATE establishment SET status_code = 2 WHERE urn = ?", (school.urn,))
    shown = gateway.run("preview", "--urn", school.urn).stdout
    assert "To        nobody" in shown and "When      it is not open" in shown
    assert scene.mail.messages == [] and scene.web.requests == []
