"""What a command loads, and what the list of commands says without loading them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cellcalc.cli import COMMANDS, main
from tests.support.paths import ROOT


def test_the_list_of_commands_says_what_each_command_says_of_itself() -> None:
    assert set(main.commands) == set(COMMANDS)
    for name, command in main.commands.items():
        assert command.name == name
        assert command.short_help == COMMANDS[name][1]


def loaded(*words: str) -> set[str]:
    """The modules that are there after a command."""
    code = (
        "import sys\nfrom cellcalc.cli import main\n"
        f"main.main({list(words)!r}, prog_name='cellcalc', standalone_mode=False)\n"
        "print('MODULES', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=True,
    )
    return set(done.stdout.rpartition("MODULES")[2].split())


# What the standard library has for the few commands that need it, each a millisecond or more.
SELDOM = ("json", "subprocess", "shutil", "tempfile", "csv")


@pytest.mark.parametrize(
    ("words", "without"),
    [
        (["--help"], ("numpy", "tabulate", "tomllib", "cellcalc.cli.table", "cellcalc.api")),
        (["table", "gomez"], ("numpy", "tabulate", "openpyxl", "cellcalc.cli.check", *SELDOM)),
        (["explain", "carousel"], ("numpy", "openpyxl", "cellcalc.cli.table")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_loads_what_it_needs(words: list[str], without: tuple[str, ...]) -> None:
    assert loaded(*words).isdisjoint(without)


def test_a_page_of_a_long_sequence_is_written_in_pieces() -> None:
    from cellcalc import loads
    from cellcalc.views.export import to_csv, to_json

    numbers = ", ".join(f"{0.01 * (k % 90)}" for k in range(9000))
    trace = loads(
        f"[parameters]\nrandom = {{seed = 1}}\n[[sequence]]\nx = [{numbers}]\n"
        f"target = [nan, {numbers[5:]}]\n"
    ).run()
    pieces = list(to_csv(trace))
    assert max(map(len, pieces)) < 700_000  # a block of 8,192 values
    lines = "".join(pieces).splitlines()
    values = {tuple(line.split(",")[4:7]): line.rpartition(",")[2] for line in lines}
    for t in (1, 4096, 4097, 9000):
        assert values["forward", "c", str(t)] == repr(float(trace["c"][t - 1]))
        assert values["backward", "dc", str(t)] == repr(float(trace["dc"][t - 1]))
    assert ("forward", "target", "1") not in values  # nan is left out
    assert '"target": [null, ' in "".join(to_json(trace))
