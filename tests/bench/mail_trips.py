#!/usr/bin/python3
"""What a mail costs in round trips: libcurl waits for the reply to each command, where PIPELINING
(RFC 2920) would let MAIL, RCPT and DATA go together. Prints the trips of one mail on a connection that is
kept, and mails a second at several delays, against what pipelining could do at best.

usage: mail_trips.py [--build build/release] [--connections 10]
"""

import argparse
import json
import socket
import sys
import tempfile
import threading
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests"))

from support import way  # noqa: E402

REPLIES = {b"EHLO": b"250-hello\r\n250 PIPELINING\r\n", b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}


class Counting:
    """Offers PIPELINING and counts how often the client waits for it: replies are sent when nothing more
    has come."""

    def __init__(self):
        self.trips = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        connection, _ = self._socket.accept()
        connection.sendall(b"220 hello\r\n")
        content, trips = False, 0
        while data := connection.recv(1 << 20):
            answer = b""
            while data:
                if content:
                    if not data.endswith(b"\r\n.\r\n"):
                        data += connection.recv(1 << 20)
                        continue
                    answer, data, content = answer + b"250 ok\r\n", b"", False
                    self.trips.append(trips + 1)
                    trips = -1
                    break
                line, _, data = data.partition(b"\r\n")
                if line[:4] == b"MAIL":
                    trips = 0
                answer += REPLIES.get(line[:4], b"250 ok\r\n")
                content = line[:4] == b"DATA"
            trips += 1
            connection.sendall(answer)


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--build", default="build/release")
    words.add_argument("--connections", type=int, default=10)
    options = words.parse_args()
    way.BUILD = Path(options.build).resolve()
    server = Counting()
    with tempfile.TemporaryDirectory() as folder:
        done = way.Way("email", Path(folder), {"host": "127.0.0.1", "port": server.port, "tls": "none",
                                               "from": "encompass@police.example"}).run(times=20)
    assert all(json.loads(line)["verdict"] == "sent" for line in done.stdout.splitlines()), done.stdout
    trips = sum(server.trips[1:]) / len(server.trips[1:])
    print(f"round trips a mail on a kept connection: {trips:.1f}; pipelined: 2")
    print(f"{'delay':>8} {'mails/s':>10} {'pipelined':>10}   by {options.connections} connections, at most")
    for ms in (1, 5, 20, 50):
        print(f"{ms:>5} ms {options.connections * 1000 / ms / trips:>10.0f} {options.connections * 1000 / ms / 2:>10.0f}")


if __name__ == "__main__":
    main()
