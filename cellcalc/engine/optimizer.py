"""The optimizer at work: gradients gathered over windows, clipped, and put into its equations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cellcalc.engine.codegen import Code, compile_source
from cellcalc.language.arithmetic import floats
from cellcalc.language.keys import derivative_key
from cellcalc.language.tree import Expression, Number, Symbol, rebuilt, rename, symbols
from cellcalc.problems.schemes import Scheme
from cellcalc.problems.templates import Template
from cellcalc.problems.updates import COUNT, Update, clipped, memory


class Updater:
    """Changes parameters; ``memory`` is the optimizer's state, ``count`` how often it updated."""

    def __init__(self, scheme: Scheme, update: Update, decimals: int | None) -> None:
        self.scheme, self.update, self.decimals = scheme, update, decimals
        self.memory: dict[str, float] = {}
        self.count = 0
        self.gathered: dict[str, float] = {}
        self.function = compile_source(update_source(update.optimizer, decimals), "update")

    def gather(
        self, gradients: Mapping[str, float], parameters: Mapping[str, float]
    ) -> dict[str, float]:
        """Add a window's gradients to those that wait for the next update; all that wait."""
        for name in parameters:
            if name not in self.update.frozen:
                total = self.gathered.get(name, 0.0) + gradients[derivative_key(name)]
                self.gathered[name] = self.rounded(total)
        return {derivative_key(name): gradient for name, gradient in self.gathered.items()}

    def apply(self, parameters: dict[str, float]) -> dict[str, float]:
        """Update the parameters in place; the gradients that were used, by derivative's name."""
        self.count += 1
        used = clipped(self.scheme, self.gathered)
        if self.decimals is not None:
            used = {name: self.rounded(gradient) for name, gradient in used.items()}
        if not self.memory:
            state = self.update.optimizer.state.items()
            self.memory = {memory(own, name): value for name in used for own, value in state}
        settings = {**self.update.settings, COUNT: float(self.count)}
        self.function(parameters, used, self.memory, settings)
        self.gathered = {}
        return {derivative_key(name): gradient for name, gradient in used.items()}

    def rounded(self, value: float) -> float:
        return value if self.decimals is None else floats.rounded(value, self.decimals)


def update_source(optimizer: Template, decimals: int | None) -> str:
    """The optimizer's equations as one loop over the parameters that have a gradient.

    What is the same for all of them, such as 1 - beta1**k, is worked out once.
    """
    code = Code(1, guarded=True)
    constants = [*optimizer.settings, COUNT]
    hoisted: dict[Expression, str] = {}

    def hoist(node: Expression) -> Expression | None:
        if isinstance(node, Symbol | Number) or not symbols(node):
            return None
        if any(symbol.name not in constants for symbol in symbols(node)):
            return None
        return Symbol(hoisted.setdefault(node, f"_{len(hoisted)}"))

    equations = [
        (e.symbol, rebuilt(rename(e.formula, lambda s: Symbol(s.name)), hoist))
        for e in optimizer.equations
    ]

    def lines() -> Iterator[str]:
        yield "def update(parameters, gradients, memory, settings):"
        yield from (f'    {name} = settings["{name}"]' for name in constants)
        yield from (f"    {name} = {code(node)}" for node, name in hoisted.items())
        yield "    for _name, dw in gradients.items():"
        yield "        w = parameters[_name]"
        for own in optimizer.state:
            yield f'        {own} = memory["{memory(own, "")}" + _name]'
        for symbol, formula in equations:
            value = code(formula)
            yield f"        {symbol} = " + (
                value if decimals is None else f"rounded({value}, {decimals})"
            )
        for own in optimizer.state:
            yield f'        memory["{memory(own, "")}" + _name] = {own}'
        yield "        parameters[_name] = w"

    return "\n".join(lines()) + "\n"
