"""Whether a document itself shows or says that it calls the first step 0.

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

MAX_TEXT = 500  # characters of a line
FEWEST = 2  # quantities that have a value at each of the steps
_FIRST = (
    r"(?:first|erste[rnms]?|premi(?:er|ère)|primer[oa]?|prim[oa]|primeir[oa]|eerste|första|første|pierwszy|první"
    r"|перв\w{2,3})"
)
_SAID = re.compile(
    # index 0 is the first step; t = 0 (first step); the first step is t = 0; steps from 0; 0-based
    rf"\b(?:index|indice|índice|indeks|t|steps?|time|schritt|zeitschritt|zeit)\s?=?\s?0\s?\(?(?:is|ist|est|es|è|é|=|means|:)?\s?"
    rf"(?:the\s|der\s|le\s|la\s|el\s|il\s|o\s|de\s|den\s)?{_FIRST}\s(?:time\s?)?[^\W\d_]{{3,}}"
    rf"|\b{_FIRST}\s(?:time\s?)?[^\W\d_]{{3,12}}\s(?:is|ist|est|es|è|é|has|hat|at|=)?\s?\(?(?:index\s|t\s?=\s?|the\sindex\s|den\sindex\s)0\b"
    r"|\b(?:steps?|time|times|t|schritte|zeitschritte|zeit|pas|pasos|passi|indices|indizes)\s(?:are\s|is\s|werden\s|run\s|runs\s)?"
    r"(?:counted|numbered|indexed|start|starts|begin|begins|count|gezählt|nummeriert)?\s?(?:from|at|ab|von|bei|desde|da)\s0\b"
    r"|\b(?:zero|0)[- ]?(?:based|indexed|basiert)|nullbasiert|从\s?0\s?开始|0\s?から",
    re.IGNORECASE,
)
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
        if (key := key_of(name, names)) is None:
            continue
        if names.steps in found:
            return False
        has_none_before = f"{key}0" not in names.constant and key not in names.model.state
        if has_none_before and found == run:
            whole += 1
    return whole >= FEWEST


def is_of_first_step(text: str) -> bool:
    """Whether a line says that the first step is called 0."""
    return bool(_SAID.search(text[:MAX_TEXT]))


def says_so(texts: Iterable[str], numbers: Iterable[Placed], names: Names) -> bool:
    """Whether words of the document say it, and no number stands at the step after the last."""
    return any(map(is_of_first_step, texts)) and not any(one.t >= names.steps for one in numbers)


def key_of(name: str, names: Names) -> str | None:
    """The quantity of a name, where it has a value at each step."""
    try:
        found = names.parsed(name, Style(target=True))
    except ExpressionError:
        return None
    if not isinstance(found, Symbol) or found.shift != 0:
        return None
    known: Collection[str] = names.varying | {"x"}
    return found.name if found.name in known else None
