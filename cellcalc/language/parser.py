"""Text to tree: the only way in for a formula from a file or a person.

Nothing is ever evaluated: the text is cut into known tokens and assembled by the grammar below;
anything else is an error that names what was expected, what was found and where.

    sum      = signed { ("+" | "-") signed }
    signed   = "-" signed | product
    product  = factor { ("*" | "/" | "@") factor }
    factor   = "-" factor | power
    power    = atom [ "**" exponent | superscript ]          "^" is read as "**"
    exponent = "-" exponent | power                          to the right: a**b**c = a**(b**c)
    atom     = number | name [ "[t]" | "[t-1]" | "[t+1]" ] | "(" sum ")"
             | function "(" sum { "," sum } ")"

Unicode maths is read as well: · − σ √ ² ₁ ₜ₋₁ ∂L/∂cₜ and Wᵀx.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from cellcalc.errors import ExpressionError, unknown
from cellcalc.language.functions import FUNCTIONS, SPELLINGS
from cellcalc.language.keys import derivative_key
from cellcalc.language.letters import FROM_SUBSCRIPTS, FROM_SUPERSCRIPTS
from cellcalc.language.tree import (
    Call,
    Div,
    Dot,
    Expression,
    Mul,
    Neg,
    Number,
    Pow,
    Symbol,
    add,
    children,
    multiply,
    number,
    walk,
)

MAX_LENGTH = 10_000  # characters in one formula
MAX_BRACKETS = 50  # brackets, signs and exponents within one another
MAX_FACTORS = 100  # in one product, whose derivative has the square of that
MAX_DEPTH = 100  # levels of the tree; a/b/c/… is as deep as it is long

_OPERATORS = str.maketrans({"−": "-", "·": "*", "×": "*", "⋅": "*", "∙": "*", "ᵀ": "@"})

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<symbol>(?P<derivative>∂L/∂)?(?P<name>[A-Za-z][A-Za-z0-9_]*[₀-₉]*|σ|√)
        (?: \s*\[\s*(?P<bracket>[^\]]*)\] | ,?(?P<index>ₜ(?:[₊₋][₀-₉]+)?) )?)
    | (?P<superscript>⁻?[⁰¹²³⁴-⁹]+)
    | (?P<operator>\*\*|[-+*/^@(),−·×⋅∙ᵀ])
    | (?P<end>$)
    )""",
    re.VERBOSE,
)
# An author's symbols have Greek letters, accents and other ways of writing the time: δf̂⟨t−1⟩.
_LETTER = "A-Za-zÀ-ÖØ-öø-ɏͰ-Ͽ\u1e00-\u1eff∇"
_AUTHORS_TOKEN = (
    _TOKEN.pattern.replace("∂L/∂", "(?:∂L/∂|dL/d)")
    .replace("[A-Za-z][A-Za-z0-9_]*", f"[{_LETTER}][{_LETTER}0-9_°ᶠᵍᵒ\u0300-\u036f]*")
    .replace(
        "ₜ(?:[₊₋][₀-₉]+)?)",
        "ₜ(?:[₊₋][₀-₉]+)?|⁽?ᵗ(?:[⁺⁻][⁰¹²³⁴-⁹]+)?⁾?|[⟨(]t(?:[-+−][0-9]+)?[⟩)])",
    )
)  # compiled for the first formula that takes it
_AUTHORS_INDEX = {**FROM_SUPERSCRIPTS, **{ord(bracket): None for bracket in "⁽⁾⟨⟩()"}}
_INDEX = re.compile(r"t(?:([+-])([0-9]{1,6}))?")


def parse(text: str, names: Mapping[str, str] | None = None) -> Expression:
    """Read a formula.

    Parameters
    ----------
    text : str
        A formula in the language, or in the Unicode maths that cellcalc prints.
    names : mapping of str to str, optional
        An author's symbols and the keys that they stand for, as
        :meth:`cellcalc.language.authors.Author.reading` gives them.

    Returns
    -------
    Expression
        The tree; reading what :data:`cellcalc.language.notation.LANGUAGE` prints of it gives an
        equal one.

    Raises
    ------
    ExpressionError
        The text is no formula, is longer than ``MAX_LENGTH``, or is nested too deep.

    Examples
    --------
    >>> parse("h[t-1]**2")
    Pow(base=Symbol(name='h', shift=-1, step=None), exponent=Number(value=2.0))
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"a formula of at most {MAX_LENGTH:,} characters", f"{len(text):,} characters"
        )
    return Parser(text, names).whole()


class Parser:
    """One pass over one text, with one token of look-ahead.

    A subclass may read more than the language: that of people's answers does.
    """

    def __init__(self, text: str, names: Mapping[str, str] | None = None) -> None:
        self.text = text
        self.names = names or {}
        self.tokens = _TOKEN if names is None else re.compile(_AUTHORS_TOKEN, re.VERBOSE)
        self.position = 0
        self.depth = 0
        self.advance()

    def advance(self) -> None:
        match = self.tokens.match(self.text, self.position)
        if match is None:
            unread = self.text[self.position :].lstrip()
            self.start = len(self.text) - len(unread)
            self.fail("a character of the equation language", unread[0])
        self.token = match
        self.kind = match.lastgroup  # the outermost of nested groups
        self.found = match.group(0).strip()
        self.start = match.end() - len(self.found)
        self.position = match.end()
        self.operator = self.found.translate(_OPERATORS) if self.kind == "operator" else ""
        if self.operator == "^":
            self.operator = "**"

    def fail(self, expected: str, found: str | None = None) -> NoReturn:
        what = found if found is not None else self.found
        named = f'"{what}" at character {self.start + 1}' if what else "the end of the formula"
        raise ExpressionError(expected, named)

    def accept(self, *operators: str) -> str:
        """The operator, consumed, if it is one of these; else an empty string."""
        if self.operator not in operators or not self.operator:
            return ""
        operator = self.operator
        self.advance()
        return operator

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_BRACKETS:
            self.fail(f"brackets and signs nested at most {MAX_BRACKETS} deep")

    def whole(self) -> Expression:
        expression = self.sum()
        if self.kind != "end":
            self.fail("an operator or the end of the formula")
        if _depth(expression) > MAX_DEPTH:
            raise ExpressionError(f"a formula at most {MAX_DEPTH} levels deep", "a deeper one")
        if any(isinstance(n, Mul) and len(n.factors) > MAX_FACTORS for n in walk(expression)):
            raise ExpressionError(f"products of at most {MAX_FACTORS} factors", "a longer one")
        return expression

    def sum(self) -> Expression:
        terms = [self.signed()]
        while operator := self.accept("+", "-"):
            term = self.signed()
            terms.append(Neg(term) if operator == "-" else term)
        return add(*terms)

    def signed(self) -> Expression:
        if not self.accept("-"):
            return self.product()
        self.deeper()
        operand = self.signed()
        self.depth -= 1
        return Neg(operand)

    def product(self) -> Expression:
        left = self.factor()
        while operator := self.accept("*", "/", "@"):
            if operator == "@":
                left = self.dot(left)
            elif operator == "/":
                left = Div(left, self.factor())
            else:
                left = multiply(left, self.factor())
        return left

    def dot(self, weights: Expression) -> Expression:
        self.accept("*")  # Wᵀ·x is read like Wᵀx
        inputs = self.factor()
        if isinstance(weights, Symbol) and isinstance(inputs, Symbol):
            return Dot(weights, inputs)
        raise ExpressionError('a name on each side of "@", as in W_f @ x', "something else")

    def factor(self) -> Expression:
        if not self.accept("-"):
            return self.power()
        self.deeper()
        operand = self.factor()
        self.depth -= 1
        return Neg(operand)

    def power(self) -> Expression:
        base = self.atom()
        if self.kind == "superscript":
            return Pow(base, self.raised())
        return Pow(base, self.exponent()) if self.accept("**") else base

    def raised(self) -> Expression:
        """The exponent that is written as superscript digits."""
        exponent = float(self.found.translate(FROM_SUPERSCRIPTS))
        self.advance()
        return number(exponent)

    def exponent(self) -> Expression:
        self.deeper()
        exponent = Neg(self.exponent()) if self.accept("-") else self.power()
        self.depth -= 1
        return exponent

    def atom(self) -> Expression:
        if self.kind == "number":
            return self.literal()
        if self.kind == "symbol":
            return self.name()
        if not self.accept("("):
            self.fail('a number, a name or "("')
        return self.bracket()

    def bracket(self) -> Expression:
        self.deeper()
        inside = self.sum()
        if not self.accept(")"):
            self.fail('")"')
        self.depth -= 1
        return inside

    def literal(self) -> Expression:
        value = float(self.found)
        if value == float("inf"):
            self.fail("a number below 1.8e308")
        self.advance()
        return Number(value)

    def name(self) -> Expression:
        name = self.key()
        shift = self.shift()
        self.advance()
        if not self.accept("("):
            if (name in SPELLINGS and name not in FUNCTIONS) or name in FUNCTIONS:
                self.fail(f'"(" after the function {name}')
            return Symbol(name, shift)
        function = SPELLINGS.get(name, name)
        if shift is not None or function not in (*FUNCTIONS, "identity"):
            expected = f"a function ({', '.join(FUNCTIONS)}) before the bracket"
            raise ExpressionError(expected, unknown(name, FUNCTIONS))
        argument, *others = self.arguments(function)
        return argument if function == "identity" else Call(function, argument, tuple(others))

    def arguments(self, function: str) -> list[Expression]:
        """What stands in the brackets of a function: as many arguments as it has."""
        names = FUNCTIONS[function].arguments if function in FUNCTIONS else ("u",)
        self.deeper()
        found = [self.sum()]
        while self.accept(","):
            found.append(self.sum())
        if len(found) != len(names):
            given = f"{len(found)} argument{'s' if len(found) > 1 else ''}"
            raise ExpressionError(f"{function}({', '.join(names)})", given)
        if not self.accept(")"):
            self.fail('")"')
        self.depth -= 1
        return found

    def key(self) -> str:
        """The name at hand, an author's as the key that it stands for."""
        is_derivative, name = bool(self.token["derivative"]), self.token["name"]
        name = name.translate(FROM_SUBSCRIPTS)
        own = f"∂L/∂{name}" if is_derivative else name
        return self.names.get(own, derivative_key(name) if is_derivative else name)

    def shift(self) -> int | None:
        index = self.token["bracket"]
        if index is None and self.token["index"] is None:
            return None
        if index is None:
            index = self.token["index"].translate(_AUTHORS_INDEX)
        index = index.translate(FROM_SUBSCRIPTS)
        match = _INDEX.fullmatch(index.replace("−", "-").replace(" ", ""))
        if match is None:
            self.fail("a time index such as [t], [t-1] or [t+1]")
        sign, steps = match.groups()
        return int(f"{sign}{steps}") if sign else 0


def _depth(expression: Expression) -> int:
    """Levels of the tree, found without recursion, which is what it protects from."""
    level: list[Expression] = [expression]
    depth = 0
    while level:
        depth += 1
        level = [child for parent in level for child in children(parent)]
    return depth
