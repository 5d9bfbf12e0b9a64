"""Jupyter notebooks: Markdown, code, and what was printed; nothing is run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cellcalc.check.answers import Entry
from cellcalc.check.reading.code import entries_of_code, is_code
from cellcalc.check.reading.lines import entries_of_lines
from cellcalc.check.reading.prose import GRADIENT, stage_after
from cellcalc.errors import InputError, Mistake
from cellcalc.files import parse_json

MAX_CELLS = 2_000
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def entries_of_notebook(text: str, name: str) -> list[Entry]:
    """The answers in the cells of a notebook, in their order.

    Raises :class:`~cellcalc.errors.InputError` for what is no notebook.
    """
    data = parse_json(text, name, "a notebook")
    cells = data.get("cells") if isinstance(data, Mapping) else None
    if cells is None and isinstance(data, Mapping) and isinstance(data.get("worksheets"), list):
        sheets = [sheet for sheet in data["worksheets"] if isinstance(sheet, Mapping)]
        cells = [cell for sheet in sheets for cell in sheet.get("cells", [])]
    if not isinstance(cells, list):
        raise InputError([Mistake(name, "cells", "a list of cells", "none")])
    found: list[Entry] = []
    for number, cell in enumerate(cells[:MAX_CELLS], 1):
        if isinstance(cell, Mapping):
            found += _of_cell(cell, number)
    return found


def _of_cell(cell: Mapping[str, Any], number: int) -> Iterator[Entry]:
    source = _text(cell.get("source", cell.get("input", "")))
    if cell.get("cell_type") == "code":
        if is_code(source, certain=True):
            yield from _placed(entries_of_code(source), f"cell {number}")
        else:
            yield from _placed(entries_of_lines(source), f"cell {number}")
        for output in cell.get("outputs", ()) or ():
            if isinstance(output, Mapping):
                yield from _placed(_of_output(output, source), f"cell {number}, output")
    else:
        yield from _placed(entries_of_lines(source), f"cell {number}")


_SHOWN = re.compile(r"\s*(?:np\.|torch\.)?(?:array|tensor)\(|\s*[-+]?[0-9.]+\s*$|\s*\[")


def _of_output(output: Mapping[str, Any], source: str) -> list[Entry]:
    if output.get("output_type") == "error":
        return []
    text = _text(output.get("text", ""))
    data = output.get("data")
    if not text and isinstance(data, Mapping):
        text = _text(data.get("text/plain", ""))
        last = source.strip().rpartition("\n")[2].strip()
        if _SHOWN.match(text) and re.fullmatch(r"[^\W\d]\w{0,40}(?:\.grad)?", last):
            text = f"{last} = {text}"  # the value of the cell's last line
        elif stage_after(last.rstrip("0123456789_"), True) == GRADIENT and last.isidentifier():
            return entries_of_lines(f"Gradients:\n{_ESCAPES.sub('', text)}", 0)  # grads, a table
    return entries_of_lines(_ESCAPES.sub("", text))


def _placed(entries: list[Entry], cell: str) -> Iterator[Entry]:
    for entry in entries:
        yield replace(entry, line=f"{cell}, line {entry.line}")


def _text(source: Any) -> str:
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""
