"""The network unrolled in time, and the cell at one step: values in blue, gradients in vermilion.

Both are laid out in inches, so that letters and lines keep their size however many boxes there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellcalc.engine.trace import PassTrace, Trace, WindowTrace
from cellcalc.errors import OptionError, check_whole
from cellcalc.language.keys import derivative_key
from cellcalc.language.tree import symbols
from cellcalc.model.model import LOSS, PREDICTION, TARGET, Model
from cellcalc.resources import sentence
from cellcalc.views.drawing.canvas import (
    BACKWARD,
    FORWARD,
    LINE,
    SHADE,
    Drawing,
    Labels,
    canvas,
    number,
    title,
)
from cellcalc.views.picture import Arrow, Box, Picture, picture
from cellcalc.views.stages import Place, Wire

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_COLUMNS = 5  # steps of an unrolled network side by side, where nobody says which
MOST_WIDE = 40  # steps that may be asked for
BOX, GAP, ROW = 1.75, 1.45, 0.23  # inches
SMALL = 7.5  # points
WIDEST = 17  # letters in a box that say what it is made of


@dataclass(frozen=True)
class Shown:
    """A pass, the window whose gradients are shown (None where there is none), and which it is."""

    trace: Trace
    one: PassTrace
    window: WindowTrace | None
    number: int

    def value(self, key: str, t: int) -> float | None:
        """A forward value; None where there is none."""
        values = self.one.forward.get(key)
        return values[t] if values is not None and 0 <= t < len(values) else None

    def slope(self, key: str, t: int) -> float | None:
        """The derivative by a quantity; None where the window does not sweep the step."""
        derived = derivative_key(key)
        if self.window is None or derived not in self.window.backward:
            return None
        if t == self.window.first - 1:
            return self.window.entering.get(derived)
        if not self.window.first <= t <= self.window.last:
            return None
        return self.window.backward[derived][t - self.window.first]

    @property
    def heading(self) -> Iterator[str]:
        """Which pass and window it is, as far as there are several."""
        s = self.trace.specification
        yield s.title
        if s.update.epochs > 1:
            yield sentence("drawing", "epoch", number=self.one.epoch)
        if len(s.sequences) > 1:
            yield sentence("drawing", "sequence", number=self.one.sequence)
        if self.window and len(self.one.windows) > 1:
            words = {"number": self.number, "count": len(self.one.windows)}
            first, last = self.window.first, self.window.last
            yield sentence("drawing", "window", **words, first=first, last=last)


def chosen(trace: Trace, window: int | None, epoch: int, sequence: int) -> Shown:
    """The pass asked for, and its window: the first of the longest where none is said."""
    one = trace.only(epoch, sequence).passes[0]
    count = len(one.windows)
    if not count:
        if window is not None:
            raise OptionError("window", "nothing, since nothing is swept", str(window))
        return Shown(trace, one, None, 0)
    check_whole("window", window, 1, count)
    if window is None:
        lengths = [len(w.steps) for w in one.windows]
        window = lengths.index(max(lengths)) + 1
    return Shown(trace, one, one.windows[window - 1], window)


def unrolled(shown: Shown, steps: tuple[int, int] | None, ax: Axes | None) -> Drawing:
    """A box a step with its gates; states on the arrows between, inputs below, losses above."""
    n, model = shown.one.steps, shown.trace.model
    first, last = steps or _bounds(shown)
    if last - first >= MOST_WIDE:
        expected = f"at most {MOST_WIDE} steps"
        raise OptionError("steps", expected, f"{first}-{last}")
    drawer = _Unrolled(shown, first, last, Labels(model))
    width = (last - first + 1) * (BOX + GAP) + GAP
    with canvas(width + 0.2, drawer.top - drawer.bottom, ax, blank=True) as drawing:
        axes = drawing.axes
        _blank(axes, (-GAP - 0.1, width - GAP + 0.1), (drawer.bottom, drawer.top))
        drawer.draw(axes)
        shows = sentence("drawing", "steps", first=first, last=last, n=n)
        title(drawing, *shown.heading, shows if (first, last) != (1, n) else "")
        _key(axes, shown.window is not None)
    return drawing


def _bounds(shown: Shown) -> tuple[int, int]:
    """The steps that are shown where nobody says: the last few that the window sweeps."""
    n = shown.one.steps
    if n <= MOST_COLUMNS or shown.window is None:
        return 1, min(n, MOST_COLUMNS)
    first = max(shown.window.first, shown.window.last - MOST_COLUMNS + 1)
    first = min(first, n - MOST_COLUMNS + 1)
    return first, first + MOST_COLUMNS - 1


class _Unrolled:
    """The places of an unrolled network: a column of the width BOX + GAP a step."""

    def __init__(self, shown: Shown, first: int, last: int, labels: Labels) -> None:
        self.shown, self.first, self.last, self.labels = shown, first, last, labels
        model = shown.trace.model
        self.rows = inner(model)
        lanes = len(model.state)
        self.height = max(len(self.rows) * ROW + 0.5, lanes * 0.62 + 0.2)
        pitch = self.height / lanes if lanes else self.height
        # The carousel runs along the top, as it is usually drawn; the output below it.
        states = sorted(model.state, key=lambda s: s == model.cell.output)
        self.lanes = {s: self.height - (k + 0.5) * pitch for k, s in enumerate(states)}
        self.inputs = [row.symbol for row in model.inputs if row.symbol != TARGET]
        self.bottom = -0.62 - 0.2 * min(len(self.inputs), 4)
        self.compared = LOSS in shown.one.forward
        self.top = self.height + (1.62 if self.compared else 0.95)

    def left(self, t: int) -> float:
        return (t - self.first) * (BOX + GAP)

    def draw(self, axes: Axes) -> None:
        for t in range(self.first, self.last + 1):
            self.step(axes, t)
        for t in range(self.first - 1, self.last + 1):
            for state, y in self.lanes.items():
                self.handed_on(axes, state, t, y)

    def swept(self, t: int) -> bool:
        window = self.shown.window
        return window is not None and window.first <= t <= window.last

    def step(self, axes: Axes, t: int) -> None:
        x, middle, shown = self.left(t), self.left(t) + BOX / 2, self.shown
        _box(axes, x, 0.0, BOX, self.height, SHADE if self.swept(t) else "white", dashed=False)
        axes.text(x + 0.08, self.height - 0.2, f"$t = {t}$", fontsize=SMALL, color=LINE)
        for k, key in enumerate(self.rows):
            y = self.height - 0.46 - k * ROW
            axes.text(x + 0.08, y, self.labels.maths(key, t), fontsize=SMALL + 0.5, va="center")
            _pair(axes, x + 1.08, x + BOX - 0.06, y, shown.value(key, t), shown.slope(key, t))
        for k, key in enumerate(self.inputs[:4]):
            value = number(shown.value(key, t) or 0.0)
            text = f"{self.labels.maths(key, t)} = {value}"
            more = " …" if k == 3 and len(self.inputs) > 4 else ""
            y = -0.5 - 0.2 * k
            axes.text(middle, y, text + more, fontsize=SMALL, color=FORWARD, ha="center", va="top")
        _arrow(axes, (middle, -0.45), (middle, 0.0), LINE)
        _arrow(axes, (middle, self.height), (middle, self.height + 0.4), LINE)
        y = self.height + 0.55
        self.quantity(axes, PREDICTION, t, middle, y)
        if not self.compared:
            return
        if shown.one.counted(t):
            _arrow(axes, (middle, y + 0.24), (middle, y + 0.5), LINE)
            loss, target = shown.value(LOSS, t), shown.value(TARGET, t)
            text = f"{self.labels.maths(LOSS, t)} = {number(loss or 0.0)}"
            injected = shown.window is not None and t in shown.window.window.losses
            color = FORWARD if injected or shown.window is None else LINE
            axes.text(middle, y + 0.6, text, fontsize=SMALL + 0.5, color=color, ha="center")
            aim = f"({sentence('drawing', 'target')} {number(target or 0.0)})"
            axes.text(middle, y + 0.78, aim, fontsize=SMALL, color=LINE, ha="center")
        else:
            text = sentence("drawing", "no_target")
            axes.text(middle, y + 0.36, text, fontsize=SMALL, color=LINE, ha="center")

    def quantity(self, axes: Axes, key: str, t: int, x: float, y: float) -> None:
        """A value above its gradient, both named."""
        self.named(axes, key, t, x, y + 0.08, y - 0.02)

    def named(self, axes: Axes, key: str, t: int, x: float, above: float, below: float) -> bool:
        """A value at one height and its gradient at another; whether there is a gradient."""
        value, slope = self.shown.value(key, t), self.shown.slope(key, t)
        if value is not None:
            text = f"{self.labels.maths(key, t)} = {number(value)}"
            axes.text(x, above, text, fontsize=SMALL, color=FORWARD, ha="center")
        if slope is not None:
            text = f"{self.labels.maths(derivative_key(key), t)} = {number(slope)}"
            axes.text(x, below, text, fontsize=SMALL, color=BACKWARD, ha="center", va="top")
        return slope is not None

    def handed_on(self, axes: Axes, state: str, t: int, y: float) -> None:
        """The arrow from step t to the next, with the state above it and its gradient below."""
        start, end = self.left(t) + BOX, self.left(t + 1)
        n, one = self.shown.one.steps, self.shown.one
        back = self.swept(t + 1)
        if t in one.schedule.resets:
            end -= 0.1
            axes.text((start + end) / 2, y + 0.24, "↺", fontsize=SMALL + 2, color=LINE, ha="center")
        _arrow(axes, (start, y), (end, y), LINE, dashed=t in (0, n))
        has_slope = self.named(axes, state, t, (start + end) / 2, y + 0.06, y - 0.07)
        if has_slope and back and t < self.last + 1:
            _arrow(axes, (end - 0.05, y - 0.3), (start + 0.05, y - 0.3), BACKWARD)


def inner(model: Model) -> list[str]:
    """The quantities within the cell: what is no state, no output, and no gate's net input."""
    own = [e.symbol for e in model.cell.equations]
    formulas = {row.symbol: row.formula for row in model.forward}
    used = [
        (name, {s.name for s in symbols(f) if s.shift == 0}) for name, f in formulas.items() if f
    ]
    squashed = {
        name for name in own if [inside for _, inside in used if name in inside] == [{name}]
    }
    return [k for k in own if k not in model.state and k != model.cell.output and k not in squashed]


def cell(shown: Shown, t: int | None, ax: Axes | None) -> Drawing:
    """The cell at one step as textbooks draw it, each quantity with its value and gradient."""
    n, window = shown.one.steps, shown.window
    check_whole("step", t, 1, n)
    if t is None:
        t = max(1, (window.first + window.last) // 2) if window else (n + 1) // 2
    drawn = picture(shown.trace.model)
    places = {box.place for box in drawn.boxes}
    ends = [*places, *(p for a in drawn.arrows for p in (a.start, a.end))]
    ends += [p for w in drawn.wires for p in (w.start, w.end)]
    down, across = max(row for row, _ in ends), max(column for _, column in places)
    width, height = across * PITCH + 1.55, down * 0.86 + 1.0
    with canvas(width, height, ax, blank=True) as drawing:
        axes = drawing.axes
        _blank(axes, (-0.6, across * PITCH + 0.95), (-down * 0.86 - 0.5, 0.5))
        _wires(axes, drawn)
        for wire in drawn.wires:
            _wire(axes, wire)
        for box in drawn.boxes:
            _cell_box(axes, box, t, shown)
        title(drawing, *shown.heading, f"t = {t}")
        _key(axes, window is not None and window.first <= t <= window.last)
    return drawing


PITCH, HALF, REACH = 1.28, 0.52, 0.3  # of the columns of boxes; half of a box across and down


def _at(place: Place) -> tuple[float, float]:
    return place[1] * PITCH, -place[0] * 0.86


def _wire(axes: Axes, wire: Wire) -> None:
    """A line between two stages, past one, or down to the next box."""
    (x0, y0), (x1, y1) = _at(wire.start), _at(wire.end)
    if wire.down:
        _arrow(axes, (x0, y0 - REACH), (x1, y1 + REACH), LINE, below=True)
        return
    start, end = (x0 + HALF, y0), (x1 + HALF if wire.start == wire.end else x1 - HALF, y1)
    if wire.start == wire.end:
        start = x0 - HALF, y0
    if wire.arrives:
        _arrow(axes, start, end, LINE, below=True)
    else:
        axes.plot([start[0], end[0]], [start[1], end[1]], color=LINE, linewidth=1.0, zorder=1)


def _wires(axes: Axes, drawn: Picture) -> None:
    boxes = {box.place: box for box in drawn.boxes}
    crossings = _crossings(drawn.arrows)
    for arrow in drawn.arrows:
        (x0, y0), (x1, y1) = _at(arrow.start), _at(arrow.end)
        sign = (x1 > x0) - (x1 < x0), (y1 > y0) - (y1 < y0)
        if (target := boxes.get(arrow.end)) is not None:
            reach = (0.15, 0.15) if target.text and not target.symbol else (0.52, 0.3)
            end = x1 - sign[0] * reach[0], y1 - sign[1] * reach[1]
            _arrow(axes, (x0, y0), end, LINE, below=True)
        elif arrow.end[1] > max(column for _, column in boxes):
            _arrow(axes, (x0, y0), (x1 - 0.35, y1), LINE, below=True)
        else:
            axes.plot([x0, x1], [y0, y1], color=LINE, linewidth=1.0, zorder=1)
    for x, y in crossings - set(map(_at, boxes)):
        axes.plot([x], [y], marker="o", markersize=3.5, color=LINE, zorder=2)


def _crossings(arrows: tuple[Arrow, ...]) -> set[tuple[float, float]]:
    """Where an arrow begins or ends along another: they are joined there."""
    found = set()
    for place in {end for arrow in arrows for end in (arrow.start, arrow.end)}:
        row, column = place
        for other in arrows:
            rows = sorted((other.start[0], other.end[0]))
            columns = sorted((other.start[1], other.end[1]))
            inside = rows[0] <= row <= rows[1] and columns[0] <= column <= columns[1]
            if inside and place not in (other.start, other.end):
                found.add(_at(place))
    return found


def _cell_box(axes: Axes, box: Box, t: int, shown: Shown) -> None:
    x, y = _at(box.place)
    labels, step = Labels(shown.trace.model), t - 1 if box.before else t
    if not box.symbol:
        if len(box.text) > 3:
            style = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": LINE}
            axes.text(x, y, box.text, fontsize=SMALL, ha="center", va="center", bbox=style)
            return
        disc = 17 if len(box.text) == 1 else 23
        axes.plot([x], [y], marker="o", markersize=disc, color="white", markeredgecolor=LINE)
        axes.text(x, y, box.text, fontsize=SMALL + 1, ha="center", va="center_baseline")
        return
    before = box.before and t - 1 in shown.one.schedule.resets
    value = shown.value(box.symbol, 0 if before else step)
    slope = shown.slope(box.symbol, step)
    state = box.symbol in shown.trace.model.state
    fill = "#FFF6E0" if state else SHADE
    _box(axes, x - 0.52, y - 0.3, 1.04, 0.6, fill, dashed=box.before)
    text = labels.maths(box.symbol, step)
    lines: list[tuple[str, str]] = [(text, "black")]
    if value is not None:
        lines[0] = (f"{text} = {number(value)}", FORWARD)
    if slope is not None:
        lines.append((f"∂: {number(slope)}", BACKWARD))
    if box.source:
        fits = len(box.source) <= WIDEST
        lines.append((box.source if fits else f"{box.source[: WIDEST - 1]}…", LINE))
    pitch = 0.19
    for k, (line, color) in enumerate(lines):
        place = y + (len(lines) - 1) * pitch / 2 - k * pitch
        size = SMALL if len(line) < 34 else SMALL - 1.5
        axes.text(x, place, line, fontsize=size, color=color, ha="center", va="center")


def _blank(axes: Axes, x: tuple[float, float], y: tuple[float, float]) -> None:
    axes.set_xlim(*x)
    axes.set_ylim(*y)
    axes.set_aspect("equal")
    axes.set_axis_off()


def _box(
    axes: Axes, x: float, y: float, width: float, height: float, fill: str, dashed: bool
) -> None:
    from matplotlib.patches import FancyBboxPatch

    axes.add_patch(
        FancyBboxPatch(
            (x + 0.05, y + 0.05),
            width - 0.1,
            height - 0.1,
            boxstyle="round,pad=0.05",
            facecolor=fill,
            edgecolor=LINE,
            linewidth=1.0,
            linestyle="--" if dashed else "-",
            zorder=3,
        )
    )


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    color: str,
    dashed: bool = False,
    below: bool = False,
) -> None:
    from matplotlib.patches import FancyArrowPatch

    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=9,
            shrinkA=0,
            shrinkB=0,
            color=color,
            linewidth=1.0,
            linestyle="--" if dashed else "-",
            zorder=1 if below else 4,
        )
    )


def _pair(
    axes: Axes, middle: float, right: float, y: float, value: float | None, slope: float | None
) -> None:
    """A value, and its gradient in a column beside it."""
    if value is not None:
        style: dict[str, Any] = {"ha": "right", "va": "center", "color": FORWARD}
        axes.text(middle, y, number(value), fontsize=SMALL, **style)
    if slope is not None:
        style = {"ha": "right", "va": "center", "color": BACKWARD}
        axes.text(right, y, number(slope), fontsize=SMALL, **style)


def _key(axes: Axes, back: bool) -> None:
    """What the two colours are, below the picture."""
    lines = [("values", FORWARD), *([("slopes", BACKWARD)] if back else [])]
    for k, (name, color) in enumerate(lines):
        axes.annotate(
            sentence("drawing", name), (0.02, 0.0), (0, -12 * k), xycoords="axes fraction",
            textcoords="offset points", color=color, fontsize=SMALL, va="top",
            annotation_clip=False,
        )  # fmt: skip
