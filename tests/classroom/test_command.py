"""The commands of a class: help that fits the page, and one line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellcalc.cli.class_ import class_
from tests.support.command import Run


@pytest.mark.parametrize("name", list(class_.commands))
def test_every_command_helps_itself(name: str, run: Run) -> None:
    result = run("class", name, "-h")
    assert result.exit_code == 0 and "Examples:" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert run("class", "--help").stdout == run("class", "-h").stdout
    assert f"  {name}" in run("class", "-h").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mkae", "gomez"), "expected a command (export, make, mark), found \"mkae\"; did you mean "
         "make?"),
        (("make", "gomez", "--count", "2"), "Error: --output: expected a path, found nothing"),
        (("make", "gomez", "--count", "0", "-o", "x"), "Error: --count: expected a "
         "whole number from 1 to 10000, found \"0\""),
        (("make", "gomez", "r.csv", "--count", "2", "-o", "x"), "Error: --count: expected no "
         "roster with it, found r.csv"),
        (("mark", "nowhere", "handed", "-o", "r"), "Error: nowhere: expected the folder of a "
         "class, found nothing there"),
        (("export", "nowhere", "--to", "csv"), "Error: nowhere: expected the folder of a class"),
        (("export", "nowhere", "--to", "qti"), "Error: --to: expected one of moodle, gift, "
         "csv, found \"qti\""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(
    arguments: tuple[str, ...], message: str, run: Run, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    result = run("class", *arguments)
    assert result.exit_code == 2 and message in " ".join(result.stderr.split()), result.stderr
    assert list(tmp_path.iterdir()) == []


def test_sheets_and_feedback_in_the_language_that_is_asked_for(run: Run, tmp_path: Path) -> None:
    made = ("class", "make", "two_step", "--count", "1", "--text", "md", "--lang", "zh")
    assert run(*made, "-o", tmp_path / "class").exit_code == 0
    text = (tmp_path / "class" / "students" / "s001.md").read_text(encoding="utf-8")
    assert "## 已知" in text
    assert not run("table", "two_step").stdout.count("前向传播")  # for that command only
