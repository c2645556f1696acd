"""A certificate authority for one run: made with openssl, gone with its folder."""

import copy
import ssl
import subprocess
from pathlib import Path


class Certs:
    """ca, server_cert and server_key are files in folder; the server answers to localhost and
    127.0.0.1. client(name) makes a client certificate whose common name is name."""

    clients = False  # whether a server wants a certificate of its clients

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca = self.folder / "ca.crt"
        self._ca_key = self.folder / "ca.key"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-days", "3650", "-subj", "/CN=Drill authority",
                      "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                      "-keyout", self._ca_key, "-out", self.ca)
        self.server_cert, self.server_key = self._leaf(
            "server", "localhost",
            "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth")

    def server(self, stem, name="localhost", ended=False, clients=False):
        """The same authority and a server that bears another certificate: for another name, or one that has
        run out; or that wants one of a client."""
        other = copy.copy(self)
        other.server_cert, other.server_key = self._leaf(
            stem, name, f"subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth", -1 if ended else 3650)
        other.clients = clients
        return other

    def client(self, name):
        return self._leaf(f"client-{name}", name, "extendedKeyUsage=clientAuth")

    def server_context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server_cert, self.server_key)
        if self.clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca)
        return context

    def client_context(self, name=None):
        """For a client that trusts us; with name it shows a certificate of that name."""
        context = ssl.create_default_context(cafile=self.ca)
        if name:
            context.load_cert_chain(*self.client(name))
        return context

    def _leaf(self, stem, common_name, extensions, days=3650):
        key, cert = self.folder / f"{stem}.key", self.folder / f"{stem}.crt"
        request, wanted = self.folder / f"{stem}.csr", self.folder / f"{stem}.ext"
        wanted.write_text(extensions + "\n")
        self._openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-subj", f"/CN={common_name}", "-keyout", key, "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self._ca_key,
                      "-CAcreateserial", "-days", str(days), "-extfile", wanted, "-out", cert)
        return cert, key

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(["openssl", *map(str, arguments)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.strip()}")
