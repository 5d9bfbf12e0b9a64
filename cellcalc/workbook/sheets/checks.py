"""The sheet ``Checks``: what the workbook checks of itself, in one list with one flag."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.language.tree import Expression, Mul, Symbol
from cellcalc.model.model import LOSS, Quantity
from cellcalc.resources import sentence
from cellcalc.workbook.book import Book, Sheet
from cellcalc.workbook.layout import TOTAL, Layout, WindowRows, setting_values
from cellcalc.workbook.sheets.bptt import over_steps
from cellcalc.workbook.sheets.gradients import is_exact, numerical_flag, numerical_result
from cellcalc.xlsx.cells import Cell, Row, Rows, absolute, letters, literal
from cellcalc.xlsx.page import flag, set_up_page, set_widths

WHAT, VALUE, LIMIT, RESULT = 1, 2, 3, 4  # columns
OVERALL, HEADING = 3, 5  # rows
MARGIN = 1e-9
OVERALL_CELL = absolute(OVERALL, VALUE)


@dataclass(frozen=True)
class Check:
    """A formula whose value must lie within the limit of 0; ``given`` is a result made elsewhere.

    ``value`` and ``result`` are those of the workbook as it is written. With ``as_written`` it
    holds only as long as nothing has been changed.
    """

    what: str
    formula: str
    value: float = 0.0
    limit: float = MARGIN
    given: str = ""
    result: str = "OK"
    as_written: bool = False


def checks(book: Book) -> Iterator[Sheet]:
    """The sheet; it looks at the sheets made before it."""
    found = list(_checks(book))
    rows = list(_rows(found))

    def set_up(sheet: Worksheet) -> None:
        set_widths(sheet, (86, 15, 11, 16))
        sheet.freeze_panes = f"A{HEADING + 1}"
        flag(sheet, f"{letters(RESULT)}{HEADING + 1}:{letters(RESULT)}{rows[-1].number}")
        flag(sheet, OVERALL_CELL.replace("$", ""))
        set_up_page(sheet)
        sheet.print_title_rows = f"{HEADING}:{HEADING}"

    yield Sheet("Checks", Rows(rows, RESULT, rows[-1].number), set_up)


def _rows(found: list[Check]) -> Iterator[Row]:
    first, last = HEADING + 1, HEADING + len(found)
    yield Row(1, [Cell(1, "title", sentence("checks", "title"))], lines=2)
    yield Row(2, [Cell(1, "note", sentence("checks", "note"))])
    results = f"{absolute(first, RESULT)}:{absolute(last, RESULT)}"
    label = Cell(WHAT, "label", sentence("checks", "overall"))
    text = f'IF(COUNTIF({results},"!!")=0,"OK","!!")'
    yield Row(OVERALL, [label, Cell(VALUE, "flag", "OK", text)])
    titles = [sentence("checks", name) for name in ("what", "value", "limit", "result")]
    yield Row(HEADING, [Cell(k, "heading", title) for k, title in enumerate(titles, 1)])
    for number, check in enumerate(found, first):
        value = f"{letters(VALUE)}{number}"
        text = check.given or f'IF(ABS({value})<={letters(LIMIT)}{number},"OK","!!")'
        if check.as_written:  # the first check says whether anything has been changed
            changed = sentence("checks", "changed")
            text = f'IF(ABS({absolute(first, VALUE)})>{absolute(first, LIMIT)},"{changed}",{text})'
        yield Row(
            number,
            [
                Cell(WHAT, "text", check.what),
                Cell(VALUE, "exponent", check.value, check.formula),
                Cell(LIMIT, "exponent", check.limit),
                Cell(RESULT, "flag", check.result, text),
            ],
        )


def _checks(book: Book) -> Iterator[Check]:
    first = book.first
    if book.large is None:
        yield from _of_numbers(book)
    if book.has("Gradients") and first.windows:
        name = "numerical" if is_exact(first) else "numerical_truncated"
        place = f"Gradients!{numerical_flag()}"
        yield Check(sentence("checks", name), "0", given=place, result=numerical_result(first))
    for sheet in book.made:
        cells = f"'{sheet.title}'!A1:{letters(sheet.rows.width)}{sheet.rows.height}"
        what = sentence("checks", "errors", sheet=sheet.title)
        yield Check(what, f"SUMPRODUCT(--ISERROR({cells}))", limit=0.0)


def _of_numbers(book: Book) -> Iterator[Check]:
    """What holds of numbers that a spreadsheet can compute with."""
    yield _inputs(book.first)
    for layout in book.layouts:
        yield from _stored(layout)
    for layout in book.layouts:
        ends = dict.fromkeys(id(w) for w in (*layout.windows[:1], *layout.windows[-1:]))
        for window in layout.windows:
            if id(window) in ends:
                yield from _paths(layout, window)
                yield from _products(layout, window)


def _inputs(layout: Layout) -> Check:
    """All that can be changed, against what it was."""
    settings = setting_values(layout.trace)
    given = [v for q in layout.model.inputs for v in layout.pass_trace.forward[q.symbol][1:]]
    given += [*layout.pass_trace.before.values()]
    given += [layout.pass_trace.forward[state][0] for state in layout.model.state]
    given += [value for name, value in settings.items() if name in layout.rows]
    given = [v for v in given if not math.isnan(v)]
    total = sum(given)
    areas = chain(*layout.given.values())
    places = ",".join(f"{layout.quoted}!{area}" for area in areas)
    what = sentence("checks", "inputs")
    given_text = f'IF(ABS({letters(VALUE)}{HEADING + 1})<={letters(LIMIT)}{HEADING + 1},"OK",'
    given_text += f'"{sentence("checks", "changed")}")'
    return Check(what, f"SUM({places})-({literal(total)})", limit=_limit(given), given=given_text)


def _stored(layout: Layout) -> Iterator[Check]:
    """What was computed, against the values stored when the workbook was written."""
    if not layout.windows:
        return
    loss = layout.pass_trace.loss or 0.0
    place = f"{layout.quoted}!{absolute(layout.rows[LOSS], TOTAL)}"
    what = _stored_text(layout, LOSS)
    yield Check(what, f"{place}-({literal(loss)})", limit=_limit([loss]), as_written=True)
    for name, value in layout.pass_trace.after.items():
        place = f"{layout.quoted}!{layout.cell(name, layout.steps + 1)}"
        what = _stored_text(layout, name)
        yield Check(what, f"{place}-({literal(value)})", limit=_limit([value]), as_written=True)


def _limit(values: Iterable[float]) -> float:
    """What rounding may amount to in sums of such values."""
    return MARGIN * max(1.0, sum(map(abs, values)))


def _stored_text(layout: Layout, symbol: str) -> str:
    return sentence("checks", "stored", symbol=f"{layout.title}: {symbol}")


def _paths(layout: Layout, window: WindowRows) -> Iterator[Check]:
    first, last = window.trace.first, window.trace.last

    def cells(symbol: str) -> str:
        return f"{layout.quoted}!{over_steps(window.rows[symbol], first, last)}"

    for quantity in layout.model.backward:
        paths = layout.model.paths_of(quantity)
        if paths:
            difference = "-".join(cells(row.symbol) for row in (quantity, *paths))
            what = sentence("checks", "paths", symbol=_named(layout, window, quantity.symbol))
            limit = _limit(window.trace.backward[quantity.symbol])
            yield Check(what, f"SQRT(SUMPRODUCT({difference},{difference}))", limit=limit)


def _products(layout: Layout, window: WindowRows) -> Iterator[Check]:
    """Each gradient that is a sum of products of two rows, as the product of those rows."""
    first, last = window.trace.first, window.trace.last
    starts_at_reset = bool(layout.pass_trace.schedule.resets)

    def cells(symbol: Symbol) -> str:
        row = window.rows.get(symbol.name) or layout.rows[symbol.name]
        shift = symbol.shift or 0
        return f"{layout.quoted}!{over_steps(row, first + shift, last + shift)}"

    for quantity in layout.model.gradients:
        factors = _factors(quantity)
        late = any(symbol.shift == -1 for symbol in factors)
        if factors and not (late and starts_at_reset):
            total = f"{layout.quoted}!{window.total(quantity.symbol)}"
            text = f"{total}-SUMPRODUCT({','.join(map(cells, factors))})"
            what = sentence("checks", "gradient", symbol=_named(layout, window, quantity.symbol))
            yield Check(what, text, limit=_limit(window.trace.backward[quantity.symbol]))


def _factors(quantity: Quantity) -> list[Symbol]:
    """The two symbols of a product, or the single symbol that it is; else nothing."""
    formula: Expression | None = quantity.formula
    parts = formula.factors if isinstance(formula, Mul) else (formula,)
    found = [part for part in parts if isinstance(part, Symbol) and part.shift is not None]
    return found if len(found) == len(parts) <= 2 else []


def _named(layout: Layout, window: WindowRows, symbol: str) -> str:
    number = f" {window.number}" if len(layout.windows) > 1 else ""
    return f"{layout.title}{number and ', window' + number}: {symbol}"
