"""Mail as it arrives: whom it is from, where a reply goes, what its headers say."""

import pytest
from test_follow import FORCE, NIGHT, REGISTERS, Night

from support import invent
from support.broker import Broker
from support.certs import Certs
from support.gateway import ControlRoom, Gateway
from support.smtp_sink import SmtpSink


@pytest.fixture(params=["a force's desk"])
def night(request, tmp_path, monkeypatch):
    if request.param == "no desk":
        monkeypatch.setattr(invent, "LA_FORCE", {})
    world = invent.World(invent.read_establishments(*REGISTERS), 40, rare_names=True)
    certs = Certs(tmp_path / "certs")
    users = {"encompassd": "gateway-word", FORCE: "room-word"}
    with SmtpSink(certs) as mail, Broker(tmp_path / "broker", certs, users) as broker, \
            Gateway(tmp_path / "gateway", broker, mail, certs=certs, now=NIGHT,
                    extra='[adapter "email"]\nreply_to = replies@gateway.example') as gateway:
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
