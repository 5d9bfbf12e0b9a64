"""What every command has in common: help that fits the page, and a hint at a slip of the keys."""

from __future__ import annotations

import pytest

from cellcalc.cli import main
from tests.support.command import Run


@pytest.mark.parametrize("command", [[], *([name] for name in main.commands)])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_helps_itself(command: list[str], flag: str, run: Run) -> None:
    result = run(*command, flag)
    assert result.exit_code == 0
    assert "Example" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_an_unknown_command_suggests_the_nearest(run: Run) -> None:
    result = run("tabel", "gomez")
    assert result.exit_code == 2
    assert 'found "tabel"; did you mean table?' in result.stderr
