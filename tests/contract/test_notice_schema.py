"""What is posted to a webhook is what config/webhook-notice.schema.json says, whatever the incident,
and what a mail says is made from the same."""

import copy
import html
import itertools
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("ENCOMPASS_BUILD", REPOSITORY / "build/dev"))
SCHEMA = json.loads((REPOSITORY / "config/webhook-notice.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
REASONS = {rule["if"]["properties"]["kind"]["const"]: rule["then"]["properties"]["reason"]["enum"]
           for rule in SCHEMA["allOf"]
           if "reason" in rule.get("then", {}).get("required", [])}  # of desk and withdrawal

WHOLE = {
    "version": 1, "force": "devon-and-cornwall", "police_ref": "50260034112", "revision": 1,
    "type": "domestic_abuse", "action": "notify", "attended_at": "2026-11-19T23:41:00Z",
    "location": {"address": "12 Quarrington Steps", "postcode": "PL4 8AA", "protected": False},
    "risk": "medium", "circumstances": "Crockery in Marsham Yard.", "referrals": ["mash"],
    "officer_contact": "Vulnerability desk, 01752 000000",
    "children": [{
        "child_ref": "1", "forename": "Zelda", "middle_names": "Rose", "surname": "Quibblethwaite",
        "known_as": ["Zel"], "date_of_birth": "2017-03-09", "age": 9, "sex": "F",
        "address": {"address": "7 Larkspur Quay", "postcode": "ME10 1AB"},
        "claimed_establishment": {"name": "Fictionham Primary", "school_urn": "113292"},
        "relationship": "stepniece", "present": "heard",
        "voice": {"text": "Hid upstairs.", "spoken_to": True, "with": "officer alone"}}]}

CHANGES = {
    "whole": {},
    "least": {"risk": "unknown", "circumstances": None, "referrals": [], "officer_contact": None,
              "location": None, "children": [{"child_ref": "1", "surname": "Quibblethwaite"}]},
    "protected": {"location": {"address": "12 Quarrington Steps", "protected": True}},
    "marac": {"referrals": ["marac"]},
    "missing": {"type": "missing"},
    "found": {"type": "missing_found"},
    "many": {"children": [{"child_ref": str(n), "forename": f"Zelda{n}", "present": "not_present"}
                          for n in range(20)]},
}


def render(change, language, fields, kind, reason):
    incident = copy.deepcopy(WHOLE) | CHANGES[change]
    done = subprocess.run(
        [BUILD / "tests/render_try", REPOSITORY / "templates", language, fields, kind, reason],
        input=json.dumps({k: v for k, v in incident.items() if v is not None}),
        capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


CASES = [("notice", "none"), *(("desk", reason) for reason in REASONS["desk"]), ("correction", "none"),
         *((kind, reason) for kind in ("withdrawal", "part-withdrawal") for reason in REASONS["withdrawal"]),
         ("reminder", "none")]


@pytest.mark.parametrize("change", CHANGES)
def test_every_body_is_what_the_schema_says(change):
    for fields, (kind, reason) in itertools.product(("name", "standard", "full"), CASES):
        body = render(change, "en", fields, kind, reason)["body"]
        VALIDATOR.validate(body)
        assert ("partly" in body) == kind.startswith("part-")
        kind = kind.removeprefix("part-")
        assert body["fields"] == ("name" if kind in ("withdrawal", "reminder") else fields) and body["kind"] == kind
        assert ("protected" in body) == (
            change == "protected" and (body["fields"] != "name" or kind == "desk"))


def test_every_reason_is_of_a_kind():
    assert sorted(sum(REASONS.values(), [])) == sorted(SCHEMA["properties"]["reason"]["enum"])


def test_a_withdrawal_asks_no_answer_and_says_no_particulars():
    body = render("whole", "en", "full", "withdrawal", "withdrawn")["body"]
    assert "answer_by" not in body and set(body["children"][0]) <= \
        {"child_ref", "name", "forename", "middle_names", "surname", "known_as"}
    assert not VALIDATOR.is_valid(body | {"children": []})
    assert VALIDATOR.is_valid(body | {"children": [], "reason": "not-your-pupil"})
    assert not VALIDATOR.is_valid({k: v for k, v in body.items() if k != "amends"})


def test_the_schema_allows_nothing_that_the_policy_leaves_out():
    name, full = (render("whole", "en", fields, "notice", "none")["body"]
                  for fields in ("name", "full"))
    for member in full.keys() - name.keys():
        assert not VALIDATOR.is_valid(name | {member: full[member]}), member
    for member in full["children"][0].keys() - name["children"][0].keys():
        more = copy.deepcopy(name)
        more["children"][0][member] = full["children"][0][member]
        assert not VALIDATOR.is_valid(more), member
    assert not VALIDATOR.is_valid(name | {"surprise": 1})


def test_standard_lies_between_the_name_and_the_whole():
    """Birth, relationship and presence, and neither the events nor the child's own words."""
    name, standard, full = (render("whole", "en", fields, "notice", "none")["body"]
                            for fields in ("name", "standard", "full"))
    assert standard.keys() == name.keys() < full.keys()
    assert standard["children"][0].keys() - name["children"][0].keys() == {
        "date_of_birth", "age", "present", "relationship"}
    assert full["children"][0].keys() - standard["children"][0].keys() == {"voice", "repeats"}
    for member in full.keys() - standard.keys():
        assert not VALIDATOR.is_valid(standard | {member: full[member]}), member


def test_the_schema_allows_a_school_nothing_that_only_a_desk_is_told():
    """And a desk nothing that the policy leaves out but what finds the child."""
    name, desk, full = (render("whole", "en", fields, kind, reason)["body"] for fields, kind, reason
                        in (("name", *CASES[0]), ("name", *CASES[1]), ("full", *CASES[1])))
    clues = {"date_of_birth", "age", "school_said", "school_said_urn", "home_outward", "repeats", "on_roll"}
    assert desk["children"][0].keys() - name["children"][0].keys() == clues
    for member in clues:
        more = copy.deepcopy(name)
        more["children"][0][member] = desk["children"][0][member]
        assert not VALIDATOR.is_valid(more), member
    for member in full["children"][0].keys() - desk["children"][0].keys():
        more = copy.deepcopy(desk)
        more["children"][0][member] = full["children"][0][member]
        assert not VALIDATOR.is_valid(more), member
    assert not VALIDATOR.is_valid(desk | {"protected": True})  # and an outward half beside it


def test_all_members_of_the_schema_are_made():
    """A member that nothing makes would be a promise that is not kept."""
    made, childs = set(), set()
    for change, (kind, reason) in itertools.product(CHANGES, (*CASES[:2], ("correction", "none"),
                                                             ("part-withdrawal", "withdrawn"), ("linked-notice", "none"),
                                                             ("reminder", "none"))):
        body = render(change, "en", "full", kind, reason)["body"]
        made |= body.keys()
        childs |= body["children"][0].keys()
    assert made == SCHEMA["properties"].keys()
    assert childs == SCHEMA["$defs"]["child"]["properties"].keys()


@pytest.mark.parametrize("language", ["en", "cy"])
def test_html_can_be_read_by_everybody_and_fetches_nothing(language):
    for change, fields, (kind, reason) in itertools.product(("whole", "least"), ("name", "standard", "full"),
                                                            CASES):
        page = render(change, language, fields, kind, reason)["html"]
        assert f'<html lang="{language}">' in page
        assert page.count("<h1") == 1 and page.count("<h2") >= 2 and "<title>" in page
        assert not re.search(r"<(img|script|link|iframe|style|form)\b|https?:|url\(|src=", page)
        assert not re.search(r"<ul[^>]*>\s*</ul>", page)
        for tag in ("ul", "li", "p", "h1", "h2", "strong", "code"):
            assert page.count(f"<{tag}>") + page.count(f"<{tag} ") == page.count(f"</{tag}>"), tag


def words(text):
    return re.findall(r"[\w'&]+", text.lower())


@pytest.mark.parametrize("language,first,back,waits", [
    ("en", "WHAT HAPPENED", "IS TAKEN BACK", "WAITS FOR"),
    ("cy", "BETH DDIGWYDDODD", "WEDI'I DYNNU YN ÔL", "YN AROS")])
def test_text_and_html_say_the_same(language, first, back, waits):
    """Word by word from the first heading on, once markup and layout are taken away."""
    for change, fields, (kind, reason) in itertools.product(
            ("whole", "protected", "missing", "found"), ("name", "full"), CASES):
        made = render(change, language, fields, kind, reason)
        start = made["text"].index({"withdrawal": back, "reminder": waits}.get(kind.removeprefix("part-"), first))
        text = made["text"][made["text"].rindex("\n\n", 0, start):]
        page = re.sub(r"<[^>]+>", " ", made["html"][made["html"].index("<h2"):])
        assert words(html.unescape(page)) == words(text), (change, fields, kind, reason)


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_link_is_there_when_there_is_one(language):
    plain, linked = (render("whole", language, "name", kind, "none") for kind in ("notice", "linked-notice"))
    link = linked["body"]["answer_link"]
    VALIDATOR.validate(linked["body"])
    assert linked["text"].count(link) == 1 and linked["html"].count(link) == 2
    assert "answer_link" not in plain["body"] and "https:" not in plain["text"] + plain["html"]
    start = linked["html"].index("<h2")
    page = re.sub(r"<[^>]+>", " ", linked["html"][start:])
    heading = {"en": "WHAT HAPPENED", "cy": "BETH DDIGWYDDODD"}[language]
    assert words(html.unescape(page)) == words(linked["text"][linked["text"].index(heading):])
