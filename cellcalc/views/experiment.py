"""The results of an experiment: as tables for the terminal, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from cellcalc.errors import InputError, Mistake, describe
from cellcalc.resources import sentence
from cellcalc.studies.experiment import Experiment, Result, Spread
from cellcalc.views.document import Block, Figures, Heading, Title
from cellcalc.views.table import figures

SPREADS = ("final", "best", "held_out")
PLAIN = ("scheme", "k1", "k2", "learning_rate", "epochs", "seeds")
WHOLE = ("k1", "k2", "epochs", "seeds", "updates", "backward_cells", "dropped", "diverged")
COUNTS = ("updates", "backward_cells", "dropped", "error", "angle", "diverged")
COLUMNS = (
    *PLAIN,
    *(f"{name}_{part}" for name in SPREADS for part in ("median", "low", "high")),
    *COUNTS,
)
CURVE = "curve"  # the loss after some epochs, as in "1:0.5 2:0.25": a column of its own in a file
WRITTEN = (*COLUMNS, CURVE)


def record(result: Result) -> dict[str, str | float | None]:
    """One row by column; None where there is nothing held out."""
    row: dict[str, str | float | None] = {name: getattr(result, name) for name in PLAIN}
    for name in SPREADS:
        spread: Spread | None = getattr(result, name)
        for part in ("median", "low", "high"):
            row[f"{name}_{part}"] = None if spread is None else getattr(spread, part)
    return row | {name: getattr(result, name) for name in COUNTS}


def csv_line(values: Sequence[str | float | None]) -> str:
    """One line of the CSV table; an empty field for None."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(
        ["" if value is None else value if isinstance(value, str) else repr(value)
         for value in values]
    )  # fmt: skip
    return line.getvalue()


def row_line(result: Result) -> str:
    """The line of one result, with its learning curve."""
    curve = " ".join(f"{epoch}:{loss!r}" for epoch, loss in result.curve)
    return csv_line([*record(result).values(), curve])


def to_csv(results: Sequence[Result]) -> str:
    """A header and a row for each result."""
    return csv_line(WRITTEN) + "".join(map(row_line, results))


def read_csv(text: str, shown_as: str) -> list[Result]:
    """The rows of a table that :func:`to_csv` wrote.

    A last line that was not written to its end is left out.

    Raises :class:`~cellcalc.errors.InputError` where it is another table.
    """
    whole = text[: text.rfind("\n") + 1]
    header, *rows = csv.reader(io.StringIO(whole)) if whole else [list(WRITTEN)]
    if header != list(WRITTEN):
        expected = f"a table that an experiment wrote ({', '.join(COLUMNS[:3])}, …)"
        found = describe(",".join(header))
        raise InputError([Mistake(shown_as, "line 1", expected, found)])
    return [_result(row, f"line {number}", shown_as) for number, row in enumerate(rows, 2)]


def _result(row: list[str], line: str, shown_as: str) -> Result:
    try:
        values = dict(zip(WRITTEN, row, strict=True))
        whole = {name: int(values[name]) for name in WHOLE}
        numbers = {name: float(values[name]) for name in ("learning_rate", "error", "angle")}
        spreads = {
            name: Spread(*(float(values[f"{name}_{part}"]) for part in ("median", "low", "high")))
            if values[f"{name}_median"]
            else None
            for name in SPREADS
        }
        points = (point.split(":") for point in values[CURVE].split())
        curve = tuple((int(epoch), float(loss)) for epoch, loss in points)
    except ValueError:
        expected = f"{len(WRITTEN)} values of an experiment"
        raise InputError([Mistake(shown_as, line, expected, describe(",".join(row)))]) from None
    parts: dict[str, Any] = {**whole, **numbers, **spreads}
    return Result(scheme=values["scheme"], **parts, curve=curve)


def to_json(experiment: Experiment, results: Sequence[Result]) -> str:
    """One JSON object on one line; what is not a finite number is null."""
    rows = []
    for result in results:
        curve = [[epoch, _finite(loss)] for epoch, loss in result.curve]
        rows.append({**{k: _finite(v) for k, v in record(result).items()}, CURVE: curve})
    data = {
        "title": experiment.title,
        "seeds": list(experiment.seeds),
        "trained": len(experiment.trained.sequences),
        "held_out": len(experiment.held_out.sequences) if experiment.held_out else 0,
        "optimizer": experiment.trained.update.optimizer.name,
        "schemes": [asdict(scheme) for scheme in experiment.schemes],
        "results": rows,
    }
    return json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n"


def _finite(value: str | float | None) -> str | float | None:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def page(experiment: Experiment, results: Sequence[Result]) -> list[Block]:
    """The losses for each learning rate and number of epochs, and what each scheme costs."""
    blocks: list[Block] = [Title(experiment.title, (_settings(experiment),))]
    for rate in experiment.rates:
        for epochs in experiment.epochs:
            own = [r for r in results if (r.learning_rate, r.epochs) == (rate, epochs)]
            if own:
                title = sentence("experiment", "losses", rate=f"{rate:g}", epochs=epochs)
                blocks += [Heading(title), _losses(own), *_map(experiment, own)]
    if results:
        blocks += [Heading(sentence("experiment", "cost")), _costs(results)]
    return blocks


def _settings(experiment: Experiment) -> str:
    update = experiment.trained.update
    held_out = len(experiment.held_out.sequences) if experiment.held_out else 0
    return sentence(
        "experiment",
        "heading",
        optimizer=update.optimizer.name,
        seeds=_counted(len(experiment.seeds), "seed"),
        trained=_counted(len(experiment.trained.sequences), "sequence"),
        held_out=held_out or sentence("experiment", "none"),
    )


def _counted(count: int, noun: str) -> str:
    return sentence("experiment", noun if count == 1 else f"{noun}s", count=count)


def _losses(results: list[Result]) -> Figures:
    has_rest = results[0].held_out is not None
    names = ["scheme", "final", "spread", "best", *(["held_out", "spread"] if has_rest else [])]
    names += ["diverged"]
    body = []
    for result in results:
        row = [result.scheme, *_cells(result.final), _loss(result.best.median)]
        row += _cells(result.held_out) if result.held_out else []
        diverged = sentence("experiment", "of", part=result.diverged, count=result.seeds)
        body.append([*row, diverged if result.diverged else "–"])
    return figures([sentence("experiment", f"column_{name}") for name in names], body)


def _cells(spread: Spread) -> list[str]:
    return [_loss(spread.median), f"{_loss(spread.low, 3)}–{_loss(spread.high, 3)}"]


def _loss(value: float, decimals: int = 4) -> str:
    return f"{value:.{decimals}f}" if value < 100 else f"{value:.0e}"


def _map(experiment: Experiment, results: list[Result]) -> Iterator[Block]:
    """Loss by k1 and k2, where there is a grid of them."""
    k1, k2 = (sorted({getattr(r, key) for r in results}) for key in ("k1", "k2"))
    if len(k1) < 2 or len(k2) < 2:
        return
    name = "held_out" if experiment.held_out else "final"
    by_pair = {(r.k1, r.k2): getattr(r, name).median for r in results}
    body = [
        [f"k1 = {a}", *(_loss(by_pair[a, b]) if (a, b) in by_pair else "" for b in k2)] for a in k1
    ]
    yield Heading(sentence("experiment", f"map_{name}"))
    yield figures(["", *(f"k2 = {b}" for b in k2)], body)


def _costs(results: Sequence[Result]) -> Figures:
    """A row for each scheme: what an epoch takes, and how true its gradient is."""
    names = ("scheme", "updates", "cells", "dropped", "error", "angle")
    first = {result.scheme: result for result in reversed(results)}
    body = [
        [
            result.scheme,
            f"{result.updates // result.epochs:,}",
            f"{result.backward_cells // result.epochs:,}",
            f"{result.dropped:,}",
            f"{100 * result.error:.2f} %",
            f"{result.angle:.2f}°",
        ]
        for result in reversed(first.values())
    ]
    return figures([sentence("experiment", f"column_{name}") for name in names], body)
