"""What goes wrong on the way to the mail server, and on the way from the control room, on a whole
morning: each fault that other notifiers were measured under. None is lost, none sent twice; where the
server's answer is lost, the repeat carries the same Message-ID (P1, P4)."""

import collections
import json
import random
import shutil
import sqlite3
import threading
import time

import pytest

from conftest import ESTABLISHMENTS
from support import invent
from support.gateway import build_folder, wait_until
from support.scene import Publisher, Scene

CHILDREN = 300
NIGHT, MORNING = "2026-03-15T22:00:00", "2026-03-16T07:30:00"


def new_scene(folder):
    return Scene(folder, forces=("lancashire",), build=build_folder("ENCOMPASS_RELEASE"))


@pytest.fixture(scope="module")
def world():
    primary = [e for e in invent.read_establishments(*ESTABLISHMENTS) if e.la_code == "888"]
    return invent.World(primary, CHILDREN, seed=60)


@pytest.fixture(scope="module")
def filled(tmp_path_factory, world):
    """A store with everything imported."""
    with new_scene(tmp_path_factory.mktemp("filled")) as scene:
        scene.gateway.now = NIGHT
        scene.gateway.fill(world, scene.folder / "registers", establishments=ESTABLISHMENTS)
        yield scene.gateway.store


def publish(scene, world, twice=0):
    """One incident a child; every so many of them come twice. How many did."""
    wait_until(lambda: "mqtt.connected" in scene.gateway.log_text())
    publisher = Publisher(scene.broker, scene.certs, "lancashire")
    for number, child in enumerate(world.children):
        message = json.dumps(invent.incident("lancashire", f"MORNING-{number:05d}",
                                             "2026-03-15T20:00:00Z", [invent.said(child, "1")]))
        for _ in range(2 if twice and number % twice == 0 else 1):
            publisher.publish("encompass/v1/lancashire/incident", message)
    wait_until(lambda: scene.gateway.value("SELECT count(*) FROM incident") == len(world.children), 60)
    scene.settled()
    publisher.stop()
    return len(world.children[::twice]) if twice else 0


@pytest.fixture(scope="module")
def planned(tmp_path_factory, world, filled):
    """... and a night's call-outs, whose notices wait for the morning."""
    with new_scene(tmp_path_factory.mktemp("planned")) as scene:
        shutil.copy(filled, scene.gateway.store)
        scene.gateway.start(now=NIGHT)
        publish(scene, world)
        assert scene.gateway.stop() == 0
        yield scene.gateway.store


@pytest.fixture
def morning(tmp_path, planned):
    """The gateway, stopped, before its send time; what is owed."""
    with new_scene(tmp_path) as scene:
        shutil.copy(planned, scene.gateway.store)
        scene.owed = scene.gateway.value("SELECT count(*) FROM outbox WHERE kind = 'notice'")
        assert scene.owed >= CHILDREN * 9 // 10
        yield scene


def times(scene):
    return collections.Counter(m.message_id for m in scene.mail.messages)


def all_told_once(scene):
    assert len(times(scene)) == scene.owed, "lost"
    assert set(times(scene).values()) == {1}, "sent twice"
    assert scene.gateway.value("SELECT count(*) FROM attempt WHERE verdict = 'sent'"
                               " GROUP BY item_id HAVING count(*) > 1 UNION ALL SELECT 0") == 0


def test_a_twentieth_of_first_attempts_put_off(morning):
    rng, lock, put_off = random.Random(61), threading.Lock(), set()

    def reply(mail):
        with lock:
            if mail.message_id not in put_off and rng.random() < 0.05:
                put_off.add(mail.message_id)
                return "451 4.3.2 come again"
        return None

    morning.mail.on_data = reply
    morning.gateway.start(now=MORNING)
    morning.told(60)
    assert put_off
    all_told_once(morning)


def test_a_mail_server_that_refuses_for_five_seconds(morning):
    morning.mail.stop()
    morning.gateway.start(now=MORNING)
    time.sleep(5)
    morning.mail.start()
    morning.told(120)
    all_told_once(morning)


def test_a_mail_server_that_goes_in_the_midst_of_it(morning):
    morning.gateway.start(now=MORNING)
    wait_until(lambda: len(morning.mail.messages) > morning.owed // 4, every=0.01)
    morning.mail.stop()
    taken = len(morning.mail.messages)
    time.sleep(2)
    morning.mail.start()
    morning.told(120)
    assert len(times(morning)) == morning.owed
    twice = sum(times(morning).values()) - morning.owed
    assert taken < morning.owed and twice <= 10, "more than were on their way"


def test_a_tenth_of_the_incidents_come_twice(tmp_path, world, filled):
    with new_scene(tmp_path) as scene:
        shutil.copy(filled, scene.gateway.store)
        scene.gateway.start(now=NIGHT)
        twice = publish(scene, world, twice=10)
        assert scene.gateway.value("SELECT count(*) FROM message WHERE outcome = 'repeat'") == twice
        scene.gateway.stop()
        scene.owed = scene.gateway.value("SELECT count(*) FROM outbox WHERE kind = 'notice'")
        scene.gateway.start(now=MORNING)
        scene.told(60)
        all_told_once(scene)


def test_a_twentieth_taken_over_and_cut_before_the_answer(morning):
    """Nobody can know what became of these: each comes again, once, under its own Message-ID."""
    rng, lock, cut = random.Random(62), threading.Lock(), set()

    def reply(mail):
        with lock:
            if mail.message_id not in cut and rng.random() < 0.05:
                cut.add(mail.message_id)
                return "drop"
        return None

    morning.mail.on_data = reply
    morning.gateway.start(now=MORNING)
    morning.told(120)
    assert cut
    assert len(times(morning)) == morning.owed
    assert {key for key, n in times(morning).items() if n > 1} == cut
    assert max(times(morning).values()) == 2
    by_notice = collections.defaultdict(set)
    for mail in morning.mail.messages:
        by_notice[mail.parsed["Subject"], mail.recipients[0]].add(mail.message_id)
    assert all(len(keys) == 1 for keys in by_notice.values()), "one notice, two Message-IDs"


def test_a_long_reader_of_the_store_holds_nothing_up(morning):
    """As a report or a backup that takes all morning."""
    reader = sqlite3.connect(f"file:{morning.gateway.store}?mode=ro", uri=True)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM attempt").fetchone() == (0,)
    morning.gateway.start(now=MORNING)
    morning.told(60)
    all_told_once(morning)
    assert reader.execute("SELECT count(*) FROM attempt").fetchone() == (0,)
    reader.close()


def test_a_mail_server_whose_name_is_unknown_is_found_when_it_is_known(morning):
    conf = morning.gateway.config
    known = conf.read_text()
    conf.write_text(known.replace("host = localhost", "host = mail.invalid")
                    .replace("host = mail.invalid", "host = localhost", 1))  # the broker's is known
    assert "mail.invalid" in conf.read_text()
    morning.gateway.start(now=MORNING)
    wait_until(lambda: "adapter.held" in morning.gateway.log_text() or
               morning.gateway.value("SELECT count(*) FROM attempt") > 0, 30)
    assert morning.mail.messages == []
    morning.gateway.stop()
    conf.write_text(known)
    morning.gateway.start(now="2026-03-16T07:36:00")
    morning.told(60)
    all_told_once(morning)
