"""Messages on the command line: its options in place of the library's arguments."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from cellcalc.cli import main
from cellcalc.cli.common import said
from cellcalc.errors import InputError, LimitError, Mistake, OptionError, OutputError
from tests.support.command import Run


def command(name: str) -> click.Command:
    return main.commands[name]


@pytest.mark.parametrize(
    ("name", "error", "line"),
    [
        ("table", OptionError("hand_rounding", "a", "b"), "--hand-rounding: expected a, found b"),
        ("table", OptionError("decimals", "a", "b"), "--precision: expected a, found b"),
        ("experiment", OptionError("held_out", "a", "b"), "--hold-out: expected a, found b"),
        ("experiment", OptionError("rates", "a", "b"), "--learning-rate: expected a, found b"),
        ("experiment", OptionError("problem", "a", "b"), "PROBLEM: expected a, found b"),
        ("table", OptionError("k1", "`k2` with it", "1"), "--k1: expected --k2 with it, found 1"),
        ("check", OptionError("window", "a", "b"), "window: expected a, found b"),
        ("table", LimitError("explain: expected a, found b"), "--explain: expected a, found b"),
        ("table", OutputError("k1: expected no `force`"), "k1: expected no --force"),
        ("table", InputError([Mistake("k1", "", "a file", "none")]), "k1: expected a file, found none"),
        ("schedule", OptionError("decimals", "a", "b"), "decimals: expected a, found b"),
    ],
)  # fmt: skip
def test_an_argument_is_called_by_its_option(name: str, error: Exception, line: str) -> None:
    assert said(error, command(name)) == [line]  # type: ignore[arg-type]


def test_without_a_command_arguments_stay_as_they_are() -> None:
    assert said(OptionError("k1", "`k2`", "1"), None) == ["k1: expected `k2`, found 1"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["table", "gomez", "-o", "{there}"], "{there}: expected no file of that name (or --force), found one"),
        (["table", "gomez", "--k1", "2", "--scheme", "ful"], '--scheme: expected full, realtime, '),
        (["workbook", "gomez", "--sheets", "Practice"], "--sheets: expected --practice with the sheet Practice, found none"),
        (["derive", "logistic"], "logistic: expected a problem, an example or a cell, found one of the readouts (--readout takes it)"),
        (["check", "-", "-"], "ANSWERS: expected a file, since PROBLEM is -, found -"),
        (["new", "--task", "echo", "--inputs", "2"], "--inputs: expected nothing of the kind with --task echo, found 2"),
    ],
)  # fmt: skip
def test_commands_speak_of_their_options(
    arguments: list[str], line: str, run: Run, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    there.write_text("old")
    problem = (Path(__file__).parents[2] / "examples" / "gomez.toml").read_text(encoding="utf-8")
    words = [word.format(there=there) for word in arguments]
    result = run(*words, stdin=problem)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {line.format(there=there)}")


@pytest.mark.parametrize(
    "words",
    [
        ["table", "LONG"],
        ["table", "LONG/b.toml"],
        ["check", "gomez", "LONG"],
        ["table", "gomez", "-o", "LONG/x.csv"],
        ["table", "gomez", "--LONG"],
    ],
)
@pytest.mark.parametrize("long", ["a" * 5_000, "ab " * 2_000], ids=["letters", "words"])
def test_what_somebody_typed_makes_no_message_longer_than_can_be_read(
    run: Run, words: list[str], long: str
) -> None:
    result = run(*[word.replace("LONG", long) for word in words])
    assert result.exit_code == 2
    assert len(result.stderr) < 600 and "…" in result.stderr
