"""A mail server that keeps what it is given and answers what a test wants.

on_command(verb), on_rcpt(address) and on_data(mail) return the reply of that moment, or None for 250:
  '451 …', '550 …'   as it stands
  'drop'             the connection ends in place of a reply. After DATA the mail counts as taken
                     over: only its answer is lost, which is what the sender cannot know
  'hang'             no reply until the sender goes away
"""

import asyncio
import email
import email.policy
import logging
import mailbox
import threading
import time
import warnings
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, AuthResult

# aiosmtpd does not see that a connection made with implicit TLS is encrypted, and says so.
logging.getLogger("mail.log").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", message="Requiring AUTH while not requiring TLS")


class Steps(SMTP):
    """Asks its handler before each command."""


def _step(verb):
    async def method(self, arg):
        reply = self.event_handler.on_command(verb)
        if reply in ("drop", "hang"):
            return await SmtpSink._vanish(self, reply)
        if reply:
            return await self.push(reply)
        return await getattr(SMTP, f"smtp_{verb}")(self, arg)
    method.__doc__ = getattr(SMTP, f"smtp_{verb}").__doc__
    return method


for _verb in ("EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA"):
    setattr(Steps, f"smtp_{_verb}", _step(_verb))


@dataclass
class Mail:
    sender: str
    recipients: list
    data: bytes
    encrypted: bool
    login: str
    at: float = field(default_factory=time.time)

    @property
    def parsed(self):
        return email.message_from_bytes(self.data, policy=email.policy.default)

    @property
    def message_id(self):
        return str(self.parsed["Message-ID"])


class SmtpSink:
    """tls: 'starttls' (refuses mail before it), 'implicit' or 'none'. users: {name: password};
    with it a login is required. maildir: a folder that gets each mail that is taken over.
    size_limit: bytes of the largest mail, which it says in its greeting."""

    def __init__(self, certs=None, tls="starttls", maildir=None, users=None, size_limit=None):
        self.tls = tls
        self.users = users
        self.size_limit = size_limit or 33554432
        self.port = None
        self.messages = []  # taken over: answered with 250, or dropped after DATA
        self.refused = []  # whole mails that were answered otherwise
        self.on_command = lambda verb: None
        self.connections = self.most_connections = self.open_connections = 0
        self.on_rcpt = lambda address: None
        self.on_data = lambda mail: None
        self._context = certs.server_context() if tls != "none" else None
        self._maildir = mailbox.Maildir(maildir, create=True) if maildir else None
        self._loop = None
        self._thread = None
        self._server = None
        self._connections = set()

    def start(self):
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise RuntimeError("the mail server did not start")
        return self

    def stop(self):
        if self._thread:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._thread = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def _serve(self, ready):
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(self._loop.create_server(
            self._connection, "127.0.0.1", self.port or 0,
            ssl=self._context if self.tls == "implicit" else None))
        self.port = self._server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    def _count(self, protocol):
        made, lost = protocol.connection_made, protocol.connection_lost
        counted = []

        def connection_made(transport):  # a second time after STARTTLS
            if not counted:
                counted.append(True)
                self.connections += 1
                self.open_connections += 1
                self.most_connections = max(self.most_connections, self.open_connections)
            made(transport)

        def connection_lost(error):
            self.open_connections -= 1
            lost(error)

        protocol.connection_made, protocol.connection_lost = connection_made, connection_lost
        return protocol

    def _connection(self):
        return self._count(self._protocol())

    def _protocol(self):
        starttls = self.tls == "starttls"
        return Steps(self, hostname="mail.drill.example", enable_SMTPUTF8=True,
                    data_size_limit=self.size_limit,
                    tls_context=self._context if starttls else None, require_starttls=starttls,
                    authenticator=self._authenticate if self.users else None,
                    auth_required=bool(self.users), auth_require_tls=starttls,
                    timeout=120, loop=self._loop)

    def _authenticate(self, server, session, envelope, mechanism, login):
        name, word = login.login.decode(), login.password.decode()
        right = self.users.get(name) == word
        return AuthResult(success=right, handled=False, auth_data=name if right else None)

    # The hooks of aiosmtpd.

    async def handle_RCPT(self, server, session, envelope, address, options):
        reply = self.on_rcpt(address) or "250 OK"
        if reply in ("drop", "hang"):
            return await self._vanish(server, reply)
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server, session, envelope):
        mail = Mail(envelope.mail_from, list(envelope.rcpt_tos), envelope.content,
                    session.ssl is not None or self.tls == "implicit",
                    session.auth_data or "")
        reply = self.on_data(mail) or "250 taken over"
        if reply.startswith("2") or reply == "drop":
            self.messages.append(mail)
            if self._maildir is not None:
                self._maildir.add(mail.data)
        else:
            self.refused.append(mail)
        if reply in ("drop", "hang"):
            return await self._vanish(server, reply)
        return reply

    @staticmethod
    async def _vanish(server, how):
        if how == "hang":
            await asyncio.sleep(3600)
        server.transport.abort()
        return "421 gone"
