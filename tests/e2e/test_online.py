"""`encompass check --online`: everything that the daemon connects to is tried as it would, nothing is sent,
and whatever is wrong has a line of its own that says what to do."""

import contextlib
import json
import socket
import time

import pytest

from support.broker import Broker
from support.certs import Certs
from support.fake_broker import FakeBroker
from support.gateway import Gateway, wait_until
from support.http_sink import HttpSink, Response
from support.notify_server import NotifyServer
from support.ports import free_port
from support.smtp_script import SmtpScript
from support.smtp_sink import SmtpSink

USERS = {"encompassd": "gateway drill"}
PATH_SECRET = "Zq7-a-path-that-nobody-is-shown"


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    return Certs(tmp_path_factory.mktemp("certs"))


@pytest.fixture(scope="module")
def broker(tmp_path_factory, certs):
    with Broker(tmp_path_factory.mktemp("broker"), certs, USERS) as made:
        yield made


@contextlib.contextmanager
def silent():
    """Takes every connection, and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]


def secret(folder, name, word):
    path = folder / name
    path.touch(mode=0o600)
    path.write_text(word + "\n")
    return path


def at_work(gateway, addresses=()):
    """A store whose desks are at those web addresses."""
    if not gateway.store.exists():
        gateway.run("init")
    unverified = "la,799,la_desk,Desk,webhook,https://unverified.nowhere.invalid,en,"  # nothing is sent there
    rows = [f"la,{800 + n},la_desk,Desk {n},webhook,{address},en,2026-01-01T00:00:00Z" for n, address in enumerate(addresses)]
    path = gateway.folder / "contacts.csv"
    path.write_text("\n".join(["namespace,urn,role,name,adapter,address,language,verified_at", *rows, unverified, ""]))
    if rows:
        gateway.run("import", "contacts", path)
    return gateway


def online(gateway, **more):
    """What was found, by (subject, at); and what a person sees."""
    done = gateway.run("check", "--online", "--json", status=None, **more)
    shown = gateway.run("check", "--online", status=done.returncode, **more)
    assert PATH_SECRET not in done.stdout + done.stderr + shown.stdout + shown.stderr
    assert done.stdout, done.stderr
    lines = json.loads(done.stdout)["online"]
    found = {(line["subject"], line["at"]): line for line in lines}
    assert not [at for _, at in found if "unverified" in at]
    assert len(found) == len(lines)
    for line in lines:
        assert (line["todo"] is None) == (line["result"] == "fine") and line["what"] and line["ms"] >= 0
        assert line["at"] in shown.stdout
    wrong = [line for line in lines if line["result"] == "error"]
    assert done.returncode == 1 or not wrong
    return found


def test_all_that_is_well_is_seen_to_be_and_nothing_is_sent(tmp_path, certs, broker):
    mail = SmtpSink(certs, users={"encompass": "mail drill"})
    theirs, web, notify = SmtpSink(certs), HttpSink(certs.server("mutual", clients=True)), NotifyServer(certs)
    cert, key = certs.client("gateway")
    token = Response(200, {}, b'{"access_token": "good", "token_type": "Bearer"}')
    with mail, theirs, web, notify, HttpSink(certs) as login:
        login.respond = lambda request: token
        extra = f"""[mail "academies"]
domains = academy.example
tls = require-verified
server = localhost
port = {theirs.port}
ca_file = {certs.ca}
[receiver "mis"]
host = localhost
certificate_file = {cert}
key_file = {key}
token_url = {login.url}/token
client_id = encompass
client_secret_file = {secret(tmp_path, "client", "a secret")}
[adapter "notify"]
url = {notify.url}
ca_file = {certs.ca}
email_template = {notify.email_template}
api_key_file = {secret(tmp_path, "key", notify.api_key)}
"""
        gateway = Gateway(tmp_path / "gateway", broker, mail, web, certs, extra=extra)
        at_work(gateway, [f"{web.url}/{PATH_SECRET}/{n}" for n in range(3)]).start()
        wait_until(lambda: "mqtt.connected" in gateway.log_text())
        found = online(gateway)
        assert gateway.stop() == 0
    what = {subject: line["what"] for (subject, _), line in found.items()}
    assert what == {
        "[mqtt] host": "TLS verified, logged in, incidents may be read",
        '[adapter "email"] host': "TLS verified, logged in",
        '[mail "academies"] server': "TLS verified",
        '[receiver "mis"] host': "TLS verified, our certificate not refused",
        '[receiver "mis"] token_url': "a token was given",
        '[adapter "notify"] api_key_file': "TLS verified, the key is good",
    }
    assert not mail.messages and not mail.refused and not theirs.messages and not web.requests
    assert {r.path for r in login.requests} == {"/token"} and not notify.posts()
    # The daemon's own session at the broker was left to it.
    assert "mqtt.lost" not in gateway.log_text() and gateway.log_text().count("mqtt.connected") == 1


def broken_mail(port, name, server="localhost", tls="require-verified", certs=None):
    ca = f"ca_file = {certs.ca}\n" if certs else ""
    return f'[mail "{name}"]\ndomains = {name}.example\ntls = {tls}\nserver = {server}\nport = {port}\n{ca}'


def test_each_mail_server_s_trouble_has_its_line(tmp_path, certs):
    named, ended = certs.server("named", name="elsewhere.example"), certs.server("ended", ended=True)
    refusing = SmtpSink(certs, users={"encompass": "another word"})
    with contextlib.ExitStack() as stack:
        relay, good, other, old = (stack.enter_context(s) for s in (
            refusing, SmtpSink(certs), SmtpSink(named), SmtpSink(ended)))
        still = stack.enter_context(silent())
        plain = stack.enter_context(SmtpScript(EHLO="250-hello\r\n250 8BITMIME", NOOP="250 ok"))
        shut = stack.enter_context(SmtpScript(greeting="554 5.7.1 nobody may come in"))
        closed = free_port()
        extra = "".join([
            '[adapter "email"]\ntimeout = 3s\nminimal_link = https://gateway.example/n/\n',
            broken_mail(good.port, "good", certs=certs), broken_mail(other.port, "other", certs=certs),
            broken_mail(old.port, "old", certs=certs), broken_mail(good.port, "stranger", server="127.0.0.1"),
            broken_mail(still, "still"), broken_mail(plain.port, "plain"), broken_mail(closed, "closed"),
            broken_mail(shut.port, "shut"), broken_mail(25, "nowhere", server="mail.nowhere.invalid"),
            broken_mail(old.port, "minimal", server="127.0.0.1", tls="minimal", certs=certs)])
        relay.users["encompass"], word = "mail drill", relay.users["encompass"]
        gateway = Gateway(tmp_path / "gateway", mail=relay, certs=certs, extra=extra)
        relay.users["encompass"] = word
        began = time.monotonic()
        found = online(at_work(gateway))
        assert time.monotonic() - began < 20  # both runs: the silent one holds up nobody
        assert not good.messages and not plain.taken
    line = {subject: (o["result"], o["what"], o["todo"] or "") for (subject, _), o in found.items()}

    def is_so(subject, result, what, todo):
        assert line[subject][0] == result, line[subject]
        assert what in line[subject][1] and todo in line[subject][2], line[subject]
    is_so('[adapter "email"] host', "error", "login: refused, 535 5.7.8", "password_file")
    is_so('[mail "good"] server', "fine", "TLS verified", "")
    is_so('[mail "other"] server', "error", "its certificate is for another name", "the name")
    is_so('[mail "old"] server', "error", "its certificate has run out", "renewed")
    is_so('[mail "stranger"] server', "error", "nobody known vouches for its certificate", "ca_file")
    is_so('[mail "still"] server', "error", "connected, and no answer within 3 s", "does not answer")
    is_so('[mail "plain"] server', "error", "it offers no STARTTLS", "tls = implicit")
    is_so('[mail "closed"] server', "error", "no connection: Connection refused", "firewall")
    is_so('[mail "shut"] server', "error", "refused, 554 5.7.1", "whether this machine may send there")
    is_so('[mail "nowhere"] server', "error", "no such name", "name server")
    is_so('[mail "minimal"] server', "warning", "its certificate has run out", "without names")
    assert found['[mail "still"] server', f"localhost:{still}"]["ms"] >= 2900


def test_a_relay_that_offers_no_login_is_no_place_for_a_password(tmp_path, certs):
    with SmtpScript(EHLO="250-hello\r\n250 8BITMIME", NOOP="250 ok") as relay:
        extra = f"""[adapter "email"]
host = localhost
port = {relay.port}
tls = none
from = a@gateway.example
username = encompass
password_file = {secret(tmp_path, "word", "mail drill")}
"""
        (line,) = online(at_work(Gateway(tmp_path / "gateway", extra=extra))).values()
    assert line["result"] == "error" and "login: it offers none" in line["what"], line


def test_each_web_server_s_trouble_has_its_line(tmp_path, certs):
    named, ended = certs.server("named", name="elsewhere.example"), certs.server("ended", ended=True)
    with contextlib.ExitStack() as stack:
        good, other, old, mutual, login = (stack.enter_context(HttpSink(c)) for c in (
            certs, named, ended, certs.server("mutual", clients=True), certs))
        notify = stack.enter_context(NotifyServer(certs))
        still, closed = stack.enter_context(silent()), free_port()
        login.respond = lambda request: Response(401, {}, b'{"error": "invalid_client"}')
        extra = f"""[adapter "webhook"]
timeout = 3s
[receiver "locked"]
host = 127.0.0.1
token_url = {login.url}/token
client_id = encompass
client_secret_file = {secret(tmp_path, "client", "a secret that was revoked")}
[receiver "unused"]
host = mis.nowhere.invalid
[adapter "notify"]
url = {notify.url}
ca_file = {certs.ca}
email_template = {notify.email_template}
api_key_file = {secret(tmp_path, "key", notify.api_key[:-4] + "0000")}
"""
        gateway = Gateway(tmp_path / "gateway", web=good, certs=certs, extra=extra)
        addresses = [good.url, other.url, old.url, mutual.url, f"https://localhost:{still}",
                     f"https://localhost:{closed}", "https://web.nowhere.invalid", "https://10.11.12.13:8443"]
        found = online(at_work(gateway, [f"{one}/{PATH_SECRET}" for one in addresses]))
        assert not good.requests and not notify.posts()
    line = {at: (o["result"], o["what"], o["todo"] or "") for (_, at), o in found.items()}

    def is_so(at, result, what, todo):
        assert line[at][0] == result, line[at]
        assert what in line[at][1] and todo in line[at][2], line[at]
    is_so(f"localhost:{good.port}", "fine", "TLS verified", "")
    is_so(f"localhost:{other.port}", "error", "its certificate is for another name", "the name")
    is_so(f"localhost:{old.port}", "error", "its certificate has run out", "renewed")
    is_so(f"localhost:{mutual.port}", "error", "it wants a certificate of ours", "certificate_file")
    is_so(f"localhost:{still}", "error", "connected, and no answer within 3 s", "does not answer")
    is_so(f"localhost:{closed}", "error", "no connection: Connection refused", "firewall")
    is_so("web.nowhere.invalid:443", "error", "no such name", "name server")
    is_so("10.11.12.13:8443", "error", "inside our network", "allow_hosts")
    is_so("mis.nowhere.invalid:443", "warning", "no such name", "name server")
    is_so(f"localhost:{login.port}", "error", "token: status 401 invalid_client", "client_secret_file")
    is_so(f"localhost:{notify.port}", "error", "status 403 AuthError", "not revoked")


@pytest.mark.parametrize("shown, said", [("none", "TLS: it wants a certificate of ours"),
                                         ("another authority's", "TLS: our certificate was refused")])
def test_a_certificate_of_ours_that_is_refused_is_seen_though_the_handshake_went_well(tmp_path, certs, shown, said):
    extra = ""
    if shown != "none":
        cert, key = Certs(tmp_path / "others").client("gateway")
        extra = f'[receiver "mis"]\nhost = localhost\ncertificate_file = {cert}\nkey_file = {key}\n'
    with HttpSink(certs.server("mutual", clients=True)) as web:
        gateway = Gateway(tmp_path / "gateway", web=web, certs=certs, extra=extra)
        (line,) = online(at_work(gateway, [web.url])).values()
    assert line["result"] == "error" and line["what"] == said, line


def mqtt(tmp_path, certs, port, word="gateway drill", host="localhost", more=""):
    return Gateway(tmp_path / "gateway", extra=f"""[mqtt]
host = {host}
port = {port}
ca_file = {certs.ca}
username = encompassd
password_file = {secret(tmp_path, "broker-word", word)}
{more}""")


def of_broker(gateway):
    (line,) = online(at_work(gateway)).values()
    return line


def test_a_broker_that_refuses_the_login(tmp_path, certs, broker):
    line = of_broker(mqtt(tmp_path, certs, broker.port, word="another word"))
    assert line["result"] == "error" and line["what"].startswith("login: refused (13"), line
    assert "password_file" in line["todo"]


@pytest.mark.parametrize("how, what, todo", [
    ({"ended": True}, "its certificate has run out", "renewed"),
    ({"name": "elsewhere.example"}, "its certificate is for another name", "the name")])
def test_a_broker_whose_certificate_is_wrong(tmp_path, certs, how, what, todo):
    with FakeBroker(certs.server("broker", **how).server_context()) as fake:
        line = of_broker(mqtt(tmp_path, certs, fake.port))
    assert line["result"] == "error" and what in line["what"] and todo in line["todo"], line


def test_a_broker_that_another_authority_vouches_for(tmp_path, certs, broker):
    line = of_broker(mqtt(tmp_path, Certs(tmp_path / "others"), broker.port))
    assert line["result"] == "error" and "vouches" in line["what"] and "ca_file" in line["todo"], line


def test_a_broker_that_wants_a_certificate_of_ours(tmp_path, certs):
    with Broker(tmp_path / "mutual", certs, USERS, client_certificates=True) as mutual:
        line = of_broker(mqtt(tmp_path, certs, mutual.port))
        assert line["result"] == "error" and "certificate" in line["todo"], line
        cert, key = certs.client("encompassd")
        line = of_broker(mqtt(tmp_path, certs, mutual.port, more=f"certificate_file = {cert}\nkey_file = {key}\n"))
        assert line["result"] == "fine", line


@pytest.mark.parametrize("code, what", [(0x87, "incidents may not be read (135 Not authorized)"),
                                        (0, "granted at QoS 0 alone")])
def test_a_broker_that_does_not_grant_the_subscription(tmp_path, certs, code, what):
    with FakeBroker(certs.server_context()) as fake:
        fake.subscribe_code = code
        line = of_broker(mqtt(tmp_path, certs, fake.port))
    assert line["result"] == "error" and what in line["what"], line


def test_a_broker_that_is_not_there(tmp_path, certs):
    line = of_broker(mqtt(tmp_path, certs, free_port()))
    assert line["result"] == "error" and "no connection: Connection refused" in line["what"], line
    line = of_broker(mqtt(tmp_path, certs, 8883, host="broker.nowhere.invalid"))
    assert line["result"] == "error" and "no such name" in line["what"], line


def test_a_broker_that_says_nothing(tmp_path, certs):
    with silent() as port:
        gateway = at_work(mqtt(tmp_path, certs, port))
        done = gateway.run("check", "--online", "--json", status=1)
    (line,) = json.loads(done.stdout)["online"]
    assert line["what"] == "connected, and no answer within 15 s" and 14000 < line["ms"] < 20000, line


def test_an_adapter_that_check_refuses_keeps_nobody_else_from_being_tried(tmp_path, certs, broker):
    gateway = Gateway(tmp_path / "gateway", broker, certs=certs,
                      extra='[adapter "email"]\nhost = localhost\nfrom = nobody\n')
    found = online(at_work(gateway))
    assert [o["result"] for o in found.values()] == ["fine"]
