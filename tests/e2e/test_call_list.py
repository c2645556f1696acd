"""What no message brings about by the send time is on the call list before the bell (P7): whom to ring,
with a number, why, and what to quote; and what was rung is done with."""

import csv
import io
import json
import re
import sqlite3

import pytest

from support import invent
from support.broker import Broker
from support.certs import Certs
from support.gateway import REPOSITORY, ControlRoom, Gateway, wait_until
from support.smtp_sink import SmtpSink

FORCE, LA = "lancashire", "888"
REGISTERS = [REPOSITORY / "tests/demo/data" / name
             for name in ("establishments.csv", "childrens_centres.csv")]
NIGHT, SEND = "2026-03-15T23:00:00", "2026-03-16T07:29:59"
NUMBER = "01772 000123 x7"


class Morning:
    """Five families at five schools of one authority: one answers nothing, one's mailboxes are full, one
    has nobody on file, one nobody who is verified, and one a key adult who must not be told."""

    def __init__(self, gateway, room, mail, world):
        self.gateway, self.room, self.mail, self.world = gateway, room, mail, world
        self.silent, self.full, self.empty, self.unchecked, self.party = [
            s for s in world.schools if s.la_code == LA and s.low <= 5 and s.high >= 11][:5]
        self.children = {}

    def fill(self, folder):
        self.gateway.fill(self.world, folder, establishments=REGISTERS,
                          changes={("school", self.empty.urn): "none",
                                   ("school", self.unchecked.urn): "unverified"})
        path = folder / "telephones.csv"
        path.write_text(
            "namespace,urn,role,name,adapter,address,language,verified_at,telephone\n" + "".join(
                f'school,{s.urn},dsl,"=Una, ""Ringwood""",email,dsl@school-{s.urn}.example,en,2026-01-12T10:00:00Z,{NUMBER}\n'
                for s in (self.silent, self.full)))
        self.gateway.run("import", "contacts", path)

    def family(self, school, number, **changes):
        home, surname = self.world.home(school), self.world.surname()
        child = self.world.child(home, surname, age=8, sex="F", enrol=[school])
        self.children[school.urn] = child
        return invent.incident(FORCE, f"260315-000{number}", "2026-03-15T21:30:00Z",
                               [invent.said(child, "1")], **changes)

    def play(self, folder):
        barred = [{"role": role, "school_urn": self.party.urn, "reason": "party"} for role in ("dsl", "deputy")]
        incidents = [self.family(self.silent, 1), self.family(self.full, 2, risk="high"),
                     self.family(self.empty, 3), self.family(self.unchecked, 4),
                     self.family(self.party, 5, do_not_tell=barred)]
        self.fill(folder)
        self.gateway.start()
        wait_until(lambda: "mqtt.connected" in self.gateway.log_text())
        self.mail.on_rcpt = lambda address: 452 if self.full.urn in address else None
        self.room.publish([json.dumps(i) for i in incidents])
        wait_until(lambda: len(self.gateway.json("plan")["notices"]) == 5)

    def calls(self, now=None):
        return {c["urn"]: c for c in self.gateway.json("plan", "--call-list", now=now)["calls"]}


@pytest.fixture
def morning(tmp_path):
    world = invent.World(invent.read_establishments(*REGISTERS), 40, rare_names=True)
    certs = Certs(tmp_path / "certs")
    users = {"encompassd": "gateway-word", FORCE: "room-word"}
    with SmtpSink(certs) as mail, Broker(tmp_path / "broker", certs, users) as broker, \
            Gateway(tmp_path / "gateway", broker, mail, certs=certs, now=NIGHT) as gateway:
        room = ControlRoom(tmp_path / "room", FORCE, broker, certs, now=NIGHT)
        made = Morning(gateway, room, mail, world)
        made.play(tmp_path / "files")
        yield made


def test_the_list_of_a_morning_is_best_first_in_text_csv_json_and_as_a_page(morning):
    gateway = morning.gateway
    # On the night it is known already where nobody can be told.
    night = morning.calls()
    assert {c["urn"]: c["why"] for c in night.values()} == {
        morning.empty.urn: "no-contact", morning.unchecked.urn: "not-verified", morning.party.urn: "barred"}
    gateway.stop()
    gateway.start(now=SEND)
    wait_until(lambda: gateway.value("SELECT count(*) FROM outbox WHERE state = 'sent' AND kind = 'notice'") >= 2
               and gateway.value("SELECT count(*) FROM attempt WHERE verdict = 'later'") >= 1)
    gateway.stop()
    later = "2026-03-16T08:16:00"
    calls = morning.calls(now=later)
    assert {urn: c["why"] for urn, c in calls.items() if c["namespace"] == "school"} == {
        morning.silent.urn: "unanswered", morning.full.urn: "undelivered", morning.empty.urn: "no-contact",
        morning.unchecked.urn: "not-verified", morning.party.urn: "barred"}
    order = list(calls)
    assert order.index(morning.full.urn) < order.index(morning.silent.urn)
    assert calls[morning.full.urn]["telephone"] == NUMBER and not calls[morning.full.urn]["switchboard"]
    assert calls[morning.empty.urn]["switchboard"] and re.match(r"0\d{9,10}$", calls[morning.empty.urn]["telephone"])
    assert calls[morning.unchecked.urn]["contact"] is None  # nobody has checked that name
    assert calls[morning.party.urn]["telephone"] is None and calls[morning.party.urn]["contact"] is None
    assert all(c["by"] == "2026-03-16T08:45:00Z" for c in calls.values())
    child = morning.children[morning.full.urn]
    assert calls[morning.full.urn]["children"] == f"{child.forename} {child.surname}"

    text = gateway.run("plan", "--call-list", now=later).stdout
    assert all(len(line) <= 100 for line in text.splitlines()), max(text.splitlines(), key=len)
    assert "by 08:45" in text and NUMBER in text and "Do not ring" in text

    rows = list(csv.DictReader(io.StringIO(gateway.run("plan", "--call-list", "--csv", now=later).stdout)))
    assert [r["urn"] for r in rows] == order
    assert rows[order.index(morning.full.urn)]["contact"] == "'=Una, \"Ringwood\""  # no formula
    assert rows[order.index(morning.full.urn)]["telephone"] == NUMBER

    page = gateway.run("plan", "--call-list", "--html", now=later).stdout
    assert not re.search(r"<(img|script|link|iframe|form)\b|https?:|url\(|src=", page)
    assert page.count("<tr>") == len(calls) + 1 and '<html lang="en">' in page and "@page" in page
    assert "=Una, &quot;Ringwood&quot;" in page and NUMBER in page

    audit = gateway.query("SELECT event, detail FROM audit WHERE event IN ('call_list.printed','names.shown')")
    assert sum(event == "call_list.printed" for event, _ in audit) == 5
    assert sum(event == "names.shown" for event, _ in audit) >= 4 * len(calls)
    assert not any(child.surname in detail or NUMBER in detail for _, detail in audit)

    # What is rung is told and answered, and is on the list no more.
    reference = calls[morning.full.urn]["reference"]
    refused = gateway.run("answer", reference, "--by", "dsl", status=1, now=later).stderr
    assert "--by-telephone" in refused
    assert gateway.json("answer", reference, "--by-telephone", "--by", "dsl", now=later)["state"] == "answered"
    gateway.run("answer", calls[morning.empty.urn]["reference"], "--by", "desk", now=later)
    gateway.run("answer", calls[morning.silent.urn]["reference"], "--by", "deputy", now=later)
    left = morning.calls(now=later)
    assert morning.full.urn not in left and morning.silent.urn not in left
    # Nothing more goes where it has been told by telephone.
    assert gateway.value("SELECT count(*) FROM outbox o JOIN notice n USING (notice_id) WHERE n.reference = ?"
                         " AND o.state IN ('due','leased')", reference) == 0
    assert gateway.json("plan", "--call-list", "--urn", morning.party.urn, now=later)["calls"][0]["urn"] \
        == morning.party.urn


def test_an_upgrade_whose_daemon_does_not_start_still_has_its_list(morning):
    """Another program's keys are on the roll: the daemon would have made them anew."""
    morning.gateway.stop()
    with sqlite3.connect(morning.gateway.store) as store:
        store.execute("UPDATE roll_index SET keys_version = 0")
    store.close()
    assert morning.empty.urn in morning.calls()
    assert morning.gateway.value("SELECT keys_version FROM roll_index") > 0


def test_options_that_do_not_go_together_are_refused(morning):
    for wrong in (["--csv"], ["--html"], ["--call-list", "--all"], ["--call-list", "--at", "08:00"]):
        assert morning.gateway.run("plan", *wrong, status=2).stderr
