"""A real mosquitto with the project's own policy (config/mosquitto), on a loopback port with TLS.

The policy and the access list are used as they are; only what a site adds stands here: where the
listener is, its certificate, who may log in, and where the queue is kept.
"""

import os
import shutil
import subprocess
from pathlib import Path

from .ports import free_port, wait_for_port

REPOSITORY = Path(__file__).resolve().parents[2]
MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")


class Broker:
    """users: {name: password}. A control room's name is its force's id; the gateway's is
    'encompassd'. With client_certificates the certificate's common name is the user's name and
    nobody needs a password. extra goes before the policy, instead after it, so that it prevails."""

    def __init__(self, folder, certs, users, client_certificates=False, extra="",
                 instead=""):
        self.folder = Path(folder)
        self.certs = certs
        self.users = users
        self.port = free_port()
        self.log = self.folder / "mosquitto.log"
        self._config = self.folder / "mosquitto.conf"
        self._process = None
        (self.folder / "state").mkdir(parents=True, exist_ok=True)
        passwords = self.folder / "passwords"
        passwords.touch(mode=0o600)
        passwords.write_text("".join(f"{user}:{word}\n" for user, word in users.items()))
        subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True, capture_output=True)
        shutil.copy(REPOSITORY / "config/mosquitto/acl", self.folder / "acl")
        (self.folder / "acl").chmod(0o600)
        site = [
            f"listener {self.port} 127.0.0.1",
            f"cafile {certs.ca}",
            f"certfile {certs.server_cert}",
            f"keyfile {certs.server_key}",
            f"acl_file {self.folder / 'acl'}",
            f"persistence_location {self.folder / 'state'}/",
            f"log_dest file {self.log}",
        ]
        if client_certificates:
            site += ["require_certificate true", "use_identity_as_username true"]
        else:
            site += [f"password_file {passwords}"]
        if os.geteuid() == 0:
            site += ["user root"]  # mosquitto would leave root, and could not read this folder
        site += [extra, f"include_dir {REPOSITORY / 'config/mosquitto/conf.d'}", instead, ""]
        self._config.write_text("\n".join(site))

    @property
    def pid(self):
        return self._process.pid if self.running else None

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    def start(self):
        with open(self.folder / "mosquitto.out", "ab") as out:
            self._process = subprocess.Popen([MOSQUITTO, "-c", str(self._config)], stdout=out,
                                             stderr=out, stdin=subprocess.DEVNULL)
        if not wait_for_port(self.port, alive=lambda: self.running):
            self.stop()
            said = (self.folder / "mosquitto.out").read_text(errors="replace")
            if self.log.exists():
                said += self.log.read_text(errors="replace")
            raise RuntimeError(f"mosquitto did not start:\n{said[-2000:]}")
        return self

    def stop(self):
        """As a service stops it: the queue is saved."""
        if self.running:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self):
        """As a power cut stops it."""
        if self.running:
            self._process.kill()
            self._process.wait()

    def restart(self):
        self.stop()
        return self.start()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
