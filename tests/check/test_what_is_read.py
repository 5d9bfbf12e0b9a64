"""The tables of docs/answers.md: each row has something right, something wrong, and something that
cannot be read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cellcalc.check.report import Verdict
from tests.support.people import CORPUS, marked

KINDS: dict[str, Any] = tomllib.loads((CORPUS / "kinds.toml").read_text(encoding="utf-8"))
ELSEWHERE = {
    "workbook (`.xlsx`, `.ods`)",  # test_reading_documents.py has files of these
    "text in any encoding",
    "an author's",  # test_printed_is_read.py
    "what the optimizer keeps",  # test_reading_rules.py
}


def rows() -> set[str]:
    """What the first column of the tables has, but of that of two readings."""
    page = Path(__file__).parents[2].joinpath("docs", "answers.md").read_text(encoding="utf-8")
    page = page.partition("## Two readings")[0]
    found = set(re.findall(r"^\| ([^|]+?) \|", page, re.MULTILINE))
    return found - {"---", "document", "what"}


def test_every_row_of_the_page_is_tried_here() -> None:
    assert rows() - ELSEWHERE == KINDS.keys()


def report_of(kind: str, which: str) -> Any:
    text = KINDS[kind][which]
    return marked({"problem": "A", "text": text, "file": KINDS[kind].get("file", "a.txt")})


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_right_is_read_and_right(kind: str) -> None:
    report = report_of(kind, "right")
    assert report.marked
    assert not report.unreadable
    assert {m.verdict for m in report.marked} == {Verdict.CORRECT}, report.marked


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.cases(4)
def test_what_is_wrong_is_read_and_wrong(kind: str) -> None:
    report = report_of(kind, "wrong")
    assert not report.unreadable
    assert {m.verdict for m in report.marked} - {Verdict.CORRECT}, report.marked


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_read_is_said_with_the_reason(kind: str) -> None:
    report = report_of(kind, "unreadable")
    assert report.unreadable, report.marked
    assert all("expected" in one.why for one in report.unreadable)
    assert not [m for m in report.marked if m.verdict is Verdict.WRONG]
