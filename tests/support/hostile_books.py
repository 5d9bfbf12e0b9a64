"""Workbooks made to do harm: each with what is to be said of it."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Iterable, Mapping

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
_BOMB = "".join(
    f'<!ENTITY l{k} "{f"&l{k - 1};" * 10 if k else "lol"}">' for k in range(10)
)  # a billion of them, three letters each

Parts = dict[str, bytes]


def link(identifier: str, kind: str, target: str, more: str = "") -> str:
    return f'<Relationship Id="{identifier}" Type="{_OFFICE}/{kind}" Target="{target}"{more}/>'


def links(*those: str) -> bytes:
    return f'<Relationships xmlns="{_LINKS}">{"".join(those)}</Relationships>'.encode()


def sheets(titles: Iterable[object]) -> bytes:
    """The workbook's own part, all of whose sheets are in the same part."""
    those = "".join(f'<sheet name="{title}" r:id="b"/>' for title in titles)
    return f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{those}</sheets></workbook>'.encode()


def sheet(rows: str, before: str = "") -> bytes:
    return f'{before}<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def cell(content: str, more: str = "") -> str:
    return f'<row r="1"><c r="A1"{more}>{content}</c></row>'


def parts(rows: str = cell("<v>1.5</v>"), strings: bytes = b"") -> Parts:
    """A small sound workbook with one sheet."""
    made = {
        "_rels/.rels": links(link("a", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": sheets("S"),
        "xl/_rels/workbook.xml.rels": links(
            link("b", "worksheet", "worksheets/sheet1.xml"),
            link("c", "sharedStrings", "sharedStrings.xml") if strings else "",
        ),
        "xl/worksheets/sheet1.xml": sheet(rows),
    }
    return made | ({"xl/sharedStrings.xml": strings} if strings else {})


def package(contents: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as target:
        for name, part in contents.items():
            target.writestr(name, part)
    return file.getvalue()


def with_part(name: str, contents: bytes) -> bytes:
    return package(parts() | {name: contents})


def with_sheet(contents: bytes) -> bytes:
    return with_part("xl/worksheets/sheet1.xml", contents)


def without(name: str) -> bytes:
    return package({part: contents for part, contents in parts().items() if part != name})


def _twice() -> bytes:
    """Two parts of one name, which programs choose between differently."""
    sound = package(parts() | {"xl/worksheets/sheet2.xml": sheet(cell("<v>2</v>"))})
    return sound.replace(b"sheet2.xml", b"sheet1.xml")


def _encrypted_part() -> bytes:
    """Says that its parts are encrypted, in the table of contents and before each."""
    sound = bytearray(package(parts()))
    for mark, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = sound.find(mark)
        while at >= 0:
            sound[at + place] |= 1
            at = sound.find(mark, at + 1)
    return bytes(sound)


def _method(number: int) -> bytes:
    sound = bytearray(package(parts()))
    for mark, place in ((b"PK\x01\x02", 10), (b"PK\x03\x04", 8)):
        at = sound.find(mark)
        while at >= 0:
            sound[at + place : at + place + 2] = struct.pack("<H", number)
            at = sound.find(mark, at + 1)
    return bytes(sound)


def _many_rows(count: int, row: str) -> bytes:
    return sheet("".join(row.format(k) for k in range(1, count + 1)))


def _strings(count: int, text: str) -> bytes:
    return f'<sst xmlns="{_MAIN}">{f"<si><t>{text}</t></si>" * count}</sst>'.encode()


_DTD = f'<?xml version="1.0"?><!DOCTYPE worksheet [{_BOMB}]>'
_FILE = '<!DOCTYPE worksheet [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
_EXTERNAL = ' TargetMode="External"'

# Each with what is said of it, after the file's name; made when it is asked for.
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "expected an .xlsx workbook, found an empty file"),
    "text": (lambda: b"c[2] = 1.5\n", "expected an .xlsx workbook, found another kind of file"),
    "xls": (lambda: bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2000), "found an older format (.xls); save it as .xlsx"),
    "with a password": (lambda: bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2000) + "EncryptedPackage".encode("utf-16-le"), "found one with a password"),
    "two letters": (lambda: b"PK", "expected a sound .xlsx workbook, found damage"),
    "truncated": (lambda: package(parts())[:-200], "expected a sound .xlsx workbook, found damage"),
    "a zip of something else": (lambda: package({"a.txt": b"hello"}), "expected an .xlsx workbook, found a zip file without one"),
    "ods": (lambda: package({"content.xml": b"<a/>"}), "found OpenDocument (.ods); save it as .xlsx"),
    "xlsb": (lambda: package({"xl/workbook.bin": b"", "_rels/.rels": links(link("a", "officeDocument", "xl/workbook.bin"))}), "found .xlsb; save it as .xlsx"),
    "workbook missing": (lambda: without("xl/workbook.xml"), "expected an .xlsx workbook, found a zip file without one"),
    "links missing": (lambda: without("xl/_rels/workbook.xml.rels"), "S: expected a sheet inside the package, found none"),
    "sheet missing": (lambda: without("xl/worksheets/sheet1.xml"), "S: expected a sheet inside the package, found none"),
    "sheet elsewhere": (lambda: with_part("xl/_rels/workbook.xml.rels", links(link("b", "worksheet", "file:///etc/passwd", _EXTERNAL))), "S: expected a sheet inside the package, found none"),
    "sheet above": (lambda: with_part("xl/_rels/workbook.xml.rels", links(link("b", "worksheet", "../../../etc/passwd"))), "S: expected a sheet inside the package, found none"),
    "texts missing": (lambda: with_part("xl/_rels/workbook.xml.rels", links(link("b", "worksheet", "worksheets/sheet1.xml"), link("c", "sharedStrings", "none.xml"))), "xl/none.xml: expected a part of the package, found none"),
    "path above": (lambda: with_part("../../evil", b"x"), "../../evil: expected a part inside the package, found a path that leads out of it"),
    "absolute path": (lambda: with_part("/etc/evil", b"x"), "/etc/evil: expected a part inside the package, found a path that leads out of it"),
    "drive": (lambda: with_part("C:/evil", b"x"), "C:/evil: expected a part inside the package, found a path that leads out of it"),
    "one part twice": (_twice, "expected parts with names of their own, found two parts of one name"),
    "many parts": (lambda: package(parts() | {f"p{k}": b"" for k in range(2_001)}), "expected at most 2,000 parts in the package, found more"),
    "very many parts": (lambda: package(parts()) + b"PK\x01\x02" * 5_000, "expected at most 2,000 parts in the package, found more"),
    "encrypted parts": (_encrypted_part, "expected a workbook without a password, found an encrypted part"),
    "unknown method": (lambda: _method(99), "expected a part packed with deflate, found method 99"),
    "zip bomb": (lambda: with_sheet(sheet(" " * 40_000_000)), "S: expected a part that packs at most 250 to 1, found a zip bomb"),
    "large": (lambda: package(parts() | {"xl/worksheets/sheet1.xml": sheet(" " * 17_000_000)}, zipfile.ZIP_STORED), "workbook: expected at most 16 MB, found a larger file"),
    "entity bomb": (lambda: with_sheet(sheet(cell("<v>&l9;</v>"), _DTD)), "S: expected XML without a document type, found one (it could define entities)"),
    "entity bomb in the links": (lambda: with_part("_rels/.rels", _DTD.encode() + b"<a>&l9;</a>"), "_rels/.rels: expected XML without a document type, found one (it could define entities)"),
    "entity that reads a file": (lambda: with_sheet(sheet(cell("<v>&e;</v>"), _FILE)), "S: expected XML without a document type, found one (it could define entities)"),
    "undefined entity": (lambda: with_sheet(sheet(cell("<v>&e;</v>"))), "S: expected XML, found an error: undefined entity"),
    "no XML": (lambda: with_sheet(b"\x00\x01\x02"), "S: expected XML, found an error: not well-formed"),
    "half the XML": (lambda: with_sheet(sheet(cell("<v>1</v>"))[:-30]), "S: expected XML, found an error: "),
    "unknown encoding": (lambda: with_sheet(b'<?xml version="1.0" encoding="rot13"?><a/>'), "S: expected XML, found an error: "),
    "deep": (lambda: with_sheet(b"<a>" * 100_000), "S: expected elements at most 60 deep, found deeper ones"),
    "endless tag": (lambda: package(parts() | {"xl/worksheets/sheet1.xml": b"<a " + b"b" * 9_000_000}, zipfile.ZIP_STORED), "S: expected tags of a sensible length, found an endless one"),
    "row too far": (lambda: with_sheet(sheet('<row r="99999999999"/>')), "S: expected rows from 1 to 1,048,576, found 99999999999"),
    "row 0": (lambda: with_sheet(sheet('<row r="0"/>')), "S: expected rows from 1 to 1,048,576, found 0"),
    "cell too far down": (lambda: with_sheet(sheet('<row r="1"><c r="A1048577"/></row>')), "S: expected cells from A1 to XFD1048576, found A1048577"),
    "cell too far right": (lambda: with_sheet(sheet('<row r="1"><c r="XFE1"/></row>')), "S: expected cells from A1 to XFD1048576, found XFE1"),
    "cell nowhere": (lambda: with_sheet(sheet('<row r="1"><c r="1A"/></row>')), "S: expected cells from A1 to XFD1048576, found 1A"),
    "cell twice": (lambda: with_sheet(sheet(cell("<v>1</v>") * 2)), "S: expected each cell once, found A1 twice"),
    "long text": (lambda: package(parts(cell(f"<is><t>{'ab' * 20_000}</t></is>", ' t="inlineStr"'))), "S: expected at most 32,767 characters in a cell, found more"),
    "text of nowhere": (lambda: package(parts(cell("<v>7</v>", ' t="s"'), _strings(1, "a"))), 'S: expected one of the shared texts in A1, found number 7'),
    "number nan": (lambda: package(parts(cell("<v>nan</v>"))), 'S: expected a finite number in A1, found "nan"'),
    "number too large": (lambda: package(parts(cell("<v>1e999</v>"))), 'S: expected a finite number in A1, found "1e999"'),
    "number of digits": (lambda: package(parts(cell(f"<v>{'9' * 30_000}</v>"))), "S: expected a finite number in A1, found"),
    "many sheets": (lambda: with_part("xl/workbook.xml", sheets(range(201))), "xl/workbook.xml: expected at most 200 sheets, found 201"),
    "one title twice": (lambda: with_part("xl/workbook.xml", sheets("SS")), "expected sheets with titles of their own, found two sheets of one title"),
}  # fmt: skip

# Those that take a second or more; for the longer run.
HEAVY: dict[str, tuple[Callable[[], bytes], str]] = {
    "many cells": (lambda: package(parts("".join(f'<row r="{k}">{"<c><v>1</v></c>" * 100}</row>' for k in range(1, 5_002)))), "S: expected at most 500,000 filled cells, found more"),
    "many elements": (lambda: with_sheet(b"<a>" + b"<b/>" * 2_000_001 + b"</a>"), "S: expected "),
    "many elements, stored": (lambda: package(parts() | {"xl/worksheets/sheet1.xml": b"<a>" + b"<b/>" * 2_000_001 + b"</a>"}, zipfile.ZIP_STORED), "S: expected at most 2,000,000 XML elements, found more"),
    "many texts": (lambda: package(parts(strings=_strings(500_001, "a")), zipfile.ZIP_STORED), "xl/sharedStrings.xml: expected at most 500,000 shared texts, found more"),
    "much text": (lambda: package(parts(strings=_strings(400, "\U00010348" + "a" * 30_000)), zipfile.ZIP_STORED), "xl/sharedStrings.xml: expected at most 10,000,000 characters in all cells, found more"),
    "one sheet two hundred times": (lambda: package(parts(_rows(20_000)) | {"xl/workbook.xml": sheets(range(200))}), "expected sheets with parts of their own, found two sheets in one part"),
}  # fmt: skip


def _rows(count: int) -> str:
    return "".join(f'<row r="{k}"><c><v/></c></row>' for k in range(1, count + 1))
