"""A school morning by GOV.UK Notify: told, asked about, escalated; and killed as often as it takes,
with answers lost on top, nobody is told twice."""

import collections
import json
import random
import subprocess
import time

import pytest

from conftest import ESTABLISHMENTS
from support import invent
from support.gateway import TEMPLATES, build_folder, wait_until
from support.notify_server import NotifyServer
from support.scene import Publisher, Scene

KILLS = 12
CHILDREN_A_KILL = 12


class Morning:
    """Every establishment of one authority is told by Notify, deputies and desk by mail."""

    def __init__(self, folder, children, seed):
        self.notify = NotifyServer().start()
        (folder / "key").write_text(self.notify.api_key + "\n")
        (folder / "key").chmod(0o600)
        extra = "\n".join([
            '[adapter "notify"]', f"api_key_file = {folder / 'key'}", f"url = {self.notify.url}",
            f"email_template = {self.notify.email_template}",
            f"sms_template = {self.notify.sms_template}", "desk_number = 01752 000000",
            "timeout = 2s", "concurrency = 6"])
        self.scene = Scene(folder, forces=("lancashire",), build=build_folder(),
                           now="2026-03-15T22:00:00", gateway_extra=extra)
        self.gateway = self.scene.gateway
        self.world = invent.World([e for e in invent.read_establishments(*ESTABLISHMENTS)
                                   if e.la_code == "888"], children, seed=seed, rare_names=True)
        self.gateway.fill(self.world, folder / "registers", adapter_of=lambda e: "notify",
                          establishments=ESTABLISHMENTS)
        self.gateway.start()
        wait_until(lambda: "mqtt.connected" in self.gateway.log_text())
        publisher = Publisher(self.scene.broker, self.scene.certs, "lancashire")
        for number, child in enumerate(self.world.children):
            publisher.publish("encompass/v1/lancashire/incident", json.dumps(invent.incident(
                "lancashire", f"NOTIFY-{number:04d}", "2026-03-15T20:00:00Z",
                [invent.said(child, "1")])))
        wait_until(lambda: self.gateway.value("SELECT count(*) FROM message")
                   == len(self.world.children), 60)
        self.scene.settled()
        publisher.stop()
        self.gateway.stop()
        self.owed = {key for key, in self.gateway.query(
            "SELECT key FROM outbox WHERE kind = 'notice' AND adapter = 'notify'")}
        assert self.owed

    def at(self, when):
        self.gateway.kill()
        self.gateway.start(now=f"2026-03-16T{when}")

    def all_told(self):
        self.scene.told(120)
        self.scene.settled()

    def open(self):
        return self.gateway.value("SELECT count(*) FROM delivery WHERE ask_at IS NOT NULL")

    def stop(self):
        self.scene.stop()
        self.notify.stop()


@pytest.fixture
def morning(request, tmp_path):
    made = Morning(tmp_path, *request.param)
    yield made
    made.stop()


@pytest.mark.parametrize("morning", [(30, 60)], indirect=True)
def test_what_notify_has_taken_over_is_asked_about_until_it_is_delivered(morning):
    gateway, notify = morning.gateway, morning.notify
    notify.status = "sending"
    morning.at("07:30:00")
    morning.all_told()
    assert {one["reference"] for one in notify.sent} == morning.owed
    assert morning.open() == len(morning.owed)
    morning.at("07:31:00")
    wait_until(lambda: len(notify.look_ups()) >= len(morning.owed))
    wait_until(lambda: gateway.value(
        "SELECT min(ask_at) > sent_at + 60 FROM delivery WHERE ask_at IS NOT NULL"))
    assert morning.open() == len(morning.owed)
    notify.status = "delivered"
    morning.at("09:00:00")  # one that was killed goes on asking
    wait_until(lambda: morning.open() == 0)
    assert gateway.value("SELECT count(*) FROM audit WHERE event = 'item.delivered'") \
        == len(morning.owed)
    assert len(notify.posts()) == len(morning.owed)
    for child in morning.world.children:  # P5
        assert child.surname not in gateway.log_text()


@pytest.mark.parametrize("morning", [(30, 61)], indirect=True)
def test_what_notify_could_not_deliver_goes_to_the_deputy_at_once(morning):
    gateway, notify, mail = morning.gateway, morning.notify, morning.scene.mail
    notify.status = "sending"
    morning.at("07:30:00")
    morning.all_told()
    lost = notify.sent[0]
    lost["status"] = "permanent-failure"
    notify.status = "delivered"
    assert not [m for m in mail.messages if m.recipients[0].startswith("deputy@")]
    morning.at("07:32:00")
    wait_until(lambda: morning.open() == 0)
    deputy = lost["email_address"].replace("dsl@", "deputy@")
    wait_until(lambda: deputy in [m.recipients[0] for m in mail.messages])
    morning.all_told()
    assert gateway.value("SELECT count(*) FROM audit WHERE event = 'item.returned'") == 1
    assert gateway.value("SELECT count(*) FROM child WHERE state NOT IN ('told','with_la_desk')") == 0
    assert len([m for m in mail.messages if m.recipients[0].startswith("deputy@")]) == 1


@pytest.mark.parametrize("morning", [(30, 62)], indirect=True)
def test_what_never_left_notify_is_sent_again_to_the_same_contact(morning):
    gateway, notify = morning.gateway, morning.notify
    notify.status = "sending"
    morning.at("07:30:00")
    morning.all_told()
    stuck = notify.sent[0]
    stuck["status"] = "technical-failure"
    notify.status = "delivered"
    morning.at("07:32:00")
    wait_until(lambda: morning.open() == 0)
    morning.at("07:34:00")
    wait_until(lambda: len(notify.posts()) == len(morning.owed) + 1)
    morning.all_told()
    assert [one["reference"] for one in notify.sent].count(stuck["reference"]) == 2
    morning.at("07:36:00")
    wait_until(lambda: morning.open() == 0)
    assert gateway.value("SELECT count(*) FROM child WHERE state NOT IN ('told','with_la_desk')") == 0


@pytest.mark.parametrize("morning", [(KILLS * CHILDREN_A_KILL, 63)], indirect=True)
def test_kills_and_lost_answers_tell_nobody_twice(morning):
    """The daemon is killed in mid-flight, and a third of what Notify takes over it does not say: its
    answer is lost, late, cut, or an error."""
    gateway, notify, rng = morning.gateway, morning.notify, random.Random(63)
    faults = collections.Counter()

    def fault(request, done):
        what = done()
        if request.method == "GET" or rng.random() > 1 / 3:
            return what
        kind = rng.choice(["lost", "late", "error", "cut"])
        faults[kind] += 1
        if kind == "late":
            time.sleep(0.3)
        elif kind == "error":
            what.status = 500
        elif kind == "cut":
            what.cut = len(what.body) - 5
        return "drop" if kind == "lost" else what

    notify.fault = fault
    began = time.monotonic()
    for _ in range(KILLS):
        # The gateway's clock goes with the world's: what was on its way has the time to arrive.
        morning.at(f"07:30:{int(time.monotonic() - began) % 60:02}")
        before = len(notify.sent)
        wait_until(lambda: len(notify.sent) > before or len(notify.sent) >= len(morning.owed), 30,
                   every=0.002)
        time.sleep(rng.uniform(0, 0.05))
    gateway.kill()
    time.sleep(2)
    notify.fault = lambda request, done: done()
    morning.at("07:50:00")
    morning.all_told()
    times = collections.Counter(one["reference"] for one in notify.sent)
    assert set(times) == morning.owed, f"{len(morning.owed - set(times))} were never taken over"
    twice = {key: n for key, n in times.items() if n > 1}
    assert not twice, f"{len(twice)} of {len(times)} were taken over more than once"
    assert len(faults) == 4
    assert gateway.value("SELECT count(*) FROM child WHERE state NOT IN ('told','with_la_desk')") == 0
    print(f"{KILLS} kills, {dict(faults)}, {len(times)} notices, 0 lost, 0 twice,"
          f" {len(notify.look_ups())} look-ups")


def test_check_holds_receivers_and_notify_to_what_they_need(tmp_path):
    """What a start would refuse, with its line, and what it would regret."""
    conf, key = tmp_path / "encompass.conf", tmp_path / "key"

    def check(text):
        conf.write_text("[store]\npath = store.db\n[morning]\n"
                        f"templates = {TEMPLATES}\n" + text)
        done = subprocess.run([build_folder() / "encompass", "--config", conf, "check", "--json"],
                              capture_output=True, text=True, check=False)
        return [(f["severity"], f["subject"], f["what"]) for f in json.loads(done.stdout)["findings"]
                if "adapter" in f["subject"] or "receiver" in f["subject"]]

    subprocess.run([build_folder() / "encompass", "--config", conf, "init"], check=False)
    key.write_text("a-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0\n")
    key.chmod(0o644)
    (tmp_path / "secret").write_text(NotifyServer().secret + "\n")
    found = check('[adapter "notify"]\napi_key_file = key\nemail_template = letter\n')
    assert any(s == "error" and f"{conf}:7: " in t and "no id of a template" in t for s, _, t in found)
    found = check('[adapter "notify"]\napi_key_file = key\n'
                  'email_template = 26785a09-ab16-4eb0-8407-a37497a57506\n')
    assert [(s, w) for s, w, _ in found] == [("warning", '[adapter "notify"] api_key_file')]
    found = check('[adapter "webhook"]\nsecret_file = secret\n[receiver "x"]\nhost = a.example\n'
                  'client_secret_file = key\nca_file = key\n')
    assert ("warning", '[receiver "x"] client_secret_file') in [(s, w) for s, w, _ in found]
    assert any(s == "error" and w == '[receiver "x"] ca_file' and "no certificate" in t
               for s, w, t in found)
