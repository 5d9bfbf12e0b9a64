"""Around every command: unforeseen errors, signals, streams that are closed or full."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cellcalc.api import Problem
from tests.support.command import run
from tests.support.paths import ROOT

FULL = Path("/dev/full")
COMMANDS = [["--help"], ["table", "--help"], ["table", "gomez"], ["class", "make", "--help"]]


def process(
    arguments: list[str], folder: Path, shell: str = '"$@"', **environment: str
) -> subprocess.CompletedProcess[str]:
    command = ["sh", "-c", shell, "sh", sys.executable, "-m", "cellcalc", *arguments]
    own = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        command, cwd=folder, env=own, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("error", [ValueError("of no use\nat all"), RecursionError("deep"), KeyError("x")])  # fmt: skip
def test_unforeseen_error_is_one_line_and_status_2(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Problem, "run", broken)
    result = run("table", "gomez")
    assert result.exit_code == 2
    assert result.stderr.startswith(
        "Error: this is a mistake in cellcalc, not in what it was given"
    )
    assert f"{type(error).__name__}: " in result.stderr
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    debugged = run("table", "gomez", "--debug")
    assert debugged.exit_code == 2
    assert "Traceback (most recent call last)" in debugged.stderr


def test_memory_that_is_not_there_is_no_mistake_of_cellcalc(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def large(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Problem, "run", large)
    result = run("table", "gomez")
    assert (result.exit_code, "fits into memory" in result.stderr) == (2, True)


def test_debug_changes_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run("table", "gomez", "--debug").output == run("--debug", "table", "gomez").output
    assert run("table", "gomez", "--debug").exit_code == 0


@pytest.mark.skipif(not FULL.exists(), reason="a device that is full")
@pytest.mark.parametrize("arguments", COMMANDS)
def test_full_device_is_said(tmp_path: Path, arguments: list[str]) -> None:
    done = process(arguments, tmp_path, '"$@" > /dev/full')
    assert done.returncode == 2
    assert done.stderr == (
        'Error: standard output: expected room to write to, found "No space left on device"\n'
    )


@pytest.mark.parametrize(
    "encoding", ["ascii", "latin-1", "cp437", "cp1252", "koi8-r", "shift_jis", "gb2312"]
)
@pytest.mark.cases(3)
def test_terminal_of_any_encoding(tmp_path: Path, encoding: str) -> None:
    for arguments in (["--help"], ["check", "--help"]):
        done = subprocess.run(
            [sys.executable, "-m", "cellcalc", *arguments],
            cwd=tmp_path, capture_output=True, timeout=60, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding},
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"Usage" in done.stdout


def test_closed_streams_are_said(tmp_path: Path) -> None:
    closed = process(["table", "-"], tmp_path, '"$@" <&-')
    assert (closed.returncode, closed.stderr) == (
        2, "Error: -: expected an open standard input, found a closed one\n"
    )  # fmt: skip
    closed = process(["table", "gomez"], tmp_path, '"$@" >&-')
    assert closed.returncode == 2
    assert "standard output: expected an open one" in closed.stderr
    assert process(["table", "nonesuch"], tmp_path, '"$@" 2>&-').returncode == 2


def test_reader_that_has_seen_enough_ends_it_quietly(tmp_path: Path) -> None:
    done = process(["table", "gomez"], tmp_path, '"$@" | head -1')
    assert (done.returncode, done.stderr) == (0, "")


def _hear_signals() -> None:
    """A shell that runs tests in the background has them ignore SIGINT, and what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("name", "status"),
    [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130), ("SIGQUIT", 131), ("SIGXCPU", 152),
     ("SIGUSR1", 138)],
)  # fmt: skip
@pytest.mark.cases(1)
def test_signal_leaves_no_partial_file(tmp_path: Path, name: str, status: int) -> None:
    values = ",".join(["0.5"] * 2000)
    text = f'cell = "lstm"\n[parameters]\nrandom = {{seed = 1}}\n[[sequence]]\nx = [{values}]\n'
    (tmp_path / "p.toml").write_text(text + f"target = [{values}]\n")
    arguments = [sys.executable, "-m", "cellcalc", "workbook", "p.toml", "-o", "p.xlsx"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(5):  # on a busy machine it may have ended before it is stopped
        started = subprocess.Popen(
            arguments, cwd=tmp_path, env=env, stderr=subprocess.DEVNULL, preexec_fn=_hear_signals
        )
        deadline = time.monotonic() + 30
        while len(list(tmp_path.iterdir())) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)  # until it has begun to write
        started.send_signal(getattr(signal, name))
        found = started.wait(30)
        if found:
            break
        (tmp_path / "p.xlsx").unlink()
    assert found == status
    assert [path.name for path in tmp_path.iterdir()] == ["p.toml"]


@pytest.mark.parametrize("command", ["table", "derive", "check", "workbook", "schedule"])
@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + ".toml", "a\x00b", "locked/p.toml"])
def test_name_that_no_file_can_have(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, name: str
) -> None:
    if name.startswith("locked"):  # root, as in CI, may enter every folder
        real = Path.stat

        def locked(self: Path, **options: bool) -> os.stat_result:
            if "locked" in self.parts:
                raise PermissionError(13, "Permission denied")
            return real(self, **options)

        def refused(*_: object) -> int:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "stat", locked)
        monkeypatch.setattr(os, "open", refused)
    monkeypatch.chdir(tmp_path)
    result = run(command, name, *(["-e", "h[1] = 1"] if command == "check" else []))
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert "mistake in cellcalc" not in result.stderr
