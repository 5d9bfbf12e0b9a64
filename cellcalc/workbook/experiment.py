"""The workbook of an experiment: its results, a live heat map over k1 and k2, learning curves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.resources import sentence
from cellcalc.studies.experiment import Experiment, Result
from cellcalc.views.experiment import COLUMNS, record
from cellcalc.workbook.book import Sheet
from cellcalc.workbook.charts import CHART_ROWS, Chart, Line, draw
from cellcalc.workbook.layout import sheet_of, title_of
from cellcalc.xlsx.cells import Cell, Row, Rows, absolute, letters
from cellcalc.xlsx.page import drop_down, set_up_page, set_widths, shade_losses
from cellcalc.xlsx.styles import STYLES, write_samples
from cellcalc.xlsx.writer import fixed_date, write_package

RESULTS, MAP, CURVES = "Results", "Heat map", "Curves"
HEADING = 4  # the row of the headings of the results
RATE_ROW, EPOCHS_ROW, BLOCKS = 3, 4, 6  # of the heat map
MEASURES = ("held_out_median", "final_median", "error", "backward_cells")
FORMATS = {"backward_cells": "whole", "updates": "whole", "epochs": "whole", "seeds": "whole",
           "k1": "whole", "k2": "whole", "dropped": "whole", "diverged": "whole",
           "learning_rate": "plain", "scheme": "label"}  # fmt: skip


def build_results(
    experiment: Experiment, results: Sequence[Result], file: BinaryIO, epoch: str | None = None
) -> None:
    """Write the workbook to a binary file.

    ``epoch`` is the date to store, in seconds since 1970 (SOURCE_DATE_EPOCH).
    """
    sheets = [_results(experiment, results), *_heat_map(experiment, results), _curves(results)]
    workbook = Workbook()
    for number, sheet in enumerate(sheets):
        worksheet = workbook.active if number == 0 else workbook.create_sheet()
        assert isinstance(worksheet, Worksheet)
        worksheet.title = sheet.title
        if number == 0:
            write_samples(worksheet)
        sheet.set_up(worksheet)
    titles = [sheet.title for sheet in sheets]
    workbook.active = (
        titles.index(title_of(MAP)) if title_of(MAP) in titles else 0
    )  # what it is about
    workbook.properties.title = experiment.title
    workbook.properties.creator = "cellcalc"
    workbook.calculation.fullCalcOnLoad = True
    contents = {sheet.title: sheet.rows for sheet in sheets}
    write_package(file, workbook, STYLES, contents, fixed_date(epoch))


def _results(experiment: Experiment, results: Sequence[Result]) -> Sheet:
    """Every figure of every row, as numbers to work on with."""
    rows = [
        Row(1, [Cell(1, "title", experiment.title)], lines=2),
        Row(2, [Cell(1, "note", sentence("experiment", "results_note"))]),
        Row(
            HEADING,
            [Cell(k, "heading", sentence("results", name)) for k, name in enumerate(COLUMNS, 1)],
            lines=3,
        ),
    ]
    for number, result in enumerate(results, HEADING + 1):
        values = record(result).values()
        cells = [
            Cell(k, FORMATS.get(name, "number"), _shown(value))
            for k, (name, value) in enumerate(zip(COLUMNS, values, strict=True), 1)
        ]
        rows.append(Row(number, cells))

    def set_up(sheet: Worksheet) -> None:
        set_widths(sheet, (18, *(10,) * (len(COLUMNS) - 1)))
        sheet.freeze_panes = f"B{HEADING + 1}"
        sheet.auto_filter.ref = f"A{HEADING}:{letters(len(COLUMNS))}{HEADING + len(results)}"
        sheet.print_title_rows = f"{HEADING}:{HEADING}"
        set_up_page(sheet)

    return Sheet(title_of(RESULTS), Rows(rows, len(COLUMNS), HEADING + len(results)), set_up)


def _shown(value: str | float | None) -> str | float | None:
    """What is infinite stands as an empty cell, which averages and charts leave out."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _heat_map(experiment: Experiment, results: Sequence[Result]) -> Iterator[Sheet]:
    """A block for each measure, k1 down and k2 across, of the rate and epochs chosen on top."""
    pairs = {
        (s.k1, s.k2) for s in experiment.schemes if s.k1 and s.k2 and s.name == _name(s.k1, s.k2)
    }
    k1, k2 = (sorted({pair[place] for pair in pairs}) for place in (0, 1))
    if not pairs:
        return
    last = HEADING + len(results)
    columns = {
        name: f"{sheet_of(RESULTS)}!{absolute(HEADING + 1, k)}:{absolute(last, k)}"
        for k, name in enumerate(COLUMNS, 1)
    }
    chosen = _chosen(results)
    values = {
        (r.scheme, name): record(r)[name]
        for r in results
        if (r.learning_rate, r.epochs) == chosen
        for name in MEASURES
    }
    rows = [
        Row(1, [Cell(1, "title", sentence("experiment", "map_title"))], lines=2),
        _choice(RATE_ROW, "rate", chosen[0]),
        _choice(EPOCHS_ROW, "epochs", chosen[1]),
    ]
    areas, number = [], BLOCKS
    measures = [m for m in MEASURES if experiment.held_out or m != "held_out_median"]
    for measure in measures:
        rows.append(Row(number, [Cell(1, "section", sentence("results", f"{measure}_title"))]))
        heading = [Cell(1, "heading", sentence("experiment", "corner"))]
        heading += [Cell(2 + k, "heading_number", b) for k, b in enumerate(k2)]
        rows.append(Row(number + 1, heading))
        for down, a in enumerate(k1, number + 2):
            cells = [Cell(1, "heading_number", a)]
            for across, b in enumerate(k2, 2):
                pair = f'"tbptt("&{absolute(down, 1)}&","&{absolute(number + 1, across)}&")"'
                text = (
                    f"IFERROR(AVERAGEIFS({columns[measure]},{columns['scheme']},{pair},"
                    f"{columns['learning_rate']},{absolute(RATE_ROW, 2)},"
                    f'{columns["epochs"]},{absolute(EPOCHS_ROW, 2)}),"")'
                )
                value = _shown(values.get((_name(a, b), measure)))
                style = FORMATS.get(measure, "number")
                cells.append(Cell(across, style, "" if value is None else value, text))
            rows.append(Row(down, cells))
        areas.append((number + 2, number + 1 + len(k1)))
        number += len(k1) + 3
    right, beside = letters(1 + len(k2)), letters(3 + len(k2))

    def set_up(sheet: Worksheet) -> None:
        set_widths(sheet, (24, *(12,) * len(k2)))
        for first, stop in areas:
            shade_losses(sheet, f"B{first}:{right}{stop}")
        for row, name in ((RATE_ROW, "learning_rate"), (EPOCHS_ROW, "epochs")):
            drop_down(sheet, f"B{row}", columns[name], sentence("results", name), "")
        if len(k2) > 1:
            for place, (first, _) in enumerate(areas[: len(measures) - 1]):
                lines = tuple(Line(str(a), ()) for a in k1)
                title = sentence("results", f"{measures[place]}_chart")
                blank = Line("k2", tuple(("", 0.0) for _ in k2))
                chart = draw(sheet, Chart(title, "k2", blank, lines), first - 1)
                sheet.add_chart(chart, f"{beside}{1 + place * CHART_ROWS}")
        set_up_page(sheet)
        sheet.page_setup.fitToHeight = 1

    yield Sheet(title_of(MAP), Rows(rows, 1 + len(k2), number), set_up)


def _chosen(results: Sequence[Result]) -> tuple[float, int]:
    """The rate and epochs shown at first: of the longest runs the rate that some scheme does best
    with, and not one by which all diverge."""

    def loss(result: Result) -> tuple[int, float]:
        found = result.final.median
        return -result.epochs, found if math.isfinite(found) else math.inf

    best = min(results, key=loss)
    return best.learning_rate, best.epochs


def _choice(row: int, name: str, value: float) -> Row:
    cells = [Cell(1, "label", sentence("experiment", f"choose_{name}")), Cell(2, "pick", value)]
    return Row(row, cells)


def _name(k1: int, k2: int) -> str:
    return f"tbptt({k1},{k2})"


def _curves(results: Sequence[Result]) -> Sheet:
    """The losses by epoch: a row for each scheme and rate, drawn above."""
    longest = max(result.epochs for result in results)
    drawn = [result for result in results if result.epochs == longest]
    several = len({result.learning_rate for result in drawn}) > 1
    labels = [
        f"{result.scheme}, {result.learning_rate:g}" if several else result.scheme
        for result in drawn
    ]
    top = CHART_ROWS + 6
    epochs = [epoch for epoch, _ in drawn[0].curve]
    rows = [
        Row(1, [Cell(1, "title", sentence("experiment", "curves_title"))], lines=2),
        Row(2, [Cell(1, "note", sentence("experiment", "curves_note"))]),
        Row(
            top,
            [
                Cell(1, "heading", sentence("experiment", "epoch")),
                *(Cell(k, "heading_number", epoch) for k, epoch in enumerate(epochs, 2)),
            ],
        ),
    ]
    for number, (label, result) in enumerate(zip(labels, drawn, strict=True), top + 1):
        cells = [Cell(1, "label", label)]
        cells += [Cell(k, "factor", _shown(loss)) for k, (_, loss) in enumerate(result.curve, 2)]
        rows.append(Row(number, cells))

    def set_up(sheet: Worksheet) -> None:
        set_widths(sheet, (22, *(10,) * len(epochs)))
        blank = Line("", tuple(("", 0.0) for _ in epochs))
        lines = tuple(Line(label, ()) for label in labels)
        title = sentence("experiment", "curves_title")
        chart = draw(sheet, Chart(title, sentence("experiment", "epoch"), blank, lines), top)
        chart.width, chart.height = 26, 10
        sheet.add_chart(chart, "A3")
        sheet.print_area = f"A1:N{top - 1}"
        set_up_page(sheet)

    return Sheet(title_of(CURVES), Rows(rows, 1 + len(epochs), top + len(drawn)), set_up)
