"""Arguments of a wrong type: every exception is a CellcalcError that names the argument."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest

import cellcalc

JUNK = [3, 1.5, True, None, [1], {"a": 1}, b"x", ("a",), {3}, 1j, object()]
P = cellcalc.load("gomez")

CALLS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "explain": ("symbol", lambda junk: P.explain(junk)),
    "compare": ("schemes", lambda junk: P.compare(junk)),
    "compare, sequence": ("sequence", lambda junk: P.compare("full", sequence=junk)),
    "flow": ("sequence", lambda junk: P.flow(junk)),
    "experiment, done": ("done", lambda junk: P.experiment("full", epochs=1, seeds=1, done=junk)),
    "experiment, each": ("each", lambda junk: P.experiment("full", epochs=1, seeds=1, each=junk)),
    "experiment, executor": (
        "executor",
        lambda junk: P.experiment("full", junk, epochs=1, seeds=1),
    ),
    "workbook": ("file", lambda junk: P.workbook(junk)),
    "workbook, practice": ("practice", lambda junk: P.workbook("a.xlsx", practice=junk)),
    "to_toml": ("file", lambda junk: P.to_toml(junk)),
    "draw": ("file", lambda junk: P.draw("unrolled", junk)),
    "load, notation": ("notation", lambda junk: cellcalc.load("gomez", notation=junk)),
    "load, windows": ("windows", lambda junk: cellcalc.load("gomez", windows=junk)),
    "check, epoch": ("epoch", lambda junk: P.check({"c": 1}, epoch=junk)),
    "check, sequence": ("sequence", lambda junk: P.check({"c": 1}, sequence=junk)),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_type_is_told_by_the_arguments_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    argument, call = CALLS[name]
    refused = 0
    for junk in JUNK:
        try:
            call(junk)
        except cellcalc.CellcalcError as error:
            refused += 1
            assert str(error).startswith(f"{argument}: expected "), error
    assert refused >= len(JUNK) - 3  # None may mean that it is not said, True a 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("windows", [[1, 1], (1, 1), numpy.array([1, 1])])
def test_lengths_of_windows_may_be_any_list(windows: Any) -> None:
    assert cellcalc.load("gomez", windows=windows).run()["dc"].shape == (2, 2)


def test_a_text_that_is_no_toml_is_told_as_the_argument() -> None:
    with pytest.raises(cellcalc.InputError, match=r"^text: expected TOML, found an error: "):
        cellcalc.loads("title = ")


@pytest.mark.parametrize("windows", ["[0, 2]", "[-1]", "[1.5]", '"x"', "[]", "2", "[true]"])
def test_windows_of_a_file_that_are_no_lengths_are_told_as_such(windows: str) -> None:
    text = P.to_toml().replace("[bptt]", f"[bptt]\nwindows = {windows}")
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("scheme ="))
    with pytest.raises(cellcalc.InputError) as raised:
        cellcalc.loads(lines)
    found = [line for line in raised.value.lines if "windows:" in line]
    assert found and all("bptt.windows: expected a list of lengths" in line for line in found)
