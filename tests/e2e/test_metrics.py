"""Figures for Prometheus: the file that the daemon writes and what status --metrics prints, read by
Prometheus' own parser."""

import os
import re
import signal
import time

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from conftest import ESTABLISHMENTS, POLICIES
from support import invent
from support.gateway import wait_until
from support.scene import Scene


def read(text):
    """{(name, labels): value}. OpenMetrics' parser is the strict one (each family once and whole, names,
    labels, escapes); what it wants otherwise than this format does is where _total stands, and an end."""
    assert text.endswith("\n")
    strict = re.sub(r"^(# (?:HELP|TYPE) \w+)_total ", r"\1 ", text, flags=re.M) + "# EOF\n"
    samples = {}
    for family in text_string_to_metric_families(strict):
        assert family.name.startswith("encompass_") and family.documentation, family
        assert family.type in ("gauge", "counter"), family
        for sample in family.samples:
            assert sample.name.endswith("_total") == (family.type == "counter"), sample
            assert sample.value >= 0 and sample.timestamp is None, sample
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in samples, f"{key} twice"
            samples[key] = sample.value
    # The parser keeps one of two samples alike.
    assert len(samples) == len([line for line in text.splitlines() if not line.startswith("#")])
    return samples


GOOD = "# HELP encompass_x_total X.\n# TYPE encompass_x_total counter\nencompass_x_total{a=\"b\"} 1\n"


@pytest.mark.parametrize("wrong", [
    GOOD.replace("_total", ""), GOOD.replace("counter", "gauge"), GOOD.replace("counter", "number"),
    GOOD.replace("# HELP encompass_x_total X.\n", ""), GOOD.replace('"b"', '"b'), GOOD.replace(" 1\n", " one\n"),
    GOOD.replace("a=", "1a="), GOOD + 'encompass_x_total{a="b"} 1\n', GOOD + GOOD, GOOD.rstrip()])
def test_the_reader_objects_to_what_is_wrong(wrong):
    assert read(GOOD) == {("encompass_x_total", (("a", "b"),)): 1}
    with pytest.raises((ValueError, AssertionError)):
        read(wrong)


def test_a_night_s_figures_are_status_s_and_name_nobody(played):
    gateway = played.gateway
    text = gateway.run("status", "--metrics").stdout
    got, status = read(text), gateway.json("status")

    def figure(name, **labels):
        return got[name, tuple(sorted(labels.items()))]
    for state, count in status["all"]["children"].items():
        if state != "all":
            assert figure("encompass_children", state=state) == count
    for state in ("owed", "told", "answered", "failed", "cancelled"):
        assert figure("encompass_notices", state=state) == status["notices"][state]
    assert figure("encompass_notices_unanswered") == status["notices"]["unanswered"]
    assert figure("encompass_daemon_running") == 1
    assert figure("encompass_reviews_open") == len(gateway.json("review", "list")["children"])
    for adapter, verdict, count in gateway.query(
            "SELECT o.adapter, a.verdict, count(*) FROM attempt a JOIN outbox o USING (item_id) GROUP BY 1, 2"):
        assert figure("encompass_attempts_total", adapter=adapter, verdict=verdict) == count
    for force, last in gateway.query("SELECT force, max(last_at) FROM feed GROUP BY 1"):
        assert figure("encompass_feed_last_message_timestamp_seconds", force=force) == last
    assert {labels for name, labels in got if name.startswith("encompass_roll")} == {
        (("la", la),) for la, in gateway.query("SELECT DISTINCT la_code FROM roll")}
    assert abs(figure("encompass_store_last_commit_timestamp_seconds") - time.time()) < 3600
    assert figure("encompass_store_size_bytes") > 100000
    assert figure("encompass_store_free_bytes") > 0
    names = {word for child in played.world.children for word in (child.forename, child.surname)}
    assert not [name for name in names if re.search(rf"\b{re.escape(name)}\b", text)]
    assert not [ref for ref, in gateway.query("SELECT police_ref FROM incident UNION SELECT reference FROM notice")
                if ref in text]


@pytest.fixture
def scene(tmp_path):
    with Scene(tmp_path, forces=("kent",), now="2026-03-16T05:40:00",
               gateway_extra=f"[metrics]\nfile = {tmp_path}/metrics/encompass.prom\nevery = 5s") as made:
        (tmp_path / "metrics").mkdir()
        made.gateway.run("init")
        yield made


def test_the_file_is_written_whole_again_and_again_for_all_to_read(scene):
    folder, gateway = scene.folder / "metrics", scene.gateway
    path = folder / "encompass.prom"
    gateway.start()
    wait_until(path.exists)
    assert os.stat(path).st_mode & 0o777 == 0o644
    first, ends = path.stat().st_ino, time.monotonic() + 8
    seen = set()
    while time.monotonic() < ends:  # never a part of it
        text = path.read_text()
        if text not in seen:
            seen.add(text)
            assert read(text)["encompass_daemon_running", ()] == 1
            assert text.endswith("\n") and "encompass_store_free_bytes" in text
        time.sleep(0.005)
    assert len(seen) >= 2 and path.stat().st_ino != first
    wait_until(lambda: read(path.read_text())["encompass_broker_connected", ()] == 1)
    assert gateway.stop() == 0
    assert os.listdir(folder) == ["encompass.prom"]


def test_a_folder_that_is_gone_is_said_once_and_stops_nothing(scene):
    folder, gateway = scene.folder / "metrics", scene.gateway
    folder.rmdir()
    gateway.start()
    wait_until(lambda: "metrics.failed" in gateway.log_text())
    wait_until(lambda: "mqtt.connected" in gateway.log_text())
    time.sleep(6)
    assert gateway.log_text().count("metrics.failed") == 1
    folder.mkdir()
    wait_until(lambda: "metrics.written" in gateway.log_text())
    assert (folder / "encompass.prom").exists()


def test_a_configuration_that_is_refused_leaves_the_draft_of_the_one_in_force(scene):
    folder, gateway = scene.folder / "metrics", scene.gateway
    text = gateway.config.read_text().replace("every = 5s", "every = 1h")
    gateway.config.write_text(text)
    gateway.start()
    wait_until((folder / "encompass.prom").exists)
    draft = folder / "encompass.prom-new"
    draft.write_text("under way")
    gateway.config.write_text(text + "[match]\nweights = nowhere\n")
    gateway._process.send_signal(signal.SIGHUP)
    wait_until(lambda: "daemon.reload.refused" in gateway.log_text())
    assert draft.read_text() == "under way"
    assert gateway.stop() == 0
    assert os.listdir(folder) == ["encompass.prom"]


def test_metrics_go_with_nothing_else(scene):
    scene.gateway.run("status", "--metrics", "--json", status=2)
