"""kill -9 of the daemon at random moments (P1, P4): of intake fifty times, of delivery fifty times;
ENCOMPASS_KILLS another number of times each."""

import collections
import json
import os
import random
import time

import pytest

from conftest import ESTABLISHMENTS
from support import invent
from support.gateway import build_folder, wait_until
from support.scene import Publisher, Scene

KILLS = int(os.environ.get("ENCOMPASS_KILLS", "50"))
CHILDREN_A_KILL = 24  # so that there is something to deliver till the last


@pytest.fixture
def scene(tmp_path):
    with Scene(tmp_path, forces=("lancashire",), build=build_folder("ENCOMPASS_RELEASE")) as made:
        yield made


def test_kills_of_intake_lose_nothing(scene):
    gateway, rng = scene.gateway, random.Random(50)
    gateway.now = "2026-03-15T22:00:00"
    gateway.run("init")
    world = invent.World(invent.read_establishments(*ESTABLISHMENTS), 200, seed=50)
    gateway.start()
    wait_until(lambda: "mqtt.connected" in gateway.log_text())  # the broker keeps for whom it knows
    publisher = Publisher(scene.broker, scene.certs, "lancashire")
    sent = []
    for kill in range(KILLS):
        for _ in range(40):
            child = rng.choice(world.children)
            reference = f"KILL-{len(sent):05d}"
            message = invent.incident("lancashire", reference, "2026-03-15T20:00:00Z",
                                      [invent.said(child, "1")])
            sent.append((reference, publisher.publish("encompass/v1/lancashire/incident",
                                                      json.dumps(message))))
        time.sleep(rng.uniform(0, 0.06))
        gateway.kill()
        gateway.start()
    for _, handle in sent:
        handle.wait_for_publish(20)
    acknowledged = {reference for reference, handle in sent if handle.is_published()}
    assert len(acknowledged) == len(sent)
    publisher.stop()
    wait_until(lambda: gateway.value("SELECT count(*) FROM incident") >= len(acknowledged), 60)
    stored = {r for r, in gateway.query("SELECT police_ref FROM incident")}
    assert acknowledged <= stored, f"lost {len(acknowledged - stored)} of {len(acknowledged)}"
    outcomes = dict(gateway.query("SELECT outcome, count(*) FROM message GROUP BY outcome"))
    assert outcomes["accepted"] == len(stored) and "refused" not in outcomes
    scene.settled()
    receipted = gateway.value("SELECT count(DISTINCT payload ->> 'police_ref') FROM outbox"
                              " WHERE kind = 'receipt' AND state = 'sent'")
    assert receipted == len(stored)
    print(f"{KILLS} kills, {len(stored)} acknowledged, 0 lost, {outcomes.get('repeat', 0)} repeated")


def test_kills_of_delivery_tell_everyone_and_repeat_only_under_the_same_key(scene):
    gateway, rng = scene.gateway, random.Random(51)
    world = invent.World([e for e in invent.read_establishments(*ESTABLISHMENTS) if e.la_code == "888"],
                         KILLS * CHILDREN_A_KILL, seed=51)
    gateway.now = "2026-03-15T22:00:00"
    gateway.fill(world, scene.folder / "registers", establishments=ESTABLISHMENTS)
    gateway.start()
    wait_until(lambda: "mqtt.connected" in gateway.log_text())  # the broker keeps for whom it knows
    publisher = Publisher(scene.broker, scene.certs, "lancashire")
    for number, child in enumerate(world.children):
        message = invent.incident("lancashire", f"MORNING-{number:05d}", "2026-03-15T20:00:00Z",
                                  [invent.said(child, "1")])
        publisher.publish("encompass/v1/lancashire/incident", json.dumps(message))
    wait_until(lambda: gateway.value("SELECT count(*) FROM incident") == len(world.children), 60)
    scene.settled()
    publisher.stop()
    gateway.stop()
    owed = gateway.value("SELECT count(*) FROM outbox WHERE kind = 'notice'")
    assert owed >= len(world.children)
    kills = 0
    gateway.start(now="2026-03-16T07:30:00")
    while kills < KILLS:
        before = len(scene.mail.messages)
        wait_until(lambda: len(scene.mail.messages) > before or len(scene.mail.messages) >= owed, 30,
                   every=0.002)
        time.sleep(rng.uniform(0, 0.03))
        gateway.kill()
        kills += 1
        gateway.start(now="2026-03-16T07:30:00")
    scene.told(120)
    mails = scene.mail.messages
    by_reference = collections.defaultdict(set)
    times = collections.Counter()
    for mail in mails:
        by_reference[mail.parsed["Subject"], mail.recipients[0]].add(mail.message_id)
        times[mail.message_id] += 1
    assert len(times) == owed, f"{owed - len(times)} notices never reached the mail server"
    assert all(len(ids) == 1 for ids in by_reference.values()), "one notice, two keys"
    assert gateway.value("SELECT count(*) FROM child WHERE state NOT IN ('told','with_la_desk')") == 0
    repeats = len(mails) - owed
    print(f"{kills} kills, {owed} notices, 0 lost, {repeats} sent again under the same Message-ID")
    assert repeats <= kills * 20, "more repeats than there can be transfers in flight"
