"""Each option of a scheme, and --epochs, on the line of each command that reads a problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Run
from tests.support.problems import random_data

OPTIONS = [
    ["--scheme", "block(2)"], ["--k1", "2"], ["--k2", "2"], ["--windows", "2,3"],
    ["--inject", "all"], ["--tail", "discard"], ["--state", "reset"], ["--weights", "stored"],
    ["--update", "epoch"], ["--empty", "skip"], ["--reduction", "mean"], ["--clip-norm", "0.1"],
    ["--clip-value", "0.05"], ["--epochs", "2"],
]  # fmt: skip
COMMANDS = {
    "table": [], "schedule": [], "compare": [], "flow": [], "derive": [],
    "check": ["-e", "dh[2] = 0.1"], "export": ["--to", "numpy"], "workbook": ["-o", "book.xlsx"],
    "experiment": ["--seeds", "1"],
}  # fmt: skip
PERIODS = {"--k1": ["--k2", "3"], "--k2": ["--k1", "1"]}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option[0])
def test_it_is_taken(
    command: str, option: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("five.toml").write_text(random_data(38, steps=5).toml())
    more = PERIODS.get(option[0], []) if command == "experiment" else []
    short = ["--epochs", "1"] if command == "experiment" and option[0] != "--epochs" else []
    result = run(command, "five.toml", *COMMANDS[command], *option, *more, *short)
    assert result.exit_code == (1 if command == "check" else 0), result.stderr


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option[0])
def test_a_derivation_says_what_it_holds_for(option: list[str], run: Run, tmp_path: Path) -> None:
    path = tmp_path / "five.toml"
    path.write_text(random_data(38, steps=5).toml())
    usual, other = run("derive", path).stdout, run("derive", path, *option).stdout
    assert usual != other


def test_compare_takes_schemes_in_every_way(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "five.toml"
    path.write_text(random_data(38, steps=5).toml())
    text = run(
        "compare", path, "block(4)", "--scheme", "block(3)", "--windows", "1,4", "--k1", 2, "--k2",
        4, "--epochs", 7,
    ).stdout  # fmt: skip
    for name in ("full", "block(4)", "block(3)", "windows(1,4)", "tbptt(2,4)"):
        assert f"\n{name} " in text
    assert "Training: 7 epochs with each scheme" in text
