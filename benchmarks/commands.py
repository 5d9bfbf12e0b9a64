"""Commands as people start them: how soon they answer, and what memory they take."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.problems import write_csv_problem

Work = Callable[[], object]


def _run(*arguments: str) -> Work:
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def importing_click(_: int) -> Work:
    return _run("-c", "import click")


def help_text(_: int) -> Work:
    return _run("-m", "cellcalc", "--help")


def table(_: int) -> Work:
    return _run("-m", "cellcalc", "table", "gomez")


def exported(steps: int, format: str) -> Work:
    path = write_csv_problem(Path(tempfile.mkdtemp()), steps)
    return _run("-m", "cellcalc", "table", str(path), "--format", format)
