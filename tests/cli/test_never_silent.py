"""Who waits is told that it goes on: at once when it takes long, and again."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

import cellcalc
from cellcalc.views.export import to_csv
from tests.support.paths import ROOT

SILENT = 0.3  # seconds, in place of 2
SLACK = 2.0  # that a crowded machine may take longer, or Python to start
MANY = """\
cell = "lstm"
readout = "linear"
[parameters]
random = {{seed = 3, scale = 0.5}}
[[sequence]]
x = {x}
target = {x}
"""
CODE = """
import sys
from cellcalc.cli import common, main
common.SILENT = float(sys.argv[1])
main(sys.argv[2:])
"""


def gaps(arguments: list[str], folder: Path, code: str = CODE) -> tuple[int, list[float], str]:
    """The status of a command, the times between what it writes before a terminal, and that."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    moments, told = [time.monotonic()], []

    def listen() -> None:
        while True:
            try:
                heard = os.read(leader, 4096)
            except OSError:  # Linux, once the other side is closed
                return
            if not heard:
                return
            moments.append(time.monotonic())
            told.append(heard)

    listener = threading.Thread(target=listen)
    listener.start()
    done = subprocess.run(
        [sys.executable, "-c", code, str(SILENT), *arguments],
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=follower, check=False,
    )  # fmt: skip
    moments.append(time.monotonic())
    os.close(follower)
    listener.join(5)
    os.close(leader)
    waits = [b - a for a, b in pairwise(moments)]
    return done.returncode, waits, b"".join(told).decode()


SLOW = """
import sys, time
from cellcalc.api import Problem
from cellcalc.cli import common, main
common.SILENT = float(sys.argv[1])
real = Problem.run
def slow(*a, **k):
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        pass
    return real(*a, **k)
Problem.run = slow
main(sys.argv[2:])
"""


def test_who_waits_longer_is_told_again(tmp_path: Path) -> None:
    status, _, told = gaps(["table", "gomez", "-o", "a.txt"], tmp_path, SLOW)
    assert status == 0
    assert told.startswith("working … (Ctrl-C ends it)")
    assert told.count(" s\r") >= 2


@pytest.mark.parametrize(("quiet", "lines"), [("", 3), ("1", 0)])
def test_a_log_has_a_line_now_and_then(quiet: str, lines: int, tmp_path: Path) -> None:
    """Standard error goes into a pipe: no bar, no line over another one, nothing if so wished."""
    rarely = "common.SILENT = common.RARELY = float(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", SLOW.replace("common.SILENT = float(sys.argv[1])", rarely), "0.4",
         "table", "gomez", "-o", "a.txt"],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CELLCALC_QUIET": quiet,
             "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    told = done.stderr.splitlines()
    assert len(told) >= lines if lines else not told
    assert all(re.fullmatch(r"\S+ table: working … \d+ s", line) for line in told), told


def problem(folder: Path, steps: int) -> str:
    numbers = [round((7 * k % 19) / 10 - 0.9, 2) for k in range(steps)]
    path = folder / f"p{steps}.toml"
    path.write_text(MANY.format(x=numbers))
    return path.name


LONG: dict[str, list[str]] = {
    "experiment": ["experiment", "echo", "--epochs", "20", "--seeds", "2", "-o", "rows.csv"],
    "flow": ["flow", "P500", "-o", "f.json"],
    "compare": ["compare", "P900", "-o", "c.json"],
    "workbook": ["workbook", "P700"],
    "workbook of a training": ["workbook", "P40", "--epochs", "40"],
    "check": ["check", "P60", "answers.csv"],
    "table": ["table", "P40000", "-o", "t.json"],
    "class": ["class", "make", "gomez", "--count", "30", "-o", "made"],
    "schedule": ["schedule", "P9000", "--scheme", "tbptt(1,300)", "-o", "s.json"],
}


@pytest.mark.parametrize("name", LONG)
@pytest.mark.cases(0)
def test_no_command_is_silent(name: str, tmp_path: Path) -> None:
    words = [
        problem(tmp_path, int(word[1:])) if word[0] == "P" and word[1:].isdigit() else word
        for word in LONG[name]
    ]
    if "answers.csv" in words:
        trace = cellcalc.load(tmp_path / words[1]).run()
        (tmp_path / "answers.csv").write_text("".join(to_csv(trace)))
    status, waits, told = gaps(words, tmp_path)
    assert status in (0, 1), told
    assert max(waits) < SILENT + SLACK, (name, waits, told[-200:])


def test_nobody_is_told_to_wait_who_is_asked(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    asking = subprocess.Popen(
        [sys.executable, "-c", CODE, "0.1", "practice", "gomez"],
        cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=follower, stderr=follower,
    )  # fmt: skip
    os.close(follower)
    told = b""
    while b"1/44" not in told:
        told += os.read(leader, 4096)
    time.sleep(0.5)  # the person thinks
    asking.communicate(b"quit\n")
    told += os.read(leader, 4096)
    os.close(leader)
    after = told.decode().partition("1/44")[2]
    assert "dy[2] =" in after and not re.search(r"working|\d s", after)
