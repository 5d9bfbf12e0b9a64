"""Writing the rows of a workbook into the package that openpyxl makes of everything else.

openpyxl stores no value beside a formula and rounds numbers to 16 digits. So it writes styles,
names, panes and print set-up, with one sample cell for each style; the rows are then written here,
as text, in place of the samples. Nothing of openpyxl's inside is touched, only the file it wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import BinaryIO
from xml.etree import ElementTree
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook

from cellcalc.workbook.cells import Rows, letters
from cellcalc.workbook.markup import Markup

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_SHEET_DATA = re.compile(rb"<sheetData\s*/>|<sheetData>.*</sheetData>", re.DOTALL)
_DIMENSION = re.compile(rb'<dimension ref="[^"]*"\s*/>')
_SAMPLE = re.compile(rb'<c r="A([0-9]+)"(?: s="([0-9]+)")?')
# Compressing takes a third of the time, at this level a sixth, and the file is a twelfth larger.
QUICK = 1
_LEVEL = "compress_level" if hasattr(ZipInfo, "compress_level") else "_compresslevel"  # until 3.13
_DATES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def write_package(
    file: BinaryIO,
    workbook: Workbook,
    samples: Iterable[str],
    sheets: Mapping[str, Rows],
    made: datetime,
) -> None:
    """Write ``workbook`` to ``file`` with the given rows for each sheet, by title.

    The first sheet holds in A1, A2, … a cell in each of the styles named in ``samples``. ``made``
    is the date stored in the file, so that the same input gives the same bytes.
    """
    skeleton = BytesIO()
    workbook.save(skeleton)
    with ZipFile(skeleton) as source, ZipFile(file, "w", ZIP_DEFLATED) as target:
        paths = _sheet_paths(source)
        styles = _style_numbers(source.read(next(iter(paths.values()))), tuple(samples))
        rows_of = {paths[title]: rows for title, rows in sheets.items()}
        for name in source.namelist():
            entry = ZipInfo(name, made.timetuple()[:6])
            entry.compress_type = ZIP_DEFLATED
            setattr(entry, _LEVEL, QUICK)
            contents = source.read(name)
            if name in rows_of:
                with target.open(entry, "w") as part:
                    for piece in _sheet(contents, rows_of[name], styles):
                        part.write(piece)
            else:
                stamp = made.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
                target.writestr(entry, _DATES.sub(rb"\g<1>" + stamp, contents))


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


def _sheet(skeleton: bytes, content: Rows, styles: Mapping[str, int]) -> Iterator[bytes]:
    """The sheet's XML with its rows; the dimension is that of the rows."""
    dimension = f'<dimension ref="A1:{letters(content.width)}{content.height}"/>'.encode()
    skeleton = _DIMENSION.sub(dimension, skeleton)
    match = _SHEET_DATA.search(skeleton)
    assert match, "openpyxl writes a sheetData element"
    yield skeleton[: match.start()] + b"<sheetData>"
    markup = Markup(styles)
    for row in content.rows:
        yield markup.row(row).encode()
    yield b"</sheetData>" + skeleton[match.end() :]


def fixed_date(epoch: str | None) -> datetime:
    """The date to store: that of SOURCE_DATE_EPOCH, else the first one that a zip can hold."""
    earliest = datetime(1980, 1, 1, tzinfo=UTC)
    if epoch is None or not epoch.isdecimal() or len(epoch) > 10:
        return earliest
    return max(earliest, datetime.fromtimestamp(int(epoch), UTC))
