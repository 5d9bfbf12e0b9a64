"""Numbers as texts in live formulas, and lines of working whose numbers give their result.

One rule for the digits shown, in a cell of the workbook and here alike: whole numbers as they are;
else so many decimals, and more where it takes them to show as many figures; with an exponent below
1e-4 and from 1e9 on.

A line of working shows rounded numbers, and what they give may differ in the last digit from what
the exact numbers give. Then the line shows more digits, until what one reads off it is its result.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal

from cellcalc.engine.codegen import evaluate
from cellcalc.language.notation import Binding, Excel, Text, Unicode
from cellcalc.language.tree import Expression, Symbol, spelled_out
from cellcalc.records import record
from cellcalc.xlsx.cells import Cell, letters

DIGITS, FEWEST, MOST = 4, 2, 8
MORE_DIGITS = 1  # in tables of many numbers: BPTT, Windows, Gradients
SMALL, LONG = 1e-4, 1e9
FIGURES = 15  # of a number in a spreadsheet
DECIMALS = 15  # as many as LibreOffice's FIXED writes
MORE = (0, 2, 8)  # digits more than chosen, in turn, where a line of working takes them
_WIDE = Context(prec=400)  # digits: every float, written out
_MARK = re.compile("\x01([^\x01]*)\x01")


def _decimals(size: float, digits: int) -> int:
    """The decimals of a number between :data:`SMALL` and :data:`LONG`."""
    if size == math.floor(size):
        return 0
    exponent = math.floor(math.log10(size))
    return max(0, min(DECIMALS, FIGURES - 1 - exponent, max(digits, digits - 1 - exponent)))


def _rounded(size: float, decimals: int) -> Decimal:
    # A spreadsheet rounds the number as it is written, to 15 figures: 0.099425 to 0.09943 although
    # the float lies below.
    written = Decimal(f"{size:.{FIGURES}g}")
    return written.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _WIDE)


def fixed_text(value: float, decimals: int) -> str:
    """A number as FIXED writes it, without a separator of thousands."""
    text = f"{_rounded(abs(value), decimals):f}"
    return f"-{text}" if value < 0 and float(text) else text


def number_text(value: float, digits: int = DIGITS) -> str:
    """A number as :func:`number_formula` writes it, in brackets when negative."""
    text = plain_text(value, digits)
    return f"({text})" if text.startswith("−") else text


def plain_text(value: float, digits: int = DIGITS) -> str:
    """The same without brackets."""
    if not math.isfinite(value):
        return "?"
    size = abs(value)
    if size == 0:
        return "0"
    if SMALL <= size < LONG:
        text = f"{_rounded(size, _decimals(size, digits)):f}"
    else:
        exponent = math.floor(math.log10(size))
        text = f"{_rounded(size / 10.0**exponent, min(digits, FIGURES) - 1):f}e{exponent}"
    return f"−{text}" if value < 0 else text


def shown_value(value: float, digits: int) -> float:
    """The number that the text of a value stands for."""
    size = abs(value)
    if size == 0 or not math.isfinite(value):
        return 0.0
    if SMALL <= size < LONG:
        rounded = float(_rounded(size, _decimals(size, digits)))
    else:
        exponent = math.floor(math.log10(size))
        mantissa = _rounded(size / 10.0**exponent, min(digits, FIGURES) - 1)
        rounded = float(mantissa) * 10.0**exponent
    return math.copysign(rounded, value)


def _exponent(cell: str) -> str:
    return f"INT(LOG10(ABS({cell})))"


def _decimals_formula(cell: str, exponent: str, digits: str) -> str:
    wanted = f"MAX({digits},{digits}-1-{exponent})"
    most = f"MIN({DECIMALS},{FIGURES - 1}-{exponent},{wanted})"
    return f"IF({cell}=INT({cell}),0,MAX(0,{most}))"


def number_formula(cell: str, exponent: str, digits: str = str(DIGITS)) -> str:
    """The text of the number in a cell, in brackets when negative.

    ``exponent`` is the cell with its exponent of ten, ``digits`` may be a cell too.
    """
    usual = f"FIXED(ABS({cell}),{_decimals_formula(cell, exponent, digits)},TRUE)"
    long = f'FIXED(ABS({cell})/10^{exponent},MIN({digits},{FIGURES})-1,TRUE)&"e"&{exponent}'
    text = f"IF(AND(ABS({cell})>={SMALL},ABS({cell})<{LONG:.0f}),{usual},{long})"
    return f'IF({cell}=0,"0",IF({cell}<0,"(−","")&{text}&IF({cell}<0,")",""))'


def without_brackets(text: str) -> str:
    """A formula for the text of a number, without the brackets of a negative one."""
    return f'SUBSTITUTE(SUBSTITUTE({text},"(",""),")","")'


def shown_formula(cell: str, exponent: str, digits: str) -> str:
    """The number that the text of a cell stands for."""
    usual = f"ROUND({cell},{_decimals_formula(cell, exponent, digits)})"
    long = f"ROUND({cell}/10^{exponent},MIN({digits},{FIGURES})-1)*10^{exponent}"
    return f"IF({cell}=0,0,IF(AND(ABS({cell})>={SMALL},ABS({cell})<{LONG:.0f}),{usual},{long}))"


@record(kw_only=True)
class _Marked(Unicode):
    """The maths with each symbol replaced by a mark that holds its text cell."""

    cell: Callable[[Symbol], str]
    features: int

    def __call__(self, expression: Expression) -> str:
        return super().__call__(spelled_out(expression, self.features))

    def symbol(self, symbol: Symbol) -> Text:
        return f"\x01{self.cell(symbol)}\x01", Binding.ATOM


def _pieces(marked: str) -> Iterator[tuple[str, bool, bool]]:
    """The text between the marks and the marks, and which marks stand without brackets.

    A negative number needs none where it comes first in a bracket: σ(−0.29), not σ((−0.29)).
    """
    pieces = _MARK.split(marked)
    for k, piece in enumerate(pieces):
        if k % 2 == 0:
            yield piece, False, False
        else:
            raised = pieces[k + 1][:1] in _RAISED
            yield piece, True, pieces[k - 1].endswith("(") and not raised


_RAISED = tuple("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻^")


def text_formula(expression: Expression, cell: Callable[[Symbol], str], features: int) -> str:
    """A formula that writes the expression with the texts of the cells in place of its symbols."""
    pieces = []
    for piece, marks, bare in _pieces(_Marked(cell=cell, features=features)(expression)):
        if bare:
            pieces.append(without_brackets(piece))
        elif marks:
            pieces.append(piece)
        elif piece:
            pieces.append('"' + piece.replace('"', '""') + '"')
    return "&".join(pieces)


def text_value(expression: Expression, text: Callable[[Symbol], str], features: int) -> str:
    """What :func:`text_formula` gives, the text of each symbol being known."""
    written = ""
    for piece, _, bare in _pieces(_Marked(cell=text, features=features)(expression)):
        written += piece[1:-1] if bare and piece.startswith("(") else piece
    return written


Key = Hashable
HAIR = 1e-12
MOST_CHARACTERS = 6_500  # of the formula of a line, to which others are added
EXPONENT, TEXTS, SHOWN = 1, (2, 3, 4), (5, 6)  # columns after that of the value


@dataclass
class Working:
    """The table of the numbers that lines of working use, and the lines.

    It begins in the row after ``heading`` and in ``column``: the symbol, its value, the exponent of
    that, its text with more and more digits, the numbers that the first two texts stand for. To the
    right of it stands for each line what its numbers give, so as to choose how many digits it
    shows. ``digits`` is the cell with the digits chosen, ``now`` what it holds at first.
    """

    heading: int
    column: int
    digits: str
    features: int
    now: int = DIGITS
    rows: dict[Key, tuple[int, str, float, str]] = field(default_factory=dict)
    lines: list[tuple[int, list[Cell]]] = field(default_factory=list)

    def number(self, key: Key, label: str, formula: str, value: float) -> int:
        """The row of a number; ``formula`` is where it comes from."""
        row = self.heading + 1 + len(self.rows)
        return self.rows.setdefault(key, (row, formula, value, label))[0]

    def value_cell(self, row: int, place: int = 0) -> str:
        return f"${letters(self.column + 1 + place)}${row}"

    def line(
        self,
        row: int,
        expression: Expression,
        number: Callable[[Symbol], int],
        value: Callable[[Symbol], float],
        result: tuple[int, float],
        place: int = 0,
    ) -> Cell:
        """The line as a cell without a column (1) and look: ``… = result``.

        ``number`` gives the row in the table of each symbol, ``value`` its value; ``result`` is the
        row of the result and its value. Its helper cells stand in ``row``; ``place`` tells those
        of several lines in the row apart.
        """
        found, outcome = result
        spelled = spelled_out(expression, self.features)
        cells, shown = [], []
        first = self.column + 8 + 3 * place
        for k in range(2):
            text = Excel(
                cell=lambda s, k=k: self.value_cell(number(s), SHOWN[k]),  # type: ignore[misc]
                cells=str,
            )(spelled)
            digits = self.now + MORE[k]
            now = evaluate(spelled, lambda s, d=digits: shown_value(value(s), d))  # type: ignore[misc]
            # A hair more: what lies halfway between two roundings is the same to every engine.
            now, text = now * (1 + HAIR), f"({text})*(1+{HAIR!r})".replace("e", "E")
            cells.append(Cell(first + k, "small_number", now, text))
            shown.append(shown_value(now, self.now) == shown_value(outcome, self.now))
        level = 1 if shown[0] else 2 if shown[1] else 3
        given = [f"{letters(first + k)}{row}" for k in range(2)]
        target = self.value_cell(found, SHOWN[0])
        tests = [f"{shown_formula(g, _exponent(g), self.digits)}={target}" for g in given]
        text = f"IF({tests[0]},1,IF({tests[1]},2,3))"
        cells.append(Cell(first + 2, "small_number", float(level), text))
        self.lines.append((row, cells))
        chosen = f"{letters(first + 2)}{row}"

        def text_cell(symbol: Symbol) -> str:
            texts = [self.value_cell(number(symbol), column) for column in (TEXTS[0], TEXTS[-1])]
            return f"INDEX({':'.join(texts)},1,{chosen})"

        def full_text(symbol: Symbol) -> str:
            return self.value_cell(number(symbol), TEXTS[-1])

        formula = text_formula(expression, text_cell, self.features)
        if len(formula) > MOST_CHARACTERS:  # then only in full
            formula, level = text_formula(expression, full_text, self.features), len(MORE)
        digits = self.now + MORE[level - 1]
        written = text_value(expression, lambda s: number_text(value(s), digits), self.features)
        formula += f'&" = "&{without_brackets(self.value_cell(found, TEXTS[0]))}'
        return Cell(1, "live_text", f"{written} = {plain_text(outcome, self.now)}", formula)

    def cells(self) -> Iterator[tuple[int, list[Cell]]]:
        """The rows of the table, and the helper cells of the lines, by row."""
        for row, formula, value, label in self.rows.values():
            here, exponent = self.value_cell(row), self.value_cell(row, EXPONENT)
            digits = [f"({self.digits}+{more})" if more else self.digits for more in MORE]
            cells = [
                Cell(self.column, "small", label),
                Cell(self.column + 1, "small_number", value, formula),
                Cell(
                    self.column + 1 + EXPONENT,
                    "small_number",
                    float(math.floor(math.log10(abs(value)))) if value else 0.0,
                    f"IF({here}=0,0,{_exponent(here)})",
                ),
            ]
            for k, more in zip(TEXTS, MORE, strict=True):
                text = number_formula(here, exponent, digits[k - TEXTS[0]])
                written = number_text(value, self.now + more)
                cells.append(Cell(self.column + 1 + k, "small", written, text))
            for k, more in zip(SHOWN, MORE, strict=False):
                text = shown_formula(here, exponent, digits[k - SHOWN[0]])
                shown = shown_value(value, self.now + more)
                cells.append(Cell(self.column + 1 + k, "small_number", shown, text))
            yield row, cells
        yield from self.lines
