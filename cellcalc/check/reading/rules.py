"""The rules of an optimizer as they are written for every parameter w: ``w ← w − η·∂L/∂w``.

They are read as assignments, one after the other. What an update has made before stands for its
new value; the rest, and the quantity itself, for the value before the update.
"""

from __future__ import annotations

import re
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
MOMENTUM = "momentum"  # the setting that a rule with a velocity has
_PARAMETERS = (PARAMETER, "θ", "theta", "W", "weight", "weights", "param")
_GRADIENTS = (GRADIENT, "nablaw", "gradw", "nablaθ", "∇θ", "∇w", "grad", "gradient", "g", "dW")
_STAGES = {"new": 1, "neu": 1, "old": 0, "alt": 0}  # beside w_new stands w_old
_VELOCITY = re.compile(r"(?<![A-Za-z_])v(?![A-Za-z]|_\{?w)")
_LETTERS = {"α": "alpha", "β": "beta", "ε": "epsilon", "ϵ": "epsilon", "η": "eta", "\u0302": "hat"}


@dataclass(frozen=True)
class Target:
    """What a rule is for, by the template's symbol; ``ahead`` where it is called step t + 1."""

    name: str
    ahead: bool


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
        if MOMENTUM in self.optimizer.settings:
            found |= {_bare(name): MOMENTUM for name in ("β", "μ", "mu", "γ", "ρ")}
        found |= {_bare(name): name for name in shown_rows(self.optimizer) if len(name) == 1}
        found |= dict.fromkeys(_GRADIENTS, GRADIENT)
        return found | dict.fromkeys(_PARAMETERS, PARAMETER)

    def target(self, text: str) -> Target | None:
        """What a rule is for; None where it is for none of what an update makes."""
        ahead = False

        def plainly(written: Written) -> Symbol:
            nonlocal ahead
            name, shift = self._name(written)
            if shift not in (None, 0, 1):
                raise ExpressionError("a name without a step", f'"{written.text}"')
            ahead = shift == 1
            return Symbol(name)

        try:
            found = parse_formula(text, plainly, Style(target=True))
        except ExpressionError:
            return None
        if not isinstance(found, Symbol) or found.name not in self.made:
            return None
        return Target(found.name, ahead)

    def formula(self, target: Target, text: str) -> Expression:
        """The right side of a rule, as the optimizer's template would have it.

        Where it is for step t + 1, what is of step t is from before the update.

        Raises :class:`~cellcalc.errors.ExpressionError`.
        """
        earlier = self.made[: self.made.index(target.name)]

        def symbol(written: Written) -> Expression:
            name, shift = self._name(written)
            if name == GRADIENT and shift in (None, 0):
                return Symbol(GRADIENT, 0)
            is_state = name == PARAMETER or name in self.optimizer.state
            if name in self.made or is_state:
                if shift is not None and target.ahead:
                    shift -= 1
                if name in earlier and shift in (None, 0):
                    return Symbol(name, 0)
                if shift in (None, -1) and is_state:
                    return Symbol(name, -1)
            elif shift is None:
                return Symbol(name)
            raise ExpressionError("a number that this rule may use", f'"{written.text}"')

        return parse_formula(text, symbol)

    def is_uncertain(self, left: str, right: str) -> bool:
        """Whether a rule speaks of a velocity that is called v alone.

        Whether it holds the learning rate differs from author to author.
        """
        has_velocity = MOMENTUM in self.optimizer.settings
        return has_velocity and bool(_VELOCITY.search(f"{left} {right}"))

    def _name(self, written: Written) -> tuple[str, int | None]:
        """The template's symbol for a name, and the step that stands at it: -1 for the old one."""
        shift = written.shift
        if written.step is None and written.from_end is None and not written.primes:
            stem = _bare("".join([written.stem, *map(str, written.numbers)]))
            for ending, meant in _STAGES.items():
                if stem.endswith(ending) and len(stem) > len(ending):
                    stem, shift = stem.removesuffix(ending), meant
            if written.new:
                shift = 1
            if not written.derivative:
                if stem in self.names:
                    return self.names[stem], shift
            elif stem in _PARAMETERS:
                return GRADIENT, shift
        raise ExpressionError("a symbol of the optimizer", f'"{written.text}"')


def _bare(name: str) -> str:
    """A name without what people write differently: beta1, β_1."""
    letters = unicodedata.normalize("NFD", name)
    return "".join(_LETTERS.get(c, c) for c in letters if c not in "_,")
