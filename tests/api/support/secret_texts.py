# SPDX-License-Identifier: ISC
"""Finds thousands of secrets in a long text, such as a server's log, without a
search of the whole text for each of them."""

import functools
import re

SIZE = 8
WORD = re.compile(r"[A-Za-z0-9_-]{%d,}" % SIZE)


@functools.cache
def mark(secret):
    """Characters that are inside one word of each text with the secret; None
    if it has no word that is long enough."""
    words = WORD.findall(secret)
    return max(words, key=len)[-SIZE:] if words else None


def find_secrets(text, secrets):
    """Those that are in the text."""
    by_mark = {}
    for secret in secrets:
        by_mark.setdefault(mark(secret), []).append(secret)
    likely = by_mark.pop(None, [])
    for word in set(WORD.findall(text)):
        for i in range(len(word) - SIZE + 1):
            likely += by_mark.pop(word[i:i + SIZE], [])
    return [secret for secret in likely if secret in text]
