"""A webhook receiver over TLS that keeps what it is given and answers what a test wants."""

import base64
import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Request:
    method: str
    path: str
    headers: dict  # names in lower case
    body: bytes
    at: float = field(default_factory=time.time)

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def key(self):
        return self.headers.get("webhook-id")


@dataclass
class Response:
    status: int = 204
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    cut: int = 0  # bytes of the body that never come


def signature_holds(request, secret, now=None, tolerance=300):
    """Standard Webhooks: HMAC-SHA-256 over id.timestamp.body; secret is whsec_ and Base64. With
    now (seconds) the timestamp must lie within tolerance of it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    moment = request.headers.get("webhook-timestamp", "")
    signed = b".".join([(request.key or "").encode(), moment.encode(), request.body])
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    if now is not None and not (moment.isdigit() and abs(int(moment) - now) <= tolerance):
        return False
    given = request.headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(one, "v1," + wanted) for one in given)


class HttpSink:
    """respond(request) returns a Response, 'drop' (the connection ends without an answer) or
    'hang' (no answer until stop)."""

    def __init__(self, certs=None):
        self.secret = "whsec_" + base64.b64encode(b"drill secret of 32 bytes, or so.").decode()
        self.requests = []
        self.respond = lambda request: Response()
        self.port = None
        self._context = certs.server_context() if certs else None
        self._server = None
        self._thread = None
        self._stopping = threading.Event()

    @property
    def url(self):
        return f"{'https' if self._context else 'http'}://localhost:{self.port}"

    def start(self):
        self._stopping.clear()
        self._server = _Server(("127.0.0.1", self.port or 0), _Handler)
        self._server.sink, self._server.context = self, self._context
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever,
                                        kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def stop(self):
        if self._thread:
            self._stopping.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(10)
            self._thread = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def finish_request(self, request, client_address):
        # In the connection's own thread: a slow handshake holds up nobody else.
        if not self.context:
            return super().finish_request(request, client_address)
        with self.context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request, client_address):
        pass  # a sender that went away, as it may


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120

    def _take(self):
        sink = self.server.sink
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        sink.requests.append(request)
        answer = sink.respond(request)
        if answer == "hang":
            sink._stopping.wait(3600)
            answer = "drop"
        if answer == "drop":
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[:len(answer.body) - answer.cut])
        self.close_connection |= answer.cut > 0

    do_GET = do_POST = do_PUT = _take

    def log_message(self, *_):
        pass
