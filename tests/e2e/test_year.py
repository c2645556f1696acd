"""A small year: every promise is checked at each delivery and of every child at the end. `make year`
runs the full size."""
import os
import re
import subprocess
from pathlib import Path

import pytest

BUILD = Path(os.environ.get("ENCOMPASS_BUILD", "build/dev")).resolve()


def year(folder, *words):
    return subprocess.run([BUILD / "tests" / "year", "--store", folder, *words], text=True,
                          capture_output=True, timeout=240, check=False)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_year_of_nights_forgets_nobody_and_tells_nobody_wrong(tmp_path, seed):
    done = year(tmp_path / "year", "--incidents", "400", "--kills", "20", "--seed", str(seed))
    assert done.returncode == 0, done.stderr + done.stdout
    counted = {words: int(n) for n, words in re.findall(r"^ *(\d+) ([^\n,]+)", done.stdout, re.M)}
    assert counted["incidents"] == 400
    assert counted["past their deadline"] == 0
    assert counted["sent twice"] == 0
    assert counted["to a wrong or unverified contact"] == 0
    # It was a year in which things happened.
    assert counted["told before the bell"] > 400
    assert counted["with the desk"] > 50
    assert counted["withheld"] > 0 and counted["withdrawn"] > 0
    assert int(re.search(r"after (\d+) kills", done.stdout).group(1)) > 5
