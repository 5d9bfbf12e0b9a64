"""The rules of an optimizer as they are written for every parameter w: ``w ← w − η·∂L/∂w``.

They are read as assignments, one after the other. What an update has made before stands for its
new value; the rest, and the quantity itself, for the value before the update.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from cellcalc.check.reading.mathematics import Style, Written, parse_formula
from cellcalc.errors import ExpressionError
from cellcalc.language.keys import COUNT, memory_key
from cellcalc.language.tree import Expression, Symbol
from cellcalc.problems.templates import RATE, Template, shown_rows

PARAMETER, GRADIENT = "w", "dw"
_RATES = ("η", "eta", "lr", "α", "alpha")  # where no setting of the optimizer's own is called so
_GRADIENTS = (GRADIENT, "nablaw", "gradw")
_LETTERS = {"α": "alpha", "β": "beta", "ε": "epsilon", "ϵ": "epsilon", "η": "eta", "\u0302": "hat"}


@dataclass(frozen=True)
class Rules:
    """Reads the equations of one optimizer in the symbols of a parameter that is called w."""

    optimizer: Template

    @cached_property
    def made(self) -> tuple[str, ...]:
        """What an update makes of each parameter, in this order: m, v, …, w."""
        return tuple(equation.symbol for equation in self.optimizer.equations)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The symbols of the optimizer's template by how they may be written."""
        found = {_bare(name): RATE for name in _RATES}
        found |= {_bare(name): name for name in (*self.optimizer.settings, COUNT)}
        found |= {_bare(memory_key(name, PARAMETER)): name for name in shown_rows(self.optimizer)}
        return found | {PARAMETER: PARAMETER, **dict.fromkeys(_GRADIENTS, GRADIENT)}

    def target(self, text: str) -> str | None:
        """What a rule is for, by the template's symbol; None where it is for none of these."""
        try:
            found = parse_formula(text, self._plainly, Style(target=True))
        except ExpressionError:
            return None
        return found.name if isinstance(found, Symbol) and found.name in self.made else None

    def formula(self, target: str, text: str) -> Expression:
        """The right side of the rule for ``target``, as the optimizer's template would have it.

        Raises :class:`~cellcalc.errors.ExpressionError`.
        """
        earlier = self.made[: self.made.index(target)]

        def symbol(written: Written) -> Expression:
            name = self._name(written)
            if name == GRADIENT and written.shift is None:
                return Symbol(GRADIENT, 0)
            is_state = name == PARAMETER or name in self.optimizer.state
            if name in self.made or is_state:
                if written.shift is None and name in earlier:
                    return Symbol(name, 0)
                if written.shift in (None, -1) and is_state:
                    return Symbol(name, -1)
            elif written.shift is None:
                return Symbol(name)
            raise ExpressionError("a number that this rule may use", f'"{written.text}"')

        return parse_formula(text, symbol)

    def _plainly(self, written: Written) -> Symbol:
        name = self._name(written)
        if written.shift is not None:
            raise ExpressionError("a name without a step", f'"{written.text}"')
        return Symbol(name)

    def _name(self, written: Written) -> str:
        is_marked = written.step is not None or written.from_end is not None
        if not (is_marked or written.primes or written.new):
            stem = _bare("".join([written.stem, *map(str, written.numbers)]))
            if not written.derivative:
                if stem in self.names:
                    return self.names[stem]
            elif stem == PARAMETER:
                return GRADIENT
        raise ExpressionError("a symbol of the optimizer", f'"{written.text}"')


def _bare(name: str) -> str:
    """A name without what people write differently: beta1, β_1."""
    letters = unicodedata.normalize("NFD", name)
    return "".join(_LETTERS.get(c, c) for c in letters if c not in "_,")
