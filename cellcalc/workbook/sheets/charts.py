"""The sheet ``Charts``: gates, the vanishing gradient, losses and parameters, drawn natively."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from openpyxl.chart import LineChart, Reference
from openpyxl.chart.layout import Layout as ChartLayout
from openpyxl.chart.layout import ManualLayout
from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.codegen import evaluate
from cellcalc.engine.trace import backward_values
from cellcalc.language.keys import derivative_key
from cellcalc.language.notation import Excel
from cellcalc.language.tree import Expression, Symbol, spelled_out
from cellcalc.model.model import LOSS, is_gate
from cellcalc.problems.sequences import or_zero
from cellcalc.resources import sentence
from cellcalc.workbook.book import Book, Sheet
from cellcalc.workbook.layout import TOTAL, Layout, column, free_parameters
from cellcalc.xlsx.cells import Cell, Fill, Row, Rows, absolute, letters, literal
from cellcalc.xlsx.page import set_up_page, set_widths

FLOOR = 1e-12  # what is smaller is drawn as this, since a log axis has no 0
MOST_PARAMETERS, MOST_UPDATES = 12, 200
LABEL, FIRST = 1, 2  # columns of the data
CHART_ROWS = 17  # rows of the sheet that a chart covers
WIDTH, HEIGHT = 17, 8  # centimetres
# Told apart by the colour-blind, and in grey by their dashes (Okabe & Ito).
COLOURS = ("0072B2", "D55E00", "009E73", "CC79A7", "E69F00", "56B4E9", "000000", "7F7F7F")
DASHES = ("solid", "dash", "sysDot", "dashDot", "lgDash", "sysDash")


NEXT = "{next}"  # in a formula: the cell to the right of it


@dataclass(frozen=True)
class Line:
    """One row of data: its label, and a formula with its value for each place along the axis."""

    label: str
    cells: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Chart:
    title: str
    axis: str
    categories: Line
    lines: tuple[Line, ...]
    logarithmic: bool = False


def charts(book: Book) -> Iterator[Sheet]:
    """The sheet, with as many charts as there is something to draw."""
    drawn = [chart for chart in _charts(book) if chart.lines]
    top = 3 + CHART_ROWS * ((len(drawn) + 1) // 2) + 1
    rows = [
        Row(1, [Cell(1, "title", sentence("charts", "title"))], lines=2),
        Row(2, [Cell(1, "note", sentence("charts", "note"))]),
        Row(top, [Cell(1, "section", sentence("charts", "data"))]),
    ]
    places, number = [], top + 1
    for chart in drawn:
        places.append(number)
        rows += _data(chart, number)
        number += len(chart.lines) + 2
    width = max(row.width for row in rows)

    def set_up(sheet: Worksheet) -> None:
        set_widths(sheet, (34, *(11,) * 14))
        set_up_page(sheet)
        sheet.page_setup.fitToHeight = 1
        sheet.print_area = f"A1:{letters(max(15, min(width, 15)))}{top - 1}"
        for k, (chart, place) in enumerate(zip(drawn, places, strict=True)):
            anchor = f"{'A' if k % 2 == 0 else 'G'}{3 + CHART_ROWS * (k // 2)}"
            sheet.add_chart(draw(sheet, chart, place), anchor)

    yield Sheet("Charts", Rows(rows, width, number), set_up)


def _data(chart: Chart, number: int) -> Iterator[Row]:
    for k, line in enumerate((chart.categories, *chart.lines)):
        style = "heading" if k == 0 else "label"
        value_style = "whole" if k == 0 else "factor"
        values = [value for _, value in line.cells]
        formula = partial(_formula, line, number + k)
        fill = Fill(FIRST, value_style, values, formula, alike=False)
        yield Row(number + k, [Cell(LABEL, style, line.label), fill])


def _formula(line: Line, row: int, k: int) -> str:
    return line.cells[k][0].replace(NEXT, f"{letters(FIRST + k + 1)}{row}")


def draw(sheet: Worksheet, chart: Chart, place: int) -> LineChart:
    """A chart of rows that begin at ``place`` with the categories, labels in the first column."""
    drawing = LineChart()
    drawing.title, drawing.width, drawing.height = chart.title, WIDTH, HEIGHT
    last = FIRST + len(chart.categories.cells) - 1
    data = Reference(sheet, LABEL, place + 1, last, place + len(chart.lines))
    drawing.add_data(data, from_rows=True, titles_from_data=True)
    drawing.set_categories(Reference(sheet, FIRST, place, last, place))
    for k, series in enumerate(drawing.series):
        series.smooth = False
        series.graphicalProperties.line.solidFill = COLOURS[k % len(COLOURS)]
        series.graphicalProperties.line.dashStyle = DASHES[k % len(DASHES)]
        series.graphicalProperties.line.width = 22_000
    drawing.x_axis.title = chart.axis
    drawing.x_axis.delete = drawing.y_axis.delete = False
    drawing.x_axis.tickLblPos = "low"
    drawing.y_axis.number_format = "0.E+00" if chart.logarithmic else "General"
    if chart.logarithmic:
        drawing.y_axis.scaling.logBase = 10
        drawing.y_axis.crosses = "min"
    if drawing.legend is not None:
        drawing.legend.position = "r"
    drawing.layout = ChartLayout(ManualLayout(x=0.02, y=0.15, w=0.7, h=0.72))
    return drawing


def _charts(book: Book) -> Iterator[Chart]:
    layout, model = book.first, book.trace.model
    steps = _row(
        layout, sentence("charts", "step"), layout.headings["input"], range(1, layout.steps + 1)
    )
    axis = sentence("charts", "step")
    inner = [q.symbol for q in model.forward if is_gate(q)]
    shown = dict.fromkeys([*inner, *model.state])
    lines = tuple(_forward(layout, symbol) for symbol in shown)
    yield Chart(sentence("charts", "gates"), axis, steps, lines)
    if not layout.windows:
        return
    yield _vanishing(layout, axis)
    yield Chart(sentence("charts", "loss"), axis, steps, (_forward(layout, LOSS),))
    if len(book.layouts) > 1:
        yield _losses(book)
    yield _weights(book)


def _forward(layout: Layout, symbol: str) -> Line:
    values = layout.pass_trace.forward[symbol]
    cells = tuple(
        (f"{layout.quoted}!{layout.cell(symbol, t)}", or_zero(values[t]))
        for t in range(1, layout.steps + 1)
    )
    return Line(layout.model.label(symbol), cells)


def _row(layout: Layout, label: str, row: int, steps: range) -> Line:
    """The step numbers, from a heading of the sheet."""
    return Line(
        label, tuple((f"{layout.quoted}!{letters(column(t))}{row}", float(t)) for t in steps)
    )


def size(place: str, value: float) -> tuple[str, float]:
    """The size of the number in a cell as a logarithmic axis draws it: its formula, its value."""
    return f"MAX(ABS({place}),{literal(FLOOR)})", max(abs(value), FLOOR)


def _vanishing(layout: Layout, axis: str) -> Chart:
    """The size of the states' derivatives in the last window, and the carousel's factor."""
    window, model = layout.windows[-1], layout.model
    trace = window.trace
    lines = []
    for state in model.state:
        cells = []
        for t in trace.steps:
            value = trace.backward[derivative_key(state)][t - trace.first]
            place = f"{layout.quoted}!{letters(column(t))}{window.rows[f'd{state}']}"
            cells.append(size(place, value))
        label = sentence("charts", "size_of", symbol=state)
        if model.author is not None:
            label = f"|{model.label(f'd{state}')}|"
        lines.append(Line(label, tuple(cells)))
    factor = model.carousel
    if factor is not None:
        lines.append(_product(layout, factor[1]))
    categories = _row(layout, axis, layout.headings["input"], trace.steps)
    title = sentence("charts", "vanishing")
    return Chart(title, axis, categories, tuple(lines), logarithmic=True)


def _product(layout: Layout, local: Expression) -> Line:
    """The product of the factors by which the carousel passes a derivative back to each step."""
    trace, local = layout.windows[-1].trace, spelled_out(local, layout.model.features)
    cells: list[tuple[str, float]] = [("1", 1.0)]
    product = 1.0
    for t in reversed(range(trace.first, trace.last)):
        product *= evaluate(local, backward_values(layout.pass_trace, trace, t))
        cells.append((f"{NEXT}*({_factor(layout, local, t)})", product))
    written = layout.model.unicode()(local)
    return Line(sentence("charts", "product", factor=written), tuple(reversed(cells)))


def _factor(layout: Layout, local: Expression, t: int) -> str:
    window = layout.windows[-1]

    def cell(symbol: Symbol) -> str:
        row = window.rows.get(symbol.name) or layout.rows[symbol.name]
        if symbol.name in layout.pass_trace.coefficients:
            return f"{layout.quoted}!{layout.setting(symbol.name)}"
        if symbol.shift is None:
            return f"{layout.quoted}!{absolute(row, window.parameters_at)}"
        return f"{layout.quoted}!{letters(column(t + symbol.shift))}{row}"

    return Excel(cell=cell, cells=cell)(local)


def _losses(book: Book) -> Chart:
    label = sentence("charts", "pass")
    numbers = Line(label, tuple((str(k), float(k)) for k in range(1, len(book.layouts) + 1)))
    cells = tuple(
        (f"{layout.quoted}!{absolute(layout.rows[LOSS], TOTAL)}", layout.pass_trace.loss or 0.0)
        for layout in book.layouts
    )
    line = Line(sentence("charts", "losses"), cells)
    return Chart(sentence("charts", "losses"), label, numbers, (line,))


def _weights(book: Book) -> Chart:
    """The parameters before the first update and after each."""
    names = free_parameters(book.trace)[:MOST_PARAMETERS]
    first = book.first
    places = [(first, 0, first.pass_trace.before)]
    for layout in book.layouts:
        once = layout.pass_trace.schedule.scheme.update == "sequence"
        for window in layout.windows:
            if window.trace.used:
                t = layout.steps if once else window.trace.last
                places.append((layout, t + 1, window.trace.after))
    places = places[: MOST_UPDATES + 1]
    lines = tuple(
        Line(first.model.label(name), tuple((f"{sheet.quoted}!{sheet.cell(name, t)}", values[name])
                         for sheet, t, values in places))
        for name in names
    )  # fmt: skip
    label = sentence("charts", "update")
    numbers = Line(label, tuple((str(k), float(k)) for k in range(len(places))))
    return Chart(sentence("charts", "weights"), label, numbers, lines)
