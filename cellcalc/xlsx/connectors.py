"""Lines drawn over the cells of a sheet: straight connectors, as Excel's own shapes.

They stand in a drawing of their own, anchored to cells, so that they move with the columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ROW_PIXELS = 20  # of a row of 15 points
EMU = 9525  # a pixel
_COLOUR = "595959"
_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/drawing"
_TYPE = "application/vnd.openxmlformats-officedocument.drawing+xml"
_LINK = "lines"  # the relationship's id
_AFTER = re.compile(rb"<(?:legacyDrawing|legacyDrawingHF|tableParts|extLst)\b|</worksheet>")
_ROOT = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<xdr:wsDr xmlns:xdr='
    '"http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
)
_ANCHOR = (
    "<xdr:twoCellAnchor><xdr:from>{start}</xdr:from><xdr:to>{end}</xdr:to>"
    '<xdr:cxnSp macro=""><xdr:nvCxnSpPr><xdr:cNvPr id="{number}" name="Line {number}"/>'
    '<xdr:cNvCxnSpPr/></xdr:nvCxnSpPr><xdr:spPr><a:xfrm{flip}><a:off x="0" y="0"/>'
    '<a:ext cx="0" cy="0"/></a:xfrm><a:prstGeom prst="straightConnector1"><a:avLst/></a:prstGeom>'
    '<a:ln w="9525"><a:solidFill><a:srgbClr val="{colour}"/></a:solidFill>{head}</a:ln></xdr:spPr>'
    "</xdr:cxnSp><xdr:clientData/></xdr:twoCellAnchor>"
)
_HEAD = '<a:tailEnd type="triangle" w="med" len="med"/>'


@dataclass(frozen=True, order=True)
class Point:
    """A place on a sheet: a row and column from 1, and pixels from their upper left corner."""

    row: int
    down: int
    column: int
    right: int

    @property
    def markup(self) -> str:
        """As an anchor says it."""
        return (
            f"<xdr:col>{self.column - 1}</xdr:col><xdr:colOff>{self.right * EMU}</xdr:colOff>"
            f"<xdr:row>{self.row - 1}</xdr:row><xdr:rowOff>{self.down * EMU}</xdr:rowOff>"
        )


@dataclass(frozen=True)
class Line:
    """From one place to another, that is not left of it; ``head`` for an arrow."""

    start: Point
    end: Point
    head: bool = False


def written_lines(lines: Sequence[Line]) -> bytes:
    """The drawing with the lines."""
    anchors = []
    for number, line in enumerate(lines, 2):
        start, end, flip = line.start, line.end, ""
        if (end.row, end.down) < (start.row, start.down):  # upwards
            flip = ' flipV="1"'
            start, end = (
                Point(end.row, end.down, start.column, start.right),
                Point(start.row, start.down, end.column, end.right),
            )
        anchors.append(
            _ANCHOR.format(
                start=start.markup, end=end.markup, number=number, flip=flip, colour=_COLOUR,
                head=_HEAD if line.head else "",
            )
        )  # fmt: skip
    return f"{_ROOT}{''.join(anchors)}</xdr:wsDr>".encode()


def linked(relationships: bytes, drawing: str) -> bytes:
    """The relationships of a sheet (empty where it has none) with one to its drawing."""
    target = drawing.replace("xl/", "../", 1)
    link = f'<Relationship Id="{_LINK}" Type="{_KIND}" Target="{target}"/>'.encode()
    if not relationships:
        space = b"http://schemas.openxmlformats.org/package/2006/relationships"
        return b'<Relationships xmlns="' + space + b'">' + link + b"</Relationships>"
    return relationships.replace(b"</Relationships>", link + b"</Relationships>")


def with_drawing(sheet: bytes) -> bytes:
    """A sheet that shows its drawing, said in the place that the standard has for it."""
    space = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    element = b'<drawing xmlns:r="' + space + b'" r:id="' + _LINK.encode() + b'"/>'
    match = _AFTER.search(sheet, sheet.index(b"<pageMargins"))
    assert match is not None, "openpyxl closes the sheet"
    return sheet[: match.start()] + element + sheet[match.start() :]


def listed_drawing(contents: bytes, drawings: Iterable[str]) -> bytes:
    """The list of a package's contents with these drawings in it."""
    parts = "".join(f'<Override PartName="/{name}" ContentType="{_TYPE}"/>' for name in drawings)
    return contents.replace(b"</Types>", parts.encode() + b"</Types>")
