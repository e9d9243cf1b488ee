# SPDX-License-Identifier: ISC
"""The list of cases for run.py. A case is a function that returns what Kore
does wrong, or None if Kore is correct; it raises NotShown if it cannot
tell."""

import dataclasses
import typing

CASES = []


@dataclasses.dataclass
class Case:
    module: str
    expected: str
    show: typing.Callable


def case(module, expected):
    def add(show):
        CASES.append(Case(module, expected, show))
        return show
    return add
