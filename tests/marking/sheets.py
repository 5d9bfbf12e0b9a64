"""What a person hands in of the work: which rows, and how they are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.marking.arithmetic import Rounding
from tests.marking.problems import Problem
from tests.marking.working import Where

DEGREES = ("all rows", "usual rows", "final gradients")
NO_PARTS = ("part", "state")  # written only where a sheet asks for them


def handed_in(where: Where, degree: str) -> bool:
    """Whether a value stands on the sheet."""
    symbol = where.symbol
    if where.part in ("gradient", "update"):
        return True
    if where.part in NO_PARTS or degree == "final gradients":
        return False
    if degree == "all rows":
        return True
    if where.part == "entering":
        return False
    if where.part == "forward":
        return symbol[:2] != "z_" and symbol != "tanh_c"
    return symbol in ("dh", "dc") or symbol.startswith("dz_")


def chosen(values: Mapping[Where, float], degree: str, problem: Problem) -> dict[Where, float]:
    """The values of a degree of completeness; updates only where there is more than one window."""
    updates = problem.windowed or problem.plan.optimizer != "sgd"
    return {
        where: value
        for where, value in values.items()
        if handed_in(where, degree) and (updates or where.part != "update")
    }


@dataclass(frozen=True)
class Sheet:
    """An answers file: its text, and which value each of its answers is."""

    text: str
    wheres: tuple[Where, ...]
    lines: tuple[int, ...]
    ending: str = ".txt"


FORMS = ("lines", "headings", "csv")


def sheet(given: Mapping[Where, str], problem: Problem, form: str = "lines") -> Sheet:
    """The answers as plain lines, with a line where epoch, sequence or window change.

    ``headings`` have a line ``t = 2`` for each step in place of indices, ``csv`` three columns.
    """
    pages = {"lines": _lines, "headings": _headings, "csv": _csv}
    return pages[form](given, problem)


def _lines(given: Mapping[Where, str], problem: Problem) -> Sheet:
    lines: list[str] = []
    places: list[int] = []
    now: dict[str, int] = {}
    for where, text in given.items():
        said = {"epoch": where.epoch, "sequence": where.sequence, "window": where.window}
        if problem.plan.epochs == 1:
            del said["epoch"]
        if len(problem.sequences) == 1:
            del said["sequence"]
        if problem.windowed and now != said:
            changed = False
            for key, number in said.items():
                changed = changed or now.get(key) != number
                if changed:
                    lines.append(f"{key} = {number}")
            now = said
        index = f"[{where.t}]" if where.t is not None else ""
        lines.append(f"{where.symbol}{index} = {text}")
        places.append(len(lines))
    return Sheet("\n".join(lines) + "\n", tuple(given), tuple(places))


def _headings(given: Mapping[Where, str], problem: Problem) -> Sheet:
    """For one window: totals first, since what follows a heading is of its step."""
    assert not problem.windowed
    ordered = sorted(given, key=lambda where: where.t is not None)
    lines: list[str] = []
    places: list[int] = []
    now: int | None = None
    for where in ordered:
        if where.t != now:
            lines.append(f"t = {where.t}")
            now = where.t
        lines.append(f"{where.symbol} = {given[where]}")
        places.append(len(lines))
    return Sheet("\n".join(lines) + "\n", tuple(ordered), tuple(places))


def _csv(given: Mapping[Where, str], problem: Problem) -> Sheet:
    assert not problem.windowed
    lines = ["symbol,t,value"]
    lines += [f"{where.symbol},{where.t or ''},{text}" for where, text in given.items()]
    places = range(2, len(lines) + 1)
    return Sheet("\n".join(lines) + "\n", tuple(given), tuple(places), ".csv")


def written(values: Mapping[Where, float], rounding: Rounding) -> dict[Where, str]:
    return {where: rounding.text(value) for where, value in values.items()}
