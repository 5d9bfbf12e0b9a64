"""Reading the cells of a workbook that somebody else saved, within limits, and nothing besides.

A workbook is a zip of XML files, and either can be made to fill memory or to point elsewhere. So
only the parts that hold cells are opened, each is counted while it is unpacked, and the XML goes
event by event through a parser that refuses document types, and with them every entity. Nothing is
unpacked to disk, no link is followed, nothing is calculated; pictures, macros, styles and whatever
else a workbook can hold are never looked at. Follows ECMA-376 (part 1, section 18.3; part 2).
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from cellcalc.errors import InputError, Mistake, printable
from cellcalc.sheetxml import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TEXT,
    Budget,
    Cell,
    Cells,
    Events,
    Links,
    Sheet,
    Strings,
    Titles,
    UnfitError,
    parser_for,
)
from cellcalc.toml import read_bytes

__all__ = [
    "MAX_CELLS", "MAX_COLUMNS", "MAX_PARTS", "MAX_RATIO", "MAX_ROWS", "MAX_SHEETS", "MAX_TEXT",
    "MAX_UNPACKED", "Cell", "Cells", "read_cells",
]  # fmt: skip

MAX_PARTS = 2_000  # files inside the package
MAX_UNPACKED = 128_000_000  # bytes of the parts that are read, together
MAX_RATIO = 250  # how much larger than packed a part may be, from 1 MB on
MAX_SHEETS = 200

_CHUNK = 1_000_000  # bytes given to the XML parser at a time
_MAX_TAG = 3_000_000  # bytes of one tag; without it a parser rereads a huge one for each chunk
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # what .xls files begin with, and encrypted workbooks
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ENTRY = b"PK\x01\x02"  # what each line of a zip's table of contents begins with
_MAIN = "/officeDocument"  # what the type of the link to the workbook's own part ends with
_STRINGS = "/sharedStrings"


def read_cells(
    source: Path | bytes, shown_as: str = "", sheets: Collection[str] | None = None
) -> dict[str, Cells]:
    """The cells of an .xlsx workbook that hold something: ``{sheet: {"B7": Cell}}``.

    ``source`` is the path of the workbook or its contents, ``shown_as`` its name in messages,
    ``sheets`` the titles of those to read (all where None; those that are missing are left out).
    Worksheets stand in the order of the workbook, cells in that of the file.

    Raises :class:`~cellcalc.errors.InputError` for anything but a sound workbook within the limits
    above, whatever the bytes are.
    """
    name = shown_as or (str(source) if isinstance(source, Path) else "workbook")
    contents = source if isinstance(source, bytes) else read_bytes(source, name)
    try:
        with _opened(contents, name) as package:
            return _Package(package, name).cells(sheets)
    except (
        zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, RuntimeError,
        OSError, OverflowError, UnicodeError, ValueError,
    ) as error:  # fmt: skip
        raise _refused(name, "", "a sound .xlsx workbook", f"damage ({error})") from None


def _refused(file: str, place: str, expected: str, found: str) -> InputError:
    return InputError([Mistake(file, printable(place[:80]), expected, printable(found[:200]))])


def _opened(contents: bytes, name: str) -> zipfile.ZipFile:
    expected = "an .xlsx workbook"
    if contents.startswith(_OLE):
        locked = _ENCRYPTED in contents
        found = "one with a password" if locked else "an older format (.xls); save it as .xlsx"
        raise _refused(name, "", expected, found)
    if not contents.startswith(b"PK"):
        raise _refused(name, "", expected, "another kind of file" if contents else "an empty file")
    if contents.count(_ENTRY) > 2 * MAX_PARTS:  # before each is made an object
        raise _too_many_parts(name)
    return zipfile.ZipFile(io.BytesIO(contents))


def _too_many_parts(name: str) -> InputError:
    return _refused(name, "", f"at most {MAX_PARTS:,} parts in the package", "more")


class _Package:
    """A workbook being read, and how much of it has been unpacked."""

    def __init__(self, package: zipfile.ZipFile, file: str) -> None:
        self.package, self.file = package, file
        self.unpacked = 0
        self.budget = Budget()
        entries = package.infolist()
        if len(entries) > MAX_PARTS:
            raise _too_many_parts(file)
        self.parts = {entry.filename: entry for entry in entries}
        if len(self.parts) < len(entries):
            self.fail("", "parts with names of their own", "two parts of one name")
        for part in self.parts:
            if part.startswith("/") or "\\" in part or ".." in part.split("/") or ":" in part:
                self.fail(part, "a part inside the package", "a path that leads out of it")

    def fail(self, place: str, expected: str, found: str) -> NoReturn:
        raise _refused(self.file, place, expected, found)

    def cells(self, wanted: Collection[str] | None) -> dict[str, Cells]:
        main = self._main_part()
        links = self.links(main)
        titles = Titles()
        self.feed(main, titles)
        if len(titles.sheets) > MAX_SHEETS:
            self.fail(main, f"at most {MAX_SHEETS} sheets", f"{len(titles.sheets):,}")
        chosen = [s for s in titles.sheets if wanted is None or s[0] in wanted]
        if len(dict(chosen)) < len(chosen):
            self.fail(main, "sheets with titles of their own", "two sheets of one title")
        strings = Strings(self.budget)
        for _, (target, kind) in sorted(links.items()) if chosen else ():
            if kind.endswith(_STRINGS) and not strings.texts:
                self.feed(target, strings)
        found: dict[str, Cells] = {}
        read: set[str] = set()
        for title, link in chosen:
            target, kind = links.get(link, ("", ""))
            if kind.endswith("/chartsheet"):
                continue
            if target not in self.parts:
                self.fail(title, "a sheet inside the package", "none")
            if target in read:
                self.fail(title, "sheets with parts of their own", "two sheets in one part")
            read.add(target)
            sheet = Sheet(strings.texts, self.budget)
            self.feed(target, sheet, title)
            found[title] = sheet.cells
        return found

    def _main_part(self) -> str:
        targets = [t for t, kind in self.links("").values() if kind.endswith(_MAIN)]
        main = next((t for t in targets if t in self.parts and not t.endswith(".bin")), "")
        if not main:
            others = {"content.xml": "OpenDocument (.ods)", "xl/workbook.bin": ".xlsb"}
            found = next((kind for part, kind in others.items() if part in self.parts), "")
            help = f"{found}; save it as .xlsx" if found else "a zip file without one"
            self.fail("", "an .xlsx workbook", help)
        return main

    def links(self, part: str) -> dict[str, tuple[str, str]]:
        """What a part is linked to inside the package: by identifier, the part and its kind."""
        folder, _, own = part.rpartition("/")
        where = f"{folder}/_rels/{own}.rels" if folder else f"_rels/{own}.rels"
        links = Links(folder)
        if where in self.parts:
            self.feed(where, links)
        return links.found

    def feed(self, part: str, events: Events, place: str = "") -> None:
        """Give the XML of a part to ``events``, counting what is unpacked."""
        place = place or part
        if part not in self.parts:
            self.fail(place, "a part of the package", "none")
        entry = self.parts[part]
        if entry.flag_bits & 1:
            self.fail(place, "a workbook without a password", "an encrypted part")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            self.fail(place, "a part packed with deflate", f"method {entry.compress_type}")
        parser = parser_for(events, self.budget)
        size = 0
        try:
            with self.package.open(entry) as stream:
                while chunk := stream.read(_CHUNK):
                    size += len(chunk)
                    self._check_size(size, entry.compress_size, place)
                    parser.Parse(chunk, False)
                    if size - parser.CurrentByteIndex > _MAX_TAG:
                        raise UnfitError("tags of a sensible length", "an endless one")
            self.unpacked += size
            parser.Parse(b"", True)
        except UnfitError as error:
            self.fail(place, error.expected, error.found)
        except (expat.ExpatError, LookupError) as error:
            self.fail(place, "XML", f"an error: {error}")

    def _check_size(self, size: int, packed: int, place: str) -> None:
        if self.unpacked + size > MAX_UNPACKED:
            most = f"at most {MAX_UNPACKED // 1_000_000} MB when unpacked"
            self.fail(place, most, "more")
        if size > 1_000_000 and size > MAX_RATIO * packed:
            self.fail(place, f"a part that packs at most {MAX_RATIO} to 1", "a zip bomb")
