"""Excel's own limits and rules, which engines and schemas do not check.

What breaks one of these opens with a repair prompt in Excel, or shows another text. They are
documented (Excel specifications and limits) or known from the sources of other writers.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree

from openpyxl.utils import FORMULAE

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ROWS, COLUMNS = 1_048_576, 16_384
FORMULA, TEXT, ARGUMENTS, NESTING = 8_192, 32_767, 255, 64
BREAKS, HEIGHT, WIDTH = 1_023, 409.5, 255.0
LISTED, PROMPT, PROMPT_TITLE = 255, 255, 32
FORMATS, STYLES, FONTS = 250, 64_000, 1_024
# Functions that Excel 2010, LibreOffice 7 and Google Sheets share need no prefix; these do not.
NEWER = {"LET", "LAMBDA", "XLOOKUP", "TEXTJOIN", "CONCAT", "IFS", "SWITCH", "MAXIFS", "FILTER"}
NEWER |= {"SEQUENCE", "FORMULATEXT", "OFFSET", "INDIRECT", "TEXT", "NOW", "TODAY", "RAND"}
_REFERENCE = re.compile(r"[A-Za-z]{1,3}[0-9]+|[Rr][0-9]*([Cc][0-9]*)?|[Cc][0-9]*|TRUE|FALSE", re.I)
_ESCAPED = re.compile(r"_x[0-9A-Fa-f]{4}_")
_OF_ONE = re.compile(r"INDEX\((?:'[^']*'!|\w+!)?(\$?[A-Z]{1,3}\$?\d+):\1,")
_RANGE = r"(?:(?:'[^']*'|\w+)!)?\$?[A-Z]{1,3}\$?\d+:\$?[A-Z]{1,3}\$?\d+"
# Of a range, which needs an array formula; in SUM(…) and the like it is one value all the same.
_OF_A_RANGE = re.compile(
    rf"(?<![A-Z.])(ISERROR|ISNUMBER|ISTEXT|ISBLANK|ABS|EXP|LN|SQRT|IF|NOT)\({_RANGE}[,)]"
)
_SIGN = re.compile(
    r"(?:^|[=<>(,+*/&-])-(?:\$?[A-Z]{1,3}\$?\d+|[A-Za-z_]\w*|\d+(?:\.\d+)?|\([^()]*\))\^"
)
FROZEN = 360.0  # pixels of columns that stay, on a telephone
PIXELS = 7.0  # of a column of one character, and five more for its margins
_STRING = re.compile(r'"(?:[^"]|"")*"')
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def complaints(contents: bytes) -> Iterator[str]:
    """What Excel would not take as it is, a sentence each."""
    with zipfile.ZipFile(io.BytesIO(contents)) as package:
        names = package.namelist()
        parts = {name: package.read(name) for name in names}
    yield from _package(names, parts)
    for name, part in parts.items():
        if name.endswith((".xml", ".rels", ".vml")):
            try:
                ElementTree.fromstring(part)
            except ElementTree.ParseError as error:
                yield f"{name}: not well formed: {error}"
                return
    yield from _workbook(parts)
    yield from _styles(parts["xl/styles.xml"])
    shapes: Counter[str] = Counter()
    for name, part in parts.items():
        if name.startswith("xl/worksheets/sheet"):
            yield from (f"{name}: {line}" for line in _sheet(part, parts["xl/styles.xml"]))
        if name.endswith(".vml"):
            text = part.decode()
            ids = re.findall(r'id="_x0000_s(\d+)"', text)
            shapes.update(ids)
            blocks = set(",".join(re.findall(r'idmap [^>]*data="([^"]*)"', text)).split(","))
            if {str(int(one) // 1024) for one in ids} - blocks:
                yield f"{name}: ids of shapes outside of the blocks of the sheet"
            if len(re.findall(r"<x:Anchor>", text)) < len(ids):
                yield f"{name}: a shape without an anchor"
        if name.startswith("xl/comments"):
            for comment in ElementTree.fromstring(part).iter(f"{MAIN}comment"):
                if not "".join(t.text or "" for t in comment.iter(f"{MAIN}t")).strip():
                    yield f"{name}: a comment without a text on {comment.get('ref')}"
        if name.startswith("xl/charts/") and b"<f>" in part and b"Cache>" not in part:
            yield f"{name}: a chart without the values that it shows"
    if twice := [one for one, count in shapes.items() if count > 1]:
        yield f"ids of comments' shapes that two sheets have: {', '.join(twice[:3])}"


def _package(names: list[str], parts: dict[str, bytes]) -> Iterator[str]:
    if any("vbaProject" in name or name.startswith("xl/macrosheets") for name in names):
        yield "a macro"
    if names[0] != "[Content_Types].xml":
        yield "the list of contents is not the first part"
    if len({name.casefold() for name in names}) < len(names):
        yield "a part that is there twice"
    for name in names:
        if name.startswith(("xl/comments/", "xl/drawings/commentsDrawing")):
            yield f"{name}: not where Excel puts it"
        if name.endswith(".rels"):
            folder = posixpath.dirname(posixpath.dirname(name))
            for link in ElementTree.fromstring(parts[name]):
                target = link.get("Target", "")
                if link.get("TargetMode") == "External":
                    yield f"{name}: a link to {target[:40]}, outside of the file"
                elif target.startswith("/"):
                    yield f"{name}: an absolute target"
                elif posixpath.normpath(posixpath.join(folder, target)) not in parts:
                    yield f"{name}: a target that is not there: {target}"
        if name.startswith("xl/drawings/drawing") and b"<xdr:wsDr" not in parts[name]:
            yield f"{name}: another prefix than xdr:"


def _workbook(parts: dict[str, bytes]) -> Iterator[str]:
    book = ElementTree.fromstring(parts["xl/workbook.xml"])
    titles = [sheet.get("name", "") for sheet in book.iter(f"{MAIN}sheet")]
    if len({title.casefold() for title in titles}) < len(titles):
        yield "two sheets of one name"
    for title in titles:
        if not 0 < len(title) <= 31 or re.search(r"[\[\]:*?/\\]", title) or title[:1] == "'":
            yield f"a sheet that is called {title!r}"
    if not any(s.get("state") in (None, "visible") for s in book.iter(f"{MAIN}sheet")):
        yield "no sheet that is seen"
    seen: set[tuple[str, str | None]] = set()
    for defined in book.iter(f"{MAIN}definedName"):
        name, scope = defined.get("name", ""), defined.get("localSheetId")
        if (name.casefold(), scope) in seen:
            yield f"two defined names {name}"
        seen.add((name.casefold(), scope))
        bare = name.removeprefix("_xlnm.")
        if name == bare and (_REFERENCE.fullmatch(name) or name.upper() in FORMULAE):
            yield f"a defined name that is a cell or a function: {name}"
        if name == bare and name.casefold() in ("print_area", "print_titles"):
            yield f"a defined name of Excel's own: {name}"
        if not re.fullmatch(r"[\w\\][\w.\\?]*", name) or len(name) > 255:
            yield f"a defined name of other characters: {name!r}"


def _styles(part: bytes) -> Iterator[str]:
    styles = ElementTree.fromstring(part)
    for what, most in (("numFmts", FORMATS), ("cellXfs", STYLES), ("fonts", FONTS)):
        count = len(styles.find(f"{MAIN}{what}") or ())
        if count > most:
            yield f"styles: {count} {what}"
    for form in styles.iter(f"{MAIN}numFmt"):
        if len(form.get("formatCode", "")) > 255:
            yield "styles: a number format of more than 255 characters"


def _sheet(part: bytes, styles: bytes) -> Iterator[str]:
    sheet = ElementTree.fromstring(part)
    looks = list(ElementTree.fromstring(styles).find(f"{MAIN}cellXfs") or ())
    last = 0
    for row in sheet.iter(f"{MAIN}row"):
        number = int(row.get("r", "0"))
        if not last < number <= ROWS:
            yield f"row {number} after row {last}"
        last = number
        if float(row.get("ht", "0")) > HEIGHT:
            yield f"row {number} is {row.get('ht')} points high"
        if int(row.get("outlineLevel", "0")) > 7:
            yield f"row {number} is folded more than 7 deep"
        yield from _cells(row, looks)
    for column in sheet.iter(f"{MAIN}col"):
        if float(column.get("width", "0")) > WIDTH:
            yield f"column {column.get('min')} is {column.get('width')} wide"
    yield from _frozen(sheet)
    if any(form.get("t") in ("array", "dataTable") for form in sheet.iter(f"{MAIN}f")):
        yield "an array formula"
    for kind in ("rowBreaks", "colBreaks"):
        found = sheet.find(f"{MAIN}{kind}")
        if found is not None and len(found) > BREAKS:
            yield f"{len(found)} page breaks"
    for rule in sheet.iter(f"{MAIN}dataValidation"):
        for form in rule:
            if rule.get("type") == "list" and len(form.text or "") > LISTED + 2:
                yield f"a list of {len(form.text or '')} characters to choose from"
        for key, most in (("prompt", PROMPT), ("error", PROMPT), ("promptTitle", PROMPT_TITLE),
                          ("errorTitle", PROMPT_TITLE)):  # fmt: skip
            if len(rule.get(key, "")) > most:
                yield f"a {key} of {len(rule.get(key, ''))} characters"
    for rule in sheet.iter(f"{MAIN}cfRule"):
        for form in rule.iter(f"{MAIN}formula"):
            yield from _formula(form.text or "", "a rule")
    merged = [one.get("ref") for one in sheet.iter(f"{MAIN}mergeCell")]
    if len(set(merged)) < len(merged):
        yield "cells that are merged twice"


def _frozen(sheet: ElementTree.Element) -> Iterator[str]:
    """Columns that stay where they are, and hide all others on a small screen."""
    panes = [pane for pane in sheet.iter(f"{MAIN}pane") if pane.get("state") == "frozen"]
    many = max((int(float(pane.get("xSplit", "0"))) for pane in panes), default=0)
    widths = dict.fromkeys(range(1, many + 1), 8.43)
    for column in sheet.iter(f"{MAIN}col"):
        for number in range(int(column.get("min", "1")), int(column.get("max", "1")) + 1):
            if number in widths:
                hidden = column.get("hidden") in ("1", "true")
                widths[number] = 0.0 if hidden else float(column.get("width", "8.43"))
    wide = sum(width * PIXELS + 5 for width in widths.values() if width)
    if wide > FROZEN:
        yield f"{wide:.0f} pixels of columns that are frozen"


def _cells(row: ElementTree.Element, looks: list[ElementTree.Element]) -> Iterator[str]:
    column = 0
    for cell in row:
        place = cell.get("r", "")
        here = _column(place)
        if not column < here <= COLUMNS or not place.endswith(row.get("r", "")):
            yield f"{place} is out of order"
        column = here
        formula, text = cell.find(f"{MAIN}f"), "".join(t.text or "" for t in cell.iter(f"{MAIN}t"))
        value = cell.findtext(f"{MAIN}v")
        if formula is not None and formula.text:
            yield from _formula(formula.text, place)
        if formula is not None and value is None:
            yield f"{place}: a formula without its value"
        if cell.get("t") == "e":
            yield f"{place}: an error value"
        if cell.get("t") in (None, "n") and value is not None:
            if not re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", value):
                yield f"{place}: {value!r} is no number"
            elif 0 < abs(float(value)) < 2.2250738585072014e-308:
                yield f"{place}: a number below those of Excel"
        for shown in (text, value if cell.get("t") == "str" else ""):
            bare = (shown or "").replace("_x005F_", "")  # an underscore, as it is escaped
            if _ESCAPED.search(bare) or _CONTROL.search(bare):
                yield f"{place}: a text that Excel shows otherwise"
            if len(shown or "") > TEXT:
                yield f"{place}: a text of {len(shown or '')} characters"
        if text.startswith("=") and looks:
            look = looks[int(cell.get("s", "0"))]
            if look.get("quotePrefix") not in ("1", "true"):
                yield f"{place}: a text that becomes a formula when it is touched"


def _column(place: str) -> int:
    number = 0
    for letter in re.match(r"[A-Z]*", place)[0]:  # type: ignore[index]
        number = number * 26 + ord(letter) - 64
    return number


def _formula(text: str, place: str) -> Iterator[str]:
    if len(text) > FORMULA:
        yield f"{place}: a formula of {len(text):,} characters"
    if text.startswith("="):
        yield f"{place}: a formula with a sign too much"
    for string in _STRING.findall(text):
        if len(string) > 257:
            yield f"{place}: a text of {len(string)} characters within a formula"
    bare = _STRING.sub('""', text)
    depth, deepest, commas = 0, 0, [0]
    for sign in bare:
        if sign == "(":
            depth += 1
            commas.append(0)
            deepest = max(deepest, depth)
        elif sign == ")":
            depth -= 1
            if depth < 0:
                break
            if commas.pop() >= ARGUMENTS:
                yield f"{place}: a function with more than {ARGUMENTS} arguments"
        elif sign == ",":
            commas[-1] += 1
    if depth:
        yield f"{place}: brackets that do not close"
    if deepest > NESTING:
        yield f"{place}: {deepest} levels of brackets"
    for name in re.findall(r"([A-Z][A-Z0-9.]*)\(", bare):
        if name in NEWER or name not in FORMULAE:
            yield f"{place}: the function {name}"
    if found := _OF_A_RANGE.search(bare):
        yield f"{place}: {found[1]} of a range, which not every program takes for an array"
    if _SIGN.search(bare):
        yield f"{place}: a sign before a power, which Excel puts first"
    if _OF_ONE.search(bare):
        yield f"{place}: an INDEX of a single cell, which not every program takes"
    if "#REF!" in bare or "[" in bare:
        yield f"{place}: a reference to nothing, or to another file"
