"""Adapters one at a time: opened from a configuration of their own, given a message of an invented
child, and asked how it ended."""

import base64
import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("ENCOMPASS_BUILD", REPOSITORY / "build/dev"))
SECRET = "whsec_" + base64.b64encode(b"thirty-two bytes, for a drill ok").decode()
PASSWORD = "Correct, horse: 100%"

MESSAGE = {
    "key": "0123456789ABCDEFGHJKMNPQRS",
    "reference": "OE-7F3K-2Q9M",
    "language": "cy",
    "at": 1795159800,  # 2026-11-20 07:30:00 UTC
    "to_name": "Siôn Ŵyn-Quibblethwaite, “Deputy”",
    "to_address": "dsl@school.example",
    "subject": "Ymgyrch Encompass: hysbysiad OE-7F3K-2Q9M",
    "text": "Zelda Quibblethwaite\n.\n..two dots = a sign\nTrailing \n\nFrom here\n" + "ŵ" * 900 + "\n",
    "html": "<!DOCTYPE html>\n<html lang=\"cy\"><p>Zelda &amp; Ŵyn " + "x" * 2000 + "</p></html>\n",
    "json": json.dumps({"reference": "OE-7F3K-2Q9M", "children": [{"name": "Zelda Ŵyn"}]},
                       ensure_ascii=False),
}
PERSONAL = ["Quibblethwaite", "Zelda", "dsl@", "school.example", "Siôn", PASSWORD, SECRET]


@dataclass
class Outcome:
    verdict: str
    code: int
    detail: str
    retry_after: int
    answered_by: str
    not_our_pupil: bool
    not_ours: list
    contact_ends: bool
    alone: bool
    handle: str
    seconds: float


@dataclass
class Way:
    """An adapter opened from a configuration of its own."""
    name: str
    folder: Path
    keys: dict
    more: str = ""  # other sections

    def run(self, times=1, at_once=0, drop_ms=0, **changes):
        conf = self.folder / "encompass.conf"
        conf.write_text(f'[adapter "{self.name}"]\n' +
                        "".join(f"{key} = {value}\n" for key, value in self.keys.items()) +
                        self.more)
        return subprocess.run([BUILD / "tests/adapter_try", conf, self.name, str(times),
                               *([str(at_once)] if at_once else []),
                               *([str(drop_ms)] if drop_ms else [])],
                              input=json.dumps({**MESSAGE, **changes}), capture_output=True,
                              text=True, timeout=60, check=False,
                              env={**os.environ, "https_proxy": "http://127.0.0.1:9",
                                   "ALL_PROXY": "http://127.0.0.1:9"})

    def send(self, **changes):
        started = time.monotonic()
        done = self.run(**changes)
        assert done.returncode == 0, done.stderr
        self.check_quiet(done)
        return Outcome(**json.loads(done.stdout), seconds=time.monotonic() - started)

    def send_all(self, times, **changes):
        """One after another, by an adapter that is opened once."""
        started = time.monotonic()
        done = self.run(times, **changes)
        assert done.returncode == 0, done.stderr
        self.check_quiet(done)
        return [Outcome(**json.loads(line), seconds=time.monotonic() - started)
                for line in done.stdout.splitlines()]

    def check_quiet(self, done):
        for secret in PERSONAL:  # a receiver's text included: detail goes to log and audit
            assert secret not in done.stdout.replace('"answered_by":"Zelda"', "") + done.stderr

    def refusal(self):
        done = self.run()
        assert done.returncode == 2, done.stdout
        return done.stderr
