"""What cannot be read is told with its place, in every kind of document."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from cellcalc.api import load
from cellcalc.check.handed_in import read_answers
from cellcalc.check.marking import mark
from cellcalc.errors import InputError
from tests.support.command import run
from tests.support.problems import HOMEWORK
from tests.support.sheets_written import as_ods, as_xlsx

TRACE = load("gomez").run()
SCALAR = HOMEWORK.problem().run()
ROWS = [["t", "c", "qq"], [1, 0.7857, 0.1], [2, 1.5176, 0.2]]
PRINTED = {
    "output_type": "execute_result",
    "data": {"text/plain": ["array([0.1, 0.2, 0.3, 0.4])"]},
}
NOTEBOOK = {
    "nbformat": 4,
    "cells": [
        {"cell_type": "markdown", "source": ["Forward\n", "c_2 = 3 + q_2"]},
        {"cell_type": "code", "source": ["dc"], "outputs": [PRINTED]},
    ],
}


def packed() -> bytes:
    file = io.BytesIO()
    np.savez(file, c=np.array([0.1] * 7), qq=np.array(3.0))
    return file.getvalue()


DOCUMENTS = {
    "a.txt": (b"by hand\nc_2 = 0.5 + q_2\n", [2]),
    "a.md": (b"# x\n\n| t | c |\n|---|---|\n| 1 | 0.7857 |\n| 2 | 1.2.3 |\n", [6]),
    "a.tex": (b"\\begin{align}\nc_1 &= 0.7857 \\\\\nc_2 &= \\frac{ + q_2\n\\end{align}\n", [3]),
    "a.csv": (b"t,c,h\n1,0.7857,0.5362\n2,1.2.3,0.77\n", [3]),
    "long.csv": (b"symbol,t,value\nc,9,0.5\nqq,2,0.2\n", [2, 3]),
    "a.xlsx": (as_xlsx(ROWS), ["Sheet!C2", "Sheet!C3"]),
    "a.ods": (as_ods(ROWS), ["Tabelle1!C2", "Tabelle1!C3"]),
    "a.json": (b'{"c": [0.1, 0.2, 0.3, 0.4], "steps": [{"t": 2, "c": "?"}], "qq": 0.3}',
               ["c", "steps[0].c", "qq"]),
    "a.jsonl": (b'{"t": 1, "c": 0.7857}\n\n{"t": 2, "c": "1.2.3"}\n', ["line 3, c"]),
    "a.ipynb": (json.dumps(NOTEBOOK).encode(), ["cell 1, line 2", "cell 2, output, line 1"]),
    "a.py": (b"import numpy as np\nfor t in range(T):\n    c[t] = scan(f[t])\n", [3]),
    "a.m": (b"for t = T:-1:1\n  dc(t) = scan(q);\nend\n", [2]),
    "a.npz": (packed(), ["c", "qq"]),
    "session.txt": (b"In [3]: c\nOut[3]: array([0.1, 0.2, 0.3, 0.4])\n", [2]),
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTS)
def test_its_place_is_told(name: str) -> None:
    contents, places = DOCUMENTS[name]
    report = mark(TRACE, read_answers(contents, name), causes=False)
    assert [one.line for one in report.unreadable] == places
    assert all(one.given and one.why for one in report.unreadable)


@pytest.mark.parametrize("name", ["a.txt", "a.npz"])
def test_the_exit_status_is_that_of_an_answer_that_is_not_right(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(DOCUMENTS[name][0])
    assert run("check", "gomez", str(path)).exit_code == 1


TWO_READINGS = ["W_f tensor([[0.1234]])", "e_2 = 0.1234", "e_t = y_t - target_t"]


@pytest.mark.parametrize("text", TWO_READINGS)
def test_of_two_readings_both_are_told(text: str) -> None:
    report = mark(SCALAR, read_answers(text.encode(), "a.txt"), causes=False)
    assert not report.marked
    assert ["which may be" in one.why for one in report.unreadable] == [True]


def test_objects_line_by_line_with_one_of_nothing_are_one_message() -> None:
    with pytest.raises(InputError, match="JSON"):
        read_answers(b'{"t": 1, "c": 0.5}\n,\n', "a.jsonl")
