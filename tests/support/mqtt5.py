"""MQTT 5 by hand, as far as tests need it: each packet when the test wants it, each reason code.

paho 1.6 tells nobody the reason code of a PUBACK, and no library lets a broker hold one back.
"""

import socket
import struct
import time
from collections import deque

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties, VariableByteIntegers

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, PINGRESP, DISCONNECT = \
    1, 2, 3, 4, 8, 9, 12, 13, 14


def properties(packet, **values):
    made = Properties(packet)
    for name, value in values.items():
        setattr(made, name, value)
    return made


def text(value):
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("!H", len(raw)) + raw


def take_text(body, at):
    (length,) = struct.unpack_from("!H", body, at)
    return body[at + 2:at + 2 + length].decode(), at + 2 + length


def take_properties(packet, body, at):
    made = Properties(packet)
    _, length = made.unpack(body[at:])
    return made, at + length


class Closed(Exception):
    """The far side has closed the connection."""


class Wire:
    """Whole packets over a socket."""

    def __init__(self, connection):
        self.socket = connection
        self._bytes = b""

    def send(self, kind, body=b"", flags=0):
        self.send_together([(kind, body, flags)])

    def send_together(self, packets):
        """In one write, which TLS makes one record of."""
        self.socket.sendall(b"".join(bytes([kind << 4 | flags]) +
                                     VariableByteIntegers.encode(len(body)) + body
                                     for kind, body, flags in packets))

    def receive(self, seconds):
        """(kind, flags, body), or None when nothing came in that time."""
        end = time.monotonic() + seconds
        while True:
            packet = self._whole()
            if packet:
                return packet
            left = end - time.monotonic()
            if left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                more = self.socket.recv(65536)
            except TimeoutError:
                return None
            except OSError as error:
                raise Closed(str(error)) from None
            if not more:
                raise Closed("end of file")
            self._bytes += more

    def _whole(self):
        length, shift, at = 0, 0, 1
        while True:
            if len(self._bytes) <= at:
                return None
            byte = self._bytes[at]
            length |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                break
        if len(self._bytes) < at + length:
            return None
        first, body = self._bytes[0], self._bytes[at:at + length]
        self._bytes = self._bytes[at + length:]
        return first >> 4, first & 15, body

    def close(self):
        self.socket.close()


class Message:
    def __init__(self, topic, payload, mid, qos, values):
        self.topic, self.payload, self.mid, self.qos = topic, payload, mid, qos
        self.response_topic = getattr(values, "ResponseTopic", None)
        self.correlation = getattr(values, "CorrelationData", None)
        self.values = values


def read_publish(flags, body):
    topic, at = take_text(body, 0)
    qos = flags >> 1 & 3
    mid = None
    if qos:
        (mid,) = struct.unpack_from("!H", body, at)
        at += 2
    values, at = take_properties(PacketTypes.PUBLISH, body, at)
    return Message(topic, body[at:], mid, qos, values)


def write_publish(topic, payload, mid, values=None):
    packed = (values or Properties(PacketTypes.PUBLISH)).pack()
    return text(topic) + struct.pack("!H", mid) + packed + payload


class Client:
    """A client that does one thing at a time. context: for TLS."""

    def __init__(self, port, client_id, user=None, password=None, context=None, clean=True):
        connection = socket.create_connection(("localhost", port), timeout=5)
        if context:
            connection = context.wrap_socket(connection, server_hostname="localhost")
        self.wire = Wire(connection)
        self.messages = deque()
        self._mid = 0
        flags = (2 if clean else 0) | (0x80 if user else 0) | (0x40 if password else 0)
        wanted = properties(PacketTypes.CONNECT, SessionExpiryInterval=0 if clean else 0xFFFFFFFF)
        self.wire.send(CONNECT, text("MQTT") + bytes([5, flags]) + struct.pack("!H", 60) +
                       wanted.pack() + text(client_id) + (text(user) if user else b"") +
                       (text(password) if password else b""))
        body = self._await(CONNACK)
        self.session_present, self.code = bool(body[0] & 1), body[1]

    def _next_mid(self):
        self._mid = self._mid % 65535 + 1
        return self._mid

    def _await(self, kind, mid=None, seconds=10):
        """The next packet of that kind; messages that come before it are kept."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            got = self.wire.receive(end - time.monotonic())
            if got and got[0] == PUBLISH:
                self._keep(got)
            elif got and got[0] == DISCONNECT:
                raise Closed(f"disconnected with {got[2][0] if got[2] else 0}")
            elif got and got[0] == kind and (mid is None or got[2][:2] == struct.pack("!H", mid)):
                return got[2]
        raise AssertionError(f"no packet of kind {kind} within {seconds} s")

    def _keep(self, got):
        message = read_publish(got[1], got[2])
        if message.qos:
            self.wire.send(PUBACK, struct.pack("!H", message.mid))
        self.messages.append(message)

    def subscribe(self, topic, qos=1):
        """The reason code of the SUBACK."""
        mid = self._next_mid()
        self.wire.send(SUBSCRIBE, struct.pack("!H", mid) + Properties(PacketTypes.SUBSCRIBE).pack() +
                       text(topic) + bytes([qos]), flags=2)
        return self._await(SUBACK, mid)[-1]

    def send(self, topic, payload, retain=False, **values):
        """Publishes at QoS 1 and does not wait; the packet's number."""
        mid = self._next_mid()
        raw = payload.encode() if isinstance(payload, str) else payload
        self.wire.send(PUBLISH, write_publish(topic, raw, mid,
                                              properties(PacketTypes.PUBLISH, **values)),
                       flags=2 | int(retain))
        return mid

    def publish(self, topic, payload, **more):
        """The reason code of the PUBACK."""
        mid = self.send(topic, payload, **more)
        body = self._await(PUBACK, mid)
        return body[2] if len(body) > 2 else 0

    def receive(self, seconds=10):
        """The next message, or None."""
        end = time.monotonic() + seconds
        while not self.messages and time.monotonic() < end:
            got = self.wire.receive(end - time.monotonic())
            if got and got[0] == PUBLISH:
                self._keep(got)
        return self.messages.popleft() if self.messages else None

    def close(self):
        try:
            self.wire.send(DISCONNECT)
        except OSError:
            pass
        self.wire.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
