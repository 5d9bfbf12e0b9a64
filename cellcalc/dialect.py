"""The equations as code for a framework: PyTorch, Keras or numpy, as its file spells them.

A framework is a file of ``templates/frameworks``: how it writes the functions, and the parts of a
script that differ from one framework to the next (:mod:`cellcalc.frameworks` puts them together).
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from cellcalc import resources
from cellcalc.language.functions import FUNCTIONS
from cellcalc.language.notation import Binding, Notation, Text
from cellcalc.language.parser import parse
from cellcalc.language.tree import Call, Expression, Symbol, is_constant, rebuilt, symbols

WIDTH = 100  # of a line of code


@dataclass(frozen=True)
class Framework:
    """What a framework's file has; ``optimizers`` are its own, or none."""

    title: str
    says: str
    imports: str
    constant: str
    copy: str
    functions: Mapping[str, str]
    code: Mapping[str, str]
    optimizers: Mapping[str, str]


def framework_names() -> tuple[str, ...]:
    """The frameworks that there are files for."""
    return resources.names("templates/frameworks")


@cache
def framework(name: str) -> Framework:
    path = resources.folder("templates") / "frameworks" / f"{name}.toml"
    return Framework(**{"optimizers": {}, **tomllib.loads(path.read_text(encoding="utf-8"))})


@dataclass(frozen=True)
class Spelling(Notation):
    """Code in which ``p`` holds parameters, ``q`` this step's quantities, ``last`` the last step's.

    ``k`` holds coefficients. In the rules of an optimizer, ``plain``, every name stands for itself.
    """

    framework: Framework
    parameters: Collection[str]
    coefficients: Collection[str] = ()
    plain: bool = False

    def symbol(self, symbol: Symbol) -> Text:
        if self.plain:
            return symbol.name, Binding.ATOM
        holder = "last" if symbol.shift == -1 else "q"
        holder = "p" if symbol.name in self.parameters else holder
        holder = "k" if symbol.name in self.coefficients else holder
        return f"{holder}.{symbol.name}", Binding.ATOM

    def dot(self, weights: Symbol, inputs: Symbol) -> Text:
        """Only for so many features that the model does not write the sum out."""
        return f'dot(p, "{weights.name}", q, "{inputs.name}")', Binding.ATOM

    def call(self, function: str, argument: Expression, *others: Expression) -> Text:
        if is_constant(argument) and function == "stop":
            return self.text(argument)
        texts = dict(zip("uab", map(self.number_or_text, (argument, *others)), strict=False))
        text = self.framework.functions[function].format(**texts)
        return text, Binding.ATOM if _one_call(text) else Binding.SUM

    def number_or_text(self, argument: Expression) -> str:
        """An argument, which functions of a framework want as its own number."""
        text = self(argument)
        if is_constant(argument) and not self.plain:
            return self.framework.constant.format(u=text)
        return text


def _one_call(text: str) -> bool:
    """Whether a text is a single call, ``torch.tanh(…)``, to which operators can be put."""
    name, _, rest = text.partition("(")
    depth = 1
    for place, character in enumerate(rest, 1):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return place == len(rest) and name.replace(".", "").isidentifier()
    return False


@dataclass(frozen=True)
class Writer:
    """Writes equations as lines of a function.

    With ``held``, a quantity that a parameter acts on takes its value from ``kept``, where it was
    computed with the parameters of its time, and only its derivatives from those of today: what
    the chain rule means when a window reaches back over an update.
    """

    spell: Spelling
    held: bool

    def lines(self, symbol: str, formula: Expression) -> Iterator[str]:
        """``q.symbol = formula``, on as many lines as it takes."""
        uses = [s for s in symbols(formula) if s.name not in self.spell.parameters]
        acts = len(uses) < len(symbols(formula))
        if not self.held or not acts:
            yield from self.line(symbol, self.right(formula))
        elif isinstance(formula, Call) and _keeps_own_value(formula.function):
            # Its derivative is in its own value, so that the argument is what must be held.
            inner = f"_{symbol}"  # no name in a template begins so
            argument = formula.argument
            yield from self.line(inner, self.holding(inner, self.spell(argument)))
            called = rebuilt(formula, lambda e: Symbol(inner, 0) if e == argument else None)
            yield from self.line(symbol, self.spell(called))
        else:
            yield from self.line(symbol, self.holding(symbol, self.right(formula)))

    def holding(self, symbol: str, text: str) -> str:
        return f'held({text}, kept, "{symbol}")'

    def right(self, formula: Expression) -> str:
        text = self.spell(formula)
        if is_constant(formula):
            return self.spell.framework.constant.format(u=text)
        return self.spell.framework.copy.format(u=text) if isinstance(formula, Symbol) else text

    def line(self, symbol: str, text: str) -> Iterator[str]:
        line = f"    q.{symbol} = {text}"
        if len(line) <= WIDTH:
            yield line
            return
        yield f"    q.{symbol} = ("
        yield from broken(text.split(" "), "        ")
        yield "    )"


def broken(words: Iterable[str], indent: str) -> Iterator[str]:
    """Code within brackets, on as many lines as it takes."""
    line = indent
    for word in words:
        if len(line) + len(word) >= WIDTH and line.strip():
            yield line.rstrip()
            line = indent
        line += word + " "
    yield line.rstrip()


def _keeps_own_value(function: str) -> bool:
    """Whether a function's derivative is written in the function's own value, as s·(1 − s)."""
    return Symbol("s") in symbols(parse(FUNCTIONS[function].derivative))
