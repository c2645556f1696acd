"""Every way out keeps one contract, and each its own: against a real mail server and a real web
server over TLS, which answer whatever the test wants."""

import asyncio
import base64
import copy
import email
import email.utils
import time
from email.header import decode_header, make_header

import pytest

from support.certs import Certs
from support.http_sink import HttpSink, Response, signature_holds
from support.notify_server import NotifyServer
from support.smtp_script import SmtpScript
from support.smtp_sink import SmtpSink
from support.way import MESSAGE, PASSWORD, REPOSITORY, SECRET, Way


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    return Certs(tmp_path_factory.mktemp("certs"))


pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")
either_tls = pytest.mark.parametrize("mail", ["starttls", "implicit"], indirect=True)


@pytest.fixture
def mail(request, certs):
    with SmtpSink(certs, tls=getattr(request, "param", "starttls"), users={"encompass": PASSWORD}) as sink:
        yield sink


@pytest.fixture
def web(certs):
    with HttpSink(certs) as sink:
        yield sink


@pytest.fixture
def by_mail(mail, certs, tmp_path):
    (tmp_path / "password").write_text(PASSWORD + "\n")
    return Way("email", tmp_path, {
        "host": "localhost", "port": mail.port, "tls": mail.tls, "ca_file": certs.ca,
        "username": "encompass", "password_file": "password", "from": "encompass@police.example",
        "from_name": "Operation Encompass", "reply_to": "desk@council.example", "timeout": "10s"})


@pytest.fixture
def by_web(web, certs, tmp_path):
    (tmp_path / "secret").write_text(SECRET + "\n")
    way = Way("webhook", tmp_path, {"secret_file": "secret", "ca_file": certs.ca,
                                    "allow_loopback": "yes", "timeout": "10s"})
    way.address = web.url + "/encompass"
    return way


# The contract of all.

class MailReceiver:
    def __init__(self, certs, folder):
        self.sink = SmtpSink(certs).start()
        self.way = Way("email", folder, {
            "host": "localhost", "port": self.sink.port, "ca_file": certs.ca,
            "from": "encompass@police.example", "timeout": "2s"})
        self.address = MESSAGE["to_address"]

    def keys(self):
        return [m.message_id.strip("<>").split("@")[0] for m in self.sink.messages]

    def has(self, text):
        return text in self.sink.messages[-1].parsed.get_body(("plain",)).get_content()

    def break_it(self):
        self.sink.on_rcpt = lambda address: "hang"


class WebReceiver:
    def __init__(self, certs, folder):
        self.sink = HttpSink(certs).start()
        (folder / "secret").write_text(SECRET + "\n")
        self.way = Way("webhook", folder, {"secret_file": "secret", "ca_file": certs.ca,
                                           "allow_loopback": "yes", "timeout": "2s"})
        self.address = self.sink.url

    def keys(self):
        return [r.key for r in self.sink.requests]

    def has(self, text):
        return text in self.sink.requests[-1].body.decode()

    def break_it(self):
        self.sink.respond = lambda request: "hang"


class NotifyReceiver:
    def __init__(self, certs, folder):
        self.sink = NotifyServer(certs).start()
        (folder / "key").write_text(self.sink.api_key + "\n")
        self.way = Way("notify", folder, {
            "api_key_file": "key", "url": self.sink.url, "ca_file": certs.ca, "timeout": "2s",
            "email_template": self.sink.email_template})
        self.address = MESSAGE["to_address"]

    def keys(self):
        return [one["reference"] for one in self.sink.sent]

    def has(self, text):
        return text in self.sink.sent[-1]["body"]

    def break_it(self):
        self.sink.fault = lambda request, done: "hang"


class Folder:
    def __init__(self, certs, folder):
        self.place = folder / "spool"
        self.place.mkdir()
        self.way = Way("spool", folder, {"folder": "spool"})
        self.address, self.sink = "anywhere", None

    def keys(self):
        return [p.stem for p in self.place.iterdir()]

    def has(self, text):
        return text in next(self.place.iterdir()).read_text()


RECEIVERS = {"email": MailReceiver, "webhook": WebReceiver, "notify": NotifyReceiver,
             "spool": Folder}


@pytest.fixture(params=RECEIVERS)
def receiver(request, certs, tmp_path):
    made = RECEIVERS[request.param](certs, tmp_path)
    yield made
    if made.sink:
        made.sink.stop()


def test_every_row_of_the_table_is_here():
    table = (REPOSITORY / "adapters/adapter.c").read_text()
    rows = table.split("adapters[] = {")[1].split("}")[0]
    assert {word.strip(" &\n").removesuffix("_adapter") for word in rows.split(",")} - {"NULL"} \
        == set(RECEIVERS)


def test_what_is_sent_arrives_once_and_whole_under_its_key(receiver):
    outcome = receiver.way.send(to_address=receiver.address)
    assert outcome.verdict == "sent"
    assert receiver.keys() == [MESSAGE["key"]]
    assert receiver.has("Zelda")


def test_a_repeat_carries_the_same_key(receiver):
    for _ in range(2):
        assert receiver.way.send(to_address=receiver.address).verdict == "sent"
    assert set(receiver.keys()) == {MESSAGE["key"]}


def test_a_section_that_lacks_what_it_needs_does_not_open(receiver):
    for key in {"host", "from", "secret_file", "api_key_file", "folder"} & set(receiver.way.keys):
        kept = receiver.way.keys.pop(key)
        assert f'[adapter "{receiver.way.name}"] {key} is missing' in receiver.way.refusal()
        receiver.way.keys[key] = kept


def test_an_unknown_key_does_not_open(receiver):
    receiver.way.keys["retries"] = 3
    assert "retries is no key known there" in receiver.way.refusal()


@pytest.mark.parametrize("name", ["email", "webhook", "notify"])
def test_a_far_side_that_does_not_answer_is_tried_later(name, certs, tmp_path):
    receiver = RECEIVERS[name](certs, tmp_path)
    receiver.break_it()
    outcome = receiver.way.send(to_address=receiver.address)
    assert outcome.verdict == "later" and 1.5 < outcome.seconds < 8
    receiver.sink.stop()


@pytest.mark.parametrize("name", ["email", "webhook", "notify"])
def test_a_far_side_that_is_not_there_is_tried_later(name, certs, tmp_path):
    receiver = RECEIVERS[name](certs, tmp_path)
    receiver.sink.stop()
    outcome = receiver.way.send(to_address=receiver.address)
    assert outcome.verdict == "later" and outcome.code == 0
    assert outcome.detail.startswith("connection: ")


# Mail.

@either_tls
def test_a_mail_is_encrypted_and_to_one_recipient(mail, by_mail):
    assert by_mail.send().verdict == "sent"
    [taken] = mail.messages
    assert taken.encrypted and taken.login == "encompass"
    assert taken.sender == "encompass@police.example"
    assert taken.recipients == ["dsl@school.example"]


def recipient(taken):
    """Name and address, by the older of Python's two readers: the newer one puts spaces between
    adjacent encoded words of a name, which RFC 2047 6.2 says are none."""
    name, address = email.utils.parseaddr(email.message_from_bytes(taken.data)["To"])
    return str(make_header(decode_header(name.replace("\r\n", "")))), address


@either_tls
def test_a_mail_reads_back_as_it_was_meant(mail, by_mail):
    assert by_mail.send().verdict == "sent"
    [taken] = mail.messages
    parsed = taken.parsed
    assert not parsed.defects
    assert recipient(taken) == (MESSAGE["to_name"], MESSAGE["to_address"])
    assert parsed["From"].addresses[0].display_name == "Operation Encompass"
    assert parsed["Reply-To"].addresses[0].addr_spec == "desk@council.example"
    assert str(parsed["Subject"]) == MESSAGE["subject"]
    assert parsed["Message-ID"] == f"<{MESSAGE['key']}@police.example>"
    assert email.utils.parsedate_to_datetime(parsed["Date"]).timestamp() == MESSAGE["at"]
    assert parsed["Date"].endswith("+0000")
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["Content-Language"] == "cy"
    assert parsed.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
    for kind, meant in (("plain", MESSAGE["text"]), ("html", MESSAGE["html"])):
        assert parsed.get_body((kind,)).get_content().replace("\r\n", "\n") == meant
    assert "bcc" not in parsed and "cc" not in parsed


def test_the_envelope_s_sender_names_the_message_so_that_a_failure_does(mail, by_mail):
    by_mail.keys["bounce_address"] = "bounces@gateway.example"
    assert by_mail.send().verdict == "sent"
    by_mail.keys["bounce_tag"] = "no"
    assert by_mail.send().verdict == "sent"
    assert [taken.sender for taken in mail.messages] == \
        [f"bounces+{MESSAGE['key']}@gateway.example", "bounces@gateway.example"]
    assert {taken.parsed["From"].addresses[0].addr_spec for taken in mail.messages} == {"encompass@police.example"}


def test_a_message_can_be_urgent_and_have_its_own_desk(mail, by_mail):
    assert by_mail.send(urgent=True, reply_to="desk@force.example").verdict == "sent"
    parsed = mail.messages[0].parsed
    assert parsed["Importance"] == "high"
    assert parsed["Reply-To"].addresses[0].addr_spec == "desk@force.example"


def test_a_mail_keeps_to_the_lines_that_the_rules_allow(mail, by_mail):
    assert by_mail.send().verdict == "sent"
    data = mail.messages[0].data
    assert max(map(len, data.split(b"\r\n"))) <= 78
    assert b"\n" not in data.replace(b"\r\n", b"") and b"\r" not in data.replace(b"\r\n", b"")
    assert all(byte < 128 for byte in data)


@pytest.mark.parametrize("name", [
    "Plain Name", "", "O'Neill, Dr. (Deputy)", 'Quo"ted \\ back', "Ŵ" * 100, "=?utf-8?q?forged?=",
    "名前 " * 20, "a" * 100, "x" * 61 + " y", "emoji 👩‍🏫 teacher"])
def test_any_name_reads_back(mail, by_mail, name):
    assert by_mail.send(to_name=name).verdict == "sent"
    assert recipient(mail.messages[0]) == (name, MESSAGE["to_address"])
    assert max(map(len, mail.messages[0].data.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("changes", [
    {"to_address": ""}, {"to_address": "nobody"}, {"to_address": "a@b.example, c@d.example"},
    {"to_address": "a@b.example\r\nRCPT TO:<c@d.example>"}, {"to_address": "<a@b.example>"},
    {"to_address": "siôn@b.example"}, {"to_name": "A\r\nBcc: c@d.example"},
    {"to_name": "A\nB"}, {"subject": "S\r\nBcc: c@d.example"}])
def test_nothing_breaks_into_a_mail(mail, by_mail, changes):
    assert by_mail.send(**changes).verdict == "never"
    assert not mail.messages and not mail.refused


@pytest.mark.parametrize("reply,verdict", [
    ("450 4.2.1 busy", "later"), ("451 4.3.0 local error for dsl@school.example", "later"),
    ("452 4.2.2 mailbox full", "later"), ("452 too many recipients", "later"),
    ("552 5.2.2 mailbox full", "later"), ("552 full", "later"), ("550 5.2.2 full", "later"),
    ("550 5.1.1 no such user dsl@school.example", "never"), ("550 no such user", "never"),
    ("551 5.1.6 moved", "never"), ("550 5.1.8 sender's domain not found", "broken"),
    ("553 5.1.7 sender's address", "broken"), ("553 5.1.3 bad address", "never"),
    ("550 5.2.1 mailbox disabled", "never"), ("554 5.1.2 no such domain", "never"),
    ("554 5.7.1 relay access denied", "later"), ("550 5.7.1 blocked for now", "later"),
    ("530 5.7.0 authentication required", "broken"), ("421 4.3.2 going down", "later")])
def test_a_reply_to_the_recipient_counts_for_what_it_is_about(mail, by_mail, reply, verdict):
    mail.on_rcpt = lambda address: reply
    outcome = by_mail.send()
    assert (outcome.verdict, outcome.code) == (verdict, int(reply[:3]))
    assert not mail.messages


@pytest.mark.parametrize("reply,verdict", [
    ("451 4.3.0 try again", "later"), ("452 4.3.1 disk full", "later"),
    ("552 5.2.2 mailbox full", "later"), ("550 5.1.1 no such user", "never"),
    ("554 5.7.1 content refused", "never"), ("550 5.7.1 spam", "never")])
def test_a_reply_to_the_content_counts_for_what_it_is_about(mail, by_mail, reply, verdict):
    mail.on_data = lambda taken: reply
    outcome = by_mail.send()
    assert (outcome.verdict, outcome.code) == (verdict, int(reply[:3]))
    assert outcome.detail == f"content {' '.join(reply.split()[:2])}"


def test_a_server_that_does_not_let_us_go_is_left(mail, by_mail):
    """curl waits for the reply to QUIT where nothing else can go on."""
    async def hang(*_):
        await asyncio.sleep(3600)

    mail.on_rcpt = lambda address: "550 5.1.1 no such user"
    mail.handle_QUIT = hang
    outcome = by_mail.send()
    assert (outcome.verdict, outcome.code) == ("never", 550) and outcome.seconds < 6


def test_a_mail_that_is_too_large_shuts_no_way(mail, by_mail):
    """The server refuses it at MAIL already (RFC 1870): this message's trouble, not the next one's."""
    mail.size_limit = 2000
    outcome = by_mail.send()
    assert (outcome.verdict, outcome.code, outcome.detail[:8]) == ("never", 552, "MAIL 552")
    assert by_mail.send(text="short\n", html="short\n").verdict == "sent"


@pytest.mark.parametrize("reply", ["552 5.3.4 too big", "552 5.2.3 longer than we take"])
def test_a_mail_that_is_too_large_for_the_recipient_is_never_taken(mail, by_mail, reply):
    mail.on_rcpt = lambda address: reply
    assert by_mail.send().verdict == "never"
    mail.on_rcpt, mail.on_data = lambda address: None, lambda taken: reply
    assert by_mail.send().verdict == "never"


def scripted(folder, **replies):
    with SmtpScript(**replies) as server:
        way = Way("email", folder, {"host": "localhost", "port": server.port, "tls": "none",
                                    "from": "encompass@police.example", "timeout": "3s"})
        return way.send(), server.taken


@pytest.mark.parametrize("reply", ["250 ok", "200 ok", "251 will forward", "250-one\r\n250 two"])
def test_any_good_reply_to_the_content_means_taken_over(tmp_path, reply):
    """RFC 5321 4.3.2: by the first digit. To send it again would be to tell twice."""
    outcome, taken = scripted(tmp_path, content=reply)
    assert (outcome.verdict, outcome.code, taken) == ("sent", int(reply[:3]), 1)


@pytest.mark.parametrize("step,reply,verdict", [
    ("greeting", "554 no service", "broken"), ("greeting", "421 busy", "later"),
    ("greeting", "HTTP/1.1 400 Bad Request", "later"), ("greeting", b"\0\xff\r\n", "later"),
    ("MAIL", "550 5.7.1 you may not send", "broken"), ("MAIL", "451 4.3.0 wait", "later"),
    ("RCPT", "252 cannot verify", "sent"), ("RCPT", "500 5.5.2 what", "later"),
    ("DATA", "550 5.1.1 no such user", "never"), ("DATA", "554 no valid recipients", "later"),
    ("DATA", "554 5.7.1 not now", "later"), ("DATA", "451 4.7.1 greylisted", "later"),
    ("content", "354 huh", "later"), ("content", "999 huh", "later"), ("content", "554", "never")])
def test_each_step_s_reply_counts_for_what_it_is_about(tmp_path, step, reply, verdict):
    outcome, _ = scripted(tmp_path, **{step: reply})
    assert outcome.verdict == verdict, outcome


@pytest.mark.parametrize("step", ["greeting", "EHLO", "RCPT", "content"])
def test_a_server_that_never_ends_its_reply_holds_up_nobody_for_long(tmp_path, step):
    def endless(connection):
        while True:
            connection.sendall(b"250-" + b"x" * 500 + b"\r\n")

    outcome, _ = scripted(tmp_path, **{step: endless})
    assert outcome.verdict == "later" and outcome.seconds < 6


@either_tls
def test_a_connection_lost_after_the_content_is_tried_again_under_the_same_id(mail, by_mail):
    mail.on_data = lambda taken: "drop"
    outcome = by_mail.send()
    assert (outcome.verdict, outcome.code) == ("later", 0)
    mail.on_data = lambda taken: None
    assert by_mail.send().verdict == "sent"
    assert len({taken.message_id for taken in mail.messages}) == 1 and len(mail.messages) == 2


def test_a_connection_lost_at_the_recipient_is_tried_again(mail, by_mail):
    mail.on_rcpt = lambda address: "drop"
    assert by_mail.send().verdict == "later"


@either_tls
def test_a_refused_login_shuts_the_way(mail, by_mail):
    by_mail.keys["username"] = "somebody-else"
    outcome = by_mail.send()
    assert (outcome.verdict, outcome.code) == ("broken", 535)
    assert outcome.detail.startswith("login 535")
    assert not mail.messages


@either_tls
def test_a_server_that_nobody_vouches_for_gets_nothing(mail, by_mail, tmp_path):
    by_mail.keys["ca_file"] = Certs(tmp_path / "others").ca
    outcome = by_mail.send()
    assert outcome.verdict == "broken" and outcome.detail.startswith("TLS")
    assert not mail.messages


def server_named(certs, name):
    others = copy.copy(certs)
    others.server_cert, others.server_key = certs._leaf(
        name, name, f"subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth")
    return others


@either_tls
def test_a_mail_server_of_another_name_gets_nothing(mail, certs, by_mail):
    with SmtpSink(server_named(certs, "other.example"), tls=by_mail.keys["tls"]) as sink:
        by_mail.keys["port"] = sink.port
        outcome = by_mail.send()
        assert outcome.verdict == "broken" and outcome.detail.startswith("TLS")
        assert not sink.messages


@either_tls
def test_a_server_without_tls_gets_no_login_and_no_mail(mail, by_mail):
    with SmtpSink(tls="none") as sink:
        by_mail.keys["port"] = sink.port
        outcome = by_mail.send()
        assert outcome.verdict == "broken" and outcome.detail.startswith("TLS")
        assert not sink.messages


def test_mail_in_the_clear_is_for_loopback_alone(certs, tmp_path):
    way = Way("email", tmp_path, {"host": "mail.council.example", "tls": "none",
                                  "from": "encompass@police.example"})
    assert "tls = none is allowed for a host on this machine only" in way.refusal()
    with SmtpSink(tls="none") as sink:
        way.keys.update(host="127.0.0.1", port=sink.port)
        assert way.send().verdict == "sent"


@pytest.mark.parametrize("keys,says", [
    ({"from": "Encompass <a@b.example>"}, "from is missing or is no plain address"),
    ({"reply_to": "nobody"}, "reply_to is no plain address"),
    ({"bounce_address": "nobody"}, "bounce_address is no plain address"),
    ({"bounce_address": "b" * 40 + "@b.example"}, "bounce_address is too long"),
    ({"host": "mail.example/../x"}, "host is missing or is no host name"),
    ({"helo": "two words"}, "helo is no host name"),
    ({"username": "u"}, "username and password_file go together"),
    ({"password_file": "absent"}, "password_file"),
    ({"tls": "maybe"}, "tls is none of starttls, implicit, none"), ({"port": "70000"}, "port is not from 1 to 65535")])
def test_a_mail_section_that_cannot_be_right_does_not_open(tmp_path, keys, says):
    way = Way("email", tmp_path, {"host": "mail.example", "from": "a@b.example", **keys})
    assert says in way.refusal()


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_mails_share_a_connection(certs, tmp_path, tls):
    sink, connections = SmtpSink(certs, tls=tls), []
    connect = sink._connection
    sink._connection = lambda: connections.append(1) or connect()
    with sink:
        way = Way("email", tmp_path, {"host": "localhost", "port": sink.port, "tls": tls,
                                      "ca_file": certs.ca, "from": "encompass@police.example"})
        assert way.run(times=5).returncode == 0
        assert len(sink.messages) == 5 and len(connections) == 1


# Posts.

def test_a_post_is_signed_and_its_body_is_the_notice(web, by_web):
    assert by_web.send(to_address=by_web.address).verdict == "sent"
    [request] = web.requests
    assert (request.method, request.path) == ("POST", "/encompass")
    assert request.body.decode() == MESSAGE["json"]
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == MESSAGE["key"]
    assert request.headers["webhook-timestamp"] == str(MESSAGE["at"])
    assert signature_holds(request, SECRET, now=MESSAGE["at"] + 5)
    request.body += b" "
    assert not signature_holds(request, SECRET)


@pytest.mark.parametrize("status,verdict", [
    (200, "sent"), (201, "sent"), (202, "sent"), (204, "sent"), (409, "sent"),
    (301, "never"), (302, "never"), (307, "never"), (308, "never"), (304, "never"),
    (400, "never"), (401, "never"), (403, "never"), (404, "never"), (405, "never"),
    (410, "never"), (413, "never"), (422, "never"),
    (429, "later"), (500, "later"), (502, "later"), (503, "later"), (504, "later")])
def test_a_status_counts_as_the_contract_says(web, by_web, status, verdict):
    elsewhere = []

    def respond(request):
        if request.path != "/encompass":
            elsewhere.append(request)
        return Response(status, {"Location": web.url + "/elsewhere"})

    web.respond = respond
    outcome = by_web.send(to_address=by_web.address)
    assert (outcome.verdict, outcome.code) == (verdict, status)
    assert outcome.contact_ends == (status == 410)
    assert outcome.retry_after == -1
    assert not elsewhere and len(web.requests) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_how_long_to_wait_is_taken_from_the_answer(web, by_web, status):
    web.respond = lambda request: Response(status, {"Retry-After": "120"})
    assert by_web.send(to_address=by_web.address).retry_after == 120
    at = email.utils.formatdate(time.time() + 300, usegmt=True)
    web.respond = lambda request: Response(status, {"Retry-After": at})
    assert 285 <= by_web.send(to_address=by_web.address).retry_after <= 300
    web.respond = lambda request: Response(status, {"Retry-After": "999999999"})
    assert by_web.send(to_address=by_web.address).retry_after <= 86400
    web.respond = lambda request: Response(status, {"Retry-After": "soon"})
    assert by_web.send(to_address=by_web.address).retry_after == -1


def test_an_answer_in_the_body_answers_the_notice(web, by_web):
    web.respond = lambda request: Response(200, {}, b'{"answered_by": "Zelda", "other": 1}')
    outcome = by_web.send(to_address=by_web.address)
    assert (outcome.verdict, outcome.answered_by) == ("sent", "Zelda")
    assert outcome.not_our_pupil is False


@pytest.mark.parametrize("body,says", [(b'{"not_our_pupil": true}', True), (b'{"not_our_pupil": "true"}', False),
                                       (b'{"not_our_pupil": false}', False), (b'{"not_our_pupil": 1}', False)])
def test_a_body_can_say_that_it_is_not_their_pupil(web, by_web, body, says):
    web.respond = lambda request: Response(200, {}, body)
    outcome = by_web.send(to_address=by_web.address)
    assert (outcome.verdict, outcome.not_our_pupil) == ("sent", says)


@pytest.mark.parametrize("body,of", [
    (b'{"not_our_pupil": ["2"]}', ["2"]), (b'{"not_our_pupil": ["2", "1"], "answered_by": "Una"}', ["2", "1"]),
    (b'{"not_our_pupil": [2, null, "", "' + b"x" * 33 + b'", "3"]}', ["3"]), (b'{"not_our_pupil": []}', []),
    (b'{"not_our_pupil": [' + b",".join(b'"%d"' % n for n in range(40)) + b"]}", [str(n) for n in range(20)])])
def test_a_body_can_say_so_of_some_of_the_children(web, by_web, body, of):
    web.respond = lambda request: Response(200, {}, body)
    outcome = by_web.send(to_address=by_web.address)
    assert (outcome.verdict, outcome.not_ours, outcome.not_our_pupil) == ("sent", of, bool(of))


@pytest.mark.parametrize("body", [
    b"", b"OK", b"[]", b"{", b'{"answered_by": null}', b'{"answered_by": ""}', b'{"answered_by": 7}',
    b'{"answered_by": "' + b"x" * 201 + b'"}', b"[" * 16000, b"\xff\xfe\x00", b"x" * 16384])
def test_an_answer_that_cannot_be_read_is_none(web, by_web, body):
    web.respond = lambda request: Response(200, {}, body)
    outcome = by_web.send(to_address=by_web.address)
    assert (outcome.verdict, outcome.code, outcome.answered_by) == ("sent", 200, "")


@pytest.mark.parametrize("status,verdict", [(200, "sent"), (500, "later"), (404, "never")])
def test_an_endless_body_is_not_read_and_the_status_counts(web, by_web, status, verdict):
    cut = []
    web._server.handle_error = lambda *_: cut.append(1)
    web.respond = lambda request: Response(
        status, {}, b'{"answered_by": "Zelda"}' + b" " * 50_000_000)
    outcome = by_web.send(to_address=by_web.address)
    assert (outcome.verdict, outcome.code, outcome.answered_by) == (verdict, status, "")
    web.stop()
    assert cut


def test_a_connection_lost_before_the_answer_is_tried_again(web, by_web):
    web.respond = lambda request: "drop"
    outcome = by_web.send(to_address=by_web.address)
    assert (outcome.verdict, outcome.code) == ("later", 0)


def test_a_receiver_that_nobody_vouches_for_gets_nothing(web, by_web, tmp_path):
    by_web.keys["ca_file"] = Certs(tmp_path / "others").ca
    assert by_web.send(to_address=by_web.address).verdict == "later"
    assert not web.requests


def test_a_receiver_of_another_name_gets_nothing(certs, by_web):
    with HttpSink(server_named(certs, "other.example")) as sink:
        assert by_web.send(to_address=sink.url).verdict == "later"
        assert not sink.requests


@pytest.mark.parametrize("address", [
    "", "nonsense", "ftp://localhost/", "http://school.example/", "file:///etc/passwd",
    "https://user:word@school.example/", "gopher://localhost:70/", "smtp://localhost", "https://"])
def test_an_address_that_is_no_plain_https_is_never_posted_to(by_web, address):
    outcome = by_web.send(to_address=address)
    assert (outcome.verdict, outcome.code) == ("never", 0)


@pytest.mark.parametrize("host", [
    "localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "[::1]",
    "[::ffff:127.0.0.1]", "10.1.2.3", "172.16.9.9", "192.168.0.1", "169.254.169.254", "[fe80::1]",
    "[fd00::1]", "[::ffff:169.254.169.254]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"])
def test_nothing_inside_our_network_is_posted_to_unasked(web, by_web, host):
    del by_web.keys["allow_loopback"]
    outcome = by_web.send(to_address=f"https://{host}:{web.port}/encompass")
    assert outcome.verdict == "never" and outcome.detail == "an address inside our network"
    assert not web.requests


def test_http_is_for_loopback_alone(by_web):
    with HttpSink() as sink:
        assert by_web.send(to_address=sink.url).verdict == "sent"
        del by_web.keys["allow_loopback"]
        assert by_web.send(to_address=sink.url).verdict == "never"
        assert len(sink.requests) == 1


def test_a_listed_host_may_be_inside(web, by_web):
    del by_web.keys["allow_loopback"]
    by_web.keys["allow_hosts"] = "mis.council.example, LocalHost"
    assert by_web.send(to_address=by_web.address).verdict == "sent"
    by_web.keys["allow_hosts"] = "mis.council.example,notlocalhost"
    assert by_web.send(to_address=by_web.address).verdict == "never"


@pytest.mark.parametrize("secret", [
    "", "whsec_", "thirty-two bytes of something else", "whsec_!!!!",
    "whsec_" + base64.b64encode(b"short").decode(), "whsec_" + base64.b64encode(b"x" * 65).decode()])
def test_a_secret_that_is_none_does_not_open(by_web, tmp_path, secret):
    (tmp_path / "secret").write_text(secret + "\n")
    assert "secret" in by_web.refusal()


# The folder.

def test_a_repeat_takes_its_own_place_and_nothing_unfinished_stays(certs, tmp_path):
    folder = Folder(certs, tmp_path)
    folder.way.send()
    folder.way.send(text="said again\n")
    [file] = folder.place.iterdir()
    assert file.name == MESSAGE["key"] + ".txt"
    assert file.read_text().endswith("\nsaid again\n")
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_name_cannot_begin_a_line_of_the_head(certs, tmp_path):
    folder = Folder(certs, tmp_path)
    folder.way.send(to_name="A\nSubject: other")
    head = next(folder.place.iterdir()).read_text().split("\n\n")[0]
    assert [line for line in head.split("\n") if line.startswith("Subject:")] == \
        [f"Subject: {MESSAGE['subject']}"]


def test_a_folder_that_cannot_be_written_shuts_the_way(certs, tmp_path):
    folder = Folder(certs, tmp_path)
    (folder.place / (MESSAGE["key"] + ".txt") / "in the way").mkdir(parents=True)
    outcome = folder.way.send()
    assert outcome.verdict == "broken" and outcome.detail
    assert len(list(folder.place.iterdir())) == 1


def test_a_folder_that_is_none_does_not_open(tmp_path):
    assert "nowhere" in Way("spool", tmp_path, {"folder": "nowhere"}).refusal()


@pytest.mark.parametrize("key", ["", ".", "../out", "a/b"])
def test_a_key_that_is_no_file_name_is_never_written(certs, tmp_path, key):
    folder = Folder(certs, tmp_path)
    assert folder.way.send(key=key).verdict == "never"
    assert not list(folder.place.iterdir())
