"""Words in place of error values, once a workbook is edited until its numbers leave every range.

A spreadsheet has #NUM! for what is above 1.8e308, #DIV/0! and #VALUE! for what reads that. So every
formula that can fail is written with the word to show in its place; and since SUM, MAX and others
pass over words as if nothing were there, they are written in a form that does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from cellcalc.language.tree import Call, Expression, Number, Pow, walk
from cellcalc.model.model import Model
from cellcalc.resources import sentence
from cellcalc.workbook.moment import WORK
from cellcalc.xlsx.cells import Cell, Fill, Row, Rows, letters

_CHOICE = rf"\${letters(WORK + 1)}\$[0-9]+"  # what the choice of moment comes to: always a number
_SHEET = r"(?:(?:'[^']+'|[A-Za-z]\w*)!)?"
_CELL = r"\$?[A-Z]{1,3}\$?[0-9]+"
_ONE = rf"(?!{_CHOICE}){_SHEET}{_CELL}"
_RANGE = rf"{_SHEET}{_CELL}:{_CELL}"

# Nothing of these can fail: neither what they are made of nor what they come to.
_HARMLESS = re.compile(
    rf"(?>{_SHEET}{_CELL}(?::{_CELL})?|[0-9.]+(?:E[+-]?[0-9]+)?|"
    r'"[^"]*"|(?:IF|AND|OR|ISNUMBER|ISBLANK|EXACT|COUNT|COUNTIF)\(|[(),=<>&])*+'
)
_CHOSEN = re.compile(rf"(?>{_SHEET}{_CHOICE}|[0-9]+|[+-])*+")
_WEAK = re.compile(r"\b(?:SUM|SUMSQ|SUMPRODUCT|SUMIFS?|MAX|MIN)\(")
_STRICT = [
    (re.compile(rf"\bSUM\(({_RANGE})\)"), r"SUMPRODUCT(\1+0)"),
    (re.compile(rf"\bSUMSQ\(({_RANGE})\)"), r"SUMPRODUCT(\1*\1)"),
    (re.compile(rf"\bSUMPRODUCT\(({_RANGE}),({_RANGE})\)"), r"SUMPRODUCT(\1*\2)"),
    (re.compile(rf"\b(MAX|MIN)\(({_ONE})(?=,)"), r"\1(\2+0"),
    (re.compile(rf"\b((?:MAX|MIN)\([^()]*),({_ONE})(?=\))"), r"\1,\2+0"),
]
_SUMMED = re.compile(rf"\bSUMIFS?\(({_RANGE}),")


@dataclass(frozen=True)
class Words:
    """Writes formulas with ``word`` for what cannot be computed, also of what reads one."""

    word: str

    @classmethod
    def of(cls, model: Model) -> Words:
        """Those for a cell: numbers too large, or none at all of a root of less than 0."""
        formulas = [row.formula for row in model.forward if row.formula is not None]
        rooted = any(_has_no_value(e) for formula in formulas for e in walk(formula))
        return cls(sentence("sheet", "no_number" if rooted else "too_large"))

    def rows(self, rows: Rows) -> Rows:
        """The rows of a sheet, made as they are written."""

        def made() -> Iterator[Row]:
            for row in rows.rows:
                yield replace(row, parts=[self._part(part) for part in row.parts])

        return replace(rows, rows=made())

    def _part(self, part: Cell | Fill) -> Cell | Fill:
        if part.formula is None:
            return part
        if isinstance(part, Cell):
            return replace(part, formula=self.formula(part.formula))
        return replace(part, formula=self._filled(part.formula))

    def _filled(self, at: Callable[[int], str]) -> Callable[[int], str]:
        return lambda k: self.formula(at(k))

    def formula(self, text: str) -> str:
        """The formula, or the word where it fails.

        >>> words = Words("too large")
        >>> words.formula("F33*E37+F34*F35")
        'IFERROR(F33*E37+F34*F35,"too large")'
        >>> words.formula("SUM(F41:H41)"), words.formula("F39")
        ('IFERROR(SUMPRODUCT(F41:H41+0),"too large")', 'F39')
        """
        text = strict(text)
        if _HARMLESS.fullmatch(text) or _CHOSEN.fullmatch(text) or _is_guarded(text):
            return text
        return f'IFERROR({text},"{self.word}")'


def strict(formula: str) -> str:
    """The same of numbers, and an error where a function would pass over a word."""
    if not _WEAK.search(formula):
        return formula
    summed = dict.fromkeys(_SUMMED.findall(formula))
    for weak, strong in _STRICT:
        formula = weak.sub(strong, formula)
    return formula + "".join(f"+0*SUMPRODUCT({area}+0)" for area in summed)


def _has_no_value(expression: Expression) -> bool:
    """Whether it may be of numbers for which there is none: the root of a negative one."""
    match expression:
        case Call("sqrt"):
            return True
        case Pow(_, Number(value)):
            return not value.is_integer()
        case Pow():
            return True
    return False


def _is_guarded(text: str) -> bool:
    """Whether the whole formula is an IFERROR already."""
    if not text.startswith("IFERROR("):
        return False
    depth, quoted = 0, False
    for k, sign in enumerate(text):
        quoted ^= sign == '"'
        depth += 0 if quoted else (sign == "(") - (sign == ")")
        if sign == ")" and depth == 0 and not quoted:
            return k == len(text) - 1
    return False
