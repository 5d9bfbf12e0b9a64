"""Many windows are not drawn among others: the page says how to see them, and fits its width."""

from __future__ import annotations

import pytest

from cellcalc.studies.compare import compare
from cellcalc.views.compare import to_text
from tests.support.problems import random_data


@pytest.mark.parametrize("width", [80, 100])
def test_a_picture_of_pages_is_a_line(width: int) -> None:
    problem = random_data(41, features=1, steps=200).problem()
    found = compare(problem.specification, problem.model, ("realtime", "block(50)"))
    text = to_text(found, width=width)
    assert "200 windows are too many to draw here" in " ".join(text.split())
    assert '--scheme "realtime"' in " ".join(text.split())
    assert text.count("●") > 300 and len(text.splitlines()) < 150
    assert max(map(len, text.splitlines())) <= width


def test_few_windows_are_drawn() -> None:
    problem = random_data(41, features=1, steps=12).problem()
    found = compare(problem.specification, problem.model, ("realtime", "block(4)"))
    assert "too many to draw" not in to_text(found)
