"""A mail server on loopback without TLS that says at each step what a test tells it to, however odd:
what aiosmtpd would never say. greeting, EHLO, MAIL, RCPT, DATA, and content: the reply to the mail."""

import socket
import threading

GOOD = {"greeting": "220 hello", "EHLO": "250 hello", "MAIL": "250 ok", "RCPT": "250 ok",
        "DATA": "354 go on", "content": "250 ok", "QUIT": "221 bye"}


class SmtpScript:
    """A reply is text, bytes as they stand, or a function of the socket. taken: mails that came whole."""

    def __init__(self, **replies):
        self.replies = {**GOOD, **replies}
        self.taken = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                try:
                    self._talk(connection, connection.makefile("rb"))
                except OSError:
                    pass

    def _say(self, connection, step):
        reply = self.replies.get(step, "500 what?")
        if callable(reply):
            return reply(connection)
        return connection.sendall(reply if isinstance(reply, bytes) else reply.encode() + b"\r\n")

    def _talk(self, connection, lines):
        self._say(connection, "greeting")
        for line in lines:
            step = line[:4].decode("ascii", "replace").upper()
            self._say(connection, step)
            if step == "QUIT":
                return
            if step == "DATA" and str(self.replies["DATA"]).startswith("354"):
                while lines.readline() != b".\r\n":
                    pass
                self.taken += 1
                self._say(connection, "content")
