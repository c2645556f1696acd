"""`encompass import` as those who keep the registers use it: real GIAS pieces, exit statuses, what it
says and what it leaves in the store."""

import collections
import csv
import io
import json
import lzma
import os
import pty
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from support.gateway import REPOSITORY, build_folder

GIAS = REPOSITORY / "tests/data/gias"
HOLIDAYS = REPOSITORY / "tests/data/calendar/bank-holidays.json"
ROLL = ("pupil_id,upn,forename,middle_names,surname,preferred_forename,former_surname,gender,dob,"
        "house,street,town,postcode,urn,school,la_code,nc_year\n")
CONTACTS = "namespace,urn,role,name,adapter,address,language,verified_at\n"


class Office:
    """A store and the command."""

    def __init__(self, folder, build=None):
        self.folder = folder
        self.store = folder / "store.db"
        self.build = build or build_folder()
        self.run("init")

    def run(self, *arguments, status=0, stderr=subprocess.PIPE):
        done = subprocess.run(
            [str(self.build / "encompass"), "--store", str(self.store), *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=stderr, stdin=subprocess.DEVNULL, text=True,
            timeout=300, check=False)
        assert done.returncode == status, \
            f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done

    def bring(self, kind, path, *options, status=0):
        """An import with --json."""
        done = self.run("import", kind, path, "--json", *options, status=status)
        return json.loads(done.stdout) if done.stdout else None

    def file(self, name, text):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def query(self, sql):
        with sqlite3.connect(f"file:{self.store}?mode=ro", uri=True) as store:
            return store.execute(sql).fetchall()

    def everything(self):
        with sqlite3.connect(f"file:{self.store}?mode=ro", uri=True) as store:
            return "\n".join(store.iterdump())


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


def piece(name, folder):
    """The path of a real file, unpacked where it is kept packed, and its text."""
    path = GIAS / name
    data = path.read_bytes()
    if path.suffix == ".xz":
        data = lzma.decompress(data)
        path = folder / path.stem
        path.write_bytes(data)
    try:
        return path, data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return path, data.decode("cp1252")


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


PIECES = ["sample_99rows_139columns_utf8.csv", "sample_99rows_139columns_windows1252.csv",
          "subset_8rows_140columns.csv", "example_19rows_120columns_2019.csv",
          "childrens_centres_open.csv.xz", "childrens_centres_3las.csv.xz"]


@pytest.mark.parametrize("name", PIECES)
def test_a_real_piece_of_gias_lands_whole_and_is_counted_right(office, name):
    path, text = piece(name, office.folder)
    rows = rows_of(text)
    result = office.bring("establishments", path)
    assert result["rows"] == result["added"] == len(rows)
    for what, column in (("status", "EstablishmentStatus"), ("type", "TypeOfEstablishment")):
        counted = collections.Counter(
            (int(r[f"{column} (code)"]), r[f"{column} (name)"]) for r in rows)
        said = {(c["code"], c["name"]): c["rows"] for c in result["counts"] if c["of"] == what}
        assert said == dict(counted)
    stored = office.query("SELECT namespace, urn, name, type_code, status_code FROM establishment")
    assert sorted(stored) == sorted(
        ("centre" if r["TypeOfEstablishment (code)"] in ("47", "48") else "school", r["URN"],
         r["EstablishmentName"], int(r["TypeOfEstablishment (code)"]),
         int(r["EstablishmentStatus (code)"])) for r in rows)
    again = office.bring("establishments", path)
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, len(rows))


def test_columns_land_where_they_belong(office):
    path, text = piece("sample_99rows_139columns_utf8.csv", office.folder)
    office.bring("establishments", path)
    iso = lambda day: "-".join(reversed(day.split("-"))) if day else None
    number = lambda text: int(text) if text else None
    stored = office.query(
        "SELECT urn, la_code, phase_code, low_age, high_age, street, locality, town, postcode,"
        " opened, closed, website, telephone FROM establishment ORDER BY urn")
    assert stored == sorted(
        (r["URN"], r["LA (code)"], number(r["PhaseOfEducation (code)"]),
         number(r["StatutoryLowAge"]), number(r["StatutoryHighAge"]), r["Street"] or None,
         r["Locality"] or None, r["Town"] or None, r["Postcode"] or None, iso(r["OpenDate"]),
         iso(r["CloseDate"]), r["SchoolWebsite"] or None, r["TelephoneNum"] or None)
        for r in rows_of(text))
    assert dict(office.query("SELECT la_code, name FROM authority")) == {
        r["LA (code)"]: r["LA (name)"] for r in rows_of(text)}


def test_both_encodings_give_equal_rows(office):
    utf8, _ = piece("sample_99rows_139columns_utf8.csv", office.folder)
    windows, _ = piece("sample_99rows_139columns_windows1252.csv", office.folder)
    assert utf8.read_bytes() != windows.read_bytes()
    assert office.bring("establishments", utf8)["encoding"] == "UTF-8"
    result = office.bring("establishments", windows)
    assert result["encoding"] == "Windows-1252"
    assert (result["added"], result["changed"], result["unchanged"]) == (0, 0, 99)


def test_the_whole_links_file_and_the_centres_links_land(office):
    path, text = piece("links_edubasealldata20250422.csv.xz", office.folder)
    rows = rows_of(text)
    result = office.bring("links", path)
    assert result["encoding"] == "Windows-1252"
    assert result["added"] == len(rows) == 33801
    stored = office.query("SELECT urn, link_urn, type, coalesce(name, '') FROM establishment_link"
                          " WHERE namespace = 'school'")
    assert sorted(stored) == sorted(
        (r["URN"], r["LinkURN"], r["LinkType"], r["LinkName"]) for r in rows)
    assert office.bring("links", path)["unchanged"] == len(rows)
    path, text = piece("childrens_centres_links.csv.xz", office.folder)
    assert office.bring("links", path)["added"] == len(rows_of(text))
    assert office.query("SELECT count(*) FROM establishment_link WHERE namespace = 'centre'") == \
        [(len(rows_of(text)),)]


def test_cells_beyond_the_header_never_pass_for_others(office):
    """Ten rows of this piece are of a newer set of columns, three narrower before the postcode, where
    the head teacher's name is (blanked in our copy, so put one there)."""
    _, text = piece("example_19rows_120columns_2019.csv", office.folder)
    rows = list(csv.reader(io.StringIO(text)))
    wide = [r for r in rows[1:] if len(r) > len(rows[0])]
    assert len(wide) == 10
    for row in wide:
        row[64:67] = ["Ms", "Ermintrude", "Quibblethwaite"]
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    result = office.bring("establishments", office.file("gias.csv", out.getvalue()))
    assert result["warnings"]["count"] == 10
    for row in wide:
        assert office.query("SELECT name, postcode, telephone, website FROM establishment"
                            f" WHERE urn = '{row[0]}'") == [(row[4], None, None, None)]
    assert "Quibblethwaite" not in office.everything()


@pytest.mark.parametrize("name", ["Es\nsex", "Es\x1b[2Jsex", "Essex " * 40])
def test_an_authority_s_name_is_a_name(office, name):
    """It stands in notices; one that is too long for its place would hold up all of an authority's."""
    _, text = piece("subset_8rows_140columns.csv", office.folder)
    rows = rows_of(text)
    rows[0]["LA (name)"] = name
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    refused = office.bring("establishments", office.file("gias.csv", out.getvalue()), status=1)
    assert "LA (name): " in refused["mistakes"]["shown"][0]
    assert office.query("SELECT count(*) FROM authority") == [(0,)]


def test_head_teachers_are_not_stored(office):
    _, text = piece("subset_8rows_140columns.csv", office.folder)
    rows = rows_of(text)
    rows[0]["HeadFirstName"], rows[0]["HeadLastName"] = "Ermintrude", "Quibblethwaite"
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    result = office.bring("establishments", office.file("gias.csv", out.getvalue()))
    assert "HeadLastName" in result["ignored_columns"]["shown"]
    assert "Quibblethwaite" not in office.everything()


def test_the_real_bank_holidays_land(office):
    divisions = json.loads(HOLIDAYS.read_text())
    result = office.bring("bank-holidays", HOLIDAYS)
    assert result["added"] == sum(len(d["events"]) for d in divisions.values())
    assert sorted(office.query("SELECT division, day, title FROM bank_holiday")) == sorted(
        (name, e["date"], e["title"]) for name, d in divisions.items() for e in d["events"])
    assert office.bring("bank-holidays", HOLIDAYS)["unchanged"] == result["added"]


def test_a_missing_column_refuses_the_file_by_name_and_an_unknown_one_is_named_once(office):
    path = office.file("contacts.csv", "namespace,urn,role,name,address,language,fax\n")
    done = office.run("import", "contacts", path, status=1)
    assert f"{path}:1: the header lacks adapter, verified_at" in done.stderr
    refused = office.bring("contacts", path, status=1)
    assert refused["imported"] is False and "lacks adapter" in refused["error"]
    path = office.file("reach.csv", "namespace,urn,postcode_prefix,fax\ncentre,20001,PL4,1\n"
                                    "centre,20001,PL5,2\n")
    done = office.run("import", "reach", path)
    assert done.stdout.count("fax") == 1
    assert "1 column ignored: fax" in done.stdout


def test_a_refused_file_is_told_by_line_and_column_and_leaves_the_store_as_it_was(office):
    good = "7,,Zelda,,Quibblethwaite,,,F,2017-03-09,,,,,100001,\"Old\nSchool\",879,4\n"
    bad = "8,,Yorick,,Quibblethwaite,,,F,2017-02-30,,,,,100001,,879,4\n"
    path = office.file("roll.csv", ROLL + good.replace("\n", " ", 1) + bad)
    before = office.everything()
    done = office.run("import", "roll", path, status=1)
    assert f"{path}:3: dob: is no date" in done.stderr
    assert "1 mistake: nothing was imported" in done.stderr
    assert "Quibble" not in done.stderr + done.stdout
    assert "2017" not in done.stderr + done.stdout
    assert office.everything() == before
    # A line is what an editor shows: the row before has two.
    path = office.file("roll.csv", ROLL + good + bad)
    done = office.run("import", "roll", path, status=1)
    assert f"{path}:2: school: has a line break" in done.stderr
    assert f"{path}:4: dob: is no date" in done.stderr
    refused = office.bring("roll", path, status=1)
    assert refused["imported"] is False
    assert refused["mistakes"]["count"] == 2
    assert office.everything() == before


def test_a_dry_run_shows_what_would_change_and_changes_nothing(office):
    path, text = piece("subset_8rows_140columns.csv", office.folder)
    office.bring("establishments", path)
    name = rows_of(text)[0]["EstablishmentName"]
    changed = office.file("gias.csv", text.replace(name, "The Example School"))
    before = office.everything()
    done = office.run("import", "establishments", changed, "--dry-run")
    assert f'~ school 100000: name "{name}" to "The Example School"' in done.stdout
    assert "would be added 0, changed 1, ended 0, unchanged 7" in done.stdout
    assert office.everything() == before
    # A long name is cut between characters, so that --json is JSON.
    longer = office.file("longer.csv", text.replace(name, "x" + "\u00e9" * 70))
    shown = office.bring("establishments", longer, "--dry-run")["changes"]["shown"]
    assert shown == [f'~ school 100000: name "{name}" to "x' + "\u00e9" * 29 + '"']
    office.run("import", "establishments", changed)
    assert office.query("SELECT name FROM establishment WHERE urn = '100000'") == \
        [("The Example School",)]


def test_an_import_is_recorded_with_who_and_what(office):
    office.bring("bank-holidays", HOLIDAYS)
    (kind, read, added), = office.query("SELECT kind, read_rows, added FROM import")
    assert (kind, read) == ("bank-holidays", added)
    (who, detail), = office.query(
        "SELECT who, detail FROM audit WHERE event = 'register.imported'")
    assert who and f"added={added}" in detail


def test_exit_statuses_tell_wrong_use_from_wrong_files_and_from_what_could_not_be_done(office):
    roll = office.file("roll.csv", ROLL)
    assert "nonsense is none of establishments, links, roll," in office.run("import", "nonsense", roll, status=2).stderr
    assert "KIND and a FILE" in office.run("import", "roll", status=2).stderr
    assert "--la means nothing here" in office.run(
        "import", "links", roll, "--la", "879", status=2).stderr
    assert "three digits" in office.run("import", "roll", roll, "--la", "8790", status=2).stderr
    assert "not understood" in office.run("import", "roll", roll, "--full", status=2).stderr
    assert "needs --la" in office.run("import", "reach", office.file(
        "reach.csv", "namespace,urn,postcode_prefix\n"), "--complete", status=2).stderr
    assert "No such file" in office.run("import", "roll", "/nonexistent.csv", status=3).stderr
    assert "Is a directory" in office.run("import", "roll", office.folder, status=3).stderr
    elsewhere = Office.__new__(Office)
    elsewhere.store, elsewhere.build = office.folder / "none.db", office.build
    assert "encompass init makes one" in elsewhere.run("import", "roll", roll, status=3).stderr
    office.run("import", "roll", roll)


def test_a_contact_may_not_steer_a_terminal_or_a_header(office):
    path = office.file("contacts.csv", CONTACTS +
                       "school,100001,dsl,\x1b[31mUna,email,una@school.example,en,\n"
                       "school,100001,dsl,Una,email,\"una@school.example\r\nBcc: x\",en,\n"
                       "school,100001,dsl,Una,email,\"una@school.example, dee@school.example\",en,\n")
    done = office.run("import", "contacts", path, status=1)
    assert f"{path}:2: name: has a line break or control character" in done.stderr
    assert f"{path}:3: address: has a line break or control character" in done.stderr
    assert f"{path}:5: address: is a list: one mailbox a row" in done.stderr
    assert "\x1b" not in done.stderr and "una@" not in done.stderr
    assert office.query("SELECT count(*) FROM contact") == [(0,)]
    path = office.file("roll.csv", ROLL.replace("upn", "upn,\x1b]0;owned\x07"))
    assert "\x1b" not in office.run("import", "roll", path).stdout


def test_progress_is_shown_on_a_terminal_and_nowhere_else(office):
    path, _ = piece("links_edubasealldata20250422.csv.xz", office.folder)
    assert office.run("import", "links", path, "--dry-run").stderr == ""
    ours, theirs = pty.openpty()
    office.run("import", "links", path, stderr=theirs)
    os.set_blocking(ours, False)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    os.close(theirs)
    assert "links" in shown and "33,801" in shown


def invented_roll(rows):
    """Families of the same few names, so that keys collide as they do in life."""
    lines = [ROLL]
    for i in range(rows):
        lines.append(f"P{i:07d},,Forename{i % 3001},Middle,Surname{i % 9973},,,{'MF'[i % 2]},"
                     f"{2008 + i % 14}-{1 + i % 12:02d}-{1 + i % 28:02d},{i % 200},Road {i % 997},"
                     f"Town,PL{i % 30} {i % 10}AA,{100000 + i % 400},School,879,{i % 11}\n")
    return "".join(lines)


def test_a_hundred_thousand_pupils_land_in_well_under_a_minute(tmp_path):
    office = Office(tmp_path, build_folder("ENCOMPASS_RELEASE"))
    path = office.file("roll.csv", invented_roll(100_000))
    started = time.monotonic()
    assert office.bring("roll", path, "--complete")["added"] == 100_000
    landed = time.monotonic()
    assert office.bring("roll", path, "--complete")["unchanged"] == 100_000
    again = time.monotonic() - landed
    print(f"100,000 rows in {landed - started:.1f} s, the same again in {again:.1f} s")
    assert landed - started < 40
    assert again < 20
    half = office.file("half.csv", path.read_text()[:len(path.read_text()) // 2].rsplit("\n", 1)[0])
    done = office.run("import", "roll", half, "--complete", status=1)
    assert "is the file whole?" in done.stderr
    assert office.query("SELECT count(*) FROM enrolment WHERE ended_at IS NULL") == [(100_000,)]


def test_the_examples_land_as_they_stand_and_a_notice_can_be_previewed(tmp_path):
    """As a council's officer begins: the files of config/examples, and then the words."""
    office = Office(tmp_path)
    register = office.file("gias.csv", (
        "URN,LA (code),LA (name),EstablishmentName,TypeOfEstablishment (code),TypeOfEstablishment (name),"
        "EstablishmentStatus (code),EstablishmentStatus (name),Postcode\n"
        "118444,886,Kent,Example Primary School,1,Community school,1,Open,ME14 1XX\n"
        "20155,886,Kent,Example Children's Centre,47,Children's centre,1,Open,ME14 2XX\n"))
    assert office.bring("establishments", register)["added"] == 2
    office.bring("bank-holidays", HOLIDAYS)
    kinds = {path.stem for path in (REPOSITORY / "config/examples").iterdir()}
    assert kinds == {"policies", "terms", "contacts", "reach", "roll"}
    for kind in kinds:
        path = REPOSITORY / f"config/examples/{kind}.csv"
        done = office.bring(kind, path)
        rows = len(path.read_text(encoding="utf-8").splitlines()) - 1
        assert (done["added"], done["warnings"]["count"], done["ignored_columns"]["count"]) == (rows, 0, 0), kind
    config = office.file("encompass.conf", f"[morning]\ntemplates = {REPOSITORY}/templates\n")
    shown = office.run("preview", "--urn", "118444", "--force", "kent", "--config", config,
                       "--now", "2026-11-26T23:00:00").stdout
    assert "Example Primary School" in shown and "Date of birth" in shown
    assert "When      Monday 30 November 2026 at 07:45" in shown, "Friday is its INSET day"
