"""encompassd with a store and a broker, and nothing else: for tests of what comes in."""

import json

from .gateway import Gateway
from .mqtt5 import Client

FORCE = "devon-and-cornwall"
USERS = {"encompassd": "gateway-word", FORCE: "room-word", "dorset": "other-word"}
INCIDENT = f"encompass/v1/{FORCE}/incident"
RECEIPT = f"encompass/v1/{FORCE}/receipt"


def incident(police_ref, revision=1, **changes):
    """The least incident that is accepted, as JSON; a child that is nobody's."""
    made = {"version": 1, "force": FORCE, "police_ref": police_ref, "revision": revision,
            "type": "domestic_abuse", "action": "notify", "attended_at": "2026-03-15T22:10:00Z",
            "children": [{"child_ref": "1", "forename": "Zebedee", "surname": "Quillfeather"}]}
    made.update(changes)
    return json.dumps(made)


def room(broker, force=FORCE, name=None, clean=True):
    """A control room's client."""
    return Client(broker.port, name or f"room-{force}", force, USERS[force],
                  broker.certs.client_context(), clean)


class Intake(Gateway):
    """config: the lines of [mqtt] where the broker is none of ours."""

    def __init__(self, folder, broker=None, certs=None, extra=""):
        super().__init__(folder, broker, certs=certs, now="2026-03-16T02:00:00", extra=extra)
        self.run("init", "--store", self.store)

    def kept(self, outcome="accepted"):
        return self.value("SELECT count(*) FROM message WHERE outcome = ?", outcome)

    def references(self):
        return {row[0] for row in self.query("SELECT police_ref FROM incident")}
