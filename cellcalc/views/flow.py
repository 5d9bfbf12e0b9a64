"""The flow of the gradient in a terminal: a shaded grid, the decay with the lag, and words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np

from cellcalc.engine.schedule import ranges
from cellcalc.language.notation import UNICODE, Ascii
from cellcalc.resources import sentence
from cellcalc.studies.flow import Flow, Lag, lags, verdicts
from cellcalc.views.document import Block, Figures, Heading, Lines, Picture, Title, written
from cellcalc.views.table import figures
from cellcalc.views.text import ascii_text, check_page, filled

SHADES, CUT = "█▓▒░·", "╳"  # each a tenth of the one before it
ASCII_SHADES, ASCII_CUT = "#+=-.", "x"
CELL = 2  # characters for one pair: its shade, and again or the mark of what is cut off
MOST_LAGS = 13  # shown in full; of more, some


def to_text(flow: Flow, title: str, width: int = 80, ascii_only: bool = False) -> str:
    """The page as text."""
    text = written(page(flow, title, width, ascii_only))
    return ascii_text(text) if ascii_only else text


def page(
    flow: Flow, title: str, width: int = 80, ascii_only: bool = False, paint: bool = False
) -> list[Block]:
    """The grids, the decay and what it comes to, at most ``width`` columns wide (0: no limit).

    With ``paint`` the shades have colours.
    """
    check_page(width)
    scheme, found = flow.schedule.scheme, lags(flow)
    shades, mark = (ASCII_SHADES, ASCII_CUT) if ascii_only else (SHADES, CUT)
    name = sentence("flow", "scheme", name=scheme.name, expansion=scheme.expansion())
    blocks: list[Block] = [Title(title, tuple(filled(name, width)))]
    for state in flow.matrix:
        blocks.append(Heading(sentence("flow", "grid", state=state)))
        rows = "\n".join(_grid(flow, state, width or 10**6, shades, mark))
        blocks.append(Picture(_coloured(rows, shades, mark) if paint else rows))
    signs = (line for text in _legend(flow, shades, mark) for line in filled(text, width))
    blocks.append(Lines(tuple(signs)))
    blocks += [Heading(sentence("flow", "decay")), _decay(flow, found)]
    words = (line for text in _words(flow, found, ascii_only) for line in filled(text, width))
    return [*blocks, Lines(tuple(words))]


def _grid(flow: Flow, state: str, width: int, shades: str, mark: str) -> Iterator[str]:
    """A row for each loss, a column for each step; neighbours share one where it is too wide."""
    margin = len(str(flow.losses[-1])) + 4
    places = max(1, (width - margin) // CELL)
    columns = _bins(flow.steps, places)
    rows = _bins(len(flow.losses), places)
    sizes = np.where(flow.below, np.abs(flow.matrix[state]), -1.0)
    largest = float(np.max(sizes, initial=0.0))
    label = "τ" if mark == CUT else "T"
    yield f"{label:>{margin - 2}}  {_ruler(columns)}"
    for row in rows:
        text = ""
        for column in columns:
            part = np.ix_(row, column)
            size = float(sizes[part].max())
            if size < 0:
                break
            shade = _shade(size, largest, shades)
            kept = bool((flow.swept[part] > 0).any())
            text += shade + (shade if kept else mark)
        yield f"{flow.losses[row[0]]:>{margin - 2}}  {text}".rstrip()


def _coloured(text: str, shades: str, mark: str) -> str:
    """The grid with a colour for each shade, and what is cut off in blue."""
    styles = dict(zip(shades, ("1;38;5;166", "38;5;166", "38;5;173", "38;5;180", "2"), strict=True))
    styles[mark] = "38;5;27"
    first, *rows = text.split("\n")  # the first is a ruler
    signs = re.compile("|".join(f"{re.escape(sign)}+" for sign in styles))
    painted = (signs.sub(lambda m: f"\x1b[{styles[m[0][0]]}m{m[0]}\x1b[0m", row) for row in rows)
    return "\n".join([first, *painted])


def _bins(count: int, places: int) -> list[list[int]]:
    """The numbers from 0 to ``count`` - 1 in so many places at most, equally many in each."""
    each = -(-count // places)
    return [list(range(k, min(k + each, count))) for k in range(0, count, each)]


def _ruler(columns: list[list[int]]) -> str:
    ruler = ""
    for place, column in enumerate(columns):
        first = column[0] + 1
        every = 1 if len(columns) <= 9 and len(column) == 1 else 5
        wanted = place == 0 or place % every == every - 1 or every == 1
        if wanted and place * CELL >= len(ruler):
            ruler = ruler.ljust(place * CELL) + f"{first} "
    return ruler.rstrip()


def _shade(size: float, largest: float, shades: str) -> str:
    """The first shade for a tenth of the largest or more, and so on; a blank for nothing."""
    if not size or not largest or not math.isfinite(size):
        return " " if not size else shades[0]
    # Not the quotient, which may be more than there are numbers for.
    ratio = math.log10(largest) - math.log10(size)
    tenths = math.floor(ratio + 1e-12) if math.isfinite(largest) else len(shades)
    return shades[min(max(tenths, 0), len(shades) - 1)]


def _legend(flow: Flow, shades: str, mark: str) -> Iterator[str]:
    share = ["10", "1", "0.1", "0.01"]
    shown = [f"{shade} {part} %" for shade, part in zip(shades, share, strict=False)]
    yield sentence("flow", "shades", shades=", ".join(shown), least=shades[-1])
    if flow.cut.any():
        yield sentence("flow", "mark", mark=mark, name=flow.schedule.scheme.name)


def _decay(flow: Flow, found: list[Lag]) -> Figures:
    headings = [sentence("flow", "lag"), *(f"∂E/∂{state}" for state in flow.matrix)]
    headings += [sentence("flow", "product", factor=flow.carousel[1])] if flow.carousel else []
    headings.append(sentence("flow", "swept"))
    body = []
    for one in found:
        if one.lag not in _chosen(len(found)):
            continue
        cells = [_share(value) for value in one.states.values()]
        cells += [_share(one.product)] if flow.carousel else []
        body.append([str(one.lag), *cells, f"{100 * one.swept:.0f} %"])
    return figures(headings, body)


def _chosen(count: int) -> set[int]:
    if count <= MOST_LAGS:
        return set(range(count))
    powers = (digit * 10**power for power in range(8) for digit in (1, 2, 3, 5))
    return {0, count - 1, *(lag for lag in powers if lag < count)}


def _share(value: float) -> str:
    if math.isnan(value):
        return ""
    return f"{value:.4f}" if 0.001 <= value < 1000 or not value else f"{value:.2e}"


def _words(flow: Flow, found: list[Lag], ascii_only: bool) -> Iterator[str]:
    for verdict in verdicts(flow, found):
        yield sentence(
            "flow",
            verdict.word,
            state=verdict.state,
            span=_span(verdict.lag),
            left=f"{verdict.left:.3g}",
            pace="" if verdict.lag == 1 else sentence("flow", "pace", rate=f"{verdict.rate:.3g}"),
        )
    if flow.stops:
        write = Ascii() if ascii_only else UNICODE
        stopped = "; ".join(
            f"stop({write(of)}) in {', '.join(at)}" for of, at in flow.stops.items()
        )
        yield sentence("flow", "stops", stopped=stopped)
    if flow.schedule.resets:
        yield sentence("flow", "resets", steps=ranges(sorted(flow.schedule.resets)))
    last = max((one.lag for one in found if math.isfinite(one.product)), default=0)
    if flow.carousel and last:
        product = found[last].product
        rate = abs(product) ** (1 / last)
        words = {"span": _span(last), "left": f"{product:.3g}", "rate": f"{rate:.3g}"}
        yield sentence("flow", "carousel", factor=flow.carousel[1], **words)
    name, pairs = flow.schedule.scheme.name, int(flow.below.sum())
    if not flow.cut.any():
        yield sentence("flow", "nothing_cut", name=name, pairs=pairs)
        return
    shares = ", ".join(
        sentence("flow", "cut_share", share=f"{100 * flow.cut_share(s):.3g}", state=s)
        for s in flow.matrix
    )
    cut = int(flow.cut.sum())
    yield sentence("flow", "cut", name=name, cut=cut, pairs=pairs, shares=shares)
    if flow.schedule.dropped:
        yield sentence("flow", "dropped", steps=ranges(flow.schedule.dropped))


def _span(lag: int) -> str:
    return sentence("flow", "one_step") if lag == 1 else sentence("flow", "over_steps", lag=lag)
