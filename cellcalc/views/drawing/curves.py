"""Pictures with axes: a scheme's windows, the flow, gradients, training, the loss's surface."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cellcalc.engine.schedule import Schedule
from cellcalc.engine.trace import PassTrace, Trace
from cellcalc.errors import OptionError
from cellcalc.language.keys import derivative_key
from cellcalc.model.model import Model
from cellcalc.resources import sentence
from cellcalc.studies.flow import Flow
from cellcalc.studies.surface import Surface
from cellcalc.views.drawing.canvas import (
    ACCENT,
    BACKWARD,
    CALM,
    FORWARD,
    SERIES,
    Drawing,
    Labels,
    canvas,
    number,
    title,
)
from cellcalc.views.drawing.network import Shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_WINDOWS = 60  # rows of a schedule
MOST_NUMBERS = 12  # steps up to which the numbers stand in the boxes
MOST_BOXES = 20_000  # of flow and gradients; of more, a picture of dots
SHADE = 0.35  # over what a scheme cuts off, where there are too many boxes to hatch
FAINT = 1e-5  # of the largest derivative: the end of the scale
MANY = 60  # points and lines, above which they hide what they are to show
LEVELS = 14  # lines of equal loss


def schedule(plan: Schedule, heading: list[str], ax: Axes | None) -> Drawing:
    """A bar a window over the steps that it sweeps, and what becomes of each loss."""
    n, windows = plan.steps, plan.windows[:MOST_WINDOWS]
    width = min(12.0, max(4.5, 0.42 * n + 1.6))
    height = min(10.0, max(2.2, 0.3 * len(windows) + 1.5))
    with canvas(width, height, ax) as drawing:
        axes = drawing.axes
        marks: dict[str, tuple[list[float], list[float]]] = {}

        def mark(kind: str, x: float, y: float) -> None:
            xs, ys = marks.setdefault(kind, ([], []))
            xs.append(x)
            ys.append(y)

        for row, window in enumerate(windows, 1):
            reach = len(window.swept)
            axes.barh(row, reach, 0.62, window.first - 0.5, color="#BBD9EC", edgecolor=FORWARD)
            for t in window.losses:
                mark("injected", t, row)
            for t in window.dropped:
                mark("dropped", t, row)
            mark("update" if window.updates else "no_update", window.fires_at + 0.72, row)
            if window.resets:
                mark("reset", window.fires_at + 0.5, row + 0.5)
        if len(windows) == len(plan.windows):
            for t in plan.trailing:
                mark("dropped", t, len(windows) + 1)
        styles: dict[str, dict[str, Any]] = {
            "injected": {"marker": "o", "color": FORWARD},
            "dropped": {"marker": "x", "color": BACKWARD, "markeredgewidth": 1.8},
            "update": {"marker": ">", "color": ACCENT},
            "no_update": {"marker": ">", "color": ACCENT, "markerfacecolor": "white"},
            "reset": {"marker": "_", "color": "black", "markersize": 11, "markeredgewidth": 2.0},
        }
        size = max(2.5, min(6.0, 220.0 / n))
        for kind, (xs, ys) in marks.items():
            style = {"markersize": size, "linestyle": "", **styles[kind]}
            axes.plot(xs, ys, label=sentence("drawing", kind), zorder=3, **style)
        axes.set_xlim(0.4, n + 1.2)
        rows = len(windows) + (1 if plan.trailing and len(windows) == len(plan.windows) else 0)
        axes.set_ylim(rows + 0.6, 0.4)
        _whole(axes, "t", sentence("drawing", "window_axis"))
        axes.set_xticks([t for t in axes.get_xticks() if 1 <= t <= n])
        if marks:
            axes.legend(
                loc="upper center", bbox_to_anchor=(0.5, -0.5 / height - 0.08), ncols=2, fontsize=8
            )
        more = len(plan.windows) - len(windows)
        shortened = sentence("drawing", "more_windows", count=more) if more else ""
        title(drawing, *heading, plan.scheme.name, shortened)
    return drawing


def flow(
    found: Flow, states: Sequence[str], model: Model, heading: list[str], ax: Axes | None
) -> Drawing:
    """The triangle of the flow: a row a loss, a column a step, shaded by tens; a panel a state."""
    side = min(9.0, max(3.4, 0.34 * found.steps + 1.2))
    height = max(0.6, side * len(found.losses) / found.steps * 0.85) + 1.6
    with canvas((side + 1.6) * len(states), height, ax, panels=len(states)) as drawing:
        for axes, state in zip(drawing.panels or (drawing.axes,), states, strict=True):
            _triangle(found, state, model, drawing, axes)
        title(drawing, *heading)
    return drawing


def _triangle(found: Flow, state: str, model: Model, drawing: Drawing, axes: Axes) -> None:
    from matplotlib.colors import LogNorm
    from matplotlib.patches import Patch

    n, labels = found.steps, Labels(model)
    sizes = np.where(found.below, np.abs(found.matrix[state]), np.nan)
    finite = sizes[np.isfinite(sizes)]
    top = (float(finite.max()) if finite.size else 0.0) or 1.0
    edges = np.arange(n + 1) + 0.5
    rows = np.arange(len(found.losses) + 1) + 0.5
    least = float(finite[finite > 0].min()) if (finite > 0).any() else FAINT * top
    bottom = min(max(least, FAINT * top), 0.1 * top)
    shown = np.ma.masked_where(np.isnan(sizes), np.maximum(sizes, bottom))
    norm, dots = LogNorm(bottom, top), sizes.size > MOST_BOXES
    frame: dict[str, Any] = {
        "extent": (edges[0], edges[-1], rows[-1], rows[0]),
        "aspect": "auto",
        "interpolation": "nearest",
    }
    mesh: Any
    if dots:  # a box each would be a file of megabytes that takes minutes
        mesh = axes.imshow(shown, norm=norm, cmap=_blues(), **frame)
        axes.set_ylim(rows[0], rows[-1])
    else:
        mesh = axes.pcolormesh(edges, rows, shown, norm=norm, cmap=_blues())
    if found.cut.any():
        over = np.ma.masked_where(~found.cut, np.ones_like(sizes))
        look: dict[str, Any] = {"facecolor": "none", "hatch": "xxx", "edgecolor": BACKWARD}
        if dots:
            axes.imshow(over, cmap=_one(BACKWARD), alpha=SHADE, zorder=2, **frame)
            look = {"facecolor": BACKWARD, "alpha": SHADE}
        else:
            axes.pcolor(edges, rows, over, linewidth=0.0, cmap=_one("none"), zorder=2, **look)
        name = sentence("drawing", "cut", name=found.schedule.scheme.name)
        axes.legend(handles=[Patch(label=name, **look)], loc="upper right")
    axes.invert_yaxis()
    places = np.linspace(0, len(found.losses) - 1, min(len(found.losses), 12)).round()
    chosen = sorted({int(k) for k in places})
    axes.set_yticks([k + 1 for k in chosen], [str(found.losses[k]) for k in chosen])
    axes.set_xlabel(sentence("drawing", "flow_step"))
    axes.set_ylabel(sentence("drawing", "flow_loss"))
    _whole_ticks(axes.xaxis)
    bar = drawing.figure.colorbar(mesh, ax=axes, shrink=0.9)
    name = labels.maths(state, None).strip("$")
    bar.set_label(rf"$|\partial E_\tau / \partial {name}_t|$" if "_" not in name else state)


def _blues() -> Any:
    """From pale to strong: dark hatching shows on all of it."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("blues", ["#F7FBFF", "#9ECAE1", "#2171B5"])


def _one(colour: str) -> Any:
    """A scale of a single colour."""
    from matplotlib.colors import ListedColormap

    return ListedColormap([colour])


def gradients(shown: Shown, ax: Axes | None) -> Drawing:
    """What each step adds to the gradient of each parameter, and the sums beside it."""
    window, labels = shown.window, Labels(shown.trace.model)
    if window is None:
        raise OptionError("what", "a problem with targets, for a picture of gradients", "none")
    rows = [derivative_key(name) for name in shown.trace.initial]
    steps = window.steps
    table = np.array([[float(v) for v in window.backward[row]] for row in rows])
    sums = [window.gradients[row] for row in rows]
    finite = np.abs(table[np.isfinite(table)])
    largest = float(finite.max()) if finite.size else 1.0
    few = len(steps) <= MOST_NUMBERS
    width = min(13.0, (0.78 if few else 0.24) * len(steps) + 3.4)
    with canvas(max(4.8, width), 0.26 * len(rows) + 1.3, ax) as drawing:
        axes = drawing.axes
        # The fifth root of a share, so that small contributions still show their sign.
        shares = np.sign(table) * np.power(np.abs(table) / (largest or 1.0), 0.4)
        look: dict[str, Any] = {"cmap": "PuOr_r", "vmin": -1.15, "vmax": 1.15}
        if table.size > MOST_BOXES:
            frame = (steps[0] - 0.5, steps[-1] + 0.5, len(rows) - 0.5, -0.5)
            axes.imshow(shares, extent=frame, aspect="auto", interpolation="nearest", **look)
            axes.set_ylim(-0.5, len(rows) - 0.5)
        else:
            edges = np.arange(len(steps) + 1) + steps[0] - 0.5
            axes.pcolormesh(
                edges, np.arange(len(rows) + 1) - 0.5, shares, edgecolor="white",
                linewidth=0.5 if few else 0.0, **look,
            )  # fmt: skip
        for k, values in enumerate(table) if few else ():
            for t, value in zip(steps, values, strict=True):
                dark = abs(shares[k][t - steps[0]]) > 0.85
                axes.text(
                    t, k, number(value), fontsize=7, ha="center", va="center",
                    color="white" if dark else "black",
                )  # fmt: skip
        axes.set_yticks(range(len(rows)), [labels.maths(row) for row in rows])
        axes.invert_yaxis()
        axes.tick_params(length=0)
        for k, total in enumerate(sums):
            axes.annotate(
                number(total), (1.0, k), (8, 0), xycoords=("axes fraction", "data"),
                textcoords="offset points", va="center", fontsize=8, fontweight="bold",
                annotation_clip=False,
            )  # fmt: skip
        axes.annotate(
            sentence("drawing", "sum"), (1.0, 0.0), (8, -12), xycoords="axes fraction",
            textcoords="offset points", fontsize=9, annotation_clip=False,
        )  # fmt: skip
        _whole_ticks(axes.xaxis)
        axes.set_xlabel("t")
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        title(drawing, *shown.heading, sentence("drawing", "shares"))
    return drawing


def training(trace: Trace, ax: Axes | None) -> Drawing:
    """The loss over the epochs, a line a sequence, or over the windows of a single pass."""
    passes = [one for one in trace.passes if one.loss is not None]
    if not passes:
        raise OptionError("what", "a problem with targets, for a picture of training", "none")
    sequences = sorted({one.sequence for one in passes})
    epochs = sorted({one.epoch for one in passes})
    with canvas(6.0, 3.6, ax) as drawing:
        axes, heading = drawing.axes, [trace.specification.title]
        if len(epochs) == 1 and len(sequences) == 1:
            _by_window(axes, passes[0])
        else:
            _by_epoch(axes, passes, sequences, epochs)
        values = np.concatenate([np.asarray(line.get_ydata(), float) for line in axes.get_lines()])
        positive = values[np.isfinite(values)]
        if positive.size > 2 and positive.min() > 0 and positive.max() > 30 * positive.min():
            axes.set_yscale("log")
        update = trace.specification.update
        heading.append(f"{update.optimizer.name}, {trace.scheme.name}")
        title(drawing, *heading)
    return drawing


def _by_epoch(axes: Axes, passes: list[PassTrace], sequences: list[int], epochs: list[int]) -> None:
    table = np.full((len(sequences), len(epochs)), np.nan)
    for one in passes:
        table[sequences.index(one.sequence), one.epoch - epochs[0]] = one.loss
    few = len(sequences) <= len(SERIES)
    style: dict[str, Any] = {
        "marker": "o" if len(epochs) <= 30 else "",
        "markersize": 3.0,
        "linewidth": 1.4,
    }
    if len(sequences) == 1:
        axes.plot(epochs, table[0], color=FORWARD, **style)
    elif few:
        for k, row in enumerate(table):
            label = sentence("drawing", "sequence", number=sequences[k])
            dashes = ("-", "--", "-.", ":")[k % 4]
            axes.plot(epochs, row, color=SERIES[k], linestyle=dashes, label=label, **style)
        axes.legend(fontsize=8)
    else:
        middle, low, high = np.median(table, axis=0), table.min(axis=0), table.max(axis=0)
        axes.fill_between(epochs, low, high, color="#BBD9EC", linewidth=0)
        label = sentence("drawing", "median", count=len(sequences))
        axes.plot(epochs, middle, color=FORWARD, label=label, **style)
        axes.legend(fontsize=8)
    axes.set_ylabel(sentence("drawing", "loss"))
    _whole(axes, sentence("drawing", "epoch_axis"), "", ticks_y=False)


def _by_window(axes: Axes, one: PassTrace) -> None:
    """The loss of each step, and where the parameters change."""
    steps = [t for t in range(1, one.steps + 1) if one.counted(t)]
    values = [one.forward["E"][t] for t in steps] if one.forward else []
    few = len(steps) <= MANY
    axes.plot(steps, values, color=FORWARD, marker="o" if few else "", markersize=4, linewidth=1.2)
    fired = [w.last for w in one.windows if w.window.updates and w.last < one.steps]
    fired = fired if len(fired) <= MANY else []
    for k, t in enumerate(fired):
        label = sentence("drawing", "update") if k == 0 else None
        axes.axvline(t + 0.5, color=CALM, linewidth=1.0, linestyle="--", label=label)
    if fired:
        axes.legend(fontsize=8)
    axes.set_ylabel(sentence("drawing", "step_loss"))
    _whole(axes, "t", "", ticks_y=False)


def sweep(found: Surface, model: Model, heading: list[str], ax: Axes | None) -> Drawing:
    """The loss over two parameters as a map, over one as a curve; and the way of training."""
    labels = Labels(model)
    with canvas(5.6, 4.4, ax) as drawing:
        axes = drawing.axes
        if len(found.names) == 1:
            _curve(axes, found)
        else:
            _map(drawing, found)
        axes.set_xlabel(labels.maths(found.names[0]))
        if len(found.names) == 2:
            axes.set_ylabel(labels.maths(found.names[1]))
        else:
            axes.set_ylabel("$L$")
        axes.legend(fontsize=8, loc="upper right", frameon=True, framealpha=0.85)
        title(drawing, *heading)
    return drawing


def _curve(axes: Axes, found: Surface) -> None:
    axes.plot(found.axes[0], found.losses, color=FORWARD, linewidth=1.6)
    for place, marker, name in _ends(found):
        height = float(np.interp(place[0], found.axes[0], found.losses))
        axes.plot(*place, height, marker, color=BACKWARD, label=sentence("drawing", name))


def _map(drawing: Drawing, found: Surface) -> None:
    axes = drawing.axes
    values = np.where(np.isfinite(found.losses), found.losses, np.nan)
    if not np.isfinite(values).any():
        raise OptionError("of", "parameters over which the loss has values", "none")
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    # Denser near the least loss, where the ground is flat.
    levels = low + (high - low or 1.0) * np.linspace(0.0, 1.0, LEVELS) ** 2.5
    filled = axes.contourf(*found.axes, np.ma.masked_invalid(values), levels, cmap="cividis")
    axes.contour(
        *found.axes, np.ma.masked_invalid(values), levels, colors="white", linewidths=0.4
    )  # fmt: skip
    bar = drawing.figure.colorbar(filled, ax=axes)
    bar.set_label("$L$")
    bar.set_ticks([float(v) for v in levels[::3]], labels=[number(float(v)) for v in levels[::3]])
    if len(found.path) > 1:
        axes.plot(found.path[:, 0], found.path[:, 1], color="white", linewidth=2.6)
        axes.plot(found.path[:, 0], found.path[:, 1], color=BACKWARD, linewidth=1.2,
                  label=sentence("drawing", "path"))  # fmt: skip
    for place, marker, name in _ends(found):
        axes.plot(
            *place, marker, color=BACKWARD, markeredgecolor="white", markersize=8, linestyle="",
            label=sentence("drawing", name),
        )  # fmt: skip
    axes.set_xlim(found.axes[0][0], found.axes[0][-1])
    axes.set_ylim(found.axes[1][0], found.axes[1][-1])


def _ends(found: Surface) -> list[tuple[tuple[float, ...], str, str]]:
    ends: list[tuple[tuple[float, ...], str, str]] = [(found.at, "o", "start")]
    if len(found.path) > 1 and all(map(math.isfinite, found.path[-1])):
        ends.append((tuple(map(float, found.path[-1])), "s", "end"))
    return ends


def _whole(axes: Axes, x: str, y: str, ticks_y: bool = True) -> None:
    """Names of the axes, with whole numbers along them."""
    axes.set_xlabel(x)
    _whole_ticks(axes.xaxis)
    if y:
        axes.set_ylabel(y)
    if ticks_y:
        _whole_ticks(axes.yaxis)


def _whole_ticks(axis: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=12, integer=True, min_n_ticks=1))
