"""Whose turn it is, and what an operator keeps back: hung servers, holds, an adapter that is shut."""

import json
import time

import pytest

from support import invent
from support.broker import Broker
from support.certs import Certs
from support.gateway import REPOSITORY, ControlRoom, Gateway, wait_until
from support.http_sink import HttpSink, Response
from support.smtp_sink import SmtpSink

FORCE = "lancashire"
REGISTERS = [REPOSITORY / "tests/demo/data" / name
             for name in ("establishments.csv", "childrens_centres.csv")]
NIGHT, SEND, BELL = "2026-03-15T23:00:00", "2026-03-16T07:30:00", "2026-03-16T08:44:58"


class Night:
    """Schools of one authority, each with its dsl by webhook or mail, and a family of one at some."""

    def __init__(self, folder, adapter, url=None, timeout=3):
        self.certs = Certs(folder / "certs")
        self.mail = SmtpSink(self.certs).start()
        self.web = HttpSink(self.certs).start()
        self.other_web = HttpSink(self.certs).start()
        self.broker = Broker(folder / "broker", self.certs, {"encompassd": "gateway-word", FORCE: "room-word"})
        self.broker.start()
        self.gateway = Gateway(folder / "gateway", self.broker, self.mail, self.web, self.certs, now=NIGHT,
                               extra=f'[adapter "webhook"]\ntimeout = {timeout}s\n')
        self.room = ControlRoom(folder / "room", FORCE, self.broker, self.certs, now=NIGHT)
        establishments = invent.read_establishments(*REGISTERS)
        self.world = invent.World([e for e in establishments if e.la_code == "888"], 40, seed=11)
        self.schools = [s for s in self.world.schools if s.low <= 5 and s.high >= 11]
        self.children = [self.world.child(self.world.home(s), self.world.surname(), age=8, sex="F", enrol=[s])
                         for s in self.schools for _ in range(6)]
        self.gateway.fill(self.world, folder / "files", establishments=REGISTERS,
                          adapter_of=lambda _: adapter, webhook=url(self) if url else None)
        self.gateway.start()

    def night(self, children):
        self.room.publish([json.dumps(invent.incident(FORCE, f"260315-{number:04d}", "2026-03-15T21:30:00Z",
                                                      [invent.said(child, "1")]))
                           for number, child in enumerate(children, 1)])
        wait_until(lambda: len(self.gateway.json("plan")["notices"]) == len(children), 30)
        self.gateway.stop()

    def reference(self):
        return self.gateway.value("SELECT reference FROM notice WHERE kind = 'notice'")

    def stop(self):
        self.gateway.kill()
        for server in (self.broker, self.mail, self.web, self.other_web):
            server.stop()


@pytest.fixture
def make(tmp_path):
    made = []

    def one(*arguments, **more):
        made.append(Night(tmp_path, *arguments, **more))
        return made[-1]
    yield one
    for night in made:
        night.stop()


def test_a_hung_server_costs_a_timeout_and_nobody_else_waits_for_it(make):
    """Half of the schools are at a server that accepts and says nothing: the others are told at once."""
    def url(night):
        return lambda e: f"{(night.web if int(e.urn) % 2 else night.other_web).url}/{e.urn}"

    night = make("webhook", url, timeout=4)
    hung = [c for c in night.children if int(c.enrolments[0][0].urn) % 2]
    well = [c for c in night.children if int(c.enrolments[0][0].urn) % 2 == 0]
    assert len(hung) > 30 and len(well) > 30
    night.web.respond = lambda _: "hang"
    night.night(hung + well)
    night.gateway.start(now=SEND)
    began = time.monotonic()
    wait_until(lambda: len(night.other_web.requests) >= len(well), 20, every=0.02)
    assert time.monotonic() - began < 4, "they waited for the timeout of somebody else's server"
    assert len(night.web.requests) <= 2, "a server that has never answered had more than two places"
    wait_until(lambda: "host.silent" in night.gateway.log_text(), 20)
    tried = len(night.web.requests)
    time.sleep(3)
    assert len(night.web.requests) == tried, "a silent server was not left alone"
    night.web.respond = lambda _: Response()
    said = night.gateway.run("retry", "--adapter", "webhook").stdout
    assert said.startswith("Of what goes by webhook, ") and said.endswith(" tried again now.\n"), said
    wait_until(lambda: len({r.key for r in night.web.requests}) >= len(hung), 60)
    wait_until(lambda: night.gateway.value("SELECT count(*) FROM outbox WHERE kind = 'notice' AND"
                                           " state <> 'sent'") == 0, 20)


def test_what_is_held_is_seen_is_not_sent_and_in_the_end_the_desk_has_it(make):
    night = make("email")
    night.night(night.children[:1])
    school = night.children[0].enrolments[0][0]
    gateway = night.gateway
    assert "--why" in gateway.run("hold", f"school/{school.urn}", status=2).stderr
    held = gateway.json("hold", f"school/{school.urn}", "--why", "wrong contact")
    assert held == {"scope": "establishment", "id": f"school/{school.urn}", "held": True}
    assert gateway.json("hold", f"school/{school.urn}", "--why", "again")["held"] is True
    gateway.start(now=SEND)
    time.sleep(2.5)
    assert night.mail.messages == []
    hold, = gateway.json("status")["holds"]
    assert (hold["id"], hold["why"], hold["waiting"]) == (f"school/{school.urn}", "wrong contact", 1)
    assert "is held since" in gateway.run("status").stdout
    assert "wrong contact" in gateway.run("explain", "260315-0001").stdout
    gateway.stop()
    answer_by = gateway.value("SELECT answer_by FROM notice")
    gateway.start(now=time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(answer_by - 1)))  # London is on UTC
    wait_until(lambda: night.mail.messages, 20)
    assert [m.recipients for m in night.mail.messages] == [["front-door@la-888.example"]]
    wait_until(lambda: gateway.json("status")["all"]["children"]["with_la_desk"] == 1, 20)
    gateway.run("release", f"school/{school.urn}")
    assert gateway.json("hold") == {"holds": [], "shut": []}
    assert "not held" in gateway.run("release", f"school/{school.urn}", status=1).stderr
    whos = gateway.query("SELECT event, count(*) FROM audit WHERE event LIKE 'hold.%' GROUP BY 1")
    assert dict(whos) == {"hold.set": 1, "hold.released": 1}


def test_a_notice_that_is_released_goes_at_once_and_to_its_own_contact(make):
    night = make("email")
    night.night(night.children[:2])
    first = night.reference()
    night.gateway.run("hold", first.lower(), "--why", "being checked")
    night.gateway.start(now=SEND)
    wait_until(lambda: night.mail.messages, 20)
    time.sleep(1.5)
    assert len(night.mail.messages) == 1
    night.gateway.run("release", first)
    wait_until(lambda: len(night.mail.messages) == 2, 20)
    assert night.mail.messages[1].recipients[0].startswith("dsl@")
    for words, status in ((["hold", "OE-0000-0000", "--why", "x"], 1), (["hold", "--adapter", "pigeon", "--why", "x"], 1),
                          (["release"], 2), (["retry", first, "more"], 2), (["hold", "school/999999", "--why", "x"], 1)):
        night.gateway.run(*words, status=status)


def test_an_adapter_that_is_shut_is_said_and_retry_has_it_tried_now(make):
    night = make("email")
    night.night(night.children[:3])
    night.mail.stop()
    closed = SmtpSink(night.certs, users={"encompass": "another word"})
    closed.port = night.mail.port
    closed.start()
    try:
        config = night.gateway.config.read_text()
        (night.gateway.folder / "word").touch(mode=0o600)
        (night.gateway.folder / "word").write_text("the wrong word\n")
        night.gateway.config.write_text(config.replace(
            '[adapter "email"]\n', '[adapter "email"]\nusername = encompass\npassword_file = word\n'))
        night.gateway.start(now=SEND)
        shut, = wait_until(lambda: night.gateway.json("status")["shut"], 20)
        assert shut["adapter"] == "email" and shut["code"] == 535
        assert "email is shut since" in night.gateway.run("status").stdout
        assert "adapter.held" in night.gateway.log_text()
        # All three had gone before anybody knew.
        wait_until(lambda: night.gateway.value("SELECT count(*) FROM attempt") == 3, 10)
        closed.users["encompass"] = "the wrong word"
        assert night.gateway.json("retry", "--adapter", "email")["items"] == 3
        wait_until(lambda: len(closed.messages) == 3, 12)  # the first wait alone would be 15 s
        wait_until(lambda: night.gateway.json("status")["shut"] == [], 10)
    finally:
        closed.stop()
