# SPDX-License-Identifier: ISC
"""Ways to corrupt requests, and to cut them."""

import re
import string

import corpus

NUMBERS = [b"0", b"1", b"-1", b"00", b"7fffffff", b"80000000", b"ffffffff",
           b"2147483648", b"4294967296", b"131072", b"131073",
           b"9223372036854775808", b"18446744073709551616", b"1e9",
           b"9" * 300]
TOKENS = NUMBERS + [
    b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\0", b" ", b"\t", b":", b";", b",",
    b"?", b"&", b"=", b"%", b"%00", b"#", b"/", b"*", b"\x7f", b"\x80",
    b"\xff", b"\xc0\x80", b"\xe2\x82", b"\xf0\x9f\x98\x80", b"HTTP/1.1",
    b"HTTP/1.0", b"HTTP/9.9", b"Host: localhost\r\n", b"Host: x\r\n",
    b"Content-Length", b"Content-Length: 5\r\n", b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n", b"transfer-encoding: identity\r\n",
    b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"0\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"https://",
    b"HEAD ", b"POST ", b"OPTIONS ", b'If-Match: "1"\r\n', b"1310720",
    b"Accept: application/problem+json\r\n", b"[::1]:1", b'"', b"\\u0000",
    b"{", b"["]


def span(rng, data, most=64):
    """A random part of data."""
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + 1 + int(rng.expovariate(3 / most)))


def flip_bit(rng, data):
    if data:
        i = rng.randrange(len(data))
        data[i:i + 1] = bytes([data[i] ^ 1 << rng.randrange(8)])
    return data


def set_byte(rng, data):
    if data:
        data[rng.randrange(len(data))] = rng.choice(
            [0, 9, 10, 13, 32, 127, 128, 255, rng.randrange(256)])
    return data


def insert_token(rng, data):
    i = rng.randrange(len(data) + 1)
    return data[:i] + rng.choice(TOKENS) * rng.choice([1, 1, 1, 2, 50]) + \
        data[i:]


def insert_at_line(rng, data):
    """A token at a line's start or end."""
    places = [m.start() + rng.choice([0, 2]) for m in
              re.finditer(b"\r\n", data)] or [0]
    i = rng.choice(places)
    return data[:i] + rng.choice(TOKENS) + data[i:]


def delete_span(rng, data):
    start, end = span(rng, data)
    return data[:start] + data[end:]


def repeat_span(rng, data):
    start, end = span(rng, data)
    times = rng.choice([2, 2, 3, 10, 300])
    return data[:start] + data[start:end] * times + data[end:]


def move_span(rng, data):
    start, end = span(rng, data)
    part, rest = data[start:end], data[:start] + data[end:]
    i = rng.randrange(len(rest) + 1)
    return rest[:i] + part + rest[i:]


def change_lines(rng, data):
    lines = data.split(b"\r\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    how = rng.randrange(4)
    if how == 0:
        lines[i], lines[j] = lines[j], lines[i]
    elif how == 1:
        lines.insert(j, lines[i])
    elif how == 2:
        del lines[i]
    else:
        lines[i] = lines[i].swapcase()
    return bytearray(b"\r\n".join(lines))


def change_line_end(rng, data):
    places = [m.start() for m in re.finditer(b"\r\n", data)]
    if places:
        i = rng.choice(places)
        data[i:i + 2] = rng.choice([b"\n", b"\r", b"\r\r\n", b"\n\r", b"",
                                    b" \r\n", b"\r\n ", b"\r\n\r\n"])
    return data


def change_number(rng, data):
    numbers = list(re.finditer(b"[0-9]+", data))
    if numbers:
        number = rng.choice(numbers)
        data[number.start():number.end()] = rng.choice(NUMBERS)
    return data


def splice(rng, data):
    other = rng.choice(rng.choice(corpus.API)).data
    i, j = rng.randrange(len(data) + 1), rng.randrange(len(other))
    return data[:i] + other[j:] + (data[i:] if rng.random() < 0.5 else b"")


def truncate(rng, data):
    return data[:rng.randrange(len(data) + 1)]


MUTATIONS = [flip_bit, set_byte, insert_token, insert_token, insert_at_line,
             insert_at_line, delete_span, repeat_span, move_span,
             change_lines, change_lines, change_line_end, change_number,
             change_number, splice, truncate]


def mutate(rng, data, most=1400000):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 5, 8])):
        data = bytearray(rng.choice(MUTATIONS)(rng, data)[:most])
    return bytes(data)


def spoil_bytes(rng, data):
    """For binary data: TLS."""
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 3, 8])):
        how = rng.choice([flip_bit, flip_bit, set_byte, set_byte, delete_span,
                          repeat_span, move_span, truncate])
        data = bytearray(how(rng, data))
    return bytes(data)


def soup(rng):
    """Tokens and some letters, in random order."""
    words = TOKENS + [c.encode() for c in string.ascii_letters]
    return b"".join(rng.choice(words) for _ in range(rng.randrange(200)))


def cut(rng, data):
    """The same bytes in pieces: whole, a few, many, or single bytes."""
    how = rng.choice(["whole", "few", "many", "bytes"])
    if how == "bytes" and len(data) <= 3000:
        return [data[i:i + 1] for i in range(len(data))]
    count = {"whole": 0, "few": 3}.get(how, 40)
    places = sorted(rng.randrange(len(data) + 1) for _ in range(count))
    pieces = [data[a:b] for a, b in zip([0] + places, places + [len(data)])]
    return [piece for piece in pieces if piece]
