"""After the telling: a correction, a withdrawal, and what comes of answers and of none."""

import json
import re
import subprocess

import pytest

from support import invent
from support.broker import Broker
from support.certs import Certs
from support.gateway import REPOSITORY, ControlRoom, Gateway, wait_until
from support.smtp_sink import SmtpSink

FORCE = "lancashire"
REGISTERS = [REPOSITORY / "tests/demo/data" / name
             for name in ("establishments.csv", "childrens_centres.csv")]
NIGHT, SEND = "2026-03-15T23:00:00", "2026-03-16T07:29:59"


class Night:
    """A gateway on Sunday night and one family of two at one school."""

    def __init__(self, gateway, room, mail, world):
        self.gateway, self.room, self.mail, self.world = gateway, room, mail, world
        self.school = next(s for s in world.schools if s.la_code == "888" and s.low <= 5 and s.high >= 11)
        home, surname = world.home(self.school), world.surname()
        self.sister = world.child(home, surname, age=8, sex="F", enrol=[self.school])
        self.brother = world.child(home, surname, age=6, sex="M", enrol=[self.school])

    def report(self, revision=1, children=None, **changes):
        entries = children or [invent.said(self.sister, "1"), invent.said(self.brother, "2")]
        message = invent.incident(FORCE, "260315-0001", "2026-03-15T21:30:00Z", entries,
                                  revision=revision, **changes)
        self.room.publish([json.dumps(message)])

    def told(self, now=SEND):
        """The report, planned on Sunday night and told on Monday morning; the mail."""
        self.report()
        wait_until(lambda: self.gateway.json("plan")["notices"])
        self.gateway.stop()
        self.gateway.start(now=now)
        return self.mails(1)[0]

    def mails(self, count, seconds=20):
        wait_until(lambda: len(self.mail.messages) >= count, seconds)
        # A mail is with its server a moment before the store has heard of it.
        wait_until(lambda: self.gateway.value("SELECT count(*) FROM outbox WHERE adapter = 'email'"
                                              " AND state = 'sent'") >= count, seconds)
        assert len(self.mail.messages) == count
        return self.mail.messages

    @property
    def dsl(self):
        return f"dsl@school-{self.school.urn}.example"

    @property
    def deputy(self):
        return f"deputy@school-{self.school.urn}.example"

    def quiet(self, *more):
        """Nobody's name in log, audit or subject (P5)."""
        texts = [self.gateway.log_text(), str(self.gateway.query("SELECT * FROM audit")),
                 *(str(m.parsed["Subject"]) for m in self.mail.messages), *more]
        for text in texts:
            assert self.sister.surname.lower() not in text.lower()


def text_of(mail):
    return mail.parsed.get_body(("plain",)).get_content()


@pytest.fixture
def night(tmp_path):
    world = invent.World(invent.read_establishments(*REGISTERS), 40, rare_names=True)
    certs = Certs(tmp_path / "certs")
    users = {"encompassd": "gateway-word", FORCE: "room-word"}
    with SmtpSink(certs) as mail, Broker(tmp_path / "broker", certs, users) as broker, \
            Gateway(tmp_path / "gateway", broker, mail, certs=certs, now=NIGHT) as gateway:
        room = ControlRoom(tmp_path / "room", FORCE, broker, certs, now=NIGHT)
        made = Night(gateway, room, mail, world)
        gateway.fill(world, tmp_path / "files", establishments=REGISTERS)
        gateway.start()
        wait_until(lambda: "mqtt.connected" in gateway.log_text())  # a new session keeps nothing from before
        yield made


def test_what_the_police_put_right_after_the_telling_is_corrected_at_once_to_the_same_person(night):
    first = night.told()
    assert first.recipients == [night.dsl]
    right = invent.said(night.sister, "1", known_as=["Robin"])
    night.report(2, [right, invent.said(night.brother, "2")])
    correction = night.mails(2)[1]
    assert correction.recipients == [night.dsl]
    assert correction.message_id != first.message_id
    text = text_of(correction)
    assert "Robin" in text and night.brother.forename not in text
    reference, = night.gateway.query("SELECT reference FROM notice WHERE kind = 'notice'")
    assert f"Corrects: notice {reference[0]}" in text
    explained = night.gateway.run("explain", "260315-0001").stdout
    assert f"It corrects notice {reference[0]}." in explained
    assert explained.count("An answer is wanted by") == 1
    assert night.gateway.json("explain", "260315-0001")["notices"][1]["amends"] == reference[0]
    assert night.gateway.json("status")["all"]["children"]["told"] == 2
    night.quiet(explained)


def test_a_withdrawal_asks_those_who_were_told_to_close_it(night):
    night.told()
    night.report(2, action="withdraw")
    withdrawal = night.mails(2)[1]
    assert withdrawal.recipients == [night.dsl]
    text = text_of(withdrawal)
    assert "withdrawn" in text and "Close the record" in text
    reference, = night.gateway.query("SELECT reference FROM notice WHERE kind = 'notice'")
    explained = night.gateway.run("explain", "260315-0001").stdout
    assert f"It takes back notice {reference[0]}: the police have withdrawn it" in explained
    assert "Why a desk" not in explained
    status = night.gateway.json("status")
    assert status["all"]["children"]["withdrawn"] == 2 and status["notices"]["unanswered"] == 0
    assert status["adds_up"] is True
    night.quiet()


def test_a_child_that_is_named_no_longer_is_taken_back_alone(night):
    night.told()
    night.report(2, [invent.said(night.sister, "1")])
    text = text_of(night.mails(2)[1])
    assert night.brother.forename in text and night.sister.forename not in text
    states = dict(night.gateway.query("SELECT child_ref, state FROM child"))
    assert states == {"1": "told", "2": "withdrawn"}


def test_nobody_answers_the_deputy_is_told_and_then_the_desk(night):
    night.told()
    night.gateway.stop()
    night.gateway.start(now="2026-03-16T08:14:59")
    deputy = night.mails(2)[1]
    assert deputy.recipients == [night.deputy]
    assert "08:30 on Monday" in text_of(deputy)
    night.gateway.stop()
    night.gateway.start(now="2026-03-16T08:29:59")
    desk = night.mails(3)[2]
    assert desk.recipients == ["front-door@la-888.example"]
    assert "nobody has answered in time" in text_of(desk)
    assert text_of(desk).count(f"On roll: {night.school.name} (URN {night.school.urn})") == 2
    reference, task = (r for r, in night.gateway.query("SELECT reference FROM notice ORDER BY notice_id"))
    night.gateway.run("answer", reference, now="2026-03-16T08:31:00")
    states = dict(night.gateway.query("SELECT reference, state FROM notice"))
    assert states == {reference: "answered", task: "answered"}
    explained = night.gateway.run("explain", "260315-0001").stdout
    assert "escalated" in explained or "have not answered in time" in explained
    night.quiet(explained)


def test_not_our_pupil_is_deleted_there_and_goes_to_a_person(night):
    night.told()
    reference, = (r for r, in night.gateway.query("SELECT reference FROM notice"))
    said = night.gateway.run("answer", reference, "--not-our-pupil", "--by", "office").stdout
    assert "review list" in said
    mails = night.mails(3)
    recall = next(m for m in mails[1:] if m.recipients == [night.dsl])
    desk = next(m for m in mails[1:] if m.recipients == ["front-door@la-888.example"])
    assert f"Delete notice {reference}" in text_of(recall)
    assert f"It takes back notice {reference}: it has come out that" in \
        night.gateway.run("explain", "260315-0001").stdout
    assert night.sister.surname not in text_of(recall) and night.sister.forename not in text_of(recall)
    assert "says that this is not its pupil" in text_of(desk)
    waiting = night.gateway.json("review", "list")["children"]
    assert len(waiting) == 2 and all(c["candidates"] for c in waiting)
    assert night.gateway.json("status")["notices"]["wrong_doors"] == 2
    assert night.gateway.json("answer", reference, "--not-our-pupil")["already"] is True
    refused = night.gateway.run("answer", reference, "--by", "Mrs Smith", status=2)
    assert "by no name" in refused.stderr
    night.quiet(said)


def test_a_second_call_out_in_a_week_is_said_in_a_full_notice_to_the_desk_and_by_explain(night):
    night.gateway.run("policy", "set", "force", FORCE, "fields", "full")
    first = night.told()
    assert "Call-outs about this child" not in text_of(first)
    again = invent.incident(FORCE, "260316-0002", "2026-03-16T07:00:00Z",
                            [invent.said(night.sister, "1"), invent.said(night.brother, "2")])
    night.room.publish([json.dumps(again)])
    text = text_of(night.mails(2)[1])
    counts = "including this one: 2 in a week, 2 in three months, 2 in twelve months"
    assert text.count(counts) == 2 and text.count("That is often") == 2
    explained = night.gateway.json("explain", "260316-0002")["children"][0]["repeats"]
    assert explained["in_week"] == 2 and explained["often"] is True
    assert [o["police_ref"] for o in explained["others"]] == ["260315-0001"]
    spoken = night.gateway.run("explain", "260316-0002").stdout
    assert "260315-0001 of lancashire" in spoken and "that is often" in spoken
    assert "No other call-out about the child" in night.gateway.run("explain", "260315-0001").stdout
    # The first is withdrawn: then there was none before.
    night.report(2, action="withdraw")
    wait_until(lambda: night.gateway.json("explain", "260316-0002")["children"][0]["repeats"]["in_week"] == 1)
    night.gateway.run("policy", "set", "force", FORCE, "repeats", "off")
    assert "repeats" not in night.gateway.json("explain", "260316-0002")["children"][0]
    night.quiet(spoken)


def test_not_our_pupil_of_one_of_two_leaves_the_other_told(night):
    night.told()
    reference, = (r for r, in night.gateway.query("SELECT reference FROM notice"))
    said = night.gateway.run("answer", *reference.lower().split("-"), "--not-our-pupil", "--child", "2",
                             "--by", "dsl").stdout
    assert "stands for the other children" in said
    recall = next(m for m in night.mails(3)[1:] if m.recipients == [night.dsl])
    assert night.brother.forename in text_of(recall) and night.sister.forename not in text_of(recall)
    assert f"Notice {reference} still stands" in text_of(recall) and "Delete notice" not in text_of(recall)
    states = {c["child_ref"]: c["state"] for c in night.gateway.json("explain", "260315-0001")["children"]}
    assert states == {"1": "told", "2": "with_la_desk"}
    assert night.gateway.json("answer", reference, "--by", "dsl")["state"] == "answered"
    assert night.gateway.json("status")["notices"]["wrong_doors"] == 1
    assert "no child" in night.gateway.run("answer", reference, "--not-our-pupil", "--child", "3", status=1).stderr
    night.quiet(said)


def test_a_referral_to_marac_reaches_the_desk_beside_the_school_and_keeps_the_call_out_open(night):
    night.report(referrals=["marac"])
    wait_until(lambda: len(night.gateway.json("plan")["notices"]) == 2)
    night.gateway.stop()
    night.gateway.start(now=SEND)
    mails = night.mails(2)
    desk = next(m for m in mails if m.recipients == ["front-door@la-888.example"])
    school = next(m for m in mails if m.recipients == [night.dsl])
    assert "referred this family to MARAC" in text_of(desk) and "is told as ever" in text_of(desk)
    assert "MARAC" not in text_of(school)
    assert night.gateway.json("status")["all"]["children"]["told"] == 2
    references = dict(night.gateway.query("SELECT kind, reference FROM notice"))
    night.gateway.run("answer", references["notice"])
    assert night.gateway.json("status")["all"]["children"]["answered"] == 2
    assert night.gateway.value("SELECT count(*) FROM incident WHERE closed_at IS NOT NULL") == 0
    night.gateway.run("answer", references["desk"])
    assert night.gateway.value("SELECT count(*) FROM incident WHERE closed_at IS NOT NULL") == 1
    assert night.gateway.json("status")["all"]["children"]["answered"] == 2
    # The referral falls away: the desk is told so, and the school nothing.
    night.report(2)
    correction = night.mails(3)[2]
    assert correction.recipients == ["front-door@la-888.example"] and "MARAC" not in text_of(correction)


def test_a_referral_that_comes_after_the_telling_is_the_desk_s_alone(night):
    night.told()
    night.report(2, referrals=["MARAC"])
    desk = night.mails(2)[1]
    assert desk.recipients == ["front-door@la-888.example"] and "MARAC" in text_of(desk)


def by_link(gateway, link, *options, status=0):
    done = subprocess.run(gateway.command("answer", "--token-file", "-", "--json", *options), input=link + "\n",
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return json.loads(done.stdout) if status == 0 else done.stderr


def test_each_message_has_a_link_of_its_own_and_a_repeat_after_a_lost_reply_has_a_good_one_too(night):
    base = "https://encompass.example/answer"
    config = night.gateway.config
    config.write_text(config.read_text() + f"[answers]\nbase_url = {base}\nlink_days = 3\n")
    lost = []
    night.mail.on_data = lambda mail: "drop" if not lost and not lost.append(1) else None
    night.report()
    wait_until(lambda: night.gateway.json("plan")["notices"])
    night.gateway.stop()
    night.gateway.start(now=SEND)
    wait_until(lambda: night.gateway.value("SELECT count(*) FROM outbox WHERE kind = 'notice' AND state = 'sent'"), 90)
    first, second = night.mail.messages
    assert first.message_id == second.message_id  # nobody knows whether the first arrived
    one, two = (re.search(re.escape(base) + r"/([\w-]{43})\s", text_of(m)).group(0).strip() for m in (first, second))
    assert one != two
    tokens = [link.rsplit("/", 1)[1] for link in (one, two)]
    everything = night.gateway.store.read_bytes() + night.gateway.store.with_name("store.db-wal").read_bytes()
    assert not any(t.encode() in everything or t in night.gateway.log_text() for t in tokens)
    reference, = (r for r, in night.gateway.query("SELECT reference FROM notice"))
    said = by_link(night.gateway, one, "--not-our-pupil", "--child", "2")
    assert said["reference"] == reference and said["state"] == "told"
    assert by_link(night.gateway, two)["state"] == "answered"
    assert by_link(night.gateway, one)["already"] is True
    who, = night.gateway.query("SELECT answered_by FROM notice WHERE reference = ?", reference)
    assert who[0].endswith(" by link")
    assert "none of ours" in by_link(night.gateway, base + "/" + "A" * 43, status=1)
    night.gateway.now = "2026-03-20T08:00:00"
    assert "no longer good" in by_link(night.gateway, one, status=1)
    night.quiet()


def test_a_desk_s_task_has_a_link_of_its_own_too(night):
    base = "https://encompass.example/answer"
    config = night.gateway.config
    config.write_text(config.read_text() + f"[answers]\nbase_url = {base}\nlink_days = 3\n")
    stranger = invent.said(night.sister, "1", surname="Wryneckthorp", forename="Ottoline", date_of_birth="2014-02-01")
    night.report(children=[stranger])
    wait_until(lambda: night.gateway.json("plan")["notices"])
    night.gateway.stop()
    night.gateway.start(now=SEND)
    mail = night.mails(1)[0]
    assert mail.recipients == ["front-door@la-888.example"]
    links = {re.search(re.escape(base) + r"/([\w-]{43})", part.get_content()).group(0)
             for part in (mail.parsed.get_body(("plain",)), mail.parsed.get_body(("html",)))}
    link, = links  # the same in both, and of this message alone
    token = link.rsplit("/", 1)[1].encode()
    assert token not in night.gateway.store.read_bytes() + night.gateway.store.with_name("store.db-wal").read_bytes()
    assert by_link(night.gateway, link)["state"] == "answered"
    (kind, who), = night.gateway.query("SELECT kind, answered_by FROM notice")
    assert kind == "desk" and who.endswith(" by link")
    assert night.gateway.json("status")["all"]["children"]["with_la_desk"] == 1
    night.gateway.now = "2026-03-20T08:00:00"
    assert "no longer good" in by_link(night.gateway, link, status=1)
    assert "wryneckthorp" not in night.gateway.log_text().lower()
