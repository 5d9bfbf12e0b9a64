"""Sequences from CSV files, long ones too."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

import cellcalc
from cellcalc.errors import InputError


def test_a_csv_file_has_a_limit_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "series.csv").write_text("x,target\n1,2\n")
    (tmp_path / "p.toml").write_text(
        "[parameters]\nrandom = {seed = 1}\n[[sequence]]\ncsv = 'series.csv'\n"
    )
    assert cellcalc.load(tmp_path / "p.toml").specification.sequences[0].steps == 1
    monkeypatch.setattr("cellcalc.problems.sequences.MAX_CSV_BYTES", 10)
    with pytest.raises(InputError, match="expected at most 0 MB, found a larger file"):
        cellcalc.load(tmp_path / "p.toml")


def test_a_long_csv_file_is_read_like_a_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"{k}.5,{'' if k == 3 else k}\n" for k in range(10))
    (tmp_path / "series.csv").write_text("x,target\r\n" + rows)
    (tmp_path / "p.toml").write_text(
        "[parameters]\nrandom = {seed = 1}\n[[sequence]]\ncsv = 'series.csv'\n"
    )
    short = cellcalc.load(tmp_path / "p.toml")
    monkeypatch.setattr("cellcalc.problems.sequences.MANY", 4)
    long = cellcalc.load(tmp_path / "p.toml")
    sequence = long.specification.sequences[0]
    assert isinstance(sequence.inputs[0], array)
    assert tuple(sequence.inputs[0]) == short.specification.sequences[0].inputs[0]
    assert long.run().gradients == short.run().gradients
