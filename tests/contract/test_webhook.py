"""Receivers of webhooks that have a certificate, a secret, a login or a network of their own."""

import base64
import json
import time
import urllib.parse

import pytest

from support.certs import Certs
from support.http_sink import HttpSink, Response, signature_holds
from support.way import MESSAGE, SECRET, Way

OWN = "whsec_" + base64.b64encode(b"the receiver's own secret, 32 by").decode()
CLIENT_SECRET = "p+ss:w%rd &/="


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    return Certs(tmp_path_factory.mktemp("certs"))


@pytest.fixture
def web(certs):
    with HttpSink(certs) as sink:
        yield sink


@pytest.fixture
def way(web, certs, tmp_path):
    (tmp_path / "secret").write_text(SECRET + "\n")
    made = Way("webhook", tmp_path, {"secret_file": "secret", "ca_file": certs.ca,
                                     "allow_loopback": "yes", "timeout": "10s"})
    made.address = web.url + "/encompass"
    return made


def receiver(way, **keys):
    keys = {"host": "localhost", **keys}
    way.more = '[receiver "drill"]\n' + "".join(f"{k} = {v}\n" for k, v in keys.items())


# Who it is.

def test_a_receiver_can_have_a_secret_of_its_own(web, way, tmp_path):
    (tmp_path / "own").write_text(OWN + "\n")
    receiver(way, secret_file="own")
    assert way.send(to_address=way.address).verdict == "sent"
    assert signature_holds(web.requests[0], OWN) and not signature_holds(web.requests[0], SECRET)
    receiver(way, secret_file="own", host="another.example")
    assert way.send(to_address=way.address).verdict == "sent"
    assert signature_holds(web.requests[1], SECRET)


def test_a_receiver_can_have_an_authority_of_its_own(certs, way, tmp_path):
    others = Certs(tmp_path / "others")
    receiver(way, ca_file=others.ca)
    assert way.send(to_address=way.address).verdict == "later"
    with HttpSink(others) as sink:
        assert way.send(to_address=sink.url).verdict == "sent"
        assert way.send(to_address=sink.url.replace("localhost", "127.0.0.1")).verdict == "later"


def asking_for_a_certificate(certs):
    sink = HttpSink(certs)
    sink._context.load_verify_locations(certs.ca)
    sink._context.verify_mode = 2  # required
    sink._context.maximum_version = 771  # TLS 1.2: the client hears of a refusal in its handshake
    return sink


def test_a_receiver_that_asks_for_a_certificate_gets_ours(certs, way):
    certificate, key = certs.client("encompass")
    with asking_for_a_certificate(certs) as sink:
        assert way.send(to_address=sink.url).verdict == "later"
        receiver(way, certificate_file=certificate, key_file=key)
        assert way.send(to_address=sink.url).verdict == "sent"
        assert len(sink.requests) == 1


def test_a_certificate_that_does_not_fit_its_key_is_that_receivers_trouble_alone(certs, way):
    certificate, _ = certs.client("encompass")
    _, key = certs.client("another")
    with asking_for_a_certificate(certs) as sink:
        receiver(way, certificate_file=certificate, key_file=key)
        outcome = way.send(to_address=sink.url)
        assert (outcome.verdict, outcome.alone) == ("broken", True)


def test_a_receiver_that_is_said_to_be_inside_may_be(web, way):
    del way.keys["allow_loopback"]
    receiver(way, inside="yes", host="LOCALHOST")
    assert way.send(to_address=way.address).verdict == "sent"
    assert way.send(to_address=way.address.replace("localhost", "127.0.0.1")).verdict == "never"
    receiver(way)
    outcome = way.send(to_address=way.address)
    assert (outcome.verdict, outcome.detail) == ("never", "an address inside our network")
    assert len(web.requests) == 1


# Mistakes are named with file and line.

@pytest.mark.parametrize("keys,line,says", [
    ({"host": "https://a.example"}, 7, "host is missing or is no host name"),
    ({"host": "a b"}, 7, "host is missing or is no host name"),
    ({"secret_file": "secretx"}, 8, "secret_file"),
    ({"secret_file": "short"}, 8, "does not hold whsec_"),
    ({"ca_file": "nowhere.crt"}, 8, "ca_file cannot be read"),
    ({"certificate_file": "secret"}, 8, "go together"),
    ({"key_file": "secret"}, 8, "go together"),
    ({"inside": "perhaps"}, 8, "inside is neither yes nor no"),
    ({"retries": "3"}, 8, "retries is no key known there"),
    ({"client_id": "us"}, 8, "of no use without token_url"),
    ({"token_url": "http://login.example/token", "client_id": "us"}, 8, "is no https URL"),
    ({"token_url": "https://u:p@login.example/token", "client_id": "us"}, 8, "is no https URL"),
    ({"client_auth": "none"}, 8, "client_auth is none of basic, post")])
def test_a_receivers_section_that_cannot_be_right_does_not_open(way, tmp_path, keys, line, says):
    (tmp_path / "short").write_text("whsec_c2hvcnQ=\n")
    receiver(way, **keys)
    said = way.refusal()
    assert says in said
    if says != "secret_file":
        assert f"encompass.conf:{line}: " in said


@pytest.mark.parametrize("keys,says", [
    ({"token_url": "https://login.example/"}, "client_id is missing beside token_url"),
    ({"token_url": "https://login.example/", "client_id": "us"}, "client_secret_file is missing")])
def test_half_a_login_does_not_open(way, keys, says):
    receiver(way, **keys)
    assert says in way.refusal() and "encompass.conf: [receiver" in way.refusal()


def test_two_sections_for_one_host_do_not_open(way):
    receiver(way)
    way.more += '[receiver "again"]\nhost = LocalHost\n'
    assert 'encompass.conf:9: [receiver "again"] host has a section already' in way.refusal()


def test_a_kept_connection_that_ends_without_an_answer_is_not_posted_to_twice(web, way):
    web.respond = lambda request: Response() if len(web.requests) == 1 else "drop"
    assert [o.verdict for o in way.send_all(2, to_address=way.address)] == ["sent", "later"]
    assert len(web.requests) == 2


# The answer's bounds.

def test_an_endless_head_is_not_read_and_the_status_counts(web, way):
    web.respond = lambda request: Response(200, {f"x-{i}": "y" * 8000 for i in range(60)})
    outcome = way.send(to_address=way.address)
    assert (outcome.verdict, outcome.code) == ("sent", 200)


def test_an_answer_that_trickles_costs_the_timeout_and_no_more(way, certs):
    """The head comes, the body never ends: what the status says counts."""
    class Trickle(HttpSink):
        pass

    sink = Trickle(certs)

    def trickle(handler):
        handler.rfile.read(int(handler.headers["Content-Length"]))
        handler.send_response(503)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b" ")
            time.sleep(0.1)

    with sink:
        class Slow(sink._server.RequestHandlerClass):
            do_POST = trickle
        sink._server.RequestHandlerClass = Slow
        way.keys["timeout"] = "2s"
        outcome = way.send(to_address=sink.url)
    assert (outcome.verdict, outcome.code) == ("later", 503)
    assert 1.5 < outcome.seconds < 6


# Logins.

class Login:
    """A token server beside a receiver that wants its tokens."""

    def __init__(self, web):
        self.web, self.issued, self.good = web, [], set()
        self.expires, self.reply, self.slow = 3600, None, 0
        web.respond = self.respond

    def respond(self, request):
        if request.path == "/token":
            return self.reply or self.issue()
        time.sleep(self.slow)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return Response(200 if token in self.good else 401)

    def issue(self):
        token = f"token-{len(self.issued) + 1}.~+/="
        self.issued.append(token)
        self.good = {token}
        return Response(200, {}, json.dumps({
            "access_token": token, "token_type": "bearer", "expires_in": self.expires}).encode())

    def requests(self, path):
        return [r for r in self.web.requests if r.path == path]


@pytest.fixture
def login(web, way, tmp_path):
    (tmp_path / "client").write_text(CLIENT_SECRET + "\n")
    receiver(way, token_url=web.url + "/token", client_id="encompass gateway",
             client_secret_file="client", scope="notices.write more")
    return Login(web)


def test_a_token_is_fetched_and_sent_along(login, way):
    assert way.send(to_address=way.address).verdict == "sent"
    [asked] = login.requests("/token")
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert urllib.parse.parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"], "scope": ["notices.write more"]}
    name, _, word = base64.b64decode(
        asked.headers["authorization"].removeprefix("Basic ")).decode().partition(":")
    assert urllib.parse.unquote(name) == "encompass gateway"
    assert urllib.parse.unquote(word) == CLIENT_SECRET
    [post] = login.requests("/encompass")
    assert post.headers["authorization"] == "Bearer " + login.issued[0]
    assert post.body.decode() == MESSAGE["json"] and signature_holds(post, SECRET)


def test_the_secret_can_go_in_the_body(login, way):
    way.more += "client_auth = post\n"
    assert way.send(to_address=way.address).verdict == "sent"
    [asked] = login.requests("/token")
    assert urllib.parse.parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"], "scope": ["notices.write more"],
        "client_id": ["encompass gateway"], "client_secret": [CLIENT_SECRET]}
    assert "authorization" not in asked.headers


def test_a_token_is_kept_until_shortly_before_it_ends(login, way):
    assert {o.verdict for o in way.send_all(4, to_address=way.address)} == {"sent"}
    assert len(login.issued) == 1
    login.expires, login.slow = 2, 1.2  # good for two seconds: used for one
    assert {o.verdict for o in way.send_all(2, to_address=way.address)} == {"sent"}
    assert len(login.issued) == 3


@pytest.mark.parametrize("expires", ['"3600"', "null", "-5", "1e999", '"soon"', "[1]"])
def test_a_life_said_otherwise_or_not_at_all_does_no_harm(login, way, expires):
    token = "abc"
    login.good = {token}
    login.reply = Response(200, {}, (
        '{"access_token": "abc", "token_type": "Bearer", "expires_in": %s}' % expires).encode())
    assert {o.verdict for o in way.send_all(2, to_address=way.address)} == {"sent"}
    assert len(login.requests("/token")) == (2 if expires == "0" else 1)


def test_a_token_that_is_refused_is_fetched_anew_once_and_the_key_is_the_same(login, way):
    login.slow = 0.1
    first = login.respond

    def respond(request):
        answer = first(request)
        if request.path != "/token" and len(login.requests("/encompass")) == 2:
            login.good = set()  # revoked there, behind our back
        return answer

    login.web.respond = respond
    assert [o.verdict for o in way.send_all(3, to_address=way.address)] == ["sent"] * 3
    assert len(login.issued) == 2
    posts = login.requests("/encompass")
    assert [p.headers["authorization"].split()[1] for p in posts] == [
        login.issued[0]] * 3 + [login.issued[1]]
    assert {p.key for p in posts} == {MESSAGE["key"]}


def test_a_receiver_that_refuses_every_token_has_refused(login, way):
    login.issue = lambda: Response(200, {}, b'{"access_token": "x", "token_type": "Bearer"}')
    outcome = way.send(to_address=way.address)
    assert (outcome.verdict, outcome.code) == ("never", 401)
    assert len(login.requests("/encompass")) == 2 and len(login.requests("/token")) == 2


@pytest.mark.parametrize("status,body,verdict,detail", [
    (400, b'{"error": "invalid_client"}', "broken", "token: status 400 invalid_client"),
    (401, b'{"error": "invalid_client", "error_description": "Zelda"}', "broken",
     "token: status 401 invalid_client"),
    (400, b'{"error": "invalid_scope"}', "broken", "token: status 400 invalid_scope"),
    (400, b'{"error": "unauthorized_client"}', "broken", "token: status 400 unauthorized_client"),
    (400, b'{"error": "Zelda was here"}', "broken", "token: status 400"),
    (403, b"", "broken", "token: status 403"), (404, b"<html>", "broken", "token: status 404"),
    (302, b"", "broken", "token: status 302"),
    (408, b"", "later", "token: status 408"), (429, b"", "later", "token: status 429"),
    (500, b"", "later", "token: status 500"), (503, b"{", "later", "token: status 503"),
    (200, b"", "later", "token: status 200 and no token that can be used"),
    (200, b'{"access_token": "a b", "token_type": "Bearer"}', "later",
     "token: status 200 and no token that can be used"),
    (200, b'{"access_token": "a\\r\\nX: y", "token_type": "Bearer"}', "later",
     "token: status 200 and no token that can be used"),
    (200, b'{"access_token": "ab", "token_type": "mac"}', "later",
     "token: status 200 and no token that can be used"),
    (200, b'{"access_token": "' + b"a" * 9000 + b'", "token_type": "Bearer"}', "later",
     "token: status 200 and no token that can be used")])
def test_why_there_is_no_token_counts(login, way, status, body, verdict, detail):
    login.reply = Response(status, {"Location": login.web.url + "/elsewhere", "Retry-After": "77"},
                           body)
    outcome = way.send(to_address=way.address)
    assert (outcome.verdict, outcome.code, outcome.detail) == (verdict, status, detail)
    assert outcome.alone
    if verdict == "later":
        assert outcome.retry_after == 77
    assert [r.path for r in login.web.requests] == ["/token"]


def test_a_token_server_that_is_not_there_is_asked_again(login, way, web):
    way.more = way.more.replace(f":{web.port}/token", ":9/token")
    outcome = way.send(to_address=way.address)
    assert (outcome.verdict, outcome.code) == ("later", 0)
    assert outcome.detail.startswith("token: connection: ")
    assert not web.requests


def test_a_token_server_that_nobody_vouches_for_gets_no_secret(login, way, tmp_path):
    with HttpSink(Certs(tmp_path / "others")) as sink:
        way.more = way.more.replace(f":{login.web.port}/token", f":{sink.port}/token")
        assert way.send(to_address=way.address).verdict == "later"
        assert not sink.requests and not login.web.requests


def test_token_and_post_together_keep_to_the_timeout(login, way):
    first = login.respond

    def respond(request):
        if request.path == "/token":
            time.sleep(1.5)
            return first(request)
        return "hang"

    login.web.respond = respond
    way.keys["timeout"] = "2s"
    outcome = way.send(to_address=way.address)
    assert outcome.verdict == "later" and outcome.detail.startswith("connection: ")
    assert outcome.seconds < 3.5
