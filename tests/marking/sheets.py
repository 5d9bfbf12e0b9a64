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


def sheet(given: Mapping[Where, str], problem: Problem, style: str = "plain") -> Sheet:
    """The answers as plain lines, with a line where epoch, sequence or window change.

    ``style`` may be ``steps``: a heading for each step in place of indices.
    """
    lines: list[str] = []
    wheres: list[Where] = []
    places: list[int] = []
    windowed = problem.windowed
    now: dict[str, int] = {}
    for where, text in given.items():
        said = {"epoch": where.epoch, "sequence": where.sequence, "window": where.window}
        if problem.plan.epochs == 1:
            del said["epoch"]
        if len(problem.sequences) == 1:
            del said["sequence"]
        if windowed and now != said:
            changed = False
            for key, number in said.items():
                changed = changed or now.get(key) != number
                if changed:
                    lines.append(f"{key} = {number}")
            now = said
        if style == "steps" and where.t is not None:
            heading = f"t = {where.t}"
            if heading != next((one for one in reversed(lines) if one.startswith("t = ")), ""):
                lines.append(heading)
            lines.append(f"{where.symbol} = {text}")
        else:
            index = f"[{where.t}]" if where.t is not None else ""
            lines.append(f"{where.symbol}{index} = {text}")
        wheres.append(where)
        places.append(len(lines))
    return Sheet("\n".join(lines) + "\n", tuple(wheres), tuple(places))


def written(values: Mapping[Where, float], rounding: Rounding) -> dict[Where, str]:
    return {where: rounding.text(value) for where, value in values.items()}
