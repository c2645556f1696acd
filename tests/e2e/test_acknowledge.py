"""Nothing is acknowledged that is not committed (P1): a broker that watches each PUBACK, and a
store that cannot be written."""

import os
import resource
import sqlite3
import time

import pytest

from support.certs import Certs
from support.fake_broker import FakeBroker
from support.gateway import wait_until
from support.intake import FORCE, INCIDENT, RECEIPT, Intake, incident

WAKE_UPS = 4000
PATIENCE = 3  # seconds that the daemon waits for the store's lock


@pytest.fixture
def broker():
    with FakeBroker() as running:
        yield running


def gateway_of(tmp_path, broker):
    return Intake(tmp_path, extra=f"[mqtt]\nhost = localhost\nport = {broker.port}\ntls = no\n")


@pytest.fixture
def gateway(tmp_path, broker):
    with gateway_of(tmp_path, broker) as made:
        made.start()
        broker.wait_subscribed()
        yield made


class Lock:
    """Another process's write transaction, as an import holds it."""

    def __init__(self, gateway):
        self._store = sqlite3.connect(gateway.store, isolation_level=None, timeout=5)

    def __enter__(self):
        self._store.execute("BEGIN IMMEDIATE")
        return self

    def release(self):
        if self._store.in_transaction:
            self._store.execute("ROLLBACK")

    def __exit__(self, *_):
        self.release()
        self._store.close()


def test_no_puback_leaves_while_another_holds_the_store(broker, gateway):
    with Lock(gateway) as lock:
        mids = [broker.deliver(INCIDENT, incident(f"OE-{n}")) for n in range(5)]
        assert not broker.wait_acknowledged(mids[0], PATIENCE / 2)
        assert broker.acknowledged == [] and gateway.references() == set()
        lock.release()
        assert broker.wait_acknowledged(mids[-1])
    assert broker.acknowledged == mids
    assert len(gateway.references()) == 5
    assert broker.connections == 1


def test_what_could_not_be_committed_comes_again_and_is_stored_once(broker, gateway):
    with Lock(gateway):
        mids = [broker.deliver(INCIDENT, incident(f"OE-{n}")) for n in range(5)]
        wait_until(lambda: "store.failed step=intake" in gateway.log_text())
        time.sleep(0.7)
        assert "store.recovered" not in gateway.log_text()
        assert broker.acknowledged == []
    assert broker.wait_acknowledged(mids[-1])
    assert broker.connections >= 2
    assert gateway.kept() == 5 and gateway.kept("repeat") == 0
    assert wait_until(lambda: "store.recovered" in gateway.log_text())
    assert gateway.log_text().count("store.failed") == 1


def test_a_stop_is_heard_while_another_holds_the_store(broker, gateway):
    with Lock(gateway):
        broker.deliver(INCIDENT, incident("OE-1"))
        wait_until(lambda: not broker.acknowledged)
        time.sleep(0.2)
        began = time.monotonic()
        assert gateway.stop(10) == 0
        assert time.monotonic() - began < 5
    assert broker.acknowledged == []


def test_a_full_disk_acknowledges_nothing_and_is_outlived(broker, gateway):
    """The daemon's largest file is bounded, which fails its writes as a full disk does."""
    broker.deliver(INCIDENT, incident("OE-before"))
    assert broker.wait_acknowledged(1)
    wait_until(lambda: len(broker.published) == 1)
    wal = os.path.getsize(f"{gateway.store}-wal")
    limits = resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (wal, limits[1]))
    mids = [broker.deliver(INCIDENT, incident(f"OE-{n}")) for n in range(5)]
    wait_until(lambda: "mqtt.lost" in gateway.log_text())
    assert broker.acknowledged == [1]
    assert gateway.running
    resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, limits)
    assert broker.wait_acknowledged(mids[-1], 20)
    assert gateway.references() == {"OE-before", *(f"OE-{n}" for n in range(5))}
    assert gateway.kept("repeat") == 0


def test_a_store_that_is_moved_away_acknowledges_nothing_until_it_is_back(broker, gateway):
    """SQLite would go on writing to a file without a name, which ends with the process."""
    store, away = str(gateway.store), f"{gateway.store}-away"
    os.rename(store, away)
    mid = broker.deliver(INCIDENT, incident("OE-1"))
    wait_until(lambda: "store.failed step=intake" in gateway.log_text())
    assert "moved, removed or replaced" in gateway.log_text()
    assert broker.acknowledged == [] and gateway.running
    os.rename(away, store)
    assert broker.wait_acknowledged(mid, 20)
    assert gateway.references() == {"OE-1"}


def test_a_killed_daemon_has_stored_whatever_it_acknowledged(broker, gateway):
    mids = {broker.deliver(INCIDENT, incident(f"OE-{n}")): f"OE-{n}" for n in range(300)}
    broker.wait_acknowledged(next(iter(mids)))
    gateway.kill()
    wait_until(lambda: not broker._subscribed.is_set())
    assert {mids[mid] for mid in broker.acknowledged} <= gateway.references()
    gateway.start()
    assert broker.wait_acknowledged(max(mids))
    assert gateway.references() == set(mids.values())


def test_a_receipt_without_puback_is_published_again_on_the_next_connection(broker, gateway):
    broker.answer_publish = False
    broker.deliver(INCIDENT, incident("OE-1"))
    wait_until(lambda: broker.published)
    assert gateway.value("SELECT count(*) FROM outbox WHERE state = 'leased'") == 1
    broker.answer_publish = True
    broker.hang_up()
    assert broker.wait_connections(2)
    wait_until(lambda: gateway.value("SELECT count(*) FROM outbox WHERE state = 'sent'") == 1)
    assert [m.topic for m in broker.published] == [RECEIPT] * 2
    assert broker.published[0].payload == broker.published[1].payload


@pytest.mark.parametrize("code", [0, 128, 135])
def test_a_subscription_that_is_not_granted_at_qos_1_is_an_error(tmp_path, broker, code):
    broker.subscribe_code = code
    with gateway_of(tmp_path, broker) as gateway:
        gateway.start()
        wait_until(lambda: "refused the subscription" in gateway.log_text())
        assert broker.wait_connections(2)  # and it goes on trying


def test_messages_of_one_tls_record_are_all_read_at_once(tmp_path):
    """The socket has nothing more then; what is left is decrypted already."""
    certs = Certs(tmp_path / "certs")
    with FakeBroker(certs.server_context()) as broker, \
            Intake(tmp_path / "gateway", broker, certs) as gateway:
        gateway.start()
        broker.wait_subscribed()
        # libmosquitto's own wake-up pipe, which nobody reads, fills first: then errno is set too.
        last = broker.deliver(INCIDENT, *["x"] * WAKE_UPS)
        assert broker.wait_acknowledged(last)
        said = len(gateway.log_text().splitlines())
        for turn in range(5):
            last = broker.deliver(INCIDENT, *(incident(f"OE-{turn}-{n}") for n in range(20)))
            assert broker.wait_acknowledged(last, 0.7), f"{len(broker.acknowledged)} acknowledged"
        batches = [line for line in gateway.log_text().splitlines()[said:] if "intake.batch" in line]
        assert len(batches) == 5, batches


def test_a_broker_that_says_nothing_does_not_hold_the_daemon(tmp_path):
    import socket
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with Intake(tmp_path, extra=f"[mqtt]\nhost = localhost\nport = {port}\n") as gateway:
            gateway.start()
            connection, _ = silent.accept()
            connection.recv(1)  # TLS begins, and gets no answer
            spent = cpu_seconds(gateway.pid)
            time.sleep(1)
            assert cpu_seconds(gateway.pid) - spent < 0.3
            connection.close()
            wait_until(lambda: "mqtt.lost" in gateway.log_text(), 5)
            assert gateway.stop(5) == 0


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
