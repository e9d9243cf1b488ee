# SPDX-License-Identifier: ISC
"""Certificates of one authority, and the two files that a server serves."""

import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)
PEM = serialization.Encoding.PEM


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def text_of(key, passphrase=None):
    how = serialization.NoEncryption() if passphrase is None else \
        serialization.BestAvailableEncryption(passphrase)
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, how)


def new_key(kind="ec"):
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, int(kind))


class Pair:
    def __init__(self, certificate, key):
        self.serial = certificate.serial_number
        self.key_object = key
        self.cert = certificate.public_bytes(PEM)
        self.key = text_of(key)


class Authority:
    def __init__(self, path):
        self.path = str(path)
        self.key = new_key()
        authority = self.sign("authority", self.key.public_key(), 90,
                              x509.BasicConstraints(ca=True, path_length=0))
        with open(self.path, "wb") as f:
            f.write(authority.public_bytes(PEM))

    def sign(self, subject, public, days, *more, since=-1, issuer="authority"):
        today = datetime.datetime.utcnow()
        made = x509.CertificateBuilder().subject_name(name(subject)) \
            .issuer_name(name(issuer)).public_key(public) \
            .serial_number(x509.random_serial_number()) \
            .not_valid_before(today + since * DAY) \
            .not_valid_after(today + days * DAY)
        for extension in more:
            made = made.add_extension(extension, critical=False)
        return made.sign(self.key, hashes.SHA256())

    def pair(self, days=30.5, since=-1, kind="ec"):
        """For 127.0.0.1; valid for that many days, and since that day."""
        key = new_key(kind)
        return Pair(self.sign("localhost", key.public_key(), days,
                              x509.SubjectAlternativeName([x509.IPAddress(
                                  ipaddress.ip_address("127.0.0.1"))]),
                              since=since), key)


class Files:
    """What KEEL_TLS_CERT and KEEL_TLS_KEY name."""

    def __init__(self, folder):
        self.cert = os.path.join(folder, "cert.pem")
        self.key = os.path.join(folder, "key.pem")

    def settings(self):
        return {"KEEL_TLS_CERT": self.cert, "KEEL_TLS_KEY": self.key}

    def remove(self):
        for path in (self.cert, self.key):
            if os.path.isdir(path) and not os.path.islink(path):
                os.rmdir(path)
            elif os.path.lexists(path):
                os.unlink(path)

    def write(self, pair):
        """In place, as cp does."""
        self.write_texts(pair.cert, pair.key)

    def write_texts(self, cert, key):
        for path, text in ((self.cert, cert), (self.key, key)):
            with open(path, "wb") as f:
                f.write(text)

    def rename(self, pair):
        for path, text in ((self.key, pair.key), (self.cert, pair.cert)):
            with open(path + ".new", "wb") as f:
                f.write(text)
            os.rename(path + ".new", path)

    def link(self, pair):
        """As certbot does: links, to files with a number."""
        for path, text in ((self.cert, pair.cert), (self.key, pair.key)):
            target = "%s.%d" % (path, pair.serial)
            with open(target, "wb") as f:
                f.write(text)
            os.symlink(target, path + ".new")
            os.rename(path + ".new", path)
