"""One tree, many notations: the equation language, Unicode and ASCII maths, LaTeX, Excel, numbers.

Each notation is a subclass of :class:`Notation` that says how it spells the few kinds of node;
where brackets are needed is decided once, here, by how tightly each piece of text binds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from enum import IntEnum

from cellcalc.language.functions import ARGUMENTS, FUNCTIONS
from cellcalc.language.keys import split_key
from cellcalc.language.letters import SUBSCRIPTS, SUPERSCRIPTS
from cellcalc.language.tree import (
    ONE,
    TWO,
    Add,
    Call,
    Div,
    Dot,
    Expression,
    Mul,
    Neg,
    Number,
    Pow,
    Symbol,
    spelled_out,
)
from cellcalc.records import record


class Binding(IntEnum):
    """How tightly the outermost operator of a text holds its parts together."""

    SUM = 1
    SIGN = 2
    DOT = 3
    PRODUCT = 4
    POWER = 5
    ATOM = 6


Text = tuple[str, Binding]
MOST_TWICE, MOST_WRITTEN = 200, 4_096  # characters that a formula of Excel repeats


def plain_number(value: float) -> str:
    """The shortest text that reads back as the same float; whole numbers without ``.0``."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


class Notation:
    """The equation language, as templates are written: ``dc[t+1]*f[t+1]``."""

    plus, less, minus, times = " + ", " - ", "-", "*"

    def __call__(self, expression: Expression) -> str:
        """The expression as text."""
        return self.text(expression)[0]

    def text(self, expression: Expression) -> Text:
        """The expression as text, with how tightly it binds."""
        match expression:
            case Number(value):
                return self.number(value)
            case Symbol():
                return self.symbol(expression)
            case Dot(weights, inputs):
                return self.dot(weights, inputs)
            case Neg(operand):
                return self.opposite(operand)
            case Add(terms):
                return self.sum(terms), Binding.SUM
            case Mul(factors):
                return self.product(factors), Binding.PRODUCT
            case Div(numerator, denominator):
                return self.quotient(numerator, denominator)
            case Pow(base, exponent):
                return self.power(base, exponent)
            case Call(function, argument, others):
                return self.call(function, argument, *others)

    def within(self, expression: Expression, loosest: Binding) -> str:
        """The text, in brackets if it binds more loosely than its surroundings allow."""
        text, binding = self.text(expression)
        return text if binding >= loosest else self.bracketed(text)

    def bracketed(self, text: str) -> str:
        return f"({text})"

    def opposite(self, operand: Expression) -> Text:
        return self.minus + self.within(operand, Binding.SIGN), Binding.SIGN

    def sum(self, terms: tuple[Expression, ...]) -> str:
        first, *others = terms
        text = self.within(first, Binding.SIGN)
        for term in others:
            if isinstance(term, Neg):
                text += self.less + self.within(term.operand, Binding.DOT)
            else:
                text += self.plus + self.within(term, Binding.DOT)
        return text

    def product(self, factors: tuple[Expression, ...]) -> str:
        first, *others = factors
        texts = [self.within(factor, Binding.POWER) for factor in others]
        return self.times.join([self.within(first, Binding.PRODUCT), *texts])

    def quotient(self, numerator: Expression, denominator: Expression) -> Text:
        upper = self.within(numerator, Binding.PRODUCT)
        return f"{upper}/{self.within(denominator, Binding.POWER)}", Binding.PRODUCT

    def power(self, base: Expression, exponent: Expression) -> Text:
        upper = self.within(exponent, Binding.ATOM)
        return f"{self.within(base, Binding.ATOM)}**{upper}", Binding.POWER

    def number(self, value: float) -> Text:
        return plain_number(value), Binding.ATOM

    def symbol(self, symbol: Symbol) -> Text:
        if symbol.step is not None:
            return f"{symbol.name}[{symbol.step}]", Binding.ATOM
        if symbol.shift is None:
            return symbol.name, Binding.ATOM
        shift = f"{symbol.shift:+d}" if symbol.shift else ""
        return f"{symbol.name}[t{shift}]", Binding.ATOM

    def dot(self, weights: Symbol, inputs: Symbol) -> Text:
        return f"{self(weights)} @ {self(inputs)}", Binding.DOT

    def call(self, function: str, argument: Expression, *others: Expression) -> Text:
        return f"{function}({', '.join(map(self, (argument, *others)))})", Binding.ATOM


LANGUAGE = Notation()


@record
class Indexed(Notation):
    """What is displayed, in Unicode, ASCII or LaTeX: the time may be one certain step.

    ``derivatives`` holds the names that are derivatives (``dc``), which no rule could tell from
    other names that begin with d. With ``step`` given, ``[t-1]`` is written as that step minus 1.
    """

    derivatives: Collection[str] = frozenset()
    step: int | None = None

    becomes, total = "←", "Σₜ "

    def slope(self, of: Symbol, by: Symbol) -> str:
        """A partial derivative of one quantity by another."""
        return f"∂{self(of)}/∂{self(by)}"

    def summed(self, expression: Expression) -> str:
        """The sum of an expression over the steps of a window."""
        text = self(expression)
        return self.total + (self.bracketed(text) if isinstance(expression, Add) else text)

    def in_text(self, maths: str) -> str:
        """Maths as it stands within a sentence."""
        return maths

    def parts(self, symbol: Symbol) -> tuple[bool, str, str, str]:
        """Whether it is a derivative, the stem of the name, its digits, and the time index."""
        derivative = symbol.name in self.derivatives
        stem, digits = split_key(symbol.name[1:] if derivative else symbol.name)
        if symbol.step is not None:
            return derivative, stem, digits, str(symbol.step)
        if symbol.shift is None:
            return derivative, stem, digits, ""
        if self.step is not None:
            return derivative, stem, digits, str(self.step + symbol.shift)
        return derivative, stem, digits, f"t{symbol.shift:+d}" if symbol.shift else "t"


@record
class Ascii(Indexed):
    """Maths in plain ASCII, spelled as the equation language is: dc[t+1]*f[t+1], and dc[2]."""

    becomes, total = "<-", "sum "

    def slope(self, of: Symbol, by: Symbol) -> str:
        return f"d{self(of)}/d{self(by)}"

    def summed(self, expression: Expression) -> str:
        return f"sum({self(expression)})"

    def symbol(self, symbol: Symbol) -> Text:
        time = self.parts(symbol)[3]
        return symbol.name + (f"[{time}]" if time else ""), Binding.ATOM


@record
class Unicode(Indexed):
    """Maths as text, which :func:`cellcalc.language.parser.parse` can read back: ∂L/∂cₜ₊₁·fₜ₊₁."""

    less, minus, times = " − ", "−", "·"

    def symbol(self, symbol: Symbol) -> Text:
        derivative, stem, digits, time = self.parts(symbol)
        comma = "," if time and (digits or "_" in stem) else ""
        index = digits.translate(SUBSCRIPTS) + comma + time.translate(SUBSCRIPTS)
        return ("∂L/∂" if derivative else "") + stem + index, Binding.ATOM

    def power(self, base: Expression, exponent: Expression) -> Text:
        if isinstance(exponent, Number) and exponent.value.is_integer() and exponent.value < 100:
            raised = str(int(exponent.value)).translate(SUPERSCRIPTS)
        else:
            raised = "^" + self.within(exponent, Binding.ATOM)
        lower = self.within(base, Binding.ATOM)
        if lower.startswith("∂"):  # ∂L/∂b² would be another derivative
            lower = self.bracketed(lower)
        return lower + raised, Binding.POWER

    def dot(self, weights: Symbol, inputs: Symbol) -> Text:
        return f"{self(weights)}ᵀ{self(inputs)}", Binding.DOT

    def call(self, function: str, argument: Expression, *others: Expression) -> Text:
        arguments = ", ".join(map(self, (argument, *others)))
        return f"{FUNCTIONS[function].unicode}({arguments})", Binding.ATOM


UNICODE = Unicode()


@record
class Latex(Indexed):
    """LaTeX maths, for use between dollar signs or in an ``align``."""

    times = r" \cdot "
    becomes, total = r"\leftarrow", r"\sum_{t} "

    def slope(self, of: Symbol, by: Symbol) -> str:
        return rf"\frac{{\partial {self(of)}}}{{\partial {self(by)}}}"

    def in_text(self, maths: str) -> str:
        return f"${maths}$"

    def bracketed(self, text: str) -> str:
        return rf"\left({text}\right)"

    def number(self, value: float) -> Text:
        mantissa, e, exponent = plain_number(value).partition("e")
        if not e:
            return mantissa, Binding.ATOM
        return rf"{mantissa} \times 10^{{{int(exponent)}}}", Binding.PRODUCT

    def symbol(self, symbol: Symbol) -> Text:
        derivative, stem, digits, time = self.parts(symbol)
        base, *lower = stem.strip("_").split("_")
        letter = base if len(base) == 1 else rf"\mathrm{{{base}}}"
        words = [word if len(word) == 1 else rf"\mathrm{{{word}}}" for word in lower if word]
        index = ",".join(part for part in [*words, digits, time] if part)
        name = f"{letter}_{{{index}}}" if index else letter
        return (rf"\frac{{\partial L}}{{\partial {name}}}" if derivative else name), Binding.ATOM

    def quotient(self, numerator: Expression, denominator: Expression) -> Text:
        return rf"\frac{{{self(numerator)}}}{{{self(denominator)}}}", Binding.ATOM

    def power(self, base: Expression, exponent: Expression) -> Text:
        text, binding = self.text(base)
        if binding < Binding.ATOM or text.startswith(r"\frac"):
            text = self.bracketed(text)
        return f"{{{text}}}^{{{self(exponent)}}}", Binding.POWER

    def dot(self, weights: Symbol, inputs: Symbol) -> Text:
        return rf"{self(weights)}^{{\top}} {self(inputs)}", Binding.PRODUCT

    def call(self, function: str, argument: Expression, *others: Expression) -> Text:
        texts = zip(ARGUMENTS, map(self, (argument, *others)), strict=False)
        return FUNCTIONS[function].latex.format(**dict(texts)), Binding.ATOM


@record
class Excel(Notation):
    """A formula for a cell, without the equals sign.

    ``cell`` gives the reference of a symbol; ``cells`` the range of all elements of a vector, one
    a feature. What a sign stands before is bracketed where it holds a power, since Excel takes
    -x^2 for (-x)^2. A denominator of 0 is replaced as ``floats.divide`` and ``floats.power`` do,
    but for ``guarded`` False. A square is a product: LibreOffice has no power of numbers below
    1e-154; a power with a negative exponent is a quotient, so that it has a denominator to guard.
    """

    cell: Callable[[Symbol], str]
    cells: Callable[[Symbol], str]
    guarded: bool = True

    plus, less = "+", "-"

    def opposite(self, operand: Expression) -> Text:
        text = self.within(operand, Binding.SIGN)
        return f"-({text})" if "^" in text else f"-{text}", Binding.SIGN

    def number(self, value: float) -> Text:
        return plain_number(value).upper(), Binding.ATOM

    def symbol(self, symbol: Symbol) -> Text:
        return self.cell(symbol), Binding.ATOM

    def power(self, base: Expression, exponent: Expression) -> Text:
        never_zero = isinstance(base, Number) and base.value != 0.0
        match exponent:
            case Neg(Number(size)) if not never_zero:
                return self.quotient(ONE, base if size == 1.0 else Pow(base, Number(size)))
        lower, upper = self.within(base, Binding.ATOM), self.within(exponent, Binding.ATOM)
        varies = not isinstance(exponent, Number) and not never_zero
        if varies and self.guarded and len(lower) + len(upper) <= MOST_TWICE:
            at_zero = f"IF({upper}<0,1E300,IF({upper}=0,1,0))"  # a spreadsheet has no 0^0
            return f"IF({lower}=0,{at_zero},{lower}^{upper})", Binding.ATOM
        if exponent == TWO and len(lower) <= MOST_TWICE:
            return f"{lower}*{lower}", Binding.PRODUCT
        return f"{lower}^{upper}", Binding.POWER

    def quotient(self, numerator: Expression, denominator: Expression) -> Text:
        upper = self.within(numerator, Binding.PRODUCT)
        lower = self.within(denominator, Binding.POWER)
        if self.guarded and not isinstance(denominator, Number) and len(lower) <= MOST_WRITTEN:
            lower = "IF({0}=0,1E-300,{0})".format(self(denominator))
        return f"{upper}/{lower}", Binding.PRODUCT

    def dot(self, weights: Symbol, inputs: Symbol) -> Text:
        return f"SUMPRODUCT({self.cells(weights)},{self.cells(inputs)})", Binding.ATOM

    def call(self, function: str, argument: Expression, *others: Expression) -> Text:
        texts = zip(ARGUMENTS, map(self, (argument, *others)), strict=False)
        text = FUNCTIONS[function].excel.format(**dict(texts))
        return text, Binding.PRODUCT if text.startswith("1/") else Binding.ATOM


@record(kw_only=True)
class _Numbers(Indexed):
    """Maths with numbers in place of the symbols.

    ``value`` gives the number of a symbol, ``written`` its text, ``features`` the number of
    inputs over which ``W @ x`` runs.
    """

    value: Callable[[Symbol], float]
    written: Callable[[float], str]
    features: int

    def __call__(self, expression: Expression) -> str:
        return super().__call__(spelled_out(expression, self.features))

    def symbol(self, symbol: Symbol) -> Text:
        text = self.written(self.value(symbol))
        if text.startswith("-"):
            return self.minus + text[1:], Binding.SIGN
        return text, Binding.ATOM


@record(kw_only=True)
class NumbersPutIn(_Numbers, Unicode):
    """The maths with numbers in place of the symbols: 0.7·1 + 0.45·2 + 0.1·0 + 0.15."""


@record(kw_only=True)
class NumbersInAscii(_Numbers, Ascii):
    """The same in ASCII: 0.7*1 + 0.45*2 + 0.1*0 + 0.15."""


@record(kw_only=True)
class LatexNumbersPutIn(Latex):
    """The same in LaTeX: ``0.7 \\cdot 1 + 0.45 \\cdot 2``."""

    value: Callable[[Symbol], float]
    written: Callable[[float], str]
    features: int

    def __call__(self, expression: Expression) -> str:
        return super().__call__(spelled_out(expression, self.features))

    def symbol(self, symbol: Symbol) -> Text:
        text = self.written(self.value(symbol))
        mantissa, e, exponent = text.lstrip("-").partition("e")
        shown = rf"{mantissa} \times 10^{{{int(exponent)}}}" if e else mantissa
        if text.startswith("-"):
            return "-" + shown, Binding.SIGN
        return shown, Binding.PRODUCT if e else Binding.ATOM
