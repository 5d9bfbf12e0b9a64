"""Which symbols people take for one another: read off a model's equations and names."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cellcalc.language.tree import Call, Expression, Symbol, symbols
from cellcalc.model.model import TARGET, Model

Exchange = Callable[[Symbol], Symbol]


class Siblings:
    """For each symbol those that a slip puts in its place, of which kind and how far-fetched."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.parameters = {row.symbol for row in model.parameters}
        self.varying = {row.symbol for row in (*model.inputs, *model.forward, *model.backward)}
        self.argument = {
            row.symbol: row.formula.argument.name
            for row in model.forward
            if isinstance(row.formula, Call) and isinstance(row.formula.argument, Symbol)
        }
        self.value = {argument: name for name, argument in self.argument.items()}

    def of(self, symbol: Symbol) -> Iterator[tuple[Symbol, str, float]]:
        """What may stand in its place: another step, another quantity."""
        if symbol.shift is not None and symbol.name in self.varying:
            for shift in (-1, 0, 1):
                if shift != symbol.shift:
                    # To read a step that is not there yet is the rarer slip.
                    extra = 0.0 if abs(shift) < abs(symbol.shift) or not symbol.shift else 0.6
                    yield Symbol(symbol.name, shift), "wrong_time", extra
        for name, kind, extra in self.names(symbol.name):
            if symbol.shift == -1 and name in self.varying and name not in self.model.state:
                continue  # only a state is looked up at the step before
            yield Symbol(name, symbol.shift), kind, extra

    def names(self, name: str) -> Iterator[tuple[str, str, float]]:
        """Other quantities that are taken for this one."""
        is_derivative = name in self.model.derivatives
        base = name[1:] if is_derivative else name
        lead = "d" if is_derivative else ""
        known = self.parameters | self.varying
        seen = {name}

        def take(other: str, kind: str, extra: float = 0.0) -> Iterator[tuple[str, str, float]]:
            full = lead + other
            if full not in seen and full in known:
                seen.add(full)
                yield full, kind, extra

        if base in self.argument:
            yield from take(self.argument[base], "argument_for_value")
        if base in self.value:
            yield from take(self.value[base], "value_for_argument")
        for other in self._same_role(base):
            yield from take(other, "sibling_gate")
        for other in self._same_gate(base):
            yield from take(other, "wrong_symbol")
        for other in self._others(base):
            yield from take(other, "wrong_symbol", 0.4)

    def _same_role(self, base: str) -> Iterator[str]:
        """The same of another gate: U_i for U_f, z_o for z_f, g for i."""
        stem, _, gate = base.partition("_")
        if gate:
            digits = gate[len(gate.rstrip("0123456789")) :]
            for other in (*self.parameters, *self.varying):
                head, _, tail = other.partition("_")
                if head == stem and tail and tail[len(tail.rstrip("0123456789")) :] == digits:
                    yield other
        elif base in self.argument:
            yield from (name for name in self.argument if "_" not in name)

    def _same_gate(self, base: str) -> Iterator[str]:
        """Another parameter of the same gate: U_f or W_f2 for W_f1."""
        _, _, gate = base.partition("_")
        gate = gate.rstrip("0123456789")
        if gate and base in self.parameters:
            for other in sorted(self.parameters):
                if other.partition("_")[2].rstrip("0123456789") == gate:
                    yield other

    def _others(self, base: str) -> Iterator[str]:
        """What plays a like part: the inputs and the output before; states, their values, y."""
        inputs = [row.symbol for row in self.model.inputs if row.symbol != TARGET]
        states = list(self.model.state)
        output = self.model.cell.output
        flow = [*states, *(self.value[s] for s in states if s in self.value), "y"]
        if base in inputs:
            yield from (*inputs, output)
        elif base in flow:
            yield from flow
            if base == output:
                yield from inputs
        elif base == TARGET:
            yield "y"

    def families(self, formula: Expression) -> Iterator[tuple[str, str, Exchange]]:
        """Exchanges of one kind of parameter for another, all through an equation."""
        used = [s.name for s in symbols(formula) if s.name in self.parameters]
        stems = dict.fromkeys(name.partition("_")[0] for name in used if "_" in name)
        others = dict.fromkeys(n.partition("_")[0] for n in sorted(self.parameters) if "_" in n)
        for old in stems:
            count = sum(name.startswith(f"{old}_") for name in used)
            for new in others:
                if new != old and count > 1:
                    yield f"{old}_…", f"{new}_…", self._exchange(old, new)

    def _exchange(self, old: str, new: str) -> Exchange:
        def rule(symbol: Symbol) -> Symbol:
            stem, _, gate = symbol.name.partition("_")
            if stem != old or symbol.name not in self.parameters:
                return symbol
            bare = gate.rstrip("0123456789")
            for name in (f"{new}_{gate}", f"{new}_{bare}", f"{new}_{bare}1"):
                if name in self.parameters:
                    return Symbol(name, symbol.shift)
            return symbol

        return rule
