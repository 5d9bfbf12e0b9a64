"""What cannot be read is never read as something else: tests/corpus/unread.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

import pytest

from cellcalc.check.report import Verdict
from tests.support.people import CORPUS, marked

UNREAD = tomllib.loads((CORPUS / "unread.toml").read_text(encoding="utf-8"))["document"]


@pytest.mark.parametrize("document", UNREAD, ids=[one["name"] for one in UNREAD])
def test_what_is_read_is_right_and_the_rest_is_told(document: Mapping[str, Any]) -> None:
    report = marked(document)
    assert {one.verdict for one in report.marked} <= {Verdict.CORRECT}
    assert len(report.marked) == document["answers"]
    assert len(report.unreadable) == document["unreadable"]
