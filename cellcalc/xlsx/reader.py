"""Reading the cells of a workbook that somebody else saved, within limits, and nothing besides.

A workbook is a zip of XML files, and either can be made to fill memory or to point elsewhere. So
only the parts that hold cells are opened, each is counted while it is unpacked, and the XML goes
event by event through a parser that refuses document types, and with them every entity. Nothing is
unpacked to disk, no link is followed, nothing is calculated; pictures, macros, styles and whatever
else a workbook can hold are never looked at. Follows ECMA-376 (part 1, section 18.3; part 2).
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from posixpath import normpath
from typing import NamedTuple, NoReturn
from xml.parsers import expat

from cellcalc.archives import DAMAGE
from cellcalc.errors import InputError, Mistake, printable
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
    source: Path | bytes,
    shown_as: str = "",
    sheets: Collection[str] | None = None,
    formulas: Collection[str] = (),
) -> dict[str, Cells]:
    """The cells of an .xlsx workbook that hold something: ``{sheet: {"B7": Cell}}``.

    ``source`` is the path of the workbook or its contents, ``shown_as`` its name in messages,
    ``sheets`` the titles of those to read (all where None; those that are missing are left out),
    ``formulas`` the titles of those whose formulas are read as text.
    Worksheets stand in the order of the workbook, cells in that of the file.

    Raises :class:`~cellcalc.errors.InputError` for anything but a sound workbook within the limits
    above, whatever the bytes are.
    """
    name = shown_as or (str(source) if isinstance(source, Path) else "workbook")
    contents = source if isinstance(source, bytes) else read_bytes(source, name)
    try:
        with _opened(contents, name) as package:
            return _Package(package, name).cells(sheets, formulas)
    except DAMAGE as error:
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

    def cells(self, wanted: Collection[str] | None, formulas: Collection[str]) -> dict[str, Cells]:
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
            sheet = Sheet(strings.texts, self.budget, title in formulas)
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


MAX_ELEMENTS = 2_000_000  # XML elements in the parts that are read, together
MAX_CHARACTERS = 10_000_000  # in their cells, together
MAX_CELLS = 500_000  # that hold something
MAX_STRINGS = 500_000  # that cells share
MAX_TEXT = 32_767  # characters in one cell, as Excel has it
MAX_DEPTH = 60  # XML elements within one another
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384  # of a sheet, as Excel has it

_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")  # how a control character is written

Value = float | str | bool | None


class Cell(NamedTuple):
    """One cell that is not empty.

    ``value`` is what the program that saved the workbook stored: a number, a text, true or false;
    an error value as its text (``#DIV/0!``); None for a formula that was saved
    without a value or gives an empty text.
    ``formula`` tells whether the cell holds a formula, ``text`` what it is, without the equals
    sign: empty where it was not to be read, or is shared with another cell.
    """

    value: Value
    formula: bool
    text: str = ""


Cells = dict[str, Cell]


class Budget:
    """How much may still come, of all that is limited for the whole workbook."""

    def __init__(self) -> None:
        self.elements, self.characters = MAX_ELEMENTS, MAX_CHARACTERS
        self.cells, self.strings = MAX_CELLS, MAX_STRINGS

    def element(self) -> None:
        self.elements -= 1
        if self.elements < 0:
            raise UnfitError(f"at most {MAX_ELEMENTS:,} XML elements", "more")

    def text(self, length: int) -> None:
        self.characters -= length
        if self.characters < 0:
            raise UnfitError(f"at most {MAX_CHARACTERS:,} characters in all cells", "more")

    def cell(self) -> None:
        self.cells -= 1
        if self.cells < 0:
            raise UnfitError(f"at most {MAX_CELLS:,} filled cells", "more")

    def string(self) -> None:
        self.strings -= 1
        if self.strings < 0:
            raise UnfitError(f"at most {MAX_STRINGS:,} shared texts", "more")


class UnfitError(Exception):
    """What is wrong inside a part."""

    def __init__(self, expected: str, found: str) -> None:
        self.expected, self.found = expected, found


class Events:
    """What happens on the way through one XML part; names are without their prefix."""

    def start(self, path: list[str], attributes: Mapping[str, str]) -> None:
        raise NotImplementedError

    def end(self, path: list[str]) -> None:
        pass

    def text(self, path: list[str], text: str) -> None:
        pass


def parser_for(events: Events, budget: Budget) -> expat.XMLParserType:
    """A parser that hands what it meets to ``events`` and raises :class:`UnfitError` if unfit."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    path: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        path.append(name.rpartition(":")[2])
        if len(path) > MAX_DEPTH:
            raise UnfitError(f"elements at most {MAX_DEPTH} deep", "deeper ones")
        budget.element()
        events.start(path, attributes)

    def end(_: str) -> None:
        events.end(path)
        path.pop()

    def declared(*_: object) -> NoReturn:
        raise UnfitError("XML without a document type", "one (it could define entities)")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = lambda text: events.text(path, text)
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = declared
    parser.ExternalEntityRefHandler = declared
    return parser


class Links(Events):
    """The relationships of a part; those that lead out of the package are left out."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.found: dict[str, tuple[str, str]] = {}

    def start(self, path: list[str], attributes: Mapping[str, str]) -> None:
        if path[-1] != "Relationship" or attributes.get("TargetMode") == "External":
            return
        target = attributes.get("Target", "")
        inside = target if target.startswith("/") else f"/{self.folder}/{target}"
        kind = attributes.get("Type", "")
        self.found[attributes.get("Id", "")] = (normpath(inside).lstrip("/"), kind)


class Titles(Events):
    """The sheets of the workbook: title, and identifier of the link to the part."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str]] = []

    def start(self, path: list[str], attributes: Mapping[str, str]) -> None:
        if path[1:] == ["sheets", "sheet"]:
            link = next((v for key, v in attributes.items() if key.endswith(":id")), "")
            self.sheets.append((attributes.get("name", ""), link))


class Strings(Events):
    """The texts that cells share; the runs of a formatted one are joined."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.texts: list[str] = []
        self.runs = _Text(budget)

    def start(self, path: list[str], _: Mapping[str, str]) -> None:
        if path[1:] == ["si"]:
            self.budget.string()
            self.runs = _Text(self.budget)

    def text(self, path: list[str], text: str) -> None:
        if path[-1] == "t" and path[-2] != "rPh":  # how a text is pronounced is no part of it
            self.runs.add(text)

    def end(self, path: list[str]) -> None:
        if path[1:] == ["si"]:
            self.texts.append(_unescaped(self.runs.whole()))


class _Text:
    """A text that comes in pieces, and how long it has become."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.pieces: list[str] = []
        self.length = 0

    def add(self, piece: str) -> None:
        self.budget.text(len(piece))
        self.pieces.append(piece)
        self.length += len(piece)
        if self.length > MAX_TEXT:
            raise UnfitError(f"at most {MAX_TEXT:,} characters in a cell", "more")

    def whole(self) -> str:
        return "".join(self.pieces)


class Sheet(Events):
    """The cells of one sheet."""

    def __init__(self, strings: list[str], budget: Budget, formulas: bool = False) -> None:
        self.strings, self.budget, self.formulas = strings, budget, formulas
        self.cells: Cells = {}
        self.row = self.column = 0
        self.place = self.kind = ""
        self.formula = False
        self.value: _Text | None = None
        self.formula_text: _Text | None = None
        self.handlers: dict[tuple[str, ...], Callable[[Mapping[str, str]], None]] = {
            ("row",): self._row,
            ("row", "c"): self._cell,
            ("row", "c", "f"): self._formula,
            ("row", "c", "v"): self._value,
            ("row", "c", "is"): self._value,
        }

    def start(self, path: list[str], attributes: Mapping[str, str]) -> None:
        if len(path) > 2 and path[1] == "sheetData":
            handler = self.handlers.get(tuple(path[2:]))
            if handler:
                handler(attributes)

    def _row(self, attributes: Mapping[str, str]) -> None:
        number = attributes.get("r", str(self.row + 1))
        self.row = int(number) if number.isdecimal() and len(number) < 9 else 0
        if not 1 <= self.row <= MAX_ROWS:
            raise UnfitError(f"rows from 1 to {MAX_ROWS:,}", number)
        self.column = 0

    def _cell(self, attributes: Mapping[str, str]) -> None:
        self.place = attributes.get("r") or f"{_letters(self.column + 1)}{self.row}"
        match = _PLACE.fullmatch(self.place)
        self.column = _number(match[1]) if match else 0
        if not match or int(match[2]) > MAX_ROWS or self.column > MAX_COLUMNS:
            raise UnfitError(f"cells from A1 to XFD{MAX_ROWS}", self.place)
        self.kind, self.formula, self.value = attributes.get("t", "n"), False, None
        self.formula_text = None

    def _formula(self, _: Mapping[str, str]) -> None:
        self.formula = True
        self.formula_text = _Text(self.budget) if self.formulas else None

    def _value(self, _: Mapping[str, str]) -> None:
        self.value = _Text(self.budget)

    def text(self, path: list[str], text: str) -> None:
        if self.formula_text is not None and path[-1] == "f":
            self.formula_text.add(text)
            return
        inline = path[-1] == "t" and path[-2] != "rPh"
        if self.value is not None and (path[-1] == "v" or inline):
            self.value.add(text)

    def end(self, path: list[str]) -> None:
        if len(path) != 4 or path[1:] != ["sheetData", "row", "c"]:
            return
        value = None if self.value is None else self._stored(self.value.whole())
        value = None if value == "" else value
        self.value = None
        if value is None and not self.formula:
            return
        if self.place in self.cells:
            raise UnfitError("each cell once", f"{self.place} twice")
        self.budget.cell()
        formula = "" if self.formula_text is None else self.formula_text.whole()
        self.cells[self.place] = Cell(value, self.formula, formula)

    def _stored(self, text: str) -> Value:
        """What the text in the file stands for, which depends on the kind of cell."""
        if self.kind == "s":
            number = text.strip()
            place = int(number) if number.isdecimal() and len(number) < 9 else len(self.strings)
            if place >= len(self.strings):
                raise UnfitError(f"one of the shared texts in {self.place}", f"number {number}")
            return self.strings[place]
        if self.kind == "b":
            return text.strip() in ("1", "true")
        if self.kind != "n":
            return _unescaped(text)
        if not text.strip():
            return None
        if not _NUMBER.fullmatch(text.strip()) or not math.isfinite(float(text)):
            raise UnfitError(f"a finite number in {self.place}", f'"{text[:40]}"')
        return float(text)


def _unescaped(text: str) -> str:
    """The text with ``_x000D_`` and its like as the characters that they stand for."""

    def character(match: re.Match[str]) -> str:
        code = int(match[1], 16)
        return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)  # half a character is none

    return _ESCAPED.sub(character, text) if "_x" in text else text


def _number(letters: str) -> int:
    """1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
