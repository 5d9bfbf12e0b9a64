"""What every command does with the file that it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Run


@pytest.mark.parametrize("name", ["table", "workbook", "derive", "schedule"])
def test_the_input_is_never_overwritten(name: str, run: Run, tmp_path: Path) -> None:
    problem = tmp_path / "p.toml"
    text = "[parameters]\nrandom = {seed = 1}\n[[sequence]]\nx = [1]\ntarget = [2]\n"
    problem.write_text(text)
    (tmp_path / "other").symlink_to(problem)
    for output in (problem, tmp_path / "other"):
        result = run(name, problem, "-o", output, "--force")
        assert result.exit_code == 2
        expected = f"Error: {output}: expected another file than the input, found the input itself"
        assert result.stderr == expected + "\n"
    assert problem.read_text() == text
