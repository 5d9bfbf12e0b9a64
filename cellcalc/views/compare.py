"""Schemes compared, in a terminal and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict

from cellcalc.resources import sentence
from cellcalc.studies.compare import Compared, Comparison
from cellcalc.views.document import Block, Figures, Heading, Lines, Picture, Title, written
from cellcalc.views.schedule import legend, picture, window_data
from cellcalc.views.table import DECIMALS, Grid, banded, figures
from cellcalc.views.text import check_page, columns, filled, fixed

MOST_DRAWN = 60  # lines of a picture among others
OWN = " *"  # behind the name of the problem's own scheme
WIDEST_NAME = 24  # characters of a scheme's name in the table; the picture has all of it


def to_text(comparison: Comparison, decimals: int = DECIMALS, width: int = 80) -> str:
    """The page as text."""
    return written(page(comparison, decimals, width))


def page(comparison: Comparison, decimals: int = DECIMALS, width: int = 80) -> list[Block]:
    """The schemes in a table, their gradients and errors, and a picture of each one's windows."""
    check_page(width, decimals)
    compared = comparison.schemes
    settings = (line for text in _settings(comparison) for line in filled(text, width))
    title = Title(comparison.title, tuple(settings))
    blocks: list[Block] = [title, _summary(compared, decimals, width)]
    names = tuple(map(_name, compared))
    symbols = list(compared[0].gradients)
    gradients = tuple((s, tuple(one.gradients[s] for one in compared)) for s in symbols)
    errors = tuple((s, tuple(100 * one.errors[s] for one in compared)) for s in symbols)
    for heading, rows, places in (("title", gradients, decimals), ("error_title", errors, 2)):
        grid = Grid(sentence("compare", heading), names, rows, over_time=False)
        body = [[symbol, *(fixed(value, places) for value in values)] for symbol, values in rows]
        shown = "\n\n".join(banded(grid, places, width, repeated=1))
        blocks += [Heading(grid.title), figures(["", *names], body, shown)]
    blocks += _training(comparison, names, decimals, width)
    for one in compared:
        mark = OWN if one.own else ""
        blocks.append(Heading(" = ".join((one.scheme.name, *one.others)) + mark))
        blocks += _drawn(one, width)
    return [*blocks, Lines(tuple(legend(updates=False)))]


def _training(
    comparison: Comparison, names: tuple[str, ...], decimals: int, width: int
) -> Iterator[Block]:
    """Where the epochs lead with each scheme: its losses, and the parameters at the end."""
    trained = [one.trained for one in comparison.schemes if one.trained is not None]
    if not trained:
        return
    epochs = comparison.epochs
    settings = {"optimizer": comparison.optimizer, "rate": f"{comparison.learning_rate:g}"}
    yield Heading(sentence("compare", "training", epochs=epochs, **settings))
    says = [sentence("compare", "trained_loss"), sentence("compare", "trained_apart")]
    yield Lines(tuple(line for text in says for line in filled(text, width)))
    headings = sentence("compare", "trained_headings").split(",")
    body = [
        [name, f"{one.updates:,}", fixed(one.losses[epochs], decimals), _percent(one.apart)]
        for name, one in zip(names, trained, strict=True)
    ]
    yield figures(headings, body)
    diverged = [
        name
        for name, one in zip(names, trained, strict=True)
        if not all(map(math.isfinite, (*one.losses.values(), *one.parameters.values())))
    ]
    if diverged:
        text = sentence("compare", "diverged", names=", ".join(diverged))
        yield Lines(tuple(filled(text, width)))
    losses = [(str(e), tuple(one.losses[e] for one in trained)) for e in trained[0].losses]
    parameters = [(s, tuple(one.parameters[s] for one in trained)) for s in trained[0].parameters]
    for heading, corner, rows in (
        (sentence("compare", "losses_title"), sentence("compare", "epochs"), losses),
        (sentence("compare", "parameters_title", epochs=epochs), "", parameters),
    ):
        grid = Grid(heading, names, tuple(rows), over_time=False, corner=corner)
        shown = "\n\n".join(banded(grid, decimals, width, repeated=1))
        numbers = [[row, *(fixed(value, decimals) for value in values)] for row, values in rows]
        yield Heading(heading)
        yield figures([corner, *names], numbers, shown)


def _drawn(one: Compared, width: int) -> list[Block]:
    """The picture of a scheme's windows, or where it would be of pages, how to see it."""
    blocks = list(picture(one.schedule, width, updates=False))
    lines = sum(block.text.count("\n") + 1 for block in blocks if isinstance(block, Picture))
    if lines <= MOST_DRAWN:
        return blocks
    words = {"count": len(one.schedule.windows), "name": one.scheme.name}
    notes = [block for block in blocks if not isinstance(block, Picture)]
    return [Lines(tuple(filled(sentence("compare", "not_drawn", **words), width))), *notes]


def _settings(comparison: Comparison) -> Iterator[str]:
    place = ""
    if comparison.sequences > 1:
        place = sentence("compare", "place", k=comparison.sequence, count=comparison.sequences)
    yield sentence("compare", f"of_{comparison.reduction}") + place
    yield sentence("compare", "no_update")
    yield sentence("compare", "own", mark=OWN.strip())
    if comparison.set_aside:
        options = ", ".join(f"{key} {_words(v)}" for key, v in comparison.set_aside.items())
        key = "set_aside" if comparison.epochs == 1 else "set_aside_gradients"
        yield sentence("compare", key, options=options)


def _words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _summary(compared: tuple[Compared, ...], decimals: int, width: int) -> Figures:
    headings = sentence("compare", "headings").split(",")
    body = [
        [
            _name(one),
            str(len(one.schedule.windows)),
            f"{one.schedule.backward_cells:,}",
            f"{one.schedule.injected:,}",
            f"{len(one.schedule.dropped):,}",
            "" if one.loss is None else fixed(one.loss, decimals),
            _percent(one.error),
            "–" if math.isnan(one.angle) else f"{one.angle:.2f}°",
        ]
        for one in compared
    ]
    widths = [max(map(columns, column)) for column in zip(headings, *body, strict=True)]
    between = "  " if sum(widths) + 2 * len(widths) - 2 <= width or not width else " "
    lines = []
    for line in (headings, ["-" * width for width in widths], *body):
        gaps = [" " * (width - columns(cell)) for cell, width in zip(line, widths, strict=True)]
        right = map("".join, zip(gaps[1:], line[1:], strict=True))
        lines.append(between.join([line[0] + gaps[0], *right]).rstrip())
    return figures(headings, body, "\n".join(lines))


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.2f} %"


def _name(one: Compared) -> str:
    """A scheme as columns call it; the problem's own is marked."""
    return _short(one.scheme.name) + (OWN if one.own else "")


def _short(name: str) -> str:
    return name if len(name) <= WIDEST_NAME else f"{name[: WIDEST_NAME - 1]}…"


def to_json(comparison: Comparison) -> str:
    """One JSON object on one line; an error against 0 is null, and so is what is not finite."""
    data = {
        "title": comparison.title,
        "sequence": comparison.sequence,
        "reduction": comparison.reduction,
        "epochs": comparison.epochs,
        "set_aside": dict(comparison.set_aside),
        "schemes": [
            {
                "name": one.scheme.name,
                "same_as": list(one.others),
                "own": one.own,
                "scheme": asdict(one.scheme.on(one.schedule.steps)),
                "windows": [window_data(window) for window in one.schedule.windows],
                "dropped": list(one.schedule.dropped),
                "loss": None if one.loss is None else _finite(one.loss),
                "gradients": {s: _finite(g) for s, g in one.gradients.items()},
                "relative_errors": {s: _finite(e) for s, e in one.errors.items()},
                "relative_error": _finite(one.error),
                "angle": _finite(one.angle),
                "trained": _trained_data(one),
            }
            for one in comparison.schemes
        ],
    }
    return json.dumps(data, allow_nan=False, ensure_ascii=False) + "\n"


def _trained_data(one: Compared) -> dict[str, object] | None:
    """Where training with a scheme leads; null where there is one epoch."""
    if one.trained is None:
        return None
    return {
        "updates": one.trained.updates,
        "losses": {str(e): _finite(loss) for e, loss in one.trained.losses.items()},
        "parameters": {s: _finite(value) for s, value in one.trained.parameters.items()},
        "apart": _finite(one.trained.apart),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
