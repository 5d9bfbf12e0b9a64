"""Where the gradient goes: how much each loss depends on each earlier cell.

The matrix holds ∂E[τ]/∂c[s] for every step τ with a loss and every s ≤ τ, and so for each state
of the cell: total derivatives, along all paths from the state at s to that one loss, with the
parameters as the problem gives them and the state carried on. It comes from the derived backward
pass, swept once for all losses together: dE holds, in place of a number, one column a loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cellcalc.engine import codegen
from cellcalc.engine.codegen import ARRAYS, compile_source, evaluate
from cellcalc.engine.effort import check_flow
from cellcalc.engine.schedule import Schedule, plan
from cellcalc.errors import OptionError, check_whole
from cellcalc.files import json_pieces
from cellcalc.language.keys import derivative_key
from cellcalc.language.notation import LANGUAGE
from cellcalc.language.tree import Call, Symbol, spelled_out, symbols, walk
from cellcalc.model.model import COUNTED, Model
from cellcalc.problems.sequences import Sequence
from cellcalc.problems.specification import Specification

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

VANISHES, EXPLODES = 0.1, 10.0  # what is left over the longest lag, of what a loss starts with


@dataclass(frozen=True, repr=False)
class Flow:
    """The flow of the gradient in one sequence.

    ``losses`` are the steps τ with a loss; ``matrix`` has for each state an array of shape
    (losses, steps) with ∂E[τ]/∂state[s], 0 where s > τ. ``factor`` is what the carousel multiplies
    a derivative by on its way from s to s - 1 (the forget gate of step s), of shape (steps,), or
    None where no state acts on itself; ``carousel`` names that state and the factor. ``swept``
    counts the windows of the schedule that inject the loss of τ and sweep step s. ``stops`` has
    for each quantity that the cell lets no gradient through to, as an equation writes it, the rows
    in which it is stopped.
    """

    losses: tuple[int, ...]
    matrix: Mapping[str, Array]
    carousel: tuple[str, str] | None
    factor: Array | None
    schedule: Schedule
    swept: NDArray[np.int64]
    stops: Mapping[Symbol, tuple[str, ...]] = field(default_factory=dict)

    # How a notebook shows it: views stand above the studies, so the front door says it.
    as_text: ClassVar[Callable[[Flow], str] | None] = None

    def __repr__(self) -> str:
        """Sizes, and what becomes of each state's gradient, on a few lines."""
        told = [
            f"{v.state} {v.word}: {v.left:.3g} of it left after {v.lag} steps"
            for v in verdicts(self, lags(self))
        ]
        size = f"{len(self.losses)} losses, {self.steps} steps"
        cut = f"{self.schedule.scheme.name} cuts {int(self.cut.sum())} of {int(self.below.sum())}"
        return "<Flow: " + "\n ".join([f"{size}; {cut} pairs", *told]) + ">"

    def _repr_markdown_(self) -> str | None:
        show = type(self).as_text
        return f"```\n{show(self).rstrip()}\n```" if show else None

    @property
    def steps(self) -> int:
        """n, the number of steps."""
        return int(self.swept.shape[1])

    @property
    def below(self) -> NDArray[np.bool_]:
        """Where s ≤ τ: the pairs for which there is a derivative."""
        return np.less_equal(np.arange(1, self.steps + 1), _column(self.losses), dtype=bool)

    @property
    def cut(self) -> NDArray[np.bool_]:
        """The pairs that no window of the schedule takes into account."""
        return np.logical_and(self.below, np.equal(self.swept, 0), dtype=bool)

    def cut_share(self, state: str) -> float:
        """How much of all derivatives, added up by size, the schedule cuts off.

        Parameters
        ----------
        state : str
            One of the states, as ``"c"``.

        Returns
        -------
        float
            From 0 to 1.
        """
        sizes = np.abs(self.matrix[state])
        total = float(sizes.sum())
        return float(sizes[self.cut].sum()) / total if total else 0.0


@dataclass(frozen=True)
class Lag:
    """What is left of the losses' gradient so many steps before them.

    ``states`` has for each state the sum of sizes at that lag, over that at lag 0 of the same
    losses (nan where that is 0); ``product`` the mean product of the carousel's factors over those
    steps (nan where there is no carousel); ``swept`` the share of the pairs that windows sweep.
    Where the state is reset, the first two are of the pairs with no reset between them, and nan
    where there are none.
    """

    lag: int
    pairs: int
    states: Mapping[str, float]
    product: float
    swept: float


@dataclass(frozen=True)
class Verdict:
    """How the gradient of one state fares: vanishes, explodes or lasts, or is stopped by the cell.

    ``left`` is what is left at ``lag``, the longest; ``rate`` the factor a step, from lag 1 on: on
    the way from the loss to its own step it meets other factors than from step to step.
    """

    state: str
    word: str
    lag: int
    left: float
    rate: float


def chosen_sequence(specification: Specification, number: int) -> Sequence:
    """The sequence of that number, from 1.

    Raises :class:`~cellcalc.errors.OptionError` where there is none, or it has no target.
    """
    check_whole("sequence", number, 1, len(specification.sequences))
    chosen = specification.sequences[number - 1]
    if not any(chosen.has_target):
        raise OptionError("sequence", "a sequence with targets", f"{number}, without")
    return chosen


def flow(specification: Specification, model: Model, sequence: int = 1) -> Flow:
    """The flow of the gradient in one of the sequences, and what the scheme leaves of it.

    Parameters
    ----------
    specification : Specification
        The problem.
    model : Model
        Its equations.
    sequence : int
        Its place, from 1.

    Returns
    -------
    Flow
        For each state a matrix of shape (losses, n) with ∂E[τ]/∂state[s].

    Raises
    ------
    OptionError
        There is no such sequence, or it has no target.
    """
    chosen = chosen_sequence(specification, sequence)
    check_flow(chosen, model)
    n, has_target = chosen.steps, chosen.has_target
    losses = tuple(t for t, has in enumerate(has_target, 1) if has)
    schedule = plan(specification.scheme, n, has_target)
    columns: dict[str, list[Any]] = {name: [0.0] * (n + 2) for name in model.quantities}
    matrix = {state: np.zeros((len(losses), n)) for state in model.state}
    for start, stop in pairwise([0, *sorted(schedule.resets), n]):
        part = _segment(specification, model, chosen, losses, start, stop)
        for name, values in part.items():
            columns[name][start + 1 : stop + 1] = values[1 : stop - start + 1]
            columns[name][0] = values[0] if not start else columns[name][0]
        for state in model.state:
            slopes = part[derivative_key(state)][1 : stop - start + 1]
            found = np.array([np.broadcast_to(values, (len(losses),)) for values in slopes])
            matrix[state][:, start:stop] = found.T
    swept = np.zeros((len(losses), n), dtype=int)
    for window in schedule.windows:
        rows = np.isin(losses, window.losses)
        swept[rows, window.first - 1 : window.fires_at] += 1
    swept *= np.arange(1, n + 1) <= _column(losses)
    for name, value in specification.coefficients.items():
        columns[name] = [value] * (n + 2)
    named, factor = _carousel(model, columns, n)
    return Flow(losses, matrix, named, factor, schedule, swept, _stops(model))


def _stops(model: Model) -> dict[Symbol, tuple[str, ...]]:
    """What stands in a stop(…), and the rows in which it does."""
    found: dict[Symbol, dict[str, None]] = {}
    for row in model.forward:
        for node in walk(row.formula) if row.formula is not None else ():
            if isinstance(node, Call) and node.function == "stop":
                for symbol in symbols(node.argument):
                    if symbol.shift is not None:
                        found.setdefault(symbol, {})[row.symbol] = None
    return {symbol: tuple(rows) for symbol, rows in found.items()}


def _segment(
    specification: Specification,
    model: Model,
    sequence: Sequence,
    losses: tuple[int, ...],
    start: int,
    stop: int,
) -> dict[str, list[Any]]:
    """The columns of the steps after ``start`` up to ``stop``, from the initial state.

    A derivative has a number for each of the losses: 0 for those outside.
    """
    n = stop - start
    columns: dict[str, list[Any]] = {name: [0.0] * (n + 2) for name in model.quantities}
    for name, values in sequence.columns(start, stop).items():
        columns[name][1 : n + 1] = values
    for name, value in specification.initial.items():
        columns[name][0] = value
    for name, value in specification.parameters.items():
        columns[name] = [value] * (n + 2)  # read where the model keeps the weights of each step
    columns[COUNTED] = [(np.array(losses) == start + t).astype(float) for t in range(n + 2)]
    step = compile_source(codegen.function(model, guarded=True), "bptt", ARRAYS)
    with np.errstate(all="ignore"):
        step(columns, {**specification.parameters, **specification.coefficients}, 1, 1, n)
    return columns


def _column(steps: tuple[int, ...]) -> NDArray[np.int64]:
    return np.array(steps)[:, np.newaxis]


def _carousel(
    model: Model, columns: Mapping[str, list[Any]], n: int
) -> tuple[tuple[str, str] | None, Array | None]:
    found = model.carousel
    if found is None:
        return None, None
    state, local = found
    local = spelled_out(local, model.features)

    def value_before(s: int) -> float:
        def value(symbol: Symbol) -> float:
            return float(columns[symbol.name][s - 1 + (symbol.shift or 0)])

        return evaluate(local, value)

    return (state, model.maths()(local)), np.array([value_before(s) for s in range(1, n + 1)])


def lags(flow: Flow) -> list[Lag]:
    """The decay with the lag, from 0 to the longest that a loss has."""
    places = np.array(flow.losses) - 1
    rows = np.arange(len(places))
    edges = np.array([0, *sorted(flow.schedule.resets)])
    starts = edges[np.searchsorted(edges, places, side="right") - 1]  # of each loss's own piece
    sizes = {state: np.abs(values) for state, values in flow.matrix.items()}
    found = []
    for lag in range(flow.losses[-1]):
        far = places >= lag
        at, here, own = rows[far], places[far] - lag, places[far]
        states = {}
        joined = here >= starts[far]
        for state, values in sizes.items():
            start = float(values[at, own][joined].sum())
            states[state] = float(values[at, here][joined].sum()) / start if start else math.nan
        product = math.nan
        if flow.factor is not None and joined.any():
            spans = [np.prod(flow.factor[p - lag + 1 : p + 1]) for p in own[joined]]
            product = float(np.mean(spans))
        found.append(Lag(lag, len(at), states, product, float(np.mean(flow.swept[at, here] > 0))))
    return found


def verdicts(flow: Flow, found: list[Lag]) -> Iterator[Verdict]:
    """What becomes of each state's gradient over the longest lag; none for a single step."""
    for state in flow.matrix:
        lasting = [one for one in found if math.isfinite(one.states[state])]
        if len(lasting) < 2 or lasting[-1].lag != len(lasting) - 1:
            continue
        last, first = lasting[-1], lasting[1].states[state]
        left, steps = last.states[state], last.lag - 1
        word = "vanishes" if left < VANISHES else "explodes" if left > EXPLODES else "lasts"
        if not any(one.states[state] for one in lasting[1:]) and flow.stops:
            word = "stopped"
        rate = (left / first if first else 0.0) ** (1 / steps) if steps else left
        yield Verdict(state, word, last.lag, left, rate)


def to_json(flow: Flow, title: str, place: int) -> Iterator[str]:
    """One JSON object on one line, in pieces; what is not a number is null."""
    scheme, found = flow.schedule.scheme, lags(flow)
    data = {
        "title": title,
        "sequence": place,
        "steps": flow.steps,
        "losses": list(flow.losses),
        "scheme": {"name": scheme.name, "k1": scheme.k1, "k2": scheme.k2, "inject": scheme.inject},
        "matrix": {
            state: (map(_finite, row[:t].tolist()) for row, t in zip(m, flow.losses, strict=True))
            for state, m in flow.matrix.items()
        },
        "swept": (row[:t].tolist() for row, t in zip(flow.swept, flow.losses, strict=True)),
        "carousel": None
        if flow.carousel is None or flow.factor is None
        else {
            "state": flow.carousel[0],
            "factor": flow.carousel[1],
            "values": [_finite(v) for v in flow.factor],
        },
        "lags": [
            {
                "lag": one.lag,
                "pairs": one.pairs,
                **{state: _finite(value) for state, value in one.states.items()},
                "product": _finite(one.product),
                "swept": one.swept,
            }
            for one in found
        ],
        "cut": {
            "pairs": int(flow.cut.sum()),
            "of": int(flow.below.sum()),
            "share": {state: flow.cut_share(state) for state in flow.matrix},
        },
        "verdicts": [asdict(verdict) for verdict in verdicts(flow, found)],
        "stops": [{"of": LANGUAGE(of), "in": list(rows)} for of, rows in flow.stops.items()],
    }
    yield from json_pieces(data)
    yield "\n"


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
