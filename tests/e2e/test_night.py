"""One night end to end, every odd case where domain practice wants it (P2, P3, P6, P7)."""

import collections
import csv
import datetime
import json

import pytest

OPEN = "SELECT child_ref, state FROM child JOIN incident USING (incident_id) WHERE force = ? AND police_ref = ?"


def places(gateway, case):
    """{child_ref: [('school', urn, role) …]} of the notices that were told."""
    rows = gateway.query(
        "SELECT c.child_ref, n.namespace, n.urn, k.role, n.reason FROM notice n"
        " JOIN incident i USING (incident_id) JOIN notice_child USING (notice_id)"
        " JOIN child c USING (child_id) JOIN contact k ON k.contact_id = n.told_contact"
        " WHERE i.force = ? AND i.police_ref = ? AND n.state IN ('told','answered')",
        case.force, case.police_ref)
    found = collections.defaultdict(list)
    for ref, namespace, urn, role, reason in rows:
        found[ref].append(("desk", urn, reason) if namespace in ("la", "force") else (namespace, urn, role))
    return found


def test_every_child_of_every_case_ends_where_it_has_to(played):
    wrong = []
    for case in played.night.cases:
        if not case.police_ref:
            continue
        told = places(played.gateway, case)
        states = dict(played.gateway.query(OPEN, case.force, case.police_ref))
        for ref, expected in case.expect.items():
            if isinstance(expected, str):
                if states.get(ref) != expected or told[ref]:
                    wrong.append((case.label, ref, expected, states.get(ref), told[ref]))
            elif sorted(told[ref]) != sorted(expected):
                wrong.append((case.label, ref, expected, states.get(ref), told[ref]))
    assert not wrong, "\n".join(map(str, wrong))


def test_nobody_is_open_when_the_morning_is_over(played):
    states = dict(played.gateway.query("SELECT state, count(*) FROM child GROUP BY state"))
    review = sum(1 for c in played.night.cases if any("review" in str(e) for e in c.expect.values()))
    assert states.get("open", 0) == 0, states
    assert states.get("review", 0) <= review, states


def test_status_accounts_for_every_child(played):
    status = played.gateway.json("status", now="2026-03-16T07:40:00")["all"]
    children = played.gateway.value("SELECT count(*) FROM child")
    assert sum(status["children"][s] for s in ("open", "review", "told", "answered", "with_la_desk",
                                               "withheld", "withdrawn")) == children
    assert children > 100


def test_each_mail_has_one_verified_recipient_and_a_subject_that_says_nothing(played):
    verified = {row["address"] for row in csv.DictReader(
        (played.scene.folder / "registers/contacts.csv").open(encoding="utf-8")) if row["verified_at"]}
    mails = played.scene.mail.messages
    assert len(mails) > 50
    references = {r for r, in played.gateway.query("SELECT reference FROM notice")}
    for mail in mails:
        assert len(mail.recipients) == 1 and mail.encrypted and mail.login == "encompass"
        assert mail.recipients[0] in verified
        assert mail.parsed["To"].addresses[0].addr_spec == mail.recipients[0]
        assert "Cc" not in mail.parsed and "Bcc" not in mail.parsed
        subject = mail.parsed["Subject"]
        assert any(reference in subject for reference in references), subject


def test_no_two_mails_share_a_message_id_and_no_notice_went_twice_to_one_person(played):
    ids = collections.Counter(mail.message_id for mail in played.scene.mail.messages)
    assert max(ids.values()) == 1
    seen = collections.Counter((mail.recipients[0], mail.parsed["Subject"])
                               for mail in played.scene.mail.messages)
    assert max(seen.values()) == 1


def test_what_arrives_in_the_night_is_told_at_half_past_seven(played):
    send = int(datetime.datetime(2026, 3, 16, 7, 30, tzinfo=datetime.timezone.utc).timestamp())
    rows = played.gateway.query(
        "SELECT told_at, due_at FROM notice WHERE state IN ('told','answered')")
    assert len(rows) > 60
    assert {due for _, due in rows} == {send}
    assert min(told for told, _ in rows) >= send, "told before it was due"
    assert max(told for told, _ in rows) < send + 300


def test_a_webhook_gets_the_same_notice_signed(played):
    from support.http_sink import signature_holds
    requests = played.scene.web.requests
    assert len(requests) >= 3
    for request in requests:
        assert signature_holds(request, played.scene.web.secret)
        assert request.json["reference"].startswith("OE-")
    assert len({r.key for r in requests}) == len(requests)


def test_every_incident_has_its_receipt_and_the_refused_one_its_problems(played):
    receipts = [json.loads(p) for messages in played.receipts.values() for _, p in messages]
    accepted = {(r["force"], r["police_ref"]) for r in receipts if r["status"] in ("accepted", "repeat")}
    for case in played.night.cases:
        if case.police_ref:
            assert (case.force, case.police_ref) in accepted, case.label
    refused = [r for r in receipts if r["status"] == "refused"]
    assert [e["at"] for r in refused if r["police_ref"] for e in r["errors"]] == \
        ["/children/0/date_of_birth"]
    assert [r for r in refused if r["police_ref"] is None]
    told = {(r["force"], r["police_ref"]) for r in receipts if any(
        c["state"] == "told" for c in r.get("children") or [])}
    assert len(told) > 50


def test_the_answer_of_publish_names_the_place_of_the_mistake(played):
    said = "\n".join(p.stdout + p.stderr for p in played.published if p.returncode == 1)
    assert "/children/0/date_of_birth" in said
    assert all(p.returncode in (0, 1) for p in played.published)


@pytest.mark.parametrize("label, words", [
    ("a brother and sister at two schools", ["07:30", "this is the pupil"]),
    ("a child educated at home", ["desk"]),
    ("withheld by a supervisor", ["risk-to-victim"]),
    ("withdrawn by the police", ["withdrawn"]),
    ("the key adult is a party: told to the deputy", ["deputy"]),
    ("a name put right in a second revision", ["revision 2"]),
])
def test_explain_tells_the_way_of_each_child(played, label, words):
    case = next(c for c in played.night.cases if c.label.startswith(label))
    said = played.gateway.run("explain", case.police_ref, "--force", case.force).stdout
    for word in words:
        assert word in said, said
