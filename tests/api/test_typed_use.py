"""A file with types that uses all of the library: it runs, and the type checker finds nothing."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import cellcalc
from tests.api import typed_use
from tests.support.paths import ROOT


def test_it_runs(tmp_path: Path) -> None:
    made, again, whole, gomez, same = typed_use.problems(tmp_path)
    assert typed_use.read(whole) != typed_use.read(made)
    assert typed_use.read(same) == typed_use.read(made)
    assert typed_use.marked(again)
    assert len(typed_use.shown(gomez, tmp_path)) == 3
    assert len(typed_use.tried(gomez, None)) == 2
    assert typed_use.refused() == [
        "neither; did you mean gomez?", "no symbol dcc; did you mean dc?", "k1",
    ]  # fmt: skip
    if find_spec("matplotlib"):
        typed_use.drawn(gomez, tmp_path)
        assert (tmp_path / "b.pdf").read_bytes().startswith(b"%PDF")


def test_the_type_checker_has_nothing_to_say() -> None:
    if not find_spec("mypy"):
        pytest.skip("mypy is not installed")
    command = [sys.executable, "-m", "mypy", "--strict", "tests/api/typed_use.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_public_name_is_in_it() -> None:
    text = (ROOT / "tests/api/typed_use.py").read_text(encoding="utf-8")
    unused = {name for name in cellcalc.__all__ if f"cellcalc.{name}" not in text}
    assert unused == {"Mistake", "from_keras", "from_torch"}  # mistakes come out of an InputError


def test_a_cell_of_ones_own_is_written_beside_the_problem(tmp_path: Path) -> None:
    cell = (ROOT / "templates/cells/lstm.toml").read_text(encoding="utf-8")
    own = tmp_path / "mine.toml"
    own.write_text(cell.replace("tanh(c)", "sigmoid(c)"), encoding="utf-8")
    p = cellcalc.Problem(cell=own, parameters={"random": {"seed": 1}}, x=[1, 2], target=[0, 1])
    (tmp_path / "there").mkdir()
    p.to_toml(tmp_path / "there" / "problem.toml")
    again = cellcalc.load(tmp_path / "there" / "problem.toml")
    assert again.run().loss == p.run().loss
    with pytest.raises(cellcalc.OutputError):
        cellcalc.load("gomez").to_toml(tmp_path / "there" / "problem.toml")
