"""One receiver's login is refused: its own notices wait and the operator hears of it; nobody else's do."""

import json

import pytest

from conftest import ESTABLISHMENTS
from support import invent
from support.gateway import build_folder, wait_until
from support.http_sink import Response
from support.scene import Publisher, Scene


@pytest.fixture
def scene(tmp_path):
    (tmp_path / "client").write_text("a secret that was revoked\n")
    (tmp_path / "client").chmod(0o600)
    with Scene(tmp_path, forces=("lancashire",), build=build_folder(), now="2026-03-15T22:00:00") as made:
        config = made.gateway.config
        config.write_text(config.read_text() + "\n".join([
            '[receiver "locked"]', "host = localhost", f"token_url = {made.web.url}/token",
            "client_id = encompass", f"client_secret_file = {tmp_path / 'client'}", ""]))
        yield made


def test_a_receiver_whose_login_is_refused_holds_up_nobody_else(scene):
    gateway, web = scene.gateway, scene.web
    refused = [True]

    def respond(request):
        if request.path != "/token":
            return Response(204)
        if refused[0]:
            return Response(401, {}, b'{"error": "invalid_client"}')
        return Response(200, {}, b'{"access_token": "good", "token_type": "Bearer"}')

    web.respond = respond
    world = invent.World([e for e in invent.read_establishments(*ESTABLISHMENTS) if e.la_code == "888"],
                         40, seed=64)
    locked = {e.urn for e in (world.schools + world.centres)[::2]}
    gateway.fill(world, scene.folder / "registers", adapter_of=lambda e: "webhook",
                 webhook=lambda e: scene.webhook_url(e).replace(
                     "localhost", "localhost" if e.urn in locked else "127.0.0.1"),
                 establishments=ESTABLISHMENTS)
    gateway.start()
    wait_until(lambda: "mqtt.connected" in gateway.log_text())
    publisher = Publisher(scene.broker, scene.certs, "lancashire")
    for number, child in enumerate(world.children):
        publisher.publish("encompass/v1/lancashire/incident", json.dumps(invent.incident(
            "lancashire", f"LOCKED-{number:04d}", "2026-03-15T20:00:00Z", [invent.said(child, "1")])))
    wait_until(lambda: gateway.value("SELECT count(*) FROM message") == len(world.children))
    scene.settled()
    publisher.stop()
    gateway.stop()
    waiting = ("SELECT count(*) FROM outbox JOIN contact USING (contact_id) WHERE kind = 'notice'"
               " AND outbox.adapter = 'webhook' AND state <> 'sent' AND contact.address LIKE ?")
    mine = gateway.value(waiting, "%localhost%")
    assert mine and gateway.value(waiting, "%127.0.0.1%")
    gateway.start(now="2026-03-16T07:30:00")
    wait_until(lambda: gateway.value(waiting, "%127.0.0.1%") == 0)
    wait_until(lambda: "detail=\"token: status 401 invalid_client\"" in gateway.log_text())
    assert gateway.value(waiting, "%localhost%") == mine
    assert gateway.value("SELECT count(*) FROM shut") == 0
    assert not [r for r in web.requests if r.path != "/token" and "localhost" in r.headers["host"]]
    [said] = {line.split()[1] for line in gateway.log_text().splitlines() if "invalid_client" in line}
    assert said == "error"
    refused[0] = False
    wait_until(lambda: gateway.value(waiting, "%localhost%") == 0, 60)
    assert {r.headers.get("authorization") for r in web.requests
            if r.path != "/token" and "localhost" in r.headers["host"]} == {"Bearer good"}
