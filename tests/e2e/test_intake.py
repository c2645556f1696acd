"""What comes in: a real broker over TLS, and the daemon that reads, commits, acknowledges."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import time

import pytest

from support.broker import Broker
from support.certs import Certs
from support.gateway import build_folder, wait_until
from support.intake import FORCE, INCIDENT, RECEIPT, USERS, Intake, incident, room
from support.mqtt5 import Client

NOT_AUTHORISED = 135


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    return Certs(tmp_path_factory.mktemp("certs"))


@pytest.fixture
def broker(tmp_path, certs):
    with Broker(tmp_path / "broker", certs, USERS) as running:
        yield running


@pytest.fixture
def gateway(tmp_path, broker, certs):
    with Intake(tmp_path / "gateway", broker, certs) as made:
        yield made.start()


def receipts(client, count, seconds=10):
    got = []
    end = time.monotonic() + seconds
    while len(got) < count and time.monotonic() < end:
        message = client.receive(end - time.monotonic())
        if message:
            got.append((message, json.loads(message.payload)))
    assert len(got) == count, f"{len(got)} of {count} receipts came"
    return got


def connected(gateway):
    wait_until(lambda: "mqtt.connected" in gateway.log_text())
    return gateway


def test_an_incident_is_stored_and_receipted_to_the_force_and_the_asker(broker, gateway):
    connected(gateway)
    asked = f"encompass/v1/{FORCE}/reply/desk-7"
    with room(broker) as desk:
        desk.subscribe(RECEIPT)
        desk.subscribe(asked)
        assert desk.publish(INCIDENT, incident("OE-1"), ResponseTopic=asked,
                            CorrelationData=b"\x00pair\xff") == 0
        got = {m.topic: (m, r) for m, r in receipts(desk, 2)}
        for message, receipt in got.values():
            assert (receipt["status"], receipt["police_ref"], receipt["revision"]) == \
                ("accepted", "OE-1", 1)
        assert got[asked][0].correlation == b"\x00pair\xff"
        assert got[RECEIPT][0].correlation is None
        desk.publish(INCIDENT, incident("OE-1"))
        assert receipts(desk, 1)[0][1]["status"] == "repeat"
    assert gateway.references() == {"OE-1"}
    wait_until(lambda: gateway.value("SELECT count(*) FROM outbox WHERE state <> 'sent'") == 0)
    assert "Quillfeather" not in gateway.log_text()


def test_when_answers_come_between_messages_every_receipt_is_settled_and_comes_once(broker, gateway):
    """One that is forgotten before its answer is recorded stays leased, and goes again in minutes."""
    connected(gateway)
    with room(broker, name="watcher") as watcher, room(broker) as desk:
        watcher.subscribe(RECEIPT)
        for number in range(1000):  # a few a turn of the daemon, for a second or two
            desk.send(INCIDENT, incident(f"OE-{number}"))
            if number % 5 == 0:
                time.sleep(0.005)
        got = [(r["police_ref"], r["status"]) for _, r in receipts(watcher, 1000, 60)]
        assert len(set(got)) == 1000
        wait_until(lambda: gateway.value(
            "SELECT count(*) FROM outbox WHERE adapter = 'mqtt' AND state <> 'sent'") == 0)


def test_a_refused_message_keeps_its_neighbours(broker, gateway):
    connected(gateway)
    bad = ["", "{", "[]", incident("OE-2", revision=0), incident("OE-3", force="dorset"),
           "\x00" * 40, incident("OE-4") + "x" * 70000]
    with room(broker) as desk:
        desk.subscribe(RECEIPT)
        desk.send(INCIDENT, incident("OE-A"))
        for message in bad:
            desk.send(INCIDENT, message)
        desk.send(INCIDENT, incident("OE-B"))
        got = receipts(desk, len(bad) + 2)
    assert sorted(r["status"] for _, r in got) == ["accepted"] * 2 + ["refused"] * len(bad)
    assert all(r["errors"] for _, r in got if r["status"] == "refused")
    assert gateway.references() == {"OE-A", "OE-B"}
    assert gateway.kept("refused") == len(bad)


def test_a_message_that_the_store_does_not_take_is_refused_and_nothing_waits_behind_it(
        broker, gateway):
    """A rule of the store that a message breaks is a fault of ours, and must not stop a night."""
    connected(gateway)
    with sqlite3.connect(gateway.store, timeout=10) as store:
        store.execute("CREATE TRIGGER bug BEFORE INSERT ON child WHEN new.child_ref = 'bug'"
                      " BEGIN SELECT raise(ABORT, 'a bug of ours'); END")
    store.close()
    child = {"child_ref": "bug", "surname": "Quillfeather"}
    with room(broker) as desk:
        desk.subscribe(RECEIPT)
        desk.send(INCIDENT, incident("OE-A"))
        desk.send(INCIDENT, incident("OE-BUG", children=[child]))
        desk.send(INCIDENT, incident("OE-B"))
        got = {r["police_ref"]: r["status"] for _, r in receipts(desk, 3)}
    assert got == {"OE-A": "accepted", "OE-BUG": "refused", "OE-B": "accepted"}
    assert gateway.references() == {"OE-A", "OE-B"}
    assert gateway.kept("refused") == 1 and gateway.kept() == 2
    assert "error intake.unkept" in gateway.log_text()


def test_what_came_while_the_daemon_was_away_is_stored_after_a_restart_of_both(
        broker, gateway):
    connected(gateway)
    assert gateway.stop() == 0
    with room(broker) as desk:
        for number in range(30):
            assert desk.publish(INCIDENT, incident(f"OE-{number}")) == 0
    broker.restart()
    with room(broker, name="listener") as desk:
        desk.subscribe(RECEIPT)
        gateway.start()
        assert {r["police_ref"] for _, r in receipts(desk, 30)} == gateway.references()
    assert len(gateway.references()) == 30
    assert "session=kept" in gateway.log_text()


def test_a_broker_that_goes_and_comes_back_is_found_again(broker, gateway):
    connected(gateway)
    broker.stop()
    wait_until(lambda: "mqtt.lost" in gateway.log_text())
    wait_until(lambda: "mqtt.unreachable" in gateway.log_text())
    assert 'error="Connection refused"' in gateway.log_text()
    broker.start()
    with room(broker) as desk:
        desk.subscribe(RECEIPT)
        desk.publish(INCIDENT, incident("OE-1"))
        assert receipts(desk, 1, 15)[0][1]["status"] == "accepted"


def test_a_broker_that_comes_back_as_somebody_else_gets_nothing_and_loses_nothing(
        broker, gateway, tmp_path):
    connected(gateway)
    others = Certs(tmp_path / "others")
    with room(broker) as desk:
        desk.subscribe(RECEIPT)
        desk.publish(INCIDENT, incident("OE-1"))
        receipts(desk, 1)
    kept = [path.read_bytes() for path in (broker.certs.server_cert, broker.certs.server_key)]
    mine, broker.certs = broker.certs, others
    for path, other in zip((mine.server_cert, mine.server_key),
                           (others.server_cert, others.server_key), strict=True):
        path.write_bytes(other.read_bytes())
    try:
        broker.restart()
        with room(broker) as desk:
            assert desk.publish(INCIDENT, incident("OE-2")) == 0
        wait_until(lambda: "certificate verify failed" in gateway.log_text())
        assert gateway.running and gateway.references() == {"OE-1"}
    finally:
        broker.certs = mine
        for path, was in zip((mine.server_cert, mine.server_key), kept, strict=True):
            path.write_bytes(was)
    broker.restart()
    wait_until(lambda: gateway.references() == {"OE-1", "OE-2"})


def test_a_lost_session_is_an_alarm(broker, gateway, tmp_path):
    connected(gateway)
    gateway.stop()
    broker.stop()
    (tmp_path / "broker/state/mosquitto.db").unlink()
    broker.start()
    gateway.start()
    wait_until(lambda: "error mqtt.session.lost" in gateway.log_text())
    gateway.stop()
    gateway.start()
    wait_until(lambda: "session=kept" in gateway.log_text())


def test_what_the_broker_throws_away_is_an_alarm(tmp_path, certs):
    with Broker(tmp_path / "broker", certs, USERS,
                instead="max_queued_messages 10\nsys_interval 1") as broker, \
            Intake(tmp_path / "gateway", broker, certs) as gateway:
        connected(gateway.start())
        with room(broker, name="away", clean=False) as away:
            away.subscribe(RECEIPT)
        with room(broker) as desk:
            desk.subscribe(RECEIPT)
            for number in range(20):
                desk.send(INCIDENT, incident(f"OE-{number}"))
            receipts(desk, 20)  # ten of which cannot wait for `away`
        wait_until(lambda: "error mqtt.broker.dropped" in gateway.log_text())


def test_a_client_certificate_is_enough(tmp_path, certs):
    certificate, key = certs.client("encompassd")
    with Broker(tmp_path / "broker", certs, USERS, client_certificates=True) as broker, \
            Intake(tmp_path / "gateway", extra=(
                f"[mqtt]\nhost = localhost\nport = {broker.port}\nca_file = {certs.ca}\n"
                f"certificate_file = {certificate}\nkey_file = {key}\n")) as gateway:
        connected(gateway.start())
        with Client(broker.port, "room", context=certs.client_context(FORCE)) as desk:
            desk.subscribe(RECEIPT)
            desk.publish(INCIDENT, incident("OE-1"))
            assert receipts(desk, 1)[0][1]["status"] == "accepted"


def test_an_unknown_authority_is_refused_and_said(tmp_path, broker):
    others = Certs(tmp_path / "others")
    with Intake(tmp_path / "gateway", broker, others) as gateway:
        gateway.start()
        said = wait_until(lambda: [line for line in gateway.log_text().splitlines()
                                   if "certificate verify failed" in line])
        assert "mqtt." in said[0]


@pytest.mark.parametrize("lines, says", [
    ("host = broker.example\ntls = no", "only for a broker on this machine"),
    ("host = broker.example", "nothing to log in with"),
    ("host = localhost\nkey_file = some.key", "given together"),
    ("host = localhost\nca_file = none-such.crt", "none-such.crt"),
    ("host = localhost\nusername = a\npassword_file = none-such", "none-such"),
])
def test_a_start_is_refused_with_its_reason(tmp_path, lines, says):
    with Intake(tmp_path, extra=f"[mqtt]\n{lines}\n") as gateway:
        done = subprocess.run([gateway.build / "encompassd", "--config", gateway.config],
                              capture_output=True, text=True, timeout=10, check=False)
        assert done.returncode == 3
        assert says in done.stderr


def test_a_stop_takes_less_than_five_seconds_in_the_midst_of_messages(broker, gateway):
    connected(gateway)
    with room(broker) as desk:
        for number in range(2000):
            desk.send(INCIDENT, incident(f"OE-{number}"))
            if number == 1000:
                began = time.monotonic()
                gateway._process.send_signal(signal.SIGTERM)
        desk.publish(INCIDENT, incident("OE-last"))
        assert gateway._process.wait(5) == 0
        assert time.monotonic() - began < 5
        assert gateway.kept() > 0
        assert gateway.kept() < 2001
        gateway.start()
        wait_until(lambda: len(gateway.references()) == 2001)
    assert gateway.kept("repeat") == 0  # a stop that was asked for leaves nothing half acknowledged


def syn_sent(port):
    """Whether somebody on this machine is connecting to that port, and gets no answer."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    return any(row[2].endswith(f":{port:04X}") and row[3] == "02" for row in rows)


def test_nothing_waits_for_a_connection_that_hangs(tmp_path):
    """A backlog that is full answers no SYN: what a network that drops packets looks like."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, \
            socket.create_connection(full.getsockname()), \
            Intake(tmp_path, extra=f"[mqtt]\nhost = localhost\nport = {full.getsockname()[1]}\n"
                                   "tls = no\n") as gateway:
        gateway.start()
        wait_until(lambda: syn_sent(full.getsockname()[1]))
        assert "mqtt." not in gateway.log_text()
        began = time.monotonic()
        assert gateway.stop(5) == 0
        assert time.monotonic() - began < 2


def test_a_second_daemon_on_one_store_is_refused(gateway):
    done = subprocess.run([gateway.build / "encompassd", "--config", gateway.config],
                          capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 3
    assert "another daemon is running on it" in done.stderr
    assert gateway.running


def test_a_receipt_that_the_broker_refuses_is_tried_later_and_holds_nothing_up(broker, gateway):
    connected(gateway)
    with room(broker) as desk:
        desk.subscribe(RECEIPT)
        # Not below reply/: the access list does not let the gateway answer there.
        desk.publish(INCIDENT, incident("OE-1"), ResponseTopic=f"encompass/v1/{FORCE}/elsewhere")
        assert receipts(desk, 1)[0][1]["status"] == "accepted"
    wait_until(lambda: f"code={NOT_AUTHORISED}" in gateway.log_text())
    assert wait_until(lambda: gateway.query(
        "SELECT state, tries FROM outbox WHERE topic LIKE '%/elsewhere' AND state = 'due'")) == \
        [("due", 1)]


def test_the_service_manager_hears_ready_signs_of_life_and_stopping(tmp_path):
    with Intake(tmp_path / "gateway") as gateway, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        daemon = subprocess.Popen(
            [gateway.build / "encompassd", "--config", gateway.config], stderr=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"})
        try:
            said = b""
            while b"READY=1" not in said:
                said = manager.recv(4096)
            assert [manager.recv(4096) for _ in range(2)] == [b"WATCHDOG=1"] * 2
            daemon.terminate()
            said = b""
            while b"STOPPING=1" not in said:
                said = manager.recv(4096)
            assert daemon.wait(5) == 0
        finally:
            daemon.kill()
            daemon.wait()


@pytest.mark.parametrize("arguments, status, says", [
    (["--help"], 0, "usage: encompassd"),
    (["--version"], 0, "encompassd "),
    (["--loud"], 2, "--loud"),
    (["tonight"], 2, "tonight"),
    (["--now", "tomorrow"], 2, "--now"),
    (["--config", "/none/such.conf"], 3, "/none/such.conf"),
])
def test_the_words_of_the_command_line(arguments, status, says):
    done = subprocess.run([build_folder() / "encompassd", *arguments], capture_output=True, text=True,
                          timeout=10, check=False)
    assert (done.returncode, says in done.stdout + done.stderr) == (status, True), done
