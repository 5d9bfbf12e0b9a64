"""Writing the rows of a workbook into the package that openpyxl makes of everything else.

openpyxl stores no value beside a formula and rounds numbers to 16 digits. So it writes styles,
names, panes and print set-up, with one sample cell for each style; the rows are then written here,
as text, in place of the samples. Nothing of openpyxl's inside is touched, only the file it wrote.
"""

from __future__ import annotations

import errno
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from itertools import count
from typing import BinaryIO
from xml.etree import ElementTree
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook

from cellcalc.xlsx import parts
from cellcalc.xlsx.cells import (
    MAX_FORMULA,
    MAX_TEXT,
    Cell,
    Fill,
    Row,
    Rows,
    TooLongError,
    letters,
    quoted,
)
from cellcalc.xlsx.connectors import Line, linked, listed_drawing, with_drawing, written_lines

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_SHEET_DATA = re.compile(rb"<sheetData\s*/>|<sheetData>.*</sheetData>", re.DOTALL)
_DIMENSION = re.compile(rb'<dimension ref="[^"]*"\s*/>')
_SAMPLE = re.compile(rb'<c r="A([0-9]+)"(?: s="([0-9]+)")?')
# Compressing takes a third of the time, at this level a sixth, and the file is a twelfth larger.
# Sheets with fewer places for cells take little time anyway, and are made small.
QUICK, SMALL = 1, 6
FEW = 50_000
_LEVEL = "compress_level" if hasattr(ZipInfo, "compress_level") else "_compresslevel"  # until 3.13
_DATES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def _save(workbook: Workbook, file: BinaryIO) -> None:
    """What openpyxl makes of it.

    It goes through files in the system's folder for them; of one that is full lxml, where openpyxl
    has it, says so in an exception of its own: ``IO_ENOSPC``. Raises OSError.
    """
    try:
        workbook.save(file)
    except OSError:
        raise
    except Exception as error:
        code = getattr(errno, str(error).removeprefix("IO_"), None)
        if code is None:
            raise
        raise OSError(code, os.strerror(code)) from None


def write_package(
    file: BinaryIO,
    workbook: Workbook,
    samples: Iterable[str],
    sheets: Mapping[str, Rows],
    made: datetime,
    lines: Mapping[str, Sequence[Line]] | None = None,
) -> None:
    """Write ``workbook`` to ``file`` with the given rows for each sheet, by title.

    The first sheet holds in A1, A2, … a cell in each of the styles named in ``samples``. ``made``
    is the date stored in the file, so that the same input gives the same bytes. ``lines`` are
    drawn over the cells of sheets that have no charts.
    """
    skeleton = BytesIO()
    _save(workbook, skeleton)
    with ZipFile(skeleton) as source, ZipFile(file, "w", ZIP_DEFLATED) as target:
        paths = _sheet_paths(source)
        styles = _style_numbers(source.read(next(iter(paths.values()))), tuple(samples))
        titles = {paths[title]: title for title in sheets}
        stamp = made.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
        others = _Others(source, titles)
        drawn = _Drawn(source, {paths[title]: found for title, found in (lines or {}).items()})
        for name in parts.in_order([*drawn.names, *drawn.parts]):
            entry = ZipInfo(parts.renamed(name), made.timetuple()[:6])
            entry.compress_type = ZIP_DEFLATED
            setattr(entry, _LEVEL, SMALL)
            if name in titles:
                content = sheets[titles[name]]
                setattr(entry, _LEVEL, SMALL if content.width * content.height < FEW else QUICK)
                title = titles[name]
                rows = others.noted(title, sheets[title])
                with target.open(entry, "w") as part:
                    for piece in _sheet(title, drawn.sheet(name), rows, styles):
                        part.write(piece)
            elif name in drawn.parts:
                target.writestr(entry, drawn.parts[name])
            else:
                contents = others.part(name)
                if name == parts.CONTENTS:
                    contents = drawn.listed(contents)
                target.writestr(entry, _DATES.sub(rb"\g<1>" + stamp, contents))


class _Drawn:
    """The drawings of sheets with lines: parts of their own, and what refers to them."""

    def __init__(self, source: ZipFile, lines: Mapping[str, Sequence[Line]]) -> None:
        self.source, self.names = source, source.namelist()
        self.drawings: dict[str, str] = {}  # by the part of the sheet
        self.parts: dict[str, bytes] = {}
        charts = sum(name.startswith("xl/drawings/drawing") for name in self.names)
        for number, (path, found) in enumerate(lines.items(), charts + 1):
            name = f"xl/drawings/drawing{number}.xml"
            links = f"xl/worksheets/_rels/{path.rpartition('/')[2]}.rels"
            before = source.read(links) if links in self.names else b""
            self.drawings[path] = name
            self.parts[name] = written_lines(found)
            self.parts[links] = linked(before, name)
        self.names = [name for name in self.names if name not in self.parts]

    def sheet(self, path: str) -> bytes:
        """The part of a sheet, with its drawing where it has one."""
        contents = self.source.read(path)
        return with_drawing(contents) if path in self.drawings else contents

    def listed(self, contents: bytes) -> bytes:
        """The list of contents with the drawings in it."""
        return listed_drawing(contents, self.drawings.values())


class _Others:
    """The parts besides the sheets, as Excel lays them out."""

    def __init__(self, source: ZipFile, titles: Mapping[str, str]) -> None:
        self.source, self.titles = source, titles
        self.values: dict[tuple[str, int, int], parts.Value] = {}
        self.blocks = 1  # of the ids of shapes; the next that is free
        self.wanted: dict[str, dict[int, set[int]]] = {}  # columns by sheet and row
        for name in source.namelist():
            if name.startswith("xl/charts/chart"):
                for area in parts.areas_of_chart(source.read(name).decode()):
                    rows = self.wanted.setdefault(area.sheet, {})
                    for row, column in area.cells:
                        rows.setdefault(row, set()).add(column)

    def noted(self, title: str, content: Rows) -> Rows:
        """The rows of a sheet, of which those values are noted that charts show."""
        wanted = self.wanted.get(title)
        return content if wanted is None else replace(content, rows=self._noting(title, content))

    def _noting(self, title: str, content: Rows) -> Iterator[Row]:
        for row in content.rows:
            columns = self.wanted[title].get(row.number)
            if columns:
                row = replace(row, parts=list(row.parts))
                for one in row.cells:
                    if one.column in columns:
                        self.values[title, row.number, one.column] = one.value
            yield row

    def part(self, name: str) -> bytes:
        contents = self.source.read(name)
        if name.endswith(".rels"):
            return parts.with_relative_targets(name, contents.decode()).encode()
        if name == "xl/styles.xml":
            return parts.with_fonts_in_order(contents.decode()).encode()
        if name == parts.CONTENTS:
            return parts.with_new_names(contents.decode()).encode()
        if name.startswith("xl/charts/chart"):
            return parts.with_values(contents.decode(), self.values).encode()
        if name.startswith("xl/drawings/drawing"):
            return parts.drawing(contents)
        if name.startswith("xl/drawings/commentsDrawing"):
            shapes, taken = parts.shapes_of_comments(
                contents.decode(), self._sheet_of(name), self.blocks
            )
            self.blocks += taken
            return shapes
        return contents

    def _sheet_of(self, drawing: str) -> str:
        """The sheet whose comments a drawing shows."""
        for path in self.titles:
            links = f"xl/worksheets/_rels/{path.rpartition('/')[2]}.rels"
            if links in self.source.namelist() and drawing in self.source.read(links).decode():
                return self.source.read(path).decode()
        return ""


def _sheet_paths(package: ZipFile) -> dict[str, str]:
    """The part of the package that holds each sheet."""
    links = ElementTree.fromstring(package.read("xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): link.get("Target", "").lstrip("/") for link in links}
    sheets = ElementTree.fromstring(package.read("xl/workbook.xml")).iter(f"{_MAIN}sheet")
    paths = {}
    for sheet in sheets:
        target = targets[sheet.get(_LINK)]
        paths[sheet.get("name", "")] = target if target.startswith("xl/") else f"xl/{target}"
    return paths


def _style_numbers(sheet: bytes, samples: tuple[str, ...]) -> dict[str, int]:
    """The number that openpyxl gave to each style, read off the sample cells."""
    found = {int(row): int(number or 0) for row, number in _SAMPLE.findall(sheet)}
    return {name: found[k] for k, name in enumerate(samples, 1)}


def _sheet(
    title: str, skeleton: bytes, content: Rows, styles: Mapping[str, int]
) -> Iterator[bytes]:
    """The sheet's XML with its rows; the dimension is that of the rows.

    Raises :class:`~cellcalc.xlsx.cells.TooLongError` where a formula is too long for a cell.
    """
    dimension = f'<dimension ref="A1:{letters(content.width)}{content.height}"/>'.encode()
    skeleton = _DIMENSION.sub(dimension, skeleton)
    match = _SHEET_DATA.search(skeleton)
    assert match, "openpyxl writes a sheetData element"
    yield skeleton[: match.start()] + b"<sheetData>"
    markup = Markup(styles)
    try:
        for row in content.rows:
            yield markup.row(row).encode()
    except TooLongError as error:
        error.sheet = title
        raise
    yield b"</sheetData>" + skeleton[match.end() :]


def fixed_date(epoch: str | None) -> datetime:
    """The date to store: that of SOURCE_DATE_EPOCH, else the first one that a zip can hold."""
    earliest = datetime(1980, 1, 1, tzinfo=UTC)
    if epoch is None or not epoch.isdecimal() or len(epoch) > 10:
        return earliest
    return max(earliest, datetime.fromtimestamp(int(epoch), UTC))


LINE_HEIGHT, MAX_HEIGHT = 15.0, 409.5  # points


class Markup:
    """Writes the rows of one sheet, given the number of each style.

    A formula filled right over several cells is written once, in the first of them, and shared by
    the others (ECMA-376 part 1, 18.3.1.40): a third less to write and half as much to store.
    Excel shares no formula that refers to another sheet, so such a one is written in each cell.
    """

    def __init__(self, styles: Mapping[str, int]) -> None:
        self.styles = styles
        self.shared = count()

    def row(self, row: Row) -> str:
        points = min(row.lines * LINE_HEIGHT, MAX_HEIGHT)
        height = f' ht="{points}" customHeight="1"' if row.lines > 1 else ""
        outline = ' hidden="1"' if row.hidden else ""
        outline += f' outlineLevel="{row.outline}"' if row.outline else ""
        outline += ' collapsed="1"' if row.collapsed else ""
        parts = "".join(
            [
                self.fill(part, row.number) if isinstance(part, Fill) else self.cell(part, row)
                for part in row.parts
            ]
        )
        return f'<row r="{row.number}"{height}{outline}>{parts}</row>'

    def fill(self, fill: Fill, row: int) -> str:
        values, style = fill.values, self.styles[fill.style]
        if not math.isfinite(sum(values)):  # some cell shows an error
            return "".join(cell(c, row, style) for c in fill.cells())
        places = map(letters, range(fill.column, fill.column + len(values)))
        after = f'{row}" s="{style}"'
        if fill.formula is None:
            return "".join(
                [f'<c r="{a}{after}><v>{v!r}</v></c>' for a, v in zip(places, values, strict=True)]
            )
        if len(values) < 2 or not fill.alike or "!" in fill.formula(0):
            texts = self.texts(fill, row)
            together = zip(places, texts, values, strict=True)
            return "".join([f'<c r="{a}{after}><f>{f}</f><v>{v!r}</v></c>' for a, f, v in together])
        return "".join(self.share(fill, row, after, list(places)))

    def share(self, fill: Fill, row: int, after: str, places: list[str]) -> Iterator[str]:
        """The formula in the first cell, the others as members of its group."""
        assert fill.formula is not None
        number, values = next(self.shared), fill.values
        for k in (0, len(values) - 1):
            checked(fill.formula(k), fill.column + k, row)
        area = f"{places[0]}{row}:{places[-1]}{row}"
        master = f'<f t="shared" ref="{area}" si="{number}">{escape(fill.formula(0))}</f>'
        yield f'<c r="{places[0]}{after}>{master}<v>{values[0]!r}</v></c>'
        member = f'{after}><f t="shared" si="{number}"/><v>'
        pairs = zip(places[1:], values[1:], strict=True)
        yield "".join([f'<c r="{a}{member}{v!r}</v></c>' for a, v in pairs])

    def texts(self, fill: Fill, row: int) -> Iterator[str]:
        assert fill.formula is not None
        for k in range(len(fill.values)):
            yield escape(checked(fill.formula(k), fill.column + k, row))

    def cell(self, part: Cell, row: Row) -> str:
        style = part.style
        if part.formula is None and isinstance(part.value, str) and part.value[:1] == "=":
            style = quoted(style) if quoted(style) in self.styles else style
        return cell(part, row.number, self.styles[style])


def checked(formula: str, column: int, row: int) -> str:
    """The formula; :class:`TooLongError` where it is too long for a cell."""
    if len(formula) > MAX_FORMULA:
        found = f"{len(formula):,} in {letters(column)}{row}"
        raise TooLongError(
            f"workbook: expected formulas of at most {MAX_FORMULA:,} characters, found {found}"
        )
    return formula


def written(text: str) -> str:
    """A text as a part holds it: what readers would take for an escaped character is escaped."""
    return escape(_ESCAPED.sub("_x005F_", text))


_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def cell(cell: Cell, row: int, style: int) -> str:
    """One cell by itself."""
    start = f'<c r="{letters(cell.column)}{row}" s="{style}"'
    value = cell.value
    if cell.formula is None:
        if value is None:
            return start + "/>"
        if isinstance(value, str):
            text = f'<t xml:space="preserve">{written(value[:MAX_TEXT])}</t>'
            return f'{start} t="inlineStr"><is>{text}</is></c>'
        return f"{start}><v>{value!r}</v></c>"
    formula = f"<f>{escape(checked(cell.formula, cell.column, row))}</f>"
    if isinstance(value, str):
        return f'{start} t="str">{formula}<v>{written(value)}</v></c>'
    if value is None or not math.isfinite(value):
        return f'{start} t="e">{formula}<v>#NUM!</v></c>'
    return f"{start}>{formula}<v>{value!r}</v></c>"
