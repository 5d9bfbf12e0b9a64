"""The sheet ``Checks``: what the workbook checks of itself, a line a kind, and one flag."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.language.keys import derivative_key
from cellcalc.model.model import LOSS
from cellcalc.resources import sentence
from cellcalc.workbook.book import FAILURE, Book, Sheet
from cellcalc.workbook.guards import Words
from cellcalc.workbook.layout import (
    SYMBOL,
    TITLE_ROWS,
    TOTAL,
    Layout,
    setting_values,
    title_of,
)
from cellcalc.workbook.sheets.bptt import EXACT, bptt_rows
from cellcalc.workbook.sheets.gradients import results
from cellcalc.workbook.sheets.train import TITLE as TRAIN
from cellcalc.workbook.sheets.train import passes_of
from cellcalc.xlsx.cells import (
    Cell,
    Row,
    Rows,
    absolute,
    letters,
    literal,
)
from cellcalc.xlsx.page import flag, fold, link, scale_to, set_up_page, set_widths

WHAT, VALUE, LIMIT, RESULT = 1, 2, 3, 4  # columns
OVERALL, HEADING = 3, 5  # rows
MARGIN = 1e-9
OVERALL_CELL = absolute(OVERALL, VALUE)
FAILED_CELL = absolute(OVERALL, RESULT)  # how many checks fail
ALIKE = 1e4  # numbers further apart than this are not checked together
MOST_ARGUMENTS, MOST_CHARACTERS = 200, 7_500
MOST_GAPS = 60  # of gradients, in one formula
MOST_COMPUTED_AGAIN = 20_000  # cells
_REFERENCE = re.compile(
    r"(?<![\w.$!':])(\$?[A-Z]{1,3}\$?[0-9]+(?::\$?[A-Z]{1,3}\$?[0-9]+)?)(?![\w(!])"
)


_QUOTED = re.compile(r'("(?:[^"]|"")*")')
_NO_NUMBER = ("", "–")  # in place of one
_OR_TEXT = tuple(f',"{word}")' for word in _NO_NUMBER)  # how such formulas end
_COPY = re.compile(r"(?:'[^']+'|\w+)!\$?[A-Z]+\$?[0-9]+")


@dataclass(frozen=True)
class Check:
    """A formula whose value must lie within the limit of 0; ``given`` is a result made elsewhere.

    ``value`` and ``result`` are those of the workbook as it is written. With ``as_written`` it
    holds only as long as nothing has been changed. ``place`` is what it is about.
    """

    what: str
    formula: str
    value: float = 0.0
    limit: float = MARGIN
    given: str = ""
    result: str = "OK"
    as_written: bool = False
    place: str = ""


@dataclass
class Kind:
    """Checks of one kind, which are folded under one line where there are several."""

    what: str
    checks: list[Check] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """How many of them fail as the workbook is written."""
        return sum(check.result == FAILURE for check in self.checks)


def checks(book: Book) -> Iterator[Sheet]:
    """The sheet; it looks at the sheets made before it."""
    kinds = [_alone(kind) for kind in _kinds(book) if kind.checks]
    book.failed = sum(kind.failed for kind in kinds)
    rows = list(_rows(kinds))
    if any(sheet.title == TRAIN and not _is_computed_again(sheet) for sheet in book.made):
        words = sentence("checks", "train_chosen")
        rows.insert(OVERALL, Row(HEADING - 1, [Cell(WHAT, "note", words)]))
    places = {row: check.place for row, check in _numbered(kinds) if check and check.place}

    def set_up(sheet: Worksheet) -> None:
        set_widths(sheet, (54, 12, 10, 10))
        sheet.freeze_panes = f"A{HEADING + 1}"
        fold(sheet)
        flag(sheet, f"{letters(RESULT)}{HEADING + 1}:{letters(RESULT)}{rows[-1].number}")
        flag(sheet, OVERALL_CELL.replace("$", ""))
        for row, place in places.items():
            link(sheet, f"{letters(WHAT)}{row}", place)
        set_up_page(sheet)
        scale_to(sheet, (54, 12, 10, 10))
        sheet.page_setup.scale = 75  # what is not folded on one page
        sheet.print_title_rows = f"{HEADING}:{HEADING}"

    yield Sheet(title_of("Checks"), Rows(rows, RESULT, rows[-1].number), set_up)


def _is_computed_again(sheet: Sheet) -> bool:
    """Whether the sheet has few enough cells for that."""
    return sheet.rows.width * sheet.rows.height <= MOST_COMPUTED_AGAIN or (
        sum(bool(c.formula) for row in sheet.rows.rows for c in row.cells) <= MOST_COMPUTED_AGAIN
    )


def _alone(kind: Kind) -> Kind:
    """A kind of one check, which no line stands above: the check says what it is about."""
    if len(kind.checks) > 1 or not kind.what:
        return kind
    return Kind(kind.what, [replace(kind.checks[0], what=kind.what)])


def _numbered(kinds: list[Kind]) -> Iterator[tuple[int, Check | None]]:
    """The rows of the sheet: a check, or None for the line of a kind."""
    row = HEADING
    for kind in kinds:
        if len(kind.checks) > 1:
            row += 1
            yield row, None
        for check in kind.checks:
            row += 1
            yield row, check


def _rows(kinds: list[Kind]) -> Iterator[Row]:
    first, last = HEADING + 1, max(row for row, _ in _numbered(kinds))
    yield Row(1, [Cell(1, "title", sentence("checks", "title"))], lines=2)
    yield Row(2, [Cell(1, "note", sentence("checks", "note"))])
    results = f"{absolute(first, RESULT)}:{absolute(last, RESULT)}"
    label = Cell(WHAT, "label", sentence("checks", "overall"))
    fine = ("OK", "see below", sentence("checks", "changed"))
    counts = "-".join(f'COUNTIF({results},"{word}")' for word in fine)
    failed = f"{last - first + 1}-{counts}"  # also where one has been typed over
    text = f'IF({FAILED_CELL}=0,"OK","{FAILURE}")'
    fails = sum(kind.failed for kind in kinds)
    yield Row(
        OVERALL,
        [
            label,
            Cell(VALUE, "flag", FAILURE if fails else "OK", text),
            Cell(LIMIT, "strip_label", sentence("checks", "failed")),
            Cell(RESULT, "whole", float(fails), failed),
        ],
    )
    titles = [sentence("checks", name) for name in ("what", "value", "limit", "result")]
    yield Row(HEADING, [Cell(k, "heading", title) for k, title in enumerate(titles, 1)])
    number = HEADING
    for kind in kinds:
        folded = len(kind.checks) > 1
        if folded:
            number += 1
            below = f"{letters(RESULT)}{number + 1}:{letters(RESULT)}{number + len(kind.checks)}"
            yield _line(number, kind, f'COUNTIF({below},"{FAILURE}")')
        for check in kind.checks:
            number += 1
            yield _row(number, first, check, folded)


def _line(number: int, kind: Kind, text: str) -> Row:
    """The line of a kind: how many of its checks fail."""
    value = f"{letters(VALUE)}{number}"
    return Row(
        number,
        [
            Cell(WHAT, "label", kind.what),
            Cell(VALUE, "whole", float(kind.failed), text),
            Cell(LIMIT, "whole", 0.0),
            # Not a failure itself: that would be counted twice.
            Cell(
                RESULT,
                "flag",
                sentence("checks", "below") if kind.failed else "OK",
                f'IF({value}=0,"OK","{sentence("checks", "below")}")',
            ),
        ],
        collapsed=True,
    )


def _row(number: int, first: int, check: Check, folded: bool) -> Row:
    value = f"{letters(VALUE)}{number}"
    text = check.given or f'IF(ABS({value})<={letters(LIMIT)}{number},"OK","{FAILURE}")'
    if check.as_written:  # the first check says whether anything has been changed
        changed = sentence("checks", "changed")
        text = f'IF(ABS({absolute(first, VALUE)})>{absolute(first, LIMIT)},"{changed}",{text})'
    return Row(
        number,
        [
            Cell(WHAT, "link_text" if check.place else "text", check.what),
            Cell(VALUE, "exponent", check.value, check.formula),
            Cell(LIMIT, "exponent", check.limit),
            Cell(RESULT, "flag", check.result, text),
        ],
        outline=int(folded),
        hidden=folded,
    )


def _kinds(book: Book) -> Iterator[Kind]:
    first = book.first
    if book.large is None:
        yield Kind("", [_inputs(first)])
        written = [check for layout in book.layouts for check in _stored(layout)]
        yield Kind(sentence("checks", "as_written"), written)
        yield from _again(book)
        yield from _sheets_again(book)
    if book.has("Gradients") and first.windows and book.large is None:
        yield Kind("", list(_by_two_ways(book.seen)))
    if book.pass_shown:
        yield Kind(sentence("checks", "pass_twice"), list(_pass_twice(book)))
    errors, word = [], Words.of(book.trace.model).word
    for sheet in book.made:  # the title is in the first row, and may be any text
        cells = f"'{sheet.title}'!A2:{letters(sheet.rows.width)}{sheet.rows.height}"
        what = sentence("checks", "errors", sheet=sheet.title)
        text = f'IF(ISERROR(MAX({cells})),1,COUNTIF({cells},"{word}"))'
        errors.append(Check(what, text, limit=0.0))
    yield Kind(sentence("checks", "all_errors"), errors)


def _by_two_ways(layout: Layout) -> Iterator[Check]:
    """The gradients by backpropagation against those by forward mode."""
    found = results(layout)
    if found:
        area, stored = found
        failed = stored.count(FAILURE)
        text = f'COUNTIF({area},"{FAILURE}")'
        result = FAILURE if failed else "OK"
        yield Check(sentence("checks", "two_ways"), text, float(failed), 0.0, result=result)


def _pass_twice(book: Book) -> Iterator[Check]:
    """The pass chosen as Train has it, against the sheet that computes it anew."""
    passes = passes_of(book)
    assert passes is not None and book.pass_shown is not None
    layout, number = book.seen, book.pass_shown[1].cell(book.home)
    one = layout.pass_trace
    place = f"{layout.quoted}!{absolute(layout.rows[LOSS], TOTAL)}"
    what = sentence("checks", "pass_loss")
    yield Check(what, f"{passes.loss(number)}-{place}", limit=_limit([one.loss or 0.0]))
    for k, window in enumerate(layout.windows):
        there = f"{layout.quoted}!"
        gaps = [
            f"{passes.gradient(name, k, number)}-{there}{window.total(derivative_key(name))}"
            for name in layout.trace.initial
        ]
        what = sentence("checks", "pass_gradients", number=window.number)
        for at in range(0, len(gaps), MOST_GAPS):
            text = f"SQRT(SUMSQ({','.join(gaps[at : at + MOST_GAPS])}))"
            yield Check(what, text, limit=_limit(one.windows[k].gradients.values()))


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


def _again(book: Book) -> Iterator[Kind]:
    """Every formula of the BPTT sheets computed once more from the cells that it reads.

    A cell whose formula has been overwritten is found as soon as it is not what it should be.
    """
    left = MOST_COMPUTED_AGAIN
    for layout in book.layouts + ([book.seen] if book.pass_shown else []):
        kinds: dict[str, Kind] = {}
        for row in bptt_rows(layout).rows:
            cells = [c for c in row.cells if c.formula is not None and _is_number(c)]
            left -= len(cells)
            if not cells or left < 0:
                continue
            labels = {c.column: str(c.value) for c in row.cells if c.column <= SYMBOL}
            group = labels.get(1, "")
            said = sentence("checks", "again", sheet=layout.title, group=group)
            kind = kinds.setdefault(group, Kind(said))
            symbol = labels.get(SYMBOL, "")
            words = {"symbol": symbol, "sheet": layout.title}
            kind.checks += _cells_again("row_again", words, [(row.number, cells)], "B")
        yield from kinds.values()


def _sheets_again(book: Book) -> Iterator[Kind]:
    """The same of the other sheets, and of what stands beside the grid of BPTT."""
    grids = {layout.title: layout for layout in [*book.layouts, book.seen]}
    for sheet in book.made:
        if sheet.hidden or sheet.title in ("Practice", "Equations"):
            continue
        if not _is_computed_again(sheet):
            continue
        grid = grids.get(sheet.title)
        name = "sheet_again" if grid is None else "beside_again"
        kind = Kind(sentence("checks", name, sheet=sheet.title))
        rows: list[tuple[int, list[Cell]]] = []
        for row in sheet.rows.rows:
            cells = [c for c in row.cells if c.formula and OVERALL_CELL not in c.formula]
            if grid is not None and row.number > TITLE_ROWS:
                cells = [c for c in cells if c.column > grid.width]
            rows.append((row.number, cells))
        kind.checks += _cells_again("rows", {"sheet": sheet.title}, rows)
        yield kind


def _is_number(cell: Cell) -> bool:
    return isinstance(cell.value, int | float)


def _gap(cell: Cell, row: int, there: str) -> str:
    """How far a cell is from what its formula gives; for a text 1 where it is another one."""
    own, formula = f"{there}{letters(cell.column)}{row}", cell.formula or ""
    pieces = _QUOTED.split(formula)  # what stands in quotes is no reference
    pieces[::2] = [_REFERENCE.sub(rf"{there}\1", piece) for piece in pieces[::2]]
    again = "".join(pieces)
    if formula.endswith(_OR_TEXT) and (cell.value in _NO_NUMBER or _is_number(cell)):
        return f"N({own})-N({again})"
    if isinstance(cell.value, str):
        return f"IF(EXACT({own},{again}),0,1)"
    if _COPY.fullmatch(formula):  # of what was put in, which may be a text
        return f"SUM({own})-SUM({again})"
    return f"{own}-({again})"


def _cells_again(
    says: str,
    words: Mapping[str, str],
    rows: list[tuple[int, list[Cell]]],
    column: str = "",
) -> Iterator[Check]:
    """The cells of some rows of a sheet, in as few checks as hold them.

    ``says`` is the sentence that names them, with ``words``; ``column`` is where each is looked at,
    if not at its first formula.
    """
    title = words["sheet"]
    there = f"'{title}'!" if " " in title else f"{title}!"
    texts: list[str] = []
    sizes: list[float] = []  # of the largest number of each row, but 0
    first = last = 0
    place = ""

    def check() -> Check:
        limit = EXACT * max([1e-150, *sizes])
        text = f"SQRT(SUMSQ({','.join(texts)}))"
        what = sentence("checks", says, **words, row=first, last=last)
        return Check(what, text, limit=limit, place=place)

    for row, cells in rows:
        numbers = (abs(float(c.value)) for c in cells if isinstance(c.value, int | float))
        size = max(numbers, default=0.0)
        if size and sizes and not min(sizes) / ALIKE < size < max(sizes) * ALIKE:
            yield check()
            texts, sizes = [], []
        for cell in cells:
            text = _gap(cell, row, there)
            if len(text) > MOST_CHARACTERS:  # a text: no number, at least
                text = f"COUNT({there}{letters(cell.column)}{row})"
            if len(texts) >= MOST_ARGUMENTS or sum(map(len, texts)) + len(text) > MOST_CHARACTERS:
                yield check()
                texts, sizes = [], []
            if not texts:
                first, place = row, f"{there}{column or letters(cell.column)}{row}"
            last = row
            texts.append(text)
            sizes += [size] if size else []
    if texts:
        yield check()
