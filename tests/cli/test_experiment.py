"""``cellcalc experiment``: its tables, its files as they grow, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
import re
from importlib import import_module
from pathlib import Path

import click
import pytest

from cellcalc.api import load
from cellcalc.cli import main
from cellcalc.engine import batch
from cellcalc.resources import folder
from cellcalc.studies import experiment
from cellcalc.studies.experiment import design
from cellcalc.views.experiment import COLUMNS, WRITTEN
from tests.support.command import Run
from tests.support.paths import EXPECTED
from tests.support.problems import TRAINING

command = import_module("cellcalc.cli.experiment")  # the name there is that of the command
TUNING = (folder("examples") / "tuning_k1_k2.md").read_text(encoding="utf-8")


def test_the_commands_of_the_written_experiment(run: Run) -> None:
    ((words, output),) = re.findall(r"```console\n\$ cellcalc (.*)\n(.*?)```", TUNING, re.S)
    assert run(*words.split()).stdout == output
    commands = re.findall(r"^cellcalc (\w+) (.*)$", TUNING, re.M)
    assert [name for name, _ in commands] == ["experiment", "experiment", "new", "experiment"]
    for name, options in commands:
        parent = click.Context(main, **main.context_settings)
        context = main.commands[name].make_context(name, options.split(), parent)
        assert context.params["problem" if name == "experiment" else "task"]


def test_options_of_the_problem_hold_for_every_scheme(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(f'{TRAINING}[bptt]\nk1 = 2\nk2 = 3\nreduction = "mean"\nclip_norm = 0.5\n')
    arguments = ["experiment", path, "--k1", 1, "--k2", 2, "--scheme", "block(2)", "--scheme",
                 "per-error(2)", "--epochs", 2, "--format", "json"]  # fmt: skip
    schemes = json.loads(run(*arguments).stdout)["schemes"]
    assert [s["name"] for s in schemes] == ["block(2)", "per-error(2)", "tbptt(1,2)"]
    assert {(s["reduction"], s["clip_norm"]) for s in schemes} == {("mean", 0.5)}
    assert [s["update"] for s in schemes] == ["window", "sequence", "window"]


SMALL = ["--k1", "2,4", "--k2", "1,3", "--epochs", "2,4", "--seeds", "2", "--hold-out", "1"]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(TRAINING)
    return path


def test_the_tables(run: Run) -> None:
    result = run("experiment", "echo", "--k1", "4,12", "--k2", "6,12", "--epochs", 2)
    expected = EXPECTED / "experiment_echo.txt"
    assert result.stdout == expected.read_text(encoding="utf-8")
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_as_csv_and_json(run: Run, small: Path) -> None:
    text = run("experiment", small, *SMALL, "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == WRITTEN
    pairs = [(2, 1), (2, 3), (4, 1), (4, 3)]
    expected = [(a, b, epochs) for a, b in pairs for epochs in (2, 4)]
    assert [(int(r["k1"]), int(r["k2"]), int(r["epochs"])) for r in rows] == expected
    data = json.loads(run("experiment", small, *SMALL, "--format", "json").stdout)
    assert (data["trained"], data["held_out"], data["seeds"]) == (2, 1, [1, 2])
    for row, result in zip(rows, data["results"], strict=True):
        for name in COLUMNS[1:]:
            assert float(row[name]) == result[name]
        assert len(result["curve"]) == result["epochs"]


def test_a_file_of_rows_equals_the_csv(run: Run, small: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    result = run("experiment", small, *SMALL, "--csv", path, "--format", "csv")
    assert path.read_text(encoding="utf-8") == result.stdout
    again = run("experiment", small, *SMALL, "--csv", path)
    assert again.exit_code == 2 and "expected no file of that name" in again.stderr
    assert run("experiment", small, *SMALL, "--csv", path, "--force").exit_code == 0


def test_an_interrupted_run_leaves_the_rows_it_finished(
    run: Run, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run("experiment", small, *SMALL, "--format", "csv").stdout.splitlines()
    path, seen = tmp_path / "rows.csv", []
    train = batch.train

    def interrupted(*arguments: object) -> batch.Trained:
        if len(seen) == 2:  # two of the four schemes are done, and in the file
            seen.append(path.read_text(encoding="utf-8").splitlines())
            raise KeyboardInterrupt
        seen.append([])
        return train(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(batch, "train", interrupted)
    result = run("experiment", small, *SMALL, "--csv", path)
    assert result.exit_code == 2
    assert f"Error: stopped after 4 of 8 rows; they are in {path}\n" in result.stderr
    assert seen[2] == path.read_text(encoding="utf-8").splitlines() == whole[:5]
    assert "tbptt(2,3)" in result.stdout and "tbptt(4,3)" not in result.stdout


def test_progress_is_shown_where_somebody_looks(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    p = load(small)
    planned = design(p.specification, p.model, k1=(2,), k2=(1, 3), epochs=(4,))
    seen: list[int] = []
    list(experiment.run(planned, seen.append))
    assert seen == list(range(1, planned.passes + 1)) and planned.passes == 2 * 4 * 3
    assert len(list(command._run(planned, 1))) == 2
    assert re.search(r"training .*100%", capsys.readouterr().err, re.S)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["echo", "--hold-out", 16],
         "--hold-out: expected fewer than the 16 sequences, found 16"),
        (["ten_steps", "--seeds", 3],
         "--seeds: expected a problem that has random = {…} among its parameters, "
         "found every parameter given"),
        (["echo", "--scheme", "blok(2)"], '--scheme: expected full, realtime'),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(arguments: list[str], message: str, run: Run) -> None:
    result = run("experiment", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {message}")


@pytest.mark.parametrize(
    ("option", "value", "found"),
    [
        ("--k1", "1,0", 'whole numbers of at least 1, as in 1,2,5, found "0"'),
        ("--k2", "1,,3", "whole numbers of at least 1, as in 1,2,5, found an empty text"),
        ("--learning-rate", "0.1,-1", 'numbers above 0, as in 1,2,5, found "-1"'),
        ("--learning-rate", "nan", 'numbers above 0, as in 1,2,5, found "nan"'),
        ("--epochs", "ten", 'whole numbers of at least 1, as in 1,2,5, found "ten"'),
    ],
)
def test_lists_are_checked(option: str, value: str, found: str, run: Run) -> None:
    result = run("experiment", "echo", option, value)
    assert result.exit_code == 2 and f"expected {found}" in result.stderr
