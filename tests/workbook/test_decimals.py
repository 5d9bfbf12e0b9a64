"""Numbers as texts have at most 15 decimals: LibreOffice's FIXED gives an error for more."""

from __future__ import annotations

import pytest

from cellcalc.workbook.digits import MORE, MOST, number_formula, plain_text


@pytest.mark.parametrize("digits", [MOST, *(MOST + more for more in MORE)])
def test_no_text_has_more_than_15_decimals(digits: int) -> None:
    for size in (0.5, 0.0148692265843500, 0.00123456789012345678, 0.00010000000000001, 123.456):
        assert len(plain_text(size, digits).partition(".")[2]) <= 15
    assert "MIN(15," in number_formula("A1", "B1", str(digits))
