"""Putting a workbook together: which sheets it has, and what is defined for all of them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.trace import PassTrace, Trace
from cellcalc.errors import OptionError, OutputError, unknown
from cellcalc.model.model import LOSS
from cellcalc.resources import sentence
from cellcalc.studies.exercise import CHOICE, EQUATIONS, HIDDEN, Assignment, sealed
from cellcalc.toml import listed
from cellcalc.workbook.book import Book, Handout, Sheet
from cellcalc.workbook.guards import Words
from cellcalc.workbook.large_numbers import LARGE
from cellcalc.workbook.large_numbers import SHEETS as LARGE_SHEETS
from cellcalc.workbook.layout import (
    FIRST,
    MOST_PASSES,
    TOTAL,
    Layout,
    defined_name,
    derived_rows,
    lay_out,
    setting_names,
    sheet_of,
    title_of,
)
from cellcalc.workbook.sheets.bptt import bptt_rows, grey_behind, set_up_bptt, show_overwritten
from cellcalc.workbook.sheets.checks import FAILED_CELL, checks
from cellcalc.workbook.sheets.equations import equations
from cellcalc.workbook.sheets.gradients import gradients
from cellcalc.workbook.sheets.practice import practice as practice_sheets
from cellcalc.workbook.sheets.start import AFTER_CHECKS, start
from cellcalc.workbook.sheets.step import step
from cellcalc.workbook.sheets.tracing import (
    Tracing,
    has_look,
    has_trace,
    look_of,
    traced,
    with_look,
)
from cellcalc.workbook.sheets.train import chosen_pass, train
from cellcalc.workbook.sheets.unrolled import unrolled
from cellcalc.workbook.sheets.windows import windows
from cellcalc.xlsx.cells import MAX_COLUMNS, MAX_ROWS, TooLongError, absolute
from cellcalc.xlsx.styles import STYLES, write_samples
from cellcalc.xlsx.writer import fixed_date, write_package


def _bptt(book: Book) -> Iterator[Sheet]:
    """The computation itself; beside an exercise it is the key, and hidden."""
    key = bool(book.practice)
    for layout in book.layouts + ([book.seen] if book.pass_shown else []):
        rows = bptt_rows(layout)
        if book.large:
            rows = bptt_rows(layout, sentence("sheet", "large_note"))
            rows = book.large.tolerant(layout.title, rows)
        if has_look(book, layout):
            rows = with_look(book.moment, layout, rows)
        if has_trace(book, layout):
            rows = traced(book, layout, rows)
        set_up = partial(_set_up_bptt, book=book, layout=layout, locked=key)
        yield Sheet(layout.title, rows, set_up, hidden=key)


def _set_up_bptt(sheet: Worksheet, book: Book, layout: Layout, locked: bool) -> None:
    """The rules that come first win: of what is wrong, of the trace, of gates and gradients."""
    if has_look(book, layout):
        grey_behind(sheet, layout, look_of(layout))
    if book.has("Checks") and book.large is None and not locked:
        show_overwritten(sheet, layout)
    if has_trace(book, layout):
        Tracing(book, layout).set_up(sheet)
    set_up_bptt(sheet, layout, locked, look_of(layout) if has_look(book, layout) else None)


# The kinds of sheet, in their order in the workbook. BPTT is always there: the others refer to it.
SHEETS: dict[str, Callable[[Book], Iterator[Sheet]]] = {
    "Start": start,
    "Unrolled": unrolled,
    "BPTT": _bptt,
    "Step": step,
    "Windows": windows,
    "Gradients": gradients,
    "Train": train,
    "Checks": checks,
    "Practice": practice_sheets,
    "Equations": equations,
}

ON_REQUEST = {"Practice"}
FAILED = "checks_failed"
# Where what stood on sheets of former versions is now.
FORMER = {"guide": "Start", "cell": "Step", "charts": "Unrolled", "flow": "Windows"}


def build_workbook(
    trace: Trace,
    file: BinaryIO,
    sheets: Sequence[str] = (),
    practice: str = "",
    blank: bool = False,
    key: bool = False,
    handout: Handout | None = None,
    assignment: Assignment | None = None,
) -> tuple[str, ...]:
    """Write the workbook of a trace to a binary file; the kinds of sheet that it had to do without.

    These are sheets that nobody asked for, with a formula that is too long for a cell, as of
    hundreds of inputs.

    ``sheets`` names the kinds of sheet to include; where it is empty, all but the
    exercise and Flow.
    ``practice`` ("backward", "all", "c,dc", …) makes an exercise: the sheet to fill in with the
    start and the equations; with ``key`` the computation is there too, hidden, and each answer is
    judged by it; else nothing in the file holds an answer, and what is judged is whether one
    follows from those before it. ``blank`` is the same on paper, alone; ``handout`` the same for
    a student of a class, with nothing from which an answer could be worked back. ``assignment`` is
    an exercise of another level than that of ``practice``, which it takes the place of.

    Raises :class:`~cellcalc.errors.OutputError` when the workbook is larger than a spreadsheet
    can be, or holds what a spreadsheet cannot: an input that is not a finite number; and
    :class:`~cellcalc.errors.OptionError` for a sheet or symbol that there is not. A trace with
    numbers that a spreadsheet cannot compute with (see ``large_numbers``) makes the sheets
    that are nothing but the computation.
    """
    check_size(trace)
    if blank and sheets:
        raise OptionError("blank", "no `sheets` with it", ", ".join(sheets))
    practice = assignment.what if assignment is not None else practice
    if blank or handout is not None:
        blank = True
        practice, sheets = practice or "backward", ("Practice",)
    assignment = assignment or Assignment(practice)
    if practice and not key and not blank and assignment.level in (EQUATIONS, HIDDEN):
        practice = sealed(trace, practice)
        assignment = replace(assignment, what=practice)
    chosen = _chosen(sheets, assignment, blank, key)
    if not trace.model.state:  # nothing is handed on from step to step, so nothing is unrolled
        if any(name.casefold() == "unrolled" for name in sheets):
            raise OptionError("sheets", "a cell with a state for the sheet Unrolled", "none")
        chosen = tuple(kind for kind in chosen if kind != "Unrolled")
    left_out: list[str] = []
    while True:
        kept = tuple(kind for kind in chosen if kind not in left_out)
        book = Book(trace, kept, practice, blank, tuple(sheets), key, assignment, handout)
        try:
            _write(book, file, sheets)
        except TooLongError as error:
            title = re.sub(r" [0-9]+$", "", error.sheet)
            kind = next((kind for kind in SHEETS if title_of(kind) == title), title)
            if kind not in SPARED or kind in left_out or book.asked(kind):
                raise
            left_out.append(kind)
            file.seek(0)
            file.truncate()
        else:
            return tuple(left_out)


SPARED = {"Unrolled", "Step", "Windows", "Gradients", "Train", "Checks"}  # where they do not fit


def _write(book: Book, file: BinaryIO, sheets: Sequence[str]) -> None:
    """Make the sheets and write them; ``sheets`` are those that were asked for."""
    trace, practice = book.trace, book.practice
    if book.large:
        book.chosen = _without_study(book.chosen, sheets, practice)
    book.pass_shown = chosen_pass(book)
    workbook = Workbook()
    for kind, make in SHEETS.items():
        if book.has(kind) and kind not in ("Start", "Checks"):
            book.made += make(book)
    if book.has("Start"):  # it lists the others, and comes before them
        book.made[:0] = start(book)
    if book.has("Checks"):  # it looks at all others
        made = list(checks(book))
        if book.failed and book.has("Start"):
            book.made[:1] = start(book)  # with the lamp that says so
        after = set(map(title_of, AFTER_CHECKS))
        later = (k for k, sheet in enumerate(book.made) if sheet.title in after)
        at = next(later, len(book.made))
        book.made[at:at] = made
    for number, sheet in enumerate(book.made):
        worksheet = workbook.active if number == 0 else workbook.create_sheet()
        assert isinstance(worksheet, Worksheet)
        worksheet.title = sheet.title
        if number == 0:
            write_samples(worksheet)
        if sheet.hidden:
            worksheet.sheet_state = "hidden"
        sheet.set_up(worksheet)
    asked = [kind for kind in book.chosen if kind != "BPTT"] if sheets else []
    asked = ["Practice"] if practice else asked
    if asked:  # it opens on what it is about
        workbook.active = [sheet.title for sheet in book.made].index(_shown(book, asked))
    if book.has("BPTT"):
        _define_names(workbook, book)
    _describe(workbook, trace)
    contents = {sheet.title: sheet.rows for sheet in book.made}
    if not practice:  # where a word is what a student typed, and no sum may fail for it
        words = Words.of(trace.model)
        contents = {title: words.rows(rows) for title, rows in contents.items()}
    date = fixed_date(os.environ.get("SOURCE_DATE_EPOCH"))
    lines = {sheet.title: sheet.lines for sheet in book.made if sheet.lines}
    write_package(file, workbook, STYLES, contents, date, lines)


def _shown(book: Book, asked: Sequence[str]) -> str:
    """The first sheet that was asked for and is there."""
    titles = [sheet.title for sheet in book.made]
    return next((title_of(kind) for kind in asked if title_of(kind) in titles), titles[0])


def moved(names: Sequence[str]) -> dict[str, str]:
    """For each name of a sheet of a former version the sheet that its content is on now."""
    return {name: FORMER[name.casefold()] for name in names if name.casefold() in FORMER}


def _chosen(
    names: Sequence[str], assignment: Assignment, blank: bool, key: bool = False
) -> tuple[str, ...]:
    """The kinds of sheet wanted, in their order."""
    practice = assignment.what
    known = {**{kind.casefold(): kind for kind in SHEETS}, **FORMER}
    known |= {title_of(kind).casefold(): kind for kind in SHEETS}
    for name in names:
        if name.casefold() not in known:
            expected = f"names of sheets ({listed(list(SHEETS))})"
            kinds = [kind.casefold() for kind in SHEETS]
            raise OptionError("sheets", expected, unknown(name.casefold(), kinds))
    wanted = {known[name.casefold()] for name in names}
    if not names:
        wanted = {"Start", "Equations"} if practice else set(SHEETS) - ON_REQUEST
        if assignment.level in (HIDDEN, CHOICE):  # which the equations are is the question
            wanted.discard("Equations")
    if "Practice" in wanted and not practice:
        raise OptionError("sheets", "`practice` with the sheet Practice", "none")
    if not blank:
        wanted |= {"Practice"} if practice else {"BPTT"}
        if practice and key:
            wanted.add("BPTT")
    if practice and not blank and not key:  # nothing that holds an answer
        harmless = {"Start", "Practice", "Equations"}
        if assignment.level in (HIDDEN, CHOICE):
            harmless.discard("Equations")
        for kind in sorted(wanted - harmless):
            raise OptionError("sheets", f"`key` with an exercise and the sheet {kind}", "none")
    return tuple(kind for kind in SHEETS if kind in wanted)


def _without_study(
    chosen: tuple[str, ...], sheets: Sequence[str], practice: str
) -> tuple[str, ...]:
    """The kinds of sheet for numbers that are too large to compute with."""
    left = [kind for kind in chosen if kind not in LARGE_SHEETS]
    if practice or (sheets and left):
        what = "an exercise" if practice else f"the sheet {left[0]}"
        expected = f"numbers below {LARGE:g} for {what}"
        raise OutputError(f"workbook: expected {expected}, found larger ones")
    return tuple(kind for kind in chosen if kind in LARGE_SHEETS)


def _define_names(workbook: Workbook, book: Book) -> None:
    """Names for what a person edits or reads first."""
    sheet = book.first
    names = [*sheet.trace.initial, *setting_names(sheet.trace)]
    places = {name: (sheet.rows[name], FIRST) for name in names}
    if sheet.windows:
        first = sheet.windows[0]
        for quantity in sheet.model.gradients:
            places[quantity.symbol] = (first.rows[quantity.symbol], TOTAL)
        places["loss"] = (sheet.rows[LOSS], TOTAL)
    taken: set[str] = set()
    if book.has_moment:
        for name, where in book.moment.names().items():
            taken.add(name.casefold())
            workbook.defined_names[name] = DefinedName(name, attr_text=where)
    if book.has("Checks"):
        taken.add(FAILED)
        where = f"{sheet_of('Checks')}!{FAILED_CELL}"
        workbook.defined_names[FAILED] = DefinedName(FAILED, attr_text=where)
    for symbol, (row, place) in places.items():
        name = defined_name(symbol, taken)
        reference = f"{sheet.quoted}!{absolute(row, place)}"
        workbook.defined_names[name] = DefinedName(name, attr_text=reference)


def _describe(workbook: Workbook, trace: Trace) -> None:
    workbook.properties.title = trace.specification.title
    workbook.properties.creator = "cellcalc"
    workbook.calculation.fullCalcOnLoad = True


MAX_SWEPT = 200_000  # rows of backward windows, which take a minute
MAX_CELLS = 5_000_000  # more takes minutes to open
MAX_STEPS = MAX_COLUMNS - FIRST - 1


def check_size(trace: Trace) -> None:
    """Raise :class:`~cellcalc.errors.OutputError` for a trace that makes no workbook.

    Either it is too large, or an input is not a finite number, which no cell can hold.
    """
    passes = [layout.pass_trace for layout in lay_out(trace)]
    longest = max(pass_trace.steps for pass_trace in passes)
    if longest > MAX_STEPS:
        raise _too_large("steps", MAX_STEPS, longest)
    if len(passes) > MOST_PASSES:
        fit = f"{MOST_PASSES} sequences"
        raise _too_large("sequences, a sheet each", MOST_PASSES, len(passes), fit)
    rows = max(_rows(pass_trace, trace) for pass_trace in passes)
    if rows > MAX_ROWS:
        raise _too_large("rows", MAX_ROWS, rows, "fewer windows (a larger k1)")
    swept = sum(len(p.windows) for p in passes) * len(derived_rows(trace.model))
    if swept > MAX_SWEPT:
        raise _too_large("rows of windows", MAX_SWEPT, swept, "fewer windows (a larger k1)")
    cells = sum(_cells(pass_trace, trace) for pass_trace in passes)
    if cells > MAX_CELLS:
        raise _too_large("cells", MAX_CELLS, cells, "fewer steps, epochs or windows (a larger k1)")
    found = trace.first_not_finite()
    if found and found[0] in {row.symbol for row in trace.model.inputs}:
        place = f"{found[0]} at t = {found[1]}"
        raise OutputError(f"workbook: expected finite inputs, found another value in {place}")


def _too_large(what: str, most: int, found: int, fit: str = "") -> OutputError:
    would = f"; {fit} would fit" if fit else ""
    return OutputError(f"workbook: expected at most {most:,} {what}, found {found:,}{would}")


def _rows(pass_trace: PassTrace, trace: Trace) -> int:
    """About how many rows the sheet of a pass has."""
    model = trace.model
    top = len(model.inputs) + len(model.parameters) * 3 + len(model.forward) + 20
    return top + len(pass_trace.windows) * (len(derived_rows(model)) + 2)


def _cells(pass_trace: PassTrace, trace: Trace) -> int:
    """About how many cells the sheet of a pass has."""
    model = trace.model
    top = (len(model.inputs) + len(model.parameters) + len(model.forward)) * (pass_trace.steps + 2)
    headings = len(pass_trace.windows) * (pass_trace.steps + 2)
    headings += sum(window.last for window in pass_trace.windows)
    return top + headings + pass_trace.schedule.backward_cells * len(derived_rows(model))
