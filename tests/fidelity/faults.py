"""Faults that are planted in a sound workbook: each part of the run has to find its own kind."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

LINT, SCHEMA, ENGINES = "lint", "schema", "engines"


@dataclass(frozen=True)
class Fault:
    """``edit`` changes the text of the parts whose names match; ``by`` finds it."""

    name: str
    by: str
    part: str
    edit: Callable[[str], str]


def _swap(old: str, new: str, count: int = 1) -> Callable[[str], str]:
    return lambda text: re.sub(old, new, text, count=count)


def _moved(one: str, other: str) -> Callable[[str], str]:
    """The second of two elements before the first."""
    return lambda text: re.sub(f"({one})(.*?)({other})", r"\3\1\2", text, flags=re.DOTALL)


STYLES = r"xl/styles\.xml"
SHEET, BOOK = r"xl/worksheets/sheet3\.xml", r"xl/workbook\.xml"
_CELL = r'<c r="B4" s="\d+" t="inlineStr"><is>.*?</is></c>'


def _text(text: str) -> Callable[[str], str]:
    held = f'<c r="B4" s="1" t="inlineStr"><is><t>{text}</t></is></c>'
    return lambda sheet: re.sub(_CELL, lambda _: held, sheet, count=1)


FAULTS = [
    Fault("a page break too many", LINT, SHEET, _swap(r"</sheetData>", "</sheetData><rowBreaks>"
          + '<brk id="1"/>' * 1024 + "</rowBreaks>")),
    Fault("a row too high", LINT, SHEET, _swap(r'<row r="1"( ht="[^"]*" customHeight="1")?',
          '<row r="1" ht="500" customHeight="1"')),
    Fault("a formula too long", LINT, SHEET, _swap(r"<f>", "<f>" + "1+" * 4100)),
    Fault("a function of newer programs", LINT, SHEET, _swap(r"<f>", "<f>LET(a,1,a)+")),
    Fault("a volatile function", LINT, SHEET, _swap(r"<f>", "<f>OFFSET(A1,0,0)+")),
    Fault("a function of every cell of a range", LINT, SHEET,
          _swap(r"<f>", "<f>SUMPRODUCT(--ISERROR($A$1:$A$9))+")),
    Fault("a sign before a power", LINT, SHEET, _swap(r"<f>", "<f>-A1^2+")),
    Fault("an array formula", LINT, SHEET, _swap(r"<f>", '<f t="array" ref="A1:A2">')),
    Fault("frozen columns over half a telephone", LINT, SHEET,
          _swap(r'(<pane [^>]*xSplit=)"\d+"', r'\1"30"')),
    Fault("brackets that do not close", LINT, SHEET, _swap(r"<f>", "<f>(")),
    Fault("a reference to nothing", LINT, SHEET, _swap(r"<f>", "<f>#REF!+")),
    Fault("another file", LINT, SHEET, _swap(r"<f>", "<f>[1]S!A1+")),
    Fault("an error that is stored", LINT, SHEET,
          _swap(r"(<c r=\"[A-Z]+\d+\" s=\"\d+\")><f>(.*?)</f><v>[^<]*</v>",
                r'\1 t="e"><f>\2</f><v>#NUM!</v>')),
    Fault("a formula without a value", LINT, SHEET, _swap(r"</f><v>[^<]*</v>", "</f>")),
    Fault("a number that is none", LINT, SHEET, _swap(r"<v>[^<]*</v>", "<v>nan</v>")),
    Fault("an escaped character", LINT, SHEET, _text("a_x0041_b")),
    Fault("a text that becomes a formula", LINT, SHEET, _text("=1+1")),
    Fault("a row twice", LINT, SHEET, _swap(r'<row r="5"', '<row r="4"')),
    Fault("a cell out of order", LINT, SHEET, _swap(r'<c r="B5"', '<c r="ZZ5"')),
    Fault("two shapes of one id", LINT, r"xl/drawings/vmlDrawing1\.vml",
          _swap(r'id="_x0000_s(\d+)"', 'id="_x0000_s1026"')),
    Fault("ids of another block", LINT, r"xl/drawings/vmlDrawing1\.vml",
          _swap(r'data="1"', 'data="7"')),
    Fault("a shape without an anchor", LINT, r"xl/drawings/vmlDrawing1\.vml",
          _swap(r"<x:Anchor>[^<]*</x:Anchor>", "")),
    Fault("an absolute target", LINT, r"xl/_rels/workbook\.xml\.rels",
          _swap(r'Target="worksheets', 'Target="/xl/worksheets')),
    Fault("a target that is not there", LINT, r"xl/_rels/workbook\.xml\.rels",
          _swap(r"sheet3\.xml", "sheet99.xml")),
    Fault("a name that is a cell", LINT, BOOK, _swap(r'name="U_f"', 'name="U1"')),
    Fault("a name that is a function", LINT, BOOK, _swap(r'name="U_f"', 'name="SUM"')),
    Fault("two names that are one", LINT, BOOK, _swap(r'name="U_f"', 'name="u_I"')),
    Fault("a sheet's name too long", LINT, BOOK, _swap(r'name="Checks"', f'name="{"C" * 40}"')),
    Fault("a comment without a text", LINT, r"xl/comments1\.xml",
          _swap(r"<t[^>]*>[^<]*</t>", "<t/>")),
    Fault("an INDEX of one cell", LINT, SHEET, _swap(r"<f>", "<f>INDEX($A$1:$A$1,1)+")),
    Fault("a chart without values", LINT, r"xl/charts/chart1\.xml",
          _swap(r"<(num|str)Cache>.*?</\1Cache>", "", 0)),
    Fault("a long list to choose from", LINT, SHEET, _swap(r"</sheetData>",
          '</sheetData><dataValidations><dataValidation type="list" sqref="A1"><formula1>"'
          + "a," * 200 + '"</formula1></dataValidation></dataValidations>')),
    Fault("elements in another order", SCHEMA, SHEET,
          _moved(r"<sheetData>.*</sheetData>", r"<pageMargins[^>]*/>")),
    Fault("an element of nothing", SCHEMA, SHEET, _swap(r"</sheetData>", "</sheetData><extra/>")),
    Fault("an attribute of nothing", SCHEMA, SHEET, _swap(r"<sheetData>", '<sheetData kind="1">')),
    Fault("a value that an attribute has not", SCHEMA, SHEET,
          _swap(r'state="frozen"', 'state="iced"')),
    Fault("an attribute that is missing", SCHEMA, SHEET,
          _swap(r' sqref="[^"]*"><cfRule', "><cfRule")),
    Fault("a look that is not there", SCHEMA, SHEET,
          _swap(r'(<c r="A5") s="\d+"', r'\1 s="9999"')),
    Fault("the look of a rule that is not there", SCHEMA, SHEET,
          _swap(r'dxfId="\d+"', 'dxfId="999"')),
    Fault("a font that is not there", SCHEMA, STYLES, _swap(r'fontId="1"', 'fontId="999"')),
    Fault("a number format that is not there", SCHEMA, STYLES,
          _swap(r'<numFmt numFmtId="16\d"', '<numFmt numFmtId="399"')),
    Fault("a list with another count", SCHEMA, STYLES,
          _swap(r'<fonts count="\d+"', '<fonts count="1"')),
    Fault("names before the sheets", SCHEMA, BOOK,
          _moved(r"<sheets>.*</sheets>", r"<definedNames>.*</definedNames>")),
    Fault("a drawing that is not there", SCHEMA, r"xl/worksheets/sheet\d+\.xml",
          _swap(r'(<drawing [^>]*r?:?id)="[^"]*"', r'\1="rId99"')),
    Fault("a chart in another order", SCHEMA, r"xl/charts/chart1\.xml",
          _moved(r"<(?:c:)?plotArea>.*</(?:c:)?plotArea>", r"<(?:c:)?dispBlanksAs [^>]*/>")),
    Fault("a comment of nobody", SCHEMA, r"xl/comments1\.xml", _swap(r' authorId="\d+"', "")),
    Fault("a frame without its name", SCHEMA, r"xl/drawings/drawing1\.xml",
          _swap(r'(cNvPr[^>]*) name="[^"]*"', r"\1")),
    Fault("a stored value that is not computed", ENGINES, SHEET,
          _swap(r"(<f>[^<]*</f>)<v>[-0-9.e]+</v>", r"\1<v>123.5</v>")),
    Fault("a sign", ENGINES, SHEET, _swap(r"<f>(IFERROR\()?(F\d+)", r"<f>\1-\2", 3)),
    Fault("a reference one column off", ENGINES, SHEET,
          _swap(r"<f>(IFERROR\()?F(\d+)", r"<f>\1G\2")),
    Fault("a rule of signs", ENGINES, SHEET, _swap(r"<f>", "<f>-2^2+4*0*")),
    Fault("a division by nothing", ENGINES, SHEET, _swap(r"<f>", "<f>1/ZZ9+")),
]  # fmt: skip


def planted(book: bytes, fault: Fault) -> bytes:
    """The workbook with the fault. Raises AssertionError where it did not change anything."""
    result, changed = io.BytesIO(), False
    with zipfile.ZipFile(io.BytesIO(book)) as source, zipfile.ZipFile(result, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            if re.fullmatch(fault.part, name):
                text = fault.edit(part.decode())
                changed = changed or text != part.decode()
                part = text.encode()
            target.writestr(name, part)
    assert changed, fault.name
    return result.getvalue()
