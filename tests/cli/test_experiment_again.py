"""An experiment whose file is there already: the same is no error, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Run

SMALL = ("--scheme", "full", "--epochs", "1", "--seeds", "1")


@pytest.mark.parametrize("ending", ["csv", "json", "md", "txt"])
def test_the_same_results_are_no_error(ending: str, run: Run, tmp_path: Path) -> None:
    path = tmp_path / f"rows.{ending}"
    assert run("experiment", "two_step", *SMALL, "-o", path).exit_code == 0
    first = path.read_bytes()
    again = run("experiment", "two_step", *SMALL, "-o", path)
    assert (again.exit_code, path.read_bytes()) == (0, first)
    assert f"{path} is there; it stays" in " ".join(again.stderr.split())
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_other_results_go_beside_what_is_there(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("mine", encoding="utf-8")
    result = run("experiment", "two_step", *SMALL, "-o", path)
    assert result.exit_code == 2 and path.read_text(encoding="utf-8") == "mine"
    beside = tmp_path / "rows-2.csv"
    assert (
        f"expected no file of that name (or --force), found another; the results are in {beside}"
        in result.stderr
    )
    assert beside.read_text(encoding="utf-8").startswith("scheme,k1,k2,")
    assert run("experiment", "two_step", *SMALL, "-o", path, "--force").exit_code == 0
    assert path.read_bytes() == beside.read_bytes()
