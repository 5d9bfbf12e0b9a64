"""Marking through the public contract, and what its verdicts and names are worth."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from cellcalc.cli import main
from tests.marking.arithmetic import UnreadableError
from tests.marking.equations import Shape
from tests.marking.problems import Plan, Problem, random_problem
from tests.marking.sheets import Sheet, chosen
from tests.marking.working import Edits, Where, everywhere, values_of


@dataclass(frozen=True)
class Marked:
    """What ``check --format json`` said of a sheet, one verdict an answer; or why it said nothing.

    ``verdicts`` go with the sheet's answers; an answer that the report leaves out is ``dropped``.
    """

    verdicts: tuple[str, ...]
    slips: tuple[Mapping[str, Any], ...]
    seconds: float
    trouble: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)

    def count(self, verdict: str) -> int:
        return self.verdicts.count(verdict)


def _run(problem: str, page: Sheet) -> tuple[Any, float]:
    with tempfile.TemporaryDirectory(prefix="marking-") as folder:
        one, other = Path(folder) / "problem.toml", Path(folder) / f"answers{page.ending}"
        one.write_text(problem, encoding="utf-8")
        other.write_text(page.text, encoding="utf-8")
        begin = time.perf_counter()
        result = CliRunner().invoke(main, ["check", str(one), str(other), "--format", "json"])
        return result, time.perf_counter() - begin


def mark(problem: Problem, sheet: Sheet) -> Marked:
    """The sheet as cellcalc marks it."""
    result, seconds = _run(problem.toml(), sheet)
    nothing = ("",) * len(sheet.wheres)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return Marked(nothing, (), seconds, f"traceback: {result.exception!r}")
    if result.exit_code not in (0, 1):
        return Marked(nothing, (), seconds, f"refused: {result.stderr.strip()}")
    report = json.loads(result.stdout)
    of_line = {answer["line"]: answer["verdict"] for answer in report["answers"]}
    verdicts = tuple(of_line.get(line, "dropped") for line in sheet.lines)
    return Marked(verdicts, tuple(causes(report)), seconds, "", report)


def causes(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The distinct causes; gathered from the answers by a report that has no such list."""
    if "slips" in report:
        return list(report["slips"])
    found: dict[str, dict[str, Any]] = {}
    for index, answer in enumerate(report["answers"]):
        if answer["verdict"] != "wrong":
            continue
        slip = answer["slip"] or {"symbol": answer["symbol"], "formula": "", "says": UNEXPLAINED}
        key = json.dumps([slip.get("formula") or index, slip["says"], slip["symbol"]])
        cause = found.setdefault(key, {**slip, "answers": [], "others": slip.get("others", [])})
        cause["answers"].append(index)
    return list(found.values())


UNEXPLAINED = "no single slip explains it"
# Causes that name no slip: nothing explains it, or the arithmetic of the last digits.
NEUTRAL = re.compile(
    r"no (single )?(slip|cause|reason)|nothing .*explain|not explain|unexplained|explained by no"
    r"|last digit|arithmetic|rounding|worked out wrongly|miscalculat",
    re.IGNORECASE,
)


def is_named(cause: Mapping[str, Any]) -> bool:
    """Whether a cause claims to know what was done."""
    return bool(cause.get("formula")) or not NEUTRAL.search(cause.get("says", ""))


def names(cause: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What a cause says was done, and then the others that fit as well: symbol, formula, words."""
    symbol = cause.get("symbol") or ""
    found = [(symbol, cause.get("formula") or "", cause.get("says", ""))]
    for other in cause.get("alternatives") or cause.get("others") or []:
        if isinstance(other, str):
            left, equals, right = other.partition(" = ")
            left = left.removesuffix("[t]").strip()
            is_formula = equals and re.fullmatch(r"[A-Za-z_0-9]+", left)
            found.append((left, right, "") if is_formula else (symbol, other, other))
        else:
            found.append(
                (other.get("symbol", symbol), other.get("formula", ""), other.get("says", ""))
            )
    return found


@dataclass(frozen=True)
class Truth:
    """What was done: wrong equations or another plan; ``says``: words that a right name has."""

    edits: Edits = field(default_factory=dict)
    says: str = ""
    plan: Plan | None = None


@cache
def _elsewhere(shape: Shape, steps: int, plan: Plan) -> tuple[Problem, ...]:
    """Other problems of the same kind, for comparing equations."""
    return tuple(random_problem(f"elsewhere {k}", shape, plan, steps) for k in range(2))


def _effect(problem: Problem, edits: Edits, degree: str, plan: Plan | None = None) -> list[float]:
    values = values_of(problem, edits=edits, plan=plan)
    return list(chosen(values, degree, problem).values())


def close(one: Sequence[float], other: Sequence[float]) -> bool:
    return len(one) == len(other) and all(
        abs(a - b) <= 1e-9 * max(abs(a), abs(b)) + 1e-13 for a, b in zip(one, other, strict=True)
    )


def as_edits(shape: Shape, symbol: str, text: str) -> Edits:
    """A named formula as the equation of its row: of a gradient's sum, or of one step's part.

    Of two edits each may say its row: ``dc[t] = …; do[t] = …``.
    """
    found: dict[str, Any] = {}
    for one in text.split(";"):
        left, equals, right = one.partition(" = ")
        row, formula = (left.strip(), right) if equals else (symbol, one)
        row = row.removesuffix("[t]")
        name = row.removeprefix("d")
        if name in shape.parts and row != name:
            whole = re.search(r"\b(sum|mean)\(|\[(last|first|n|T)\b|\[\d", formula)
            row = row if whole else f"part {row}"
        found |= everywhere(**{row: formula.strip()})
    return found


def is_same(
    problem: Problem, truth: Edits, named: Edits, degree: str, plan: Plan | None = None
) -> bool:
    """Whether two sets of wrong equations give the same answers for any numbers.

    The named row may be one of several in which the same was done: it is compared with each.
    """
    whole = {row: (text, None) for row, (text, _) in truth.items()}
    candidates = [truth, whole, *({row: edit} for row, edit in whole.items())]
    try:
        for candidate in candidates:
            if all(
                close(_effect(other, candidate, degree, plan), _effect(other, named, degree))
                for other in _elsewhere(problem.shape, problem.sequences[0].steps, problem.plan)
            ):
                return True
    except (UnreadableError, KeyError, IndexError, ZeroDivisionError, OverflowError, ValueError):
        return False
    except TypeError:
        return False
    return False


def is_true(problem: Problem, truth: Truth, name: tuple[str, str, str], degree: str) -> bool:
    """Whether a name is right: by its formula, else by its words."""
    symbol, text, says = name
    if truth.says and re.search(truth.says, says, re.IGNORECASE):
        return True
    if (truth.edits or truth.plan) and text:
        edits = as_edits(problem.shape, symbol, text)
        return is_same(problem, truth.edits, edits, degree, truth.plan)
    return False


def worth(problem: Problem, truths: Iterable[Truth], cause: Mapping[str, Any], degree: str) -> str:
    """``right``, ``among others``, ``wrong`` (a false name) or ``none`` (nothing is named)."""
    if not is_named(cause):
        return "none"
    first, *others = names(cause)
    truths = list(truths)
    if any(is_true(problem, truth, first, degree) for truth in truths):
        return "right"
    if any(is_true(problem, truth, other, degree) for truth in truths for other in others):
        return "among others"
    return "wrong"


def known_rows(problem: Problem) -> frozenset[str]:
    """The rows that cellcalc's table has of a problem: others cannot be handed in."""
    return _known(problem.shape)


@cache
def _known(shape: Shape) -> frozenset[str]:
    with tempfile.TemporaryDirectory(prefix="marking-") as folder:
        path = Path(folder) / "problem.toml"
        path.write_text(random_problem(0, shape).toml(), encoding="utf-8")
        result = CliRunner().invoke(main, ["table", str(path), "--format", "json"])
        assert result.exit_code == 0, result.output
        one = json.loads(result.stdout)["passes"][0]
        window = one["windows"][0]
        found = {*one["forward"], *window["backward"], *window["gradients"], *window["before"]}
        return frozenset(found)


def marked_values(
    problem: Problem, values: Mapping[Where, float], degree: str
) -> dict[Where, float]:
    """The values of a sheet that cellcalc has rows for."""
    rows = known_rows(problem)
    return {w: v for w, v in chosen(values, degree, problem).items() if w.symbol in rows}
