"""What is asked of the way to a recipient's domain, against mail servers that have TLS, have one that
nobody vouches for, or have none."""

import json

import pytest

from support.certs import Certs
from support.smtp_sink import SmtpSink
from support.way import Way

LINK = "https://encompass.example/n/"


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    return Certs(tmp_path_factory.mktemp("certs"))


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    return Certs(tmp_path_factory.mktemp("others"))


def way(folder, relay, ca, section="", **keys):
    return Way("email", folder, {"host": "localhost", "port": relay.port, "tls": relay.tls,
                                 "from": "encompass@police.example", "timeout": "5s", "minimal_link": LINK,
                                 **({"ca_file": ca} if relay.tls != "none" else {}), **keys}, section)


def mail(tls, domains="school.example", **keys):
    return f'[mail "{domains.split(",")[0].strip(" *.") or "others"}"]\ndomains = {domains}\ntls = {tls}\n' + \
        "".join(f"{key} = {value}\n" for key, value in keys.items())


def sends(way, times, **changes):
    done = way.run(times=times, **changes)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def says_names(taken):
    return b"Zelda" in taken.data or b"Quibblethwaite" in taken.parsed.get_body(("plain",)).get_content().encode()


@pytest.mark.parametrize("relay_tls,policy,refused", [
    ("unknown", "require", True), ("unknown", "require-verified", True), ("require", "require", False),
    ("require", "require-verified", True), ("require-verified", "require", False),
    ("require-verified", "require-verified", False)])
def test_a_relay_is_asked_for_no_more_than_it_is_known_to_keep(certs, tmp_path, relay_tls, policy, refused):
    with SmtpSink(certs) as relay:
        made = way(tmp_path, relay, certs.ca, mail(policy), relay_tls=relay_tls)
        if refused:
            said = made.refusal()
            assert "encompass.conf:12: [mail \"school.example\"] tls is more than the relay is known to keep" in said
        else:
            assert made.send().verdict == "sent" and says_names(relay.messages[0])


@pytest.mark.parametrize("relay_tls,whole", [("unknown", False), ("require", False), ("require-verified", True)])
def test_names_go_by_a_relay_only_when_it_is_known_to_verify(certs, tmp_path, relay_tls, whole):
    with SmtpSink(certs) as relay:
        assert sends(way(tmp_path, relay, certs.ca, mail("minimal"), relay_tls=relay_tls), 1)[0]["verdict"] == "sent"
        assert says_names(relay.messages[0]) == whole
        assert whole or LINK in relay.messages[0].parsed.get_body(("plain",)).get_content()


def test_a_message_with_names_is_not_begun_where_none_may_go(certs, tmp_path):
    with SmtpSink(certs) as relay:
        outcome = way(tmp_path, relay, certs.ca, mail("minimal")).send(careless=True)
        assert outcome.verdict == "later" and not relay.messages


def test_a_server_of_their_own_is_used_without_the_relay_and_without_its_login(certs, tmp_path):
    (tmp_path / "password").write_text("relay word\n")
    with SmtpSink(certs, users={"encompass": "relay word"}) as relay, SmtpSink(certs) as theirs:
        made = way(tmp_path, relay, certs.ca, mail("require-verified", "*.academy.example, school.example",
                                                   server="localhost", port=theirs.port, ca_file=certs.ca),
                   username="encompass", password_file="password")
        assert made.send().verdict == "sent"
        assert made.send(to_address="dsl@north.academy.example").verdict == "sent"
        assert made.send(to_address="dsl@academy.example").verdict == "sent"  # the parent is not below itself
        assert [m.login for m in theirs.messages] == ["", ""] and len(relay.messages) == 1
        assert all(m.encrypted for m in theirs.messages)


@pytest.mark.parametrize("policy", ["require", "require-verified"])
def test_a_server_without_tls_gets_nothing_and_stops_no_other(certs, tmp_path, policy):
    with SmtpSink(certs) as relay, SmtpSink(tls="none") as theirs:
        made = way(tmp_path, relay, certs.ca, mail(policy, server="localhost", port=theirs.port))
        outcome = made.send()
        assert (outcome.verdict, outcome.alone) == ("broken", True) and outcome.detail.startswith("TLS")
        assert not theirs.messages and not relay.messages


def test_a_server_that_nobody_vouches_for_will_do_for_require_alone(certs, others, tmp_path):
    with SmtpSink(certs) as relay, SmtpSink(others) as theirs:
        here = {"server": "localhost", "port": theirs.port, "ca_file": certs.ca}
        assert way(tmp_path, relay, certs.ca, mail("require", **here)).send().verdict == "sent"
        assert theirs.messages[0].encrypted
        outcome = way(tmp_path, relay, certs.ca, mail("require-verified", **here)).send()
        assert (outcome.verdict, outcome.alone) == ("broken", True) and len(theirs.messages) == 1


def test_minimal_sends_names_while_tls_is_verified_and_none_when_it_is_not(certs, others, tmp_path):
    with SmtpSink(certs) as relay, SmtpSink(certs) as good, SmtpSink(others) as unknown, SmtpSink(tls="none") as bare:
        def made(theirs):
            return way(tmp_path, relay, certs.ca, mail("minimal", server="localhost", port=theirs.port,
                                                       ca_file=certs.ca))
        assert [o["verdict"] for o in sends(made(good), 2)] == ["sent", "sent"]
        assert all(says_names(m) and m.encrypted for m in good.messages)
        for theirs, encrypted in ((unknown, True), (bare, False)):
            outcomes = sends(made(theirs), 3)
            assert [o["verdict"] for o in outcomes] == ["later", "sent", "sent"], outcomes
            assert [(says_names(m), m.encrypted) for m in theirs.messages] == [(False, encrypted)] * 2
        assert not relay.messages


@pytest.mark.parametrize("section,says", [
    (mail("require", domains="a b.example"), "domains holds what is neither a domain"),
    (mail("relay", domains="*x.example"), "domains holds what is neither a domain"),
    ('[mail "x"]\ntls = relay\n', "domains is missing"),
    (mail("relay", domains="a.example, A.example") + mail("relay", domains="b.example, a.example"),
     "domains holds a domain that another section has"),
    (mail("relay", server="mx.school.example"), "server needs tls"),
    (mail("require", server="not a host"), "server is no host name"),
    (mail("require", server="mx.example") + mail("require-verified", domains="b.example", server="MX.example"),
     "server has a section already"),
    (mail("sometimes"), "tls is none of relay, require, require-verified, minimal"), (mail("relay", tlss="x"), "tlss is no key known there")])
def test_a_section_that_cannot_be_right_says_where(certs, tmp_path, section, says):
    with SmtpSink(certs) as relay:
        said = way(tmp_path, relay, certs.ca, section).refusal()
        assert says in said and "encompass.conf:" in said
        assert "encompass.conf:1" in said or "is missing" in said


def test_minimal_needs_a_page_to_lead_to(certs, tmp_path):
    with SmtpSink(certs) as relay:
        made = way(tmp_path, relay, certs.ca, mail("minimal"))
        del made.keys["minimal_link"]
        assert "tls needs [adapter" in made.refusal()
        made.keys["minimal_link"] = "http://encompass.example/"
        assert "minimal_link does not begin with https://" in made.refusal()


def test_all_others_and_the_longest_name_first(certs, tmp_path):
    with SmtpSink(certs) as relay:
        made = way(tmp_path, relay, certs.ca, mail("minimal", domains="*") +
                   mail("relay", domains="*.academy.example, good.academy.example") +
                   mail("minimal", domains="bad.academy.example"))
        for host in ("elsewhere.example", "one.academy.example", "bad.academy.example", "x.bad.academy.example"):
            assert sends(made, 1, to_address=f"dsl@{host}")[0]["verdict"] == "sent"
        assert [says_names(m) for m in relay.messages] == [False, True, False, True]
