"""The daemon as its service manager and its operator drive it: reload, log level, stop."""

import json
import re
import signal
import sqlite3
import subprocess
import time

import pytest

from conftest import ESTABLISHMENTS
from support import invent
from support.gateway import REPOSITORY, wait_until
from support.scene import Publisher, Scene

NIGHT, MORNING = "2026-03-15T22:00:00", "2026-03-16T07:30:00"


@pytest.fixture
def scene(tmp_path):
    """A gateway with one child's call-out, due in the morning."""
    with Scene(tmp_path, forces=("lancashire",), now=NIGHT) as made:
        primary = [e for e in invent.read_establishments(*ESTABLISHMENTS) if e.la_code == "888"]
        world = invent.World(primary, 1, seed=70)
        made.world = world
        made.gateway.fill(world, made.folder / "registers", establishments=ESTABLISHMENTS)
        made.gateway.start()
        wait_until(lambda: "mqtt.connected" in made.gateway.log_text())
        publish(made, "RELOAD-1")
        made.gateway.stop()
        yield made


def publish(scene, reference):
    publisher = Publisher(scene.broker, scene.certs, "lancashire")
    message = invent.incident("lancashire", reference, "2026-03-15T20:00:00Z",
                              [invent.said(scene.world.children[0], "1")])
    publisher.publish("encompass/v1/lancashire/incident", json.dumps(message)).wait_for_publish(10)
    publisher.stop()
    wait_until(lambda: scene.gateway.value("SELECT count(*) FROM incident WHERE police_ref = ?", reference) == 1)
    scene.settled()


def test_the_unit_leaves_the_service_little():
    """systemd's own measure, from 0 to 10."""
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager",
                           REPOSITORY / "config/systemd/encompassd.service"],
                          capture_output=True, text=True, check=False)
    exposure = re.search(r"Overall exposure level for encompassd.service: ([0-9.]+)", done.stdout)
    assert exposure and float(exposure[1]) < 2.0, done.stdout + done.stderr


def say(scene, number, until):
    """Sends the signal and returns when the log has so many of that line."""
    seen = scene.gateway.log_text().count(until)
    scene.gateway._process.send_signal(number)
    wait_until(lambda: scene.gateway.log_text().count(until) > seen, 5)


def test_a_new_configuration_takes_over_and_what_is_under_way_ends(scene):
    """The mail server is slow over the one notice; meanwhile the configuration is read again."""
    def slow(mail):
        time.sleep(1.5)

    scene.mail.on_data = slow
    scene.gateway.start(now=MORNING)
    wait_until(lambda: scene.gateway.value("SELECT count(*) FROM outbox WHERE state = 'leased'") == 1)
    text = scene.gateway.config.read_text()
    scene.gateway.config.write_text(text.replace("from = encompass@", "from = desk@"))
    wait_until(lambda: scene.gateway.log_text().count("mqtt.connected") == 2)
    say(scene, signal.SIGHUP, "daemon.reloaded")
    scene.told()
    scene.mail.on_data = lambda mail: None
    assert len(scene.mail.messages) == 1
    assert scene.mail.messages[0].parsed["From"].addresses[0].username == "encompass"
    assert scene.gateway.value("SELECT count(*) FROM attempt") == 1
    # The broker's section says the same: its connection stayed.
    assert scene.gateway.log_text().count("mqtt.connected") == 2
    publish(scene, "RELOAD-2")
    scene.gateway.stop()
    scene.gateway.start(now="2026-03-16T09:00:00")
    scene.told()
    assert scene.mail.messages[-1].parsed["From"].addresses[0].username == "desk"


@pytest.mark.parametrize("wrong, says", [
    ("[adapter \"spool\"]\nfolder = nowhere\n", "nowhere"),
    ("[morning]\nsend_time = late\n", "send_time"),
])
def test_a_wrong_configuration_is_refused_and_that_of_before_goes_on(scene, wrong, says):
    text = scene.gateway.config.read_text()
    scene.gateway.start(now=NIGHT)
    scene.gateway.config.write_text(re.sub(r"\[adapter \"spool\"\]\nfolder = spool\n", "", text) + wrong)
    say(scene, signal.SIGHUP, "daemon.reload.refused")
    refused = [line for line in scene.gateway.log_text().splitlines() if "daemon.reload.refused" in line][-1]
    assert says in refused and "stays in force" in refused
    publish(scene, "RELOAD-3")


def test_the_broker_s_new_address_is_gone_to(scene):
    scene.gateway.start(now=NIGHT)
    wait_until(lambda: "mqtt.connected" in scene.gateway.log_text())
    text = scene.gateway.config.read_text()
    scene.gateway.config.write_text(text.replace("host = localhost", "host = 127.0.0.1", 1))
    say(scene, signal.SIGHUP, "mqtt.connected host=127.0.0.1")
    publish(scene, "RELOAD-4")


def test_the_log_is_made_to_say_more_and_less(scene):
    scene.gateway.start(now=NIGHT)
    say(scene, signal.SIGUSR1, "log.level level=debug")
    say(scene, signal.SIGUSR2, "log.level level=info")
    say(scene, signal.SIGUSR2, "log.level level=warning")
    scene.gateway._process.send_signal(signal.SIGHUP)
    wait_until(lambda: "daemon.reloaded" in scene.gateway.log_text(), 5)  # info again, as configured


def test_a_stop_does_not_wait_for_a_server_that_hangs(scene):
    scene.mail.on_data = lambda mail: "hang"
    scene.gateway.start(now=MORNING)
    wait_until(lambda: scene.gateway.value("SELECT count(*) FROM outbox WHERE state = 'leased'") == 1)
    time.sleep(0.5)
    began = time.monotonic()
    assert scene.gateway.stop(8) == 0
    assert time.monotonic() - began < 5.5
    assert scene.gateway.query("SELECT state, tries FROM outbox WHERE kind = 'notice'") == [("due", 1)]
    scene.mail.on_data = lambda mail: None
    scene.gateway.start(now="2026-03-16T07:31:00")
    scene.told()
    assert len(scene.mail.messages) == 1


def test_a_stop_does_not_wait_for_who_holds_the_store(scene):
    """Nor for a server that hangs beside: what nobody could record is sent again, under its key."""
    scene.mail.on_data = lambda mail: "hang"
    scene.gateway.start(now=MORNING)
    wait_until(lambda: scene.gateway.value("SELECT count(*) FROM outbox WHERE state = 'leased'") == 1)
    holder = sqlite3.connect(scene.gateway.store, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    assert scene.gateway.stop(10) == 0
    assert time.monotonic() - began < 5.5
    holder.execute("ROLLBACK")
    holder.close()
    scene.mail.on_data = lambda mail: None
    scene.gateway.start(now="2026-03-16T07:31:00")
    scene.told()
    assert len({mail.message_id for mail in scene.mail.messages + scene.mail.refused}) == 1


def test_a_configuration_that_is_refused_leaves_what_is_shut_known(scene):
    scene.mail.on_command = lambda verb: "535 5.7.8 no" if verb == "AUTH" else None
    scene.gateway.start(now=MORNING)
    shut = lambda: scene.gateway.query("SELECT adapter FROM shut")
    wait_until(lambda: shut() == [("email",)])
    with open(scene.gateway.config, "a") as config:
        config.write("[answers]\nfolder = spool\n")
    say(scene, signal.SIGHUP, "daemon.reload.refused")
    time.sleep(1.5)
    assert shut() == [("email",)]
