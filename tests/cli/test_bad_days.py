"""What a system runs out of is told in one line, with status 2, whatever it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import run
from tests.support.paths import ROOT

resource = pytest.importorskip("resource", reason="there is no resource on Windows")


def limited(
    arguments: list[str], folder: Path, kind: int, most: int, **more: str
) -> tuple[int, str]:
    """Status and messages of a command under a limit, its output in a file."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(kind, (most, most))

    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CELLCALC_QUIET": "1", **more}
    with (folder / "out.txt").open("w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "cellcalc", *arguments], cwd=folder, env=environment,
            stdout=out, stderr=subprocess.PIPE, text=True, preexec_fn=limit,
        )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.parametrize("unbuffered", ["1", ""])
@pytest.mark.cases(1)
def test_a_disk_that_takes_the_beginning(tmp_path: Path, unbuffered: str) -> None:
    """Unbuffered, the rest was lost without a word, and with status 0."""
    found = limited(
        ["table", "gomez"], tmp_path, resource.RLIMIT_FSIZE, 1_000, PYTHONUNBUFFERED=unbuffered
    )
    said = 'Error: standard output: expected room to write to, found "File too large"\n'
    assert found == (2, said)


@pytest.mark.cases(1)
def test_no_room_for_what_is_written_on_the_way(tmp_path: Path) -> None:
    found = limited(
        ["workbook", "gomez", "--sheets", "BPTT", "-o", "a.xlsx"], tmp_path, resource.RLIMIT_FSIZE, 1_000
    )  # fmt: skip
    assert found == (2, 'Error: a.xlsx: expected a place to write to, found "File too large"\n')
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]


@pytest.mark.cases(0)
def test_no_more_files_for_other_processes(tmp_path: Path) -> None:
    found = limited(
        ["class", "make", "gomez", "--count", "4", "--jobs", "4", "-o", "k"], tmp_path,
        resource.RLIMIT_NOFILE, 12,
    )  # fmt: skip
    assert found[0] == 2
    assert 'found "Too many open files"' in found[1]


@pytest.mark.parametrize(("arguments", "place"), [(["table", ""], "PROBLEM"), (["check", "gomez", ""], "ANSWERS")])  # fmt: skip
def test_an_empty_argument_is_named(arguments: list[str], place: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr == f"Error: {place}: expected a value, found an empty text\n"


def test_a_name_without_any_sign_is_shown_all_the_same() -> None:
    assert run("table", "\udcff").stderr.startswith("Error: \\udcff: expected a file")


@pytest.mark.cases(1)
@pytest.mark.parametrize(
    "name", ["class.toml", "roster.csv", "key/s001.toml", "students/s001.xlsx"]
)
def test_a_class_is_never_written_over(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("class", "make", "two_step", "--count", "1", "-o", "k").exit_code == 0
    before = Path("k", name).read_bytes()
    result = run("class", "export", "k", "--to", "gift", "-o", f"k/{name}", "--force")
    assert result.exit_code == 2
    assert "expected another file than the input, found the input itself" in result.stderr
    assert Path("k", name).read_bytes() == before
    assert run("class", "export", "k", "--to", "gift", "-o", "k/bank.gift").exit_code == 0
    assert run("class", "export", "k", "--to", "csv", "-o", "k/bank.gift", "--force").exit_code == 0
