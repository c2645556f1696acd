"""The command as an operator meets it: what it shows, to whom, with which exit status.

The store is filled by hand, so that each test knows every row; the names in it are found nowhere
else, so that one that leaks is seen.
"""

import contextlib
import datetime
import fcntl
import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess

import pytest

from support.gateway import REPOSITORY, build_folder

ENCOMPASS = build_folder() / "encompass"
NOW = "2026-03-16T06:50:00"  # a Monday, in London
COMMANDS = ("init", "check", "import", "policy", "close", "publish", "status", "plan", "explain", "review", "answer",
            "hold", "release", "retry", "match", "preview", "drill")

# Children, contacts, their addresses, free text: what must not be seen without being asked for.
CHILD_NAMES = ("Quillbrax", "Zornvelda", "Mivostren", "Tharxenna", "Yulkaptar")
CONTACT_NAMES = ("Ostrawemble", "Drobraxley")
OTHER = ("Wemstrath", "ZZ3 4CK", "kaptostra", "Lanterndusk", "2017-03-09", "Xenquillow")
PERSONAL = CHILD_NAMES + CONTACT_NAMES + OTHER


def at(text):
    """UTC seconds of a UTC time."""
    return int(datetime.datetime.fromisoformat(text + "+00:00").timestamp())


def child(ref, forename, surname, **more):
    return {"child_ref": ref, "forename": forename, "surname": surname,
            "date_of_birth": "2017-03-09", "sex": "F",
            "address": {"address": "7 Wemstrath Mews", "postcode": "ZZ3 4CK"},
            "claimed_establishment": {"name": "Wemstrath Primary", "school_urn": None}, **more}


def message(ref, children, **more):
    return {"version": 1, "force": "devon-and-cornwall", "police_ref": ref, "revision": 1,
            "type": "domestic_abuse", "action": "notify", "attended_at": "2026-03-15T21:30:00Z",
            "circumstances": "Lanterndusk was heard.", "children": children, **more}


class Store:
    """Rows, by table; ids are those that the tests name."""

    def __init__(self, path):
        self.path = path
        run("init", store=path)
        with self.open() as db:
            self.fill(db)

    @contextlib.contextmanager
    def open(self):
        db = sqlite3.connect(self.path, timeout=20)
        try:
            with db:
                yield db
        finally:
            db.close()

    @staticmethod
    def add(db, table, **row):
        db.execute(f"INSERT INTO {table} ({','.join(row)}) VALUES ({','.join('?' * len(row))})",
                   tuple(row.values()))

    def fill(self, db):
        add = lambda table, **row: self.add(db, table, **row)
        add("import", import_id=1, kind="roll", at=at("2026-03-01T09:00:00"), who="clerk")
        for code, name in (("879", "Plymouth"), ("878", "Devon")):
            add("authority", la_code=code, name=name)
        for urn, name in (("113292", "Example Primary School"), ("113293", "Second School")):
            add("establishment", namespace="school", urn=urn, la_code="879", name=name,
                type_code=1, type_name="Community school", status_code=1)
        pupils = ((1, "879", "P-1", "Quillbrax", "Zornvelda", "113292"),
                  (2, "879", "P-2", "Mivostren", "Zornvelda", "113292"),
                  (3, "879", "P-3", "Mivostren", "Zornvelda", "113293"),
                  (4, "878", "P-3", "Yulkaptar", "Tharxenna", "113293"))
        for key, la, number, forename, surname, urn in pupils:
            add("pupil", pupil_key=key, la_code=la, pupil_id=number, forename=forename,
                surname=surname, gender="F", dob="2017-03-09", house="7", street="Wemstrath Mews",
                postcode="ZZ3 4CK", seen_import=1)
            add("enrolment", pupil_key=key, namespace="school", urn=urn, seen_import=1)
        contacts = ((1, "school", "113292", "dsl", "Ostrawemble", at("2026-01-12T10:00:00")),
                    (2, "school", "113292", "deputy", "Drobraxley", None),
                    (3, "la", "879", "la_desk", "Drobraxley", at("2026-01-12T10:00:00")))
        for key, namespace, urn, role, name, verified in contacts:
            add("contact", contact_id=key, namespace=namespace, urn=urn, role=role, name=name,
                adapter="email", address=f"kaptostra{key}@school.example", verified_at=verified)
        self.incident(add, 1, "50260000001", [child("1", "Quillbrax", "Zornvelda"),
                                              child("2", "Mivostren", "Zornvelda")])
        self.incident(add, 2, "50260000002", [child("1", "Yulkaptar", "Tharxenna")])
        self.incident(add, 3, "50260000003", [child("1", "Xenquillow", "Tharxenna")])
        add("message", message_id=9, received_at=at("2026-03-15T23:00:00"),
            topic="encompass/v1/devon-and-cornwall/incident", outcome="refused",
            body=json.dumps({"police_ref": "50260000009", "children": "Quillbrax"}).encode(),
            problems=json.dumps([{"at": "/children", "problem": "is not a list"}]))
        self.decisions(add)
        self.notices(add)
        db.execute("UPDATE child SET decision_id = child_id, stage = 'done'")

    @staticmethod
    def incident(add, key, ref, children):
        moment = at("2026-03-15T22:10:00") + key
        add("message", message_id=key, received_at=moment, outcome="accepted",
            topic="encompass/v1/devon-and-cornwall/incident",
            body=json.dumps(message(ref, children)).encode())
        add("incident", incident_id=key, force="devon-and-cornwall", police_ref=ref, revision=1,
            message_id=key, type="domestic_abuse", action="notify",
            attended_at=at("2026-03-15T21:30:00"), accepted_at=moment, revised_at=moment)
        add("incident_revision", incident_id=key, revision=1, message_id=key, accepted_at=moment)
        for index, entry in enumerate(children):
            add("child", child_id=key * 10 + index, incident_id=key, child_ref=entry["child_ref"],
                stage="plan", state="open", position=index, changed_revision=1, tell_from=moment)
        add("audit", at=moment, who="police", event="incident.accepted", incident_id=key,
            detail="revision=1")

    @staticmethod
    def decisions(add):
        rows = ((10, "match", 1, "forename, surname and birth date"),
                (11, "review", None, "two pupils fit as well"),
                (20, "match", 4, "forename, surname and birth date"),
                (30, "none", None, "nobody on a roll is like it"))
        for key, outcome, pupil, rule in rows:
            add("decision", decision_id=key, child_id=key, made_at=at("2026-03-15T22:10:09"),
                made_by="matcher", outcome=outcome, pupil_key=pupil, score=9.5, margin=4.0,
                rule=rule)
        evidence = json.dumps([{"field": "forename", "level": "same", "weight": 3.5},
                               {"field": "postcode", "level": "differs", "weight": -1}])
        for decision, rank, pupil in ((10, 1, 1), (11, 1, 2), (11, 2, 3), (20, 1, 4)):
            add("candidate", decision_id=decision, rank=rank, pupil_key=pupil, score=9.5,
                evidence=evidence)

    @staticmethod
    def notices(add):
        due, answer = at("2026-03-16T07:30:00"), at("2026-03-16T08:15:00")

        def notice(key, reference, incident, children, urn, **more):
            add("notice", **{**dict(
                notice_id=key, reference=reference, incident_id=incident, revision=1,
                kind="notice", namespace="school", urn=urn, basis="statutory",
                rule="school-morning", due_at=due, answer_by=answer, state="owed",
                planned_at=at("2026-03-15T22:10:10")), **more})
            for one in children:
                add("notice_child", notice_id=key, child_id=one)

        def item(key, notice_key, contact, **more):
            add("outbox", **{**dict(
                item_id=key, kind="notice", notice_id=notice_key, contact_id=contact,
                adapter="email", key=f"key-{key}", due_at=due, give_up_at=answer, state="due",
                created_at=at("2026-03-15T22:10:10")), **more})

        notice(1, "OE-1111-AAAA", 1, [10], "113292")
        item(1, 1, 1, tries=1, verdict="later", detail="mailbox busy")
        add("attempt", item_id=1, **{"try": 1}, at=at("2026-03-16T06:45:00"), verdict="later",
            code=451, detail="mailbox busy", ms=12)
        notice(2, "OE-2222-BBBB", 1, [11], "879", namespace="la", kind="desk", reason="review",
               rule="desk-morning")
        item(2, 2, 3)
        notice(3, "OE-3333-CCCC", 2, [20], "113293")  # nobody to send to
        notice(4, "OE-4444-DDDD", 3, [30], "879", namespace="la", kind="desk",
               reason="no-match", rule="desk-morning", state="told",
               told_at=at("2026-03-16T06:40:00"), told_contact=3)
        item(4, 4, 3, state="sent", tries=1, verdict="sent", sent_at=at("2026-03-16T06:40:00"))


def run(*arguments, store=None, status=0, now=NOW, environment=None, config=None):
    command = [str(ENCOMPASS), *map(str, arguments), "--now", now]
    command += ["--store", str(store)] if store else []
    command += ["--config", str(config)] if config else []
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
    assert status is None or done.returncode == status, \
        f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    made = Store(tmp_path_factory.mktemp("cli") / "store.db")
    with made.open() as db:
        db.execute("UPDATE child SET state = 'review' WHERE child_id = 11")
        db.execute("UPDATE child SET state = 'with_la_desk' WHERE child_id = 30")
    return made.path


@pytest.fixture
def store(filled, tmp_path):
    """A store of the test's own."""
    return shutil.copy(filled, tmp_path / "store.db")


def rows(store, sql, *values):
    with contextlib.closing(sqlite3.connect(store, timeout=20)) as db:
        return db.execute(sql, values).fetchall()


def change(store, sql, *values):
    with contextlib.closing(sqlite3.connect(store, timeout=20)) as db, db:
        db.execute(sql, values)


def shown(*arguments, store, **more):
    return json.loads(run(*arguments, "--json", store=store, **more).stdout)


def leaked(text):
    return [word for word in PERSONAL if word.lower() in text.lower()]


# Words on the command line.


def test_the_help_fits_a_screen_and_names_every_command():
    text = run("--help").stdout
    assert len(text.splitlines()) <= 34 and max(map(len, text.splitlines())) <= 100
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", text, re.M)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_explains_itself_with_examples(name):
    text = run(name, "--help").stdout
    assert text.startswith(f"usage: encompass {name}")
    assert f"  encompass {name}" in text.split("Examples:")[1]
    assert max(map(len, text.splitlines())) <= 100
    assert run("help", name).stdout == text


@pytest.mark.parametrize("arguments", [
    (), ("bogus",), ("status", "--bogus"), ("status", "extra"), ("explain",),
    ("explain", "1", "2"), ("answer",), ("review",), ("review", "bogus"), ("review", "show"),
    ("review", "show", "x"), ("review", "accept", "1"), ("plan", "--due-before", "soon"),
    ("plan", "--la"), ("status", "--watch"), ("check", "extra"), ("init", "extra"),
])
def test_wrong_words_are_exit_2_with_one_line_on_stderr(store, arguments):
    done = run(*arguments, store=store, status=2)
    assert done.stdout == ""
    assert re.fullmatch(r"encompass: [^\n]+--help\n", done.stderr)


def test_status_sends_whoever_reads_of_unanswered_notices_to_the_call_list(store):
    text = run("status", store=store, now="2026-03-16T09:00:00").stdout
    assert re.search(r"answered in time  \(whom to ring: encompass plan --call-list\)", text)


def test_the_options_of_all_commands_stand_anywhere(store):
    before = subprocess.run([ENCOMPASS, "--json", f"--store={store}", "--now", NOW, "status"],
                            capture_output=True, text=True, check=True)
    assert json.loads(before.stdout)["tonight"] == shown("status", store=store)["tonight"]


def test_a_wrong_time_is_wrong_use():
    assert run("status", now="half past", status=2).stderr.startswith("encompass: --now")


def test_the_version_is_told():
    assert re.fullmatch(r"encompass \d+\.\d+\.\d+\n", run("--version").stdout)


def test_a_store_that_is_not_there_is_exit_3(tmp_path):
    for arguments in (("status",), ("plan",), ("explain", "1"), ("review", "list"), ("answer", "x")):
        done = run(*arguments, store=tmp_path / "none.db", status=3)
        assert done.stdout == "" and "encompass init" in done.stderr


def test_a_store_is_made_once(tmp_path):
    path = tmp_path / "new.db"
    run("init", store=path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert "exists" in run("init", store=path, status=1).stderr
    assert rows(path, "SELECT event FROM audit") == [("store.made",)]


def test_a_full_disk_under_the_output_is_exit_3(store):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([ENCOMPASS, "status", "--store", store], stdout=full,
                              stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3 and "encompass: writing the result" in done.stderr


# Status.


def test_status_accounts_for_every_child(store):
    s = shown("status", store=store)
    for part in (s["tonight"], s["all"]):
        children = dict(part["children"])
        assert children.pop("all") == sum(children.values()) == 4
        assert sum(part["decisions"].values()) == 4
    assert s["tonight"]["messages"] == {"received": 4, "accepted": 3, "repeated": 0, "refused": 1}
    assert s["tonight"]["decisions"] == {"match": 2, "review": 1, "none": 1, "undecided": 0}
    assert s["all"]["children"]["with_la_desk"] == 1 and s["all"]["children"]["review"] == 1
    assert s["adds_up"] is True
    assert s["notices"]["owed"] == 3 and s["notices"]["told"] == 1 and s["notices"]["all"] == 4
    assert s["notices"]["next_due"] == "2026-03-16T07:30:00Z"
    assert s["attention"]["stuck"] == 1 and s["attention"]["refused_waiting"] == 1
    assert s["troubles"] == [{"adapter": "email", "verdict": "later", "items": 1, "most_tries": 1,
                              "next_try": "2026-03-16T07:30:00Z", "detail": "mailbox busy"}]
    assert s["since"] == "2026-03-15T12:00:00Z" and s["at"].startswith("2026-03-16T06:50")


def test_status_counts_what_came_before_noon_yesterday_in_all_alone(store):
    s = shown("status", store=store, now="2026-03-17T09:00:00")
    assert s["tonight"]["children"]["all"] == 0 and s["tonight"]["messages"]["received"] == 0
    assert s["all"]["children"]["all"] == 4


def test_status_says_what_is_late_and_what_is_unanswered(store):
    for now, late in (("2026-03-16T07:30:30", 0), ("2026-03-16T07:31:30", 3)):
        assert shown("status", store=store, now=now)["notices"]["late"] == late
    assert shown("status", store=store, now="2026-03-16T08:16:00")["notices"]["unanswered"] == 1


def test_a_child_that_nothing_looks_after_makes_status_exit_1(store):
    change(store, "UPDATE notice SET state = 'cancelled' WHERE notice_id = 1")
    done = run("status", store=store, status=1)
    assert "! 1 child is forgotten" in done.stdout
    s = json.loads(run("status", "--json", store=store, status=1).stdout)
    assert s["attention"]["forgotten"] == 1 and s["adds_up"] is False


def test_status_says_whether_the_daemon_runs(store):
    assert shown("status", store=store)["daemon_pid"] is None
    assert "encompassd is not running" in run("status", store=store).stdout
    with open(f"{store}-daemon", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert shown("status", store=store)["daemon_pid"] == os.getpid()
        assert "encompassd is not running" not in run("status", store=store).stdout
    assert shown("status", store=store)["daemon_pid"] is None


def test_status_reads_as_text_what_json_says(store):
    text = run("status", store=store).stdout
    assert re.search(r"Children +4 +4\n", text)
    assert "3 owed, 1 told, 0 answered, 0 failed; 2 of them to desks" in text
    assert "Monday 16 March 2026 at 07:30" in text
    assert "encompass review list" in text


# Plan.


def test_plan_lists_what_is_owed_by_time(store):
    plan = shown("plan", store=store)["notices"]
    assert [n["reference"] for n in plan] == ["OE-2222-BBBB", "OE-1111-AAAA", "OE-3333-CCCC"]
    n = plan[1]
    assert (n["namespace"], n["urn"], n["establishment"], n["la"]) == \
        ("school", "113292", "Example Primary School", "879")
    assert (n["role"], n["adapter"], n["children"], n["basis"]) == ("dsl", "email", 1, "statutory")
    assert n["rule"] == "school-morning" and n["rule_words"] == "next school morning"
    assert plan[0]["reason"] == "review" and plan[0]["reason_words"]
    assert plan[2]["stuck"] is True and plan[2]["role"] is None


@pytest.mark.parametrize("options, found", [
    (("--urn", "113292"), 1), (("--urn", "school/113292"), 1), (("--urn", "centre/113292"), 0),
    (("--la", "879"), 3), (("--la", "878"), 0),
    (("--force", "dorset"), 0), (("--force", "devon-and-cornwall"), 3),
    (("--due-before", "07:30"), 0), (("--due-before", "07:31"), 3),
    (("--due-before", "2026-03-16"), 0), (("--due-before", "2026-03-16T07:30:01"), 3),
    (("--all",), 4),
])
def test_plan_is_filtered(store, options, found):
    assert len(shown("plan", *options, store=store)["notices"]) == found


@pytest.mark.parametrize("option,slip", [("--la", "777"), ("--urn", "999999"), ("--urn", "centre/113292")])
def test_plan_says_that_what_it_is_asked_of_is_in_no_register(store, option, slip):
    for call_list in ((), ("--call-list",)):
        assert "is not in the register" in run("plan", *call_list, option, slip, store=store).stderr
    assert run("plan", "--la", "879", "--urn", "113292", store=store).stderr == ""
    for option, nonsense in (("--la", "Kent"), ("--urn", "St Mary's"), ("--force", "Devon & Cornwall")):
        run("plan", option, nonsense, store=store, status=2)


@pytest.mark.parametrize("options", [(), ("--all",), ("--names",)])
def test_plan_is_read_in_120_columns_however_long_the_names_are(store, options):
    long = "Saint Bartholomew's Roman Catholic Voluntary Aided Primary School and Nursery of the Holy Cross"
    change(store, "UPDATE establishment SET name = ?", long)
    change(store, "UPDATE contact SET name = ?", "Wilhelmina Featherstonehaugh-Cholmondeley")
    lines = run("plan", *options, store=store).stdout.splitlines()
    assert max(map(len, lines)) <= 120
    assert len(lines) > 4 and lines[0].split()[:3] == ["DUE", "REFERENCE", "ESTABLISHMENT"]
    # Nothing is cut off: word by word it goes on below.
    column = lines[0].index("ESTABLISHMENT")
    row = next(i for i, line in enumerate(lines) if "OE-1111-AAAA" in line)
    end = lines[0].index("WHO")
    after = next((i for i, line in enumerate(lines) if i > row and "  OE-" in line), len(lines))
    said = " ".join(line[column:end].strip() for line in lines[row:after])
    assert said.startswith(long) and "(school 113292)" in said


@pytest.mark.parametrize("wide", (90, 100))
@pytest.mark.parametrize("arguments", [("check",), ("explain", "50260000001"), ("review", "show", "11"),
                                       ("plan", "--all"), ("policy", "show")])
def test_what_is_read_on_a_screen_is_no_wider_and_what_is_piped_keeps_its_lines(store, arguments, wide):
    long = "Saint Bartholomew's Roman Catholic Voluntary Aided Primary School and Nursery of the Holy Cross"
    change(store, "UPDATE establishment SET name = ?", long)
    on_screen = run(*arguments, store=store, environment={"COLUMNS": str(wide)}, status=None).stdout
    assert max(len(line) for line in on_screen.splitlines() if not re.match(r"\d+\. ", line)) <= wide
    piped = run(*arguments, store=store, status=None).stdout
    assert arguments[0] not in ("check", "explain") or long in piped


def test_plan_shows_london_s_time(store):
    change(store, "UPDATE notice SET due_at = ?", at("2026-03-30T06:30:00"))
    assert "Mon 30 Mar 07:30" in run("plan", store=store).stdout


# Explain.


def test_explain_tells_each_step(store):
    text = run("explain", "50260000001", store=store).stdout
    for said in ("Incident 50260000001 of devon-and-cornwall", "revision 1, was accepted",
                 "the gateway decided: this is the pupil (P-1 of authority 879)",
                 "Rule: forename, surname and birth date",
                 "for it: forename: same (+3.5)", "against it: postcode: differs (-1.0)", "Each +1 doubles the odds",
                 "Example Primary School (school 113292)", "under the statutory duty",
                 "Accepted on Sunday 15 March 2026 at 22:10",
                 "Monday 16 March 2026 is the next school day there",
                 "Why a desk: a person has to say which of several pupils this is",
                 "designated safeguarding lead, by e-mail: waiting for its time",
                 "try 1, Monday 16 March 2026 at 06:45: not now: to be tried again "
                 "(SMTP reply 451, mailbox busy)", "incident.accepted"):
        assert said in text, f"{said!r} is not in:\n{text}"


def test_explain_has_each_step_in_json(store):
    e = shown("explain", "50260000001", store=store)
    assert [c["state"] for c in e["children"]] == ["open", "review"]
    assert e["children"][0]["decisions"][0]["candidates"][0]["pupil_id"] == "P-1"
    assert e["children"][0]["on_roll"][0]["name"] == "Example Primary School"
    assert e["children"][0]["notices"] == ["OE-1111-AAAA"]
    assert e["notices"][0]["items"][0]["tries"][0]["code"] == 451
    assert e["messages"][0]["status"] == "accepted" and e["audit"][0]["who"] == "police"
    assert not any("name" in c for c in e["children"])


def test_explain_takes_the_reference_that_a_school_quotes(store):
    for read_out in ("oe-1111-aaaa", "OE 1111 AAAA", "0e iiii aaaa"):
        assert shown("explain", read_out, store=store)["police_ref"] == "50260000001"


def test_explain_knows_a_reference_that_was_only_refused(store):
    text = run("explain", "50260000009", store=store).stdout
    assert "nothing was accepted" in text and "/children is not a list" in text
    assert shown("explain", "50260000009", store=store)["messages"][0]["status"] == "refused"


def test_explain_of_an_unknown_reference_is_exit_1(store):
    assert "no incident" in run("explain", "50260000777", store=store, status=1).stderr
    run("explain", "50260000001", "--force", "dorset", store=store, status=1)


def test_explain_asks_whose_reference_it_is(store):
    change(store, "INSERT INTO incident SELECT 99, 'dorset', police_ref, revision, message_id,"
                  " type, action, attended_at, accepted_at, revised_at, closed_at, urgent FROM incident"
                  " WHERE incident_id = 1")
    assert "force" in run("explain", "50260000001", store=store, status=1).stderr
    run("explain", "50260000001", "--force", "devon-and-cornwall", store=store)


# Review.


def test_review_lists_children_by_deadline_and_refused_messages(store):
    r = shown("review", "list", store=store)
    assert [c["child_id"] for c in r["children"]] == [11]
    assert r["children"][0]["candidates"] == 2
    assert r["children"][0]["deadline"] == "2026-03-16T07:30:00Z"
    assert r["messages"][0]["message_id"] == 9
    assert r["messages"][0]["problems"] == [{"at": "/children", "problem": "is not a list"}]


def test_review_shows_both_sides_and_the_audit_says_so(store):
    text = run("review", "show", "11", store=store).stdout
    for said in ("POLICE SAID", "879 P-2", "879 P-3", "Mivostren", "ZZ3 4CK", "2017-03-09",
                 "Second School (school 113293)", "for it: forename: same"):
        assert said in text
    assert rows(store, "SELECT incident_id, child_id, detail FROM audit"
                       " WHERE event = 'names.shown'") == [(1, 11, "command=review show")]
    r = shown("review", "show", "11", store=store)
    assert r["child"]["surname"] == "Zornvelda" and len(r["candidates"]) == 2


def test_a_protected_address_is_not_shown_in_review(store):
    guarded = child("2", "Mivostren", "Zornvelda")
    guarded["address"] = {"address": "7 Wemstrath Mews", "postcode": "ZZ3 4CK", "protected": True}
    body = message("50260000001", [child("1", "Quillbrax", "Zornvelda"), guarded])
    change(store, "UPDATE message SET body = ? WHERE message_id = 1", json.dumps(body).encode())
    said = shown("review", "show", "11", store=store)["child"]
    assert said["postcode"] == said["address"] == "protected"


def test_a_person_s_choice_is_recorded_and_handed_to_planning(store):
    run("review", "accept", "11", "P-2", store=store)
    assert rows(store, "SELECT stage FROM child WHERE child_id = 11") == [("plan",)]
    made = rows(store, "SELECT d.outcome, d.pupil_key, d.score, d.made_by, c.evidence FROM child k"
                       " JOIN decision d ON d.decision_id = k.decision_id"
                       " JOIN candidate c ON c.decision_id = d.decision_id WHERE k.child_id = 11")
    assert made[0][:3] == ("match", 2, 9.5) and made[0][3] not in ("", "matcher")
    assert "differs" in made[0][4]
    assert rows(store, "SELECT count(*) FROM audit WHERE event = 'child.reviewed'") == [(1,)]
    assert shown("review", "list", store=store)["children"] == []


def test_a_number_that_two_authorities_use_asks_for_the_authority(store):
    assert "--la" in run("review", "accept", "11", "P-3", store=store, status=1).stderr
    run("review", "accept", "11", "P-3", "--la", "879", store=store)
    assert rows(store, "SELECT pupil_key FROM decision ORDER BY decision_id DESC LIMIT 1") == [(3,)]


def test_none_of_them_is_a_decision_too(store):
    run("review", "reject", "11", store=store)
    assert rows(store, "SELECT outcome FROM decision ORDER BY decision_id DESC LIMIT 1") == \
        [("none",)]


def test_two_people_do_not_undo_each_other_s_decision_unawares(store):
    run("review", "accept", "11", "P-2", store=store)
    assert shown("review", "accept", "11", "P-2", store=store)["already"] is True
    change(store, "UPDATE decision SET made_by = 'an.other' WHERE outcome = 'match' AND child_id = 11")
    before = rows(store, "SELECT count(*) FROM decision")
    for words in (("reject", "11"), ("accept", "11", "P-3", "--la", "879")):
        refused = run("review", *words, store=store, status=1).stderr
        assert "an.other has decided otherwise" in refused and "--again" in refused
    assert rows(store, "SELECT count(*) FROM decision") == before
    assert shown("review", "reject", "11", "--again", store=store)["already"] is False
    assert shown("review", "reject", "11", store=store)["already"] is True
    assert rows(store, "SELECT outcome FROM decision ORDER BY decision_id DESC LIMIT 1") == [("none",)]
    assert rows(store, "SELECT count(*) FROM audit WHERE event = 'child.reviewed'") == [(2,)]


def test_what_is_accepted_can_be_kept_for_the_next_call_out_and_taken_back(store, tmp_path):
    roll = tmp_path / "none.csv"
    roll.write_text("pupil_id,upn,forename,middle_names,surname,preferred_forename,former_surname,gender,dob,house,street,"
                    "town,postcode,urn,school,la_code,nc_year\n")
    run("import", "roll", str(roll), store=store)  # the index is this program's
    assert "--remember is for accept" in run("review", "reject", "11", "--remember", store=store, status=2).stderr
    change(store, "UPDATE pupil SET forename = 'Ysolbrenda', postcode = 'ZZ9 9ZZ', house = '88' WHERE pupil_id = 'P-2'")
    kept = shown("review", "accept", "11", "P-2", "--remember", store=store)["remembered"]
    assert "another forename" in kept
    shown_again = run("explain", "50260000001", store=store).stdout
    assert "Kept for the pupil's next call-out by" in shown_again and "another forename" in shown_again
    assert "Mivostren" not in shown_again
    assert rows(store, "SELECT text FROM remembered WHERE kind = 'forename' AND ended_at IS NULL") == [("Mivostren",)]

    undone = shown("review", "undo", "11", store=store)
    assert (undone["done"], undone["already"]) == ("undone", False)
    assert shown("review", "undo", "11", store=store)["already"] is True
    assert rows(store, "SELECT stage, state, decision_id FROM child WHERE child_id = 11") == [("match", "open", None)]
    assert rows(store, "SELECT count(*) FROM remembered WHERE ended_at IS NULL") == [(0,)]
    explained = run("explain", "50260000001", store=store).stdout
    assert "Kept for" not in explained and "still to look for the child on the rolls" in explained


def test_a_child_found_to_be_on_no_roll_is_the_desk_s_until_that_is_taken_back(store):
    run("review", "not-on-roll", "11", store=store)
    assert rows(store, "SELECT outcome, rule FROM decision ORDER BY decision_id DESC LIMIT 1") == \
        [("none", "a person found it to be on no roll")]
    assert shown("review", "undo", "11", store=store)["already"] is False
    assert rows(store, "SELECT stage FROM child WHERE child_id = 11") == [("match",)]


@pytest.mark.parametrize("arguments", [("accept", "11", "P-77"), ("accept", "77", "P-1"),
                                       ("reject", "77"), ("show", "10"), ("handled", "1")])
def test_what_there_is_not_cannot_be_reviewed(store, arguments):
    before = rows(store, "SELECT count(*) FROM decision")
    run("review", *arguments, store=store, status=1)
    assert rows(store, "SELECT count(*) FROM decision") == before


@pytest.mark.parametrize("sql, status", [
    ("UPDATE notice SET state = 'told' WHERE notice_id = 1", 1),
    ("UPDATE notice SET state = 'answered' WHERE notice_id = 1", 1),
    ("UPDATE outbox SET state = 'leased' WHERE item_id = 1", 3),
    ("UPDATE child SET state = 'withdrawn' WHERE child_id = 10", 1),
])
def test_a_child_that_a_school_has_been_told_of_is_not_decided_again(store, sql, status):
    change(store, sql)
    before = rows(store, "SELECT count(*) FROM decision")
    run("review", "reject", "10", store=store, status=status)
    assert rows(store, "SELECT count(*) FROM decision") == before
    assert rows(store, "SELECT decision_id FROM child WHERE child_id = 10") == [(10,)]


def test_a_desk_that_was_told_may_still_find_the_pupil(store):
    change(store, "UPDATE notice SET state = 'told', told_at = 1 WHERE notice_id = 2")
    change(store, "UPDATE child SET state = 'with_la_desk' WHERE child_id = 11")
    assert [c["child_id"] for c in shown("review", "list", store=store)["children"]] == [11]
    run("review", "accept", "11", "P-2", store=store)


def test_a_refused_message_is_dealt_with_once(store):
    assert shown("review", "handled", "9", store=store)["already"] is False
    assert shown("review", "handled", "9", store=store)["already"] is True
    assert shown("review", "list", store=store)["messages"] == []
    assert rows(store, "SELECT count(*) FROM audit WHERE event = 'message.handled'") == [(1,)]


# Answer.


def test_an_answer_is_recorded_once(store):
    first = shown("answer", "OE-4444-DDDD", store=store)
    again = shown("answer", "oe-4444-dddd", store=store, now="2026-03-16T07:00:00")
    assert first["state"] == "answered" and first["already"] is False
    assert again["already"] is True and again["answered_at"] == first["answered_at"]
    assert rows(store, "SELECT count(*) FROM audit WHERE event = 'notice.answered'") == [(1,)]
    assert "answered already" in run("answer", "OE-4444-DDDD", store=store).stdout


@pytest.mark.parametrize("reference", ["OE-9999-ZZZZ", "OE-1111-AAAA"])
def test_what_nobody_was_told_cannot_be_answered(store, reference):
    assert run("answer", reference, store=store, status=1).stdout == ""


# Names.


NAMELESS = [("status",), ("plan",), ("plan", "--all"), ("explain", "50260000001"),
            ("explain", "50260000002"), ("explain", "50260000003"), ("explain", "50260000009"),
            ("review", "list"), ("answer", "OE-4444-DDDD"), ("check",), ("review", "show", "77"),
            ("review", "accept", "11", "P-2"), ("review", "reject", "11"),
            ("review", "handled", "9")]


@pytest.mark.parametrize("how", [(), ("--json",)])
@pytest.mark.parametrize("arguments", NAMELESS)
def test_no_name_is_shown_unless_asked_for(store, arguments, how):
    done = run(*arguments, *how, store=store, status=None)
    assert leaked(done.stdout + done.stderr) == []


@pytest.mark.parametrize("arguments, incidents", [
    (("plan", "--names"), [1, 2]),
    (("explain", "50260000001", "--names"), [1]),
])
@pytest.mark.parametrize("how", [(), ("--json",)])
def test_names_are_shown_when_asked_for_and_the_audit_says_of_whom(store, arguments, incidents, how):
    text = run(*arguments, *how, store=store).stdout
    assert "Quillbrax Zornvelda" in text and "Ostrawemble" in text
    assert [row[0] for row in rows(store, "SELECT incident_id FROM audit"
                                          " WHERE event = 'names.shown'")] == incidents


def test_no_name_comes_into_the_audit(store):
    for arguments in (("plan", "--names"), ("explain", "50260000001", "--names"),
                      ("review", "show", "11"), ("review", "accept", "11", "P-2"),
                      ("review", "handled", "9")):
        run(*arguments, store=store)
    assert leaked(str(rows(store, "SELECT * FROM audit"))) == []


# The members that the help promises are those that there are.


def members(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner)


@pytest.mark.parametrize("arguments", [("status",), ("plan", "--names"), ("answer", "OE-4444-DDDD"),
                                       ("explain", "50260000001", "--names"), ("review", "list"),
                                       ("review", "handled", "9"), ("check",)])
def test_json_members_are_documented(store, arguments):
    told = set(re.findall(r"[a-z_]+", run(arguments[0], "--help").stdout))
    found = set(members(json.loads(run(*arguments, "--json", store=store, status=None).stdout)))
    found -= {"at", "problem", "field", "level", "weight"}  # contracts of their own
    assert {m for m in found if m not in told and m.removesuffix("_words") not in told} == set()


# Colour.


def on_a_terminal(*arguments, store, environment=None):
    leader, follower = pty.openpty()
    process = subprocess.Popen([ENCOMPASS, *arguments, "--store", store, "--now", NOW],
                               stdout=follower, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                               env={**os.environ, "TERM": "xterm", "NO_COLOR": "",
                                    **(environment or {})})
    os.close(follower)
    said = b""
    with contextlib.suppress(OSError):  # EIO: the other end has closed
        while piece := os.read(leader, 65536):
            said += piece
    os.close(leader)
    assert process.wait(20) in (0, 1)
    return said


@pytest.mark.parametrize("arguments", [("status",), ("plan",), ("explain", "50260000001"), ("check",)])
def test_colour_is_for_terminals_alone(store, arguments):
    assert b"\033[" in on_a_terminal(*arguments, store=store)
    assert b"\033[" not in on_a_terminal(*arguments, store=store, environment={"NO_COLOR": "1"})
    assert b"\033[" not in on_a_terminal(*arguments, store=store, environment={"TERM": "dumb"})
    assert "\033[" not in run(*arguments, store=store, status=None).stdout
    assert b"\033[" not in on_a_terminal(*arguments, "--json", store=store)


def test_what_came_from_outside_cannot_steer_the_terminal(store):
    change(store, "UPDATE establishment SET name = ? WHERE urn = '113292'",
           "Evil\033]0;title\007 School\u009b31m")
    said = on_a_terminal("plan", store=store, environment={"NO_COLOR": "1"})
    assert b"\033" not in said and b"\007" not in said and "\u009b".encode() not in said


# Check.


@pytest.fixture
def config(store, tmp_path):
    path = tmp_path / "encompass.conf"
    path.write_text(f"[store]\npath = {store}\n[morning]\ntemplates = {REPOSITORY}/templates\n"
                    '[mqtt]\nhost = localhost\ntls = no\n[adapter "spool"]\nfolder = spool\n')
    (tmp_path / "spool").mkdir()
    return path


def findings(config, status):
    done = run("check", "--json", config=config, status=status)
    return [(f["severity"], f["subject"], f["what"]) for f in json.loads(done.stdout)["findings"]]


def found(config, status, severity, *words):
    return [f for f in findings(config, status)
            if f[0] == severity and all(w in f[1] + " " + f[2] for w in words)]


def test_check_warns_of_what_the_morning_would_regret(config):
    for words in (("113293", "nobody there can be told"), ("113292", "one contact only"),
                  ("113292", "unverified"), ("authority 879", "no school days"),
                  ("authority 878", "its desk has no contact"), ("email", "not configured"),
                  ("bank holidays", "none"), ("refused messages", "1 wait"),
                  ("[mqtt] tls", "unencrypted")):
        assert len(found(config, 0, "warning", *words)) == 1, words


def test_check_fits_a_screen_where_many_schools_want_the_same(config, store):
    for urn in range(200001, 200041):
        change(store, "INSERT INTO establishment(namespace, urn, la_code, name, type_code, type_name,"
                      f" status_code) VALUES ('school', '{urn}', '879', 'School {urn}', 1, 'x', 1)")
        change(store, f"UPDATE enrolment SET urn = '{urn}' WHERE pupil_key = 4" if urn == 200001 else
                      "INSERT INTO enrolment(pupil_key, namespace, urn, seen_import)"
                      f" VALUES (4, 'school', '{urn}', 1)")
    shown_short = run("check", config=config).stdout
    assert len([line for line in shown_short.splitlines() if "nobody there can be told" in line]) == 1
    [line] = [line for line in shown_short.splitlines() if "nobody there can be told" in line]
    assert "40 establishments" in line or "41 establishments" in line
    assert "such as school 200001" in line and "import a verified contact" in line
    assert "encompass check --all" in shown_short and len(shown_short.splitlines()) < 24
    whole = run("check", "--all", config=config).stdout
    assert all(f"school {urn}" in whole for urn in range(200001, 200041))
    assert len(found(config, 0, "warning", "nobody there can be told")) >= 40


def test_check_has_errors_before_warnings(store, tmp_path):
    config = tmp_path / "encompass.conf"
    config.write_text('[adapter "email"]\nhost = mail.example\nfrom = a@b.example\n[morning]\ntemplates = /none\n')
    text = run("check", store=store, config=config, status=1).stdout
    severities = [line.split()[0] for line in text.splitlines() if line.startswith(("error", "warning"))]
    assert severities == sorted(severities) and {"error", "warning"} == set(severities)


def test_a_missing_configuration_says_where_one_comes_from():
    for program in ("status", "check"):
        done = run(program, "--config", "/nonexistent.conf", status=3 if program == "status" else 1)
        assert "/nonexistent.conf: No such file or directory (--config names another" \
            in done.stdout + done.stderr


def test_check_is_quiet_about_what_is_mended(config, store):
    for sql in ("UPDATE contact SET verified_at = 1, adapter = 'spool'",
                "UPDATE message SET handled_at = 1",
                "INSERT INTO bank_holiday VALUES ('england-and-wales', '2027-12-28', 'x')",
                "INSERT INTO term(la_code, kind, from_day, to_day) VALUES"
                " ('879', 'term', '2026-01-05', '2026-07-21')"):
        change(store, sql)
    left = " ".join(f"{f[1]} {f[2]}" for f in findings(config, 0))
    for gone in ("one contact only", "unverified:", "no school days", "bank holidays", "wait for"):
        assert gone not in left


def test_check_warns_of_a_centre_that_cannot_be_told_where_that_is_switched_on(config, store):
    change(store, "INSERT INTO establishment(namespace, urn, la_code, name, type_code, type_name,"
                  " status_code) VALUES ('centre', '20001', '879', 'A Centre', 47, 'x', 1)")
    change(store, "INSERT INTO reach VALUES ('centre', '20001', 'PL4')")
    assert not found(config, 0, "warning", "centre 20001")
    change(store, "INSERT INTO policy VALUES ('la', '879', 'childrens_centres', 'on')")
    assert len(found(config, 0, "warning", "centre 20001", "under-fives")) == 1


def test_check_warns_of_a_policy_that_is_none(config, store):
    change(store, "INSERT INTO policy VALUES ('la', '879', 'send_at', 'half past')")
    assert len(found(config, 0, "warning", "policy la 879 send_at")) == 1


def test_check_warns_of_pupils_at_a_closed_school(config, store):
    change(store, "UPDATE establishment SET status_code = 2 WHERE urn = '113293'")
    change(store, "UPDATE enrolment SET urn = '999999' WHERE pupil_key = 4")
    assert found(config, 0, "warning", "113293", "it is closed")
    assert found(config, 0, "warning", "999999", "not in the register")


def test_check_warns_of_an_old_roll(config, store):
    change(store, "UPDATE import SET at = ?", at("2025-12-01T09:00:00"))
    assert found(config, 0, "warning", "authority 879", "its roll of 3 pupils")


def test_check_objects_to_what_a_start_would_refuse(config, tmp_path):
    good = config.read_text()
    for broken, word in ((good + "bogus = 1\n", "bogus"),
                         (good.replace("templates =", "templates = /nonexistent"), "templates"),
                         (good.replace("store.db", "none.db"), "encompass init"),
                         (good.replace("[mqtt]\nhost = localhost\ntls = no\n", ""), "broker"),
                         (good + '[adapter "webhook"]\nsecret_file = none\n', "webhook"),
                         (good.replace("tls = no", "tls = yes\nca_file = none.pem"), "none.pem")):
        config.write_text(broken)
        assert found(config, 1, "error", word), (word, findings(config, 1))


def test_check_reads_certificates(config, tmp_path):
    for days, severity, status in ((-1, "error", 1), (20, "warning", 0), (40, None, 0)):
        path = tmp_path / "ca.pem"
        end = datetime.datetime.fromisoformat(NOW) + datetime.timedelta(days=days)
        certificate(path, end)
        config.write_text(config.read_text().split("ca_file")[0].replace("tls = no", "tls = yes"))
        text = config.read_text()
        config.write_text(text.replace("tls = yes\n", f"tls = yes\nca_file = {path}\n"))
        about = [f for f in findings(config, status) if "ca_file" in f[1]]
        assert [f[0] for f in about] == ([severity] if severity else []), (days, about)
        config.write_text(text)


def certificate(path, end):
    """A self-signed one that ends then; OpenSSL's ca command alone takes a date."""
    folder = path.parent / "ca"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "index").touch()
    (folder / "ca.conf").write_text(
        "[ca]\ndefault_ca=d\n[d]\ndir=.\ndatabase=index\nnew_certs_dir=.\ndefault_md=sha256\n"
        "policy=p\nrand_serial=yes\n[p]\ncommonName=supplied\n")
    quiet = {"cwd": folder, "check": True, "capture_output": True}
    subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=ca"],
                   **quiet)
    subprocess.run(["openssl", "ca", "-batch", "-selfsign", "-config", "ca.conf", "-keyfile",
                    "key.pem", "-in", "request.pem", "-out", str(path), "-notext", "-startdate",
                    "20250101000000Z", "-enddate", end.strftime("%Y%m%d%H%M%SZ")], **quiet)


def test_check_warns_of_a_secret_that_others_may_read(config, tmp_path):
    word = tmp_path / "password"
    word.write_text("word\n")
    word.chmod(0o644)
    config.write_text(config.read_text().replace(
        "tls = no", f"tls = no\nusername = x\npassword_file = {word}"))
    assert found(config, 0, "warning", "password_file", "mode 644")
    word.chmod(0o600)
    assert not found(config, 0, "warning", "password_file", "mode")
