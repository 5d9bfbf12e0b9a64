"""What a spreadsheet would take for a formula is a text in the gradebook."""

from __future__ import annotations

import pytest

from cellcalc.classroom.gradebook import _harmless


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1+1", "@SUM(A1)", "-2+3", "\t=1"])
def test_a_formula_becomes_a_text(text: str) -> None:
    assert _harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Ada Lovelace", "-2", "+49123", "-1.5", "", "a=b"])
def test_names_and_numbers_stay(text: str) -> None:
    assert _harmless(text) == text
