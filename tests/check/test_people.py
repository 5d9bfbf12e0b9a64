"""Documents for cells, windows, epochs and optimizers of all kinds, as people write them.

They are in tests/corpus/people.toml and handed_in.toml; their numbers are of
tests/support/training.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isclose
from typing import Any

import pytest

from cellcalc.check.report import Verdict
from tests.support.people import DOCUMENTS, marked, slipped


@pytest.mark.parametrize("document", DOCUMENTS, ids=[d["name"] for d in DOCUMENTS])
def test_a_right_document_is_right(document: Mapping[str, Any]) -> None:
    report = marked(document)
    assert not report.unreadable
    wrong = [(m.answer.line, m.answer.given, m.expected) for m in report.marked
             if m.verdict is not Verdict.CORRECT]  # fmt: skip
    assert not wrong
    assert len(report.marked) == document["count"]


WITH_A_SLIP = [one for one in DOCUMENTS if "of" in one or slipped(one)]


@pytest.mark.cases(3, thorough=120)  # looking for what explains a wrong answer takes its time
@pytest.mark.parametrize("document", WITH_A_SLIP, ids=[d["name"] for d in WITH_A_SLIP])
def test_a_wrong_answer_in_it_is_found_where_it_is(document: Mapping[str, Any]) -> None:
    report = marked(document, wrong=True)
    assert not report.unreadable
    failing = [m for m in report.marked if m.verdict is not Verdict.CORRECT]
    assert failing
    if (slip := slipped(document)) is None:
        return
    value, step = slip
    steps = {None, step} if step is None else {step}
    found = [m for m in failing if m.answer.number and isclose(m.answer.number.value, value)]
    assert [m for m in found if m.answer.t in steps], failing
    others = [m for m in failing if m not in found and m.verdict is Verdict.WRONG]
    assert not others
