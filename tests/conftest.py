"""What several tests need: the command line in-process, and oracles that may be absent."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any, TypeVar

import pytest
from click.testing import CliRunner, Result

from cellcalc.cli import main

# .ci/run sets this: there, an oracle that is missing is a failure and not a reason to skip.
REQUIRED = os.environ.get("CELLCALC_REQUIRE_ORACLES") == "1"

# By default a sample of the many cases of a kind is tried; all of them with this, as in .ci/run.
THOROUGH = os.environ.get("CELLCALC_THOROUGH") == "1"

Case = TypeVar("Case")
Run = Callable[..., Result]

# Why a test may be skipped even there: what it tests is not there yet, or CI runs as nobody.
ALLOWED = ("there is no ", "needs the command ", "needs the right to mount", "got empty parameter")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where oracles are required, a test skipped for any other reason fails the whole run."""
    if REQUIRED and not hasattr(session.config, "workerinput") and _skipped_oracles(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for test, reason in _skipped_oracles(config) if REQUIRED else ():
        terminalreporter.write_line(f"REQUIRED, but skipped: {test}: {reason}", red=True)


def _skipped_oracles(config: pytest.Config) -> list[tuple[str, str]]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    reasons = [(s.nodeid, str(s.longrepr[-1]).removeprefix("Skipped: ")) for s in skipped]
    return [(test, reason) for test, reason in reasons if not reason.startswith(ALLOWED)]


def runner() -> CliRunner:
    """A runner that keeps both streams apart, whichever version of click there is."""
    separate = "mix_stderr" in signature(CliRunner).parameters  # until 8.2
    return CliRunner(mix_stderr=False) if separate else CliRunner()  # type: ignore[call-arg]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run cellcalc with arguments, 80 columns wide; exceptions other than exits come through."""
    monkeypatch.setenv("COLUMNS", "80")

    def invoke(*arguments: str | Path, stdin: str | None = None) -> Result:
        words = [str(argument) for argument in arguments]
        return runner().invoke(main, words, input=stdin, catch_exceptions=False)

    return invoke


def sample(cases: Iterable[Case], every: int) -> list[Case]:
    """One case in so many; all of them in a thorough run."""
    return list(cases)[:: 1 if THOROUGH else every]


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
