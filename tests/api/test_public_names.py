"""The front door: what `import cellcalc` offers."""

from __future__ import annotations

import pytest

import cellcalc


def test_the_public_names_are_there() -> None:
    for name in cellcalc.__all__:
        assert getattr(cellcalc, name).__doc__
    assert set(cellcalc.__all__) <= set(dir(cellcalc))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        cellcalc.nothing  # noqa: B018
