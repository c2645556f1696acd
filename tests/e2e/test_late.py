"""What is not delivered by its time goes on to whoever can be reached, once; a way that is shut is told
of by another."""

import json
import re
import socket
import sqlite3
import time

import pytest
from jsonschema import Draft202012Validator

from support import invent
from support.broker import Broker
from support.certs import Certs
from support.gateway import REPOSITORY, ControlRoom, Gateway, wait_until
from support.http_sink import HttpSink
from support.smtp_sink import SmtpSink

FORCE, LA = "lancashire", "888"
REGISTERS = [REPOSITORY / "tests/demo/data" / name
             for name in ("establishments.csv", "childrens_centres.csv")]
BULLETIN = json.loads((REPOSITORY / "config/webhook-bulletin.schema.json").read_text())
NIGHT, BEFORE_ITS_TIME_IS_UP = "2026-03-15T23:00:00", "2026-03-16T08:14:50"  # London is on UTC


def nobody_at():
    """A port at which nothing listens, as long as it is not closed."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held


class Office:
    """A school whose key adult is told by `adapter`, its deputy by mail; the desk by mail and webhook."""

    def __init__(self, folder, adapter="email", url=None):
        self.certs = Certs(folder / "certs")
        self.mail = SmtpSink(self.certs, users={"encompass": "mail word"}).start()
        self.web = HttpSink(self.certs).start()
        self.broker = Broker(folder / "broker", self.certs, {"encompassd": "gateway-word", FORCE: "room-word"})
        self.broker.start()
        self.gateway = Gateway(folder / "gateway", self.broker, self.mail, self.web, self.certs, now=NIGHT)
        establishments = [e for e in invent.read_establishments(*REGISTERS) if e.la_code == LA]
        world = invent.World(establishments, 40, seed=11, rare_names=True)
        self.school = next(s for s in world.schools if s.low <= 5 and s.high >= 11)
        self.child = world.child(world.home(self.school), world.surname(), age=8, sex="F", enrol=[self.school])
        self.gateway.fill(world, folder / "files", establishments=REGISTERS,
                          adapter_of=lambda _: adapter, webhook=lambda _: url)
        desk = folder / "desk.csv"
        desk.write_text("namespace,urn,role,name,adapter,address,language,verified_at\n" + "".join(
            f"la,{LA},la_desk,Front door,{by},{address},en,2026-01-12T10:00:00Z\n"
            for by, address in (("email", f"front-door@la-{LA}.example"), ("webhook", f"{self.web.url}/desk"))))
        self.gateway.run("import", "contacts", desk)
        self.gateway.start()
        ControlRoom(folder / "room", FORCE, self.broker, self.certs, now=NIGHT).publish(
            [json.dumps(invent.incident(FORCE, "260315-0001", "2026-03-15T21:30:00Z",
                                        [invent.said(self.child, "1")]))])
        wait_until(lambda: self.gateway.json("plan")["notices"], 30)
        self.gateway.stop()

    def login(self, word):
        (self.gateway.folder / "mail-password").write_text(word + "\n")

    def passed_on(self):
        """That the key adult's time was up is on record, once, and nobody is told any more."""
        assert self.gateway.value("SELECT count(*) FROM audit WHERE event = 'item.late'") == 1
        assert "not delivered by its time" in self.gateway.run("explain", "260315-0001").stdout
        assert self.gateway.value("SELECT count(*) FROM outbox WHERE kind = 'notice'"
                                  " AND state IN ('due','leased')") == 0
        assert self.child.surname.lower() not in self.gateway.log_text().lower()

    def stop(self):
        self.gateway.kill()
        for server in (self.broker, self.mail, self.web):
            server.stop()


@pytest.fixture
def make(tmp_path):
    made = []

    def one(*arguments, **more):
        made.append(Office(tmp_path, *arguments, **more))
        return made[-1]
    yield one
    for office in made:
        office.stop()


@pytest.mark.parametrize("why", ["shut", "held"])
def test_what_mail_cannot_bring_to_the_school_in_time_the_desk_has_by_webhook_before_the_bell(make, why):
    office = make()
    gateway = office.gateway
    if why == "shut":
        office.login("a word that was changed")
    else:
        gateway.run("hold", "--adapter", "email", "--why", "relay under repair")
    gateway.start(now=BEFORE_ITS_TIME_IS_UP)
    task, = wait_until(lambda: office.web.requests, 30)
    assert (task.path, task.json["kind"], task.json["reason"]) == ("/desk", "desk", "no-contact")
    wait_until(lambda: gateway.json("status")["all"]["children"]["with_la_desk"] == 1, 20)
    assert gateway.value("SELECT told_at <= unixepoch('2026-03-16T08:16:00') FROM notice WHERE kind = 'desk'")
    if why == "held":
        gateway.run("release", "--adapter", "email")
    else:
        gateway.stop()
        office.login("mail word")
        gateway.start(now="2026-03-16T08:20:00")
    time.sleep(2.5)  # the way is open again, and what another has is not sent after all
    office.passed_on()
    assert office.mail.messages == [] and len(office.web.requests) == 1


def test_a_web_server_that_is_down_alone_has_the_deputy_told_by_mail_in_time(make):
    with nobody_at() as held:
        office = make("webhook", url=f"https://localhost:{held.getsockname()[1]}/notices")
        office.gateway.start(now=BEFORE_ITS_TIME_IS_UP)
        mail, = wait_until(lambda: office.mail.messages, 30)
        assert mail.recipients == [f"deputy@school-{office.school.urn}.example"]
        assert re.search("by 08:(29|30) on Monday", mail.parsed.get_body(("plain",)).get_content())
        wait_until(lambda: office.gateway.json("status")["all"]["children"]["told"] == 1, 20)
        office.passed_on()
        assert office.web.requests == []


def test_an_adapter_that_is_shut_warns_the_desk_once_by_another_way_and_stands_in_status(make):
    office = make()
    gateway = office.gateway
    gateway.start()
    with sqlite3.connect(gateway.store, timeout=10) as db:
        db.execute("INSERT INTO shut VALUES ('email', unixepoch(?) - 600, unixepoch(?) + 600, 4, 535, 'login 535')",
                   (NIGHT, NIGHT))
    told, = wait_until(lambda: office.web.requests, 90)
    assert told.path == "/desk" and told.json["warning"] == "adapter-shut"
    Draft202012Validator(BULLETIN).validate(told.json)
    warning, = wait_until(lambda: [w for w in gateway.json("status")["warnings"] if w["told"] == 1])
    assert (warning["kind"], warning["namespace"], warning["urn"]) == ("adapter-shut", "gateway", "email")
    shown = gateway.run("status", status=None).stdout
    assert "nothing can be sent by e-mail since" in shown and "encompass retry --adapter email" in shown
    with sqlite3.connect(gateway.store, timeout=10) as db:
        db.execute("UPDATE shut SET until = since")  # as of a relay that is silent
    assert "it is tried all the while" in gateway.run("status", status=None).stdout
    assert office.mail.messages == []
