# SPDX-License-Identifier: ISC
"""The rule of names (line:m..n) and keel_fold(), against Python's unicodedata:
each code point, and random texts. Usage: names.py [--full]

It runs the C functions of .build/unit, through tests/values/line_rule.c, and a
PostgreSQL of its own. It prints how many cases it compared."""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import unicodedata

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/api/support"))

from cluster import Cluster     # noqa: E402

# Default_Ignorable_Code_Point of Unicode 14, which unicodedata does not have.
IGNORABLE = [(0xad, 0xad), (0x34f, 0x34f), (0x61c, 0x61c), (0x115f, 0x1160),
             (0x17b4, 0x17b5), (0x180b, 0x180f), (0x200b, 0x200f),
             (0x202a, 0x202e), (0x2060, 0x206f), (0x3164, 0x3164),
             (0xfe00, 0xfe0f), (0xfeff, 0xfeff), (0xffa0, 0xffa0),
             (0xfff0, 0xfff8), (0x1bca0, 0x1bca3), (0x1d173, 0x1d17a),
             (0xe0000, 0xe0fff)]
BIDI = {0x61c, 0x200e, 0x200f, *range(0x202a, 0x202f), *range(0x2066, 0x206a)}
FINE, UNSEEN, BREAK, CONTROL, DIRECTION = range(5)

# Marks and letters that meet in NFC, blanks, what is refused, and others.
ALPHABET = [chr(c) for c in (
    0x41, 0x65, 0x6f, 0x75, 0x301, 0x300, 0x308, 0x323, 0x327, 0x345, 0x3b1,
    0x3c3, 0x3c2, 0x3a3, 0x313, 0xe9, 0xdf, 0x1e9e, 0x131, 0x49,
    0x1112, 0x1161, 0x11ab, 0xac00, 0x958, 0x915, 0x93c, 0x20, 0x9, 0xa, 0xa0,
    0x2003, 0x3000, 0x1c, 0x85, 0x2028, 0x200b, 0x200d, 0xad, 0x3164, 0x2800,
    0x202e, 0x7, 0x25, 0x5f, 0x5c, 0xfb01, 0xff21, 0x1f600, 0x1d160)]


def is_seen(char):
    code = ord(char)
    if any(low <= code <= high for low, high in IGNORABLE) or \
            code in (0x2800, 0x1d159) or code & 0xfffe == 0xfffe or \
            0xfdd0 <= code <= 0xfdef:
        return False
    category = unicodedata.category(char)
    return category[0] in "LNPS" or category == "Cn"


def fault_of(char):
    if char in "\n\v\f\r\x85\u2028\u2029":
        return BREAK
    if unicodedata.category(char) == "Cc":
        return CONTROL
    return DIRECTION if ord(char) in BIDI else FINE


def expected(text):
    """The fault, the length and the stored form, as line.h says."""
    line = text.strip()
    stored = unicodedata.normalize("NFC", line)
    fault = next((f for f in map(fault_of, line) if f != FINE), FINE)
    if fault == FINE and not any(map(is_seen, line)):
        fault = UNSEEN
    return "%d %d %s" % (fault, len(stored), stored.encode().hex())


def texts(count, step):
    """Code points but NUL and surrogates, and random texts."""
    for code in [*range(1, 0x3100), *range(0x3100, 0x110000, step)]:
        if not 0xd800 <= code <= 0xdfff:
            yield chr(code)
    random.seed(2022)
    for _ in range(count):
        yield "".join(random.choices(ALPHABET, k=random.randint(0, 12)))


def build(folder):
    """The program that reads texts as hex, a line each."""
    program = os.path.join(folder, "line_rule")
    sources = [os.path.join(ROOT, path) for path in (
        "tests/values/line_rule.c", "src/utils/line.c", "src/utils/utf8.c")]
    subprocess.run(["cc", "-std=gnu17", "-D_GNU_SOURCE", "-O1", "-I",
                    os.path.join(ROOT, "src"), "-o", program, *sources,
                    "-lunistring"], check=True)
    return program


def check_lines(every):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [build(folder)], text=True, capture_output=True, check=True,
            input="".join(text.encode().hex() + "\n" for text in every))
    for text, got in zip(every, done.stdout.splitlines(), strict=True):
        if got != expected(text):
            sys.exit("names: %s is %s, not %s" % (ascii(text), got,
                                                  expected(text)))
    print("names: line_check() and line_normal() as unicodedata in %d cases"
          % len(every))


# What keel_fold() leaves out, besides the locale's letters.
DROPPED = dict.fromkeys([0xad, 0x34f, 0x61c, *range(0x200b, 0x2010), 0x2060,
                         0xfeff, *range(0xfe00, 0xfe10)])


def meet(text):
    """Texts that a search must find for it."""
    return {text.upper(), text.lower(), text.casefold(),
            *(unicodedata.normalize(form, text)
              for form in ("NFC", "NFD", "NFKC", "NFKD"))}


# Letters whose capital, or the fold of it, is another letter or several: the
# iota below, the apostrophe, dotless i, Armenian ligatures. A locale of C knows
# a letter for a letter; what is wrong for these is documented.
def is_plain(text):
    for char in text:
        upper, lower = char.upper(), char.lower()
        if len(upper) > 1 and char not in "\xdf":
            return False
        if len(lower) > 1 and char != "\u0130" or char in "\u0131\u0345":
            return False
        if upper.lower() != lower and char not in "\u03c2\u1e9e\u0130\xdf":
            return False
    return True


def check_fold(every):
    cluster = Cluster()
    cluster.start()
    try:
        database = cluster.database()
        with open(os.path.join(ROOT, "sql/migrations/0015_search.sql")) as file:
            for part in file.read().split("CREATE FUNCTION ")[1:3]:
                cluster.sql("CREATE FUNCTION " + part.partition(";\n\n")[0],
                            database=database)
        compare(every, lambda texts: [row[0] for row in cluster.sql(
            "SELECT keel_fold(t) FROM unnest(%s) WITH ORDINALITY AS u (t, i) "
            "ORDER BY i", texts, database=database)])
    finally:
        cluster.stop()


def compare(every, fold):
    left, right = [], []
    for text in every:
        if is_plain(unicodedata.normalize("NFKC", text)) and is_plain(text):
            for other in sorted(meet(text)):
                left.append(text)
                right.append(other)
    folds = fold(left), fold(right), fold([unicodedata.normalize(
        "NFKC", text) for text in fold(left)])
    for text, other, one, two, again in zip(left, right, *folds, strict=True):
        if one != two or one != again:
            sys.exit("names: %s and %s fold to %s and %s (%s)" % tuple(
                map(ascii, (text, other, one, two, again))))
    print("names: keel_fold() brings %d pairs of unicodedata together" %
          len(left))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--full", action="store_true")
    full = options.parse_args().full
    every = list(texts(1000000, 1) if full else texts(5000, 31))
    check_lines(every)
    check_fold(every)
    print("names: 2 passed, 0 failed")


if __name__ == "__main__":
    main()
