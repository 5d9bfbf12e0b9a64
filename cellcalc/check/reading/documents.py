"""The way in: which kind of document it is, and what is in it."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import PurePath

from cellcalc.check.answers import MAX_ANSWERS, PROSE, Entry
from cellcalc.check.reading.characters import decoded
from cellcalc.check.reading.gate_axis import apart, said_in
from cellcalc.check.reading.lines import entries_of_lines
from cellcalc.errors import InputError, Mistake

ZIP = b"PK\x03\x04"
NUMPY = b"\x93NUMPY"
MAX_CELLS = 2_000_000
_CODE_ENDINGS = (".py", ".ipy", ".pyw")
_TABLE_ENDINGS = (".csv", ".tsv", ".tab")
_PAGE_ENDINGS = (".html", ".htm")
# What of a web page nobody reads, and what ends a line of it.
_UNSEEN = re.compile(r"<(head|script|style)\b[^<>]{0,300}>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_LINE_END = re.compile(
    r"(?:</(?:p|div|li|tr|h[1-6]|table|ul|ol)\s*>|<br\s*/?>)(?!\s*\n)", re.IGNORECASE
)
# A pair of an OrderedDict as Python prints it: ('weight_ih_l0.grad', tensor([[0.1]])).
_ORDERED = re.compile(
    r"\(\s*['\"]([^'\"]{1,80})['\"]\s*,\s*(?:Parameter containing:\s*)?"
    r"((?:torch\.)?(?:tensor|array)\([^()]{0,100000}\))\s*\)"
)
_OTHERS = {
    b"%PDF": "a PDF file; its text can be copied into a text file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"{\\rtf": "an RTF document; save it as plain text",
    b"\xd0\xcf\x11\xe0": "an older file of Office; save it as .xlsx or as text",
    b"\x80\x04\x95": "a pickle, which is never opened; save with numpy.savez",
    b"\x80\x02": "a pickle, which is never opened; save with numpy.savez",
    b"\x1f\x8b": "a packed file",
    b"7z\xbc\xaf": "a packed file",
}


def read_document(contents: bytes, name: str) -> list[Entry]:
    """All entries of a document; those of lines without an answer have the form "prose".

    ``name`` is its name, whose ending helps where the contents leave it open.

    Raises :class:`~cellcalc.errors.InputError` where the document as a whole cannot be read.
    """
    entries = _read(contents, name)
    if "grad" in PurePath(name).stem.lower():
        entries = [e if e.gradient is not None else replace(e, gradient=True) for e in entries]
    if sum(max(len(e.values), 1) for e in entries if e.form != PROSE) > MAX_ANSWERS:
        expected = f"at most {MAX_ANSWERS:,} answers"
        raise InputError([Mistake(name, "", expected, "more")])
    return entries


def _read(contents: bytes, name: str) -> list[Entry]:
    ending = PurePath(name).suffix.lower()
    if contents.startswith(ZIP):
        from cellcalc.check.reading.packages import entries_of_package

        return entries_of_package(contents, name)
    if contents.startswith(NUMPY):
        from cellcalc.check.reading.packages import entries_of_npy

        return entries_of_npy(contents, name)
    for start, what in _OTHERS.items():
        if contents.startswith(start):
            raise InputError([Mistake(name, "", "text, a table, a workbook or arrays", what)])
    text = decoded(contents)
    if text is None:
        raise InputError(
            [Mistake(name, "", "text, a table, a workbook or arrays", "another kind of file")]
        )
    return entries_of_any_text(text, name, ending)


def entries_of_any_text(text: str, name: str, ending: str = "") -> list[Entry]:
    """The entries of a text, whichever of its forms it has."""
    if ending in _PAGE_ENDINGS:
        text = _lines_of_page(text)
    if text.lstrip().startswith("OrderedDict("):
        text = _ORDERED.sub(lambda pair: f"\n{pair[1]} = {pair[2]}\n", text)  # a line each
    start = text.lstrip()[:1]
    if ending == ".ipynb" or (start == "{" and '"nbformat"' in text and '"cells"' in text):
        from cellcalc.check.reading.jupyter import entries_of_notebook

        return entries_of_notebook(text, name)
    if start == "{" and "\n" in text.strip():
        from cellcalc.check.reading.structured import entries_of_json, lines_of_json

        if (listed := lines_of_json(text)) is not None:
            numbers = [k for k, line in enumerate(text.split("\n"), 1) if line.strip()]
            return [_on_line(entry, numbers) for entry in entries_of_json(listed, name)]
    if ending in (".json", ".jsonl") or (start in "{[" and start and _is_json(text)):
        from cellcalc.check.reading.structured import entries_of_json

        return entries_of_json(text, name)
    if start == "{":
        from cellcalc.check.reading.structured import as_json, entries_of_json

        if (printed := as_json(text)) is not None:
            return entries_of_json(printed, name)
    from cellcalc.check.reading.code import entries_of_code, is_code
    from cellcalc.check.reading.programs import as_python
    from cellcalc.check.reading.sessions import with_names

    said = said_in(text)
    text = with_names(text)
    if (respelled := as_python(text, ending)) is not None and is_code(respelled, certain=True):
        return entries_of_code(respelled, respelled=True)
    if is_code(text, certain=ending in _CODE_ENDINGS):
        return entries_of_code(text)
    if (found := _table(text, name, ending in _TABLE_ENDINGS)) is not None:
        return found
    from cellcalc.check.reading.indented import tree_of, tree_of_toml

    if (tree := tree_of_toml(text) or tree_of(text)) is not None:
        from cellcalc.check.reading.structured import entries_of_tree

        return entries_of_tree(tree, name)
    return list(apart(entries_of_lines(text), *said))


def _on_line(entry: Entry, numbers: Sequence[int]) -> Entry:
    """The place in a list of objects as that on the line that each of them stands on."""
    match = re.fullmatch(r"\[([0-9]+)\]\.?(.*)", str(entry.line))
    return replace(entry, line=f"line {numbers[int(match[1])]}, {match[2]}") if match else entry


def _lines_of_page(text: str) -> str:
    """A web page, as platforms keep what is typed into them, with a line for each of its lines."""
    return _LINE_END.sub(lambda tag: f"{tag[0]}\n", _UNSEEN.sub("", text))


def _is_json(text: str) -> bool:
    """Whether a text that begins like JSON is meant as such."""
    bare = text.strip()
    if bare[0] == "{":
        return bool(re.match(r'\{\s*(?:"|\})', bare))
    return bool(re.match(r'\[\s*(?:\{|\]|"|\[)', bare)) and bare.endswith("]")


def _table(text: str, name: str, certain: bool) -> list[Entry] | None:
    """A table of separated values, by its separator; None for any other text."""
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        return None
    if certain and any(ord(c) < 9 for c in text[:2000]):
        raise InputError([Mistake(name, "", "a table of text", "other characters")])
    for delimiter in ("\t", ";", ","):
        if not _separates(lines, delimiter, certain):
            continue
        rows, numbers = _rows(text, delimiter, name)
        from cellcalc.check.reading.grid import entries_of_rows

        found = entries_of_rows(rows, partial(_line_of, numbers))
        if found is not None:
            return found
        if certain and delimiter == "," and not any(re.search(r"[=≈]", line) for line in lines):
            header = ", ".join(rows[0])[:60] if rows else ""
            expected = "a table with a column of symbols, or one for each symbol"
            raise InputError([Mistake(name, "line 1", expected, header or "nothing")])
    return None


def _line_of(numbers: Sequence[int], row: int, _: int) -> int:
    return numbers[row]


def _separates(lines: Sequence[str], delimiter: str, certain: bool) -> bool:
    """Whether the lines are rows of a table with that separator."""
    shown = lines[:50]
    having = sum(delimiter in line for line in shown)
    if certain:
        return having * 2 >= len(shown)
    if having < len(shown) or len(shown) < 2:
        return False
    if any(re.search(r"[=≈→]|:\s", line) for line in shown):
        return False
    counts = {line.count(delimiter) for line in shown}
    return len(counts) <= 2


def _rows(text: str, delimiter: str, name: str) -> tuple[list[list[str]], list[int]]:
    rows: list[list[str]] = []
    numbers: list[int] = []
    cells = 0
    reader = csv.reader(text.split("\n"), delimiter=delimiter, skipinitialspace=True)
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                if rows:  # a gap between tables
                    rows.append(["", ""])
                    numbers.append(reader.line_num)
                continue
            rows.append(row)
            numbers.append(reader.line_num)
            cells += len(row)
            if cells > MAX_CELLS:
                raise InputError([Mistake(name, "", f"at most {MAX_CELLS:,} cells", "more")])
    except csv.Error as error:
        found = f"an error: {error}"
        raise InputError([Mistake(name, f"line {reader.line_num}", "CSV", found)]) from None
    return rows, numbers
