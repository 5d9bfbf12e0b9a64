"""Tables as other programs write them: separators, chosen columns, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

import cellcalc

PROBLEM = """\
cell = "rnn"
[parameters]
W = 0.4
U = 0.5
b = 0.1
[[sequence]]
csv = "s.csv"
{lines}
"""
WEATHER = "date;temperature;wind\n2024-01-01;1,5;3\n2024-01-02;2,25;4\n2024-01-03;0,75;1\n"


def loaded(folder: Path, table: str, lines: str = "") -> cellcalc.Problem:
    (folder / "s.csv").write_text(table)
    (folder / "p.toml").write_text(PROBLEM.format(lines=lines))
    return cellcalc.load(folder / "p.toml")


@pytest.mark.parametrize("table", ["x;target\n1,5;2,5\n0,5;1\n", "x\ttarget\n1.5\t2.5\n0.5\t1\n"])
def test_a_separator_and_a_decimal_comma_are_seen(tmp_path: Path, table: str) -> None:
    (one,) = loaded(tmp_path, table).specification.sequences
    assert (one.inputs, one.targets) == (((1.5, 0.5),), (2.5, 1.0))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('columns = {x = "temprature"}', "columns.x: expected a column (date, temperature, wind), "
         'found "temprature"; did you mean temperature?'),
        ('columns = {x = "wind", target = "nxt"}', "columns.target: expected a column (date, "
         'temperature, wind), or "next", found "nxt"; did you mean next?'),
        ('columns = {x = "wind", target = 3}',
         'columns.target: expected a column\'s name, or "next", found 3'),
        ('columns = {x = "wind"}\nrows = [1, 9]',
         "rows: expected the first and the last row, as in [1, 3], found [1, 9]"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_where_it_is(tmp_path: Path, lines: str, said: str) -> None:
    with pytest.raises(cellcalc.InputError) as error:
        loaded(tmp_path, WEATHER, lines)
    assert f"sequence[1].{said}" in str(error.value)
