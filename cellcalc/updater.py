"""The optimizer at work: gradients gathered over windows, clipped, and put into its equations."""

from __future__ import annotations

from collections.abc import Mapping

from cellcalc import numeric
from cellcalc.compiled import compile_expression
from cellcalc.schemes import Scheme
from cellcalc.updates import COUNT, Update, clipped, memory


class Updater:
    """Changes parameters; ``memory`` is the optimizer's state, ``count`` how often it updated."""

    def __init__(self, scheme: Scheme, update: Update, decimals: int | None) -> None:
        self.scheme, self.update, self.decimals = scheme, update, decimals
        self.memory: dict[str, float] = {}
        self.count = 0
        self.gathered: dict[str, float] = {}
        self.equations = [
            (equation.symbol, compile_expression(equation.formula))
            for equation in update.optimizer.equations
        ]

    def gather(
        self, gradients: Mapping[str, float], parameters: Mapping[str, float]
    ) -> dict[str, float]:
        """Add a window's gradients to those that wait for the next update; all that wait."""
        for name in parameters:
            if name not in self.update.frozen:
                total = self.gathered.get(name, 0.0) + gradients[f"d{name}"]
                self.gathered[name] = self.rounded(total)
        return {f"d{name}": gradient for name, gradient in self.gathered.items()}

    def apply(self, parameters: dict[str, float]) -> dict[str, float]:
        """Update the parameters in place; the gradients that were used, by derivative's name."""
        self.count += 1
        used = clipped(self.scheme, self.gathered)
        for name, gradient in used.items():
            used[name] = gradient = self.rounded(gradient)
            parameters[name] = self.updated(name, parameters[name], gradient)
        self.gathered = {}
        return {f"d{name}": gradient for name, gradient in used.items()}

    def updated(self, name: str, value: float, gradient: float) -> float:
        """The new value of one parameter; its part of the memory changes with it."""
        state = self.update.optimizer.state
        values = {"w": value, "dw": gradient, COUNT: float(self.count), **self.update.settings}
        for own, start in state.items():
            values[own] = self.memory.get(memory(own, name), start)
        for symbol, formula in self.equations:
            values[symbol] = self.rounded(formula(values))
        for own in state:
            self.memory[memory(own, name)] = values[own]
        return values["w"]

    def rounded(self, value: float) -> float:
        return value if self.decimals is None else numeric.rounded(value, self.decimals)
