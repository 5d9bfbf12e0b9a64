"""A picture of a schedule in text: which window sweeps which steps, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from cellcalc.engine.effort import check_listing
from cellcalc.engine.schedule import Schedule, Window, plan, planned, ranges
from cellcalc.files import json_pieces
from cellcalc.model.model import Model
from cellcalc.problems.schemes import Scheme
from cellcalc.problems.specification import Specification
from cellcalc.resources import sentence
from cellcalc.views.document import Block, Figures, Heading, Lines, Picture, Title, written
from cellcalc.views.table import figures
from cellcalc.views.text import check_page, columns, filled

MOST_ROWS = 40  # windows shown in one band; of more, the first and the last few
MOST_BANDS = 20  # of steps; of more, the first and the last few
SWEPT, INJECTED, DROPPED, UPDATE, NO_UPDATE, RESET = "○", "●", "×", "▸", "▹", "↺"


@dataclass(frozen=True)
class Cost:
    """What a scheme does on one sequence, in numbers.

    ``stored_steps`` are the steps whose activations are kept at once; each has as many values as
    the cell has forward quantities.
    """

    windows: int
    updates: int
    backward_cells: int
    losses_injected: int
    losses_dropped: int
    losses_repeated: int
    stored_steps: int
    stored_values: int


def schedules(specification: Specification) -> list[Schedule]:
    """The schedule of each sequence, in the first epoch.

    Raises :class:`~cellcalc.errors.LimitError` for windows that sweep too many steps to be listed.
    """
    check_listing(specification)
    return planned(specification)


def full(schedule: Schedule, specification: Specification, place: int) -> Schedule:
    """The schedule of full BPTT on the same sequence."""
    sequence = specification.sequences[place]
    return plan(Scheme("full", None, None), schedule.steps, sequence.has_target)


def cost(schedule: Schedule, model: Model) -> Cost:
    """The figures of a schedule."""
    return Cost(
        windows=len(schedule.windows),
        updates=sum(window.updates for window in schedule.windows),
        backward_cells=schedule.backward_cells,
        losses_injected=schedule.injected,
        losses_dropped=len(schedule.dropped),
        losses_repeated=len(schedule.repeated),
        stored_steps=schedule.stored_cells,
        stored_values=schedule.stored_cells * len(model.forward),
    )


def to_json(specification: Specification, model: Model) -> Iterator[str]:
    """The schedules of all sequences as one JSON object on one line, in pieces."""
    sequences = []
    for place, schedule in enumerate(schedules(specification)):
        sequences.append(
            {
                "sequence": place + 1,
                "steps": schedule.steps,
                "windows": [window_data(window) for window in schedule.windows],
                "dropped": list(schedule.dropped),
                "repeated": list(schedule.repeated),
                "totals": asdict(cost(schedule, model)),
                "full": asdict(cost(full(schedule, specification, place), model)),
            }
        )
    longest = max(sequence.steps for sequence in specification.sequences)
    data = {
        "title": specification.title,
        "scheme": asdict(specification.scheme.on(longest)),
        "sequences": sequences,
    }
    yield from json_pieces(data)
    yield "\n"


def window_data(window: Window) -> dict[str, object]:
    """A window as JSON has it."""
    return {
        "fires_at": window.fires_at,
        "t": list(window.swept),
        "losses": list(window.losses),
        "dropped": list(window.dropped),
        "reset": window.resets,
        "update": window.updates,
    }


def to_text(specification: Specification, model: Model, width: int = 80) -> str:
    """The page as text."""
    return written(page(specification, model, width))


def page(specification: Specification, model: Model, width: int = 80) -> list[Block]:
    """The picture and the figures of each sequence, at most ``width`` columns wide (0: any)."""
    check_page(width)
    scheme = specification.scheme
    settings = sentence("table", "scheme", name=scheme.name, expansion=scheme.expansion())
    blocks: list[Block] = [Title(specification.title, tuple(filled(settings, width)))]
    for place, schedule in enumerate(schedules(specification)):
        if len(specification.sequences) > 1:
            blocks.append(Heading(sentence("table", "sequence_heading", number=place + 1)))
        blocks += picture(schedule, width)
        if schedule.windows:
            blocks.append(_figures(schedule, full(schedule, specification, place), model))
    return [*blocks, Lines(tuple(legend()))]


def picture(schedule: Schedule, width: int, updates: bool = True) -> Iterator[Block]:
    """The windows of a schedule, band by band, and what must be said of them.

    ``updates`` tells whether it is marked which windows an update follows.
    """
    if not schedule.windows:
        yield Lines((sentence("picture", "no_windows"),))
        return
    yield from map(Picture, _bands(schedule, width or 10**6, updates))
    yield from (Lines((note,)) for note in _notes(schedule))


def _bands(schedule: Schedule, width: int, updates: bool) -> Iterator[str]:
    """The picture, cut into bands of steps."""
    cell = 3 if schedule.steps < 25 else 2
    margin = max(6, len(str(len(schedule.windows)))) + 2
    steps = max(1, (width - margin - 1) // cell)
    starts = range(1, schedule.steps + 1, steps)
    dropped = frozenset(schedule.dropped)
    for number, first in enumerate(starts):
        if len(starts) > MOST_BANDS and MOST_BANDS - 4 <= number < len(starts) - 3:
            if number == MOST_BANDS - 4:
                left_out = starts[-3] - first
                yield " " * margin + sentence("picture", "more_steps", count=left_out)
            continue
        band = range(first, min(first + steps, schedule.steps + 1))
        yield "\n".join(_band(schedule, dropped, band, cell, margin, updates))


def _band(
    schedule: Schedule,
    dropped: frozenset[int],
    steps: range,
    cell: int,
    margin: int,
    updates: bool,
) -> Iterator[str]:
    every = 1 if cell > 2 else 5
    ruler = ""
    for t in steps:
        label = str(t) if t == steps[0] or t % every == 0 else ""
        place = (t - steps[0]) * cell
        if place >= len(ruler):  # else a long number still stands there
            ruler = ruler.ljust(place) + label + (" " if label else "")
    heading = sentence("picture", "window")
    yield f"{' ' * (margin - 2 - columns(heading))}{heading}  {ruler}".rstrip()
    rows = [
        (number, window)
        for number, window in enumerate(schedule.windows, 1)
        if window.first <= steps[-1] and window.fires_at >= steps[0]
    ]
    for number, window in _shortened(rows):
        if window is None:
            yield " " * margin + sentence("picture", "more", count=number)
        else:
            yield f"{number:>{margin - 2}}  {_row(window, steps, cell, updates)}".rstrip()
    if any(t in dropped for t in steps):
        marks = "".join((DROPPED if t in dropped else "").ljust(cell) for t in steps)
        yield f"{'':>{margin}}{marks}".rstrip()
    resets = schedule.resets
    if any(t in resets for t in steps):
        marks = "".join((" " * (cell - 1) + RESET if t in resets else "").ljust(cell)
                        for t in steps)  # fmt: skip
        yield f"{'':>{margin}}{marks}".rstrip()


def _row(window: Window, steps: range, cell: int, updates: bool) -> str:
    text = ""
    swept, losses = window.swept, frozenset(window.losses)
    for t in steps:
        if t not in swept:
            text += " " * cell
            continue
        text += INJECTED if t in losses else SWEPT
        if t < window.fires_at:
            text += "─" * (cell - 1)
        else:
            mark = UPDATE if window.updates else NO_UPDATE
            text += (mark if updates else "").ljust(cell - 1)
    return text


def _shortened(rows: list[tuple[int, Window]]) -> Sequence[tuple[int, Window | None]]:
    """The windows that are shown; in place of others, None and how many they are."""
    if len(rows) <= MOST_ROWS:
        return rows
    left_out = len(rows) - MOST_ROWS + 1
    return [*rows[: MOST_ROWS - 4], (left_out, None), *rows[-3:]]


def _notes(schedule: Schedule) -> Iterator[str]:
    if schedule.dropped:
        yield sentence("picture", "dropped", steps=ranges(schedule.dropped))
    if schedule.repeated:
        yield sentence("picture", "repeated", steps=ranges(schedule.repeated))


def _figures(schedule: Schedule, whole: Schedule, model: Model) -> Figures:
    mine, full_bptt = asdict(cost(schedule, model)), asdict(cost(whole, model))
    body = [
        [sentence("cost", key, each=len(model.forward)), f"{mine[key]:,}", f"{full_bptt[key]:,}"]
        for key in mine
    ]
    headings = ["", schedule.scheme.name, sentence("cost", "full")]
    return figures(headings, body)


def legend(updates: bool = True) -> Iterator[str]:
    """What the marks mean, a line each; without ``updates`` no window is followed by one."""
    marks = {"injected": INJECTED, "swept": SWEPT, "update": UPDATE, "no_update": NO_UPDATE,
             "dropped_mark": DROPPED, "reset": RESET}  # fmt: skip
    for name, mark in marks.items():
        if not updates and name in ("update", "no_update"):
            continue
        yield f"{mark} {sentence('picture', name)}"
