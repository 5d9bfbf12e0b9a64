"""A file that answers only some of what is asked for is not taken for a whole one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellcalc.classroom.grading import mark_class
from tests.classroom.conftest import Small


@pytest.mark.parametrize(("kept", "right", "left"), [(9, 1, 0), (8, 0, 1), (1, 0, 8)])
def test_what_is_not_in_a_text_is_said_to_the_student_and_is_not_right(
    small: Small, tmp_path: Path, kept: int, right: int, left: int
) -> None:
    text = small.text("s002", tmp_path / "handed" / "s002.txt")
    lines = text.read_text("utf-8").splitlines()
    assert len(lines) == 9
    text.write_text("\n".join(lines[:kept]) + "\n", "utf-8")
    mark_class(small.folder, tmp_path / "handed", tmp_path / "report")
    report = (tmp_path / "report" / "class.md").read_text("utf-8")
    assert f"1 marked, {right} of them all right" in report
    page = (tmp_path / "report" / "feedback" / "s002.md").read_text("utf-8")
    assert f"All {kept} answers are correct." in page
    assert (f"{left} of 9 asked for are not in it." in page.lower()) == bool(left)
