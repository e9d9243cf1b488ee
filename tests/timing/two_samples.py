# SPDX-License-Identifier: ISC
"""Mann and Whitney's test: are the values of one sample mostly greater than
those of another? It compares ranks, so that a few slow answers do not matter,
and no distribution is assumed."""

import math
import random


def rank(values):
    """The ranks from 1 in the values' order; equal ones share their mean. Also
    the sum of t³ - t of each group of t equal values."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks, ties, first = [0.0] * len(values), 0, 0
    while first < len(order):
        last = first
        while (last + 1 < len(order) and
               values[order[last + 1]] == values[order[first]]):
            last += 1
        for i in range(first, last + 1):
            ranks[order[i]] = (first + last) / 2 + 1
        ties += (last - first + 1) ** 3 - (last - first + 1)
        first = last + 1
    return ranks, ties


def probability(a, b):
    """The probability of ranks at least so different, if both samples are of
    one distribution: two-sided, by the normal approximation."""
    n, m = len(a), len(b)
    total = n + m
    ranks, ties = rank([*a, *b])
    u = sum(ranks[:n]) - n * (n + 1) / 2
    variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance == 0:
        return 1.0      # all values are equal
    distance = max(abs(u - n * m / 2) - 0.5, 0) / math.sqrt(variance)
    return math.erfc(distance / math.sqrt(2))


def check():
    """Raises AssertionError unless the test does what it should, for values
    that are known and for samples whose difference is known."""
    assert rank([3, 1, 3, 2]) == ([3.5, 1, 3.5, 2], 6)
    assert probability([1, 1], [1, 1]) == 1
    # U = 0: |0 - 8| - 1/2 standard deviations of sqrt(16 / 12 * 9).
    assert math.isclose(probability([1, 2, 3, 4], [5, 6, 7, 8]),
                        math.erfc(7.5 / math.sqrt(12) / math.sqrt(2)))
    numbers = random.Random(1)

    def sample(shift):
        return [numbers.lognormvariate(0, 0.3) + shift for _ in range(100)]

    found = [probability(sample(0), sample(0)) for _ in range(400)]
    assert 0.02 < sum(p < 0.05 for p in found) / len(found) < 0.09
    assert probability(sample(0), sample(0.4)) < 0.001
