#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Compares the forms of passwords (src/utils/password_text.c) with what
unicodedata says, and the lists of common passwords with each other.

    password_values.py path/to/password_differential

Each code point that is not its own normal form, and thousands of texts that are
made of such, with a fixed random seed. A normal form must be its own one, and
that of both NFC and NFD of what was typed. With FULL_SIZE=1, every code point
in several places, and a million texts. It also prints how many of the 10,000
common passwords v_passphrase refuses, as they are and with something behind
them."""

import os
import random
import subprocess
import sys
import unicodedata

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../tools"))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../api/support"))

import fold_passwords  # noqa: E402
from sizes import IS_FULL, size  # noqa: E402

PART = 50000
SHOWN = 10
BEHIND = ["", "1", "!", "2024", "123!", " 99", "#1", "..."]


def nfc(text):
    return unicodedata.normalize("NFC", text)


def nfd(text):
    return unicodedata.normalize("NFD", text)


def normal(text):
    return nfc("".join(" " if unicodedata.category(c) == "Zs" else c
                       for c in text))


def expected(text):
    folded = fold_passwords.fold(text)
    return [normal(text), nfd(text), folded, fold_passwords.base(folded)]


def code_points():
    """A short run leaves out the planes that are almost empty."""
    for number in range(1, size(0x30000, 0x110000)):
        if not 0xd800 <= number < 0xe000 and number != 10:
            yield chr(number)


def changing():
    """What some form changes, and what may compose."""
    return [c for c in code_points()
            if expected(c)[:3] != [c] * 3 or unicodedata.combining(c)]


def samples():
    some = changing()
    yield from some
    chance = random.Random(22)
    plain = "aZ09 !-_\u00e9\u00df\u0130\u03c2\u4e00\U0001f600"
    for _ in range(size(10000, 1000000)):
        yield "".join(chance.choice(some if chance.random() < .6 else plain)
                      for _ in range(chance.randint(1, 12)))
    if IS_FULL:
        for c in code_points():
            yield c
            yield "e" + c + "\u0301"
            yield c + "\u0323\u0301" + c


def parts(texts):
    part = []
    for text in texts:
        part.append(text)
        if len(part) == PART:
            yield part
            part = []
    yield part


def ask(program, texts):
    """What the C functions make of each text."""
    lines = "".join(text.encode().hex() + "\n" for text in texts)
    done = subprocess.run([program], input=lines, capture_output=True,
                          text=True, check=True)
    for line in done.stdout.split("\n")[:-1]:
        yield [bytes.fromhex(word).decode() for word in line.split(" ")]


def show(text):
    return text.encode("unicode_escape").decode()


class Checks:
    def __init__(self, name):
        self.name, self.good, self.bad = name, 0, 0

    def check(self, holds, *shown):
        self.good += holds
        self.bad += not holds
        if not holds and self.bad <= SHOWN:
            print("%s: %s" % (self.name, " ".join(map(show, shown))))

    def report(self):
        print("%s: %d passed, %d failed" % (self.name, self.good, self.bad))
        return self.bad


def check_forms(program):
    """As unicodedata has them; the first one for every way to type it."""
    forms, same = Checks("password forms"), Checks("one normal form")
    for part in parts(samples()):
        for text, got in zip(part, ask(program, part), strict=True):
            forms.check(got == expected(text), text, *got)
        typed = [way(text) for text in part for way in (nfc, nfd, normal)]
        wanted = [normal(text) for text in part for _ in range(3)]
        for text, want, got in zip(typed, wanted, ask(program, typed),
                                   strict=True):
            same.check(got[0] == want, text, got[0])
    return forms.report() + same.report()


def check_lists():
    """The list for v_passphrase is made of the other, and refuses it."""
    passwords = fold_passwords.read(fold_passwords.TYPED)
    words = fold_passwords.read(fold_passwords.FOLDED)
    lists, refused = Checks("lists"), Checks("common passwords")
    lists.check(words == fold_passwords.words(passwords), "not made anew")
    known = set(words)

    def is_refused(password):
        folded = fold_passwords.fold(password)
        shortest = len(fold_passwords.base(folded))
        return any(folded[:n] in known and (n >= 8 or 2 * n > len(folded))
                   for n in range(shortest, len(folded) + 1))

    for behind in BEHIND:
        n = {way: sum(is_refused(way(word) + behind) for word in passwords)
             for way in (str, str.upper, str.title)}
        print("with %-6r refused of 10,000: %d as they are, %d in capitals, "
              "%d with a capital" % (behind, *n.values()))
        for count in n.values():
            refused.check(count == len(passwords), "not all")
    return lists.report() + refused.report()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    return int(check_forms(sys.argv[1]) + check_lists() > 0)


if __name__ == "__main__":
    sys.exit(main())
