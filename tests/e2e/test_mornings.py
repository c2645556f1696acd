"""What an officer of the council settles on the morning itself: a school that is closed at six, a
policy, and what a day would bring."""

import contextlib
import datetime
import json
import sqlite3
import subprocess

import pytest

from support.gateway import Gateway, build_folder, wait_until

ENCOMPASS = build_folder() / "encompass"
SIX = "2026-03-11T06:00:00"  # a Wednesday, in London


def at(text):
    """UTC seconds of a UTC time; London keeps UTC in these weeks."""
    return int(datetime.datetime.fromisoformat(text + "+00:00").timestamp())


class Office:
    """A store with two schools of one authority and one of the next, and a call-out of Tuesday night
    for each."""

    def __init__(self, path):
        self.path = path
        self.run("init")
        with self.open() as db:
            self.fill(db)

    def run(self, *arguments, status=0, now=SIX):
        done = subprocess.run([ENCOMPASS, "--store", self.path, "--now", now, *map(str, arguments)],
                              capture_output=True, text=True, timeout=60, check=False,
                              stdin=subprocess.DEVNULL)
        assert done.returncode == status, done.stdout + done.stderr
        return done

    def json(self, *arguments, now=SIX):
        return json.loads(self.run(*arguments, "--json", now=now).stdout)

    @contextlib.contextmanager
    def open(self):
        db = sqlite3.connect(self.path, timeout=20)
        try:
            with db:
                yield db
        finally:
            db.close()

    def rows(self, sql, *values):
        with self.open() as db:
            return db.execute(sql, values).fetchall()

    def fill(self, db):
        def add(table, **row):
            db.execute(f"INSERT INTO {table} ({','.join(row)}) VALUES ({','.join('?' * len(row))})",
                       tuple(row.values()))
        add("import", import_id=1, kind="roll", at=at("2026-03-01T09:00:00"), who="clerk")
        for la, name in (("879", "Plymouth"), ("878", "Devon")):
            add("authority", la_code=la, name=name)
            add("term", la_code=la, kind="term", from_day="2026-01-05", to_day="2026-03-27")
            add("contact", namespace="la", urn=la, role="la_desk", name="Hub", adapter="email",
                address=f"{la}@desk.example", verified_at=5)
        add("policy", scope="force", id="devon-and-cornwall", key="home_la", value="879")
        for key, (urn, la) in enumerate((("100001", "879"), ("100002", "879"), ("200001", "878")), 1):
            add("establishment", namespace="school", urn=urn, la_code=la, name=f"School {urn}",
                type_code=1, type_name="", status_code=1)
            add("contact", contact_id=100 + key, namespace="school", urn=urn, role="dsl", name="Una",
                adapter="email", address=f"{urn}@school.example", verified_at=5)
            add("pupil", pupil_key=key, la_code=la, pupil_id=f"P{key}", forename="Quillbrax",
                surname="Zornvelda", dob="2017-03-09", seen_import=1)
            add("enrolment", pupil_key=key, namespace="school", urn=urn, seen_import=1)
            self.call_out(add, key)

    @staticmethod
    def call_out(add, key, moment="2026-03-10T22:00:00", **more):
        ref = f"5026000000{key}"
        body = {"version": 1, "force": "devon-and-cornwall", "police_ref": ref, "revision": 1,
                "type": "domestic_abuse", "action": "notify", "attended_at": "2026-03-10T21:00:00Z",
                "risk": "standard", **more,
                "children": [{"child_ref": "1", "forename": "Quillbrax", "surname": "Zornvelda",
                              "date_of_birth": "2017-03-09", "present": "not_present"}]}
        add("message", message_id=key, received_at=at(moment), outcome="accepted",
            topic="encompass/v1/devon-and-cornwall/incident", body=json.dumps(body).encode())
        add("incident", incident_id=key, force="devon-and-cornwall", police_ref=ref, revision=1,
            message_id=key, type="domestic_abuse", action="notify", attended_at=at(moment),
            accepted_at=at(moment), revised_at=at(moment))
        add("incident_revision", incident_id=key, revision=1, message_id=key, accepted_at=at(moment))
        add("child", child_id=key, incident_id=key, child_ref="1", stage="plan", state="open",
            position=0, changed_revision=1, tell_from=at(moment))
        add("decision", decision_id=key, child_id=key, made_at=at(moment), made_by="matcher",
            outcome="match", pupil_key=key, score=9, margin=9, rule="by hand")
        add("audit", at=at(moment), who="police", event="incident.accepted", incident_id=key)

    def due(self):
        """When each school is told, by its number, in UTC."""
        return dict(self.rows("SELECT urn, datetime(due_at, 'unixepoch') FROM notice WHERE state = 'owed'"))


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    office = Office(tmp_path_factory.mktemp("office") / "store.db")
    with office.open() as db:
        db.execute("UPDATE child SET decision_id = child_id")
    # The night's planning: a day nobody minds is closed, which plans what waits.
    office.run("close", "school/100001", "2026-07-30", "--title", "x", now="2026-03-10T23:00:00")
    return office.path


@pytest.fixture
def office(filled, tmp_path):
    path = tmp_path / "store.db"
    with sqlite3.connect(filled) as source, sqlite3.connect(path) as copy:
        source.backup(copy)
    made = Office.__new__(Office)
    made.path = path
    return made


WEDNESDAY, THURSDAY, FRIDAY = ("2026-03-11 07:30:00", "2026-03-12 07:30:00", "2026-03-13 07:30:00")


def test_a_school_that_is_closed_at_six_moves_what_is_not_sent_and_explain_says_so(office):
    assert office.due() == {"100001": WEDNESDAY, "100002": WEDNESDAY, "200001": WEDNESDAY}
    reference, = office.rows("SELECT reference FROM notice WHERE urn = '100001'")[0]
    done = office.json("close", "school/100001", "today", "--title", "Snow")
    assert office.due() == {"100001": THURSDAY, "100002": WEDNESDAY, "200001": WEDNESDAY}
    assert done["closed"] and (done["from"], done["to"]) == ("2026-03-11", "2026-03-11")
    moved, = done["notices"]
    assert moved == {"what": "moved", "reference": reference, "namespace": "school", "urn": "100001",
                     "establishment": "School 100001", "was_due_at": "2026-03-11T07:30:00Z",
                     "due_at": "2026-03-12T07:30:00Z"}
    told = office.run("explain", "50260000001").stdout
    assert ("Moved on Wednesday 11 March 2026 at 06:00 from Wednesday 11 March 2026 at 07:30 to Thursday 12"
            " March 2026 at 07:30: closed there on 11 March 2026 (Snow).") in told
    assert office.rows("SELECT due_at FROM outbox WHERE kind = 'notice' AND state = 'due' AND contact_id = 101"
                       ) == [(at("2026-03-12T07:30:00"),)]
    who, detail = office.rows("SELECT who, detail FROM audit WHERE event = 'calendar.closed'"
                              " ORDER BY audit_id DESC LIMIT 1")[0]
    assert who and detail == "door=school/100001 from=2026-03-11 to=2026-03-11 replanned=3"


def test_a_closure_at_six_that_makes_a_holiday_sends_nothing_before_anybody_works(office):
    office.run("close", "school/100001", "2026-03-11", "2026-03-12", "--title", "Boiler", now="2026-03-10T23:00:00")
    assert office.due()["100001"] == FRIDAY
    moved = office.json("close", "school/100001", "today", "2026-03-20", "--title", "Boiler",
                        now="2026-03-13T06:00:00")["notices"]
    assert not [n for n in moved if n["urn"] == "100001"], "it keeps its hour"
    assert office.due()["100001"] == FRIDAY
    assert office.rows("SELECT rule FROM notice WHERE urn = '100001' AND state = 'owed'") == [("holiday-weekday",)]


def test_an_authority_closes_all_of_its_schools_and_not_the_next_ones(office):
    said = office.run("close", "--la", "879", "2026-03-11", "2026-03-12", "--title", "Snow").stdout
    assert office.due() == {"100001": FRIDAY, "100002": FRIDAY, "200001": WEDNESDAY}
    assert said.startswith("All establishments of authority 879, ")
    assert ", are closed from 11 March 2026 to 12 March 2026: Snow.\n" in said


def test_what_is_open_after_all_moves_back_under_its_reference(office):
    before = office.rows("SELECT notice_id, reference FROM notice")
    office.run("close", "100001", "2026-03-10", "2026-03-12", "--title", "Boiler")
    assert office.due()["100001"] == FRIDAY
    said = office.run("close", "100001", "2026-03-11", "--reopen").stdout
    assert office.due()["100001"] == WEDNESDAY
    assert ", is open again on 11 March 2026, unless something else closes it.\n" in said
    assert office.rows("SELECT from_day, to_day, title FROM term WHERE kind = 'closure' AND from_day < '2026-07'"
                       " ORDER BY 1") == [("2026-03-10", "2026-03-10", "Boiler"),
                                          ("2026-03-12", "2026-03-12", "Boiler")]
    assert office.rows("SELECT notice_id, reference FROM notice") == before


def test_a_school_cannot_reopen_what_the_authority_has_closed(office):
    office.run("close", "--la", "879", "today", "--title", "Snow")
    told = office.run("close", "school/100001", "today", "--reopen", status=1).stderr
    assert "has no closure of its own" in told
    assert office.due()["100001"] == THURSDAY


def test_closing_twice_is_closing_once(office):
    office.run("close", "school/100001", "today", "--title", "Snow")
    again = office.json("close", "school/100001", "today", "--title", "More snow")
    assert again["notices"] == []
    assert office.rows("SELECT title FROM term WHERE kind = 'closure' AND from_day = '2026-03-11'"
                       ) == [("More snow",)]


@pytest.mark.parametrize("arguments,status,says", [
    (("school/999999", "today", "--title", "Snow"), 1, "school 999999 is not in the register"),
    (("--la", "999", "today", "--title", "Snow"), 1, "la 999 is not in the register"),
    (("school/100001", "today"), 2, "--title says why"),
    (("school/100001", "yesterday", "--title", "Snow"), 2, "a day is"),
    (("school/100001", "2026-02-30", "--title", "Snow"), 2, "a day is"),
    (("school/100001", "2026-03-12", "2026-03-11", "--title", "Snow"), 2, "before the first"),
    (("school/100001", "today", "--title", "Sn\x1bow"), 2, "plain text"),
    (("shop/100001", "today", "--title", "Snow"), 2, "school/URN or centre/URN"),
    (("school/1a", "today", "--title", "Snow"), 2, "digits"),
    (("today", "--title", "Snow"), 2, "digits"),
    ((), 2, "which establishment")])
def test_a_slip_closes_nothing(office, arguments, status, says):
    before = office.rows("SELECT count(*) FROM term")
    assert says in office.run("close", *arguments, status=status).stderr
    assert office.rows("SELECT count(*) FROM term") == before


# Policies.


def test_a_policy_is_set_shown_listed_and_taken_back_and_moves_what_is_not_sent(office):
    done = office.json("policy", "set", "school", "100001", "send_at", "08:00")
    assert done["changed"] and (done["scope"], done["key"], done["value"]) == ("school", "send_at", "08:00")
    moved, = done["notices"]
    assert (moved["what"], moved["urn"], moved["due_at"]) == ("moved", "100001", "2026-03-11T08:00:00Z")
    assert office.due() == {"100001": "2026-03-11 08:00:00", "100002": WEDNESDAY, "200001": WEDNESDAY}

    listed = {(p["scope"], p["key"]): p for p in office.json("policy", "list")["policies"]}
    assert listed["school", "send_at"]["changed_at"] == "2026-03-11T06:00:00Z"
    assert listed["school", "send_at"]["changed_by"]
    held = {p["key"]: p for p in office.json("policy", "show", "school", "100001")["policies"]}
    assert (held["send_at"]["value"], held["send_at"]["scope"]) == ("08:00", "school")
    assert (held["bell_at"]["value"], held["bell_at"]["scope"]) == ("08:45", None)

    assert not office.json("policy", "set", "school", "100001", "send_at", "08:00")["changed"]
    office.run("policy", "unset", "school", "100001", "send_at")
    assert office.due()["100001"] == WEDNESDAY
    events = office.rows("SELECT event, detail FROM audit WHERE event LIKE 'policy.%' ORDER BY audit_id")
    assert events == [("policy.set", "scope=school id=100001 key=send_at value=08:00"),
                      ("policy.unset", "scope=school id=100001 key=send_at ")]


def test_show_says_which_of_several_holds_and_an_authority_cannot_say_more_than_its_force(office):
    for row in (("all", "timing", "hold"), ("la", "879", "timing", "at-once"),
                ("force", "devon-and-cornwall", "fields", "standard"), ("la", "879", "fields", "full")):
        office.run("policy", "set", *row)
    held = {p["key"]: p for p in office.json("policy", "show", "force", "devon-and-cornwall",
                                             "school", "100001")["policies"]}
    assert (held["timing"]["value"], held["timing"]["scope"], held["timing"]["id"]) == ("at-once", "la", "879")
    assert (held["fields"]["value"], held["fields"]["scope"]) == ("standard", "force")
    other = {p["key"]: p["value"] for p in office.json("policy", "show", "school", "200001")["policies"]}
    assert (other["timing"], other["fields"]) == ("hold", "name")


def test_a_filter_is_seen_to_cancel_and_to_let_go(office):
    done = office.json("policy", "set", "force", "devon-and-cornwall", "filter_present", "heard")
    assert [n["what"] for n in done["notices"]] == ["cancelled"] * 3
    assert office.due() == {}
    back = office.json("policy", "unset", "force", "devon-and-cornwall", "filter_present")
    assert [n["what"] for n in back["notices"]] == ["new"] * 3


def test_an_import_of_policies_is_in_the_audit_row_by_row(office, tmp_path):
    file = tmp_path / "policies.csv"
    file.write_text("scope,id,key,value\nla,879,nurseries,on\nla,878,nurseries,on\nla,879,timing,\n")
    office.run("import", "policies", file)
    file.write_text("scope,id,key,value\nla,879,nurseries,on\nla,878,nurseries,\n")
    office.run("import", "policies", file)
    assert office.rows("SELECT event, detail FROM audit WHERE event LIKE 'policy.%' ORDER BY audit_id") == [
        ("policy.set", "scope=la id=879 key=nurseries value=on"),
        ("policy.set", "scope=la id=878 key=nurseries value=on"),
        ("policy.unset", "scope=la id=878 key=nurseries ")]


@pytest.mark.parametrize("arguments,status,says", [
    (("set", "la", "879", "nurseries", "yes"), 1, "must be on or off"),
    (("set", "la", "879", "nursery", "on"), 1, "no such key"),
    (("set", "school", "100001", "fields", "full"), 1, "not for scope school"),
    (("set", "town", "1", "send_at", "08:00"), 1, "no scope"),
    (("set", "la", "999", "nurseries", "on"), 1, "la 999 is not known here"),
    (("set", "school", "999999", "send_at", "08:00"), 1, "school 999999 is not known here"),
    (("set", "force", "Devon!", "fields", "full"), 1, "not known here"),
    (("set", "la", "879", "nurseries"), 2, "set takes"),
    (("set", "all", "879", "send_at", "08:00"), 2, "set takes"),
    (("unset", "la", "nurseries"), 2, "unset takes"),
    (("set", "la", "879", "nurseries-and-more-than-a-key", "on"), 1, "longer"),
    (("show", "school", "999999"), 1, "not in the register"),
    (("show", "moon", "1"), 2, "show takes"), (("bogus",), 2, "list, show"), ((), 2, "list, show")])
def test_a_slip_settles_nothing(office, arguments, status, says):
    before = office.rows("SELECT * FROM policy")
    assert says in office.run("policy", *arguments, status=status).stderr
    assert office.rows("SELECT * FROM policy") == before


# What a day would bring.


def dump(office):
    with office.open() as db:
        return "\n".join(db.iterdump())


def test_plan_at_a_time_shows_what_would_be_sent_and_changes_nothing(office):
    office.run("policy", "set", "school", "100002", "send_at", "08:15")
    with office.open() as db:  # closed by an import that planning has not seen yet
        db.execute("INSERT INTO term(la_code, kind, from_day, to_day) VALUES ('878', 'inset', '2026-03-11', '2026-03-11')")
    before = dump(office)
    seen = office.json("plan", "--at", "2026-03-11T08:00:00")
    assert seen["at"] == "2026-03-11T08:00:00Z"
    assert {(n["urn"], n["due_at"], n["sent_by_then"]) for n in seen["notices"]} == {
        ("100001", "2026-03-11T07:30:00Z", True), ("100002", "2026-03-11T08:15:00Z", False),
        ("200001", "2026-03-12T07:30:00Z", False)}
    assert all(n["sent_by_then"] for n in office.json("plan", "--at", "2026-03-12")["notices"]
               if n["urn"] != "200001")
    text = office.run("plan", "--at", "08:00").stdout
    assert text.count("sent by then") == 1 and text.count("not yet") == 2
    assert dump(office) == before
    assert "sent_by_then" not in json.dumps(office.json("plan"))
    assert "still to come" in office.run("plan", "--at", "2026-03-10", status=2).stderr


def test_plan_at_a_time_of_a_store_that_is_being_written_waits_for_it(office):
    with office.open() as db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE policy SET value = '878' WHERE key = 'home_la'")
        asking = subprocess.Popen([ENCOMPASS, "--store", office.path, "--now", SIX, "plan", "--at", "08:00"],
                                  stdout=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            asking.wait(0.5)
        db.commit()
    out, _ = asking.communicate(timeout=20)
    assert asking.returncode == 0 and out.count("sent by then") == 3


# What status, explain and check say of it.


def test_a_filter_s_uses_are_counted_in_status_told_by_explain_and_regretted_by_check(office):
    office.run("policy", "set", "force", "devon-and-cornwall", "filter_risk", "medium")
    status = office.json("status")
    assert status["withheld"] == [{"force": "devon-and-cornwall", "reason": "filter:risk", "filter": True,
                                   "listed": True, "children": 3}]
    assert status["filters"] == [{"force": "devon-and-cornwall", "key": "filter_risk", "value": "medium"}]
    assert status["all"]["children"]["withheld"] == 3 and status["adds_up"]
    assert "devon-and-cornwall keeps children back: filter_risk medium, 3 so far" in office.run("status").stdout
    told = office.run("explain", "50260000001").stdout
    assert "Child 1: withheld: a filter of the force's own policy keeps the child back" in told
    assert "child.filtered" in told
    assert "filter_risk is medium" in office.run("check", status=1).stdout
    office.run("policy", "unset", "force", "devon-and-cornwall", "filter_risk")
    status = office.json("status")
    assert status["withheld"] == [] and status["filters"] == [] and status["adds_up"]


def withhold(office, reason):
    with office.open() as db:
        body = json.loads(db.execute("SELECT body FROM message WHERE message_id = 1").fetchone()[0])
        body["withhold"] = {"reason": reason, "authorised_by": "DI 7"}
        db.execute("UPDATE message SET body = ? WHERE message_id = 1", (json.dumps(body).encode(),))
        db.execute("UPDATE child SET state = 'withheld', withheld_reason = ? WHERE child_id = 1", (reason,))


def test_a_reason_to_withhold_that_the_force_has_not_listed_is_obeyed_and_asked_about(office):
    withhold(office, "family_court")
    assert office.json("status")["withheld"][0]["listed"]  # there is no list
    office.run("policy", "set", "force", "devon-and-cornwall", "withhold_reasons", "risk_to_child ongoing")
    assert not office.json("status")["withheld"][0]["listed"]
    assert "1 withheld under the reason family_court, which devon-and-cornwall has not listed" in office.run(
        "status").stdout
    assert "family_court, which is not on the force's list: ask the force" in office.run(
        "explain", "50260000001").stdout
    assert "withheld under family_court" in office.run("check", status=1).stdout
    assert "100001" not in office.due()
    office.run("policy", "set", "force", "devon-and-cornwall", "withhold_reasons", "risk_to_child family_court")
    assert office.json("status")["withheld"][0]["listed"]


def test_explain_and_check_say_who_has_followed_a_closed_school(office):
    def links(*numbers):
        with office.open() as db:
            db.execute("UPDATE establishment SET status_code = 2 WHERE urn = '100001'")
            db.executemany("INSERT INTO establishment_link(namespace, urn, link_urn, type) VALUES"
                           " ('school', '100001', ?, 'Successor')", [(n,) for n in numbers])
        office.run("policy", "set", "all", "bell_at", "08:50")  # has it planned again
        office.run("policy", "unset", "all", "bell_at")
    links("100002")
    told = office.run("explain", "50260000001").stdout
    assert "School 100001 (school 100001), which is closed and followed by School 100002 (school 100002)" in told
    assert office.rows("SELECT urn FROM notice JOIN notice_child USING (notice_id) WHERE child_id = 1"
                       " AND state = 'owed'") == [("100002",)]
    assert "the one that has followed it is told" in office.run("check", status=1).stdout
    links("200001")
    assert "followed by several" in office.run("explain", "50260000001").stdout
    assert "2 have followed it: the desk is told" in " ".join(office.run("check", status=1).stdout.split())
    assert office.rows("SELECT reason FROM notice JOIN notice_child USING (notice_id) WHERE child_id = 1"
                       " AND state = 'owed'") == [("several-successors",)]


def test_check_regrets_local_routes_that_go_nowhere(office):
    with office.open() as db:
        db.execute("UPDATE pupil SET dob = '2022-03-01' WHERE pupil_key = 1")
    office.run("policy", "set", "la", "878", "health_visitors", "on")
    found = " ".join(office.run("check", status=1).stdout.split())
    assert "1 child below reception is on roll there, and its policy nurseries is off" in found
    assert "its policy health_visitors is on, and it has none who can be told" in found
    office.run("policy", "set", "la", "879", "nurseries", "on")
    office.run("policy", "unset", "la", "878", "health_visitors")
    found = " ".join(office.run("check", status=1).stdout.split())
    assert "below reception" not in found and "health_visitors" not in found


# The first morning after a holiday.


def test_a_reminder_goes_out_on_the_first_school_morning_in_words_of_its_own(tmp_path):
    gateway = Gateway(tmp_path / "gateway")
    office = Office(gateway.store)
    with office.open() as db:
        db.execute("UPDATE contact SET adapter = 'spool', address = 'a' || contact_id WHERE namespace = 'school'")
        db.execute("UPDATE term SET to_day = '2026-03-06'")
        db.executemany("INSERT INTO term(la_code, kind, from_day, to_day) VALUES (?, 'term', '2026-03-23', '2026-04-01')",
                       [("879",), ("878",)])
        db.execute("UPDATE child SET decision_id = child_id")
    with gateway.start(now="2026-03-11T07:29:58"):
        wait_until(lambda: gateway.value("SELECT count(*) FROM outbox WHERE kind = 'reminder' AND state = 'due'") == 3)
        gateway.stop()
    told = gateway.value("SELECT reference FROM notice WHERE urn = '100001'")
    other = gateway.value("SELECT reference FROM notice WHERE urn = '100002'")
    office.run("answer", other, now="2026-03-12T10:00:00")
    with gateway.start(now="2026-03-23T07:29:58"):
        wait_until(lambda: gateway.value("SELECT count(*) FROM outbox WHERE kind = 'reminder' AND state = 'sent'") == 2)
        gateway.stop()
    keys = [key for key, in office.rows("SELECT key FROM outbox JOIN notice USING (notice_id)"
                                        " WHERE outbox.kind = 'reminder' AND reference = ?", told)]
    texts = [p.read_text() for p in gateway.spool.rglob("*") if p.is_file() and keys[0] in p.name]
    assert any(f"NOTICE {told} WAITS FOR YOUR ANSWER" in text and "08:15 on Monday 23 March 2026" in text
               and "07:30 on Wednesday 11 March 2026" in text for text in texts), texts
    assert "A reminder to the designated safeguarding lead" in office.run("explain", "50260000001").stdout
    assert gateway.value("SELECT count(*) FROM notice WHERE state = 'told' AND kind = 'notice'") == 2
