"""A topic filled in: its numbers, computed from bundled examples when the topic is shown.

Each row of a topic's ``[numbers]`` is of one of these kinds, and of the run that it names:

    symbol, t               the value of a quantity at a step, or its part of a gradient
    gradient                a parameter's gradient, the sum over the windows
    before, after, initial  a parameter before and after the run; a state at t = 0
    value                   loss, steps, parameters, stored_cells, backward_cells
    product, from, to       a quantity's values multiplied from one step to another
    equation                a quantity's equation as maths
    numbers_in, t           the same with the numbers of a step put in, and its value
    error, problem, k1, k2  a scheme's relative error against full BPTT
    formula                 an expression in the numbers above it
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from cellcalc import api
from cellcalc.engine.codegen import compile_expression
from cellcalc.engine.trace import PassTrace, backward_values, forward_values
from cellcalc.figures import fixed, short
from cellcalc.language.notation import NumbersPutIn, Unicode
from cellcalc.language.parser import parse
from cellcalc.language.tree import Symbol, symbols
from cellcalc.model.model import Group
from cellcalc.problems.schemes import named_schemes
from cellcalc.resources import sentence
from cellcalc.studies import compare
from cellcalc.topics import Part, Table, Topic

DECIMALS = 5
_PLACE = re.compile(r"\{(\w+)(?::(\w+|%))?\}")


def lesson(topic: Topic) -> list[Part]:
    """The parts of a topic with every word in braces filled in."""
    numbers = Numbers(topic)
    return [_filled(part, numbers) for part in topic.parts]


def _filled(part: Part, numbers: Numbers) -> Part:
    def fill(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_PLACE.sub(numbers.written, text) for text in texts)

    table = part.table
    if isinstance(table, str):
        table = _TABLES[table]()
    elif table is not None:
        table = Table(table.columns, tuple(map(fill, table.rows)))
    return Part(part.title, fill(part.text), fill(part.maths), table, part.commands)


class Numbers:
    """The numbers of one topic, each computed when it is first asked for."""

    def __init__(self, topic: Topic) -> None:
        self.rows, self.runs = topic.numbers, topic.runs
        self.traces: dict[str, api.Trace] = {}
        self.found: dict[str, float | str] = {}

    def written(self, match: re.Match[str]) -> str:
        """The text in place of ``{name:format}``: decimals, ``int`` or ``%``."""
        name, format = match.groups()
        value = self.value(name)
        if isinstance(value, str):
            return value
        if format == "int":
            text = str(round(value))
        elif format == "%":
            text = f"{100 * value:.1f} %"
        else:
            text = fixed(value, DECIMALS if format is None else int(format))
        return text.replace("-", "−") if text.startswith("-") else text

    def value(self, name: str) -> float | str:
        if name not in self.found:
            self.found[name] = self.computed(self.rows[name])
        return self.found[name]

    def computed(self, row: Mapping[str, Any]) -> float | str:
        if "formula" in row:
            formula = parse(row["formula"])
            given = {s.name: self.number(s.name) for s in symbols(formula)}
            return compile_expression(formula)(given)
        if "error" in row:
            return _error(row["problem"], row["error"], row["k1"], row["k2"])
        kind = next(key for key in _KINDS if key in row)
        return _KINDS[kind](self.trace(row["run"]), row)

    def number(self, name: str) -> float:
        """What a formula reads."""
        value = self.value(name)
        assert not isinstance(value, str), name
        return value

    def trace(self, run: str) -> api.Trace:
        if run not in self.traces:
            chosen = self.runs[run]
            problem = api.load(chosen["problem"], chosen.get("scheme"))
            self.traces[run] = problem.run()
        return self.traces[run]


def _symbol(trace: api.Trace, row: Mapping[str, Any]) -> float:
    one = trace.passes[0]
    symbol, t = str(row["symbol"]), int(row["t"])
    if symbol in one.forward:
        return one.forward[symbol][t]
    window = next(w for w in one.windows if w.first <= t <= w.last)
    return window.backward[symbol][t - window.first]


def _gradient(trace: api.Trace, row: Mapping[str, Any]) -> float:
    return sum(window.gradients[row["gradient"]] for window in trace.passes[0].windows)


def _value(trace: api.Trace, row: Mapping[str, Any]) -> float:
    one = trace.passes[0]
    facts: dict[str, Callable[[], float]] = {
        "loss": lambda: one.loss or 0.0,
        "steps": lambda: one.steps,
        "parameters": lambda: len(trace.initial),
        "stored_cells": lambda: one.schedule.stored_cells,
        "backward_cells": lambda: one.schedule.backward_cells,
    }
    return float(facts[row["value"]]())


def _product(trace: api.Trace, row: Mapping[str, Any]) -> float:
    return math.prod(trace.passes[0].forward[row["product"]][row["from"] : row["to"] + 1])


def _equation(trace: api.Trace, row: Mapping[str, Any]) -> str:
    quantity = trace.model.quantities[row["equation"]]
    assert quantity.formula is not None
    write = Unicode(derivatives=trace.model.derivatives)
    left = write(Symbol(quantity.symbol, None if quantity.group is Group.GRADIENT else 0))
    return f"{left} = {write(quantity.formula)}"


def _numbers_in(trace: api.Trace, row: Mapping[str, Any]) -> str:
    """The right side of an equation with numbers put in, and what it gives."""
    one, symbol, t = trace.passes[0], row["numbers_in"], row["t"]
    formula = trace.model.quantities[symbol].formula
    assert formula is not None
    value = _lookup(one, symbol, t)
    put_in = NumbersPutIn(
        value=value, written=lambda v: short(v, DECIMALS), features=trace.model.features
    )
    result = fixed(value(Symbol(symbol, 0)), DECIMALS)
    return f"{put_in(formula)} = {result.replace('-', '−')}"


def _lookup(one: PassTrace, symbol: str, t: int) -> Callable[[Symbol], float]:
    if symbol in one.forward:
        return forward_values(one, t)
    window = next(w for w in one.windows if w.first <= t <= w.last)
    return backward_values(one, window, t)


_KINDS: dict[str, Callable[[api.Trace, Mapping[str, Any]], float | str]] = {
    "symbol": _symbol,
    "gradient": _gradient,
    "value": _value,
    "product": _product,
    "equation": _equation,
    "numbers_in": _numbers_in,
    "before": lambda trace, row: trace.initial[row["before"]],
    "after": lambda trace, row: trace.final[row["after"]],
    "initial": lambda trace, row: trace.specification.initial[row["initial"]],
}


def _error(name: str, scheme: str, k1: int, k2: int) -> float:
    problem = api.load(name)
    rows = compare.compare(problem.specification, problem.model, k1, k2)
    return next(row.error for row in rows if row.scheme.name == scheme)


def _schemes() -> Table:
    """The named schemes."""
    columns = tuple(sentence("topics", key) for key in ("scheme", "k1", "k2", "options", "says"))
    rows = []
    for named in named_schemes():
        options = ", ".join(f"{key} = {value}" for key, value in named.options.items())
        rows.append((named.form, named.k1, named.k2, options, named.says))
    return Table(columns, tuple(rows))


_TABLES: dict[str, Callable[[], Table]] = {"schemes": _schemes}
