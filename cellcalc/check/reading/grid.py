"""Tables of any kind: from rows of cells to entries.

They may be from a CSV file, a sheet, Markdown, or columns of text; what each number in them is
tells :mod:`cellcalc.check.reading.crossed`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cellcalc.check.answers import ASIDE, OWN, Entry
from cellcalc.check.reading.characters import plain
from cellcalc.check.reading.crossed import (
    EMPTY,
    Number,
    Place,
    Rows,
    is_value,
    numbers_of,
)
from cellcalc.check.reading.labels import CALL, WHOLE_LOSS, label_of
from cellcalc.check.reading.vocabulary import words

_GIVEN = "before"  # the part of `table --format csv` that holds the parameters as they were
_OURS = ["epoch", "sequence", "window", "update", "pass", "symbol"]  # `table --format csv`
_TIME = re.compile(r"(?:_\{?t\}?|\[t\]|ₜ|\(t\)|\^\{?[<(⟨]t[>)⟩]\}?|,t)$")
_EXPRESSION = re.compile(
    r"^[^=]*\([^()]*(?:_\{?t\}?|ₜ)[^()]*-[^()]*(?:_\{?t\}?|ₜ)[^()]*\)\s*(?:²|\^2|\*\*2)?"
)
_EACH_TIME = re.compile(r"_\{?t\}?|ₜ")
_GATE_ABOVE = re.compile(r"(?<=[az])\^\{?([figoC])\}?$")  # z^f_t


def entries_of_rows(rows: Rows, place: Place, where: object = None) -> list[Entry] | None:
    """The answers of a table, or None where it is none that is known."""
    rows = [
        [
            plain(str(cell)).strip().replace("$", "").replace("`", "").strip("*").strip()
            for cell in row
        ]
        for row in rows
    ]
    if not rows or max(map(len, rows)) < 2:
        return None
    found = _long(rows, place)
    if found is None:
        found = _crossed(rows, place, getattr(where, "titles", ())) or _equations(rows, place)
    return found and [_at(entry, where) for entry in found]


def _crossed(rows: Rows, place: Place, titles: Sequence[str]) -> list[Entry]:
    """The answers of a table whose labels tell what each number is."""
    groups: dict[tuple[object, ...], list[Number]] = {}
    entries: list[Entry] = []
    for one in numbers_of(rows, titles):
        key = (one.left, one.t, one.stage, one.window, one.epoch, one.sequence)
        groups.setdefault(key, []).append(one)
    for same in groups.values():
        first = same[0]
        is_product = bool(_PRODUCT.search(first.left))
        is_bare = first.t is None or is_product
        left = first.left if is_bare else _with_step(first.left, first.t or 0)
        entry = Entry(
            place(first.row, first.column), left, first.value,
            first.t if is_product else None, first.window, first.epoch,
            first.sequence, form="cell", stage=first.stage, is_row=first.is_row,
        )  # fmt: skip
        if first.aside:
            entry = replace(entry, form=ASIDE)
        is_loss = first.left == WHOLE_LOSS or first.left.lower() in words("loss")["words"]
        if is_loss and first.t is None and len({one.value for one in same}) == 1:
            same = same[:1]  # said in every row
        elif first.left == WHOLE_LOSS:
            entry = replace(entry, left=f"{WHOLE_LOSS} so far")
            entries += [replace(entry, line=place(n.row, n.column), right=n.value) for n in same]
            continue
        if len(same) == 1 or first.t is not None or not first.known:
            entries += [replace(entry, line=place(n.row, n.column), right=n.value) for n in same]
        else:
            values = tuple(one.value for one in same)
            entries.append(replace(entry, right="", values=values, shape=(len(values),)))
    return entries


_PRODUCT = re.compile(r"\w[\w{}()\[\]-]*\s*[*·⊙∘×]\s*(?=[^\W\d]|∂|\()")  # r_t * h_{t-1}
_EQUATION = re.compile(r"(?:[^\W\d]|∂)[^=≈]{0,40}[=≈]\s*[-+.0-9]")


def _equations(rows: Rows, place: Place) -> list[Entry] | None:
    """The answers of cells such as "f = 0.7, i = 0.8", beside a column of steps."""
    from cellcalc.check.reading.lines import Where, entries_of_line

    if label_of(rows[0][0]).kind != "time" or not all(len(row) > 1 for row in rows):
        return None
    entries: list[Entry] = []
    for r, (first, *cells) in enumerate(rows[1:], 1):
        step = _whole(first)
        for c, cell in enumerate(cells, 1):
            if step is not None and _EQUATION.search(cell):
                entries += entries_of_line(place(r, c), cell, Where(step))
    return entries or None


def _at(entry: Entry, where: object) -> Entry:
    """An entry that has no step or window of its own has that of the heading above the table."""
    t = getattr(where, "t", None) if entry.t is None and not entry.values else entry.t
    stage = entry.stage or getattr(where, "stage", "")
    window, epoch, sequence = (
        getattr(where, key, None) if getattr(entry, key) is None else getattr(entry, key)
        for key in ("window", "epoch", "sequence")
    )
    return replace(entry, t=t, window=window, epoch=epoch, sequence=sequence, stage=stage)


def _long(rows: Rows, place: Place) -> list[Entry] | None:
    """The answers of a table that has formulas, or that `table --format csv` prints: a row each."""
    header, *below = rows
    names = [cell.lower() for cell in header]
    kinds = [label_of(cell).kind for cell in header]
    is_ours = names[:6] == _OURS
    column = _column(kinds, "value") if is_ours else _column(kinds, "formula")
    symbol = _column(kinds, "symbol")
    if symbol is None or column is None:
        return None
    others = [k for k, kind in enumerate(kinds) if kind in ("text", "aside", "step")]
    has_numbers = any(is_value(_cell(row, k)) for row in below for k in others)
    if not is_ours and (has_numbers or not set(kinds) <= _OF_FORMULAS):
        return None
    return list(_rows_of(below, symbol, column, kinds, "pass" in names, place))


_OF_FORMULAS = {"symbol", "formula", "time", "aside", "text", "number", "window"}


def _column(kinds: Sequence[str], kind: str) -> int | None:
    return kinds.index(kind) if kind in kinds else None


def _rows_of(
    below: Rows, symbol: int, column: int, kinds: Sequence[str], is_ours: bool, place: Place
) -> Iterator[Entry]:
    time = _column(kinds, "time")
    passes = {key: _column(kinds, key) for key in ("window", "epoch", "sequence")}
    for number, row in enumerate(below, 1):
        name, value = _cell(row, symbol), _cell(row, column)
        if not name or value.lower() in EMPTY or (is_ours and _GIVEN in row):
            continue
        t = _whole(_cell(row, time)) if time is not None else None
        left = name if t is None or "[" in name else f"{name}[{t}]"
        where = {key: _whole(_cell(row, k)) for key, k in passes.items() if k is not None}
        form = OWN if is_ours else "cell"
        yield Entry(place(number, column), left, value, form=form, **where)  # type: ignore[arg-type]


# V (y_t - target), ½(ŷ-d)², y_t-d_t: the error with whatever stands around it
_NAME_WITHIN = re.compile(
    r"(?<![^\W_])(?![²³]|[VWU](?![^\W_]))[^\W\d_][\u0300-\u036f]?(?:[^\W\d_]{2,11})?(?:_\{?t\}?|ₜ|\[t\]|\(t\)|\^\{?t\}?)?(?![^\W_²³])"
)
_TERM = r"[hyŷd]\u0302?(?:_\{?t\}?|ₜ|\[t\]|\^\{?t\}?)?|[^\W\d_]{4,12}(?:_\{?t\}?|ₜ)?"
_DIFFERENCE = re.compile(
    rf"(?:(?:V|½|0\.5|1/2|\(1/2\)|\(\(1\)/\(2\)\))\s?[*·]?\s?)?(?:\(\s?(?:{_TERM})\s?[-−]\s?(?:{_TERM})\s?\)"
    rf"|(?:{_TERM})[-−](?:{_TERM}))\s?(?:²|\^\{{?2\}}?)?(?:\s?/\s?2)?"
)


def _with_step(symbol: str, t: int) -> str:
    if call := CALL.fullmatch(symbol):
        return f"{call[1]}({_with_step(call[2], t)})"
    if _EXPRESSION.search(symbol):
        return _EACH_TIME.sub(f"[{t}]", symbol)  # ½(y_t - d_t)²
    if _DIFFERENCE.fullmatch(symbol) and label_of(symbol).kind != "gate":  # Reset-Gate
        return _NAME_WITHIN.sub(lambda m: f"{_TIME.sub('', m[0])}[{t}]", symbol)
    parts = (_GATE_ABOVE.sub(r"_\1", _TIME.sub("", one)) for one in symbol.split(" - "))
    return " - ".join(f"{part}[{t}]" for part in parts)


def _cell(row: Sequence[str], column: int | None) -> str:
    return row[column].strip() if column is not None and column < len(row) else ""


def _whole(text: str) -> int | None:
    """The step that a cell names, as t = 2, 2 or 2.0."""
    if (label := label_of(text)).t is not None:
        return label.t
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return int(value) if value == value and abs(value) < 1e9 and value == int(value) else None
