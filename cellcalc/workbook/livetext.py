"""Equations with live numbers in them: text that follows the cells, put together by a formula."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from cellcalc.language.notation import Binding, Text, Unicode
from cellcalc.language.tree import Expression, Symbol, spelled_out

_WIDE = Context(prec=400)  # digits: every float, written out
_MARK = re.compile("\x01([^\x01]*)\x01")
DECIMALS, MOST_DECIMALS = 4, 12
LONG = 10**9


def number_text(value: float) -> str:
    """A number as :func:`number_formula` writes it: whole, or with 4 decimals, or as many more as
    show four figures; a long one as 6.0221e23; in brackets when negative."""
    if not math.isfinite(value):
        return "?"
    size = abs(value)
    decimals, power = 0, ""
    if size >= LONG:
        exponent = math.floor(math.log10(size))
        size, decimals, power = size / 10.0**exponent, DECIMALS, f"e{exponent}"
    elif size != math.floor(size):
        decimals = min(MOST_DECIMALS, max(DECIMALS, 3 - math.floor(math.log10(size))))
    # A spreadsheet rounds the number as it is written: 0.099425 to 0.09943 although it lies below.
    place = Decimal(1).scaleb(-decimals)
    text = f"{Decimal(repr(size)).quantize(place, ROUND_HALF_UP, _WIDE):f}{power}"
    return f"(−{text})" if value < 0 else text


def number_formula(cell: str) -> str:
    """The same as a formula, of the number in a cell."""
    exponent = f"INT(LOG10(ABS({cell})))"
    decimals = f"MIN({MOST_DECIMALS},MAX({DECIMALS},3-{exponent}))"
    text = f"FIXED(ABS({cell}),IF({cell}=INT({cell}),0,{decimals}),TRUE)"
    long = f'FIXED(ABS({cell})/10^{exponent},{DECIMALS},TRUE)&"e"&{exponent}'
    text = f"IF(ABS({cell})<{LONG},{text},{long})"
    return f'IF({cell}<0,"(−","")&{text}&IF({cell}<0,")","")'


@dataclass(frozen=True, kw_only=True)
class _Marked(Unicode):
    """The maths with each symbol replaced by a mark that holds its text cell."""

    cell: Callable[[Symbol], str]
    features: int

    def __call__(self, expression: Expression) -> str:
        return super().__call__(spelled_out(expression, self.features))

    def symbol(self, symbol: Symbol) -> Text:
        return f"\x01{self.cell(symbol)}\x01", Binding.ATOM


def text_formula(expression: Expression, cell: Callable[[Symbol], str], features: int) -> str:
    """A formula that writes the expression with the texts of the cells in place of its symbols."""
    marked = _Marked(cell=cell, features=features)(expression)
    pieces = []
    for k, piece in enumerate(_MARK.split(marked)):
        if k % 2:
            pieces.append(piece)
        elif piece:
            pieces.append('"' + piece.replace('"', '""') + '"')
    return "&".join(pieces)


def text_value(expression: Expression, text: Callable[[Symbol], str], features: int) -> str:
    """What :func:`text_formula` gives, the text of each symbol being known."""
    marked = _Marked(cell=text, features=features)(expression)
    return "".join(_MARK.split(marked))
