"""Line charts of a sheet's rows, drawn natively."""

from __future__ import annotations

from dataclasses import dataclass

from openpyxl.chart import LineChart, Reference
from openpyxl.chart.layout import Layout as ChartLayout
from openpyxl.chart.layout import ManualLayout
from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.xlsx.cells import literal

FLOOR = 1e-12  # what is smaller is drawn as this, since a log axis has no 0
LABEL, FIRST = 1, 2  # columns of the data
CHART_ROWS = 17  # rows of the sheet that a chart covers
WIDTH, HEIGHT = 17, 8  # centimetres
# Told apart by the colour-blind, and in grey by their dashes (Okabe & Ito).
COLOURS = ("0072B2", "D55E00", "009E73", "CC79A7", "E69F00", "56B4E9", "000000", "7F7F7F")
DASHES = ("solid", "dash", "sysDot", "dashDot", "lgDash", "sysDash")


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


def size(place: str, value: float) -> tuple[str, float]:
    """The size of the number in a cell as a logarithmic axis draws it: its formula, its value."""
    return f"MAX(ABS({place}),{literal(FLOOR)})", max(abs(value), FLOOR)
