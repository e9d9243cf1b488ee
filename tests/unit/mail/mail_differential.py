#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Parses messages of mail_compose() with Python's e-mail parser.

    mail_differential.py path/to/mail_differential

Names and addresses are hostile: some are written by hand, thousands are made
with a fixed random seed. Each message must parse without a defect and contain
what was given.
"""

import email
import email.errors
import email.policy
import html
import random
import re
import subprocess
import sys

CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
CUT = 100
LINE = 78

NAMES = [
    "Bob", "", " ", "  a  b  ", "O'Brien", '"Bob"', "Bob <bob@example.org>",
    "<script>alert(1)</script>", "&amp;", "a & b", "{{name}}", "{{", "}}",
    "a\r\nBcc: b@c.example", "a\nBcc: b@c.example", "a\rBcc: b@c.example",
    "a\r\n\r\nbody", "\r\n.\r\n", ".", "..", "...." * 25, "a\u2028Bcc: x",
    "--=_0190a0b1-c2d3-74e5-86f7-a8b9cadbecfd--", "=?utf-8?q?x?=", "=?=?=?",
    "?=", "=", "= =", "_", "a_b", "\tx\t", "\u202eevil\u202c", "\u2066x",
    "\u00fc" * 100, "\u4f60" * 100, "\U0001f600" * 100, "\U0001f600",
    "J\u00fcrgen", "\u5f20\u4f1f", "\u05d3\u05d5\u05d3", "e\u0301" * 50,
    "\u1f468\u200d\U0001f469\u200d\U0001f467", "a" * 100, "a " * 50,
    "ab" * 200, "\u4f60 " * 150, "x" * 63, "x" * 64, "x" * 65, "x" * 75,
    "x=?" * 30, "From bob", "\nFrom bob", "\u00a0", "\ufeff", "%s%n", "\\",
]
ADDRESSES = [
    "bob@example.org", "a.b+c@sub.example.org", "o'brien@example.org",
    '"a b"@example.org', '"a@b"@example.org', "!#$%&'*+-/=?^_`{|}~@x.example",
    "a" * 64 + "@" + "b" * 60 + ".example", "x@b\u00fccher.example",
]
BEYOND = ["j\u00fcrgen@b\u00fccher.example",
          "\u7528\u6237@\u4f8b\u5b50.example"]
REFUSED = [
    "", "a", "a@", "@b", "a b@c.example", "a@b.example\r\nBcc: x@y.example",
    "a@b.example>, <x@y.example", "a,b@c.example", "a@b@c.example",
    "<a@b.example>", "a@b.example ", "a\u0085@b.example", "a\u202e@b.example",
]


def made(count):
    chars = random.Random(20261124)
    pieces = list("abz ABZ 019 .,:;<>\"'()[]@\\/=?_-!#%&*+^`{|}~") + [
        "\r\n", "\n", "\t", "=?", "?=", "\u00fc", "\u4f60", "\U0001f600",
        "\u200d", "\u202e", "\u2028", "\u0085", "e\u0301", "  ", "{{", "}}",
        "\r\nBcc: ", "\x00"[:0], "\x01", "\x7f", "\u00a0"]
    for _ in range(count):
        yield "".join(chars.choice(pieces)
                      for _ in range(chars.randint(1, chars.choice(
                          (5, 20, 100, 200)))))


def squeeze(text):
    return re.sub(" +", " ", text).strip(" ")


def defects_of(message):
    for part in message.walk():
        yield from part.defects
        for _, value in part.items():
            yield from value.defects


def check(raw, address, name):
    """What is wrong with a message; None if nothing is."""
    text = raw.decode("utf-8")
    lines = text.split("\r\n")
    if "\n" in "".join(lines) or "\r" in "".join(lines):
        return "a line's end is not CRLF"
    if any(len(line) > LINE and address not in line for line in lines):
        return "a line of %d" % max(map(len, lines))
    beyond = address in BEYOND
    if not beyond and not raw.isascii():
        return "it is not ASCII"
    message = email.message_from_string(text, policy=email.policy.default)
    allowed = (email.errors.NonASCIILocalPartDefect,) if beyond else ()
    for defect in defects_of(message):
        if not isinstance(defect, allowed):
            return repr(defect)
    if [n.lower() for n in message.keys()] != [
            "from", "to", "subject", "date", "message-id", "mime-version",
            "auto-submitted", "content-language", "content-type"]:
        return "headers: %s" % message.keys()
    [to] = message["to"].addresses
    want = address
    if not beyond and not address.isascii():
        local, _, domain = address.rpartition("@")
        want = local + "@" + domain.encode("idna").decode()
    if to.addr_spec != want:
        return "to %r" % to.addr_spec

    clean = CONTROLS.sub(" ", name)
    cut = clean if len(clean) <= CUT else clean[:CUT] + "\u2026"
    if squeeze(message["subject"]) != squeeze("Hi %s!" % cut):
        return "subject %r" % message["subject"]
    plain, markup = message.iter_parts()
    if plain.get_content_type() != "text/plain" or \
            markup.get_content_type() != "text/html":
        return "parts"
    if plain.get_content().replace("\r\n", "\n") != \
            "Dear %s,\n%s\n" % (clean, clean):
        return "text %r" % plain.get_content()
    content = markup.get_content().replace("\r\n", "\n")
    match = re.fullmatch("<p>Dear <b title=\"([^\"<>]*)\">([^<>]*)</b>,</p>\n"
                         "https://x.example\n", content)
    if not match or {html.unescape(part) for part in match.groups()} != {
            clean}:
        return "markup %r" % content
    return None


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    pairs = [(a, n) for n in NAMES for a in ADDRESSES + BEYOND]
    pairs += [("bob@example.org", n) for n in made(5000)]
    pairs += [(a, "Bob") for a in REFUSED]
    pairs = [(a, n) for a, n in pairs if "\0" not in n]
    run = subprocess.run(
        [sys.argv[1]], capture_output=True, text=True,
        input="".join("%s %s\n" % (a.encode().hex(), n.encode().hex())
                      for a, n in pairs))
    answers = run.stdout.splitlines()
    if run.returncode != 0 or len(answers) != len(pairs):
        sys.exit("%s failed:\n%s" % (sys.argv[1], run.stderr))
    bad = 0
    for (address, name), answer in zip(pairs, answers):
        if address in REFUSED or answer == "no":
            what = None if address in REFUSED and answer == "no" else answer
        else:
            what = check(bytes.fromhex(answer), address, name)
        if what:
            bad += 1
            if bad <= 20:
                print("%s, %s: %s" % (ascii(address), ascii(name), what))
    print("mail_differential: %d messages, %d bad" % (len(pairs), bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
