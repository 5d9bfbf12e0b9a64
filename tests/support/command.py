"""The command line, run in this process."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature

from click.testing import CliRunner, Result

Run = Callable[..., Result]


def runner() -> CliRunner:
    """A runner that keeps both streams apart, whichever version of click there is."""
    separate = "mix_stderr" in signature(CliRunner).parameters  # until 8.2
    return CliRunner(mix_stderr=False) if separate else CliRunner()  # type: ignore[call-arg]


def run(*arguments: str) -> Result:
    """A command, as if typed."""
    from cellcalc.cli import main

    return runner().invoke(main, list(arguments), prog_name="cellcalc")
