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


GRID = ("--k1", "1,2", "--k2", "2", "--epochs", "1,2")


@pytest.fixture
def whole(run: Run, tmp_path: Path) -> bytes:
    """The table of a run that nothing interrupted."""
    assert run("experiment", "ten_steps", *GRID, "--csv", tmp_path / "whole.csv").exit_code == 0
    return (tmp_path / "whole.csv").read_bytes()


@pytest.mark.parametrize("kept", [0, 40, 400, 560, 10_000])
def test_resumed_it_writes_what_the_whole_run_writes(
    kept: int, whole: bytes, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(whole[:kept])  # wherever it was interrupted, within a line too
    result = run("experiment", "ten_steps", *GRID, "--csv", path, "--resume")
    assert (result.exit_code, path.read_bytes()) == (0, whole)


def test_resumed_its_workbook_and_json_are_those_of_the_whole_run(
    whole: bytes, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1600000000")
    made = []
    for name, kept in (("all", 0), ("rest", len(whole) // 2)):
        rows, book = tmp_path / f"{name}.csv", tmp_path / f"{name}.xlsx"
        rows.write_bytes(whole[:kept])
        common = ("experiment", "ten_steps", *GRID, "--csv", rows, "--workbook", book, "--resume")
        result = run(*common, "-f", "json")
        assert result.exit_code == 0
        made.append((result.stdout, book.read_bytes()))
    assert made[0] == made[1] and '"curve": [[1, ' in made[0][0]


def test_rows_that_are_there_are_not_computed_again(
    whole: bytes, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cellcalc.engine import batch

    monkeypatch.setattr(batch, "train", lambda *_: pytest.fail("trained again"))
    path = tmp_path / "whole.csv"
    assert run("experiment", "ten_steps", *GRID, "--csv", path, "--resume").exit_code == 0
    assert path.read_bytes() == whole


def test_rows_of_something_else_are_refused_and_stay(
    whole: bytes, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "whole.csv"
    for problem, grid, message in (
        ("ten_steps", (*GRID, "--learning-rate", "0.7"), "rows of this experiment only"),
        ("truncated", GRID, "--resume: expected rows of"),
    ):
        result = run("experiment", problem, *grid, "--csv", path, "--resume")
        assert result.exit_code == 2 and message in result.stderr
        assert path.read_bytes() == whole
    path.write_text("a,b\n", encoding="utf-8")
    assert "line 1: expected a table that an experiment wrote" in (
        run("experiment", "ten_steps", *GRID, "--csv", path, "--resume").stderr
    )
