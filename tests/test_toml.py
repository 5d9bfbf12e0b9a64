"""A mistake is noted once, however often a table is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellcalc.errors import InputError
from cellcalc.problems import templates
from cellcalc.problems.specification import read_specification
from cellcalc.toml import Reader, Section

CELL = """\
[parameters]
W = "input"
[state]
h = 0.0
[[equation]]
symbol = "h"
formula = "tanh(W @ x + h[t-1])"
"""


@pytest.mark.parametrize("value", ["3", "[]", "true", '"no"'])
@pytest.mark.parametrize("key", ["parameters", "coefficients", "state", "equation"])
def test_a_wrong_table_of_a_template_is_said_once(key: str, value: str, tmp_path: Path) -> None:
    path = tmp_path / "cell.toml"
    kept = CELL.replace(f"[{key}]", f"[other_{key}]").replace(f"[[{key}]]", f"[[other_{key}]]")
    path.write_text(f"{key} = {value}\n{kept}")
    with pytest.raises(InputError) as caught:
        templates.load("cells", str(path))
    assert len(set(caught.value.mistakes)) == len(caught.value.mistakes)
    assert any(m.key == key for m in caught.value.mistakes)


@pytest.mark.parametrize("value", ["3", "[]", "true", '"no"'])
@pytest.mark.parametrize(
    "key", ["parameters", "coefficients", "initial", "bptt", "update", "sequence"]
)
def test_a_wrong_table_of_a_problem_is_said_once(key: str, value: str) -> None:
    rest = "" if key == "sequence" else "[[sequence]]\nx = [1]\n"
    with pytest.raises(InputError) as caught:
        read_specification(f'cell = "rnn"\n{key} = {value}\n{rest}', "p.toml", Path())
    assert [m.key for m in caught.value.mistakes].count(key) == 1
    assert len(set(caught.value.mistakes)) == len(caught.value.mistakes)


def test_different_mistakes_of_one_key_are_all_said() -> None:
    section = Section(Reader("p.toml"), {"k": "x"})
    section.number("k")
    section.number("k")
    section.boolean("k", False)
    assert [m.expected for m in section.reader.mistakes] == ["a finite number", "true or false"]
