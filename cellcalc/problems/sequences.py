"""Reading the data of one ``[[sequence]]``: rows of inputs and targets, in the file or in a CSV."""

from __future__ import annotations

import io
import math
import re
from array import array
from collections import abc
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

from cellcalc.errors import MOST_GATHERED, InputError, Mistake, did_you_mean
from cellcalc.files import Folder
from cellcalc.language.keys import element_keys
from cellcalc.records import record
from cellcalc.toml import Section, as_float, decode, describe

TARGET = "target"
MANY = 1000  # steps
MAX_CSV_BYTES = 256_000_000
MAX_FEATURES = 500  # inputs a step; the equations name each weight
MAX_STEPS = 1_000_000  # of one sequence

Values = abc.Sequence[float]  # a tuple or an array
Note = Callable[[str, str, str], None]  # where, what was expected, what was found


@record
class Sequence:
    """The data of one sequence.

    ``inputs`` holds n numbers per feature; ``targets`` n numbers, nan where a step has no target,
    or None where the sequence has none at all. Without ``learns`` the targets are there to be
    compared with only. ``follows`` says that the targets are the next values of that input.
    """

    inputs: tuple[Values, ...]
    targets: Values | None
    learns: bool = True
    follows: int | None = None

    @property
    def steps(self) -> int:
        """n, the number of steps."""
        return len(self.inputs[0])

    @cached_property
    def missing(self) -> tuple[int, ...]:
        """The steps without a target."""
        targets = self.targets
        if targets is None:
            return tuple(range(1, self.steps + 1))
        if math.isfinite(sum(targets)):  # one nan makes the sum nan, so this is quickly said
            return ()
        return tuple([t for t, target in enumerate(targets, 1) if math.isnan(target)])

    @cached_property
    def has_target(self) -> tuple[bool, ...]:
        """For each step whether it has a target to learn from, and so a loss."""
        there = [self.learns] * self.steps
        for t in self.missing:
            there[t - 1] = False
        return tuple(there)

    def columns(self, start: int = 0, stop: int | None = None) -> dict[str, Values]:
        """The numbers of each input (``x``, or ``x1``, ``x2``, …), and of the target if any.

        They are those of the steps after ``start`` up to ``stop`` (the last where None). A target
        that is missing is 0 here: so no nan comes near a computation, in which its loss, which
        counts nothing, is a number like the others.
        """
        names = element_keys("x", len(self.inputs))
        found = {n: values[start:stop] for n, values in zip(names, self.inputs, strict=True)}
        if self.targets is not None:
            targets = self.targets[start:stop]
            found[TARGET] = list(map(or_zero, targets)) if self.missing else targets
        return found


def or_zero(value: float) -> float:
    """0 in place of nan: a missing target, or the loss that a step without one does not have."""
    return 0.0 if math.isnan(value) else value


def read_sequence(section: Section, base: Folder) -> Sequence | None:
    """The sequence of one table, or None after noting what is wrong with it."""
    section.only(KEYS)
    noted = len(section.reader.mistakes)
    from_csv = "csv" in section.values
    for key in ("columns", "rows"):
        if key in section.values and not from_csv:
            section.wrong(key, "csv beside it, or nothing here")
    sequence = _from_csv(section, base) if from_csv else _from_lists(section)
    is_read = sequence is not None and len(section.reader.mistakes) == noted
    if sequence is not None and is_read and not from_csv:  # a table's are named by their lines
        _check_finite(section, sequence)
    return sequence if len(section.reader.mistakes) == noted else None


def _check_finite(section: Section, sequence: Sequence) -> None:
    """Note each input that is no finite number, and each target that is infinite."""
    for name, columns in (("x", sequence.inputs), (TARGET, (sequence.targets or (),))):
        for column in columns:
            if math.isfinite(sum(column)):  # the usual case
                continue
            for step, value in enumerate(column, 1):
                if _is_refused(value, name == TARGET):
                    key = section.key(f"{name}[{step}]")
                    section.reader.mistake(key, FINITE, describe(value))


def _is_refused(value: float, may_be_missing: bool) -> bool:
    return not math.isfinite(value) and not (may_be_missing and math.isnan(value))


FINITE = "a finite number"
KEYS = ("x", TARGET, "csv", "columns", "rows", "standardize")
NEXT = "next"  # in place of a target's column: the input of the next step


def standardized(sequences: list[Sequence | None], asked: list[bool]) -> list[Sequence | None]:
    """The sequences, those that ask for it in units of the first of them.

    Each column less its mean, over its standard deviation, both of the first sequence that asks:
    so what is held out is measured by what was trained on. A column that does not vary is only
    moved.
    """
    first = next((s for s, wants in zip(sequences, asked, strict=True) if s and wants), None)
    if first is None:
        return sequences
    inputs = [_measure(column) for column in first.inputs]
    goal = _measure(first.targets or ())
    if first.follows is not None:  # the next value of an input is measured as that input is
        goal = inputs[first.follows]

    def scaled(values: Values, measure: tuple[float, float]) -> Values:
        mean, size = measure
        return _compact(array("d", [(value - mean) / size for value in values]))

    return [
        replace(
            one,
            inputs=tuple(map(scaled, one.inputs, inputs)),
            targets=None if one.targets is None else scaled(one.targets, goal),
        )
        if one and wants and len(one.inputs) == len(inputs)
        else one
        for one, wants in zip(sequences, asked, strict=True)
    ]


def _measure(values: Values) -> tuple[float, float]:
    """Mean and standard deviation of the numbers there are."""
    there = [value for value in values if not math.isnan(value)]
    if not there:
        return 0.0, 1.0
    mean = math.fsum(there) / len(there)
    size = math.sqrt(math.fsum((value - mean) ** 2 for value in there) / len(there))
    return mean, size or 1.0


@record
class Columns:
    """In place of a list of rows, or of targets: the columns of an array of floats."""

    columns: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, given: Any) -> Columns | None:
        """Those of a numpy array of floats, a row a step; None of anything else.

        That is read as lists, and so is an array that no sequence can be, which is told then.
        """
        shape: tuple[int, ...] = getattr(given, "shape", ())
        if getattr(getattr(given, "dtype", None), "kind", "") != "f" or len(shape) not in (1, 2):
            return None
        width = shape[1] if len(shape) == 2 else 1
        if not (0 < shape[0] <= MAX_STEPS and 0 < width <= MAX_FEATURES):
            return None
        columns = given.T.tolist() if len(shape) == 2 else [given.tolist()]
        return cls(tuple(map(tuple, columns)))

    @property
    def steps(self) -> int:
        """How many rows there are."""
        return len(self.columns[0])


def _from_lists(section: Section) -> Sequence | None:
    rows = section.values.get("x")
    if isinstance(rows, Columns):
        return Sequence(rows.columns, _targets(section, rows.steps))
    if not isinstance(rows, list) or not rows:
        section.wrong("x", "a list with one row of inputs a step")
        return None
    width = len(rows[0]) if isinstance(rows[0], list) else None
    if width == 0:
        section.reader.mistake(section.key("x[1]"), "at least one input", "an empty list")
        return None
    if len(rows) > MAX_STEPS:
        section.wrong("x", f"at most {MAX_STEPS:,} steps")
        return None
    if width and width > MAX_FEATURES:
        section.reader.mistake(section.key("x[1]"), f"at most {MAX_FEATURES} inputs", f"{width:,}")
        return None
    plain = list(zip(*rows, strict=True)) if width and _are_all(list, rows, width) else [rows]
    if all(set(map(type, column)) == {float} for column in plain):  # most, and quickly seen
        return Sequence(tuple(map(tuple, plain)), _targets(section, len(rows)))
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


def _are_all(kind: type, rows: list[Any], length: int) -> bool:
    return set(map(type, rows)) == {kind} and set(map(len, rows)) == {length}


def _targets(section: Section, steps: int) -> tuple[float, ...] | None:
    if TARGET not in section.values:
        return None
    values = section.values[TARGET]
    if isinstance(values, Columns):
        return values.columns[0]
    if not isinstance(values, list) or len(values) != steps:
        section.wrong(TARGET, f"a list of {steps}, one number a step (nan where there is none)")
        return None
    if set(map(type, values)) == {float}:
        return tuple(values)
    return tuple(_number(section, f"{TARGET}[{k}]", value) for k, value in enumerate(values, 1))


def _number(section: Section, key: str, value: object) -> float:
    converted = as_float(value)
    if converted is None:
        section.reader.mistake(section.key(key), "a number", describe(value))
        return math.nan
    return converted


def _from_csv(section: Section, base: Folder) -> Sequence | None:
    for key in ("x", TARGET):
        if key in section.values:
            expected = "either csv or x and target"
            section.reader.mistake(section.key(key), expected, "both")
    name = section.file_name("csv")
    if not name:
        return None
    try:
        contents = base.read(name, MAX_CSV_BYTES)
        own = "columns" in section.values or "rows" in section.values
        if own or _separator(contents) != ",":
            return _chosen_columns(section, contents, name)
        return _parse_csv(contents, name)
    except InputError as error:
        section.wrong_file("csv", name, error)
        return None


def _parse_csv(contents: bytes, name: str) -> Sequence:
    """A table with a header of ``x`` or ``x1, x2, …``, and ``target`` if there are targets."""
    mistakes: list[Mistake] = []

    def mistake(key: str, expected: str, found: str) -> None:
        mistakes.append(Mistake(name, key, expected, found))
        if len(mistakes) >= MOST_GATHERED:
            raise InputError(mistakes)

    rows = _csv_rows(contents, name)
    header = [title.strip() for title in next(rows, (1, []))[1]]
    _check_header(header, mistake)
    columns = {title: array("d") for title in header}
    if not mistakes:
        steps = _read_rows(rows, columns, mistake)
        if not steps:
            mistake("", "at least one step below the header", "none")
    else:
        for _ in rows:  # it may not be a table at all
            pass
    if mistakes:
        raise InputError(mistakes)
    targets = columns.pop(TARGET, None)
    inputs = tuple(_compact(columns[title]) for title in element_keys("x", len(columns)))
    return Sequence(inputs, _compact(targets) if targets is not None else None)


def _chosen_columns(section: Section, contents: bytes, name: str) -> Sequence | None:
    """Some columns of any table: separated by commas, semicolons or tabs, with a decimal comma."""
    table = section.table("columns")
    table.only(("x", TARGET))
    wanted = table.values.get("x", [])
    inputs = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(inputs, list) or not all(isinstance(one, str) for one in inputs):
        table.wrong("x", "a column's name, or a list of names")
        return None
    import csv  # here, as below: most problems have no tables

    text = decode(contents, name)
    separator = _separator(contents)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(row)]
    except csv.Error as error:
        raise InputError([Mistake(name, "", "a CSV table", f"an error: {error}")]) from None
    header = [title.strip() for title in rows[0]] if rows else []
    target = table.values.get(TARGET)
    if target is not None and not isinstance(target, str):
        table.wrong(TARGET, 'a column\'s name, or "next"')
        return None
    if not inputs:
        inputs = [title for title in header if title != TARGET]
        target = TARGET if target is None and TARGET in header else target
    is_next = target == NEXT and NEXT not in header
    chosen = [*inputs, *([target] if target is not None and not is_next else [])]
    for place, title in enumerate(chosen):
        if title not in header:
            key, own = ("x", "") if place < len(inputs) else (TARGET, f', or "{NEXT}"')
            near = [*_plausible(header), *([NEXT] if own else [])]
            expected = f"a column ({titles_of(header)}){own}"
            found = f"{describe(title)}{did_you_mean(title, near)}"
            section.reader.mistake(table.key(key), expected, found)
            return None
    first, last = _rows(section, len(rows) - 1)
    columns: list[list[float]] = [[] for _ in chosen]
    for line, row in enumerate(rows[1:], 2):
        for column, title in zip(columns, chosen, strict=True):
            place = header.index(title)
            cell = row[place].strip() if place < len(row) else ""
            number = _plain(cell, separator)
            if number is None or _is_refused(number, title == target):
                where = f"line {line}, {title}"
                expected = FINITE if number is not None and cell else "a number"
                raise InputError([Mistake(name, where, expected, _shown(cell))])
            column.append(number)
    if not rows[1:]:
        raise InputError([Mistake(name, "", "at least one step below the header", "none")])
    count = len(inputs)
    ahead = [*columns[0][1:], math.nan]
    targets = ahead if is_next else columns[count] if len(columns) > count else None
    cut = slice(first - 1, last)
    return Sequence(
        tuple(_compact(array("d", column[cut])) for column in columns[:count]),
        None if targets is None else _compact(array("d", targets[cut])),
        follows=0 if is_next else None,
    )


def _separator(contents: bytes) -> str:
    """What is between the columns, by the first line: a comma, where there is nothing else."""
    opening = contents.partition(b"\n")[0].decode("utf-8", "replace")
    return max(",;\t", key=opening.count)


def _plain(cell: str, separator: str) -> float | None:
    """A number; with a decimal comma where commas do not separate; nan where there is nothing."""
    if not cell:
        return math.nan
    text = cell.replace(",", ".") if separator != "," and cell.count(",") == 1 else cell
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        return None


def _rows(section: Section, count: int) -> tuple[int, int]:
    """The first and the last row of the table that the sequence takes, from 1."""
    value = section.values.get("rows", [1, count])
    whole = isinstance(value, list) and len(value) == 2 and all(type(n) is int for n in value)
    if not whole or not 1 <= value[0] <= value[1] <= count:
        expected = f"the first and the last row, as in [1, {count}]"
        found = str(value) if whole else describe(value)
        section.reader.mistake(section.key("rows"), expected, found)
        return 1, count
    return value[0], value[1]


def _csv_rows(contents: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not empty, with their numbers."""
    import csv

    decode(contents, name)  # says where it is no text; line by line it takes less memory
    lines = csv.reader(io.TextIOWrapper(io.BytesIO(contents), encoding="utf-8-sig"))
    try:
        for row in lines:
            if row:
                yield lines.line_num, row
    except csv.Error as error:
        raise InputError([Mistake(name, "", "a CSV table", f"an error: {error}")]) from None


def _read_rows(
    rows: Iterator[tuple[int, list[str]]], columns: dict[str, array[float]], mistake: Note
) -> int:
    """Fill the columns; the number of rows."""
    count = 0
    for line, row in rows:
        count += 1
        if count > MAX_STEPS:
            mistake(f"line {line}", f"at most {MAX_STEPS:,} steps", "more")
            return count
        if len(row) != len(columns):
            mistake(f"line {line}", f"{len(columns)} values", str(len(row)))
            continue
        for (title, column), cell in zip(columns.items(), row, strict=True):
            column.append(_csv_number(title, cell, line, mistake))
    return count


# A problem may be somebody else's, and may name any file that its reader can read. So a message
# quotes of a table what is like a column's name, or like a number that is none, and nothing else.
_TITLE = r"[^\W\d_][\w()/%°-]{0,24}( [\w()/%°-]{1,12}){0,2}"
_NUMBER_LIKE = r"[-+0-9.,;:eE% ]{1,20}|[A-Za-z/#?*-]{1,4}"
MOST_TITLES = 20


def _plausible(header: list[str]) -> list[str]:
    return [title for title in header if re.fullmatch(_TITLE, title)]


def titles_of(header: list[str]) -> str:
    """The names of a table's columns, as far as they are like such names."""
    if not header:
        return "nothing"
    names = _plausible(header)[:MOST_TITLES]
    if not names:
        return f"{len(header)} columns without such names" if header[1:] else "no such name"
    left = len(header) - len(names)
    return ", ".join(names) + (f" and {left} more" if left else "")


def _shown(cell: str) -> str:
    return describe(cell) if not cell or re.fullmatch(_NUMBER_LIKE, cell) else "a text"


def _compact(values: array[float]) -> Values:
    """Few numbers as a tuple; many stay an array, which takes a quarter of the memory."""
    return values if len(values) > MANY else tuple(values)


def _check_header(header: list[str], mistake: Note) -> None:
    inputs = [title for title in header if title != TARGET]
    if len(inputs) > MAX_FEATURES:
        mistake("line 1", f"at most {MAX_FEATURES} columns of inputs", f"{len(inputs):,}")
        return
    expected = element_keys("x", len(inputs)) if inputs else ("x",)
    if inputs == ["x1"]:
        header[header.index("x1")] = "x"
        return
    if sorted(inputs) != sorted(expected) or len(set(header)) != len(header):
        wanted = "the columns x (or x1, x2, …) and target, or others by columns = {x = …}"
        wrong = _plausible([title for title in inputs if title not in expected])
        hint = did_you_mean(wrong[0], (*expected, TARGET)) if wrong else ""
        mistake("line 1", wanted, titles_of(header) + hint)


def _csv_number(title: str, cell: str, line: int, mistake: Note) -> float:
    text = cell.strip()
    if not text and title == TARGET:
        return math.nan
    try:
        value = float(text if "_" not in text else "")
    except ValueError:
        mistake(f"line {line}, {title}", "a number", _shown(text))
        return math.nan
    if _is_refused(value, title == TARGET):
        mistake(f"line {line}, {title}", FINITE, _shown(text))
    return value
