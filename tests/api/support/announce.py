# SPDX-License-Identifier: ISC
"""Headers of the PROXY protocol, which announce a client."""

import socket

CLIENT = "203.0.113.9"
V1 = b"PROXY TCP4 203.0.113.9 127.0.0.1 56324 443\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL = SIGNATURE + b"\x20\0\0\0"
TLV = b"\x03\x00\x04\xde\xad\xbe\xef"


def header(client, more=b"", command=0x21, family=None):
    """A header of version 2, for a client at this address."""
    kind = socket.AF_INET6 if ":" in client else socket.AF_INET
    body = socket.inet_pton(kind, client) * 2 + b"\xdc\x04\x01\xbb" + more
    if family is None:
        family = 0x21 if kind == socket.AF_INET6 else 0x11
    return SIGNATURE + bytes([command, family]) + \
        len(body).to_bytes(2, "big") + body
