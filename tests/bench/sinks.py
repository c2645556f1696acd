"""Where notices go, as fast as they come: Postfix's smtp-sink and nginx; and what Postfix's smtp-source and
libcurl alone send there, which is the limit."""

import base64
import os
import re
import subprocess
import time
from pathlib import Path

from support.ports import free_port, wait_for_port

SESSIONS = 10  # of smtp-source, as many as [adapter "email"] has connections
HANDLES = 16   # of post_flood, as many as [adapter "webhook"] has transfers

# What smtp-sink puts before a mail: who it came from.
ADDED = re.compile(rb"\A(?:X-[^\n]*\n)*Received:[^\n]*\n(?:[ \t][^\n]*\n)*")

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; {user}
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    log_format size '$content_length'; access_log {folder}/access.log size buffer=64k flush=1s;
    keepalive_requests 1000000000;
    server {{ listen 127.0.0.1:{port}; location / {{ return 204; }} }}
}}
"""


def used(before):
    """CPU seconds of the children that have ended since."""
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def timed(command, **more):
    """(seconds, CPU seconds) of a program."""
    before, began = os.times(), time.perf_counter()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, **more)
    return time.perf_counter() - began, used(before)


class Sink:
    """A server in a folder of its own; tools: where bench_tools has unpacked."""

    tls, users = "none", {}

    def __init__(self, tools, folder):
        self.tools = Path(tools).resolve()
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(
            str(p) for p in [self.tools / "usr/lib/postfix", *(self.tools / "usr/lib").glob("*-linux-gnu")])}
        self._process = None

    def start(self, *more):
        with open(self.folder / "out", "ab") as out:
            self._process = subprocess.Popen([*self.command(), *more], cwd=self.folder, stdout=out, stderr=out,
                                             stdin=subprocess.DEVNULL, env=self.environment)
        if not wait_for_port(self.port, alive=lambda: self._process.poll() is None):
            raise SystemExit(f"{self.command()[0]}: " + (self.folder / "out").read_text(errors="replace")[-2000:])
        return self

    def stop(self):
        if self._process:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


class MailSink(Sink):
    adapter = "email"
    limit = f"smtp-source, {SESSIONS} sessions"

    def command(self):
        as_root = ["-u", "root"] if os.geteuid() == 0 else []  # it asks whom to be
        return [str(self.tools / "usr/sbin/smtp-sink"), *as_root, f"127.0.0.1:{self.port}", "1000"]

    def keep(self):
        """Writes down what comes from now on, for size()."""
        self.stop()
        self.command_before, self.command = self.command, lambda: [
            *self.command_before()[:1], "-d", str(self.folder / "mail."), *self.command_before()[1:]]
        self.start()

    def size(self):
        """Bytes of the mean mail that was kept, which ends."""
        self.stop()
        self.command = self.command_before
        self.start()
        mails = [path.read_bytes() for path in self.folder.glob("mail.*")]
        return sum(len(ADDED.sub(b"", mail, count=1)) for mail in mails) // len(mails)

    def flood(self, count, size):
        """(seconds, CPU seconds) for as many mails of that size."""
        return timed([str(self.tools / "usr/sbin/smtp-source"), "-d", "-s", str(SESSIONS), "-m", str(count),
                      "-l", str(size), "-f", "encompass@gateway.example", "-t", "dsl@school.example",
                      f"127.0.0.1:{self.port}"], env=self.environment)


class WebSink(Sink):
    adapter = "webhook"
    limit = f"libcurl, {HANDLES} handles"
    secret = "whsec_" + base64.b64encode(b"bench secret of 32 bytes, or so.").decode()

    def __init__(self, tools, folder, build):
        super().__init__(tools, folder)
        self.build = Path(build)
        (self.folder / "nginx.conf").write_text(NGINX.format(
            folder=self.folder, port=self.port, user="user root;" if os.geteuid() == 0 else ""))

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/notices"

    def command(self):
        return [str(self.tools / "usr/sbin/nginx"), "-p", str(self.folder), "-e", str(self.folder / "error.log"),
                "-c", str(self.folder / "nginx.conf")]

    def keep(self):
        self.stop()
        (self.folder / "access.log").unlink(missing_ok=True)
        self.start()

    def size(self):
        """Bytes of the mean body that came since."""
        self.stop()
        self.start()
        sizes = [int(line) for line in (self.folder / "access.log").read_text().split() if line.isdigit()]
        return sum(sizes) // len(sizes)

    def flood(self, count, size):
        """(seconds, CPU seconds) for as many posts of that size."""
        return timed([str(self.build / "tests/post_flood"), self.url, str(count), str(HANDLES), str(size)],
                     stdout=subprocess.DEVNULL)
