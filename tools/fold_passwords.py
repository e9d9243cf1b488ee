# SPDX-License-Identifier: ISC
"""Makes assets/common_passwords_folded.txt, which v_passphrase needs, from
assets/common_passwords.txt: each password in lower case, and what it is without
the digits and punctuation at its end, if that may be most of a password.

usage: fold_passwords.py           write it
       fold_passwords.py --check   exit status 1 if it is another file"""

import os
import sys
import unicodedata

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TYPED = os.path.join(ROOT, "assets/common_passwords.txt")
FOLDED = os.path.join(ROOT, "assets/common_passwords_folded.txt")
SHORTEST = 5    # more than half of eight characters


def fold(password):
    """As password_fold() does it."""
    plain = unicodedata.normalize("NFKD", password)
    return unicodedata.normalize("NFKC", plain.casefold())


def base(password):
    while password and unicodedata.category(password[-1])[0] in "NPSZ":
        password = password[:-1]
    return password


def words(passwords):
    """The folded ones and their bases, sorted as wordlist_has() needs them."""
    every = {fold(password) for password in passwords}
    every |= {word for word in map(base, every) if len(word) >= SHORTEST}
    return sorted(every, key=lambda word: word.encode())


def read(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        return file.read().split("\n")[:-1]


def main():
    made = "".join(word + "\n" for word in words(read(TYPED)))
    if sys.argv[1:] == ["--check"]:
        with open(FOLDED, encoding="utf-8", newline="\n") as file:
            return int(file.read() != made)
    with open(FOLDED, "w", encoding="utf-8", newline="\n") as file:
        file.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
