"""What each number of a table is: from all labels above it and beside it, whatever the layout.

A header may have several rows, and labels of its own at each row; a cell that is merged with
others stands for all of them; tables stand beside and below one another. What a number is follows
from its labels together: a step and a quantity, a gate and what of it, a parameter and which of
its values. Where they do not tell, the table is none of these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from cellcalc.check.reading.labels import (
    CELL_STATES,
    KEPT,
    ROMAN,
    WHOLE_LOSS,
    Label,
    gate_among,
    is_header,
    label_of,
    of_gate,
    sort_parts,
)
from cellcalc.check.reading.prose import is_setting
from cellcalc.check.reading.vocabulary import called, words

Rows = Sequence[Sequence[str]]
Place = Callable[[int, int], int | str]

NUMBER = re.compile(r"[-+]?\s?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:\s*[eE][-+]?[0-9]+)?\s?%?")
NOTED = re.compile(
    r"[≈~]?\s*[-+]?\s?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:\s*[eE][-+]?[0-9]+)?\s?"
    r"(?:[·x×*]\s?10\s?\^?\s?\{?[-+⁻]?[0-9⁰-⁹]+\}?)?\s?(?:[*✓✔†‡]|\([^()]{1,20}\))?"
)
_PAIR_IN_CELL = re.compile(
    rf"(?P<name>(?:d_?|∂[LEJ]/∂|d[LEJ]/d|grad\s+)?(?:[WUb]_\w{{1,3}}|V|b_?y|[hcL]_?0|L))\s*[=:]\s*"
    rf"(?P<value>{NUMBER.pattern})"
)
EMPTY = ("", "-", "–", "—", "n/a", "na", "nan", "none", "null", "/", "\\", "--", "---", "...", "…")
_STEP_NUMBER = re.compile(r"([0-9]{1,6})(?:[.,]0+)?")
_PARAMETER = re.compile(r"(?:d_?|∂[LEJ]/∂|d[LEJ]/d)?(?:[WUbRp]_?\{?\w{0,9}\}?|V|b_y)'?")
_OF_READOUT = re.compile(r"(?:d_?|∂[LEJ]/∂|d[LEJ]/d|grad\s)?(?:V|b_?y|W_?y)'?")
_GIVEN = re.compile(r"[WUbRp]_?\{?\w{0,9}\}?|V|b_y")
_OF_LOSS = re.compile(r"∂|δ|∇|d[A-Za-z_]|grad", re.IGNORECASE)


_FEATURE = re.compile(r"x_?[1-9]")
ROWS = "rows"
_NAMING = ("quantity", "gate", "sort", "part")


class UnclearError(Exception):
    """The labels of a number do not tell what it is."""


@dataclass
class _Table:
    """Rows below one header, in some of the columns."""

    gate: str = ""
    header: list[tuple[int, list[str]]] = field(default_factory=list)
    rows: list[tuple[int, list[str], tuple[str, ...]]] = field(default_factory=list)


@dataclass(frozen=True)
class Number:
    """A number of a table, and what it is: for ``left``, at the step ``t`` where it has one."""

    row: int
    column: int
    left: str
    t: int | None
    value: str
    stage: str = ""
    window: int | None = None
    epoch: int | None = None
    sequence: int | None = None
    known: bool = True  # or else its labels name nothing that is a quantity
    is_row: bool = False  # its step is the number of its row, from 0
    aside: bool = False  # it stands in a column of remarks, which ``left`` heads


def numbers_of(rows: Rows, titles: Sequence[str] = ()) -> list[Number]:
    """The numbers of a table with what each is; none where its labels tell it of no number.

    ``titles`` stand above the table. Of a number whose labels contradict one another, or name
    nothing that may be a quantity, ``left`` is what they say.
    """
    found = list(_numbers(_without_marks(_from_1(_without_settings(rows))), tuple(titles)))
    return found if any(one.known for one in found) else []


_MARKED_STEP = re.compile(r"[\[(]\s*([0-9]{1,4})\s*[\])]|([0-9]{1,4})\s*[).:]")


def _without_marks(rows: Rows) -> Rows:
    """The rows with 1, 2, 3 for (1), (2), (3) or 1), 2), 3) in a row or in the first column."""
    made = [_unmarked(row, row[0:1]) for row in rows]
    first = _unmarked([row[0] if row else "" for row in made], [])
    head = next((k for k, cell in enumerate(first) if label_of(cell).kind == "time"), len(first))
    below = [cell.lower() for cell in first[head + 1 :] if cell]
    if below and all(cell in ROMAN for cell in below):
        first[head + 1 :] = [
            str(ROMAN.index(cell.lower()) + 1) if cell else cell for cell in first[head + 1 :]
        ]
    return [[cell, *row[1:]] if row else row for cell, row in zip(first, made, strict=True)]


def _unmarked(cells: Sequence[str], kept: Sequence[str]) -> list[str]:
    matches = {k: m for k, c in enumerate(cells) if (m := _MARKED_STEP.fullmatch(c))}
    numbers = [int(match[1] or match[2]) for match in matches.values()]
    if len(set(numbers)) < 2 or not _are_steps(numbers) or (0 in matches and kept):
        return list(cells)
    return [str(int(matches[k][1] or matches[k][2])) if k in matches else c
            for k, c in enumerate(cells)]  # fmt: skip


def _without_settings(rows: Rows) -> Rows:
    """The rows without the settings that stand beside a table: learning rate, 0.2."""
    return [_unset(row) if len(row) > 3 else row for row in rows]


def _unset(row: Sequence[str]) -> Sequence[str]:
    filled = [k for k, cell in enumerate(row) if cell]
    if len(filled) < 4:
        return row
    *_, before, name, value = filled
    is_beside = before + 1 < name and name + 1 == value
    if not is_beside or not is_value(row[value]) or not is_setting(row[name]):
        return row
    if (len(row[name]) < 2 and row[name].isascii()) or label_of(row[name]).kind in (
        "time",
        "step",
        "pass",
        "number",
    ):
        return row
    return [*row[:name], *[""] * (len(row) - name)]


_COLUMN_OF = re.compile(r"\[\s*(?::\s*,\s*)?([0-9]{1,3})\s*\]$")  # dW[:,1]


def _from_1(rows: Rows) -> Rows:
    """The rows with dW1 and dW2 in the header for dW[:,0] and dW[:,1], as a program has them."""
    number = next((k for k, row in enumerate(rows) if sum(map(bool, row)) > 1), 0)
    found = [match[1] for cell in rows[number] if (match := _COLUMN_OF.search(cell))]
    if len(found) < 2 or not any(":" in cell for cell in rows[number]):
        return rows
    later = 1 if "0" in found else 0
    header = [_COLUMN_OF.sub(lambda m: str(int(m[1]) + later), cell) for cell in rows[number]]
    return [*rows[:number], header, *rows[number + 1 :]]


def is_value(cell: str) -> bool:
    return bool(NUMBER.fullmatch(cell) or NOTED.fullmatch(cell)) or cell.lower() in ("inf", "-inf")


# Where tables begin and end.


def _numbers(rows: Rows, titles: tuple[str, ...]) -> Iterator[Number]:
    width = max(map(len, rows))
    full = [[*row, *[""] * (width - len(row))] for row in rows]
    for first, last in _beside(full):
        for table in _with_headers_below(_below([row[first:last] for row in full], titles)):
            for number in _of_table(table):
                yield replace(number, column=number.column + first)


def _beside(rows: list[list[str]]) -> list[tuple[int, int]]:
    """The columns of tables that stand beside one another: from, and up to.

    They begin behind an empty column, or at a second column of steps, with labels of their own.
    """
    width = len(rows[0])
    filled = [any(row[k] for row in rows) for k in range(width)]
    header = next((row for row in rows if sum(map(bool, row)) > 1), rows[0])
    times = [k for k, cell in enumerate(header) if cell and label_of(cell).kind == "time"]
    starts = {k for k in range(1, width) if filled[k] and not filled[k - 1]} | set(times[1:])
    kept = [0, *sorted(k for k in starts if _has_labels(rows, k)), width]
    return list(pairwise(kept))


def _has_labels(rows: list[list[str]], column: int) -> bool:
    """Whether a column has steps or names, and no values."""
    cells = [row[column] for row in rows if row[column]]
    names = sum(not is_value(cell) for cell in cells)
    head = next((k for k, cell in enumerate(cells) if label_of(cell).kind == "time"), len(cells))
    steps = cells[head + 1 :]
    is_time = bool(steps) and all(map(_STEP_NUMBER.fullmatch, steps))
    return (is_time and head < 3) or names == len(cells) > 1


def _below(rows: list[list[str]], titles: tuple[str, ...]) -> Iterator[_Table]:
    """The tables that stand below one another, each with the rows of its header."""
    gate = _gate_among(rows)
    table, told = _Table(gate), titles
    is_apart = False  # whether there is a gap, or a title, above the row
    for number, row in enumerate(rows):
        filled = [cell for cell in row if cell]
        if not filled:
            is_apart = True
            continue
        if len(filled) == 1 and not is_value(filled[0]) and len(row) > 1:
            title = filled[0].lstrip("# ")
            is_of_all = label_of(title) == Label("stage", "d") and _is_once(rows, title)
            told = (title,) if is_of_all else _titled(told, title)
            is_apart = True
            continue
        if row[0].startswith("#"):  # a comment, which may name the columns
            bare = [row[0].lstrip("# "), *row[1:]]
            if not is_header(bare):
                told = _titled(told, ", ".join(filter(None, bare)))
                continue
            row = bare
        is_pair = len(filled) == 2 and not is_value(filled[0]) and is_value(filled[1])
        if is_header_row := _is_header(row, table, is_apart):
            if table.rows:
                yield table
                table = _Table(gate)
            table.header.append((number, row))
        elif is_apart and is_pair and table.rows:  # grad V, -0.13, alone
            yield table
            table = _Table(gate)
        is_apart = False
        if is_header_row:
            continue
        table.rows.append((number, row, told))
    if table.rows or table.header:
        yield table


def _gate_among(rows: Sequence[Sequence[str]]) -> str:
    """The gate that tells what words beside it mean; where Cell stands above c, that is no other.

    Both are of a header then, which says in words and in letters what its columns hold.
    """
    are_labels = [sum(map(bool, row)) > 1 and not any(map(is_value, row)) for row in rows]
    pairs = {
        frozenset((one.lower(), other.lower()))
        for k, (above, below) in enumerate(pairwise(rows))
        if are_labels[k] and are_labels[k + 1]
        for one, other in zip(above, below, strict=False)
    }
    named = {state for state in CELL_STATES if frozenset(("cell", state)) in pairs}
    return gate_among(cell for row in rows for cell in row if cell.lower() not in named)


def _with_headers_below(tables: Iterable[_Table]) -> Iterator[_Table]:
    """The tables, where one without a header has that which stands right below its rows."""
    before: _Table | None = None
    for table in tables:
        if (
            before is not None and not before.header and not table.rows
            and len(table.header) == 1 and table.header[0][0] == before.rows[-1][0] + 1
        ):  # fmt: skip
            above, below = before.rows[-1][1], table.header[0][1]
            if all(not is_value(cell) or below[k] for k, cell in enumerate(above)):
                before = replace(before, header=table.header)
            table = before
            before = None
            yield table
            continue
        if before is not None:
            yield before
        before = table
    if before is not None and before.rows:
        yield before


def _kinds(cells: Sequence[str]) -> set[str]:
    return {label_of(cell).kind for cell in cells if cell}


def _is_once(rows: Sequence[Sequence[str]], title: str) -> bool:
    """Whether a title stands once among several of steps: it is none of the last one's parts."""
    alone = [cells[0] for row in rows if len(cells := [cell for cell in row if cell]) == 1]
    steps = sum(label_of(cell.lstrip("# ")).kind == "step" for cell in alone)
    return steps > 1 and sum(cell.lstrip("# ") == title for cell in alone) == 1


def _titled(titles: tuple[str, ...], title: str) -> tuple[str, ...]:
    """The titles that hold below another one: a step holds below parts of it."""
    if label_of(title).kind in ("step", "text"):
        return (title,)
    return (*(one for one in titles if label_of(one).kind in ("step", "pass")), title)


_KNOWN = ("time", "quantity", "gate", "sort", "stage", "step", "part", "symbol", "value", "total")
_CORNER = ("time", "symbol", "value", "aside", "number", "total", "formula", "part", "stage")


def _is_header(row: Sequence[str], table: _Table, is_apart: bool) -> bool:
    """Whether a row has labels alone, or steps; ``is_apart`` from the rows above it by a gap."""
    cells = [cell for cell in row if cell and cell.lower() not in EMPTY]
    numbers = [cell for cell in cells if is_value(cell)]
    labels = [label_of(cell) for cell in cells if not is_value(cell)]
    if not all(map(_STEP_NUMBER.fullmatch, numbers)):
        return False
    if not numbers:
        known = sum(label.kind in _KNOWN for label in labels)
        is_first = bool(row[0] and labels) and labels[0].kind in ("time", "symbol")
        is_new = not table.rows or is_apart or 2 * known > len(labels) or is_first
        return len(labels) > 1 and is_new
    if is_value(row[0]) or not all(label.kind in _CORNER for label in labels):
        return False
    is_time = any(label.kind == "time" for label in labels)
    return _are_steps([int(cell.partition(".")[0]) for cell in numbers]) and (
        is_time or (not table.rows and len(numbers) > 1)
    )


def _are_steps(numbers: Sequence[int]) -> bool:
    """Whether numbers run on, up or down, once or again and again."""
    run = next((k for k in range(1, len(numbers)) if numbers[k] == numbers[0]), len(numbers))
    steps = {b - a for a, b in pairwise(numbers[:run])}
    again = all(numbers[k] == numbers[k % run] for k in range(len(numbers)))
    return again and len(numbers) % run == 0 and (steps <= {1} or steps <= {-1})


# What the columns of a table are.


def _of_table(table: _Table) -> Iterator[Number]:
    width = max(len(row) for _, row, _ in table.rows)
    cells = [[row[k] for _, row, _ in table.rows] for k in range(width)]
    stacks = [_of_candidate(list(_stack(table, k)), cells[k]) for k in range(width)]
    stacks = _of_errors(stacks)
    sorts = _sorts(stacks, cells)
    values = [k for k in range(width) if sorts[k] == "value"]
    asides = [k for k in range(width) if sorts[k] == "skipped" and stacks[k]]
    named = _with_merged(table, sorts)
    staged = any(label.kind == "stage" for k in values for label in stacks[k])
    renewed = any(
        label.kind == "sort" and _stage_of_sort(label.says) in ("new", "d")
        for k in values for label in stacks[k]
    )  # fmt: skip
    corners = tuple(
        row[k]
        for _, row in table.header[-1:]
        for k, sort in enumerate(sorts)
        if sort == "label" and row[k] and label_of(row[k]).kind == "stage"
    )  # "gradient of", above W, U, b
    for place, (number, row, titles) in enumerate(table.rows):
        titles = (*titles, *corners)
        filled = [
            k for k in values
            if row[k].lower() not in EMPTY and not _is_total(row[k]) and not _says(row, k)
        ]  # fmt: skip
        for k in asides:
            if is_value(row[k]):
                heads = [label.says for label in stacks[k]]
                yield Number(number, k, heads[0], None, row[k], known=False, aside=True)
        for k in filled:
            beside = _labels_beside(named[place], sorts, k, table.gate)
            labels = _Labels(tuple(stacks[k]), tuple(beside), titles, staged, len(values) == 1)
            if (pair := _PAIR_IN_CELL.fullmatch(row[k])) is not None:  # V=1.6, in a cell
                yield Number(number, k, pair["name"], None, pair["value"])
                continue
            has_step = any(label.kind == "step" for label in stacks[k])
            own = None if has_step else _alone(row, sorts, filled)
            if own is not None:  # "loss of block" below t
                above = tuple(label for label in stacks[k] if label.kind == "stage")
                labels = _Labels(above, (own,), titles, False, True)
            if (
                sorts[k - 1] == "value" and (own := _said_before(row, k)) is not None
            ):  # L =, and its number in the next cell
                labels = _Labels((), (own,), titles, False, True)
            try:
                found = _meant(Number(number, k, "", None, row[k]), labels)
                if renewed and not found.stage and _GIVEN.fullmatch(found.left):
                    found = replace(found, stage="given")  # W beside W'
            except UnclearError:
                found = _unclear(Number(number, k, "", None, row[k]), labels)
            if filled == values[:1] and _PARAMETER.fullmatch(found.left.removeprefix("∂L/∂")):
                found = replace(found, t=None)  # a gradient in a table of steps
            yield found


def _alone(row: Sequence[str], sorts: Sequence[str], filled: Sequence[int]) -> Label | None:
    """What a name in the column of steps says of the only number of its row."""
    if len(filled) != 1:
        return None
    told = [row[k] for k, sort in enumerate(sorts) if sort == "time" and row[k]]
    named = [row[k] for k, sort in enumerate(sorts) if sort == "label" and row[k]]
    if len(named) == 1 and _OF_READOUT.fullmatch(named[0]):
        return label_of(named[0])  # dL/dV, below the gates
    label = label_of(told[0]) if len(told) == 1 and not is_value(told[0]) else None
    return label if label is not None and label.kind in ("quantity", "gate") else None


def _says(row: Sequence[str], column: int) -> bool:
    """Whether a cell tells what the number in the next one is: "L =", "sum of E:"."""
    following = row[column + 1] if column + 1 < len(row) else ""
    if not row[column] or is_value(row[column]) or not is_value(following):
        return False
    is_pair = sum(map(bool, row)) == 2 and label_of(row[column]).kind == "quantity"
    return is_pair or row[column].endswith(("=", ":"))


def _said_before(row: Sequence[str], column: int) -> Label | None:
    if not column or not _says(row, column - 1):
        return None
    return label_of(row[column - 1].rstrip("=: "))


def _of_candidate(stack: list[Label], column: Sequence[str]) -> list[Label]:
    """The labels above a column, where n above fractions is no step but PyTorch's candidate."""
    numbers = [cell for cell in column if is_value(cell)]
    if not numbers or all(map(_STEP_NUMBER.fullmatch, numbers)):
        return stack
    is_n = [label.kind == "time" and label.says == "n" for label in stack]
    return [Label("quantity", "n") if n else x for n, x in zip(is_n, stack, strict=True)]


# Half the square of an error, in whichever signs
_HALF_SQUARE = re.compile(
    r"(?:½|1/2|\(1/2\)|0?[.,]5)\s*[*·×]?\s*[^²^*]{1,30}(?:²|\^2|\*\*2)|[^²^*]{1,30}(?:²|\^2|\*\*2)\s*/\s*2"
)


def _of_errors(stacks: list[list[Label]]) -> list[list[Label]]:
    """The labels above the columns, where an error stands beside half its square: y - target."""
    lowest = [stack[0] if stack else None for stack in stacks]
    errors = (*words("loss")["errors"], "err", "err.", "e", "e_t", "eₜ", "residual", "diff")
    squares = [k for k, one in enumerate(lowest) if one and _HALF_SQUARE.fullmatch(one.says)]
    plain = [k for k, one in enumerate(lowest) if one and one.says.lower() in errors]
    if len(squares) != 1 or len(plain) != 1:
        return stacks
    found = list(stacks)
    found[squares[0]], found[plain[0]] = [Label("quantity", "E")], [Label("quantity", "dy")]
    return found


def _is_total(cell: str) -> bool:
    return not is_value(cell) and label_of(cell).kind == "total"


def _stack(table: _Table, column: int) -> Iterator[Label]:
    """The labels above a column, the lowest first; a merged cell stands for all below it."""
    depth = len(table.header)
    for level in range(depth - 1, -1, -1):
        row = table.header[level][1]
        cell = row[column]
        if not cell and level < depth - 1 and table.header[depth - 1][1][column]:
            k = next((k for k in range(column, -1, -1) if row[k]), -1)
            is_corner = k >= 0 and not table.header[depth - 1][1][k] and k != column
            cell = "" if k < 0 or is_corner else row[k]
        if cell and cell.lower() not in EMPTY:
            step = _STEP_NUMBER.fullmatch(cell)
            label = Label("step", cell, int(step[1])) if step else label_of(cell, table.gate)
            if label.kind == "part" and "stage" in _kinds(row[:column]) and level < depth - 1:
                before = [label_of(one) for one in row[:column] if one]
                yield from (one for one in before[-2:] if one == Label("stage", "d"))
            if label.kind == "stage" and label.says == "given" and (steps := _steps_in(row)):
                label = Label("step", cell, min(steps) - 1)  # start, step 1, step 2; start, 3, 4
            yield label


def _steps_in(row: Sequence[str]) -> list[int]:
    labels = [label_of(cell) for cell in row if cell]
    return [label.t for label in labels if label.kind == "step" and label.t is not None]


def _sorts(stacks: list[list[Label]], cells: list[list[str]]) -> list[str]:
    """What each column holds: "time", "label", "pass:window", "skipped" or "value".

    Or "rows": the numbers that a program gives to rows, from 0.
    """
    found = []
    for stack, column in zip(stacks, cells, strict=True):
        kinds = [label.kind for label in stack if label.kind != "unit"]
        filled = [cell for cell in column if cell.lower() not in EMPTY]
        numeric = [cell for cell in filled if is_value(cell)]
        steps = [cell for cell in filled if _STEP_NUMBER.fullmatch(cell)]
        of_pass = next((k for k in kinds if k in ("window", "epoch", "sequence")), "")
        if of_pass and len(steps) == len(filled):
            found.append(f"pass:{of_pass}")
        elif "time" in kinds and "step" not in kinds and len(numeric) == len(steps):
            found.append("time")
        elif "number" in kinds and len(steps) == len(filled):
            found.append("number")
        elif kinds and kinds[0] in ("aside", "formula", "number"):
            found.append("skipped")
        elif not numeric:
            found.append("label" if filled else "skipped")
        elif (
            not stack
            and len(steps) + sum(map(_is_total, filled)) == len(filled)
            and _may_be_index(found, steps)
        ):
            found.append("index")
        else:
            found.append("value")
    is_text = any(cells[0]) and not any(map(is_value, cells[0]))
    before = found[: found.index("value")] if "value" in found else found
    if found[0] == "skipped" and "label" not in before and is_text:
        found[0] = "label"  # below the title of the table: Forward, t = 1, t = 2
    times = [k for k, sort in enumerate(found) if sort == "time"]
    for k, sort in enumerate(found):
        if sort == "index":
            is_of_program = next(filter(None, cells[k])) == "0"  # which has numbered the rows
            is_of_steps = "label" not in found and any(map(_begins_at_1, stacks))
            found[k] = "time" if not is_of_program else "rows" if is_of_steps else "skipped"
            found[k] = "skipped" if times else found[k]
        if sort == "number":
            found[k] = "skipped" if times or "label" in found else "time"
    return found


def _begins_at_1(stack: Sequence[Label]) -> bool:
    """Whether a column has a gate, an input or a target, of which there is none before step 1."""
    return any(
        label.letter in ("f", "i", "o", "r", "u") or label.says in ("x", "x1", "target")
        for label in stack
    )


def _may_be_index(before: list[str], steps: list[str]) -> bool:
    """Whether whole numbers without a heading are steps: in front of all values."""
    numbers = [int(step.partition(".")[0]) for step in steps]
    return "value" not in before and len(set(numbers)) > 1 and max(numbers) <= len(numbers)


def _with_merged(table: _Table, sorts: list[str]) -> list[list[str]]:
    """The rows, whose cells that are merged with those above have what stands there."""
    found: list[list[str]] = []
    before: list[str] | None = None
    title: tuple[str, ...] | None = None
    for _, row, titles in table.rows:
        made = list(row)
        lead = next((k for k, cell in enumerate(row) if cell), 0)
        has_label = any(row[k] for k, sort in enumerate(sorts) if sort in ("label", "time", "rows"))
        if before is not None and titles == title and has_label:
            for k in range(lead):
                if sorts[k] in ("label", "time", "rows") or sorts[k].startswith("pass"):
                    made[k] = before[k]
        found.append(made)
        before, title = made, titles
    return found


def _labels_beside(row: Sequence[str], sorts: Sequence[str], column: int, gate: str) -> list[Label]:
    """The labels of a row that are a number's, the nearest first: left of it, or else right."""
    before = range(column - 1, -1, -1)
    after = range(column + 1, len(sorts))
    for columns in (before, after):
        found: list[Label] = []
        for k in columns:
            if sorts[k] == "value":
                if _is_total(row[k]):
                    found.append(label_of(row[k]))  # above the sum beside it
                elif any(one.kind != "total" for one in found):
                    break
            if sorts[k] not in ("value", "skipped") and row[k].lower() not in EMPTY:
                found.append(_label_beside(row[k], sorts[k], gate))
        if found:
            return [*found, *_of_whole_row(row, sorts, found, gate)]
    return []


def _of_whole_row(
    row: Sequence[str], sorts: Sequence[str], found: Sequence[Label], gate: str
) -> Iterator[Label]:
    """The epoch, the window or the step of a row, from which numbers part a label."""
    told = {label.says if label.kind == "pass" else label.kind for label in found}
    for k, sort in enumerate(sorts):
        kind = sort[5:] if sort.startswith("pass:") else "step" if sort in ("time", "rows") else ""
        if kind and kind not in told and row[k].lower() not in EMPTY:
            label = _label_beside(row[k], sort, gate)
            if label.kind in ("pass", "step"):
                yield label


def _label_beside(cell: str, sort: str, gate: str) -> Label:
    step = _STEP_NUMBER.fullmatch(cell)
    if sort.startswith("pass:"):
        return Label("pass", sort[5:], int(step[1]) if step else None)
    if sort == "rows" and step:
        return Label("step", ROWS, int(step[1]))
    if sort == "time" and step:
        return Label("step", cell, int(step[1]))
    return label_of(cell, gate)


# What a number is.


@dataclass(frozen=True)
class _Labels:
    """All labels of a number: the lowest above it and the nearest beside it first.

    ``staged`` tells that columns of the table hold several values of a parameter, ``alone`` that
    it has one column of numbers only.
    """

    above: tuple[Label, ...]
    beside: tuple[Label, ...]
    titles: tuple[str, ...]
    staged: bool
    alone: bool


def _meant(number: Number, told: _Labels) -> Number:
    """A number, and what its labels say that it is."""
    above, beside = told.above, told.beside
    labels = [*above, *beside]
    around = [label_of(title) for title in told.titles]
    steps = {label.t for label in labels if label.kind == "step"} or {
        label.t for label in around if label.kind == "step"
    }
    stages = {x.says for x in labels if x.kind == "stage"} or {
        x.says for x in around if x.kind == "stage"
    }
    if len(steps) > 1 or len(stages) > 1:
        raise UnclearError
    t, stage = next(iter(steps), None), next(iter(stages), "")
    features: list[Label] = []
    if any(label.kind == "quantity" and _PARAMETER.fullmatch(label.says) for label in labels):
        features = [x for x in labels if _FEATURE.fullmatch(x.says)]  # dW_f below x1
        above, beside = (tuple(x for x in some if x not in features) for some in (above, beside))
        sorts = [x for x in labels if x.kind == "sort" and not _is_other(x, labels)]
        stage = next((_stage_of_sort(x.says) for x in sorts), stage)
        above, beside = (tuple(x for x in some if x not in sorts) for some in (above, beside))
    above, beside = _of_one_gate(above, beside)
    passes = {label.says: label.t for label in [*around, *labels] if label.kind == "pass"}
    left, known = _named(above, beside, around, told.alone)
    if (
        len(features) == 1 and "W" in left and not left[-1].isdigit()
    ):  # what has no features may stand below the first
        left += features[0].says[-1]
    if left == WHOLE_LOSS:
        t = None
    elif totals := [label for label in labels if label.kind == "total"]:
        if not left:
            raise UnclearError
        left, t = _total(left, any(map(_is_sum, totals))), None
    if told.staged and not stage and _PARAMETER.fullmatch(left):
        stage = "given"
    if stage == "d" and left.startswith("Σ "):
        stage = ""  # of the gradients that a column has step by step
    elif stage == "d":
        is_wordy = len(left) > 2 and left.lower() in called("quantities")
        of_loss = f"gradient of {left.lower()}" if is_wordy else f"∂L/∂{left}"
        of_loss = f"d{left}" if left in ("h_prev", "c_prev") else of_loss
        left, stage = left if _OF_LOSS.match(left) else of_loss, ""
    elif stage in KEPT:
        left, stage = f"{stage}_{left}", ""
    is_row = any(label.kind == "step" and label.says == ROWS for label in labels)
    return replace(
        number, left=left, t=t, stage=stage, known=known, is_row=is_row,
        window=passes.get("window"), epoch=passes.get("epoch"), sequence=passes.get("sequence"),
    )  # fmt: skip


_OF_GATE = re.compile(
    r"(?P<lead>d_?|∂[LEJ]/∂|d[LEJ]/d|grad(?:ient)?[_ ]|δ_?|delta[_ ])?(?:(?P<stem>[WURbp])_?)?\{?"
    r"(?P<gate>[figoruzncCaj]|[cCgh][\u0303\u0304\u0302])\}?(?:_t|ₜ|\[t\])?",
)


def _is_other(sort: Label, labels: Sequence[Label]) -> bool:
    """Whether a sort such as U stands at the W of a gate: then only the gate is meant by that."""
    stem = sort_parts(sort.says)[1][:1]
    found = [m for x in labels if x.kind == "quantity" and (m := _OF_GATE.fullmatch(x.says))]
    return any(match["stem"] and match["stem"] != stem for match in found)


def _of_one_gate(
    above: tuple[Label, ...], beside: tuple[Label, ...]
) -> tuple[tuple[Label, ...], tuple[Label, ...]]:
    """Labels in which dW_f or grad f, where U stands above, is the gate f, and U is dU."""
    named = [x for x in (*above, *beside) if x.kind in _NAMING]
    sorts = [x for x in named if x.kind == "sort"]
    others = [x for x in named if x.kind not in ("sort", "part")]
    if len(sorts) != 1 or len(others) != 1 or others[0].kind != "quantity":
        return above, beside
    match = _OF_GATE.fullmatch(others[0].says)
    if match is None or not (match["stem"] or match["lead"]):
        return above, beside
    lead, stem, feature, mark = sort_parts(sorts[0].says)
    sort = Label("sort", f"{lead or ('d' if match['lead'] else '')}{stem}{feature}{mark}")
    gate = Label("gate", match["gate"], letter=match["gate"])
    return tuple(
        tuple(sort if x is sorts[0] else gate if x is others[0] else x for x in some)
        for some in (above, beside)
    )  # type: ignore[return-value]


def _unclear(number: Number, told: _Labels) -> Number:
    """A number whose labels do not tell what it is, with what they say; or one of a remark."""
    remark = next((label for label in told.beside if label.kind == "aside"), None)
    if remark is not None and not any(label.kind in _NAMING for label in told.beside):
        return replace(number, left=remark.says, known=False, aside=True)
    labels = [label for label in (*told.above, *told.beside) if label.kind != "step"]
    says = dict.fromkeys(label.says for label in labels)
    return replace(number, left=" / ".join(says), known=False)


def _named(
    above: Sequence[Label], beside: Sequence[Label], around: Sequence[Label], is_alone: bool
) -> tuple[str, bool]:
    """The quantity that labels name together; where they name none, what they say instead."""
    own = [label for label in (*above, *beside) if label.kind in _NAMING]
    if any(label.says == WHOLE_LOSS for label in beside):
        return WHOLE_LOSS, True
    sorts = [label for label in own if label.kind == "sort"]
    parts = [label for label in own if label.kind == "part"]
    gates = [label for label in own if label.kind == "gate"]
    told = gates or [label for label in around if label.kind == "gate"]
    letters = {label.letter for label in told}
    if gates and len(own) == len(gates):
        sorts = [label for label in around if label.kind == "sort"]  # dU, above f, i, g, o
    if sorts and not letters and [part.says for part in parts] == ["z"]:
        return of_gate(sorts[0].says, "z"), True  # a gate that is called z, below ∂L/∂W
    if sorts and len(letters) == 1:
        if len(sorts) > 1 or len(own) > len(sorts) + len(gates):
            raise UnclearError
        return of_gate(sorts[0].says, letters.pop()), True
    if parts and len(letters) == 1 and len(own) == len(parts) + len(gates):
        if len(parts) > 1:
            raise UnclearError
        part = parts[0].letter
        return f"{part}{letters.pop()}" if part or not gates else gates[0].says, True
    is_value_of = any(label.kind == "value" for label in (*above, *beside))
    if len(gates) == 1 and gates[0].says == "c" and gates[0].wordy and is_value_of:
        return "cell (value)", False  # of the candidate, or of the state
    named = [label for label in own if label.kind != "part"]
    if not named:
        if titles := [label for label in around if label.kind in ("quantity", "gate")]:
            return titles[-1].says, True
        if parts:
            return parts[0].says, True
        texts = [label for label in (*above, *beside) if label.kind == "text"]
        if not texts:
            raise UnclearError
        return texts[0].says, False
    symbols = [label for label in named if not label.wordy] or named[:1]
    if len({label.says for label in symbols}) > 1 or (len(named) > 1 and not _agree(named)):
        raise UnclearError
    texts = [label for label in (*above[:1], *beside) if label.kind == "text"]
    if texts and not is_alone and not any(label is symbols[0] for label in above):
        return f"{symbols[0].says} ({texts[0].says})", False
    return symbols[0].says, True


def _agree(named: Sequence[Label]) -> bool:
    """Whether several names may be of one quantity: Forget gate and f, or z_f."""
    letters = {label.letter for label in named if label.letter}
    if len(letters) > 1:
        return False
    wordy = [label for label in named if label.wordy]
    symbols = [label for label in named if not label.wordy]
    if not wordy or not symbols:
        return True
    known = called("quantities")
    keys = {label.letter or known.get(label.says.lower(), "") for label in wordy} - {""}
    return not keys or any(key in symbol.says for key in keys for symbol in symbols)


def _stage_of_sort(sort: str) -> str:
    """Which value of a parameter a column holds that is headed dW, W' or W."""
    lead, _, _, mark = sort_parts(sort)
    return "new" if mark or lead.strip() == "new" else "d" if lead else "given"


def _is_sum(label: Label) -> bool:
    return label.says == "Σ" or label.says.lower() in words("columns")["sum"]


def _total(left: str, is_sum: bool) -> str:
    """What the sum of a quantity's values over the steps is called."""
    bare = re.sub(r"(?:_\{?t\}?|ₜ|\[t\])$", "", left.lower())
    losses = (*words("loss")["words"], *words("loss")["errors"], "e", "l", "j")
    if bare in losses or called("quantities").get(bare) in ("E", "L"):
        return "L"
    is_parameter = bool(_PARAMETER.fullmatch(left.removeprefix("∂L/∂")))
    return f"Σ {left}" if is_sum and not is_parameter else left
