"""The daemon as its unit runs it: what systemd says of the unit, signs of life, secrets as credentials."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from support.broker import Broker
from support.certs import Certs
from support.gateway import REPOSITORY, Gateway, build_folder, wait_until
from support.http_sink import HttpSink, Response
from support.notify_server import NotifyServer
from support.ports import free_port
from support.smtp_sink import SmtpSink

UNIT = REPOSITORY / "config/systemd/encompassd.service"


def test_systemd_understands_every_line_of_the_unit(tmp_path):
    def verify(text):
        unit = tmp_path / "encompassd.service"
        unit.write_text(text.replace("/usr/bin/encompassd", str(build_folder() / "encompassd")))
        return subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True,
                              check=False, timeout=60)
    done = verify(UNIT.read_text())
    assert done.returncode == 0 and not done.stderr, done.stderr
    done = verify(UNIT.read_text().replace("WatchdogSec=", "WatchdogSecs="))
    assert "WatchdogSecs" in done.stderr


def test_the_watchdog_is_longer_than_all_that_a_turn_may_wait_for():
    """Each step waits up to three seconds for the store's lock, and none of that is a hang."""
    seconds = int(re.search(r"^WatchdogSec=(\d+)$", UNIT.read_text(), re.M)[1])
    steps = len(re.findall(r'\{"[a-z]+", +[a-z]+\}', (REPOSITORY / "gateway/daemon/steps.c").read_text()))
    assert steps >= 7 and seconds > 1.5 * 3 * (steps + 1)


class Manager:
    """What a service manager hears. Its patience is that of WATCHDOG_USEC."""

    def __init__(self, folder, gateway, patience):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(folder / "notify"))
        self.patience = patience
        self.log = open(gateway.log, "ab")
        self.process = subprocess.Popen(
            [gateway.build / "encompassd", "--config", gateway.config], stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log,
            env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify"),
                 "WATCHDOG_USEC": str(int(patience * 1000000))})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.socket.close()
        self.log.close()

    def hear(self, word, seconds=20):
        """Seconds until that is said; None: it was not."""
        began = time.monotonic()
        while (left := began + seconds - time.monotonic()) > 0:
            self.socket.settimeout(left)
            with contextlib.suppress(TimeoutError):
                if word in self.socket.recv(4096).decode():
                    return time.monotonic() - began
        return None


def test_a_loop_that_hangs_gives_no_sign_of_life(tmp_path):
    gateway = Gateway(tmp_path / "gateway")
    gateway.run("init")
    with Manager(tmp_path, gateway, patience=3) as manager:
        assert manager.hear("READY=1") is not None
        for _ in range(3):
            assert manager.hear("WATCHDOG=1") < manager.patience  # else it would be killed
        # What hangs it is real: a file that does not let itself be opened, as on a server that is gone.
        text = gateway.config.read_text()
        gateway.config.unlink()
        os.mkfifo(gateway.config)
        manager.process.send_signal(signal.SIGHUP)
        assert manager.hear("RELOADING=1") is not None
        assert manager.hear("WATCHDOG=1", 2 * manager.patience) is None
        with open(gateway.config, "w", encoding="ascii") as fifo:
            fifo.write(text)
        assert manager.hear("READY=1") is not None
        for _ in range(3):
            assert manager.hear("WATCHDOG=1") < manager.patience
        manager.process.send_signal(signal.SIGTERM)
        assert manager.hear("STOPPING=1") is not None and manager.process.wait(10) == 0


def test_a_store_that_another_holds_is_no_hang(tmp_path):
    gateway = Gateway(tmp_path / "gateway", extra=f"[mqtt]\ntls = no\nport = {free_port()}")
    gateway.run("init")
    with Manager(tmp_path, gateway, patience=15) as manager:  # one step of eight waits here
        assert manager.hear("READY=1") is not None and manager.hear("WATCHDOG=1") is not None
        held = subprocess.Popen(["sqlite3", gateway.store], stdin=subprocess.PIPE, text=True)
        held.stdin.write("BEGIN IMMEDIATE;\n")
        held.stdin.flush()
        wait_until(lambda: "store.failed" in gateway.log_text(), 30)
        for _ in range(3):
            assert manager.hear("WATCHDOG=1") < manager.patience
        held.stdin.close()
        held.wait(10)
        wait_until(lambda: "store.recovered" in gateway.log_text(), 60)


@pytest.fixture
def secrets(tmp_path):
    """A gateway with each secret that there can be, in files of gateway.folder, and the servers that want them."""
    certs = Certs(tmp_path / "certs")
    token = Response(200, {}, b'{"access_token": "good", "token_type": "Bearer"}')
    with Broker(tmp_path / "broker", certs, {"encompassd": "a word"}, client_certificates=True) as broker, \
            SmtpSink(certs, users={"encompass": "mail drill"}) as mail, \
            HttpSink(certs.server("mutual", clients=True)) as web, HttpSink(certs) as login, \
            NotifyServer(certs) as notify:
        login.respond = lambda request: token
        gateway = Gateway(tmp_path / "gateway", broker, mail, web, certs)
        broker_cert, broker_key = certs.client("encompassd")
        web_cert, web_key = certs.client("web")
        for name, text in {"broker-key": broker_key.read_text(), "web-key": web_key.read_text(),
                           "client-secret": "a secret\n", "receiver-secret": web.secret + "\n",
                           "answers-secret": web.secret + "\n", "notify-key": notify.api_key + "\n"}.items():
            (gateway.folder / name).touch(mode=0o600)
            (gateway.folder / name).write_text(text)
        (gateway.folder / "answers").mkdir()
        gateway.config.write_text(gateway.config.read_text() + f"""
[mqtt]
certificate_file = {broker_cert}
key_file = broker-key
[receiver "mis"]
host = localhost
certificate_file = {web_cert}
key_file = web-key
secret_file = receiver-secret
token_url = {login.url}/token
client_id = encompass
client_secret_file = client-secret
[answers]
folder = answers
secret_file = answers-secret
[adapter "notify"]
url = {notify.url}
ca_file = {certs.ca}
email_template = {notify.email_template}
api_key_file = notify-key
""")
        gateway.run("init")
        yield gateway, ["mqtt-password", "mail-password", "webhook-secret", "broker-key", "web-key", "client-secret",
                        "receiver-secret", "answers-secret", "notify-key"]


def is_well(gateway):
    done = gateway.run("check", "--online", "--json", status=None)
    return done.returncode == 0, done.stdout


def test_each_secret_is_taken_from_the_service_manager_where_it_has_it(secrets, tmp_path, monkeypatch):
    gateway, names = secrets
    well, said = is_well(gateway)
    assert well, said
    credentials = tmp_path / "credentials"
    credentials.mkdir(mode=0o700)
    for name in names:
        shutil.move(gateway.folder / name, credentials / name)
        (credentials / name).chmod(0o440)  # as systemd hands them to a service that is not root's
    assert not is_well(gateway)[0]
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    well, said = is_well(gateway)
    assert well and "mode 440" not in said, said
    for name in names:  # the file beside the configuration goes after it
        (gateway.folder / name).touch(mode=0o600)
        (gateway.folder / name).write_text("not this one\n")
    well, said = is_well(gateway)
    assert well, said
    gateway.start()
    wait_until(lambda: "mqtt.connected" in gateway.log_text())
    assert gateway.stop() == 0
    for name in names:
        (gateway.folder / name).unlink()
    for name in names:  # and each is asked for: without it all is not well
        (credentials / name).rename(tmp_path / "aside")
        assert not is_well(gateway)[0], name
        (tmp_path / "aside").rename(credentials / name)
