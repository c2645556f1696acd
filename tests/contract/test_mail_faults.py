"""A mail server that refuses, leaves or falls silent at each command: nothing is lost, nothing is judged
by more than was said, and a repeat is the same message."""

import asyncio
import json
import time

import pytest

from support.certs import Certs
from support.smtp_sink import SmtpSink
from support.way import PASSWORD, Way

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")
COMMANDS = ["EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA"]


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    return Certs(tmp_path_factory.mktemp("certs"))


@pytest.fixture
def mail(certs):
    with SmtpSink(certs, users={"encompass": PASSWORD}) as sink:
        yield sink


@pytest.fixture
def by_mail(mail, certs, tmp_path):
    (tmp_path / "password").write_text(PASSWORD + "\n")
    return Way("email", tmp_path, {
        "host": "localhost", "port": mail.port, "ca_file": certs.ca, "username": "encompass",
        "password_file": "password", "from": "encompass@police.example", "timeout": "2s"})


def refuse(mail, command, reply):
    if command == "content":
        mail.on_data = lambda taken: reply
    else:
        mail.on_command = lambda verb: reply if verb == command else None


def heal(mail):
    mail.on_command, mail.on_data = lambda verb: None, lambda taken: None


LATER, NEVER, BROKEN = "later", "never", "broken"
CODES = {  # by command: EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, content
    "421 4.3.2": [LATER] * 7,
    "450 4.2.1": [LATER] * 7,
    "451 4.3.0": [LATER] * 7,
    "452 4.2.2": [LATER] * 7,
    "454 4.7.0": [LATER] * 7,
    "500 5.5.2": [BROKEN, BROKEN, BROKEN, BROKEN, LATER, LATER, LATER],
    "501 5.5.4": [BROKEN, BROKEN, BROKEN, BROKEN, LATER, LATER, LATER],
    "503 5.5.1": [BROKEN, BROKEN, BROKEN, BROKEN, LATER, LATER, LATER],
    "530 5.7.0": [BROKEN] * 7,
    "535 5.7.8": [BROKEN] * 7,
    "550 5.1.1": [BROKEN, BROKEN, BROKEN, BROKEN, NEVER, NEVER, NEVER],
    "550 5.7.1": [BROKEN, BROKEN, BROKEN, BROKEN, LATER, LATER, NEVER],
    "551 5.1.6": [BROKEN, BROKEN, BROKEN, BROKEN, NEVER, NEVER, NEVER],
    "552 5.2.2": [BROKEN, BROKEN, BROKEN, NEVER, LATER, LATER, LATER],
    "552 5.3.4": [BROKEN, BROKEN, BROKEN, NEVER, NEVER, NEVER, NEVER],
    "553 5.1.3": [BROKEN, BROKEN, BROKEN, BROKEN, NEVER, NEVER, NEVER],
    "554": [BROKEN, BROKEN, BROKEN, BROKEN, LATER, LATER, NEVER],
    "554 5.6.0": [BROKEN, BROKEN, BROKEN, BROKEN, LATER, LATER, NEVER],
}


@pytest.mark.parametrize("reply", CODES)
def test_each_answer_at_each_command(mail, by_mail, reply):
    judged = []
    for command in COMMANDS + ["content"]:
        heal(mail)
        refuse(mail, command, f"{reply} words of theirs")
        outcome = by_mail.send()
        assert outcome.code == int(reply[:3]), (command, outcome)
        judged.append(outcome.verdict)
        assert not mail.messages
    assert judged == CODES[reply], list(zip(COMMANDS + ["content"], judged))
    heal(mail)
    assert by_mail.send().verdict == "sent"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_server_that_leaves_after_a_command_is_tried_again(mail, by_mail, command):
    refuse(mail, command, "drop")
    outcome = by_mail.send()
    assert (outcome.verdict, outcome.code) == ("later", 0), outcome
    assert not mail.messages
    heal(mail)
    assert by_mail.send().verdict == "sent"
    assert len(mail.messages) == 1


def test_a_server_that_leaves_after_the_content_has_the_same_message_twice_at_most(mail, by_mail):
    refuse(mail, "content", "drop")
    assert by_mail.send().verdict == "later"
    heal(mail)
    assert by_mail.send().verdict == "sent"
    assert len(mail.messages) == 2 and len({m.message_id for m in mail.messages}) == 1


@pytest.mark.parametrize("command", COMMANDS + ["content"])
def test_a_server_that_falls_silent_costs_the_timeout_and_no_more(mail, by_mail, command):
    refuse(mail, command, "hang")
    outcome = by_mail.send()
    assert outcome.verdict == "later" and 1.5 < outcome.seconds < 5


class Slow(SmtpSink):
    """Takes half a second over each mail."""

    async def handle_DATA(self, *arguments):
        await asyncio.sleep(0.5)
        return await super().handle_DATA(*arguments)


def test_a_server_that_is_slow_over_each_mail_holds_up_neither_the_others_nor_us(certs, tmp_path):
    """libcurl waits for this reply inside curl_multi_perform, so each mail has a thread of its own."""
    with Slow(certs) as sink:
        way = Way("email", tmp_path, {"host": "localhost", "port": sink.port, "ca_file": certs.ca,
                                      "from": "encompass@police.example", "timeout": "20s"})
        started = time.monotonic()
        done = way.run(times=10, at_once=10)
        assert time.monotonic() - started < 3
        assert [json.loads(line)["verdict"] for line in done.stdout.splitlines()] == ["sent"] * 10
        assert int(done.stderr) < 300  # milliseconds during which nothing else could be done
        assert len(sink.messages) == 10 and sink.most_connections == 10


def test_two_hundred_mails_go_by_the_ten_connections_that_ten_at_a_time_need(certs, tmp_path):
    with SmtpSink(certs) as sink:
        way = Way("email", tmp_path, {"host": "localhost", "port": sink.port, "ca_file": certs.ca,
                                      "from": "encompass@police.example", "timeout": "20s"})
        done = way.run(times=200, at_once=10)
        assert [json.loads(line)["verdict"] for line in done.stdout.splitlines()] == ["sent"] * 200
        assert len(sink.messages) == 200 and sink.connections <= 10


@pytest.mark.parametrize("command", ["EHLO", "STARTTLS", "AUTH", "RCPT", "content"])
def test_ten_mails_to_a_server_that_hangs_are_dropped_within_three_seconds(mail, by_mail, command):
    by_mail.keys["timeout"] = "60s"
    refuse(mail, command, "hang")
    started = time.monotonic()
    done = by_mail.run(times=10, at_once=10, drop_ms=1000)
    assert len(done.stdout.splitlines()) == 10 and time.monotonic() - started < 4
