"""The sheet ``Start``: the problem at a glance, the choice of moment, and what to try first."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from openpyxl.chart import BarChart, Reference
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.run import run_model
from cellcalc.engine.trace import PassTrace
from cellcalc.errors import CellcalcError
from cellcalc.language.tree import Symbol, spelled_out, symbols
from cellcalc.model.model import LOSS, TARGET, TOTAL_LOSS, Model, is_gate
from cellcalc.problems.specification import Specification
from cellcalc.problems.templates import RATE
from cellcalc.resources import gist, in_words, read_toml, said, sentence
from cellcalc.studies.exercise import CHOICE, FIRST, LAST, MISTAKE
from cellcalc.views.legend import legend
from cellcalc.views.text import columns
from cellcalc.views.topics import topics
from cellcalc.workbook.book import FAILURE, Book, Sheet
from cellcalc.workbook.layout import (
    Layout,
    WindowRows,
    free_parameters,
    setting_names,
    setting_values,
    sheet_of,
    title_of,
)
from cellcalc.workbook.moment import DIGITS_ROW, NOTICE_ROW, STRIP_ROW
from cellcalc.workbook.sheets.checks import OVERALL_CELL
from cellcalc.xlsx.cells import Cell, Row, Rows, letters, text_lines
from cellcalc.xlsx.page import flag, format_where, link, set_up_page, set_widths, show_digits
from cellcalc.xlsx.styles import POSITIVE

TITLE = "Start"
LABEL, FIRST_VALUE = 1, 2  # columns
LABEL_WIDTH, WIDTH, COLUMNS = 24, 10, 14
LAMP_LABEL, LAMP = 12, 13  # columns of the lamp of checks
MOST_STEPS, MOST_KINDS = 12, 12
MOST_SEQUENCES = 2  # whose inputs are shown
EXPERIMENTS = 5
A_PAGE = 40  # lines of print
CHART_AT, CHART_ROWS = 7, 7  # of the losses: how many steps' columns are before it, its height
AFTER_CHECKS = ("Practice", "Equations")  # sheets
# Columns of the experiments: what to do, its cell, what to watch, three numbers, what it means.
DO, DO_END, PLACE, WATCH, NOW, WRITTEN, BECOMES, MEANS, MEANS_END = 1, 4, 5, 6, 7, 8, 9, 10, 14
DO_WIDTH, MEANS_WIDTH = LABEL_WIDTH + 3 * WIDTH, 5 * WIDTH
PROSE_END = 12  # the last column of a paragraph
PROSE_WIDTH = LABEL_WIDTH + (PROSE_END - 1) * WIDTH


def _words() -> dict[str, Any]:
    words: dict[str, Any] = in_words(_guide())
    return words


@cache
def _guide() -> dict[str, Any]:
    return read_toml("templates/guide.toml")


def start(book: Book) -> Iterator[Sheet]:
    """The sheet, for this problem."""
    maker = _Start(book)
    rows = list(maker.rows())
    width = max(row.width for row in rows)
    yield Sheet(title_of(TITLE), Rows(rows, width, rows[-1].number), maker.set_up)


class _Start:
    def __init__(self, book: Book) -> None:
        self.book, self.layout, self.trace = book, book.first, book.trace
        self.model = book.trace.model
        self.names = _Names(self.model)
        self.number = 0
        self.links: list[tuple[str, str]] = []
        self.merged: list[tuple[int, int, int]] = []
        self.shown: list[str] = []  # areas whose numbers follow the choice of digits
        self.given: list[str] = []  # of these those of what is put in
        self.losses: tuple[int, int] | None = None  # the row of the losses, and how many
        self.breaks: list[int] = []  # rows after which a printed page may end
        self.lines = self.lines_before = 0  # of text, and of those before that row

    def rows(self) -> Iterator[Row]:
        rows = {row.number: row for row in self._rows()}
        moment = dict(self.book.moment.rows(TITLE)) if self.book.has_moment else {}
        for number in sorted({*rows, *moment}):
            row = rows.get(number, Row(number, []))
            cells = sorted([*row.cells, *moment.get(number, [])], key=lambda cell: cell.column)
            yield replace(row, parts=cells)

    def _rows(self) -> Iterator[Row]:
        words = _words()
        lamp = []
        if self.book.has("Checks"):
            lamp = [
                Cell(LAMP_LABEL, "strip_label", words["checks"]),
                Cell(
                    LAMP,
                    "flag",
                    FAILURE if self.book.failed else "OK",
                    f"{sheet_of('Checks')}!{OVERALL_CELL}",
                ),
            ]
        title = Cell(LABEL, "title", self.trace.specification.title)
        yield self.row(title, *lamp, lines=2)
        yield self.row(Cell(LABEL, "note", words["sentence"].format(**self.problem())))
        if self.book.has_moment:
            moment = self.book.moment
            self.number = STRIP_ROW - 1
            yield self.row(*moment.strip(TITLE))
            self.number = NOTICE_ROW - 1
            yield self.row(moment.notice())
        if self.book.practice:
            yield from self.practising()
        else:
            yield from self.inputs()
            if self.book.large is None:
                yield from self.experiments()
        scheme = self.trace.scheme
        if len(self.layout.windows) > 1:
            yield from self.section("truncated", scheme=scheme.name, expansion=scheme.expansion())
        self.breaks.append(self.number + 1)
        self.lines_before = self.lines
        yield from self.section("read")
        yield from self.sheets()
        gates = {q.symbol for q in self.model.forward if is_gate(q)}
        plain = "plain" if gates >= {"f", "i", "o"} else "plain_any"
        yield from self.section(plain, names=self.names)
        yield from self.legend()
        yield from self.topics()

    def row(self, *cells: Cell, lines: int = 1) -> Row:
        self.number += 1
        self.lines += lines
        return Row(self.number, cells, lines)

    def section(self, name: str, **words: object) -> Iterator[Row]:
        section = _words()[name]
        if section["title"]:
            yield self.row()
            yield self.row(Cell(LABEL, "section", section["title"]))
        for text in section.get("text", ()):
            yield self.paragraph(text.format(**words) if words else text)

    def practising(self) -> Iterator[Row]:
        """How the exercise is done, and what its marks mean."""
        level, key = self.book.assignment.level, self.book.key
        if level in (CHOICE, MISTAKE):
            yield from self.section(f"practice_{level}")
            yield from self.section("by_key" if key else "handed_in")
        elif key:
            yield from self.section("practice")
        else:
            yield from self.section("sealed")
            yield from self.section(f"sealed_{level}")
            words = [word.strip() for word in self.book.practice.split(",")]
            if LAST in words:
                yield from self.section("sealed_last", last=len(self.layout.windows))
            if FIRST in words:
                end = self.layout.windows[0].trace.last
                yield from self.section("sealed_first", last=end)

    def paragraph(self, text: str) -> Row:
        row = self.row(Cell(LABEL, "paragraph", text), lines=text_lines(text, PROSE_WIDTH))
        self.merged.append((self.number, LABEL, PROSE_END))
        return row

    def problem(self) -> dict[str, str]:
        s, n = self.trace.specification, self.layout.steps
        loss = sentence("guide", "no_loss")
        if s.loss:
            loss = sentence("guide", "loss", name=s.loss.name)
        if s.error:
            loss = sentence("guide", "error", name=said(s.error.title).lower())
        features = sentence("guide", "inputs" if s.features > 1 else "input", count=s.features)
        return {
            "title": s.title,
            "cell": said(s.cell.title),
            "readout": sentence("guide", "readout", name=s.readout.name),
            "loss": loss,
            "steps": sentence("guide", "steps" if n > 1 else "step", count=n),
            "features": features,
        }

    # What goes in.

    def linked(
        self, column: int, style: str, value: float | str, there: str, may_miss: bool = False
    ) -> Cell:
        """The number of a cell of a BPTT sheet, and a link to it; "–" where it may be missing."""
        self.links.append((f"{letters(column)}{self.number + 1}", there))
        text = f'IF(ISNUMBER({there}),{there},"–")' if may_miss else there
        return Cell(column, style, value, text)

    def inputs(self) -> Iterator[Row]:
        words = _words()["inputs"]
        yield self.row()
        yield self.row(Cell(LABEL, "section", words["title"]))
        yield from self.matrix()
        if self.shows_chart and self.layout.steps > CHART_AT:  # the strips begin below the chart
            while self.number < NOTICE_ROW + CHART_ROWS:
                yield self.row()
        yield from self.steps()
        yield from self.beginnings()

    @property
    def shows_chart(self) -> bool:
        """Whether there is the chart of the losses."""
        return LOSS in self.layout.rows and self.book.large is None and not self.book.practice

    def matrix(self) -> Iterator[Row]:
        """Gates down, kinds of weight across."""
        table = weights(self.model)
        kinds = list(dict.fromkeys(kind for row in table.values() for kind in row))[:MOST_KINDS]
        first = self.number + 2
        heading = [Cell(LABEL, "plain_label", _words()["inputs"]["parameters"])]
        heading += [Cell(FIRST_VALUE + k, "matrix_head", kind) for k, kind in enumerate(kinds)]
        yield self.row(*heading)
        for symbol, row in table.items():
            cells = [Cell(LABEL, "lane_label", self.says(symbol))]
            for k, kind in enumerate(kinds):
                if kind in row:
                    name = row[kind]
                    value = self.trace.initial[name]
                    place = f"{self.layout.quoted}!{self.layout.cell(name, 0)}"
                    cells.append(self.linked(FIRST_VALUE + k, "matrix_value", value, place))
            if len(cells) > 1:
                yield self.row(*cells)
        if kinds and self.number >= first:
            self.given.append(f"B{first}:{letters(FIRST_VALUE + len(kinds) - 1)}{self.number}")

    def says(self, symbol: str) -> str:
        says = gist(self.model.quantities[symbol].says, ",")
        write = self.model.unicode()
        return (
            f"{says}  {write(Symbol(symbol, 0))}"
            if columns(says) < 18
            else write(Symbol(symbol, 0))
        )

    def steps(self) -> Iterator[Row]:
        """Inputs and targets as strips over the steps, and each step's loss."""
        words = _words()["inputs"]
        many = len(self.trace.specification.sequences)
        for number, layout in enumerate(self.book.layouts[: min(many, MOST_SEQUENCES)], 1):
            text = (
                words["sequence"].format(number=number, many=many) if many > 1 else words["steps"]
            )
            yield from self.strip(layout, text)
            if number == 1 and LOSS in layout.rows and self.book.large is None:
                yield self.loss_row()

    def strip(self, layout: Layout, words: str) -> Iterator[Row]:
        """The inputs and targets of a sequence."""
        n = min(layout.steps, MOST_STEPS)
        heading = [Cell(LABEL, "plain_label", words)]
        heading += [Cell(FIRST_VALUE + t - 1, "matrix_head", float(t)) for t in range(1, n + 1)]
        if n < layout.steps:
            text = _words()["inputs"]["more"].format(last=layout.steps)
            heading.append(Cell(FIRST_VALUE + n, "note", text))
        yield self.row(*heading)
        for quantity in self.model.inputs:
            name = quantity.symbol
            cells = [Cell(LABEL, "lane_label", self.model.unicode()(Symbol(name, 0)))]
            for t in range(1, n + 1):
                value = layout.pass_trace.forward[name][t]
                shown = "–" if math.isnan(value) else value
                place = f"{layout.quoted}!{layout.cell(name, t)}"
                may_miss = name == TARGET
                at = FIRST_VALUE + t - 1
                cells.append(self.linked(at, "matrix_value", shown, place, may_miss))
            yield self.row(*cells)
        end = letters(FIRST_VALUE + n - 1)
        self.given.append(f"B{self.number - len(self.model.inputs) + 1}:{end}{self.number}")

    def loss_row(self) -> Row:
        """The loss of each step, in the pass that is shown; 0 where there is no target."""
        seen, n = self.book.seen, min(self.layout.steps, MOST_STEPS)
        cells = [Cell(LABEL, "lane_label", self.model.unicode()(Symbol(LOSS, 0)))]
        for t in range(1, n + 1):
            there = f"{seen.quoted}!{seen.cell(LOSS, t)}"
            loss = seen.pass_trace.forward[LOSS][t] if seen.pass_trace.counted(t) else 0.0
            cells.append(Cell(FIRST_VALUE + t - 1, "loss_value", loss, there))
        row = self.row(*cells)
        self.losses = (self.number, n)
        return row

    def beginnings(self) -> Iterator[Row]:
        """The initial state and what can be set, as pairs of a name and its number."""
        pairs = [
            (
                self.model.unicode()(Symbol(name)) + "₀",
                name,
                self.layout.pass_trace.forward[name][0],
            )
            for name in self.model.state
        ]
        values = setting_values(self.trace)
        names = [name for name in setting_names(self.trace) if name in self.layout.rows]
        pairs += [
            (sentence("start", name) if name == RATE else name, name, values[name])
            for name in names
        ]
        for at in range(0, len(pairs), 5):
            words = _words()["inputs"]["settings" if at else "state"]
            cells: list[Cell] = [Cell(LABEL, "plain_label", words)]
            for k, (label, name, value) in enumerate(pairs[at : at + 5]):
                place = FIRST_VALUE + 2 * k
                cells.append(Cell(place, "strip_label", label))
                where = f"{self.layout.quoted}!{self.layout.cell(name, 0)}"
                cells.append(self.linked(place + 1, "matrix_value", value, where))
            yield self.row(*cells)
            self.given.append(f"B{self.number}:{letters(cells[-1].column)}{self.number}")

    # What to try.

    def experiments(self) -> Iterator[Row]:
        words = _words()["try"]
        found = fitting(self.layout)
        if not found:
            return
        yield self.row()
        yield self.row(Cell(LABEL, "section", words["title"]))
        yield self.row(Cell(LABEL, "note", words["note"]))
        places = (DO, PLACE, WATCH, NOW, WRITTEN, BECOMES, MEANS)
        titles = dict(zip(places, words["columns"], strict=True))
        yield self.row(*(Cell(k, "heading", titles.get(k)) for k in range(DO, MEANS_END + 1)))
        self.merge_experiment()
        first = self.number + 1
        for experiment in found:
            yield self.experiment(experiment)
        if self.number >= first:
            self.shown.append(f"{letters(NOW)}{first}:{letters(BECOMES)}{self.number}")

    def merge_experiment(self) -> None:
        self.merged.append((self.number, DO, DO_END))
        self.merged.append((self.number, MEANS, MEANS_END))

    def experiment(self, experiment: Experiment) -> Row:
        quoted = self.layout.quoted
        label = self.model.label(experiment.name)
        do, means = experiment.words["do"].format(cell=label), experiment.words["means"]
        lines = max(text_lines(do, DO_WIDTH), text_lines(means, MEANS_WIDTH))
        row = self.row(
            Cell(DO, "do", do),
            *(Cell(k, "do") for k in range(DO + 1, DO_END + 1)),
            Cell(PLACE, "try_link", f"{quoted}!{experiment.cell}"),
            Cell(WATCH, "try_link", experiment.watched),
            Cell(NOW, "value", experiment.before, f"{quoted}!{experiment.place}"),
            Cell(WRITTEN, "factor", experiment.before),
            Cell(BECOMES, "factor", experiment.after),
            Cell(MEANS, "do", means),
            *(Cell(k, "do") for k in range(MEANS + 1, MEANS_END + 1)),
            lines=lines,
        )
        self.links.append((f"{letters(PLACE)}{self.number}", f"{quoted}!{experiment.cell}"))
        self.links.append((f"{letters(WATCH)}{self.number}", f"{quoted}!{experiment.place}"))
        self.merge_experiment()
        return row

    # What else there is.

    def legend(self) -> Iterator[Row]:
        """Whose symbols the workbook uses, if an author's."""
        below = legend(self.model)
        if below is not None:
            yield self.row()
            yield self.row(Cell(LABEL, "section", sentence("legend", "heading")))
            kinds = [f"{name}: {pairs}" for name, pairs in below.lists()]
            about = sentence("legend", "column_b")
            for text in (f"{below.title}.", about, *kinds, *below.notes):
                yield self.paragraph(text)

    def sheets(self) -> Iterator[Row]:
        words = _words()["sheets"]
        yield from self.section("sheets")
        shown = [sheet.title for sheet in self.book.made if not sheet.hidden]
        if self.book.has("Checks") and title_of("Checks") not in shown:  # it is made last
            after = set(map(title_of, AFTER_CHECKS))
            later = (k for k, title in enumerate(shown) if title in after)
            shown.insert(next(later, len(shown)), title_of("Checks"))
        about = {title_of(kind): text for kind, text in words.items() if kind != "title"}
        for title in (title_of(TITLE), *shown):
            text = f"{title}: {about[title]}" if title in about else title
            yield self.row(Cell(LABEL, "link", text))
            self.links.append((f"A{self.number}", f"'{title}'!A1"))

    def topics(self) -> Iterator[Row]:
        """What the command line explains, a line each."""
        yield from self.section("topics")
        for topic in topics():
            words = {"title": topic.title, "summary": topic.summary, "name": topic.name}
            yield self.paragraph(sentence("topics", "guide", **words))

    def set_up(self, sheet: Worksheet) -> None:
        set_widths(sheet, (LABEL_WIDTH, *(WIDTH,) * (COLUMNS - 1)))
        # What follows the break fits a page, unless there are very many sheets to list.
        set_up_page(sheet, pages_high=0 if self.lines - self.lines_before <= A_PAGE else 2)
        for row in self.breaks:
            sheet.row_breaks.append(Break(id=row))
        last = max(max((end for _, _, end in self.merged), default=1), LAMP)
        sheet.print_area = f"A1:{letters(last)}{self.number}"
        if self.book.has("Checks"):
            flag(sheet, f"{letters(LAMP)}1")
            link(sheet, f"{letters(LAMP)}1", f"{sheet_of('Checks')}!A1")
        for cell, place in self.links:
            link(sheet, cell, place)
        for row, first, end in self.merged:
            sheet.merge_cells(start_row=row, end_row=row, start_column=first, end_column=end)
        if self.book.has_moment:
            moment = self.book.moment
            moment.set_up(sheet, TITLE)
            if self.losses:
                row, n = self.losses
                area = f"B{row}:{letters(n + 1)}{row}"
                format_where(sheet, area, f"NOT(ISNUMBER(B{row - 1}))", '"–"')
                self.shown.append(area)
            for area in self.given:
                show_digits(sheet, area, moment.work(DIGITS_ROW), WIDTH, given=True)
            for area in self.shown:
                show_digits(sheet, area, moment.work(DIGITS_ROW), WIDTH)
            sheet.freeze_panes = f"A{NOTICE_ROW + 1}"
        if self.losses and not self.book.practice:
            self.chart(sheet, *self.losses)

    def chart(self, sheet: Worksheet, row: int, steps: int) -> None:
        """The loss of each step, beside the weights."""
        drawing = BarChart()
        drawing.type = "col"
        drawing.title = None
        drawing.width, drawing.height = 11, 3.6
        data = Reference(sheet, LABEL, row, 1 + steps, row)
        drawing.add_data(data, from_rows=True, titles_from_data=True)
        for series in drawing.series:
            series.graphicalProperties.solidFill = POSITIVE
        drawing.legend = None
        drawing.title = sentence("start", "losses")
        drawing.x_axis.delete = drawing.y_axis.delete = False
        drawing.gapWidth = 50
        sheet.add_chart(drawing, f"{letters(FIRST_VALUE + CHART_AT)}{NOTICE_ROW + 1}")


def weights(model: Model) -> dict[str, dict[str, str]]:
    """The parameters as a matrix: for each equation that has some, by kind (W₁, U, b) their names.

    A parameter that several equations have stands with the first.
    """
    table: dict[str, dict[str, str]] = {}
    seen: set[str] = set()
    known = {row.symbol for row in model.parameters}
    for quantity in model.forward:
        if quantity.formula is None:
            continue
        for used in symbols(spelled_out(quantity.formula, model.features)):
            if used.name in known and used.name not in seen:
                seen.add(used.name)
                kind = _kind(used.name)
                row = table.setdefault(quantity.symbol, {})
                row[kind if kind not in row else used.name] = used.name
    return table


def _kind(name: str) -> str:
    """What a parameter is called without the gate that it belongs to: W₁ for W_f1."""
    stem, _, rest = name.partition("_")
    digits = re.search(r"[0-9]*$", rest)
    return stem + (digits[0] if digits else "")


@dataclass(frozen=True)
class Experiment:
    """A change of one cell, and what becomes of a number: worked out for this very problem.

    ``cell`` and ``place`` are those of the change and of the number, on the first BPTT sheet;
    ``name`` is the symbol changed, ``watched`` how the number is called.
    """

    words: dict[str, Any]
    name: str
    cell: str
    watched: str
    place: str
    before: float
    after: float


def fitting(layout: Layout) -> list[Experiment]:
    """The first experiments of the guide that fit the problem and do what they promise."""
    found: list[Experiment] = []
    for words in _words()["experiment"]:
        if len(found) < EXPERIMENTS:
            experiment = _tried(layout, words)
            if experiment is not None:
                found.append(experiment)
    return found


def _tried(layout: Layout, words: dict[str, Any]) -> Experiment | None:
    """The experiment carried out; None where it does not fit, or does not do what it says."""
    trace, model = layout.trace, layout.model
    name, cell, edited = _changed(layout, words["change"], words["to"])
    if edited is None:
        return None
    watched = _watched(layout, words)
    if watched is None:
        return None
    symbol, t, window, place = watched
    alone = replace(
        edited,
        sequences=edited.sequences[:1],
        update=replace(edited.update, epochs=1),
    )
    try:
        after_pass = run_model(alone, model).passes[0]
    except CellcalcError:
        return None
    before = _read(layout.pass_trace, symbol, t, window)
    after = _read(after_pass, symbol, t, window)
    if before is None or after is None or not math.isfinite(before + after):
        return None
    first = trace.initial.get(symbol, 0.0)
    holds = {
        "zero": after == 0.0 and before != 0.0,
        "appears": before == 0.0 and after != 0.0,
        "larger": abs(after) > 1.05 * abs(before),
        "smaller": abs(after) < 0.95 * abs(before),
        "changes": abs(after - before) > 1e-6 * max(abs(before), 1e-6),
        "same": after == first and before != first,
    }[words["expect"]]
    if not holds:
        return None
    write = model.unicode(step=t) if t is not None else model.unicode()
    label = write(Symbol(symbol, 0 if t is not None else None))
    return Experiment(words, name, cell, label, place, before, after)


def _changed(layout: Layout, change: str, to: float | str) -> tuple[str, str, Specification | None]:
    """The symbol and cell that an experiment changes, and the problem so changed."""
    trace, model = layout.trace, layout.model
    s = trace.specification
    value = 0.0 if to == "" else float(to)
    sequence = s.sequences[0]
    if change == "weight":
        change = next(iter(trace.initial))
    if change in trace.initial:
        if trace.initial[change] == value:
            return change, "", None
        edited = replace(s, parameters={**s.parameters, change: value})
        return change, layout.cell(change, 0), edited
    if change in s.coefficients:
        edited = replace(s, coefficients={**s.coefficients, change: value})
        return change, layout.cell(change, 0), edited
    if change in model.state:
        if s.initial.get(change) == value:
            return change, "", None
        edited = replace(s, initial={**s.initial, change: value})
        return change, layout.cell(change, 0), edited
    if change == RATE and layout.windows:
        edited = replace(s, update=replace(s.update, settings={**s.update.settings, RATE: value}))
        return change, layout.cell(RATE, 0), edited if RATE in layout.rows else None
    if change == "x":
        name = model.inputs[0].symbol
        if name == TARGET:
            return name, "", None
        inputs = [list(values) for values in sequence.inputs]
        inputs[0][0] = value
        moved = replace(sequence, inputs=tuple(map(tuple, inputs)))
        edited = replace(s, sequences=(moved, *s.sequences[1:]))
        return name, layout.cell(name, 1), edited
    if change == TARGET and layout.windows:
        n = layout.steps
        if sum(layout.pass_trace.counted(t) for t in range(1, n + 1)) < 2:
            return TARGET, "", None
        targets = [*(sequence.targets or ())]
        targets[-1] = math.nan
        moved = replace(sequence, targets=tuple(targets))
        edited = replace(s, sequences=(moved, *s.sequences[1:]))
        return TARGET, layout.cell(TARGET, n), edited
    return change, "", None


def _watched(
    layout: Layout, words: dict[str, Any]
) -> tuple[str, int | None, int | None, str] | None:
    """The symbol watched, its step, the window (from 0) and the cell; None if there is none."""
    symbol, at, n = words["watch"], words.get("at", "n"), layout.steps
    if symbol == "output":
        symbol = layout.model.cell.output
    if symbol == "L":
        if TOTAL_LOSS not in layout.rows:
            return None
        return LOSS, None, None, f"D{layout.rows[LOSS]}"
    if symbol == "update":
        free = free_parameters(layout.trace)
        if not layout.windows or not free:
            return None
        once = layout.pass_trace.schedule.scheme.update != "window"
        last = n if once else layout.windows[0].trace.last
        return (
            free[0],
            None,
            0 if not once else len(layout.windows) - 1,
            layout.cell(free[0], last + 1),
        )
    if symbol in layout.rows:
        step = n if at == "n" else 1
        return symbol, step, None, layout.cell(symbol, step)
    if not layout.windows or symbol not in layout.windows[0].rows:
        return None
    number = len(layout.windows) - 1 if at == "n" else 0
    window: WindowRows = layout.windows[number]
    t: int = {"n": n, "start": 1}.get(at, window.trace.first)
    if t not in window.trace.steps or (at == "first" and len(window.trace.steps) < 2):
        return None
    column = layout.cell(TARGET, t).rstrip("0123456789")
    return symbol, t, number, f"{column}{window.rows[symbol]}"


def _read(one: PassTrace, symbol: str, t: int | None, window: int | None) -> float | None:
    if t is None and window is None:
        return one.loss
    if t is None:
        assert window is not None
        return one.windows[window].after[symbol] if window < len(one.windows) else None
    if window is None:
        return one.forward[symbol][t]
    if window >= len(one.windows):
        return None
    swept = one.windows[window]
    return swept.backward[symbol][t - swept.first] if t in swept.steps else None


class _Names:
    """What texts call a quantity: ``names[c]`` is its key, or the author's symbol."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def __getitem__(self, key: str) -> str:
        return self.model.label(key)
