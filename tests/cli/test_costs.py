"""What a command would cost is known before it begins; and somebody who waits is told so."""

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cellcalc.cli import common
from tests.support.command import run
from tests.support.paths import ROOT


def problem(folder: Path, steps: int) -> str:
    values = ",".join(f"{k % 7 / 7 - 0.4:.2f}" for k in range(steps))
    path = folder / f"p{steps}.toml"
    path.write_text(
        'cell = "lstm"\n[parameters]\nrandom = {seed = 1}\n'
        f"[[sequence]]\nx = [{values}]\ntarget = [{values}]\n"
    )
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["flow", "P"], "steps that all losses together flow back through"),
        (["workbook", "P", "--k1", "1", "--k2", "1", "-o", "b.xlsx"], "rows of windows"),
        (["workbook", "P", "--k1", "10", "--k2", "10", "-o", "b.xlsx"], "cells"),
        (["workbook", "P", "--practice", "all", "-o", "b.xlsx"], "values to work out"),
        (["compare", "P"], "steps to compute"),
        (["check", "P", "-e", "dW_f = 0.1"], "at most"),
        (["schedule", "P", "--k1", "1", "--k2", "5000"], "steps swept"),
        (["table", "P", "--k1", "1", "--k2", "10000"], "numbers to keep"),
    ],
)
@pytest.mark.cases(2)
def test_what_would_take_too_long_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = problem(tmp_path, 40_000 if arguments[0] == "check" else 10_000)
    began = time.process_time()
    result = run(*[path if one == "P" else one for one in arguments])
    assert result.exit_code == 2
    assert told in result.stderr and ", found " in result.stderr
    assert "mistake in cellcalc" not in result.stderr
    assert time.process_time() - began < 10


@pytest.mark.parametrize("depth", [3, 16])
def test_sums_within_sums_are_refused(depth: int) -> None:
    result = run("check", "gomez", "-e", f"L = {'sum(' * depth}E[t]{')' * depth}")
    assert result.exit_code == 1
    assert "nested at most 2 deep" in " ".join(result.output.split())


@pytest.mark.parametrize(
    "text",
    [" " * 100_000 + "x", "\\begin{align}" + " " * 100_000 + "x", "dc[1] =" + " " * 100_000 + "0.1",
     "| a" + " " * 100_000 + "b | c", "x" + "\t" * 100_000 + "= 1", "(" * 100_000, "1," * 50_000,
     "# " + "=" * 100_000, "`" * 100_000, "- " * 50_000, "$" * 100_000],
)  # fmt: skip
def test_long_lines_are_read_in_no_time(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_text(text + "\n")
    began = time.process_time()
    result = run("check", "gomez", str(tmp_path / "a.txt"))
    assert result.exit_code in (1, 2)
    assert time.process_time() - began < 8


def test_who_waits_is_told(tmp_path: Path) -> None:
    code = (
        "import time; from cellcalc.api import Problem; from cellcalc.cli import common, main\n"
        "common.SILENT = 0.1; real = Problem.run\n"
        "def slow(*a, **k): time.sleep(0.5); return real(*a, **k)\n"
        "Problem.run = slow; main(['table', 'gomez', '-o', 'a.txt'])"
    )
    leader, follower = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, stderr=follower, check=False
    )
    told = os.read(leader, 1000).decode()
    assert (done.returncode, told.splitlines()[0]) == (0, "working … (Ctrl-C ends it)")


def test_a_quick_command_says_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "SILENT", 0.0)
    assert run("table", "gomez").stderr == ""


def test_an_experiment_that_would_take_days_is_refused_before_it_begins() -> None:
    result = run("experiment", "ten_steps", "--epochs", "90000000")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "experiment: expected at most 100,000,000 steps to compute" in result.stderr
