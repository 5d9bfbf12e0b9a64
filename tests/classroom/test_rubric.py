"""Points: the bundled rubric, one's own, and the sum as it is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import cellcalc
from cellcalc.classroom.rubric import Rubric, points_of, read_rubric
from cellcalc.errors import InputError

MODEL = cellcalc.load("two_step").model


def rubric(tmp_path: Path, text: str) -> Rubric:
    path = tmp_path / "rubric.toml"
    path.write_text(text, "utf-8")
    return read_rubric(path, MODEL)


def record(
    verdicts: Sequence[str], slips: int = 0, symbols: Sequence[str] = ("dc",), given: str = "0.12"
) -> dict[str, Any]:
    """A file with such verdicts for steps 1, 2, …; of several symbols in turn."""
    answers = [
        {"symbol": symbols[k % len(symbols)], "t": k + 1, "window": 1, "epoch": 1, "sequence": 1,
         "kind": "number", "verdict": verdict, "given": given}
        for k, verdict in enumerate(verdicts)
    ]  # fmt: skip
    asked = [[1, a["symbol"], a["t"]] for a in answers]
    return {
        "failed": "",
        "asked": asked,
        "marks": {"answers": [a for a in answers if a["verdict"] != "open"],
                  "summary": {"slips": slips}},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("verdicts", "slips", "points"),
    [
        (["correct"] * 4, 0, 100),
        (["correct"] * 3 + ["wrong"], 1, 70),
        (["wrong", "carried", "carried", "carried"], 1, 70),
        (["wrong", "repeated", "repeated", "correct"], 1, 70),
        (["coarse"] * 4, 0, 50),
        (["open"] * 4, 0, 0),
        (["correct", "open", "open", "open"], 0, 25),
        (["wrong"] * 4, 4, 0),
        (["correct"] * 9 + ["wrong"], 1, 85),
        (["correct"] * 2 + ["wrong"], 0, 66.5),
        (["correct"] * 30 + ["wrong"] * 20, 20, 20),
    ],
)
def test_the_bundled_rubric(verdicts: list[str], slips: int, points: float) -> None:
    assert points_of(record(verdicts, slips), read_rubric(None, MODEL)).total == points


def test_a_bare_0_earns_nothing_where_few_figures_earn_something() -> None:
    own = read_rubric(None, MODEL)
    assert points_of(record(["coarse"] * 2, given="0.0"), own).total == 0
    assert points_of(record(["coarse"] * 2, given="0.1"), own).total == 50


def test_parts_have_points_of_their_own(tmp_path: Path) -> None:
    own = rubric(tmp_path, """
        round = 0
        [deduction]
        slip = 2
        [[part]]
        name = "States"
        of = ["dc", "dh"]
        points = 6
        [[part]]
        name = "Gradients"
        of = ["gradients"]
        points = 4
        """)  # fmt: skip
    found = points_of(record(["correct", "wrong"] * 2, 1, ("dc", "dU_f")), own)
    assert (found.total, found.of) == (4.0, 10.0)
    assert [line.says for line in found.lines] == [
        "States: 2 of 2 earn points, of 6", "Gradients: 0 of 2 earn points, of 4", "1 slip, 2 off",
    ]  # fmt: skip
    assert sum(line.points for line in found.lines) == found.total


def test_a_part_of_which_nothing_is_asked_is_nobodys_loss(tmp_path: Path) -> None:
    own = rubric(tmp_path, '[[part]]\nof = ["forward"]\npoints = 5\n'
                           '[[part]]\nof = ["backward"]\npoints = 5\n')  # fmt: skip
    found = points_of(record(["correct"]), own)
    assert found.total == 10 and "nothing of it is asked for" in found.lines[0].says


def test_credits_deductions_rounding_and_lateness(tmp_path: Path) -> None:
    text = (
        "points = 8\nround = 1\nleast = 1\n[credit]\ncarried = 0.5\n[deduction]\nlate = 3\nslip=0\n"
    )
    own = rubric(tmp_path, text)
    assert points_of(record(["carried"] * 2), own).total == 4
    assert points_of(record(["correct"] * 2), own, late=True).total == 5
    assert points_of(record(["wrong"] * 2), own).total == 1
    assert points_of(record(["correct"] * 2 + ["wrong"]), own).total == 5


def test_a_formula_counts_at_every_step() -> None:
    one = record(["correct", "open", "open"])
    answer = {"symbol": "dc", "t": None, "window": 1, "epoch": 1, "sequence": 1,
              "kind": "formula", "verdict": "correct", "given": "dh[t]*o[t]"}  # fmt: skip
    one["marks"]["answers"] = [answer]
    assert points_of(one, read_rubric(None, MODEL)).total == 100


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("points = -1", "points: expected a number of at least 0, found -1"),
        ('points = "ten"', 'points: expected a finite number, found "ten"'),
        ("[credit]\ncarried = 2", "credit.carried: expected a share from 0 to 1, found 2"),
        ("[credit]\ncaried = 1", "credit.caried: expected one of the keys"),
        ("[deduction]\nslips = 1", "deduction.slips: expected one of the keys slip, most or late, "
         "found an unknown key; did you mean slip?"),
        ('[[part]]\nof = ["dq"]\npoints = 1', "part[1].of: expected forward, backward, gradients, "
         "or a symbol of the problem, found dq"),
        ('[[part]]\nof = "dc"\npoints = 1', "part[1].of: expected a list of symbols or blocks"),
        ('[[part]]\nof = ["dc"]', "part[1].points: expected a number of at least 0, found nothing"),
        ('[[part]]\nof=["dc"]\npoints=1\n[[part]]\nname="b"\nof=["backward"]\npoints=2',
         "part[2].of: expected symbols of one part each, found dc in dc as well"),
        ('points = 5\n[[part]]\nof = ["dc"]\npoints = 1', "points: expected the sum of its parts"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rubric_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        rubric(tmp_path, text)
    assert error.value.lines[0].partition("rubric.toml: ")[2].startswith(message)
