"""Files that a problem names are found under the very names that stand there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cellcalc.resources import folder
from tests.support.command import Run

NAMES = ["a  b", "\u00a0x", "数据\u3000表", "e\u200dm", " lead", "t\tb", "\x1b[31mred", "\u202egpj"]
HEAD = "[parameters]\nrandom = {seed = 1}\n"
DATA = "[[sequence]]\nx = [1, 2]\ntarget = [2, 1]\n"


@pytest.mark.parametrize("name", NAMES)
def test_as_they_stand_there(
    name: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(f"{name}.csv").write_text("x,target\n1,2\n2,1\n")
    Path(f"{name}.json").write_text('{"W_f": 0.5}')
    shutil.copy(folder("templates") / "cells" / "lstm.toml", f"{name}.toml")
    for problem in (
        f"{HEAD}[[sequence]]\ncsv = {json.dumps(f'{name}.csv')}\n",
        f"{HEAD}from = {json.dumps(f'{name}.json')}\n{DATA}",
        f"cell = {json.dumps(f'{name}.toml')}\n{HEAD}{DATA}",
    ):
        Path("p.toml").write_text(problem)
        result = run("table", "p.toml")
        assert result.exit_code == 0, result.stderr
        assert all(line.isprintable() for line in result.output.splitlines())


@pytest.mark.parametrize("name", ["", "  ", "\t"])
def test_blank_ones_are_refused(name: str, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(f"{HEAD}[[sequence]]\ncsv = {json.dumps(name)}\n")
    result = run("table", path)
    assert result.exit_code == 2
    assert "expected the name of a file" in result.stderr
