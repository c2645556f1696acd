"""`encompass match`: a file of call-outs decided against a roll."""
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

PROGRAM = pathlib.Path(os.environ.get("ENCOMPASS_BUILD", "build/dev")) / "encompass"

ROLL = """pupil_id,upn,forename,middle_names,surname,preferred_forename,former_surname,gender,dob,\
house,street,town,postcode,urn,school,la_code,nc_year
P1,,Zoë,,Quibblethwaite,,,F,2014-06-01,1,High Street,Leeds,LS1 1AA,100001,A,383,6
P2,,Harry,,Vexworthy,,,M,2016-08-20,2,High Street,Leeds,LS1 1AB,100001,A,383,4
P3,,Jack,,Vexworthy,,,M,2016-08-20,2,High Street,Leeds,LS1 1AB,100002,B,383,4
"""
HEADER = ("query_id,call_date,forename,middle_names,surname,dob,age,gender,address,postcode,"
          "school_said\n")
QUERIES = HEADER + """Q1,2026-03-13,ZOE,,QUIBBLETHWAITE,2014-06-01,,F,,LS1 1AA,
Q2,2026-03-13,Bobby,,Vexworthy,,9,,"2 High Street, Leeds",LS11AB,Somewhere
Q3,2026-03-13,Nobody,,Elsewhere,2011-01-01,,,,,
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "tmp").mkdir()
    (tmp_path / "roll.csv").write_text(ROLL, encoding="utf-8")
    (tmp_path / "queries.csv").write_text(QUERIES, encoding="utf-8")
    return tmp_path


def command(place, *words):
    return [str(PROGRAM.absolute()), "match", *words], dict(
        cwd=place, env={**os.environ, "TMPDIR": str(place / "tmp")}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def match(place, *words):
    argv, how = command(place, *words)
    return subprocess.run(argv, timeout=60, check=False, **how)


def left_behind(place):
    return sorted(p.name for p in (place / "tmp").iterdir())


def test_each_call_out_gets_its_line_and_the_roll_is_not_kept(place):
    done = match(place, "--queries", "queries.csv", "--roll", "roll.csv", "--out", "decisions.csv")
    assert done.returncode == 0, done.stderr
    rows = (place / "decisions.csv").read_text().splitlines()
    assert rows[0] == "query_id,decision,pupil_id,score,margin,candidates"
    assert [r.split(",")[:3] for r in rows[1:]] == [
        ["Q1", "match", "P1"], ["Q2", "review", "P2"], ["Q3", "none", ""]]
    assert rows[2].endswith(",P2|P3")
    assert "3 call-outs: 1 match, 1 review, 1 none" in done.stdout
    assert left_behind(place) == []
    assert not (place / "decisions.csv.part").exists()


def test_a_dash_sends_decisions_to_stdout_and_the_summary_elsewhere(place):
    done = match(place, "--queries", "queries.csv", "--roll", "roll.csv", "--out", "-", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].startswith("Q1,match,P1,")
    assert json.loads(done.stderr.splitlines()[-1])["match"] == 1


def test_a_store_can_stand_in_for_the_roll_and_is_left_as_it_was(place):
    def encompass(*words):
        subprocess.run([PROGRAM.absolute(), *words, "--store", "s.db"], cwd=place, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    encompass("init")
    encompass("import", "roll", "roll.csv")
    done = match(place, "--queries", "queries.csv", "--store", "s.db", "--out", "-")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].startswith("Q1,match,P1,")
    assert left_behind(place) == []


@pytest.mark.parametrize("row, said", [
    ("Q4,13/03/2026,Zoe,,Quibblethwaite,2014-06-01,,F,,,", "queries.csv:5: call_date: is no date"),
    ("Q4,2026-03-13,Zoe,,Quibblethwaite,2014-02-30,,F,,,", "queries.csv:5: dob: is no date"),
    ("Q4,2026-03-13,Zoe,,Quibblethwaite,,seven,F,,,", "queries.csv:5: age: is no age"),
    ("Q4,2026-03-13,Zoe,,Quibblethwaite,,7,girl,,,", "queries.csv:5: gender: is not"),
    (",2026-03-13,Zoe,,Quibblethwaite,,7,F,,,", "queries.csv:5: query_id: is missing"),
])
def test_a_value_that_is_none_is_named_by_its_place_and_nothing_is_written(place, row, said):
    (place / "queries.csv").write_text(QUERIES + row + "\n", encoding="utf-8")
    done = match(place, "--queries", "queries.csv", "--roll", "roll.csv", "--out", "decisions.csv")
    assert done.returncode == 1
    assert said in done.stderr
    assert "Quibblethwaite" not in done.stderr
    assert not (place / "decisions.csv").exists()
    assert not (place / "decisions.csv.part").exists()
    assert left_behind(place) == []


def test_a_column_that_is_missing_or_unknown_is_said(place):
    (place / "queries.csv").write_text(QUERIES.replace(",dob,", ",birthday,"), encoding="utf-8")
    done = match(place, "--queries", "queries.csv", "--roll", "roll.csv", "--out", "-")
    assert done.returncode == 1
    assert "dob" in done.stderr
    (place / "queries.csv").write_text(QUERIES.replace("school_said", "mood"), encoding="utf-8")
    done = match(place, "--queries", "queries.csv", "--roll", "roll.csv", "--out", "-")
    assert done.returncode == 0
    assert "mood is ignored" in done.stderr


def test_a_roll_that_is_refused_stops_it(place):
    (place / "roll.csv").write_text(ROLL.replace("2014-06-01", "2014-06-31"), encoding="utf-8")
    done = match(place, "--queries", "queries.csv", "--roll", "roll.csv", "--out", "-")
    assert done.returncode == 1
    assert "roll.csv:2: dob" in done.stderr
    assert left_behind(place) == []


@pytest.mark.parametrize("words", [
    [], ["--queries", "queries.csv"], ["--queries", "queries.csv", "--out", "-", "more"],
    ["--queries", "queries.csv", "--out", "-", "--roll", "roll.csv", "--store", "s.db"],
    ["--queries", "queries.csv", "--out", "-", "--rolls", "roll.csv"],
])
def test_wrong_words_are_wrong_use(place, words):
    assert match(place, *words).returncode == 2


def test_a_file_that_is_not_there_is_named(place):
    done = match(place, "--queries", "none.csv", "--roll", "roll.csv", "--out", "-")
    assert done.returncode == 3
    assert "none.csv" in done.stderr


def test_a_signal_leaves_no_roll_behind(place):
    os.mkfifo(place / "slow.csv")
    argv, how = command(place, "--queries", "slow.csv", "--roll", "roll.csv", "--out", "-")
    with subprocess.Popen(argv, **how) as running:
        until = time.monotonic() + 20
        while not left_behind(place) and time.monotonic() < until:
            time.sleep(0.01)
        assert left_behind(place)
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=20)
        assert running.returncode == -signal.SIGTERM
    assert left_behind(place) == []
