"""make bench still measures what it says, at a size that takes seconds: a table of each kind, with ratios. How fast
is no test's business."""

import re
import subprocess
import sys

from support.gateway import REPOSITORY, build_folder

TABLES = ("Import: ", "Intake: 100 messages", "A morning's burst by SMTP: 200 notices",
          "A morning's burst by webhook: 200 notices", "From publishing to told", "Start-up with ")
RATIOS = ("sqlite3 .import", "SQLite, the very rows", "SQLite, incident and two rows", "mosquitto_sub",
          "smtp-source, 10 sessions", "libcurl, 16 handles", "an empty store")


def test_each_figure_is_taken_and_held_against_its_limit():
    tools = build_folder("ENCOMPASS_RELEASE").parent / "bench-tools"
    subprocess.run([REPOSITORY / "tests/tools/bench_tools", tools], check=True, timeout=120)
    done = subprocess.run(
        [sys.executable, "-B", REPOSITORY / "tests/bench/bench.py", "--build", build_folder("ENCOMPASS_RELEASE"),
         "--tools", tools, "--notices", "200", "--messages", "40", "--settled", "3000", "--pupils", "300"],
        capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    for table in TABLES:
        assert table in done.stdout, done.stdout
    for limit in RATIOS:
        assert re.search(rf" [\d,]+ \S+ .*{re.escape(limit)} +\d+\.\d\d$", done.stdout, re.M), (limit, done.stdout)
    settled = int(re.search(r"Start-up with ([\d,]+) settled", done.stdout)[1].replace(",", ""))
    assert 1500 < settled <= 3000, done.stdout
    assert done.stdout.count("of its own") == 6, done.stdout
