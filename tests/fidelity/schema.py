"""Elements, their order and attributes, of the parts that are written, as ISO/IEC 29500 has them.

The standard's schemas are not on this machine: what the parts of these workbooks may hold is
written down in ``elements.txt``, a line an element, and everything that is not there is complained
about. So it is stricter than the schemas where cellcalc has no use for a thing.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

_OFFICE = "http://schemas.openxmlformats.org"
PREFIXES = {
    f"{_OFFICE}/spreadsheetml/2006/main": "",
    f"{_OFFICE}/drawingml/2006/chart": "c:",
    f"{_OFFICE}/drawingml/2006/main": "a:",
    f"{_OFFICE}/drawingml/2006/spreadsheetDrawing": "xdr:",
    f"{_OFFICE}/officeDocument/2006/relationships": "r:",
    "http://www.w3.org/XML/1998/namespace": "xml:",
}
TYPES = {
    "bool": r"0|1|true|false",
    "uint": r"\d{1,10}",
    "int": r"-?\d{1,10}",
    "number": r"-?\d+(\.\d+)?([eE][-+]?\d+)?",
    "text": r".*",
    "rgb": r"[0-9A-Fa-f]{8}",
    "hex": r"[0-9A-Fa-f]{6}",
    "cell": r"[A-Z]{1,3}[1-9]\d*",
    "area": r"\$?[A-Z]{1,3}\$?[1-9]\d*(:\$?[A-Z]{1,3}\$?[1-9]\d*)?",
    "areas": r"[A-Z]{1,3}[1-9]\d*(:[A-Z]{1,3}[1-9]\d*)?( [A-Z]{1,3}[1-9]\d*(:[A-Z]{1,3}\d+)?)*",
}
ELEMENTS = Path(__file__).with_name("elements.txt")
# What a cell, a rule or a look refers to by its number: the element, its attribute, the list.
_INDICES = (
    ("xf", "fontId", "fonts"),
    ("xf", "fillId", "fills"),
    ("xf", "borderId", "borders"),
    ("xf", "xfId", "cellStyleXfs"),
    ("c", "s", "cellXfs"),
    ("cfRule", "dxfId", "dxfs"),
)
_BUILT_IN = {str(number) for number in range(164)}  # the others a file gives itself
_PARTS = re.compile(r"xl/(worksheets/sheet|styles|workbook|drawings/drawing|charts/chart|comments)")


@dataclass(frozen=True)
class _Element:
    """What may stand in an element."""

    children: re.Pattern[str]
    says: str
    attributes: dict[str, re.Pattern[str]]
    required: frozenset[str]
    places: frozenset[str]


@cache
def _elements() -> dict[str, _Element]:
    found = {}
    for line in ELEMENTS.read_text().splitlines():
        if line.startswith("#"):
            continue
        name, children, attributes = (part.strip() for part in line.split("|"))
        names = children.strip("{} ").split()
        bare = [one.rstrip("?*+") for one in names]
        if children.startswith("{"):
            pattern = f"(?:(?:{'|'.join(map(re.escape, bare))}) )*"
        else:
            pattern = "".join(
                f"(?:{re.escape(one)} ){name[len(one) :]}"
                for one, name in zip(bare, names, strict=True)
            )
        kinds, required = {}, set()
        for attribute in attributes.split():
            key, _, kind = attribute.rstrip("!").partition("=")
            values = TYPES.get(kind) or "|".join(map(re.escape, kind.split(",")))
            kinds[key] = re.compile(f"(?:{values})", re.DOTALL)
            if attribute.endswith("!"):
                required.add(key)
        found[name] = _Element(
            re.compile(pattern), children, kinds, frozenset(required), frozenset(bare)
        )
    return found


def _name(tag: str) -> str:
    space, _, local = tag[1:].partition("}") if tag.startswith("{") else ("", "", tag)
    return PREFIXES.get(space, f"{{{space}}}" if space else "") + local


def complaints(contents: bytes) -> Iterator[str]:
    """What the standard does not have in its place, a sentence each."""
    with zipfile.ZipFile(io.BytesIO(contents)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    lists = {_name(one.tag): len(one) for one in ElementTree.fromstring(parts["xl/styles.xml"])}
    formats = {
        one.get("numFmtId")
        for one in ElementTree.fromstring(parts["xl/styles.xml"]).iter()
        if _name(one.tag) == "numFmt"
    }
    for name, part in parts.items():
        if not name.endswith(".xml") or not _PARTS.match(name):
            continue
        folder, file = posixpath.split(name)
        links = _links(parts.get(f"{folder}/_rels/{file}.rels"))
        for line in _part(ElementTree.fromstring(part), links, lists, formats):
            yield f"{name}: {line}"


def _links(part: bytes | None) -> set[str]:
    return {one.get("Id", "") for one in ElementTree.fromstring(part)} if part else set()


def _part(
    root: ElementTree.Element, links: set[str], lists: dict[str, int], formats: set[str | None]
) -> Iterator[str]:
    known = _elements()
    indices = {(name, key): what for name, key, what in _INDICES}
    for element in root.iter():
        name = _name(element.tag)
        model = known.get(name)
        if model is None:
            yield f"an unknown element {name}"
            continue
        children = [_name(child.tag) for child in element]
        if children and not model.children.fullmatch("".join(f"{one} " for one in children)):
            wrong = [one for one in children if one not in model.places]
            what = f"{wrong[0]} in it" if wrong else f"its elements as {' '.join(children[:20])}"
            yield f"{name}: {what}; expected {model.says or 'none'}"
        elif not children and not model.children.fullmatch(""):
            yield f"{name}: nothing in it; expected {model.says}"
        for key, value in element.attrib.items():
            kind = model.attributes.get(_name(key))
            if kind is None:
                yield f"{name}: an unknown attribute {_name(key)}"
            elif not kind.fullmatch(value):
                yield f"{name}: {_name(key)} is {value[:40]!r}"
            elif _name(key) == "count" and int(value) != len(children) and name != "tableStyles":
                yield f"{name}: count is {value}, of {len(children)} elements"
            elif _name(key) == "r:id" and value not in links:
                yield f"{name}: a link {value} that is not there"
            elif (name, key) in indices and int(value) >= lists.get(indices[name, key], 0):
                yield f"{name}: {key} is {value}, of {lists.get(indices[name, key], 0)}"
            elif (name, key) == ("xf", "numFmtId") and value not in formats | _BUILT_IN:
                yield f"xf: a number format {value} that is not there"
        for key in model.required - {_name(one) for one in element.attrib}:
            yield f"{name}: no {key}"
