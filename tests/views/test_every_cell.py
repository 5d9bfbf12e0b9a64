"""Every view of every cell that ships."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.cells import CELLS, random_cell
from tests.support.command import Run


@pytest.mark.parametrize("cell", CELLS)
def test_every_view_of_every_cell(cell: str, tmp_path: Path, run: Run) -> None:
    path = tmp_path / "cell.toml"
    path.write_text(random_cell(cell, 1, 2, 4, more="[bptt]\nscheme = 'tbptt(2,3)'").toml())
    symbols = [row.symbol for row in random_cell(cell, 1, 2, 4).problem().model.forward]
    for arguments in (
        ["table", path, "--explain"],
        ["table", path, "--hand-rounding", "4"],
        ["table", path, "--format", "csv"],
        ["derive", path, "--format", "markdown"],
    ):
        result = run(*arguments)
        assert (result.exit_code, result.stderr) == (0, "")
        assert all(re.search(rf"\b{symbol}", result.stdout) for symbol in symbols), arguments
    result = run("schedule", path, "--compare", "--k1", "2", "--k2", "3")
    assert (result.exit_code, result.stderr) == (0, "") and "tbptt(2,3)" in result.stdout
