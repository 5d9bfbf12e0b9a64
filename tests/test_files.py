"""Writing files: whole or not at all, never over another file unasked."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import BinaryIO

import pytest

from cellcalc.errors import OutputError
from cellcalc.files import write_file


def hello(file: BinaryIO) -> None:
    file.write(b"hello")


def broken(file: BinaryIO) -> None:
    file.write(b"half of it")
    raise OSError(28, "No space left on device")


def test_a_new_file_is_written_with_ordinary_permissions(tmp_path: Path) -> None:
    write_file(tmp_path / "a", hello)
    assert (tmp_path / "a").read_bytes() == b"hello"
    plain = tmp_path / "plain"
    plain.touch()
    assert (tmp_path / "a").stat().st_mode == plain.stat().st_mode


def test_an_existing_file_is_kept_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(
        OutputError, match=r"expected no file of that name \(or `force`\), found one"
    ):
        write_file(path, hello)
    assert path.read_bytes() == b"old"
    write_file(path, hello, force=True)
    assert path.read_bytes() == b"hello"


@pytest.mark.parametrize("exists", [True, False])
def test_a_failure_half_way_leaves_what_was_there(tmp_path: Path, exists: bool) -> None:
    path = tmp_path / "a"
    if exists:
        path.write_bytes(b"old")
    with pytest.raises(OutputError, match="No space left on device"):
        write_file(path, broken, force=True)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == ([b"old"] if exists else [])


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"

    def slow(file: BinaryIO) -> None:
        hello(file)
        path.write_bytes(b"another's")

    with pytest.raises(OutputError, match="found one"):
        write_file(path, slow)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"another's"]


def test_a_folder_or_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="expected a file to write, found a folder"):
        write_file(tmp_path, hello, force=True)
    with pytest.raises(OutputError, match='found "No such file or directory"'):
        write_file(tmp_path / "none" / "a", hello)


def test_a_folder_without_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "mkstemp", denied)  # root, as in CI, may write everywhere
    with pytest.raises(OutputError, match='found "Permission denied"'):
        write_file(tmp_path / "a", hello)
