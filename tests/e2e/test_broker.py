"""The broker as config/mosquitto makes it: who may use which topic, and what it keeps."""

import os
import shutil

import pytest

from support.broker import REPOSITORY, Broker
from support.certs import Certs
from support.mqtt5 import Client, Closed

NOT_AUTHORISED = 135
NOBODY_HEARS = 16  # taken, and no subscriber
USERS = {"encompassd": "gateway-word", "devon-and-cornwall": "room-word", "dorset": "other-word"}
INCIDENT = "encompass/v1/devon-and-cornwall/incident"


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    certs = Certs(tmp_path_factory.mktemp("certs"))
    with Broker(tmp_path_factory.mktemp("broker"), certs, USERS) as running:
        yield running


def client(broker, user, name=None, password=None, clean=True):
    return Client(broker.port, name or f"test-{user}", user, password or USERS[user],
                  broker.certs.client_context(), clean)


def test_a_wrong_password_and_no_name_at_all_are_refused(broker):
    with client(broker, "dorset", password="not-it") as wrong:
        assert wrong.code == NOT_AUTHORISED
    with Client(broker.port, "nobody", context=broker.certs.client_context()) as nobody:
        assert nobody.code == NOT_AUTHORISED


def test_a_control_room_publishes_for_its_own_force_alone(broker):
    with client(broker, "dorset") as dorset:
        assert dorset.publish("encompass/v1/dorset/incident", "{}") in (0, NOBODY_HEARS)
        assert dorset.publish(INCIDENT, "{}") == NOT_AUTHORISED
        assert dorset.publish("encompass/v1/dorset/receipt", "{}") == NOT_AUTHORISED
        assert dorset.publish("encompass/v1/dorset/reply/1", "{}") == NOT_AUTHORISED
        assert dorset.publish("elsewhere", "{}") == NOT_AUTHORISED


def test_the_gateway_writes_receipts_and_never_incidents(broker):
    with client(broker, "encompassd") as gateway:
        assert gateway.publish("encompass/v1/dorset/receipt", "{}") in (0, NOBODY_HEARS)
        assert gateway.publish("encompass/v1/dorset/reply/17", "{}") in (0, NOBODY_HEARS)
        assert gateway.publish(INCIDENT, "{}") == NOT_AUTHORISED


def test_a_control_room_hears_its_own_receipts_and_no_other_force_s(broker):
    with client(broker, "dorset") as dorset, client(broker, "encompassd") as gateway:
        for topic in ("encompass/v1/+/receipt", "encompass/v1/+/reply/#", "encompass/v1/+/incident",
                      "#"):
            dorset.subscribe(topic)
        for topic in ("encompass/v1/devon-and-cornwall/receipt",
                      "encompass/v1/devon-and-cornwall/reply/1", "encompass/v1/dorset/receipt"):
            gateway.publish(topic, topic)
        assert dorset.publish("encompass/v1/dorset/incident", "{}") in (0, NOBODY_HEARS)
        heard = set()
        while message := dorset.receive(0.3):
            heard.add(message.topic)
        assert heard == {"encompass/v1/dorset/receipt"}


def test_the_gateway_hears_every_incident(broker):
    with client(broker, "encompassd") as gateway, client(broker, "devon-and-cornwall") as room:
        assert gateway.subscribe("encompass/v1/+/incident") == 1
        assert room.publish(INCIDENT, "{}") == 0
        assert gateway.receive().topic == INCIDENT


def test_a_retained_incident_is_not_kept_for_whoever_comes(broker):
    with client(broker, "dorset") as dorset:
        with pytest.raises(Closed, match="154"):
            dorset.publish("encompass/v1/dorset/incident", "{}", retain=True)


def test_a_night_waits_for_the_gateway_and_outlives_a_restart(broker):
    with client(broker, "encompassd", "away", clean=False) as gateway:
        assert not gateway.session_present
        assert gateway.subscribe("encompass/v1/+/incident") == 1
    with client(broker, "devon-and-cornwall") as room:
        for number in range(1500):  # more than mosquitto's own limit of 1000
            assert room.publish(INCIDENT, f'{{"n": {number}}}') == 0
    broker.restart()
    with client(broker, "encompassd", "away", clean=False) as gateway:
        assert gateway.session_present
        got = [gateway.receive(5) for _ in range(1500)]
        assert all(got)
        assert {m.payload.decode() for m in got} == {f'{{"n": {n}}}' for n in range(1500)}


def test_the_site_example_starts_beside_debian_s_own_configuration(tmp_path):
    """As README says: policy and site file in conf.d, included by /etc/mosquitto/mosquitto.conf."""
    certs = Certs(tmp_path / "certs")
    stand_in = Broker(tmp_path / "broker", certs, USERS)  # its passwords, its way of starting
    here, config = stand_in.folder, REPOSITORY / "config/mosquitto"
    (here / "conf.d").mkdir()
    shutil.copy(config / "conf.d/10-encompass.conf", here / "conf.d")
    site = (config / "site.conf.example").read_text()
    for theirs, ours in (("8883", str(stand_in.port)),
                         ("/etc/mosquitto/certs/server.crt", certs.server_cert),
                         ("/etc/mosquitto/certs/server.key", certs.server_key),
                         ("/etc/mosquitto/ca_certificates/ca.crt", certs.ca),
                         ("/etc/mosquitto/acl", here / "acl"),
                         ("/etc/mosquitto/passwords", here / "passwords")):
        assert theirs in site
        site = site.replace(theirs, str(ours))
    assert "/etc/" not in "".join(line for line in site.splitlines() if not line.startswith("#"))
    (here / "conf.d/20-site.conf").write_text(site)
    (here / "mosquitto.conf").write_text(
        f"pid_file {here}/mosquitto.pid\npersistence true\npersistence_location {here}/state/\n"
        f"log_dest file {here}/mosquitto.log\n" + ("user root\n" if os.geteuid() == 0 else "") +
        f"include_dir {here}/conf.d\n")
    with stand_in as running:
        with client(running, "dorset") as dorset:
            assert dorset.code == 0
            assert dorset.publish(INCIDENT, "{}") == NOT_AUTHORISED
        assert "Warning" not in running.log.read_text()
