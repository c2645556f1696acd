"""What make bench plays on: a broker, sinks, a gateway, families of two children at two doors, and stores that
are put back to how they were."""

import json
import shutil
import sqlite3
import subprocess
from contextlib import ExitStack, closing
from pathlib import Path

from figures import Meter
from people import Population
from sinks import MailSink, WebSink
from support import invent
from support.broker import Broker
from support.certs import Certs
from support.gateway import Gateway
from support.scene import Publisher

REPOSITORY = Path(__file__).resolve().parents[2]
ESTABLISHMENTS = [REPOSITORY / "tests/demo/data/establishments.csv",
                  REPOSITORY / "tests/demo/data/childrens_centres.csv"]
NIGHT, MORNING, DAY = "2026-03-15T22:00:00", "2026-03-16T07:45:00", "2026-03-16T10:00:00"
TOPIC = "encompass/v1/kent/incident"


def invented(families, pupils):
    """families of two who go to two schools, and others up to that many pupils."""
    world = Population(invent.read_establishments(*ESTABLISHMENTS))
    pairs = []
    while len(pairs) < families:
        pair = world.family(children=2)
        if all(c.enrolments for c in pair) and pair[0].enrolments[0][0].urn != pair[1].enrolments[0][0].urn:
            pairs.append(pair)
    while len(world.children) < pupils:
        world.family()
    return world, pairs


class Stage:
    def __init__(self, folder, build, tools, families, pupils):
        self.folder = Path(folder)
        self.world, self.pairs = invented(families, pupils)
        self.certs = Certs(self.folder / "certs")
        self.broker = Broker(self.folder / "broker", self.certs, {"encompassd": "gateway", "kent": "control room"})
        self.mail = MailSink(tools, self.folder / "smtp-sink")
        self.web = WebSink(tools, self.folder / "nginx", build)
        self.gateway = Gateway(self.folder / "gateway", self.broker, self.mail, self.web, self.certs,
                               now=NIGHT, build=build)

    def __enter__(self):
        with ExitStack() as begun:
            for server in (self.broker, self.mail, self.web):
                server.start()
                begun.callback(server.stop)
            begun.callback(self.gateway.kill)
            self._begun = begun.pop_all()
        return self

    def __exit__(self, *_):
        self._begun.close()

    # Stores.

    def fill(self):
        self.gateway.fill(self.world, self.folder / "registers", establishments=ESTABLISHMENTS)

    def keep(self, name):
        shutil.copy(self.gateway.store, self.folder / name)

    def put_back(self, name, adapter="email"):
        """The store as it was; everybody is told by that adapter."""
        for path in self.gateway.store.parent.glob(self.gateway.store.name + "-*"):
            if path.name.endswith(("-wal", "-shm")):
                path.unlink()
        shutil.copy(self.folder / name, self.gateway.store)
        if adapter == "webhook":
            self.change("UPDATE contact SET adapter = 'webhook', address = ? || '/' || contact_id", self.web.url)
            self.change("UPDATE outbox SET adapter = 'webhook' WHERE adapter = 'email'")

    def change(self, sql, *values):
        with closing(sqlite3.connect(self.gateway.store)) as store, store:
            store.execute(sql, values)

    # Messages.

    def sub(self, client_id):
        return ["mosquitto_sub", "-V", "5", "-h", "localhost", "-p", str(self.broker.port), "--cafile",
                str(self.certs.ca), "-u", "encompassd", "-P", self.broker.users["encompassd"], "-i", client_id,
                "-c", "-x", "4294967295", "-q", "1", "-t", "encompass/v1/+/incident"]

    def messages(self, count, attended):
        """One a family, of 1.2 KB."""
        for number, pair in enumerate(self.pairs[:count]):
            yield json.dumps(invent.incident(
                "kent", f"BENCH-{attended:%d%H%M}-{number:06d}", attended.isoformat() + "Z",
                [invent.said(c, str(n)) for n, c in enumerate(pair, 1)],
                circumstances="Officers attended a verbal argument. " * 14)).encode()

    def queue(self, messages, clients=("encompassd",)):
        """They wait at the broker, for each client, for whom it makes a session first."""
        for client in clients:
            subprocess.run(self.sub(client) + ["-E"], check=True, timeout=30)
        publisher = Publisher(self.broker, self.certs, "kent")
        for handle in [publisher.publish(TOPIC, message) for message in messages]:
            handle.wait_for_publish(120)
        publisher.stop()

    # The daemon.

    def start(self, now):
        """From here on it counts."""
        self.gateway.start(now=now)
        return Meter(self.gateway.pid)

    def until(self, meter, sql):
        """Meter, when that holds; asked again and again, so it should be cheap."""
        with closing(sqlite3.connect(f"file:{self.gateway.store}?mode=ro", uri=True, timeout=20)) as store:
            return meter.until(lambda: store.execute(f"SELECT {sql}").fetchone()[0], sql)


def kept(count):
    return f"(SELECT ifnull(max(incident_id), 0) >= {count} FROM incident)"


DECIDED = "NOT EXISTS (SELECT 1 FROM child WHERE stage <> 'done')"


def sent(adapter):
    """An adapter, or mqtt."""
    return (f"NOT EXISTS (SELECT 1 FROM outbox WHERE adapter = '{adapter}' AND state = 'due') AND"
            f" NOT EXISTS (SELECT 1 FROM outbox WHERE adapter = '{adapter}' AND state = 'leased')")
