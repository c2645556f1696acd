"""One night played whole: broker, mail, web, daemon, and everything that came out of them."""

import json
import threading
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from .broker import Broker
from .certs import Certs
from .gateway import ControlRoom, Gateway, wait_until
from .http_sink import HttpSink
from .smtp_sink import SmtpSink


class Listener:
    """Reads what the gateway publishes to one user, from the moment it is made."""

    def __init__(self, broker, certs, user, topic):
        self.messages = []  # (topic, payload)
        self._ready = threading.Event()
        self._client = mqtt.Client(client_id=f"listener-{user}", protocol=mqtt.MQTTv5)
        self._client.tls_set(ca_certs=str(certs.ca))
        self._client.username_pw_set(user, broker.users[user])
        self._client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = lambda _, __, m: self.messages.append((m.topic, m.payload))
        self._client.connect("localhost", broker.port)
        self._client.loop_start()
        assert self._ready.wait(10), "the broker did not take the subscription"

    @property
    def receipts(self):
        return [json.loads(payload) for _, payload in self.messages]

    def stop(self):
        self._client.disconnect()
        self._client.loop_stop()


class Publisher:
    """Raw messages at QoS 1, each waited for; what the broker answered."""

    def __init__(self, broker, certs, user):
        self._client = mqtt.Client(client_id=f"publisher-{user}", protocol=mqtt.MQTTv5)
        self._client.tls_set(ca_certs=str(certs.ca))
        self._client.username_pw_set(user, broker.users[user])
        self._client.max_inflight_messages_set(100)
        self._client.connect("localhost", broker.port)
        self._client.loop_start()

    def publish(self, topic, payload, response_topic=None, correlation=None):
        properties = Properties(PacketTypes.PUBLISH)
        if response_topic:
            properties.ResponseTopic = response_topic
            properties.CorrelationData = correlation
        return self._client.publish(topic, payload, qos=1, properties=properties)

    def stop(self):
        self._client.disconnect()
        self._client.loop_stop()


class Scene:
    """Servers and a gateway in one folder; extra servers' options go to the sinks."""

    def __init__(self, folder, forces=("kent", "lancashire", "west-yorkshire"), build=None, now=None,
                 tls="starttls", gateway_extra=""):
        self.folder = Path(folder)
        self.certs = Certs(self.folder / "certs")
        users = {force: f"{force} drill" for force in forces}
        self.broker = Broker(self.folder / "broker", self.certs, {"encompassd": "gateway drill", **users})
        self.mail = SmtpSink(self.certs, tls=tls, maildir=str(self.folder / "maildir"),
                             users={"encompass": "mail drill"})
        self.web = HttpSink(self.certs)
        for server in (self.broker, self.mail, self.web):
            server.start()
        self.gateway = Gateway(self.folder / "gateway", self.broker, self.mail, self.web, self.certs,
                               now=now, build=build, extra=gateway_extra)
        self.rooms = {force: ControlRoom(self.folder / force, force, self.broker, self.certs, build, now)
                      for force in forces}

    def stop(self):
        self.gateway.kill()
        for server in (self.web, self.mail, self.broker):
            server.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def webhook_url(self, establishment):
        return f"{self.web.url}/notices/{establishment.namespace}-{establishment.urn}"

    def publish_all(self, messages, chunk=40):
        """(force, text) in order, each force's by its own control room, in rounds so that a
        revision follows what it revises."""
        statuses = []
        for start in range(0, len(messages), chunk):
            for force, room in self.rooms.items():
                mine = [text for owner, text in messages[start:start + chunk] if owner == force]
                if mine:
                    statuses.append(room.publish(mine, status=None))
        return statuses

    def settled(self, seconds=60):
        """Waits until nothing is due any more: every step has done its work."""
        def quiet():
            gw = self.gateway
            return (gw.value("SELECT count(*) FROM child WHERE stage <> 'done'") == 0 and
                    gw.value("SELECT count(*) FROM outbox WHERE kind = 'receipt' AND state IN ('due','leased')") == 0)
        wait_until(quiet, seconds, every=0.1)

    def told(self, seconds=60):
        """Waits until every notice with a recipient has been sent."""
        wait_until(lambda: self.gateway.value(
            "SELECT count(*) FROM outbox WHERE kind = 'notice' AND state IN ('due','leased')") == 0,
            seconds, every=0.1)
