"""Which files are found in what was handed in: none is lost without a word."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from cellcalc.classroom.collecting import MOST_SHOWN, Piece, Refused, collect


@pytest.mark.parametrize(
    "member", ["s002.txt", "./s002.txt", "././a/./s002.txt", "../s002.txt", "..\\..\\s002.txt",
               "/s002.txt", "C:\\a\\s002.txt"]
)  # fmt: skip
@pytest.mark.parametrize("outermost", [False, True], ids=["handed in", "all of it"])
def test_however_a_zip_names_it(tmp_path: Path, member: str, outermost: bool) -> None:
    with zipfile.ZipFile(tmp_path / "s002.zip", "w") as package:
        package.writestr(member, "dc[1] = 0.25\n")
    (one,) = collect(tmp_path / "s002.zip" if outermost else tmp_path)
    assert isinstance(one, Piece)
    assert one.name == "s002.txt"
    assert not {".", ".."} & set(one.parts)
    assert one.read() == b"dc[1] = 0.25\n"


def test_a_zip_with_nothing_in_it_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "s001.zip", "w") as package:
        package.writestr("__MACOSX/._s001.txt", "x")
    assert collect(tmp_path) == [Refused("s001.zip", "nothing to mark is in it")]


def test_a_long_path_keeps_whose_it_is(tmp_path: Path) -> None:
    folder = "x" * 240 + "/" + "y" * 240 + "/s007_late"
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as package:
        package.writestr(f"{folder}/work.csv", "symbol,t,value\n")
        package.writestr("/".join(["z" * 200] * 20) + "/s008.csv", "symbol,t,value\n")
    first, second = collect(tmp_path / "all.zip")
    assert first.shown == f"{folder}/work.csv"
    assert second.shown.endswith("/s008.csv")
    assert len(second.shown) == MOST_SHOWN
