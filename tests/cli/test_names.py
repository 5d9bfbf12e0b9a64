"""Options in plain words: one name for one thing, former names with a note, commands in groups."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import cellcalc
from cellcalc.cli import main
from cellcalc.cli.common import FORMER
from cellcalc.cli.group import GROUPS
from tests.support.command import Run


@pytest.mark.parametrize(
    ("former", "now"),
    [
        (["derive", "rnn", "--features", "2"], ["derive", "rnn", "--inputs", "2"]),
        (["derive", "rnn", "--features=2"], ["derive", "rnn", "--inputs=2"]),
        (
            ["experiment", "gomez", "--k1", "1", "--k2", "1", "--seeds", "1", "--rate", "0.2"],
            ["experiment", "gomez", "--k1", "1", "--k2", "1", "--seeds", "1", "--learning-rate", "0.2"],
        ),
    ],
    ids=lambda words: " ".join(words[:2]),
)  # fmt: skip
def test_a_former_name_is_taken_with_a_note(former: list[str], now: list[str], run: Run) -> None:
    before, after = run(*former), run(*now)
    assert before.exit_code == after.exit_code == 0 and before.stdout == after.stdout
    old = next(word.partition("=")[0] for word in former if word.partition("=")[0] in FORMER)
    assert before.stderr == f"Note: {old} is called {FORMER[old]} now\n" and not after.stderr


def test_former_names_are_in_no_help(run: Run) -> None:
    for name in main.commands:
        text = run(name, "--help").stdout
        assert not [old for old in FORMER if f"{old} " in text], name


def test_every_command_has_its_place_in_the_help(run: Run) -> None:
    assert set(main.commands) == {name for names in GROUPS.values() for name in names} & set(
        main.commands
    )
    text = run("--help").stdout
    places = [text.index(f"\n{title}:\n") for title in GROUPS]
    assert places == sorted(places) and "\nCommands:\n" not in text
    for name in main.commands:
        assert f"\n  {name} " in text


def test_ones_own_numbers_become_a_problem(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    words = ["--x", "1, 0.5, -2", "--target", "0.5, nan, 1.25", "--title", 'My "first" one']
    result = run("new", *words, "--k1", 1, "--k2", 2, "--initial", "h = 0.1", "-o", path)
    assert result.exit_code == 0, result.stderr
    s = cellcalc.load(path).specification
    assert s.sequences[0].inputs == ((1.0, 0.5, -2.0),)
    assert s.sequences[0].has_target == (True, False, True)
    assert s.title == 'My "first" one' and (s.scheme.k1, s.scheme.k2) == (1, 2)
    assert s.initial["h"] == 0.1 and s.initial["c"] != 0
    text = run("new", "--x", "1 2; 0.5 3", "--target", "[0.5, 1.25]").stdout
    assert "x = [[1, 2], [0.5, 3]]\ntarget = [0.5, 1.25]\n" in text
    assert "x = [[1, 2]]" in run("new", "--x", "1 2;").stdout


def test_the_start_is_not_zero(run: Run) -> None:
    for seed in range(1, 6):
        initial = cellcalc.loads(run("new", "--seed", seed).stdout).specification.initial
        assert len(set(initial.values())) == 2 and all(initial.values())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--x", "1, b"], '--x: expected finite numbers, as in "1, 0.5", found "1, b"'),
        (["--x", "1, inf"], '--x: expected finite numbers, as in "1, 0.5", found "1, inf"'),
        (["--x", "1 2; 3"], '--x: expected as many numbers in each step, found "1 2; 3"'),
        (["--x", "1, 2", "--target", "1"], "--target: expected 2 numbers, one per step, found 1"),
        (["--x", "1, 2", "--steps", 3], "--steps: expected 2, as --x has them, or nothing, found 3"),
        (["--k1", 2], "--k1: expected --k2 with it, found 2"),
        (["--k1", 0, "--k2", 1], "--k1: expected a whole number of at least 1, found 0"),
        (["--initial", "0.5"], '--initial: expected states, as in "h = 0.1, c = 0.5", found "0.5"'),
        (["--initial", "q = 1"], '--initial: expected states of lstm (h or c), found "q"'),
        (["--task", "echo", "--x", "1"],
         "--x: expected nothing of the kind with --task echo, found 1"),
    ],
)  # fmt: skip
def test_numbers_that_do_not_fit_are_said(words: list[object], message: str, run: Run) -> None:
    result = run("new", *map(str, words))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {message}\n"


def test_in_a_terminal_numbers_are_asked_for_one_by_one(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command = importlib.import_module("cellcalc.cli.new")
    monkeypatch.setattr(command, "is_terminal", lambda: True)
    monkeypatch.chdir(tmp_path)
    answers = [
        "own",
        "2",
        "1",
        "rnn",
        "mine",
        "7",
        "x",
        "8",
        "0.5",
        "nan",
        "0.25",
        "0.75",
        "",
        "",
        "",
    ]
    result = run("new", stdin="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.stderr
    assert (
        "x[2] [" in result.stderr and "target[1] [" in result.stderr and "h[0] [" in result.stderr
    )
    s = cellcalc.load("problem.toml").specification
    assert s.sequences[0].inputs == ((7.0, 8.0),) and s.initial == {"h": 0.25}
    assert s.sequences[0].has_target == (True, False)
    assert 0.75 in s.parameters.values()


FILE = "{}\n[[sequence]]\nx = [1, 2]\ntarget = [0.5, 1]\n"


def test_a_default_stands_for_parameters_that_are_left_out() -> None:
    s = cellcalc.loads(FILE.format("[parameters]\ndefault = 0.25\nU_f = 0.5")).specification
    assert s.parameters["U_f"] == 0.5
    assert {v for name, v in s.parameters.items() if name != "U_f"} == {0.25}
    with pytest.raises(
        cellcalc.InputError, match=r"parameters\.W_f: .* found nothing; default = 0"
    ):
        cellcalc.loads(FILE.format("[parameters]\nU_f = 0.5"))
    with pytest.raises(cellcalc.InputError, match="default: expected nothing beside random"):
        cellcalc.loads(FILE.format("[parameters]\ndefault = 0\nrandom = {seed = 1}"))
    with pytest.raises(cellcalc.InputError, match="default: expected a finite number"):
        cellcalc.loads(FILE.format('[parameters]\ndefault = "no"'))
