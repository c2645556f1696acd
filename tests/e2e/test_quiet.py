"""P5: no personal data where it does not belong. The night's names are found nowhere else, so finding
one anywhere is a leak."""

import re
import resource
import subprocess
from pathlib import Path

from support.gateway import Gateway, wait_until

# Words that are also ordinary English or a place's name stand in logs for reasons of their own.
LEAST = 5


def secrets(played):
    """What must not be seen: surnames, birth dates, home addresses and postcodes, UPNs, texts."""
    words = set()
    for child in played.world.children:
        words |= {child.surname, child.home.address, child.home.postcode, child.born.isoformat()}
        if child.upn:
            words.add(child.upn)
    return {word for word in words if len(word) >= LEAST}


def leaks(text, words):
    """Words found in text; one pass over it."""
    pattern = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))
    return set(pattern.findall(text))


def test_the_search_finds_what_it_should(played):
    child = played.world.children[0]
    assert leaks(f"told {child.surname} at", secrets(played)) == {child.surname}
    bodies = "".join(str(mail.parsed.get_body(("plain",)).get_content())
                     for mail in played.scene.mail.messages)
    assert len(leaks(bodies, secrets(played))) > 50, "the notices themselves do name the children"


def test_no_name_in_the_daemons_log(played):
    log = played.gateway.log_text()
    assert len(log.splitlines()) > 50
    assert not leaks(log, secrets(played))
    assert not leaks((played.scene.broker.log).read_text(errors="replace"), secrets(played))


def test_no_name_in_receipts_and_topics(played):
    for messages in played.receipts.values():
        for topic, payload in messages:
            assert not leaks(topic + payload.decode(), secrets(played))


def test_no_name_in_audit_attempts_references_and_keys(played):
    for sql in ("SELECT group_concat(who || event || detail, char(10)) FROM audit",
                "SELECT group_concat(coalesce(detail, ''), char(10)) FROM attempt",
                "SELECT group_concat(reference || rule || coalesce(reason, ''), char(10)) FROM notice",
                "SELECT group_concat(key || coalesce(detail, '') || coalesce(topic, '')"
                " || coalesce(payload, ''), char(10)) FROM outbox",
                "SELECT group_concat(problems, char(10)) FROM message",
                "SELECT group_concat(rule, char(10)) FROM decision",
                "SELECT group_concat(evidence, char(10)) FROM candidate"):
        text = played.gateway.value(sql)
        assert text and not leaks(text, secrets(played)), sql


def test_no_name_in_subjects_headers_and_file_names(played):
    for mail in played.scene.mail.messages:
        headers = mail.data.partition(b"\r\n\r\n")[0].decode(errors="replace")
        assert not leaks(headers, secrets(played))
    for request in played.scene.web.requests:
        assert not leaks(request.path + str(request.headers), secrets(played))
    names = "\n".join(str(p) for p in Path(played.scene.folder).rglob("*"))
    assert not leaks(names, secrets(played))


def test_no_name_in_what_the_commands_show_unasked(played):
    for arguments in (["status"], ["status", "--json"], ["plan", "--all"], ["plan", "--all", "--json"],
                      ["check"], ["check", "--json"], ["review", "list"]):
        done = played.gateway.run(*arguments, status=None, now="2026-03-16T07:40:00")
        assert done.stdout and not leaks(done.stdout + done.stderr, secrets(played)), arguments
    for case in played.night.cases[:30]:
        if case.police_ref:
            done = played.gateway.run("explain", case.police_ref, "--force", case.force)
            assert not leaks(done.stdout + done.stderr, secrets(played)), case.label


def test_no_name_in_the_arguments_of_the_daemon(played):
    arguments = Path(f"/proc/{played.gateway.pid}/cmdline").read_bytes().decode()
    assert "encompassd" in arguments and not leaks(arguments, secrets(played))


def test_a_crash_leaves_no_image_of_memory(tmp_path):
    """Of the daemon, and of a command that holds what it was given."""
    gateway = Gateway(tmp_path / "gateway")
    gateway.run("init")
    gateway.config.write_text(gateway.config.read_text().replace(
        "[morning]", "[mqtt]\nhost = localhost\nport = 9\ntls = no\n[morning]"))
    for command in ([gateway.build / "encompassd", "--config", gateway.config],
                    gateway.command("publish", "-")):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, preexec_fn=lambda: resource.setrlimit(
                                       resource.RLIMIT_CORE, (4096, 4096)))
        try:
            limits = Path(f"/proc/{process.pid}/limits")
            wait_until(lambda: re.search(r"Max core file size +0 +0 ", limits.read_text()), 5)
        finally:
            process.kill()
            process.communicate()
