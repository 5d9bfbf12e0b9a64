"""Whether a document itself shows that it calls the first step 0.

Gates, inputs and predictions have no value before the first step. Where they have one at step 0,
one at each step after it and none at the last, the document counts from 0: nothing else is left.
States do not tell, since they have a value before the first step.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from cellcalc.check.reading.mathematics import Style
from cellcalc.check.reading.names import Names
from cellcalc.errors import ExpressionError
from cellcalc.language.tree import Symbol

FEWEST = 2  # quantities that have a value at each of the steps
_AT = re.compile(r"(.{1,60}?)(?:\[([0-9]{1,6})\]|_\{?([0-9]{1,6})\}?)")


@dataclass(frozen=True)
class Placed:
    """The name of a number, and the step that stands at it."""

    name: str
    t: int


def placed(left: str, t: int | str | None) -> Placed | None:
    """A name with its step, from ``x[0]`` or from a heading above ``x``."""
    if isinstance(t, int):
        return Placed(left.strip(), t)
    match = _AT.fullmatch(left.strip())
    return Placed(match[1], int(match[2] or match[3])) if match else None


def counts_from_0(numbers: Iterable[Placed], names: Names) -> bool:
    """Whether numbers at steps can only be those of somebody who calls the first step 0."""
    steps: dict[str, set[int]] = {}
    for one in numbers:
        steps.setdefault(one.name, set()).add(one.t)
    run = set(range(names.steps))
    if names.steps < 2 or not any(found >= run for found in steps.values()):
        return False
    whole = 0
    for name, found in steps.items():
        if (key := _key(name, names)) is None:
            continue
        if names.steps in found:
            return False
        has_none_before = f"{key}0" not in names.constant and key not in names.model.state
        if has_none_before and found == run:
            whole += 1
    return whole >= FEWEST


def _key(name: str, names: Names) -> str | None:
    """The quantity of a name, where it has a value at each step."""
    try:
        found = names.parsed(name, Style(target=True))
    except ExpressionError:
        return None
    if not isinstance(found, Symbol) or found.shift != 0:
        return None
    known: Collection[str] = names.varying | {"x"}
    return found.name if found.name in known else None
