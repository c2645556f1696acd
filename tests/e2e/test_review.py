"""From a doubt to the right door: a child that two pupils could be, a person's decision, one school."""

import json
import re

import pytest

from support import invent
from support.broker import Broker
from support.certs import Certs
from support.gateway import REPOSITORY, ControlRoom, Gateway, wait_until
from support.smtp_sink import SmtpSink

FORCE = "lancashire"
REGISTERS = [REPOSITORY / "tests/demo/data" / name
             for name in ("establishments.csv", "childrens_centres.csv")]


@pytest.fixture
def night(tmp_path):
    """A gateway on Sunday night whose roll has one name and birth date at two schools."""
    world = invent.World(invent.read_establishments(*REGISTERS), 60, rare_names=True)
    schools = [s for s in world.schools if s.la_code == "888" and s.low <= 5 and s.high >= 11][:2]
    first = world.child(world.home(schools[0]), world.surname(), age=8, sex="F", enrol=schools[:1])
    second = world.child(world.home(schools[1]), first.surname, born=first.born, sex="F",
                         forename=first.forename, enrol=schools[1:])
    first.middle_names = second.middle_names = ""
    certs = Certs(tmp_path / "certs")
    users = {"encompassd": "gateway-word", FORCE: "room-word"}
    with SmtpSink(certs) as mail, Broker(tmp_path / "broker", certs, users) as broker, \
            Gateway(tmp_path / "gateway", broker, mail, certs=certs,
                    now="2026-03-15T23:00:00") as gateway:
        gateway.fill(world, tmp_path / "files", establishments=REGISTERS)
        gateway.start()
        room = ControlRoom(tmp_path / "room", FORCE, broker, certs, now="2026-03-15T23:00:00")
        yield gateway, room, mail, first, second


def test_a_doubtful_child_s_school_is_told_once_a_person_has_decided(night):
    gateway, room, mail, first, second = night
    entry = invent.said(first, "1", address=None, claimed_establishment=None)
    incident = invent.incident(FORCE, "260315-0001", "2026-03-15T21:30:00Z", [entry])
    room.publish([json.dumps(incident)])
    waiting = wait_until(lambda: gateway.json("review", "list")["children"])
    assert [c["candidates"] for c in waiting] == [2]
    child = str(waiting[0]["child_id"])
    wait_until(lambda: [n["kind"] for n in gateway.json("plan")["notices"]] == ["desk"])

    gateway.run("review", "accept", child, second.pupil_id, now="2026-03-15T23:10:00")
    door = second.enrolments[0][0]
    planned = wait_until(lambda: [n for n in gateway.json("plan")["notices"]
                                  if n["kind"] == "notice"])
    assert [(n["urn"], n["role"], n["due_at"]) for n in planned] == \
        [(door.urn, "dsl", "2026-03-16T07:30:00Z")]
    assert len(gateway.json("plan")["notices"]) == 1  # the desk's is wanted no more

    gateway.stop()
    gateway.start(now="2026-03-16T07:29:58")
    wait_until(lambda: gateway.json("status")["notices"]["told"] == 1)
    assert [m.recipients for m in mail.messages] == [[f"dsl@school-{door.urn}.example"]]
    refused = gateway.run("review", "accept", child, first.pupil_id, status=1)
    assert "told already" in refused.stderr

    reference = planned[0]["reference"]
    gateway.run("answer", reference, now="2026-03-16T07:41:00")
    explained = gateway.run("explain", reference).stdout
    for said in ("the gateway decided: a person has to decide", "a person chose this pupil",
                 f"{door.name} (school {door.urn})", "Monday 16 March 2026 is the next school day",
                 "taken over (SMTP reply 250", "Answered on Monday 16 March 2026 at 07:41"):
        assert said in explained, f"{said!r} is not in:\n{explained}"
    assert "due_at=Mon 16 Mar 07:30" in explained and not re.search(r"=\d{10}\b", explained)
    status = gateway.json("status")
    assert status["all"]["children"]["answered"] == 1 and status["adds_up"] is True
    for text in (explained, gateway.log_text(), str(gateway.query("SELECT * FROM audit"))):
        assert first.surname not in text and first.surname.upper() not in text
