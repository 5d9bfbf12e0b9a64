"""Every command in the README does what the README shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cellcalc
from cellcalc.problem import read_specification
from cellcalc.schemes import forms

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
SESSIONS = [
    (command, output)
    for block in re.findall(r"```console\n(.*?)```", README, re.S)
    for command, output in re.findall(r"\$ (.*)\n((?:(?!\$ ).*\n)*)", block)
]


@pytest.mark.parametrize(("command", "output"), SESSIONS, ids=[c for c, _ in SESSIONS])
def test_command(command: str, output: str, tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(
        command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "PATH": path, "COLUMNS": "80"},
    )  # fmt: skip
    assert result.stdout == output
    assert result.stderr == ""


def test_there_are_sessions() -> None:
    assert len(SESSIONS) >= 4


def test_the_problem_file_is_valid() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.S)
    specification = read_specification(text, "readme.toml", Path())
    assert specification.parameters["W_f2"] == 0.45


def test_the_library_example_runs() -> None:
    (text,) = re.findall(r"```python\n(.*?)```", README, re.S)
    names: dict[str, object] = {}
    exec(text, names)
    trace = names["trace"]
    assert isinstance(trace, cellcalc.Trace)


def test_every_named_scheme_is_in_the_table() -> None:
    for form in forms():
        assert f"`{form}`" in README


def test_what_the_readme_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (Path(__file__).parent.parent / target).exists(), target


def test_the_table_of_measurements_is_that_of_the_last_run() -> None:
    results = Path(__file__).parent.parent / "benchmarks" / "results.md"
    assert results.read_text(encoding="utf-8").strip() in README
