"""The tables of make bench, and what a process has used."""

import os
import time
from pathlib import Path


def heading(title):
    print(f"\n{title}\n  {'':<52} {'':>10} {'CPU s a 1,000':>19} {'of':<30} ratio", flush=True)


def row(what, rate, unit, cpu=None, against="", ratio=None):
    """cpu: seconds for a thousand of what the rate counts."""
    print(f"  {what:<52} {rate:>10,.0f} {unit:<12} {'' if cpu is None else f'{cpu:.3f}':>6} {against:<30} "
          f"{'' if ratio is None else f'{ratio:5.2f}'}".rstrip(), flush=True)


def note(text):
    print(f"  {text}", flush=True)


def load():
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


class Meter:
    """A process from now on: the seconds that pass, its CPU seconds, and its memory at its highest. resident
    counts the pages of the store's file that are mapped, which the kernel takes back at will; own does
    not."""

    def __init__(self, pid):
        self._pid = pid
        self._cpu = self._cpu_seconds()
        self._began = time.perf_counter()
        self.own_mb = self.resident_mb = self.seconds = self.cpu = 0.0

    def _cpu_seconds(self):
        fields = Path(f"/proc/{self._pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def look(self):
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{self._pid}/status").read_text().splitlines())
        self.own_mb = max(self.own_mb, int(fields["RssAnon"].split()[0]) / 1024)
        self.resident_mb = int(fields["VmHWM"].split()[0]) / 1024

    def until(self, holds, what, limit=600.0):
        """Looks until holds(), which is what."""
        while not holds():
            self.look()
            if time.perf_counter() - self._began > limit:
                raise SystemExit(f"not within {limit:.0f} s: {what}")
            time.sleep(0.01)
        self.seconds = time.perf_counter() - self._began
        self.cpu = self._cpu_seconds() - self._cpu
        self.look()
        return self

    def memory(self):
        return f"peak memory {self.own_mb:.0f} MB of its own, {self.resident_mb:.0f} MB with what is mapped of the store"
