"""Documents for cells, windows, epochs and optimizers of all kinds, as people write them.

They are in tests/corpus/people.toml; their numbers are of tests/support/training.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cellcalc.check.report import Verdict
from tests.support.people import DOCUMENTS, marked


@pytest.mark.parametrize("document", DOCUMENTS, ids=[d["name"] for d in DOCUMENTS])
def test_a_right_document_is_right(document: Mapping[str, Any]) -> None:
    report = marked(document)
    assert not report.unreadable
    wrong = [(m.answer.line, m.answer.given, m.expected) for m in report.marked
             if m.verdict is not Verdict.CORRECT]  # fmt: skip
    assert not wrong
    assert len(report.marked) == document["count"]


@pytest.mark.cases(6)  # looking for what explains a wrong answer takes its time
@pytest.mark.parametrize("document", DOCUMENTS, ids=[d["name"] for d in DOCUMENTS])
def test_a_wrong_answer_in_it_is_not_right(document: Mapping[str, Any]) -> None:
    report = marked(document, wrong=True)
    assert not report.unreadable
    assert any(m.verdict is not Verdict.CORRECT for m in report.marked)
