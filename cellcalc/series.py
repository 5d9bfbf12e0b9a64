"""Reading the data of one ``[[sequence]]``: rows of inputs and targets, in the file or in a CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cellcalc.errors import InputError, Mistake, did_you_mean
from cellcalc.reading import Section, as_float, decode, describe, read_bytes

TARGET = "target"


@dataclass(frozen=True)
class Sequence:
    """The data of one sequence.

    ``inputs`` holds one tuple of n numbers per feature; ``targets`` n numbers, nan where a step
    has no target, or None where the sequence has none at all. Without ``learns`` the targets are
    there to be compared with only.
    """

    inputs: tuple[tuple[float, ...], ...]
    targets: tuple[float, ...] | None
    learns: bool = True

    @property
    def steps(self) -> int:
        """n, the number of steps."""
        return len(self.inputs[0])

    @property
    def has_target(self) -> tuple[bool, ...]:
        """For each step whether it has a target to learn from, and so a loss."""
        targets = (self.targets if self.learns else None) or (math.nan,) * self.steps
        return tuple(not math.isnan(target) for target in targets)


def read_sequence(section: Section, base: Path) -> Sequence | None:
    """The sequence of one table, or None after noting what is wrong with it."""
    section.only(("x", TARGET, "csv"))
    noted = len(section.reader.mistakes)
    from_csv = "csv" in section.values
    sequence = _from_csv(section, base) if from_csv else _from_lists(section)
    return sequence if len(section.reader.mistakes) == noted else None


def _from_lists(section: Section) -> Sequence | None:
    rows = section.values.get("x")
    if not isinstance(rows, list) or not rows:
        section.wrong("x", "a list with one row of inputs a step")
        return None
    width = len(rows[0]) if isinstance(rows[0], list) else None
    if width == 0:
        section.reader.mistake(section.key("x[1]"), "at least one input", "an empty list")
        return None
    columns: list[list[float]] = [[] for _ in range(width or 1)]
    for step, row in enumerate(rows, 1):
        values = row if isinstance(row, list) else [row]
        if isinstance(row, list) != (width is not None) or len(values) != len(columns):
            expected = "a number" if width is None else f"a list of {width}, as in the first row"
            section.reader.mistake(section.key(f"x[{step}]"), expected, describe(row))
            continue
        for column, value in zip(columns, values, strict=True):
            column.append(_number(section, f"x[{step}]", value))
    return Sequence(tuple(map(tuple, columns)), _targets(section, len(rows)))


def _targets(section: Section, steps: int) -> tuple[float, ...] | None:
    if TARGET not in section.values:
        return None
    values = section.values[TARGET]
    if not isinstance(values, list) or len(values) != steps:
        section.wrong(TARGET, f"a list of {steps}, one number a step (nan where there is none)")
        return None
    return tuple(_number(section, f"{TARGET}[{k}]", value) for k, value in enumerate(values, 1))


def _number(section: Section, key: str, value: object) -> float:
    converted = as_float(value)
    if converted is None:
        section.reader.mistake(section.key(key), "a number", describe(value))
        return math.nan
    return converted


def _from_csv(section: Section, base: Path) -> Sequence | None:
    for key in ("x", TARGET):
        if key in section.values:
            expected = "either csv or x and target"
            section.reader.mistake(section.key(key), expected, "both")
    name = section.text("csv")
    if not name:
        return None
    try:
        text = decode(read_bytes(base / name, name), name)
        return _parse_csv(text, name)
    except InputError as error:
        section.wrong_file("csv", name, error)
        return None


def _parse_csv(text: str, name: str) -> Sequence:
    """A table with a header of ``x`` or ``x1, x2, …``, and ``target`` if there are targets."""
    mistakes: list[Mistake] = []

    def mistake(key: str, expected: str, found: str) -> None:
        mistakes.append(Mistake(name, key, expected, found))

    try:
        lines = csv.reader(text.splitlines())
        rows = [(lines.line_num, row) for row in lines if row]
    except csv.Error as error:
        raise InputError([Mistake(name, "", "a CSV table", f"an error: {error}")]) from None
    header = [title.strip() for title in rows[0][1]] if rows else []
    _check_header(header, mistake)
    if not mistakes and len(rows) < 2:
        mistake("", "at least one step below the header", "none")
    columns: dict[str, list[float]] = {title: [] for title in header}
    for line, row in rows[1:] if not mistakes else ():
        if len(row) != len(header):
            mistake(f"line {line}", f"{len(header)} values", str(len(row)))
            continue
        for title, cell in zip(header, row, strict=True):
            columns[title].append(_csv_number(title, cell, f"line {line}, {title}", mistake))
    if mistakes:
        raise InputError(mistakes)
    targets = columns.pop(TARGET, None)
    inputs = tuple(tuple(columns[title]) for title in feature_names("x", len(columns)))
    return Sequence(inputs, tuple(targets) if targets is not None else None)


def feature_names(vector: str, features: int) -> tuple[str, ...]:
    """The names of a vector's elements: ``x1, x2, …``, or ``x`` for a single feature."""
    if features == 1:
        return (vector,)
    return tuple(f"{vector}{k}" for k in range(1, features + 1))


def _check_header(header: list[str], mistake: Callable[[str, str, str], None]) -> None:
    inputs = [title for title in header if title != TARGET]
    expected = feature_names("x", len(inputs)) if inputs else ("x",)
    if inputs == ["x1"]:
        header[header.index("x1")] = "x"
        return
    if sorted(inputs) != sorted(expected) or len(set(header)) != len(header):
        wanted = "the columns x (or x1, x2, …) and target"
        wrong = [title for title in inputs if title not in expected]
        hint = did_you_mean(wrong[0], (*expected, TARGET)) if wrong else ""
        mistake("line 1", wanted, (", ".join(header) or "nothing") + hint)


def _csv_number(title: str, cell: str, key: str, mistake: Callable[[str, str, str], None]) -> float:
    text = cell.strip()
    if not text and title == TARGET:
        return math.nan
    try:
        return float(text if "_" not in text else "")
    except ValueError:
        mistake(key, "a number", describe(text))
        return math.nan
