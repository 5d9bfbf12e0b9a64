"""Fixtures that tests everywhere ask for; a run that requires oracles fails if one is skipped."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from cellcalc.cli import main
from tests.support.command import Run, runner
from tests.support.oracles import REQUIRED, THOROUGH, program, spread

os.environ["CELLCALC_QUIET"] = "1"  # of commands that are slow on a busy machine
MOST_CASES = 4  # of one test in a default run

# Why a test may be skipped even there: what it tests is not there yet, or CI runs as nobody.
ALLOWED = ("there is no ", "needs the command ", "needs the right to mount", "got empty parameter")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of a test with many cases some are run, spread over all of them; each in a thorough run.

    Where a case takes long, the mark ``cases(N)`` says how many, which may be none, and
    ``cases(N, thorough=M)`` how many there are in a thorough run. What is asked for by name, with
    ``::`` or ``-k``, is run with all its cases.
    """
    if config.option.keyword or any("::" in argument for argument in config.args):
        return
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    kept = {item for group in cases.values() for item in spread(group, _most(group))}
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


def _most(cases: list[pytest.Item]) -> int:
    mark = cases[0].get_closest_marker("cases")
    if THOROUGH:
        return mark.kwargs.get("thorough", len(cases)) if mark else len(cases)
    return mark.args[0] if mark else MOST_CASES


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


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run cellcalc with arguments, 80 columns wide; exceptions other than exits come through."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("CELLCALC_LANG", "en")

    def invoke(*arguments: str | Path, stdin: str | None = None) -> Result:
        words = [str(argument) for argument in arguments]
        return runner().invoke(main, words, input=stdin, catch_exceptions=False)

    return invoke


@pytest.fixture(scope="session")
def soffice() -> str:
    """LibreOffice, which recalculates workbooks."""
    return program("soffice")


@pytest.fixture(scope="session")
def pdflatex() -> str:
    """A LaTeX compiler."""
    return program("pdflatex")
