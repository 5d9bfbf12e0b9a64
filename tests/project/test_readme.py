"""Every command in the README does what the README shows."""

from __future__ import annotations

import cmath
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import cellcalc
from cellcalc import resources
from cellcalc.problems.schemes import forms
from cellcalc.problems.specification import read_specification
from tests.support.paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SESSIONS = [
    (command, output)
    for block in re.findall(r"```console\n(.*?)```", README, re.S)
    for command, output in re.findall(r"\$ (.*)\n((?:(?!\$ ).*\n)*)", block)
]


# What commands read.
FILES = dict(re.findall(r"```(?:toml|text) file=(\S+)\n(.*?)```", README, re.S))


@pytest.mark.parametrize(("command", "output"), SESSIONS, ids=[c for c, _ in SESSIONS])
def test_command(command: str, output: str, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
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
    blocks = re.findall(r"```toml\n(.*?)```", README, re.S)
    (text,) = (block for block in blocks if block.startswith("title"))
    specification = read_specification(text, "readme.toml", Path())
    assert specification.parameters["W_f2"] == 0.45


def test_the_library_example_gives_what_its_comments_say() -> None:
    (text,) = re.findall(r"```python\n(.*?)```", README, re.S)
    names: dict[str, Any] = {}
    exec(text, names)
    trace, steps = names["trace"], 2
    assert trace["dc"].shape == (steps,)
    assert round(trace["dc"][-1], 5) == -0.07111  # Gomez's δstate of his last step
    assert trace.gradients["dW_f1"] == pytest.approx(trace["dW_f1"].sum(), rel=1e-14)
    assert "<table>" in trace._repr_html_()


def test_every_cell_and_its_example_are_in_the_table() -> None:
    table = README[README.index("| cell | what it is | example |") :].partition("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    listed = {name for cells, *_ in rows for name in re.findall(r"`(.*?)`", cells)}
    assert listed == set(resources.names("templates/cells"))
    for cells, _, examples in rows:
        for example in re.findall(r"`(.*?)`", examples):
            assert cellcalc.load(example).specification.cell.name in re.findall(r"`(.*?)`", cells)


def test_the_cell_of_ones_own_is_right(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    gradients = cellcalc.load(tmp_path / "mgu_problem.toml").run().gradients
    p = {"W_f": 0.5, "U_f": 0.3, "b_f": 0.1, "W_g": 0.9, "U_g": 0.7, "b_g": -0.05, "h0": 0.2}
    for name in p:
        slope = _minimal_gated_unit({**p, name: p[name] + 1e-100j}).imag / 1e-100
        assert gradients[f"d{name}"] == pytest.approx(slope, rel=1e-13)


def _minimal_gated_unit(p: dict[str, complex]) -> complex:
    """The loss of the README's problem, by hand."""
    h, loss = p["h0"], 0j
    for x, target in ((1, 0.3), (-0.5, -0.1), (0.75, 0.4)):
        f = 1 / (1 + cmath.exp(-(p["W_f"] * x + p["U_f"] * h + p["b_f"])))
        h = (1 - f) * h + f * cmath.tanh(p["W_g"] * x + p["U_g"] * f * h + p["b_g"])
        loss += (h - target) ** 2 / 2
    return loss


def test_every_named_scheme_is_in_the_table() -> None:
    for form in forms():
        assert f"`{form}`" in README


def test_what_the_readme_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_table_of_measurements_is_that_of_the_last_run() -> None:
    results = ROOT / "benchmarks" / "results.md"
    assert results.read_text(encoding="utf-8").strip() in README
