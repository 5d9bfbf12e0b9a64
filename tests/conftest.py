"""What several tests need: the command line in-process, and oracles that may be absent."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cellcalc.cli import main

# .ci/run sets this: there, an oracle that is missing is a failure and not a reason to skip.
REQUIRED = os.environ.get("CELLCALC_REQUIRE_ORACLES") == "1"

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run cellcalc with arguments, 80 columns wide; exceptions other than exits come through."""
    monkeypatch.setenv("COLUMNS", "80")

    def invoke(*arguments: str | Path, stdin: str | None = None) -> Result:
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(main, words, input=stdin, catch_exceptions=False)

    return invoke


def program(name: str) -> str:
    """The path of a program, or skip (fail in CI) where it is not installed."""
    path = shutil.which(name)
    if path is None:
        reason = f"{name} is not installed"
        if REQUIRED:
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def module(name: str) -> Any:
    """A module, or skip (fail in CI) where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        reason = f"{name} is not installed"
        if REQUIRED:
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def soffice() -> str:
    """LibreOffice, which recalculates workbooks."""
    return program("soffice")


@pytest.fixture(scope="session")
def pdflatex() -> str:
    """A LaTeX compiler."""
    return program("pdflatex")
