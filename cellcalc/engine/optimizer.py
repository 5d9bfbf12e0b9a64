"""The optimizer at work: gradients gathered over windows, clipped, and put into its equations.

:class:`Updater` changes parameters; :func:`rules` are the same equations for people to read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from cellcalc.engine.codegen import Code, compile_expression, compile_source, reads
from cellcalc.language.arithmetic import floats
from cellcalc.language.keys import COUNT, derivative_key, memory_key
from cellcalc.language.tree import Div, Expression, Number, Symbol, rebuilt, rename, symbols, walk
from cellcalc.problems.schemes import Scheme
from cellcalc.problems.templates import Equation, Template, shown_rows
from cellcalc.problems.updates import Update
from cellcalc.resources import said

NORM_MARGIN = 1e-6  # added to the norm that the gradient is divided by, as PyTorch does


class Updater:
    """Changes parameters.

    ``memory`` is the optimizer's state and what else it computed for each parameter in the last
    update, empty before the first; ``count`` is how often it has updated.
    """

    def __init__(self, scheme: Scheme, update: Update, decimals: int | None) -> None:
        self.scheme, self.update, self.decimals = scheme, update, decimals
        self.memory = {
            memory_key(own, name): value
            for own, values in update.state.items()
            for name, value in values.items()
        }
        self.count = update.count
        self.gathered: dict[str, float] = {}
        self.function = compile_source(update_source(update.optimizer, decimals), "update")
        self.divisors = _divisors(update.optimizer) if decimals is not None else []
        self.rounded_away = False  # whether a step was divided by what rounding has made of 0

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
            self.memory = {memory_key(own, name): value for name in used for own, value in state}
        settings = {**self.update.settings, COUNT: float(self.count)}
        watched = self.divisors and not self.rounded_away
        before = dict(parameters) if watched else {}
        self.function(parameters, used, self.memory, settings)
        if watched:
            self.rounded_away = any(self._rounded_away(before, used, settings))
        self.gathered = {}
        return {derivative_key(name): gradient for name, gradient in used.items()}

    def _rounded_away(
        self, before: Mapping[str, float], used: Mapping[str, float], settings: Mapping[str, float]
    ) -> Iterator[bool]:
        """Whether a divisor has no digit at these decimals, as Adam's root of a v of 0."""
        assert self.decimals is not None
        own, small = shown_rows(self.update.optimizer), 0.5 * 10.0**-self.decimals
        for name, gradient in used.items():
            values = {**settings, "w": before[name], "dw": gradient}
            values |= {row: self.memory[memory_key(row, name)] for row in own}
            yield gradient != 0.0 and any(abs(divisor(values)) < small for divisor in self.divisors)

    def rounded(self, value: float) -> float:
        return value if self.decimals is None else floats.rounded(value, self.decimals)


def _divisors(optimizer: Template) -> list[Callable[[Mapping[str, float]], float]]:
    """What the optimizer's equations divide by that is not the same for all parameters."""
    fixed = {*optimizer.settings, COUNT}
    return [
        compile_expression(node.denominator)
        for equation in optimizer.equations
        for node in walk(equation.formula)
        if isinstance(node, Div) and {s.name for s in symbols(node.denominator)} - fixed
    ]


def update_source(optimizer: Template, decimals: int | None) -> str:
    """The optimizer's equations as one loop over the parameters that have a gradient.

    What is the same for all of them, such as 1 - beta1**k, is worked out once.
    """
    shown = tuple(shown_rows(optimizer))
    return _source(
        optimizer.equations, tuple(optimizer.settings), tuple(optimizer.state), shown, decimals
    )


@lru_cache(maxsize=32)  # of a short run it would be half the time
def _source(
    equations: tuple[Equation, ...],
    settings: tuple[str, ...],
    state: tuple[str, ...],
    shown: tuple[str, ...],
    decimals: int | None,
) -> str:
    code = Code(1, guarded=True, decimals=decimals)
    constants = [*settings, COUNT]
    hoisted: dict[Expression, str] = {}

    def hoist(node: Expression) -> Expression | None:
        if isinstance(node, Symbol | Number) or not symbols(node):
            return None
        if any(symbol.name not in constants for symbol in symbols(node)):
            return None
        return Symbol(hoisted.setdefault(node, f"_{len(hoisted)}"))

    formulas = [
        (e.symbol, rebuilt(rename(e.formula, lambda s: Symbol(s.name)), hoist)) for e in equations
    ]

    def lines() -> Iterator[str]:
        yield "def update(_parameters, _gradients, _memory, _settings):"
        yield from reads("_settings", constants)
        yield from (f"    {name} = {code(node)}" for node, name in hoisted.items())
        yield "    for _name, dw in _gradients.items():"
        yield "        w = _parameters[_name]"
        for own in state:
            yield f'        {own} = _memory["{memory_key(own, "")}" + _name]'
        for symbol, formula in formulas:
            yield f"        {symbol} = {code.value(formula)}"
        for own in shown:
            yield f'        _memory["{memory_key(own, "")}" + _name] = {own}'
        yield "        _parameters[_name] = w"

    return "\n".join(lines()) + "\n"


def rules(optimizer: Template, parameter: str) -> tuple[Equation, ...]:
    """The optimizer's equations for one parameter, in that parameter's symbols.

    ``w`` becomes ``W_f1`` and ``dw`` ``dW_f1``; a state ``v`` becomes ``v_W_f1``. They are to be
    read as assignments, one after the other, so that time indices are not needed.
    """
    own = {"w": parameter, "dw": derivative_key(parameter)}
    own |= {name: memory_key(name, parameter) for name in shown_rows(optimizer)}

    def named(symbol: Symbol) -> Symbol:
        return Symbol(own.get(symbol.name, symbol.name))

    return tuple(
        Equation(own.get(e.symbol, e.symbol), rename(e.formula, named), said(e.says))
        for e in optimizer.equations
    )


def clip_factor(scheme: Scheme, gradients: Mapping[str, float]) -> float:
    """What each gradient is multiplied by so that their norm is at most ``clip_norm``."""
    if scheme.clip_norm is None:
        return 1.0
    norm = math.hypot(*gradients.values())
    return min(1.0, scheme.clip_norm / (norm + NORM_MARGIN))


def clipped(scheme: Scheme, gradients: Mapping[str, float]) -> dict[str, float]:
    """The gradients as the update uses them: bounded in norm first, then one by one.

    Parameters
    ----------
    scheme : Scheme
        ``clip_norm`` bounds the norm of all gradients together (Pascanu, Mikolov & Bengio 2013),
        ``clip_value`` each one.
    gradients : Mapping[str, float]
        Of the parameters that are not frozen.

    Returns
    -------
    dict[str, float]
    """
    factor, bound = clip_factor(scheme, gradients), scheme.clip_value
    scaled = {name: value * factor for name, value in gradients.items()}
    if bound is None:
        return scaled
    return {name: max(-bound, min(bound, value)) for name, value in scaled.items()}
