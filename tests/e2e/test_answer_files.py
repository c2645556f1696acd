"""Answers that a school's own system puts in a folder as signed files: taken once, or refused with why."""

import base64
import hashlib
import hmac
import json
import os
import time

import pytest

from support import invent
from support.broker import Broker
from support.certs import Certs
from support.gateway import REPOSITORY, ControlRoom, Gateway, wait_until
from support.smtp_sink import SmtpSink

FORCE = "lancashire"
REGISTERS = [REPOSITORY / "tests/demo/data" / name
             for name in ("establishments.csv", "childrens_centres.csv")]
NIGHT, SEND, SENT_AT = "2026-03-15T23:00:00", "2026-03-16T07:29:59", 1773646200
KEY = b"thirty-two bytes, for a drill ok"


def answer(body, at=SENT_AT, key=KEY, ident="school-1"):
    body = json.dumps(body)
    mac = hmac.new(key, f"{ident}.{at}.{body}".encode(), hashlib.sha256).digest()
    return (f"webhook-id: {ident}\nwebhook-timestamp: {at}\n"
            f"webhook-signature: v1,{base64.b64encode(mac).decode()}\n\n{body}")


class Drop:
    def __init__(self, gateway, room, world):
        self.gateway, self.room, self.world = gateway, room, world
        self.folder = gateway.folder / "answers"
        school = next(s for s in world.schools if s.la_code == "888" and s.low <= 5 and s.high >= 11)
        home, surname = world.home(school), world.surname()
        self.children = [world.child(home, surname, age=age, sex=sex, enrol=[school]) for age, sex in ((8, "F"), (6, "M"))]

    def tell(self):
        message = invent.incident(FORCE, "260315-0001", "2026-03-15T21:30:00Z",
                                  [invent.said(c, str(n + 1)) for n, c in enumerate(self.children)])
        self.room.publish([json.dumps(message)])
        wait_until(lambda: self.gateway.json("plan")["notices"])
        self.gateway.stop()
        self.gateway.start(now=SEND)
        wait_until(lambda: self.gateway.value("SELECT count(*) FROM outbox WHERE kind = 'notice' AND state = 'sent'"))
        return self.gateway.value("SELECT reference FROM notice WHERE kind = 'notice'")

    def put(self, name, text):
        """As the convention asks: whole, then renamed."""
        hidden = self.folder / f".{name}.part"
        hidden.write_text(text)
        os.rename(hidden, self.folder / f"{name}.answer")

    def refused(self, name):
        reason = self.folder / "refused" / f"{name}.answer.reason"
        wait_until(lambda: reason.exists() and (self.folder / "refused" / f"{name}.answer").exists())
        assert not (self.folder / f"{name}.answer").exists()
        return reason.read_text()

    def gone(self, name):
        wait_until(lambda: not (self.folder / f"{name}.answer").exists())
        assert not (self.folder / "refused" / f"{name}.answer").exists()

    def state(self):
        return self.gateway.query("SELECT state, answered_by FROM notice WHERE kind = 'notice'")[0]


@pytest.fixture
def drop(tmp_path):
    world = invent.World(invent.read_establishments(*REGISTERS), 40, rare_names=True)
    certs = Certs(tmp_path / "certs")
    users = {"encompassd": "gateway-word", FORCE: "room-word"}
    with SmtpSink(certs) as mail, Broker(tmp_path / "broker", certs, users) as broker, \
            Gateway(tmp_path / "gateway", broker, mail, certs=certs, now=NIGHT,
                    extra="[answers]\nfolder = answers\nsecret_file = answers-secret") as gateway:
        secret = gateway.folder / "answers-secret"
        secret.touch(mode=0o600)
        secret.write_text("whsec_" + base64.b64encode(KEY).decode() + "\n")
        (gateway.folder / "answers").mkdir()
        made = Drop(gateway, ControlRoom(tmp_path / "room", FORCE, broker, certs, now=NIGHT), world)
        gateway.fill(world, tmp_path / "files", establishments=REGISTERS)
        gateway.start()
        yield made


def test_a_file_is_taken_once_and_a_repeat_is_harmless(drop):
    reference = drop.tell()
    drop.put("one", answer({"reference": reference, "not_our_pupil": ["2"]}))
    drop.gone("one")
    assert drop.state() == ("told", None)
    assert drop.gateway.value("SELECT count(*) FROM ruled_out WHERE who = 'file'") == 1
    taken = answer({"reference": reference, "answered_by": drop.children[0].forename})
    for name in ("two", "two", "three"):
        drop.put(name, taken)
        drop.gone(name)
    assert drop.state() == ("answered", "file")
    assert drop.gateway.value("SELECT count(*) FROM audit WHERE event = 'notice.answered' AND detail LIKE 'reference=%'") == 1
    # Who it was is in no log and no audit; the file is nowhere.
    texts = drop.gateway.log_text() + str(drop.gateway.query("SELECT * FROM audit"))
    assert drop.children[0].forename not in texts and drop.children[0].surname not in texts
    assert [p.name for p in drop.folder.iterdir()] == ["refused"] and not list((drop.folder / "refused").iterdir())


def test_what_cannot_be_taken_is_moved_aside_with_its_reason_and_no_name(drop):
    reference = drop.tell()
    name = drop.children[0].surname
    body = {"reference": reference, "answered_by": name}
    for ident, text, why in (
            ("forged", answer(body, key=b"x" * 32), "signature"), ("old", answer(body, at=SENT_AT - 8 * 86400), "seven days"),
            ("short", "webhook-id: 1\n", "no answer file"), ("unknown", answer({**body, name: 1}), "its body"),
            ("nobody", answer({**body, "reference": "OE-0000-0000"}), "no notice has that reference"),
            ("stranger", answer({"reference": reference, "not_our_pupil": ["9"]}), "no child of that number")):
        drop.put(ident, text)
        reason = drop.refused(ident)
        assert why in reason and name not in reason, ident
    assert drop.state() == ("told", None)
    assert name not in drop.gateway.log_text()
    # What is not meant for it is left alone.
    (drop.folder / "notes.txt").write_text("of somebody else")
    (drop.folder / "half.answer.part").write_text("webhook-id")
    (drop.folder / "folder.answer").mkdir()
    os.symlink("/etc/passwd", drop.folder / "link.answer")
    drop.put("good", answer(body))
    drop.gone("good")
    assert drop.state() == ("answered", "file")
    assert all((drop.folder / n).is_symlink() or (drop.folder / n).exists()
               for n in ("notes.txt", "half.answer.part", "folder.answer", "link.answer"))


def test_an_answer_that_is_quicker_than_the_record_waits(drop):
    message = invent.incident(FORCE, "260315-0001", "2026-03-15T21:30:00Z", [invent.said(drop.children[0], "1")])
    drop.room.publish([json.dumps(message)])
    wait_until(lambda: drop.gateway.json("plan")["notices"])
    reference = drop.gateway.value("SELECT reference FROM notice")
    drop.put("early", answer({"reference": reference, "answered_by": "dsl"}, at=1773615600))  # 23:00
    time.sleep(2.5)
    assert (drop.folder / "early.answer").exists()
    drop.gateway.stop()
    drop.gateway.start(now="2026-03-15T23:11:00")
    assert "nobody has been told yet" in drop.refused("early")


def test_a_folder_without_its_secret_refuses_the_start_and_check_says_so(drop):
    drop.gateway.stop()
    (drop.gateway.folder / "answers-secret").unlink()
    found = drop.gateway.run("check", status=1)
    assert "answers" in found.stdout + found.stderr
