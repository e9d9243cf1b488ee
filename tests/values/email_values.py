#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Compares email_normalise() and email_key() with what Python says.

    email_values.py path/to/email_differential

email_normalise() must give the verdict and the normal form of email-validator 2
for thousands of addresses, written by hand or mutated with a fixed random seed.
The installed one may be of version 1: then what version 2 refuses besides is
refused here. email_key() must give what unicodedata and idna do, and be its own
key. With FULL_SIZE in the environment, code points are tried in several places,
all of them but those that are alike (minutes). Where email-validator is not
installed, the test is skipped and succeeds.
"""

import os
import re
import subprocess
import sys
import unicodedata

from email_samples import all_samples, every_code_point, key_samples

try:
    import idna
    from idna.uts46data import uts46data
    from email_validator import EmailNotValidError, validate_email
except ImportError:
    print("email_values: no email-validator here, skipped")
    sys.exit(0)

# Characters of Unicode 13 and 14: email-validator's idna knows them, libidn2
# 2.3.3 does not yet. To refuse such a domain is safe.
NEWER = [
    (0x0870, 0x0887), (0x0889, 0x088e), (0x0898, 0x089f), (0x08b5, 0x08b5),
    (0x08be, 0x08d2), (0x0b55, 0x0b55), (0x0c3c, 0x0c3c), (0x0c5d, 0x0c5d),
    (0x0cdd, 0x0cdd), (0x0d04, 0x0d04), (0x0d81, 0x0d81), (0x170d, 0x170d),
    (0x1715, 0x1715), (0x171f, 0x171f), (0x1abf, 0x1ace), (0x1b4c, 0x1b4c),
    (0x1dfa, 0x1dfa), (0x2c2f, 0x2c2f), (0x2c5f, 0x2c5f), (0x31bb, 0x31bf),
    (0x4db6, 0x4dbf), (0x9ff0, 0x9fff), (0xa7c0, 0xa7ca), (0xa7d0, 0xa7d9),
    (0xa7f2, 0xa7f6), (0xa82c, 0xa82c), (0xab68, 0xab69),
    (0x10570, 0x105bc), (0x10780, 0x107ba), (0x10e80, 0x10eb1),
    (0x10f70, 0x10f89), (0x10fb0, 0x10fcb), (0x11070, 0x11075),
    (0x110c2, 0x110c2), (0x11147, 0x11147), (0x111ce, 0x111cf),
    (0x11460, 0x11461), (0x11740, 0x11746), (0x11900, 0x11959),
    (0x11ab0, 0x11abf), (0x11fb0, 0x11fb0), (0x12f90, 0x12ff0),
    (0x16a70, 0x16ac9), (0x16fe4, 0x16fe4), (0x16ff0, 0x16ff1),
    (0x18af3, 0x18d08), (0x1aff0, 0x1affe), (0x1b11f, 0x1b122),
    (0x1cf00, 0x1cf46), (0x1df00, 0x1df1e), (0x1e290, 0x1e2ae),
    (0x1e7e0, 0x1e7fe), (0x1fbf0, 0x1fbf9), (0x2a6d7, 0x2a6df),
    (0x2b735, 0x2b738), (0x30000, 0x3134a),
]

HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]"
                  r"([a-z0-9-]*[a-z0-9])?)*\Z")
# RFC 3492 allows no delimiter without characters before it. Python's codec
# decodes it nevertheless, to the name of another domain.
LAX = re.compile(r"(^|[@.])xn---[a-z0-9]+(\.|$)")
NO_ATEXT = re.compile("[^a-zA-Z0-9.!#$%&'*+/=?^_`{|}~\\-\x80-\U0010ffff]")
crashes = {}


def dropped():
    """The characters that UTS 46 leaves out."""
    found = set()
    for row, following in zip(uts46data, uts46data[1:] + ((0x110000, "X"),)):
        if row[1] == "I":
            found.update(range(row[0], following[0]))
    return found


DROPPED = dropped()


def unsafe(text):
    return any(unicodedata.category(c)[0] in "ZC" for c in text) or (
        text != "" and unicodedata.category(text[0])[0] == "M")


def odd_domain(domain):
    """What version 2 refuses before the mapping, and what that would drop."""
    return (unsafe(domain) or any(
        ord(c) < 0x80 and not re.match("[a-zA-Z0-9.-]", c) or
        ord(c) in DROPPED or
        c != "\uff0e" and "002E" in unicodedata.decomposition(c).split()
        for c in domain))


def idn(domain):
    """The domain in Unicode and in ASCII, or None."""
    try:
        mapped = idna.uts46_remap(domain, std3_rules=False,
                                  transitional=False)
        if any(re.match("(?!xn)..--", x) for x in mapped.split(".")):
            return None
        ascii_form = mapped if HOST.match(mapped) else ".".join(
            idna.alabel(x).decode() for x in mapped.split("."))
        text = idna.decode(ascii_form.encode())
        idna.encode(text)
    except (idna.IDNAError, UnicodeError):
        return None
    if (not HOST.match(ascii_form) or len(ascii_form) > 253 or
            len(text.encode()) > 254 or any(len(x) > 63 for x in
                                            ascii_form.split("."))):
        return None
    return text, ascii_form


def theirs(address):
    address = address.strip()
    local, _, domain = address.rpartition("@")
    if (unsafe(local) or odd_domain(domain) or
            NO_ATEXT.search(unicodedata.normalize("NFC", local)) or
            len(address.encode()) > 254):
        return None
    try:
        normal = validate_email(address, check_deliverability=False).email
    except EmailNotValidError:
        return None
    except Exception as e:    # a bug in it is a refusal
        crashes[type(e).__name__] = address
        return None
    found = idn(domain)
    if found is None or len((normal.rpartition("@")[0] + "@" + found[
            1]).encode()) > 254:
        return None
    return normal


def fold(text):
    return unicodedata.normalize("NFC", unicodedata.normalize(
        "NFC", text).lower())


def fold_domain(domain):
    for text in (domain, fold(domain)):
        found = None if text == "" or odd_domain(text) else idn(text)
        if found is not None:
            return found[0]
    return fold(domain)


def their_key(address):
    local, at, domain = address.strip().rpartition("@")
    if not at:
        local, domain = domain, ""
    return (fold(local).replace("\u03c2", "\u03c3") + at +
            (fold_domain(domain) if at else ""))


def ours(program, addresses):
    run = subprocess.run(
        [program], capture_output=True, text=True,
        input="".join(a.encode("utf-8").hex() + "\n" for a in addresses))
    if run.returncode != 0:
        sys.exit("%s failed:\n%s" % (program, run.stderr))
    for line in run.stdout.splitlines():
        key, verdict, rest = line.split(" ", 2)
        key = None if key == "-" else bytes.fromhex(key).decode("utf-8")
        if verdict == "yes":
            yield key, bytes.fromhex(rest).decode("utf-8"), ""
        else:
            yield key, None, rest


def has_newer(text):
    return any(a <= ord(c) <= b for c in unicodedata.normalize("NFKC", text)
               + text for a, b in NEWER)


def is_newer(address, domain):
    """Does a domain have what is newer than libidn2's Unicode?"""
    return has_newer(domain + address.rpartition("@")[2])


def show(text):
    return "None" if text is None else ascii(text)


class Counts:
    def __init__(self):
        self.tried = self.bad = self.newer = self.lax = self.accepted = 0

    def differs(self, *what):
        self.bad += 1
        if self.bad <= 100:
            print("%s: %s, Keel %s %s" % what)

    def explained(self, address, domain):
        if is_newer(address, domain):
            self.newer += 1
        elif LAX.search(address.lower()):
            self.lax += 1
        else:
            return False
        return True

    def report(self, title):
        print("%s: %d cases, %d accepted, %d disagreements, refused: %d for "
              "newer Unicode, %d for bad Punycode" % (
                  title, self.tried, self.accepted, self.bad, self.newer,
                  self.lax))


def check(program, addresses, normals, keys):
    found = list(ours(program, addresses))
    made = [key for key, _, _ in found]
    again = [key for key, _, _ in ours(program, [x or "" for x in made])]
    for address, (key, mine, why), second in zip(addresses, found, again):
        want = theirs(address)
        normals.tried += 1
        normals.accepted += want is not None
        if mine != want and not (
                mine is None and want and normals.explained(
                    address, want.rpartition("@")[2])):
            normals.differs(show(address), show(want), show(mine), why)
        want = their_key(address)
        keys.tried += 1
        keys.accepted += key is not None
        if key != second:
            keys.differs(show(address), "its key's key differs", show(key),
                         show(second))
        elif key != want and not keys.explained(address, want):
            keys.differs(show(address), show(want), show(key), "(key)")


def parts(addresses, size=100000):
    """The test program reads C strings."""
    part = []
    for address in addresses:
        if "\0" not in address and len(address.encode("utf-8")) <= 1000:
            part.append(address)
        if len(part) == size:
            yield part
            part = []
    yield part


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    normals, keys = Counts(), Counts()
    for part in parts(dict.fromkeys(all_samples() + list(key_samples()))):
        check(sys.argv[1], part, normals, keys)
    if os.environ.get("FULL_SIZE"):
        for part in parts(every_code_point()):
            check(sys.argv[1], part, normals, keys)
    normals.report("email_normalise")
    keys.report("email_key")
    for name, address in crashes.items():
        print("email-validator raised %s for %s" % (name, show(address)))
    bad = normals.bad + keys.bad
    print("email_values: %d passed, %d failed" % (
        normals.tried + keys.tried - bad, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
