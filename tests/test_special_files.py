"""What is written to that is no ordinary file: links, pipes, devices; and files that are read."""

import os
import stat
import threading
from pathlib import Path
from typing import BinaryIO

import pytest

from cellcalc.errors import OutputError
from cellcalc.files import write_file
from tests.support.command import run


def hello(file: BinaryIO) -> None:
    file.write(b"hello")


def test_link_to_nothing_gets_its_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    write_file(tmp_path / "link", hello)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"hello"


def test_link_leads_on_to_the_file_that_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    with pytest.raises(OutputError, match="found one"):
        write_file(tmp_path / "link", hello)
    write_file(tmp_path / "link", hello, force=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"hello"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_replaced_file_keeps_its_permissions(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(mode)
    write_file(path, hello, force=True)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_bytes() == b"hello"


@pytest.mark.parametrize("force", [True, False])
def test_pipe_is_written_into(tmp_path: Path, force: bool) -> None:
    path, read = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()), daemon=True)
    reader.start()
    for _ in range(500):
        try:
            write_file(path, hello, force)
            break
        except OutputError:  # the reader is not there yet
            reader.join(0.01)
    reader.join(10)
    assert read == [b"hello"]
    assert path.is_fifo()


def test_pipe_that_nobody_reads_does_not_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match="expected a place to write to"):
        write_file(tmp_path / "pipe", hello)


def test_device_stays_one() -> None:
    write_file(Path("/dev/null"), hello, force=True)
    assert Path("/dev/null").is_char_device()


DATA = "x,target\n1,2\n2,3\n"
CELL = """output = "h"
[parameters]
W = "input"
[state]
h = 0.0
[[equation]]
symbol = "h"
formula = "tanh(W @ x + h[t-1])"
"""
PROBLEM = 'cell = "cell.toml"\n[parameters]\nfrom = "weights.csv"\n[[sequence]]\ncsv = "data.csv"\n'
FILES = {
    "p.toml": PROBLEM,
    "cell.toml": CELL,
    "weights.csv": "name,value\nW,0.5\n",
    "data.csv": DATA,
}


@pytest.mark.parametrize(
    "command",
    [
        "table p.toml -o data.csv",
        "table p.toml -o weights.csv",
        "table p.toml -o link.csv",
        "schedule p.toml -o p.toml",
        "experiment p.toml --csv p.toml",
        "experiment p.toml --csv data.csv",
        "experiment p.toml --workbook cell.toml",
        "experiment p.toml -o weights.csv",
        "experiment p.toml --csv new.csv -o new.csv",
    ],
)
def test_no_output_goes_over_an_input(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "link.csv").symlink_to("data.csv")
    result = run(*command.split(), "--force")
    assert result.exit_code == 2
    assert "Error: " in result.stderr and "mistake in cellcalc" not in result.stderr
    assert {name: (tmp_path / name).read_text() for name in FILES} == FILES


@pytest.mark.parametrize("name", ["CON", "con.csv", "Aux.xlsx", "com1.json", "LPT³.txt", "prn .md"])
def test_what_windows_takes_for_a_device_is_no_name_of_a_file_there(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file(tmp_path / name, hello)  # elsewhere it is a file like others
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(OutputError, match="a name that Windows does not keep for a device"):
        write_file(tmp_path / name, hello, force=True)
    for fine in ("NUL", "console.csv", "com.csv", "com10.csv", "my con.csv"):
        write_file(tmp_path / fine, hello)
