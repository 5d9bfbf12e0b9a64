"""A trace, a report and a worked line as notebooks show them.

Long things fold, and what would make a page heavy is left out with a line that says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from html import escape
from typing import Any

from cellcalc.engine.trace import PassTrace, Trace
from cellcalc.resources import sentence
from cellcalc.views.table import DECIMALS, Grid, Selection, grids, heading, tabulated
from cellcalc.views.text import fixed

MOST = 150_000  # characters of a page
MOST_STEPS = 24  # columns of a table; of more, the first and the last
MOST_WINDOWS = 8  # of a pass, shown one by one
MOST_FIGURES = 9  # of a number in a report
MOST_PASSES = 12  # in the list of losses; of more, the first and the last


def trace_as_html(trace: Trace) -> str:
    """The heading, the losses of the passes, and the tables of the last pass, folded."""
    title, *settings = heading(trace)
    parts = [f"<h3>{escape(title)}</h3>", f"<p>{escape(' · '.join(settings))}</p>"]
    if len(trace.passes) > 1:
        parts.append(_losses(trace))
    last = trace.passes[-1]
    size = sum(map(len, parts))
    shown = list(_tables(trace, last))
    for place, (name, table) in enumerate(shown):
        text = _folded(name, table, opened=place == 0)
        if size + len(text) > MOST:
            left = sentence("notebook", "more", count=len(shown) - place)
            parts.append(f"<p>{escape(left)}</p>")
            break
        parts.append(text)
        size += len(text)
    return "\n".join(parts)


def _folded(title: str, table: str, opened: bool = False) -> str:
    state = " open" if opened else ""
    return f"<details{state}><summary>{escape(title)}</summary>\n{table}\n</details>"


def _losses(trace: Trace) -> str:
    """A row a pass: epoch, sequence, loss."""
    passes: list[PassTrace | None] = list(trace.passes)
    if len(passes) > MOST_PASSES:
        half = MOST_PASSES // 2
        passes = [*passes[:half], None, *passes[-half:]]
    rows = []
    for one in passes:
        if one is None:
            rows.append(["…", "…", "…"])
        else:
            loss = "" if one.loss is None else fixed(one.loss, DECIMALS)
            rows.append([str(one.epoch), str(one.sequence), loss])
    names = [sentence("notebook", key) for key in ("epoch", "sequence", "loss")]
    table = tabulated(names, rows, "html", ["right"] * 3)
    return _folded(sentence("notebook", "passes", count=len(trace.passes)), table)


def _tables(trace: Trace, last: PassTrace) -> Iterator[tuple[str, str]]:
    few = replace(last, windows=last.windows[:MOST_WINDOWS])
    shown = replace(trace, passes=(few,))
    for grid in grids(shown, Selection()):
        if grid.rows and grid.headings:
            yield grid.title, _html(trace, grid)
    if len(last.windows) > MOST_WINDOWS:
        count = len(last.windows) - MOST_WINDOWS
        yield sentence("notebook", "windows", count=count), ""


def _html(trace: Trace, grid: Grid) -> str:
    headings, rows = list(grid.headings), grid.rows
    if len(headings) > MOST_STEPS:
        half = MOST_STEPS // 2
        headings = [*headings[:half], "…", *headings[-half:]]
        rows = tuple(
            (name, (*values[:half], float("nan"), *values[-half:])) for name, values in rows
        )
    labels = [trace.model.label(name) for name, _ in rows]
    body = [
        [label, *(fixed(value, DECIMALS) for value in values)]
        for label, (_, values) in zip(labels, rows, strict=True)
    ]
    return tabulated(["t" if grid.over_time else "", *headings], body, "html")


def marks_as_html(answers: Iterable[Mapping[str, Any]], slips: Iterable[Mapping[str, Any]]) -> str:
    """The causes of what is not right on top, and below them every answer, folded."""
    shown, causes = list(answers), list(slips)
    parts = []
    if causes:
        items = "".join(f"<li>{escape(str(slip['says']))}</li>" for slip in causes)
        parts.append(f"<ol>{items}</ol>")
    columns = ("symbol", "t", "given", "expected", "verdict", "note")
    body = [["" if a.get(key) is None else _shorter(str(a[key])) for key in columns] for a in shown]
    table = tabulated([sentence("notebook", key) for key in columns], body, "html", ["left"] * 6)
    right = sum(answer["verdict"] == "correct" for answer in shown)
    title = sentence("notebook", "answers", right=right, count=len(shown))
    return "\n".join([*parts, _folded(title, table, opened=not causes)])


def _shorter(text: str) -> str:
    """A number of a program with as many figures as a reader compares; anything else as it is."""
    if len(text) <= MOST_FIGURES + 4:
        return text
    try:
        return f"{float(text):.{MOST_FIGURES}g}"
    except ValueError:
        return text
