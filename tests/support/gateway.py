"""The programs under test: a store, a configuration, the daemon, the command, a control room."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TEMPLATES = REPOSITORY / "templates"


def build_folder(kind="ENCOMPASS_BUILD"):
    return Path(os.environ.get(kind) or REPOSITORY / "build/dev").resolve()


def wait_until(holds, seconds=20.0, every=0.05):
    """The first true value of holds(), or an AssertionError after seconds."""
    end = time.monotonic() + seconds
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {holds}")
        time.sleep(every)


class Gateway:
    """broker, mail and web are servers of this folder's siblings, or None for none. now: London's
    time, as --now takes it; it runs on from each start."""

    def __init__(self, folder, broker=None, mail=None, web=None, certs=None, now=None, build=None,
                 extra=""):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.build = Path(build) if build else build_folder()
        self.now = now
        self.config = self.folder / "encompass.conf"
        self.store = self.folder / "store.db"
        self.log = self.folder / "encompassd.log"
        self.spool = self.folder / "spool"
        self._process = None
        lines = ["[store]", "path = store.db", "[morning]", f"templates = {TEMPLATES}"]
        if broker:
            lines += ["[mqtt]", "host = localhost", f"port = {broker.port}", f"ca_file = {certs.ca}",
                      "username = encompassd"] + self._password("mqtt", broker.users["encompassd"])
        if mail:
            lines += ['[adapter "email"]', "host = localhost", f"port = {mail.port}",
                      f"tls = {mail.tls}", "from = encompass@gateway.example"]
            if mail.tls != "none":
                lines += [f"ca_file = {certs.ca}"]
            if mail.users:
                (name, word), = mail.users.items()
                lines += [f"username = {name}"] + self._password("mail", word)
        if web:
            lines += ['[adapter "webhook"]', f"ca_file = {certs.ca}", "allow_loopback = yes"]
            lines += self._secret_file("secret_file", "webhook-secret", web.secret)
        self.spool.mkdir(exist_ok=True)
        lines += ['[adapter "spool"]', "folder = spool", extra, ""]
        self.config.write_text("\n".join(lines))

    def _secret_file(self, key, name, word):
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(word + "\n")
        return [f"{key} = {name}"]

    def _password(self, name, word):
        return self._secret_file("password_file", f"{name}-password", word)

    # The command.

    def command(self, *arguments, now=None):
        when = now or self.now
        return [str(self.build / "encompass"), "--config", str(self.config),
                *(["--now", when] if when else []), *map(str, arguments)]

    def run(self, *arguments, status=0, now=None, **more):
        """The finished command; its exit status must be `status` (None: any)."""
        done = subprocess.run(self.command(*arguments, now=now), capture_output=True, text=True,
                              timeout=120, check=False, stdin=subprocess.DEVNULL, **more)
        assert status is None or done.returncode == status, \
            f"encompass {arguments[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done

    def json(self, *arguments, now=None):
        return json.loads(self.run(*arguments, "--json", now=now).stdout)

    # The daemon.

    def start(self, now=None):
        """Returns when it says READY, as it says to systemd."""
        if now:
            self.now = now
        with tempfile.TemporaryDirectory(prefix="encompass-notify-") as place, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(f"{place}/notify")
            ready.settimeout(30)
            with open(self.log, "ab") as log:
                self._process = subprocess.Popen(
                    [str(self.build / "encompassd"), "--config", str(self.config),
                     *(["--now", self.now] if self.now else [])],
                    stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                    env={**os.environ, "NOTIFY_SOCKET": f"{place}/notify"})
            try:
                while b"READY=1" not in ready.recv(4096):
                    pass
            except TimeoutError:
                self.kill()
                raise AssertionError(f"no READY from encompassd:\n{self.log_text()[-2000:]}") from None
        return self

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self):
        return self._process.pid

    def stop(self, seconds=10):
        """As a service is stopped; its exit status."""
        if self._process is None:
            return None
        if self.running:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"encompassd did not stop within {seconds} s") from None

    def kill(self):
        """As a power cut ends it."""
        if self.running:
            self._process.kill()
            self._process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    # The store, as any tool reads it.

    def query(self, sql, *values):
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=20)) as store:
            return store.execute(sql, values).fetchall()

    def value(self, sql, *values):
        return self.query(sql, *values)[0][0]

    # Filling it.

    def fill(self, world, folder, changes=None, adapter_of=None, webhook=None, policies=(),
             establishments=(), report=lambda said: None):
        """init, then every import of an invented world; report gets what each prints."""
        folder = Path(folder)
        folder.mkdir(exist_ok=True)

        def take(*arguments):
            report(self.run("import", *arguments).stdout)

        self.run("init")
        for path in establishments:
            take("establishments", path)
        take("bank-holidays", REPOSITORY / "tests/data/calendar/bank-holidays.json")
        take("terms", world.write_terms(folder))
        if policies:
            path = folder / "policies.csv"
            path.write_text("scope,id,key,value\n" + "".join(",".join(p) + "\n" for p in policies))
            take("policies", path)
        take("reach", world.write_reach(folder))
        take("contacts", world.write_contacts(folder, changes=changes, adapter_of=adapter_of,
                                              webhook=webhook))
        for code, _ in world.authorities:
            take("roll", world.write_roll(folder, code), "--la", code)


class ControlRoom:
    """A force's own configuration for `encompass publish`."""

    def __init__(self, folder, force, broker, certs, build=None, now=None):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.force = force
        self.build = Path(build) if build else build_folder()
        self.now = now
        (self.folder / "password").touch(mode=0o600)
        (self.folder / "password").write_text(broker.users[force] + "\n")
        self.config = self.folder / "encompass.conf"
        self.config.write_text(
            f"[mqtt]\nhost = localhost\nport = {broker.port}\nca_file = {certs.ca}\n"
            f"username = {force}\npassword_file = password\nclient_id = control-room-{force}\n")

    def publish(self, messages, *options, status=0):
        """messages: JSON texts, one incident each."""
        path = self.folder / "incidents.ndjson"
        path.write_text("".join(json.dumps(json.loads(m)) + "\n" for m in messages))
        done = subprocess.run(
            [str(self.build / "encompass"), "--config", str(self.config),
             *(["--now", self.now] if self.now else []),
             "publish", str(path), "--force", self.force, *options],
            capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL)
        assert status is None or done.returncode == status, \
            f"publish ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done
