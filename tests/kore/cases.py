# SPDX-License-Identifier: ISC
"""The list of what run.py shows. A case is a function that returns what Kore
does wrong, or None if it does as expected; it raises NotShown when neither can
be said."""

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
