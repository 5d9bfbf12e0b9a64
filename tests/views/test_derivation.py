"""``cellcalc derive``: documents that compile, into which no title can put code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cellcalc.api import cell_alone
from cellcalc.views import derivation
from tests.support.command import Run
from tests.support.paths import TEMPLATES
from tests.support.problems import random_data

KINDS = [
    ("identity", "half-squared", 2),
    ("linear", "squared", 1),
    ("logistic", "cross-entropy", 6),
]


@pytest.mark.parametrize(("readout", "loss", "features"), KINDS)
def test_latex_compiles(
    readout: str, loss: str, features: int, tmp_path: Path, pdflatex: str
) -> None:
    problem = random_data(1, features, 4, readout, loss).problem()
    text = derivation.derive(problem.specification, problem.model, "latex")
    (tmp_path / "d.tex").write_text(text, encoding="utf-8")
    command = [pdflatex, "-interaction=nonstopmode", "-halt-on-error", "d.tex"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert result.returncode == 0, result.stdout.decode(errors="replace")[-2000:]
    log = (tmp_path / "d.log").read_text(encoding="utf-8", errors="replace")
    assert "Overfull" not in log and "Missing character" not in log
    assert (tmp_path / "d.pdf").stat().st_size > 10_000


def test_a_title_cannot_put_code_into_the_script_or_the_document(tmp_path: Path, run: Run) -> None:
    cell = (TEMPLATES / "cells" / "lstm.toml").read_text(encoding="utf-8")
    hostile = 'x\\n\\"\\"\\"\\nimport os; os.abort()\\n\\\\input{/etc/passwd} ~^ ₜ'
    (tmp_path / "mine.toml").write_text(
        cell.replace("LSTM with forget gate", hostile).replace("candidate, net input", hostile)
    )
    (tmp_path / "p.toml").write_text(
        "cell = 'mine.toml'\n[parameters]\nrandom = {seed = 1}\n[[sequence]]\nx=[1]\ntarget=[1]\n"
    )
    script = run("derive", tmp_path / "p.toml", "--format", "python").stdout
    subprocess.run([sys.executable, "-I", "-c", script], check=True, capture_output=True)
    latex = run("derive", tmp_path / "p.toml", "--format", "latex").stdout
    assert r"\textbackslash{}input\{/etc/passwd\} \textasciitilde{}\textasciicircum{} $_t$" in latex
    assert r"\input{" not in latex


def test_latex_of_every_cell_compiles(pdflatex: str, tmp_path: Path) -> None:
    parts = []
    for cell in ("lstm-clip", "lstm-hard", "lstm-hard-keras3", "lstm-1997", "fgr", "gru"):
        text = derivation.derive(*cell_alone(cell, "linear-no-bias", "absolute"), format="latex")
        head, _, body = text.partition(r"\begin{document}")
        parts.append(body.partition(r"\end{document}")[0])
    document = head + r"\begin{document}" + r"\newpage ".join(parts) + r"\end{document}"
    (tmp_path / "cells.tex").write_text(document, encoding="utf-8")
    command = [pdflatex, "-interaction=nonstopmode", "-halt-on-error", "cells.tex"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-2000:]


def test_functions_of_its_own_are_defined_where_they_stand(run: Run, tmp_path: Path) -> None:
    """A slope such as step(z) or inside(c, -a, a) says what it is, in each format."""
    path = tmp_path / "p.toml"
    path.write_text(
        'cell = "lstm-clip"\nloss = "absolute"\n[parameters]\nrandom = {seed = 1}\n'
        "[[sequence]]\nx = [1, 2]\ntarget = [1, 2]\n"
    )
    said = run("derive", path).stdout
    assert "inside(u, a, b) = 1 where u lies from a to b, else 0" in said
    assert "sign(u) = -1, 0 or 1" in said and "clip(u, a, b) = min(max(u, a), b)" in said
    assert r"\text{1 where u lies from a to b, else 0}" in run("derive", path, "-f", "latex").stdout
    assert "What the functions are" not in run("derive", "gomez").stdout
    assert "clip(u, a, b) =" in run("derive", "cell_clip").stdout  # which has no targets
