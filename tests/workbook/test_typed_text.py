"""A text pasted into a cell that is to be changed gives words, and no error value anywhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.problems import GOMEZ, Data, random_data
from tests.support.sheets import Live
from tests.support.spreadsheets import Made, book_of, read

PROBLEMS: dict[str, Data] = {
    "gomez": GOMEZ,
    "windows": replace(random_data(71, 1, 5, "linear"), bptt='scheme = "tbptt(2,3)"'),
    "adam": replace(random_data(72, 1, 3), update='optimizer = "adam"\nepochs = 2'),
    "reset": replace(
        random_data(73, 1, 4), bptt='scheme = "block(2)"\nstate = "reset"\nclip_norm = 0.5'
    ),
}
BOOKS = Made(lambda name: book_of(PROBLEMS[name]))
CELLS = {
    "input": "x",
    "parameter": "W_f",
    "state": "c",
    "target": "target",
    "rate": "learning_rate",
}


def blue(name: str, kind: str) -> str:
    """A cell of a kind on BPTT: the first one with a number."""
    rows = {}
    for (sheet, cell), value in read(BOOKS[name]).items():
        if sheet == "BPTT" and cell.startswith("B"):
            rows.setdefault(str(value), int(cell[1:]))
    symbol = CELLS[kind]
    row = rows.get(symbol) or rows[f"{symbol}1"]
    return f"{'F' if kind in ('input', 'target') else 'E'}{row}"


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.cases(2)
def test_a_text_in_a_blue_cell_is_told_and_gives_no_error_value(kind: str, name: str) -> None:
    live = Live(BOOKS[name])
    live.set("BPTT", {blue(name, kind): "a text"})
    formulas = read(BOOKS[name], formulas=True)
    cells = [place for place, text in formulas.items() if str(text).startswith("=")]
    assert not [place for place in cells if isinstance(live.get(*place), dict)]
    assert "holds a text" in str(live.get("Start", "A4"))
