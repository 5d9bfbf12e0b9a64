"""Tables of any kind: from rows of cells to entries.

A table has time down or across, a row a quantity or a row an answer, with whatever headers; it
may be from a CSV file, a sheet, Markdown, or columns of text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache

from cellcalc.check.answers import OWN, Entry
from cellcalc.check.reading.characters import plain
from cellcalc.check.reading.prose import stage_after, stage_of
from cellcalc.check.reading.vocabulary import called, longest_first, words

Rows = Sequence[Sequence[str]]
Place = Callable[[int, int], int | str]

_NUMBER = re.compile(r"[-+]?\s?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:\s*[eE][-+]?[0-9]+)?\s?%?")
_STEP = re.compile(
    r"(?:t|step|time\s*step|timestep|time|k|schritt|zeitschritt|zeit)?\s*[=_\s]?\s*([0-9]{1,6})(?:[.,]0+)?",
    re.IGNORECASE,
)
_GIVEN = "before"  # the part of `table --format csv` that holds the parameters as they were
_OURS = ["epoch", "sequence", "window", "update", "pass", "symbol"]  # `table --format csv`
_UNIT = re.compile(r"(?<=\S)\s+[\[(](?:[-–—/]|1|[^\W\dtT]{1,6})[\])]$")  # c [-]
# c_t = f_t c_{t-1} + i_t g_t, above its numbers
_WITH_FORMULA = re.compile(r"(?<=[\w})\]])\s*(?:=|≈)\s*(?=.*[^\W\d]).*$")
_EMPTY = ("", "-", "–", "—", "n/a", "na", "nan", "none", "null", "/")


def entries_of_rows(rows: Rows, place: Place, where: object = None) -> list[Entry] | None:
    """The answers of a table, or None where it is none that is known."""
    rows = [[plain(str(cell)).strip().strip("`$*").strip() for cell in row] for row in rows]
    if not rows or max(map(len, rows)) < 2:
        return None
    for header, row in enumerate(rows[:12]):
        filled = sum(1 for cell in row if cell)
        if filled < 1 or (filled < 2 and row[0]):
            continue
        found = _of_header(rows, header, place)
        if found is not None:
            return found if where is None else [_at(entry, where) for entry in found]
        if any(_NUMBER.fullmatch(cell) for cell in row[1:]):
            break
    found = _key_and_value(rows, place)
    return found if found is None or where is None else [_at(entry, where) for entry in found]


def _at(entry: Entry, where: object) -> Entry:
    """An entry that has no step or window of its own has that of the heading above the table."""
    t = getattr(where, "t", None) if entry.t is None and not entry.values else entry.t
    stage = entry.stage or getattr(where, "stage", "")
    window, epoch, sequence = (
        getattr(where, key, None) if getattr(entry, key) is None else getattr(entry, key)
        for key in ("window", "epoch", "sequence")
    )
    return replace(entry, t=t, window=window, epoch=epoch, sequence=sequence, stage=stage)


def _of_header(rows: Rows, number: int, place: Place) -> list[Entry] | None:
    header = [_UNIT.sub("", cell.lstrip("#").strip()) for cell in rows[number]]
    header = _gates_in_words([_WITH_FORMULA.sub("", cell) for cell in header])
    names = [cell.lower().rstrip(":").strip() for cell in header]
    below = [(k, row) for k, row in enumerate(rows) if k > number and any(row)]
    if not below:
        return None
    if again := _again(names):
        return _side_by_side(rows, number, again, place)
    if names[0] == "" and len(below) > 1 and _names_index(below[0][1]):
        header = [below[0][1][0], *header[1:]]  # the index's own line, as pandas writes it
        names = [below[0][1][0].lower(), *names[1:]]
        below = below[1:]
    if (found := _by_gate(rows[number:], lambda r, c: place(r + number, c))) is not None:
        return found
    columns = {key: _column(names, key) for key in words("columns")}
    if columns["symbol"] is None and (passes := _passes(columns)):
        return list(_by_pass(below, header, columns["time"], passes, place))
    if (
        columns["symbol"] is not None
        and (columns["value"] is not None or columns["formula"] is not None)
        and columns["symbol"] != columns["value"]
    ):
        return list(_long(below, columns, place, names))
    symbol = 0 if columns["symbol"] is None and names[0] == "" else columns["symbol"]
    if stages := _stages_of(names, symbol):
        return list(_of_parameters(below, symbol or 0, stages, place))
    across = _across(header, columns["symbol"])
    if across:
        return list(_time_across(below, header, across, place, columns["symbol"]))
    time = columns["time"]
    if time is None and names[0] == "" and len(names) > 1:
        time = 0
    others = [k for k, cell in enumerate(header) if cell and k != time]
    looks = [k for k in others if _is_symbol(header[k])]
    numeric = [k for k in looks if any(_is_value(_cell(row, k)) for _, row in below)]
    if not numeric or _NUMBER.fullmatch(header[numeric[0]]):
        return None
    if (
        time is not None
        and all(_whole(_cell(row, time)) is not None for _, row in below)
        and (names[time] != "" or _is_index(below, time))
    ):
        return list(_time_down(below, header, time, numeric, place, names[time] == ""))
    if time is None and len(below) >= 1 and len(numeric) == len(others) >= 1:
        return list(_without_time(below, header, numeric, place))
    return None


def _again(names: Sequence[str]) -> int:
    """Where a second table begins beside the first: at its own column of steps; 0 for nowhere."""
    times = [k for k, name in enumerate(names) if name in ("t", "step", "schritt", "time", "zeit")]
    return times[1] if len(times) == 2 and times[0] == 0 and times[1] > 1 else 0


def _side_by_side(rows: Rows, number: int, second: int, place: Place) -> list[Entry] | None:
    """Two tables beside one another, each with steps of its own."""
    left = _of_header([row[:second] for row in rows], number, place)
    right = _of_header([row[second:] for row in rows], number, lambda r, c: place(r, c + second))
    return None if left is None or right is None else [*left, *right]


def _names_index(row: Sequence[str]) -> bool:
    """Whether a row has a name for the first column and nothing else."""
    return row[0].lower() in words("columns")["time"] and not any(row[1:])


def _column(names: Sequence[str], key: str) -> int | None:
    known = words("columns")[key]
    return next((k for k, name in enumerate(names) if name in known), None)


def _long(
    below: Sequence[tuple[int, Sequence[str]]],
    columns: dict[str, int | None],
    place: Place,
    names: Sequence[str],
) -> Iterator[Entry]:
    """A row an answer: symbol, t, value."""
    form = OWN if list(names[:6]) == _OURS else "cell"
    part = next((k for k, name in enumerate(names) if name == "pass"), None)
    time = columns["time"] if columns["time"] != columns["symbol"] else None
    for number, row in below:
        symbol = _cell(row, columns["symbol"])
        value = _cell(row, columns["value"]) or _cell(row, columns["formula"])
        if (
            not symbol
            or value.lower() in _EMPTY
            or (part is not None and _cell(row, part) == _GIVEN)
        ):
            continue
        t = _whole(_cell(row, time)) if time is not None else None
        numbers = {
            key: _whole(_cell(row, columns[key])) if columns[key] is not None else None
            for key in ("window", "epoch", "sequence")
        }
        left = symbol if t is None or "[" in symbol else f"{symbol}[{t}]"
        column = columns["value"] if columns["value"] is not None else columns["formula"] or 0
        yield Entry(place(number, column), left, value, form=form, **numbers)  # type: ignore[arg-type]


def _across(header: Sequence[str], symbol: int | None) -> dict[int, int]:
    """The steps that stand in a header, by column: t, 1, 2, 3."""
    start = (symbol or 0) + 1
    found = {}
    for column in range(start, len(header)):
        match = _STEP.fullmatch(header[column])
        if match:
            found[column] = int(match[1])
    steps = list(found.values())
    first = header[0]
    if len(found) < 1 or len(set(steps)) != len(steps) or _NUMBER.fullmatch(first):
        return {}
    if len(found) == 1 and not (
        first.lower() in words("columns")["time"] or first.lower() in words("columns")["symbol"]
    ):
        return {}
    ordered = steps == sorted(steps) or steps == sorted(steps, reverse=True)
    return found if ordered or len(steps) > 2 else {}


def _time_across(
    below: Sequence[tuple[int, Sequence[str]]],
    header: Sequence[str],
    steps: dict[int, int],
    place: Place,
    symbols: int | None = None,
) -> Iterator[Entry]:
    section = ""
    total = next((k for k, c in enumerate(header) if c.lower() in words("columns")["total"]), None)
    named = min(steps) - 1
    if symbols is not None and symbols < named:
        named = symbols  # between it and the steps stands what each quantity means
    if total is not None and total == named:
        named -= 1
    for number, row in below:
        symbol = ""
        for column in range(max(named, 0), -1, -1):
            cell = _cell(row, column)
            if cell and not _NUMBER.fullmatch(cell):
                symbol = cell
                break
        filled = [column for column in steps if _cell(row, column)]
        if symbol and not filled:
            section = symbol  # a heading within the table
            continue
        if not symbol or not _is_symbol(symbol) or _is_header_again(row, steps, symbol):
            continue
        if len(filled) == 1 and filled[0] == min(steps) and _PARAMETER.fullmatch(symbol):
            yield from _of_section(symbol, section, _cell(row, filled[0]), place(number, filled[0]))
            continue
        for column, t in steps.items():
            value = _cell(row, column)
            if value.lower() not in _EMPTY:
                yield Entry(place(number, column), f"{symbol}[{t}]", value, form="cell")
        if total is not None and (value := _cell(row, total)).lower() not in _EMPTY:
            whole = "L" if _a_loss().fullmatch(symbol) else symbol
            yield Entry(place(number, total), whole, value, form="cell")


_PARAMETER = re.compile(r"(?:d_?|∂[LEJ]/∂|d[LEJ]/d|new |neu )?[WUbVRp]_?\w{0,4}'?")


def _is_header_again(row: Sequence[str], steps: dict[int, int], symbol: str) -> bool:
    """Whether a row is the header once more, above the next part of a table."""
    is_time = symbol.lower() in words("columns")["time"]
    return is_time and all(_whole(_cell(row, k)) in (t, None) for k, t in steps.items())


def _of_section(symbol: str, section: str, value: str, place: int | str) -> Iterator[Entry]:
    """A parameter's row, whose heading may say that its gradient stands there, or the new value."""
    entry = Entry(
        place, symbol, value, form="cell", stage=stage_of(section) or stage_after(section, True)
    )
    if re.search(r"grad|ableitung|dérivée|梯度", section, re.IGNORECASE) and symbol[0] in "WUbVRp":
        entry = replace(entry, left=f"∂L/∂{symbol}", stage="")
    yield entry


# The loss of a step, whose total is L.
@cache
def _a_loss() -> re.Pattern[str]:
    several = (*longest_first("loss", "words"), *longest_first("loss", "errors"))
    return re.compile(
        rf"[EeLJ](?:_?\{{?t\}}?|ₜ)?|{'|'.join(map(re.escape, several))}", re.IGNORECASE
    )


def _time_down(
    below: Sequence[tuple[int, Sequence[str]]],
    header: Sequence[str],
    time: int,
    columns: Sequence[int],
    place: Place,
    is_index: bool,
) -> Iterator[Entry]:
    steps = [_whole(_cell(row, time)) or 0 for _, row in below]
    for column in columns:
        values = [_cell(row, column) for _, row in below]
        if is_index and steps == list(range(len(steps))):
            # Rows that a program has numbered: which step each is follows from how many there are.
            kept = [value or "nan" for value in values]
            yield Entry(place(below[0][0], column), header[column], "", values=tuple(kept),
                        shape=(len(kept),), form="cell")  # fmt: skip
            continue
        for (number, _), t, value in zip(below, steps, values, strict=True):
            if value.lower() not in _EMPTY:
                left = _with_step(header[column], t)
                yield Entry(place(number, column), left, value, form="cell")


def _with_step(symbol: str, t: int) -> str:
    bare = re.sub(r"(?:_\{?t\}?|\[t\]|ₜ|\(t\)|,t)$", "", symbol)
    return f"{bare}[{t}]"


def _without_time(
    below: Sequence[tuple[int, Sequence[str]]],
    header: Sequence[str],
    columns: Sequence[int],
    place: Place,
) -> Iterator[Entry]:
    for column in columns:
        values = [_cell(row, column) for _, row in below]
        symbol = header[column]
        if len(values) == 1:
            if values[0].lower() not in _EMPTY:
                yield Entry(place(below[0][0], column), symbol, values[0], form="cell")
            continue
        kept = tuple(value or "nan" for value in values)
        while kept and kept[-1] == "nan":
            kept = kept[:-1]
        symbol = re.sub(r"(?:_\{?t\}?|\[t\]|ₜ|\(t\)|,t)$", "", symbol)
        if kept:
            yield Entry(
                place(below[0][0], column), symbol, "", values=kept, shape=(len(kept),), form="cell"
            )


# What an optimizer keeps for a parameter.
_KEPT = re.compile(
    r"(m|first moment|mean|1\. moment)|v|velocity|second moment|geschwindigkeit|vitesse|速度"
)


def _stages_of(names: Sequence[str], symbol: int | None) -> dict[int, str]:
    """The columns of a table of parameters: "d" their gradients, "new" and "given" their values.

    "m" and "v" are what the optimizer keeps for them.
    """
    if symbol is None:
        return {}
    found: dict[int, str] = {}
    for k, name in enumerate(names):
        if k == symbol or not name:
            continue
        is_gradient = re.search(r"grad|ableitung|∂|^d_?w$|梯度|^analytic|^backprop|^bptt$", name)
        if kept := _KEPT.fullmatch(name):
            found[k] = "m" if kept[1] else "v"
            continue
        stage = "d" if is_gradient else stage_of(name) or stage_after(name)
        if stage:
            found[k] = stage
    return found if any(stage != "given" for stage in found.values()) else {}


def _of_parameters(
    below: Sequence[tuple[int, Sequence[str]]], symbol: int, stages: dict[int, str], place: Place
) -> Iterator[Entry]:
    """A row a parameter: its value before, its gradient, and its value after the update."""
    for number, row in below:
        name = _cell(row, symbol)
        if not _is_symbol(name):
            continue
        for column, stage in stages.items():
            value = _cell(row, column)
            if value.lower() in _EMPTY:
                continue
            is_derivative = re.match(r"∂|δ|∇|d[A-Z_Lb]|grad", name)
            if stage in ("m", "v"):
                yield Entry(place(number, column), f"{stage}_{name}", value, form="cell")
                continue
            left = f"∂L/∂{name}" if stage == "d" and not is_derivative else name
            entry = Entry(place(number, column), left, value, form="cell")
            yield entry if stage == "d" else replace(entry, stage=stage)


_GATE = re.compile(
    r"[figoczrnujaCIFOG]|[cC]\u0303|c\u0303|forget|input|output|cell|candidate|update|reset", re.I
)
_ROW = re.compile(
    r"(?P<lead>new\s+|d|∂L/∂|∂[LEJ]/∂|dL/d|δ|Δ|∇)?\s*"
    r"(?P<stem>W_?x|W_?h|[WUbRpwu])(?P<feature>_?[0-9]{0,3})(?P<mark>'?|_new)"
)


_FEATURE = re.compile(
    r"\s*[\[(]\s*(?:feature|feat\.?|input|merkmal|x)\s*_?([0-9]{1,3})\s*[\])]$", re.I
)


_COLUMN_OF = re.compile(r"\[\s*(?::\s*,\s*)?([0-9]{1,3})\s*\]$")  # dW[:,1]


def _by_gate(rows: Rows, place: Place) -> list[Entry] | None:
    """Parameters or gradients by gates: a row W, U or b, a column each gate; or the other way."""
    header, *below = rows
    header = [_FEATURE.sub(r"\1", cell) for cell in header]
    columns = [match[1] for cell in header if (match := _COLUMN_OF.search(cell))]
    later = 1 if "0" in columns else 0  # a program's columns begin with 0
    header = [_COLUMN_OF.sub(lambda m: str(int(m[1]) + later), cell) for cell in header]
    of_rows = _gates_in_words([_cell(row, 0) for row in below])
    below = [[name, *row[1:]] for name, row in zip(of_rows, below, strict=True)]
    gates = [k for k, cell in enumerate(header) if k and _GATE.fullmatch(_letter(cell))]
    kinds = [k for k, cell in enumerate(header) if k and _ROW.fullmatch(cell)]
    found = []
    for number, row in enumerate(below, 1):
        for column in gates if len(gates) > 1 else kinds:
            kind, gate = (row[0], header[column]) if len(gates) > 1 else (header[column], row[0])
            match, letter = _ROW.fullmatch(kind), _letter(gate)
            if match is None or not _GATE.fullmatch(letter):
                return None
            value = _cell(row, column)
            if value.lower() not in _EMPTY:
                lead, stem, feature, mark = match.group("lead", "stem", "feature", "mark")
                left = f"{lead or ''}{stem}_{letter}{feature.removeprefix('_')}{mark}"
                found.append(Entry(place(number, column), left, value, form="cell"))
    return found or None


def _gates_in_words(header: list[str]) -> list[str]:
    """Beside a column "forget" the column "input" is the gate's."""
    if not any(re.fullmatch(r"forget(?: gate)?", cell, re.IGNORECASE) for cell in header):
        return header
    short = {"input": "i", "output": "o", "in": "i", "out": "o", "cell": "c"}
    return [short.get(cell.lower(), cell) for cell in header]


def _passes(columns: dict[str, int | None]) -> dict[str, int]:
    """The columns that say which window, epoch or sequence a row is of."""
    found = {key: columns[key] for key in ("window", "epoch", "sequence")}
    return {key: column for key, column in found.items() if column is not None}


def _by_pass(
    below: Sequence[tuple[int, Sequence[str]]],
    header: Sequence[str],
    time: int | None,
    passes: dict[str, int],
    place: Place,
) -> Iterator[Entry]:
    """A row a window, with a column for each quantity."""
    others = [k for k, cell in enumerate(header) if cell and k not in (time, *passes.values())]
    for number, row in below:
        where = {key: _whole(_cell(row, column)) for key, column in passes.items()}
        t = _whole(_cell(row, time)) if time is not None else None
        for column in others:
            value = _cell(row, column)
            if value.lower() not in _EMPTY and _is_symbol(header[column]):
                left = header[column] if t is None else _with_step(header[column], t)
                entry = Entry(place(number, column), left, value, form="cell")
                yield replace(
                    entry,
                    window=where.get("window"),
                    epoch=where.get("epoch"),
                    sequence=where.get("sequence"),
                )


def _letter(gate: str) -> str:
    """A gate's name without what stands around it: ``gate f``, ``f gate``, ``f_t``."""
    if (key := called("quantities").get(gate.lower())) in ("f", "i", "o", "g"):
        return key or ""
    return re.sub(r"\s*\bgate\b\s*|(?:_\{?t\}?|ₜ)$", "", gate, flags=re.IGNORECASE).strip()


def _key_and_value(rows: Rows, place: Place) -> list[Entry] | None:
    """Rows without a header, each a quantity and its value: dc[2], -0.07; or its values in turn."""
    found: list[Entry] = []
    width = max(map(len, rows))
    named = 0
    for number, row in enumerate(rows):
        symbol, *cells = row
        values = [cell for cell in cells if cell.lower() not in _EMPTY]
        if not symbol or not values:
            continue
        if not _is_symbol(symbol) or not all(map(_is_value, values)):
            if number == 0:
                continue
            return None
        named += 1
        if len(values) == 1:
            found.append(
                Entry(place(number, cells.index(values[0]) + 1), symbol, values[0], form="cell")
            )
        else:
            kept = tuple(cell or "nan" for cell in cells)
            found.append(
                Entry(place(number, 1), symbol, "", values=kept, shape=(len(kept),), form="cell")
            )
    return found if named and named >= min(len(rows) - 1, 1) and width >= 2 else None


def _cell(row: Sequence[str], column: int | None) -> str:
    return row[column].strip() if column is not None and column < len(row) else ""


def _whole(text: str) -> int | None:
    match = _STEP.fullmatch(text.strip())
    return int(match[1]) if match else _exact(text)


def _exact(text: str) -> int | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return int(value) if value == value and abs(value) < 1e9 and value == int(value) else None


def _is_index(below: Sequence[tuple[int, Sequence[str]]], column: int) -> bool:
    cells = [_cell(row, column) for _, row in below]
    if all(re.fullmatch(r"(?:t|step|schritt)\s*[=_ ]?\s*[0-9]{1,6}", c, re.I) for c in cells):
        return True  # t=1, t=2
    steps = list(map(_exact, cells))
    return None not in steps and steps == list(range(steps[0] or 0, (steps[0] or 0) + len(steps)))


def _is_value(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell)) or cell.lower() in ("inf", "-inf")


def _is_symbol(cell: str) -> bool:
    """Whether a cell may name a quantity: short, and no sentence."""
    return (
        bool(cell)
        and len(cell) <= 60
        and len(cell.split()) <= 4
        and bool(re.match(r"[^\W\d]|[∂\\∇]", cell))
    )
