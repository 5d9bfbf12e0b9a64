"""What a run leaves behind: every value of every pass, window by window."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

from cellcalc.engine.lazy import LazyRow, numbers
from cellcalc.engine.schedule import Schedule, Window
from cellcalc.errors import (
    InputError,
    OptionError,
    PackageError,
    SymbolError,
    check_choice,
    check_whole,
    describe,
    did_you_mean,
)
from cellcalc.language.keys import derivative_key, element_keys, entering_key
from cellcalc.language.tree import Symbol
from cellcalc.model.model import LOSS, TARGET, Model
from cellcalc.problems.schemes import Scheme
from cellcalc.problems.sequences import or_zero
from cellcalc.problems.specification import Specification
from cellcalc.records import record

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


Values = Sequence[float]  # a list, or of a long sequence an array


@record
class WindowTrace:
    """One backward sweep, and the update if there is one after it.

    ``backward`` holds the values of each derivative over the swept steps (of a long window those
    that follow from others are worked out on reading); ``entering`` the
    derivatives of the state at the step before the first (the value of the same row there);
    ``gradients`` the sum over the window for each parameter, and ``dh0``, ``dc0``. ``summed`` are
    the gradients gathered since the last update, ``used`` the same clipped, as the update uses
    them (empty where none follows); frozen parameters are in neither. ``before`` and ``after``
    are the parameters on either side, and so for the optimizer's ``memory``. ``update`` is the
    number of the update that the window's gradients go into.
    """

    window: Window
    update: int
    backward: Mapping[str, Values]
    entering: Mapping[str, float]
    gradients: Mapping[str, float]
    summed: Mapping[str, float]
    used: Mapping[str, float]
    before: Mapping[str, float]
    after: Mapping[str, float]
    memory_before: Mapping[str, float]
    memory_after: Mapping[str, float]

    @property
    def first(self) -> int:
        """The first step that is swept."""
        return self.window.first

    @property
    def last(self) -> int:
        """The last step that is swept, after which the window fires."""
        return self.window.fires_at

    @property
    def steps(self) -> range:
        """The swept steps, first to last."""
        return self.window.swept


@record
class PassTrace:
    """One run over one sequence.

    ``forward`` holds n + 1 numbers for each input and forward quantity, for t = 0 … n;
    at t = 0 only the state has a value, all else is nan. ``loss`` is L: the sum over the steps
    that have a target, or their mean where the scheme says so; None where no step has one.
    ``before`` are the parameters at the start, ``memory`` is the optimizer's state then,
    ``updates`` how often it has updated; ``coefficients`` stay as they are throughout.
    """

    epoch: int
    sequence: int
    schedule: Schedule
    forward: Mapping[str, Values]
    loss: float | None
    windows: tuple[WindowTrace, ...]
    before: Mapping[str, float]
    memory: Mapping[str, float]
    updates: int
    coefficients: Mapping[str, float] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """n, the number of steps."""
        return self.schedule.steps

    @property
    def after(self) -> Mapping[str, float]:
        """The parameters at the end."""
        return self.windows[-1].after if self.windows else self.before

    def counted(self, t: int) -> bool:
        """Whether step t has a target, and so a loss."""
        return TARGET in self.forward and not math.isnan(self.forward[TARGET][t])

    def parameters_at(self, t: int) -> Mapping[str, float]:
        """The parameters that step t was computed with."""
        once = self.schedule.scheme.update != "window"
        fired = [] if once else [window for window in self.windows if window.last < t]
        return fired[-1].after if fired else self.before

    def parameter(self, symbol: str) -> tuple[list[float], list[int]]:
        """The values of a parameter over t = 1 … n, and how many steps each was used for."""
        values, until = [self.before[symbol]], [0]
        for window in self.windows if self.schedule.scheme.update == "window" else ():
            if until[-1] < window.last < self.steps:
                values.append(window.after[symbol])
                until.append(window.last)
        return values, [stop - start for start, stop in pairwise([*until, self.steps])]

    def state_before(self, t: int, symbol: str) -> float:
        """The state that step t starts from: that of t - 1, or the initial one after a reset."""
        return self.forward[symbol][0 if t - 1 in self.schedule.resets else t - 1]


@record
class Trace:
    """Every value of a run.

    A trace is read like a mapping: ``trace["c"]`` is an array over t = 1 … n, ``"dc" in trace``
    and ``list(trace)`` say which symbols there are. Of several passes (epochs or sequences) these
    are the last; :meth:`only` gives another, and all of them are in ``passes``.

    Attributes
    ----------
    specification, model
        What was computed, and its equations.
    scheme : Scheme
        With k1 and k2 as numbers, for the longest sequence.
    passes : tuple of PassTrace
        Every run over a sequence, with its forward columns and its windows.
    initial, final : mapping of str to float
        The parameters before the first step and after the last update.
    memory, updates
        The optimizer's state at the end, and how often it has updated.
    standing_in : frozenset of str
        What has no value somewhere, so that 1e-300 stands in for an argument: ``log`` of what is
        not above 0, ``divide`` by 0. ``rounded_away`` where hand rounding has made 0 of what the
        optimizer divides by, all but its ``epsilon``.
    """

    specification: Specification
    model: Model
    scheme: Scheme
    decimals: int | None
    passes: tuple[PassTrace, ...]
    initial: Mapping[str, float]
    final: Mapping[str, float]
    memory: Mapping[str, float] = field(default_factory=dict)
    updates: int = 0
    standing_in: frozenset[str] = frozenset()

    @property
    def optimizer_state(self) -> dict[str, dict[str, float]]:
        """The optimizer's state at the end, by its own name and the parameter's: m, W_f."""
        update = self.specification.update
        free = [name for name in self.initial if name not in update.frozen]
        return {
            own: {name: self.memory.get(f"{own}_{name}", value) for name in free}
            for own, value in update.optimizer.state.items()
        }

    # How a notebook shows a trace: views stand above the engine, so the front door says it.
    as_html: ClassVar[Callable[[Trace], str] | None] = None

    @property
    def gradients(self) -> Mapping[str, float | NDArray[numpy.float64]]:
        """The gradients by symbol: ``dW_f``, …, and ``dh0``, ``dc0`` for the entering state.

        A number where the last pass has one window; of several an array of shape (windows,), in
        the order in which they fire. Empty where nothing was swept.
        """
        windows = self.passes[-1].windows
        if len(windows) < 2:
            return windows[0].gradients if windows else {}
        import numpy  # here, so that printing a table never waits for it

        return {
            name: _read_only(numpy.array([window.gradients[name] for window in windows]))
            for name in windows[0].gradients
        }

    def gradients_as(self, layout: str) -> dict[str, NDArray[numpy.float64]]:
        """The gradients in a framework's names, shapes and order of gates.

        Parameters
        ----------
        layout : str
            One of the files of ``templates/layouts``, such as ``"pytorch"``.

        Returns
        -------
        dict of str to numpy.ndarray
            As in ``{"weight_ih_l0": (4, inputs), …}``; of several windows the sum, which is what
            frameworks keep. An array that holds a parameter which the cell has not is left out.
            Empty where nothing was swept.

        Raises
        ------
        OptionError
            There is no such layout, or the cell has none of its arrays.
        """
        import numpy

        from cellcalc.problems import weights

        check_choice("layout", layout, weights.layout_names())
        own, features = set(self.initial), self.model.features
        try:
            chosen = weights.layout_for(layout, own, self.model.cell, gradients=True)
        except InputError as error:
            mistake = error.mistakes[0]
            raise OptionError("layout", mistake.expected, mistake.found) from None
        arrays, gradients = {}, self.gradients
        for block in chosen.blocks:
            places = [chosen.place(letter, rest, own) for letter, rest in block.elements(features)]
            if gradients and all(places):
                sums = [numpy.sum(gradients[derivative_key(place)]) for place in places]
                shaped = numpy.array(sums, dtype=float).reshape(block.lengths(features))
                arrays[block.names[0]] = _read_only(shaped)
        if gradients and not arrays:
            found = f"{self.model.cell.name}, which has none of its parameters"
            raise OptionError("layout", f"one for the cell {self.model.cell.name}", found)
        return arrays

    @property
    def loss(self) -> float | None:
        """The total loss of the last pass; None where there are no targets."""
        return self.passes[-1].loss

    @property
    def steps(self) -> int:
        """n, the number of steps of the last pass."""
        return self.passes[-1].steps

    @property
    def symbols(self) -> list[str]:
        """Every symbol that the trace has a value for, initial derivatives (dh0) included."""
        rows: Iterable[str] = self.model.quantities
        if not self.passes[-1].forward:  # run without detail
            last = self.passes[-1]
            rows = [name for name in rows if name in last.before or name in last.coefficients]
        entering = map(entering_key, self.model.state) if self.model.loss else ()
        return [*rows, *entering]

    def keys(self) -> list[str]:
        """The symbols, as of a mapping.

        Returns
        -------
        list of str
        """
        return self.symbols

    def values(self) -> Iterator[NDArray[numpy.float64]]:
        """The arrays, in the order of the symbols.

        Returns
        -------
        iterator of numpy.ndarray
        """
        return (self[symbol] for symbol in self.symbols)

    def items(self) -> Iterator[tuple[str, NDArray[numpy.float64]]]:
        """Each symbol with its array.

        Returns
        -------
        iterator of (str, numpy.ndarray)
        """
        return ((symbol, self[symbol]) for symbol in self.symbols)

    def __iter__(self) -> Iterator[str]:
        return iter(self.symbols)

    def __len__(self) -> int:
        return len(self.symbols)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self.symbols

    def only(self, epoch: int = 1, sequence: int = 1) -> Trace:
        """The trace of one pass alone.

        Parameters
        ----------
        epoch, sequence : int
            From 1.

        Returns
        -------
        Trace
            Whose arrays, gradients and loss are those of that pass.

        Raises
        ------
        OptionError
            There is no such pass.
        """
        check_whole("epoch", epoch, 1, self.passes[-1].epoch)
        check_whole("sequence", sequence, 1, len(self.specification.sequences))
        chosen = next(p for p in self.passes if (p.epoch, p.sequence) == (epoch, sequence))
        return replace(self, passes=(chosen,))

    def __getitem__(self, symbol: str) -> NDArray[numpy.float64]:
        """The values of one symbol over the steps t = 1 … n of the last pass.

        Parameters
        ----------
        symbol : str
            A key, one of ``symbols``.

        Returns
        -------
        numpy.ndarray
            Read-only. Of shape (n,) for an input, a parameter (what each step was computed with)
            and a forward quantity. A derivative, and each step's contribution to a gradient, has
            shape (n,) where there is one window, else (windows, n); it is nan at a step that a
            window does not sweep. The derivative by the entering state (``dh0``) belongs to no
            step, and has shape () or (windows,).

        Raises
        ------
        SymbolError
            The problem has no such symbol, or the run was without detail.
        """
        import numpy

        last = self.passes[-1]
        if not isinstance(symbol, str):
            raise SymbolError(self._unknown(symbol, self.symbols))
        if symbol in last.forward:
            values = last.forward[symbol]
            return _read_only(numbers(values, 1, len(values)))
        if symbol in last.before:
            return _read_only(numpy.repeat(*last.parameter(symbol)))
        if symbol in last.coefficients:
            return _read_only(numpy.full(last.steps, last.coefficients[symbol]))
        known = self.symbols
        if symbol not in known:
            raise SymbolError(self._unknown(symbol, known))
        windows = last.windows
        if symbol not in self.model.quantities:  # dh0
            entering = numpy.array([window.gradients[symbol] for window in windows])
            return _read_only(entering[0] if len(windows) == 1 else entering)
        found = numpy.full((len(windows), last.steps), numpy.nan)
        for row, window in zip(found, windows, strict=True):
            row[window.first - 1 : window.last] = window.backward[symbol]
        return _read_only(found[0] if len(windows) == 1 else found)

    def _unknown(self, symbol: object, known: list[str]) -> str:
        """Why there is no such symbol."""
        if not isinstance(symbol, str):
            return f"no symbol {describe(symbol)}; expected a text, as in trace[{known[0]!r}]"
        if symbol in self.model.quantities:
            return f"{symbol} was not kept, since the run was without detail"
        elements = [name for name in element_keys(symbol, self.model.features) if name in known]
        if elements:
            return f"no symbol {symbol}; there is one for each input: {', '.join(elements)}"
        return f"no symbol {symbol}{did_you_mean(symbol, known)}"

    def to_dict(self) -> dict[str, NDArray[numpy.float64]]:
        """Every symbol with its array, as ``trace[symbol]`` gives it.

        Returns
        -------
        dict of str to numpy.ndarray
        """
        return {symbol: self[symbol] for symbol in self.symbols}

    def to_frame(self) -> Any:
        """The values over the steps as a pandas.DataFrame: a row a step, a column a symbol.

        Where there are several windows the columns have two levels, and a derivative has a column
        for each window (from 1). What belongs to no step (``dh0``) is left out.

        Returns
        -------
        pandas.DataFrame
            Of n rows, whose index is t.

        Raises
        ------
        PackageError
            pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise PackageError("to_frame", "pandas") from None
        columns: dict[Any, Any] = {}
        for symbol in self.symbols:
            values = self[symbol]
            if symbol in self.model.quantities:
                if values.ndim == 1:
                    columns[symbol, ""] = values
                else:
                    columns |= {(symbol, k): row for k, row in enumerate(values, 1)}
        frame = pandas.DataFrame(columns, index=pandas.RangeIndex(1, self.steps + 1, name="t"))
        if len(self.passes[-1].windows) < 2:
            frame.columns = [symbol for symbol, _ in columns]
        else:
            frame.columns = pandas.MultiIndex.from_tuples(columns, names=["symbol", "window"])
        return frame

    def __repr__(self) -> str:
        """Title, cell and size, on a few lines."""
        s, last = self.specification, self.passes[-1]
        loss = "" if last.loss is None else f", loss {last.loss:.6g}"
        counts = [f"{last.steps} steps"] + [
            f"{count} {noun}s"
            for count, noun in ((len(self.passes), "passe"), (len(last.windows), "window"))
            if count > 1
        ]
        return (
            f"<Trace{_quoted(s.title)}: cell {s.cell.name}, scheme {self.scheme.name}\n"
            f" {', '.join(counts)}{loss}; {len(self)} symbols>"
        )

    def _repr_html_(self) -> str | None:
        show = type(self).as_html
        return show(self) if show else None

    def first_not_finite(self) -> tuple[str, int] | None:
        """The first value, in the order of computation, that is inf or nan: its symbol and step.

        A step without a target has no loss; that is not counted here.

        Returns
        -------
        (str, int) or None
            None where every value is finite.
        """
        for pass_trace in self.passes:
            steps = range(1, pass_trace.steps + 1)
            found = _earliest(self._computed(pass_trace), steps)
            for window in pass_trace.windows if not found else ():
                # What is worked out only on reading adds nothing that is not in the rest.
                kept = (
                    (s, v[::-1]) for s, v in window.backward.items() if not isinstance(v, LazyRow)
                )
                results = {**window.gradients, **window.after}
                ends = ((s, [v]) for s, v in results.items())
                found = _earliest(kept, window.steps[::-1]) or _earliest(ends, window.steps[-1:])
                if found:
                    break
            if found:
                return found
        return None

    def _computed(self, pass_trace: PassTrace) -> Iterator[tuple[str, Values]]:
        """The forward columns of a pass, a missing loss as 0."""
        for symbol, values in pass_trace.forward.items():
            if symbol == LOSS:
                yield (
                    symbol,
                    [e if pass_trace.counted(t) else 0.0 for t, e in enumerate(values)][1:],
                )
            elif symbol == TARGET:
                yield symbol, list(map(or_zero, values[1:]))
            else:
                yield symbol, values[1:]


def _quoted(title: str) -> str:
    return f' "{title}"' if title else ""


def _read_only(values: Any) -> NDArray[numpy.float64]:
    """The array, so that nobody changes a trace through it."""
    import numpy

    array: NDArray[numpy.float64] = numpy.asarray(values, dtype=float)
    array.flags.writeable = False
    return array


def _earliest(columns: Iterable[tuple[str, Values]], steps: range) -> tuple[str, int] | None:
    """The first column and step not finite, going through the steps in the order given."""
    found: tuple[int, str] | None = None
    for symbol, values in columns:
        if not math.isfinite(sum(values)):
            place = next((k for k, v in enumerate(values) if not math.isfinite(v)), len(values))
            if place < (found[0] if found else len(values)):
                found = (place, symbol)
    return (found[1], steps[found[0]]) if found else None


Lookup = Callable[[Symbol], float]


def forward_values(pass_trace: PassTrace, t: int) -> Lookup:
    """What the symbols of a forward equation stand for when it is computed for step t.

    Parameters
    ----------
    pass_trace : PassTrace
        A finished pass.
    t : int
        The step whose equation is worked out, from 1 to n.

    Returns
    -------
    Lookup
        From a symbol to its number; h[t-1] at t = 1 is the initial state.
    """

    def value(symbol: Symbol) -> float:
        if symbol.name in pass_trace.coefficients:
            return pass_trace.coefficients[symbol.name]
        if symbol.name in pass_trace.before:
            return pass_trace.parameters_at(t)[symbol.name]
        if symbol.shift == -1:
            return pass_trace.state_before(t, symbol.name)
        return pass_trace.forward[symbol.name][t]

    return value


def backward_values(pass_trace: PassTrace, window: WindowTrace, t: int) -> Lookup:
    """The same for an equation of a window; beyond the window every derivative is 0.

    Parameters
    ----------
    pass_trace, window : PassTrace, WindowTrace
        A finished pass, and one of its windows.
    t : int
        A step that the window sweeps.

    Returns
    -------
    Lookup
        From a symbol to its number; activations are those stored, weights those that the scheme's
        ``weights`` option names.
    """

    def value(symbol: Symbol) -> float:
        step = t + (symbol.shift or 0)
        if symbol.name in pass_trace.coefficients:
            return pass_trace.coefficients[symbol.name]
        if symbol.name in pass_trace.before:
            stored = symbol.shift is not None and step <= window.last
            return (pass_trace.parameters_at(step) if stored else window.before)[symbol.name]
        if symbol.name in window.backward:
            if step == window.first - 1:  # what flows into the state before the window
                return window.entering.get(symbol.name, 0.0)
            inside = window.first <= step <= window.last
            return window.backward[symbol.name][step - window.first] if inside else 0.0
        if symbol.shift == -1:
            return pass_trace.state_before(t, symbol.name)
        if step == window.first - 1:  # what enters may be the initial state again
            return pass_trace.state_before(window.first, symbol.name)
        values = pass_trace.forward[symbol.name]
        return values[step] if step < len(values) else 0.0

    return value
