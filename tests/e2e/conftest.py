import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "demo"))

import night as demo_night  # noqa: E402
from support import invent  # noqa: E402
from support.scene import Listener, Scene  # noqa: E402

DATA = Path(__file__).resolve().parents[1] / "demo/data"
ESTABLISHMENTS = [DATA / "establishments.csv", DATA / "childrens_centres.csv"]
NIGHT, MORNING = "2026-03-16T05:40:00", "2026-03-16T07:29:55"
POLICIES = demo_night.POLICIES


class Played:
    """The demo's night with names found nowhere else, after its morning."""

    def __init__(self, scene, world, night, receipts, published):
        self.scene, self.world, self.night = scene, world, night
        self.receipts, self.published = receipts, published
        self.gateway = scene.gateway


@pytest.fixture(scope="session")
def played(tmp_path_factory):
    establishments = invent.read_establishments(*ESTABLISHMENTS)
    world = invent.World(establishments, 1500, seed=7, rare_names=True)
    night = demo_night.Night(world, ordinary=60)
    with Scene(tmp_path_factory.mktemp("night"), now=NIGHT) as scene:
        scene.gateway.fill(world, scene.folder / "registers", changes=night.contact_changes,
                           adapter_of=lambda e: "webhook" if int(e.urn) % 7 == 0 else "email",
                           webhook=scene.webhook_url, policies=POLICIES, establishments=ESTABLISHMENTS)
        listeners = {force: Listener(scene.broker, scene.certs, force, f"encompass/v1/{force}/receipt")
                     for force in scene.rooms}
        scene.gateway.start()
        good = [(force, text) for force, text in night.messages if text.endswith("}")]
        published = scene.publish_all(good)
        night.publish_raw(scene)
        scene.settled()
        scene.gateway.stop()
        scene.gateway.start(now=MORNING)
        scene.told()
        scene.settled()
        receipts = {force: listener.messages for force, listener in listeners.items()}
        for listener in listeners.values():
            listener.stop()
        yield Played(scene, world, night, receipts, published)
