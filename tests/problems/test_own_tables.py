"""A sequence from somebody's own table: other columns, separators, the next value, units."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import cellcalc
from cellcalc.problems.sequences import Sequence
from tests.support.command import Run

GERMAN = "Nr;Datum;Temperatur;Druck\n1;01.02.2024;1,5;1000\n2;02.02.2024;2,25;1001,5\n3;;4,0;999\n"
ENGLISH = "date,temperature,note\n2024-02-01,1.5,a\n2024-02-02,2.25,b\n2024-02-03,4.0,c\n"
PROBLEM = 'cell = "rnn"\n[parameters]\nrandom = {seed = 1}\n'


def sequences(folder: Path, *tables: str) -> tuple[Sequence, ...]:
    path = folder / "p.toml"
    path.write_text(PROBLEM + "".join(f"[[sequence]]\n{table}\n" for table in tables))
    return cellcalc.load(path).specification.sequences


def test_columns_are_chosen_and_the_target_is_the_next_value(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(ENGLISH)
    (one,) = sequences(tmp_path, 'csv = "t.csv"\ncolumns = {x = "temperature", target = "next"}')
    assert list(one.inputs[0]) == [1.5, 2.25, 4.0]
    assert one.targets is not None
    assert list(one.targets)[:2] == [2.25, 4.0] and math.isnan(one.targets[2])


def test_semicolons_and_decimal_commas_are_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(GERMAN, encoding="utf-8-sig")
    chosen = 'columns = {x = ["Temperatur", "Druck"], target = "Druck"}'
    (one,) = sequences(tmp_path, f'csv = "t.csv"\n{chosen}\nrows = [2, 3]')
    assert [list(column) for column in one.inputs] == [[2.25, 4.0], [1001.5, 999.0]]
    assert list(one.targets or ()) == [1001.5, 999.0]


def test_units_are_those_of_the_training_part(tmp_path: Path) -> None:
    values = np.random.default_rng(4).normal(3.0, 2.0, 9)
    (tmp_path / "t.csv").write_text("v\n" + "\n".join(map(repr, values.tolist())))
    chosen = 'csv = "t.csv"\ncolumns = {x = "v", target = "next"}\nstandardize = true'
    train, test = sequences(tmp_path, f"{chosen}\nrows = [1, 6]", f"{chosen}\nrows = [7, 9]")
    mean, size = values[:6].mean(), values[:6].std()
    assert list(train.inputs[0]) == pytest.approx(list((values[:6] - mean) / size))
    assert list(test.inputs[0]) == pytest.approx(list((values[6:] - mean) / size))
    assert list(train.targets or ()) == pytest.approx(list((values[1:7] - mean) / size))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('columns = {x = "temprature"}', "did you mean temperature?"),
        ('columns = {x = "note"}', 'line 2, note: expected a number, found "a"'),
        ('columns = {x = "temperature"}\nrows = [2, 9]', "as in [1, 3]"),
        ('columns = {y = "temperature"}', "columns.y: expected one of the keys x or target"),
    ],
)
def test_what_is_not_there_is_said(table: str, message: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "t.csv").write_text(ENGLISH)
    path = tmp_path / "p.toml"
    path.write_text(f'{PROBLEM}[[sequence]]\ncsv = "t.csv"\n{table}\n')
    result = run("table", path)
    assert result.exit_code == 2 and message in result.stderr
