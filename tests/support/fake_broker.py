"""A broker that does one thing at a time, and remembers in what order things came.

It takes one client, grants what it asks for, delivers what a test wants at QoS 1 and gathers the
acknowledgements; a message that was not acknowledged is delivered again on the next connection, as
a real broker does it.
"""

import socket
import struct
import threading
import time

from .mqtt5 import (CONNACK, CONNECT, PINGREQ, PINGRESP, PUBACK, PUBLISH, SUBACK, SUBSCRIBE, Closed,
                    Wire, read_publish, write_publish)


class FakeBroker:
    """context: for TLS."""

    def __init__(self, context=None):
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self.port = self._listener.getsockname()[1]
        self.users = {"encompassd": "any"}
        self.connections = 0
        self.acknowledged = []  # packet numbers, in order
        self.published = []     # what the client has published, acknowledged by us
        self.answer_publish = True
        self.subscribe_code = None  # None: what was asked for
        self.session_present = True
        self._waiting = {}      # mid: (topic, payload), not acknowledged yet
        self._mid = 0
        self._wire = None
        self._lock = threading.Lock()
        self._subscribed = threading.Event()
        self._stop = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def deliver(self, topic, *payloads):
        """Sends them now, in one write, or on the next connection; the last one's packet number."""
        with self._lock:
            first = self._mid + 1
            for payload in payloads:
                self._mid += 1
                self._waiting[self._mid] = (topic, payload.encode())
            if self._wire and self._subscribed.is_set():
                try:
                    self._wire.send_together([self._packet(mid, again=False)
                                              for mid in range(first, self._mid + 1)])
                except OSError:
                    pass  # the client has gone: they wait for its next connection
            return self._mid

    def hang_up(self):
        with self._lock:
            if self._wire:
                self._wire.socket.shutdown(socket.SHUT_RDWR)

    def wait_subscribed(self, seconds=10):
        assert self._subscribed.wait(seconds), "nobody subscribed"

    def wait_acknowledged(self, mid, seconds=10):
        return self._wait(lambda: mid in self.acknowledged, seconds)

    def wait_connections(self, count, seconds=10):
        return self._wait(lambda: self.connections >= count, seconds)

    @staticmethod
    def _wait(holds, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if holds():
                return True
            time.sleep(0.01)
        return holds()

    def _packet(self, mid, again):
        topic, payload = self._waiting[mid]
        return PUBLISH, write_publish(topic, payload, mid), 2 | (8 if again else 0)

    def _serve(self):
        while not self._stop:
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            try:
                if self._context:
                    connection = self._context.wrap_socket(connection, server_side=True)
                wire = Wire(connection)
                self._talk(wire)
            except (Closed, OSError):
                pass
            with self._lock:
                self._wire = None
                self._subscribed.clear()
            connection.close()

    def _talk(self, wire):
        while not self._stop:
            got = wire.receive(0.1)
            if not got:
                continue
            kind, flags, body = got
            with self._lock:
                if kind == CONNECT:
                    self.connections += 1
                    self._wire = wire
                    wire.send(CONNACK, bytes([int(self.session_present), 0, 0]))
                elif kind == SUBSCRIBE:
                    wire.send(SUBACK, body[:2] + b"\0" + bytes(
                        [body[-1] & 3 if self.subscribe_code is None else self.subscribe_code]))
                    if not self._subscribed.is_set():
                        self._subscribed.set()
                        wire.send_together([self._packet(mid, again=True)
                                            for mid in list(self._waiting)])
                elif kind == PUBACK:
                    (mid,) = struct.unpack_from("!H", body)
                    self.acknowledged.append(mid)
                    self._waiting.pop(mid, None)
                elif kind == PUBLISH:
                    message = read_publish(flags, body)
                    self.published.append(message)
                    if self.answer_publish:
                        wire.send(PUBACK, struct.pack("!H", message.mid))
                elif kind == PINGREQ:
                    wire.send(PINGRESP)

    def close(self):
        self._stop = True
        self._listener.close()
        self._thread.join(5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
