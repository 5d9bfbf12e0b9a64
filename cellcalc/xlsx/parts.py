"""The parts of a package as Excel itself lays them out, made from those that openpyxl writes.

Readers that expect nothing else than Excel's own layout open no file with openpyxl's: relative
targets, ``xl/comments1.xml``, ``xl/drawings/vmlDrawing1.vml``, the prefix ``xdr:``, and the list of
contents first. Comments' shapes have ids of their own on every sheet, in blocks of 1,024 for the
whole workbook: the same block twice makes Excel repair the file. Charts hold the values that they
show, or a preview shows an empty frame.
"""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from openpyxl.utils.cell import range_boundaries

CONTENTS = "[Content_Types].xml"
_ORDER = (
    re.escape(CONTENTS), r"_rels/", r"docProps/", r"xl/workbook\.xml", r"xl/_rels/",
    r"xl/worksheets/sheet", r"xl/worksheets/_rels", r"xl/theme", r"xl/styles", r"xl/comments",
    r"xl/drawings", r"xl/charts",
)  # fmt: skip
_RENAMED = (
    (re.compile(r"xl/comments/comment(\d+)\.xml"), r"xl/comments\1.xml"),
    (re.compile(r"xl/drawings/commentsDrawing(\d+)\.vml"), r"xl/drawings/vmlDrawing\1.vml"),
)
_TARGET = re.compile(r'Target="/([^"]*)"')
_PART = re.compile(r'PartName="/([^"]*)"')
BLOCK = 1024  # ids of shapes
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/"
for _prefix in ("spreadsheetDrawing", "main", "chart"):
    _short = {"spreadsheetDrawing": "xdr", "main": "a", "chart": "c"}[_prefix]
    ElementTree.register_namespace(_short, _DRAWING + _prefix)
ElementTree.register_namespace(
    "r", "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
)


def renamed(name: str) -> str:
    """The name that Excel gives to a part."""
    for pattern, new in _RENAMED:
        name = pattern.sub(new, name)
    return name


def in_order(names: Sequence[str]) -> list[str]:
    """The names of parts in the order in which they are written."""

    def rank(name: str) -> int:
        return next((k for k, p in enumerate(_ORDER) if re.match(p, name)), len(_ORDER))

    return sorted(names, key=rank)


def with_relative_targets(name: str, text: str) -> str:
    """The relationships of a part, its targets as seen from its folder."""
    folder = posixpath.dirname(posixpath.dirname(name))

    def target(match: re.Match[str]) -> str:
        return f'Target="{posixpath.relpath(renamed(match[1]), folder or ".")}"'

    return _TARGET.sub(target, text)


def with_new_names(text: str) -> str:
    """The list of contents, with the parts as they are called now."""
    return _PART.sub(lambda match: f'PartName="/{renamed(match[1])}"', text)


_FONT = re.compile(r"<font>(.*?)</font>", re.DOTALL)
_OF_FONT = re.compile(r"<(\w+)(?: [^>]*)?/>")
_FONT_ORDER = (
    "b", "i", "strike", "condense", "extend", "outline", "shadow", "u", "vertAlign", "sz", "color",
    "name", "family", "charset", "scheme",
)  # fmt: skip


def with_fonts_in_order(text: str) -> str:
    """The styles, what is said of each font in the order in which Excel says it."""

    def ordered(match: re.Match[str]) -> str:
        said = sorted(_OF_FONT.finditer(match[1]), key=lambda one: _FONT_ORDER.index(one[1]))
        return f"<font>{''.join(one[0] for one in said)}</font>"

    return _FONT.sub(ordered, text)


def drawing(text: bytes) -> bytes:
    """A drawing with the prefixes that every reader knows."""
    root = ElementTree.fromstring(text)
    return _declared(ElementTree.tostring(root, encoding="unicode"))


def _declared(text: str) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + text.encode()


# Comments

_COMMENT = re.compile(r"width:(\d+)px;height:(\d+)px.*?Row>(\d+)<.*?Column>(\d+)<", re.DOTALL)
_COLUMN = re.compile(r"<col [^>]*/>")
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
USUAL_WIDTH, ROW_HEIGHT = 8.43, 20  # characters; pixels
_SHAPES = """<xml xmlns:v="urn:schemas-microsoft-com:vml" \
xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel">
<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{blocks}"/></o:shapelayout>
<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">\
<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>
{shapes}</xml>"""
_SHAPE = """<v:shape id="_x0000_s{id}" type="#_x0000_t202" style="position:absolute;\
margin-left:59.25pt;margin-top:1.5pt;width:{width}px;height:{height}px;z-index:{order};\
visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>\
<v:shadow color="black" obscured="t"/><v:path o:connecttype="none"/>\
<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>\
<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor>\
<x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData>\
</v:shape>
"""


def shapes_of_comments(text: str, sheet: str, first: int) -> tuple[bytes, int]:
    """The shapes of a sheet's comments, and how many blocks of ids they take from ``first`` on.

    ``sheet`` is the sheet's part, which has the widths of its columns.
    """
    widths = _widths(sheet)
    found = [tuple(map(int, match.groups())) for match in _COMMENT.finditer(text)]
    blocks = 1 + len(found) // (BLOCK - 1)
    shapes = []
    for k, (width, height, row, column) in enumerate(found):
        right, beyond = _reaching(column + 1, 15 + width, widths)
        bottom, below = divmod(2 + height, ROW_HEIGHT)
        ends = (column + 1, 15, row, 2, right, beyond, row + bottom, below)
        block, place = divmod(k, BLOCK - 1)
        shapes.append(
            _SHAPE.format(
                id=(first + block) * BLOCK + place + 1, width=width, height=height, order=k + 1,
                anchor=", ".join(map(str, ends)), row=row, column=column,
            )
        )  # fmt: skip
    ids = ",".join(str(first + k) for k in range(blocks))
    return _SHAPES.format(blocks=ids, shapes="".join(shapes)).encode(), blocks


def _widths(sheet: str) -> Callable[[int], int]:
    """The width in pixels of a column, counted from 0."""
    spans = []
    for match in _COLUMN.finditer(sheet[: sheet.find("<sheetData")]):
        has = dict(_ATTRIBUTE.findall(match[0]))
        width = 0.0 if has.get("hidden") == "1" else float(has.get("width", USUAL_WIDTH))
        spans.append((int(has["min"]), int(has["max"]), width))

    def width_of(column: int) -> int:
        for low, high, width in spans:
            if low <= column + 1 <= high:
                return round(7 * width + 5) if width else 0
        return round(7 * USUAL_WIDTH + 5)

    return width_of


def _reaching(column: int, pixels: int, width_of: Callable[[int], int]) -> tuple[int, int]:
    """The column that lies so many pixels right of the left edge of one, and how far into it."""
    while pixels > width_of(column):
        pixels -= width_of(column)
        column += 1
    return column, pixels


# Charts

Value = float | str | None
_SOURCE = re.compile(
    r"<(numRef|strRef)><f>(?:'((?:[^']|'')+)'|(\w+))!([$A-Z0-9:]+)</f></(?:numRef|strRef)>"
)


@dataclass(frozen=True)
class Area:
    """Some cells of a sheet: columns and rows from 1, the last ones included."""

    sheet: str
    left: int
    top: int
    right: int
    bottom: int

    @property
    def cells(self) -> Iterator[tuple[int, int]]:
        """The row and column of each."""
        for row in range(self.top, self.bottom + 1):
            for column in range(self.left, self.right + 1):
                yield row, column


def _area(match: re.Match[str]) -> Area:
    sheet = (match[2] or match[3]).replace("''", "'")
    return Area(sheet, *range_boundaries(match[4].replace("$", "")))


def areas_of_chart(text: str) -> list[Area]:
    """The cells that a chart shows."""
    return [_area(match) for match in _SOURCE.finditer(text)]


def with_values(text: str, values: Mapping[tuple[str, int, int], Value]) -> str:
    """A chart with the values that it shows; ``values`` are by sheet, row and column."""

    def held(match: re.Match[str]) -> str:
        area = _area(match)
        cells = [values.get((area.sheet, *place)) for place in area.cells]
        is_text = match[1] == "strRef" or any(isinstance(v, str) for v in cells)
        kind = "str" if is_text else "num"
        shown = [(k, v or 0.0) for k, v in enumerate(cells) if _is_shown(v)]
        points = "".join(f'<pt idx="{k}"><v>{_written(v)}</v></pt>' for k, v in shown)
        form = "<formatCode>General</formatCode>" if kind == "num" else ""
        cache = f'{form}<ptCount val="{len(cells)}"/>{points}'
        source = match[0].partition("<f>")[2].partition("</f>")[0]
        return f"<{kind}Ref><f>{source}</f><{kind}Cache>{cache}</{kind}Cache></{kind}Ref>"

    return _SOURCE.sub(held, text)


def _is_shown(value: Value) -> bool:
    return math.isfinite(value) if isinstance(value, int | float) else bool(value)


def _written(value: float | str) -> str:
    return escape(value) if isinstance(value, str) else repr(value)
