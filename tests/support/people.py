"""The documents of people, handed_in and data.toml (tests/corpus), their numbers put in, marked.

The numbers are of tests/support/training.py.
"""

from __future__ import annotations

import io
import json
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from cellcalc.api import Problem
from cellcalc.check.handed_in import read_answers
from cellcalc.check.marking import mark
from cellcalc.check.reading.first_step import counted_from
from cellcalc.check.report import Report
from cellcalc.engine.trace import Trace
from cellcalc.problems.specification import read_specification
from tests.support.sheets_written import as_ods, as_xlsx
from tests.support.training import of_problem

CORPUS = Path(__file__).parents[1] / "corpus"
PEOPLE = tomllib.loads((CORPUS / "people.toml").read_text(encoding="utf-8"))
_MORE = tomllib.loads((CORPUS / "handed_in.toml").read_text(encoding="utf-8"))
_DATA = tomllib.loads((CORPUS / "data.toml").read_text(encoding="utf-8"))
_LOGS = tomllib.loads((CORPUS / "logs.toml").read_text(encoding="utf-8"))
DOCUMENTS = [*PEOPLE["document"], *_MORE["document"], *_DATA["document"], *_LOGS["document"]]
HOLE = re.compile(
    r"«(?P<wrong>!?)(?P<name>\w+)(?:@(?P<t>\d+))?(?P<at>(?:/[wse]\d)*)(?::(?P<form>[^»]+))?»"
)
WIDE = str.maketrans("0123456789.-", "０１２３４５６７８９．－")


@cache
def numbers(name: str) -> Mapping[str, float]:
    spec = PEOPLE["problem"][name]
    return of_problem({**tomllib.loads(spec["toml"]), **spec}).numbers()


@cache
def trace(name: str) -> Trace:
    spec = PEOPLE["problem"][name]
    return Problem.of(read_specification(spec["toml"], "people.toml", Path())).run()


def _number(document: Mapping[str, Any], hole: re.Match[str], wrong: bool) -> str:
    at = {part[0]: part[1] for part in hole["at"].split("/") if part}
    place = "".join(f"/{k}{at.get(k, '1')}" for k in "wse")
    step = f"@{hole['t']}" if hole["t"] else ""
    value = numbers(document["problem"])[hole["name"] + step + place]
    if wrong:
        value = value * 1.3 + (0.02 if value > 0 else -0.02)
    return format(value, hole["form"] or ".4f")


def slipped(document: Mapping[str, Any]) -> tuple[float, int | None] | None:
    """The number that is wrong in the wrong document, and its step; None where it is a formula."""
    hole = next((found for found in HOLE.finditer(document["text"]) if found["wrong"]), None)
    if hole is None:
        return None
    step = int(hole["t"]) if hole["t"] else None
    return float(_number(document, hole, wrong=True)), step


def filled(document: Mapping[str, Any], wrong: bool) -> str:
    def put(hole: re.Match[str]) -> str:
        text = _number(document, hole, wrong and bool(hole["wrong"]))
        if document.get("wide"):
            text = text.translate(WIDE)
        return text.replace(".", ",") if document.get("comma") else text

    text = HOLE.sub(put, document["text"])
    if wrong and "of" in document:
        assert document["of"] in text
        text = text.replace(document["of"], document["slip"])
    return text


def _value(cell: str) -> object:
    try:
        return float(cell)
    except ValueError:
        return cell or None


def contents(document: Mapping[str, Any], wrong: bool = False) -> bytes:
    text = filled(document, wrong)
    ending = Path(document["file"]).suffix
    if ending in (".xlsx", ".ods"):
        lines = [line.split("\t") for line in text.strip("\n").split("\n")]
        rows = [[_value(cell) for cell in line] for line in lines]
        return (as_xlsx if ending == ".xlsx" else as_ods)(rows)
    if ending == ".npz":
        stream = io.BytesIO()
        np.savez(stream, **{name: np.array(value) for name, value in json.loads(text).items()})
        return stream.getvalue()
    return text.encode()


def marked(document: Mapping[str, Any], wrong: bool = False) -> Report:
    entries = read_answers(contents(document, wrong), document["file"])
    entries = counted_from(document.get("first_step", 1), entries)
    return mark(trace(document["problem"]), entries)
