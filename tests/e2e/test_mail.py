"""Mail as it arrives: whom it is from, where a reply goes, what its headers say; and as it comes back."""

import json
import mailbox

import pytest
from test_follow import FORCE, NIGHT, REGISTERS, Night

from support import invent
from support.broker import Broker
from support.certs import Certs
from support.gateway import ControlRoom, Gateway, wait_until
from support.smtp_sink import SmtpSink


EXTRA = """[adapter "email"]
reply_to = replies@gateway.example
bounce_address = bounces@gateway.example
bounce_maildir = bounces
"""
MINIMAL = """minimal_link = https://encompass.example/n/
[mail "all"]
domains = *
tls = minimal
"""
REPORT = """Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@relay.example>
To: {to}
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b/1"

--b/1
Content-Type: text/plain

{words}
--b/1
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <{recipient}>: {words}

--b/1--
"""


@pytest.fixture(params=["a force's desk"])
def night(request, tmp_path, monkeypatch):
    extra = EXTRA + (MINIMAL if request.param == "minimal" else "")
    if request.param == "no desk":
        monkeypatch.setattr(invent, "LA_FORCE", {})
    world = invent.World(invent.read_establishments(*REGISTERS), 40, rare_names=True)
    certs = Certs(tmp_path / "certs")
    users = {"encompassd": "gateway-word", FORCE: "room-word"}
    with SmtpSink(certs) as mail, Broker(tmp_path / "broker", certs, users) as broker, \
            Gateway(tmp_path / "gateway", broker, mail, certs=certs, now=NIGHT,
                    extra=extra) as gateway:
        mailbox.Maildir(tmp_path / "gateway/bounces", create=True)
        room = ControlRoom(tmp_path / "room", FORCE, broker, certs, now=NIGHT)
        made = Night(gateway, room, mail, world)
        gateway.fill(world, tmp_path / "files", establishments=REGISTERS)
        gateway.start()
        yield made


def reply_to(mail):
    return mail.parsed["Reply-To"].addresses[0].addr_spec


def test_a_high_risk_is_marked_and_a_reply_goes_to_the_force_s_desk(night):
    report, night.report = night.report, lambda: report(risk="high")
    mail = night.told()
    assert mail.parsed["Importance"] == "high"
    assert reply_to(mail) == f"encompass@{FORCE}.example"
    assert mail.parsed["Auto-Submitted"] == "auto-generated"
    night.report = report
    night.report(2, action="withdraw")
    withdrawal = night.mails(2)[1]
    assert withdrawal.parsed["Importance"] is None
    night.quiet()


@pytest.mark.parametrize("night", ["no desk"], indirect=True)
def test_another_risk_is_not_marked_and_without_a_desk_a_reply_goes_where_the_configuration_says(night):
    mail = night.told()
    assert mail.parsed["Importance"] is None
    assert reply_to(mail) == "replies@gateway.example"


def comes_back(night, mail, action="failed", to=None):
    """As the mail system would deliver it to bounce_address."""
    box = mailbox.Maildir(night.gateway.folder / "bounces")
    box.add(REPORT.format(to=to or mail.sender, recipient=mail.recipients[0], action=action,
                          words=f"nobody of that name: {night.sister.surname}"))
    return box


def seen(box):
    return sorted("".join(sorted(message.get_flags())) for message in box if message.get_subdir() == "cur")


def test_a_notice_that_comes_back_is_told_to_the_next_contact(night):
    first = night.told()
    assert first.recipients == [night.dsl]
    key = first.message_id.strip("<>").split("@")[0]
    assert first.sender == f"bounces+{key}@gateway.example"
    comes_back(night, first, action="delayed")
    box = comes_back(night, first, to="bounces+S0000000000000000000000000@gateway.example")
    wait_until(lambda: not list((night.gateway.folder / "bounces/new").iterdir()))
    night.gateway.stop()
    night.gateway.start(now="2026-03-16T07:31:00")
    assert len(night.mail.messages) == 1
    comes_back(night, first)
    comes_back(night, first)
    wait_until(lambda: len(night.mail.messages) == 2)
    wait_until(lambda: night.gateway.value("SELECT state FROM notice") == "told")
    for_deputy = night.mail.messages[1]
    assert for_deputy.recipients == [night.deputy]
    assert for_deputy.message_id != first.message_id
    wait_until(lambda: not list((night.gateway.folder / "bounces/new").iterdir()))
    assert seen(box) == ["S"] * 4
    counts = [detail for detail, in night.gateway.query("SELECT detail FROM audit WHERE event = 'bounces.read'")]
    total = [sum(int(detail.split(f"{word}=")[1].split()[0]) for detail in counts)
             for word in ("failed", "delayed", "repeated", "foreign", "other")]
    assert total == [1, 1, 1, 1, 0]
    assert night.gateway.value("SELECT state FROM notice") == "told"
    night.quiet(night.gateway.run("explain", "260315-0001").stdout)


def test_check_regrets_bounces_that_nobody_reads_and_refuses_a_maildir_that_is_none(night):
    def findings():
        found = night.gateway.run("check", "--json", status=None)
        return [f for f in json.loads(found.stdout)["findings"] if "bounce" in f["subject"]]

    assert findings() == []
    (night.gateway.folder / "bounces/cur").rmdir()
    [finding] = findings()
    assert finding["severity"] == "error" and "bounces/cur: No such file or directory" in finding["what"]
    text = night.gateway.config.read_text()
    night.gateway.config.write_text(text.replace("bounce_maildir = bounces\n", ""))
    [finding] = findings()
    assert finding["severity"] == "warning"


@pytest.mark.parametrize("night", ["minimal"], indirect=True)
def test_where_names_may_not_travel_a_message_without_leads_to_the_page(night):
    mail = night.told()
    reference = night.gateway.value("SELECT reference FROM notice")
    for kind in ("plain", "html"):
        body = mail.parsed.get_body((kind,)).get_content()
        assert f"https://encompass.example/n/{reference}" in body
    for name in (night.sister.surname, night.sister.forename, night.brother.forename):
        assert name.encode() not in mail.data
    assert night.gateway.value("SELECT state FROM notice") == "told"
