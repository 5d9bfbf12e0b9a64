"""``--open`` opens what was written, and nothing else."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from tests.support.command import Run


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(click, "launch", found.append)
    monkeypatch.chdir(tmp_path)
    return found


@pytest.mark.parametrize(
    ("words", "file"),
    [
        (["table", "gomez", "-o", "a.html"], "a.html"),
        (["workbook", "gomez", "--sheets", "Equations", "-o", "a.xlsx"], "a.xlsx"),
        (["workbook", "gomez", "--sheets", "Equations"], "gomez.xlsx"),
        (["flow", "ten_steps", "-o", "a.xlsx"], "a.xlsx"),
        (["new", "-o", "a.toml"], "a.toml"),
        (["check", "gomez", "-e", "c[1] = 9.00", "-o", "a.md"], "a.md"),  # though not all is right
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.cases(3)
def test_what_was_written_is_opened(
    words: list[str], file: str, opened: list[str], run: Run
) -> None:
    assert run(*words).exit_code in (0, 1) and opened == []
    Path(file).unlink()
    assert run(*words, "--open").exit_code in (0, 1)
    assert opened == [file]


def test_nothing_to_open_is_said(opened: list[str], run: Run) -> None:
    result = run("table", "gomez", "--open")
    assert result.stderr == "Error: --open: expected --output with it, found --open alone\n"
    assert result.exit_code == 2 and opened == []
    assert run("table", "nothing.toml", "-o", "a.txt", "--open").exit_code == 2 and opened == []
