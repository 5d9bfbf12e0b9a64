"""Documents of students, teachers and programs: right ones are right, a wrong number shows.

The documents are in tests/corpus/handed_in.toml; their numbers are of the LSTM in tests/support.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cellcalc.api import Problem
from cellcalc.check.handed_in import read_answers
from cellcalc.check.marking import mark
from cellcalc.check.report import Report, Verdict
from cellcalc.engine.trace import Trace
from tests.support.lstm import backward, forward, parameters
from tests.support.oracles import THOROUGH
from tests.support.problems import HOMEWORK, Data, random_data

CORPUS = Path(__file__).parents[1] / "corpus" / "handed_in.toml"
DOCUMENTS = tomllib.loads(CORPUS.read_text(encoding="utf-8"))["document"]
HOLE = re.compile(r"«(?P<wrong>!?)(?P<name>\w+)(?:@(?P<t>\d+))?(?::(?P<form>[^»]+))?»")
A = HOMEWORK


def numbers(data: Data) -> dict[str, float]:
    """Every number of a problem by «name@step»."""
    own = parameters(data)
    loss, seen = forward(data, own, data.initial["h"], data.initial["c"])
    back = backward(data, own, seen)
    found = {"L": loss, **{f"new_{n}": v - 0.1 * back[f"d{n}"] for n, v in own.items()}}
    for name, values in {**seen, **back}.items():
        if isinstance(values, list):
            found |= {f"{name}@{t}": value for t, value in enumerate(values, 1)}
        else:
            found[name] = values
    return {name: float(value) for name, value in found.items()}


PROBLEMS: Mapping[str, tuple[Mapping[str, float], Problem]] = {
    "A": (numbers(A), A.problem()),
    "B": (numbers(random_data(3)), random_data(3).problem()),
}
TRACES: dict[str, Trace] = {}


def filled(document: Mapping[str, Any], wrong: bool) -> str:
    known, _ = PROBLEMS[document["problem"]]

    def put(hole: re.Match[str]) -> str:
        value = known[hole["name"] + (f"@{hole['t']}" if hole["t"] else "")]
        if wrong and hole["wrong"]:
            value = value * 1.3 + (0.02 if value > 0 else -0.02)
        text = format(value, hole["form"] or ".4f")
        return text.replace(".", ",") if document.get("comma") else text

    return HOLE.sub(put, document["text"])


def marked(document: Mapping[str, Any], wrong: bool = False) -> Report:
    name = document["problem"]
    if name not in TRACES:
        TRACES[name] = PROBLEMS[name][1].run()
    return mark(TRACES[name], read_answers(filled(document, wrong).encode(), document["file"]))


@pytest.mark.parametrize("document", DOCUMENTS, ids=[d["name"] for d in DOCUMENTS])
def test_a_right_document_is_right(document: Mapping[str, Any]) -> None:
    report = marked(document)
    assert not report.unreadable
    wrong = [(m.answer.line, m.answer.given, m.expected) for m in report.marked
             if m.verdict is not Verdict.CORRECT]  # fmt: skip
    assert not wrong
    assert len(report.marked) == document["count"]


WITH_A_SLIP = [d for d in DOCUMENTS if "«!" in d["text"]]
if not THOROUGH:  # looking for what explains a wrong number takes its time
    WITH_A_SLIP = random.Random("a slip").sample(WITH_A_SLIP, 15)


@pytest.mark.parametrize("document", WITH_A_SLIP, ids=[d["name"] for d in WITH_A_SLIP])
@pytest.mark.cases(6)
def test_a_wrong_number_in_it_is_not_right(document: Mapping[str, Any]) -> None:
    report = marked(document, wrong=True)
    assert not report.unreadable
    assert any(m.verdict is not Verdict.CORRECT for m in report.marked)
