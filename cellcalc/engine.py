"""Running a model: compile its source once, run it window by window, keep everything.

The loop is the general one of backpropagation through time: run forward to where a window fires,
sweep back over it, change the parameters, go on from the state reached.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from cellcalc import numeric, schedule, source
from cellcalc.expression import Expression, Symbol, rename, symbols
from cellcalc.handwork import by_hand
from cellcalc.model import LOSS, TARGET, Group, Model
from cellcalc.problem import Specification
from cellcalc.schedule import Window
from cellcalc.series import Sequence, feature_names
from cellcalc.trace import PassTrace, Trace, Values, WindowTrace

Columns = dict[str, Values]
DERIVED = (Group.BACKWARD, Group.PATH, Group.GRADIENT)
Step = Callable[[Columns, Mapping[str, float], int, int, int], dict[str, float]]

# What generated source may call: the functions of the language, nothing else.
NAMESPACE = {name: getattr(numeric, name) for name in numeric.__all__}


def run(specification: Specification, model: Model, decimals: int | None = None) -> Trace:
    """Compute a problem: forward pass, backward pass, update, for every sequence and epoch.

    ``decimals`` computes as a person with so many decimals would: every value is rounded before
    it is used (parameters and inputs are taken as they are), in the equations of
    :func:`cellcalc.handwork.by_hand`.
    """
    if decimals is not None:
        model = by_hand(model)
    try:
        return _Run(specification, model, decimals, guarded=False).trace()
    except ArithmeticError:
        # A number has left the range of floats: the slower code gives inf where Python raises.
        return _Run(specification, model, decimals, guarded=True).trace()


@lru_cache(maxsize=32)
def _compiled(text: str, name: str) -> Callable[..., Any]:
    namespace: dict[str, Any] = {"__builtins__": {"range": range}, **NAMESPACE}
    exec(compile(text, f"<cellcalc {name}>", "exec"), namespace)
    function: Callable[..., Any] = namespace[name]
    return function


def compile_expression(expression: Expression, features: int = 1) -> Callable[..., float]:
    """A function of the expression's symbols, given by name; time indices are left out."""
    timeless = rename(expression, lambda symbol: Symbol(symbol.name))
    names = [symbol.name for symbol in symbols(timeless)]
    text = source.Code(features, guarded=True)(timeless)
    arguments = ", ".join(["*", *names]) if names else ""
    return _compiled(f"def value({arguments}):\n    return {text}\n", "value")


class _Run:
    """One run in progress: the parameters as they are now, and the passes done."""

    def __init__(
        self, specification: Specification, model: Model, decimals: int | None, guarded: bool
    ) -> None:
        self.specification, self.model, self.decimals = specification, model, decimals
        self.step: Step = _compiled(source.function(model, decimals, guarded, paths=True), "bptt")
        self.parameters = dict(specification.parameters)
        self.updates = 0

    def trace(self) -> Trace:
        specification = self.specification
        passes = []
        for epoch in range(1, specification.update.epochs + 1):
            for place, sequence in enumerate(specification.sequences, 1):
                passes.append(self.one_pass(epoch, place, sequence))
        longest = max(sequence.steps for sequence in specification.sequences)
        return Trace(
            specification=specification,
            model=self.model,
            scheme=schedule.scheme(specification.scheme, longest),
            decimals=self.decimals,
            passes=tuple(passes),
            initial=dict(specification.parameters),
            final=dict(self.parameters),
        )

    def one_pass(self, epoch: int, place: int, sequence: Sequence) -> PassTrace:
        n, before = sequence.steps, dict(self.parameters)
        columns, has_target = self.columns(sequence)
        chosen = schedule.scheme(self.specification.scheme, n)
        done, windows = 0, []
        for window in schedule.windows(chosen, n, has_target):
            windows.append(self.window(window, columns, done))
            done = window.fires_at
        if done < n:  # steps after the last window are only run forward
            self.step(columns, self.parameters, done + 1, n + 1, n)
        forward = self.forward(columns, has_target, n)
        losses = [forward[LOSS][t] for t, counts in enumerate(has_target, 1) if counts]
        return PassTrace(
            epoch=epoch,
            sequence=place,
            steps=n,
            forward=forward,
            loss=self.rounded(sum(losses)) if losses else None,
            windows=tuple(windows),
            before=before,
        )

    def columns(self, sequence: Sequence) -> tuple[Columns, list[bool]]:
        """The columns of one sequence for t = 0 … n+1: inputs and initial state filled in."""
        model, n = self.model, sequence.steps
        columns = {name: [0.0] * (n + 2) for name in model.quantities}
        for name, values in zip(feature_names("x", model.features), sequence.inputs, strict=True):
            columns[name][1 : n + 1] = values
        targets = sequence.targets or (math.nan,) * n
        has_target = [not math.isnan(value) for value in targets]
        if model.loss:
            present = [0.0 if math.isnan(value) else value for value in targets]
            columns[TARGET][1 : n + 1] = present
        for name, value in self.specification.initial.items():
            columns[name][0] = value
        return columns, has_target

    def window(self, window: Window, columns: Columns, done: int) -> WindowTrace:
        counted = columns[f"d{LOSS}"]
        for t in range(window.first, window.last + 1):
            counted[t] = 0.0
        for t in window.losses:
            counted[t] = 1.0
        before = dict(self.parameters)
        gradients = self.step(columns, before, done + 1, window.first, window.last)
        self.update(gradients)
        self.updates += 1
        model, swept = self.model, slice(window.first, window.last + 1)
        derived = [s for s, row in model.quantities.items() if row.group in DERIVED]
        return WindowTrace(
            update=self.updates,
            fires_at=window.fires_at,
            first=window.first,
            last=window.last,
            losses=window.losses,
            backward={name: columns[name][swept] for name in derived},
            entering={row.symbol: columns[row.symbol][window.first - 1] for row in model.entering},
            gradients=gradients,
            before=before,
            after=dict(self.parameters),
        )

    def update(self, gradients: Mapping[str, float]) -> None:
        chosen = self.specification.update
        rule = compile_expression(chosen.optimizer.equations[-1].formula)
        for name, value in self.parameters.items():
            if name not in chosen.frozen:
                new = rule(w=value, dw=gradients[f"d{name}"], learning_rate=chosen.learning_rate)
                self.parameters[name] = self.rounded(new)

    def forward(self, columns: Columns, has_target: Iterable[bool], n: int) -> Columns:
        """The inputs and forward columns over t = 0 … n; nan where there is no value."""
        model = self.model
        forward = {}
        for row in (*model.inputs, *model.forward):
            values = columns[row.symbol][: n + 1]
            if row.symbol not in model.state:
                values[0] = math.nan
            forward[row.symbol] = values
        for t, counts in enumerate(has_target, 1):
            if model.loss and not counts:
                forward[TARGET][t] = forward[LOSS][t] = math.nan
        return forward

    def rounded(self, value: float) -> float:
        return value if self.decimals is None else numeric.rounded(value, self.decimals)
