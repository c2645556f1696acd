"""encompass publish: a control room's incidents, each with its receipt."""

import json
import subprocess

import pytest

from support.broker import Broker
from support.certs import Certs
from support.gateway import ControlRoom, wait_until
from support.intake import FORCE, USERS, Intake, incident


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    return Certs(tmp_path_factory.mktemp("certs"))


@pytest.fixture(scope="module")
def broker(tmp_path_factory, certs):
    with Broker(tmp_path_factory.mktemp("broker"), certs, USERS) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, broker, certs):
    with Intake(tmp_path_factory.mktemp("gateway"), broker, certs) as made:
        yield made.start()


@pytest.fixture
def desk(tmp_path, broker, certs):
    return Desk(tmp_path / "desk", FORCE, broker, certs)


class Desk(ControlRoom):
    def run(self, text, *options, status=0):
        """publish with text on standard input; what it printed, as JSON where it is that."""
        done = subprocess.run(
            [self.build / "encompass", "--config", self.config, "publish", "-", *options],
            input=text, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout) if "--json" in options else done.stdout + done.stderr


def lines(*messages):
    return "".join(m + "\n" for m in messages)


def test_each_message_is_accepted_once_and_a_repeat_after(gateway, desk):
    night = lines(*(incident(f"P-{n}") for n in range(40)))
    said = desk.run(night, "--json")
    assert (said["accepted"], said["repeat"], said["refused"]) == (40, 0, 0)
    assert {m["police_ref"] for m in said["messages"]} <= gateway.references()
    assert "40 messages: 0 accepted, 40 repeat, 0 refused" in desk.run(night)


def test_what_is_refused_is_shown_by_pointer_and_line_and_ends_with_1(gateway, desk):
    bad = json.loads(incident("P-BAD"))
    bad["children"][0]["date_of_birth"] = "2019-02-30"
    bad["risk"] = "enormous"
    night = lines(incident("P-OK"), "", json.dumps(bad), '{"force": "' + FORCE + '"}', "no json",
                  incident("Zebedee Quillfeather"))
    said = desk.run(night, "--json", status=1)
    assert [m["status"] for m in said["messages"]] == ["accepted"] + ["refused"] * 4
    assert [m["line"] for m in said["messages"]] == [1, 3, 4, 5, 6]
    assert {e["at"] for e in said["messages"][1]["errors"]} == {"/children/0/date_of_birth", "/risk"}
    shown = desk.run(night, status=1)
    assert "/children/0/date_of_birth" in shown and "P-BAD" in shown
    for text in (shown, json.dumps(said), desk.run(night, "--check", status=1)):
        assert "Quillfeather" not in text


def test_one_incident_may_stand_on_many_lines(gateway, desk):
    whole = json.dumps(json.loads(incident("P-PRETTY", do_not_tell=[{"role": "dsl"}])), indent=1)
    assert desk.run(whole, "--json")["accepted"] == 1
    assert desk.run('{\n "police_ref": "P-BROKEN",\n}\n', "--json", status=1)["refused"] == 1


def test_check_publishes_nothing_and_needs_no_configuration(gateway, tmp_path):
    path = tmp_path / "incidents"
    path.write_text(lines(incident("P-CHECK"), incident("P-CHECK", revision=0)))
    done = subprocess.run([gateway.build / "encompass", "--config", "/none-such", "--now",
                           "2026-03-16T02:00:00", "publish", "--check", path],
                          capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1, done.stderr
    assert "2 checked, 1 faulty; nothing was published" in done.stdout
    assert "/revision" in done.stdout
    assert "P-CHECK" not in gateway.references()


def test_another_force_s_topic_is_refused_by_the_broker_and_said(gateway, desk):
    said = desk.run(incident("P-1", force="dorset"), status=3)
    assert "Not authorized" in said or "not authorised" in said
    assert "the broker rejected 1 of 1 messages" in said


def test_what_comes_before_any_gateway_has_subscribed_is_said_to_be_lost(tmp_path, certs):
    with Broker(tmp_path / "broker", certs, USERS) as empty:
        desk = Desk(tmp_path / "early", FORCE, empty, certs)
        said = desk.run(incident("P-EARLY"), "--timeout", "1", status=3)
    assert "1 of 1 messages have no receipt: the broker has thrown it away: no gateway has subscribed" in said


def test_a_broker_that_is_not_there_is_named(desk, broker):
    broker.stop()
    try:
        said = desk.run(incident("P-AWAY"), "--timeout", "1", status=3)
        assert f"the broker at localhost:{broker.port} is out of reach: Connection refused" in said
    finally:
        broker.start()


def test_what_has_no_receipt_in_time_ends_with_3(tmp_path, broker, certs, desk, gateway):
    gateway.stop()
    try:
        said = desk.run(incident("P-LATE"), "--timeout", "1", status=3)
        assert "1 of 1 messages have no receipt" in said
    finally:
        gateway.start()
    wait_until(lambda: "P-LATE" in gateway.references())


def test_a_wrong_password_is_said(desk):
    (desk.folder / "password").write_text("not-it\n")
    assert "the broker refuses us: Not authorized" in desk.run(incident("P-1"), "--timeout", "1",
                                                              status=3)


def test_it_goes_on_when_the_broker_comes_back(tmp_path, certs):
    with Broker(tmp_path / "broker", certs, USERS) as broker, \
            Intake(tmp_path / "gateway", broker, certs) as gateway:
        desk = Desk(tmp_path / "desk", FORCE, broker, certs)
        night = tmp_path / "night"
        night.write_text(lines(*(incident(f"P-{n}") for n in range(200))))
        gateway.start()
        wait_until(lambda: "mqtt.connected" in gateway.log_text())
        gateway.stop()  # receipts stay out, so it is waiting when the broker goes
        running = subprocess.Popen(
            [desk.build / "encompass", "--config", desk.config, "publish", night, "--json"],
            stdout=subprocess.PIPE, text=True)
        wait_until(lambda: "encompass-publish" in broker.log.read_text())
        broker.kill()  # what it had not saved is lost: only the receipt counts
        broker.start()
        gateway.start()
        said = json.loads(running.communicate(timeout=30)[0])
        assert running.returncode == 0
        assert said["accepted"] + said["repeat"] == 200
        assert len(gateway.references()) == 200


def test_a_file_that_is_not_there_or_empty_is_said(desk, tmp_path):
    for arguments, status, says in (
            (["/none/such"], 3, "/none/such"), ([], 2, "one file"),
            (["-", "--force", "Not A Force"], 2, "--force"), (["-"], 1, "holds no message")):
        done = subprocess.run([desk.build / "encompass", "--config", desk.config, "publish",
                               *arguments], input=" \n", capture_output=True, text=True, timeout=20,
                              check=False)
        assert (done.returncode, says in done.stderr) == (status, True), done
