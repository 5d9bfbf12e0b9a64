"""The picture of where the gradient goes, and the same as data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cellcalc.studies.flow import flow
from cellcalc.views.flow import to_text
from tests.support.command import Run
from tests.support.paths import EXPECTED
from tests.support.problems import random_data


def test_the_picture(run: Run) -> None:
    result = run("flow", "ten_steps")
    assert result.stdout == (EXPECTED / "flow_ten_steps.txt").read_text(encoding="utf-8")


def test_in_ascii_for_one_of_several_sequences(run: Run) -> None:
    result = run("flow", "echo", "--sequence", 2, "--k1", 4, "--k2", 6, "--ascii")
    assert result.stdout == (EXPECTED / "flow_echo_ascii.txt").read_text(encoding="utf-8")
    assert result.stdout.isascii()


@pytest.mark.parametrize("steps", [1, 2, 30, 100, 300])
def test_it_fits_the_terminal(steps: int) -> None:
    problem = random_data(9, features=1, steps=steps).problem()
    text = to_text(flow(problem.specification, problem.model), "title", 80)
    assert max(map(len, text.splitlines())) <= 80
    grid = text.split("\n\n")[2].splitlines()[1:]
    assert len(grid) <= 38


def test_as_data(run: Run) -> None:
    data = json.loads(run("flow", "ten_steps", "--k1", 5, "--k2", 2, "--format", "json").stdout)
    assert data["scheme"] == {"name": "tbptt(5,2)", "k1": 5, "k2": 2, "inject": "new"}
    assert [len(row) for row in data["matrix"]["c"]] == list(range(1, 11))
    assert data["swept"][9] == [0] * 8 + [1, 1] and data["swept"][3] == [0, 0, 0, 1]
    assert data["cut"]["of"] == 55 and data["cut"]["pairs"] == 55 - 6
    assert data["lags"][0]["h"] == data["lags"][0]["c"] == data["lags"][0]["product"] == 1
    assert data["carousel"]["factor"] == "fₜ₊₁" and len(data["carousel"]["values"]) == 10
    assert {v["state"]: v["word"] for v in data["verdicts"]} == {"h": "vanishes", "c": "lasts"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gomez", "--sequence", 2], "--sequence: expected a whole number from 1 to 1, found 2"),
        (["none"], "none: expected a file, or the name of an example"),
    ],
)
def test_what_does_not_fit_is_said(arguments: list[str], message: str, run: Run) -> None:
    result = run("flow", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {message}")


def test_a_sequence_without_targets_has_no_flow(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "no.toml"
    path.write_text("[parameters]\nrandom = {seed = 1}\n[[sequence]]\nx = [1, 2]\n")
    result = run("flow", path)
    assert result.exit_code == 2
    assert "--sequence: expected a sequence with targets, found 1, without" in result.stderr
