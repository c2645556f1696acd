"""GOV.UK Notify, against a server of ours that follows its published API, faults included."""

import json
import time
import uuid

import pytest

from support.certs import Certs
from support.http_sink import Response
from support.notify_server import NotifyServer, answer
from support.way import MESSAGE, PERSONAL, Way

PHONE = "07700 900123"
DESK = "01752 000000"


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    return Certs(tmp_path_factory.mktemp("certs"))


@pytest.fixture
def notify(certs):
    with NotifyServer(certs) as server:
        yield server


@pytest.fixture
def way(notify, certs, tmp_path):
    (tmp_path / "key").write_text(notify.api_key + "\n")
    return Way("notify", tmp_path, {
        "api_key_file": "key", "url": notify.url, "ca_file": certs.ca, "timeout": "5s",
        "email_template": notify.email_template, "sms_template": notify.sms_template,
        "desk_number": DESK})


# What is sent.

def test_an_e_mail_has_our_words_sanitised_under_our_key(notify, way):
    outcome = way.send(json=json.dumps({"kind": "desk"}))
    assert (outcome.verdict, outcome.code) == ("sent", 201)
    [post] = notify.requests
    assert post.path == "/v2/notifications/email"
    assert post.json == {
        "email_address": MESSAGE["to_address"], "template_id": notify.email_template,
        "reference": MESSAGE["key"], "sanitise_content_for": ["text"],
        "personalisation": {"reference": MESSAGE["reference"], "kind": "desk",
                            "subject": MESSAGE["subject"], "text": MESSAGE["text"]}}
    [sent] = notify.sent
    assert outcome.handle == sent["id"]
    assert sent["subject"] == MESSAGE["subject"] and "Zelda" in sent["body"]


def test_a_text_message_is_short_and_names_nobody(notify, way):
    outcome = way.send(to_address=PHONE, to_name="Zelda Quibblethwaite")
    assert (outcome.verdict, outcome.code) == ("sent", 201)
    [post] = notify.requests
    assert post.path == "/v2/notifications/sms"
    assert post.json == {
        "phone_number": "+447700900123", "template_id": notify.sms_template,
        "reference": MESSAGE["key"],
        "personalisation": {"reference": MESSAGE["reference"], "kind": "notice",
                            "subject": MESSAGE["subject"], "desk_number": DESK}}
    for secret in PERSONAL + ["Ŵyn", "two dots"]:
        assert secret not in post.body.decode()
    assert len(notify.sent[0]["body"]) <= 160


@pytest.mark.parametrize("given,sent", [
    ("07700900123", "+447700900123"), ("+447700900123", "+447700900123"),
    ("+44 (0)7700 900-123", "+447700900123"), ("0044 7700.900.123", "+447700900123"),
    ("447700900123", "+447700900123"), ("7700900123", "+447700900123"),
    ("01752 000000", None), ("07000 900123", None), ("0770090012", None), ("077009001234", None),
    ("+33 6 12 34 56 78", None), ("0033612345678", None), ("nobody", None), ("", None),
    ("07700900123 ext 4", None), ("++447700900123", None), ("0" * 40, None), ("a@b, c@d.example", None)])
def test_a_mobile_number_is_put_as_notify_has_it_and_what_is_none_is_not_sent(
        notify, way, given, sent):
    outcome = way.send(to_address=given)
    if sent:
        assert outcome.verdict == "sent" and notify.requests[0].json["phone_number"] == sent
    else:
        assert (outcome.verdict, outcome.code) == ("never", 0) and not notify.requests


def test_numbers_of_other_countries_are_sent_to_where_the_service_may(notify, way):
    way.keys["abroad"] = "yes"
    assert way.send(to_address="+33 6 12 34 56 78").verdict == "sent"
    assert notify.requests[0].json["phone_number"] == "+33612345678"
    assert way.send(to_address="+44 1752 000000").verdict == "never"


def test_each_kind_and_language_can_have_a_template_of_its_own(notify, way):
    desk = notify.add_template("email", "((subject))", "Desk: ((text))")
    exercise = notify.add_template("sms", None, "EXERCISE ((reference))")
    welsh = notify.add_template("sms", None, "((subject)). Ffoniwch ((desk_number)).")
    way.keys.update(email_template_desk=desk, sms_template_exercise=exercise, sms_template_cy=welsh)

    def template(**changes):
        assert way.send(**changes).verdict == "sent"
        return notify.requests[-1].json["template_id"]

    a_desks = json.dumps({"kind": "desk"})
    assert template(json=a_desks) == desk
    assert template() == notify.email_template
    assert template(json=a_desks, to_address=PHONE, language="en") == notify.sms_template
    assert template(json=json.dumps({"kind": "exercise"}), to_address=PHONE, language="en") == exercise
    assert template(to_address=PHONE, language="cy") == welsh


def test_who_it_is_from_can_be_said(notify, way):
    way.keys.update(email_reply_to_id=notify.reply_to, sms_sender_id=notify.sms_sender)
    assert way.send().verdict == "sent" and way.send(to_address=PHONE).verdict == "sent"
    assert notify.requests[0].json["email_reply_to_id"] == notify.reply_to
    assert notify.requests[1].json["sms_sender_id"] == notify.sms_sender


@pytest.mark.parametrize("missing,address", [("email_template", MESSAGE["to_address"]),
                                             ("sms_template", PHONE)])
def test_a_channel_without_a_template_is_not_used(notify, way, missing, address):
    del way.keys[missing]
    outcome = way.send(to_address=address)
    assert outcome.verdict == "never" and "no template is configured" in outcome.detail
    assert not notify.requests


# What Notify answers.

@pytest.mark.parametrize("status,error,verdict", [
    (400, "ValidationError", "never"), (400, "InvalidEmailError", "never"),
    (400, "InvalidPhoneError", "never"), (400, "BadRequestError", "broken"), (400, None, "never"),
    (401, "AuthError", "broken"), (403, "AuthError", "broken"), (403, "BadRequestError", "broken"),
    (403, None, "broken"), (404, None, "broken"), (302, None, "broken"), (413, None, "never"),
    (429, "RateLimitError", "later"), (429, "TooManyRequestsError", "broken"), (429, None, "later"),
    (408, None, "later"), (500, "Exception", "later"), (502, None, "later"), (503, None, "later"),
    (504, "EventletTimeout", "later")])
def test_an_error_counts_by_its_status_and_kind(notify, way, status, error, verdict):
    body = json.dumps({"errors": [{"error": error, "message": "Zelda dsl@school.example"}],
                       "status_code": status}).encode() if error else b"<html>Zelda</html>"
    notify.fault = lambda request, done: Response(status, {"Location": notify.url + "/x"}, body)
    outcome = way.send()
    assert (outcome.verdict, outcome.code) == (verdict, status)
    assert outcome.detail.startswith(f"status {status}")
    assert len(notify.requests) == 1 and outcome.handle == ""
    if error in ("AuthError", "RateLimitError", "TooManyRequestsError", "ValidationError"):
        assert error in outcome.detail


def test_a_rate_that_is_exceeded_is_kept_to(notify, way):
    notify.rate_exceeded = 1
    outcome = way.send()
    assert (outcome.verdict, outcome.retry_after) == ("later", 5)
    assert way.send(repeat=True).verdict == "sent"
    assert len(notify.sent) == 1


def test_the_days_limit_shuts_the_way(notify, way):
    notify.daily_limit = 0
    assert way.send().verdict == "broken"


def test_what_is_set_up_wrongly_shuts_the_way(notify, way):
    notify.templates[notify.email_template]["archived"] = True
    assert way.send().verdict == "broken"
    way.keys["email_template"] = notify.sms_template
    assert way.send().verdict == "broken"
    way.keys["email_template"] = str(uuid.uuid4())
    assert way.send().verdict == "broken"
    way.keys["email_template"] = notify.add_template("email", "((subject))", "((nobody_gives))")
    assert way.send().verdict == "broken"
    way.keys.update(email_template=notify.add_template("email", "s", "((text))"),
                    email_reply_to_id=str(uuid.uuid4()))
    assert way.send().verdict == "broken"
    del way.keys["email_reply_to_id"]
    notify.trial = True
    assert way.send().verdict == "broken"
    notify.trial = False
    assert way.send().verdict == "sent"


def test_a_key_that_is_not_theirs_shuts_the_way(notify, way, tmp_path):
    (tmp_path / "key").write_text(f"a-{notify.service}-{uuid.uuid4()}\n")
    outcome = way.send()
    assert (outcome.verdict, outcome.detail) == ("broken", "status 403 AuthError")
    (tmp_path / "key").write_text(f"a-{uuid.uuid4()}-{notify.secret_key}\n")
    assert way.send().verdict == "broken" and not notify.sent


@pytest.mark.parametrize("ahead", [-90, 90])
def test_a_clock_that_is_wrong_is_said_to_be(notify, way, ahead):
    """Told by the Date of their answer, not by the words of their error."""
    notify.clock = lambda: time.time() + ahead
    handler = notify._server.RequestHandlerClass

    class Ahead(handler):
        def date_time_string(self, timestamp=None):
            return super().date_time_string(time.time() + ahead)

    notify._server.RequestHandlerClass = Ahead
    outcome = way.send()
    assert outcome.verdict == "broken" and "clock" in outcome.detail
    assert abs(abs(int(outcome.detail.split(" is ")[1].split()[0])) - 90) <= 3


def test_the_login_is_the_machines_time_in_a_drill_too(notify, way):
    assert way.send(at=1000000000).verdict == "sent"


# Never twice.

def take_and(notify, what):
    """The message is taken over, and what goes out is something else."""
    def fault(request, done):
        if request.method == "GET":
            return done()
        done()
        notify.fault = lambda r, d: d()
        return what

    notify.fault = fault


UNCLEAR = {
    "the connection is lost": "drop", "no answer in time": "hang",
    "500": Response(500, {}, b'{"errors": [{"error": "Exception"}]}'),
    "502 of something before it": Response(502, {}, b"<html>"),
    "503 cut in the middle": Response(503, {}, b"x" * 100, cut=50),
}


@pytest.mark.parametrize("what", UNCLEAR)
@pytest.mark.parametrize("address", [MESSAGE["to_address"], PHONE])
def test_what_was_taken_over_unclearly_is_looked_up_and_not_sent_again(notify, way, what, address):
    way.keys["timeout"] = "1s"
    take_and(notify, UNCLEAR[what])
    first = way.send(to_address=address)
    assert first.verdict == "later" and first.retry_after >= 20
    second = way.send(to_address=address, repeat=True)
    assert (second.verdict, second.detail) == ("sent", "look-up: it had been taken over")
    assert second.handle == notify.sent[0]["id"]
    assert len(notify.sent) == 1 and len(notify.posts()) == 1 and len(notify.look_ups()) == 1


def test_a_kept_connection_that_ends_without_an_answer_sends_nothing_again(notify, way):
    """curl would, by itself: it takes such a connection for one that had been shut before."""
    def fault(request, done):
        done()
        return "drop" if len(notify.sent) > 1 else answer(201, {"id": str(uuid.uuid4())})

    notify.fault = fault
    assert [o.verdict for o in way.send_all(2)] == ["sent", "later"]
    assert len(notify.sent) == 2


@pytest.mark.parametrize("what", ["drop", "hang", Response(500)])
def test_what_was_not_taken_over_is_looked_up_and_sent(notify, way, what):
    way.keys["timeout"] = "1s"
    notify.fault = lambda request, done: what
    assert way.send().verdict == "later"
    notify.fault = lambda request, done: done()
    assert way.send(repeat=True).verdict == "sent"
    assert [r.method for r in notify.requests] == ["POST", "GET", "POST"]
    assert notify.requests[1].path == f"/v2/notifications?reference={MESSAGE['key']}"
    assert len(notify.sent) == 1


@pytest.mark.parametrize("what,verdict", [
    ("drop", "later"), (Response(500), "later"), (Response(429), "later"),
    (Response(403), "broken"), (Response(404), "broken"), (Response(200), "later"),
    (Response(200, {}, b"[]"), "later"), (Response(200, {}, b'{"notifications": 1}'), "later"),
    (Response(200, {}, b'{"notifications": [{"id": "x"}]}', cut=5), "later"),
    (Response(200, {}, b'{"notifications": []}' + b" " * 5_000_000), "later")])
def test_nothing_is_sent_while_the_look_up_is_unclear(notify, way, what, verdict):
    notify.fault = lambda request, done: what
    assert way.send(repeat=True).verdict == verdict
    assert not notify.posts()


@pytest.mark.parametrize("status,verdict,sends", [
    ("created", "sent", 0), ("sending", "sent", 0), ("pending", "sent", 0), ("sent", "sent", 0),
    ("delivered", "sent", 0), ("something-new", "sent", 0), ("permanent-failure", "never", 0),
    ("temporary-failure", "never", 0), ("technical-failure", "sent", 1)])
def test_a_look_up_counts_by_what_became_of_it(notify, way, status, verdict, sends):
    assert way.send().verdict == "sent"
    notify.status = notify.sent[0]["status"] = status
    assert way.send(repeat=True).verdict == verdict
    assert len(notify.posts()) == 1 + sends


def test_of_several_one_that_left_counts(notify, way):
    assert way.send().verdict == "sent" and way.send().verdict == "sent"
    notify.sent[1]["status"], notify.sent[0]["status"] = "technical-failure", "delivered"
    outcome = way.send(repeat=True)
    assert outcome.verdict == "sent" and outcome.handle == notify.sent[0]["id"]
    assert len(notify.posts()) == 2


def test_another_messages_reference_is_no_look_ups_answer(notify, way):
    notify.fault = lambda request, done: done() if request.method == "POST" else answer(
        200, {"notifications": [{"id": str(uuid.uuid4()), "reference": "another", "status": "sent"}]})
    assert way.send(repeat=True).verdict == "sent"
    assert len(notify.sent) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id": 7}', b'{"id": "../../x"}',
                                  b'{"id": "' + b"x" * 36 + b'"}', b"[" * 5000])
def test_an_answer_that_cannot_be_read_is_taken_over_all_the_same(notify, way, body):
    def fault(_, done):
        done()
        return Response(201, {}, body)

    notify.fault = fault
    outcome = way.send()
    assert (outcome.verdict, outcome.handle) == ("sent", MESSAGE["key"])


def test_an_answer_that_is_cut_is_taken_over_all_the_same(notify, way):
    def fault(_, done):
        whole = done()
        whole.cut = len(whole.body) // 2
        return whole

    notify.fault = fault
    outcome = way.send()
    assert (outcome.verdict, outcome.handle) == ("sent", MESSAGE["key"])


def test_a_slow_one_costs_the_timeout_and_no_more(notify, way):
    way.keys["timeout"] = "2s"
    notify.fault = lambda request, done: "hang" if request.method == "POST" else (
        time.sleep(1.2), done())[1]
    outcome = way.send(repeat=True)
    assert outcome.verdict == "later" and 1.8 < outcome.seconds < 3.5


# The configuration.

@pytest.mark.parametrize("keys,says", [
    ({"api_key_file": None}, "api_key_file is missing"),
    ({"email_template": None, "sms_template": None}, "email_template is missing"),
    ({"email_template": "letter"}, "encompass.conf:6: [adapter \"notify\"] email_template is no id"),
    ({"sms_template_desk": "x"}, "encompass.conf:9: [adapter \"notify\"] sms_template_desk is no id"),
    ({"desk_number": None}, "desk_number is missing beside sms_template"),
    ({"desk_number": "the desk"}, "encompass.conf:8: [adapter \"notify\"] desk_number is no"),
    ({"url": "http://notify.example"}, "encompass.conf:3: [adapter \"notify\"] url is no https URL"),
    ({"url": "https://a:b@notify.example"}, "url is no https URL"),
    ({"sms_sender_id": "us"}, "encompass.conf:9: [adapter \"notify\"] sms_sender_id is no UUID"),
    ({"retries": "3"}, "encompass.conf:9: [adapter \"notify\"] retries is no key known there")])
def test_a_section_that_cannot_be_right_does_not_open(way, keys, says):
    way.keys.update(keys)
    way.keys = {k: v for k, v in way.keys.items() if v is not None}
    assert says in way.refusal()


def test_a_template_of_a_channel_that_is_not_used_does_not_open(way):
    way.keys["email_template_desk"] = way.keys.pop("email_template")
    assert "email_template_desk needs the one that it stands in for" in way.refusal()


@pytest.mark.parametrize("key", ["", "x", f"{uuid.uuid4()}-{uuid.uuid4()}",
                                 f"-{uuid.uuid4()}-{uuid.uuid4()}", f"a-{uuid.uuid4()}-secret",
                                 f"a-{uuid.uuid4()}x{uuid.uuid4()}"])
def test_a_key_that_is_none_does_not_open(way, tmp_path, key):
    (tmp_path / "key").write_text(key + "\n")
    assert "api_key_file" in way.refusal()
