"""What a report tells: what is not right and why first, and no more than is asked for."""

from __future__ import annotations

import json

import pytest

from tests.support.command import Run

SLIP = "dc[t] = dh[t]*o[t]*(1 - tanh(c[t])^2)"  # the carousel's path is missing
ANSWERS = ("-e", "c[2] = 1.5176", "-e", "f[1] = 0.852", "-e", SLIP)


def test_what_is_not_right_comes_first_and_what_is_right_only_when_asked(run: Run) -> None:
    text = run("check", "gomez", *ANSWERS).stdout
    lines = text.splitlines()
    assert lines[1] == "2 correct, 1 wrong; one slip"
    assert lines[3].startswith("First mistake: dc[t] (-e 3): the carousel path")
    assert "c[2]" not in text and "The other 2 are right (--all shows them)" in text
    whole = run("check", "gomez", *ANSWERS, "--all").stdout
    assert "c[2]" in whole and "--all" not in whole


def test_a_few_answers_that_are_all_right_are_shown(run: Run) -> None:
    result = run("check", "gomez", *ANSWERS[:4])
    assert result.exit_code == 0
    assert "✓ correct" in result.stdout and "mistake" not in result.stdout


def test_hints_tell_more_and_more(run: Run) -> None:
    found = {
        level: run("check", "gomez", *ANSWERS, "--hints", level).stdout
        for level in ("where", "quantity", "term", "all")
    }
    assert "First mistake: in an equation (-e 3)" in found["where"]
    assert "dc" not in found["where"]
    assert "First mistake: dc[t] (-e 3): look at it again" in found["quantity"]
    assert "look at this term of ∂L/∂cₜ: ∂L/∂cₜ₊₁·fₜ₊₁" in found["term"]
    assert "missing" not in found["term"] and "expected" not in found["term"]
    assert found["all"] == run("check", "gomez", *ANSWERS).stdout
    assert run("check", "gomez", *ANSWERS, "--hints").stdout == found["where"]


@pytest.mark.parametrize("level", ["where", "quantity", "term"])
def test_hints_give_nothing_away_as_data(level: str, run: Run) -> None:
    data = json.loads(run("check", "gomez", *ANSWERS, "--hints", level, "-f", "json").stdout)
    assert {a["expected"] for a in data["answers"]} == {None}
    assert {a["slip"] for a in data["answers"]} == {None}
    assert data["slips"] == [] and "counterexample" not in data["answers"][2]
    assert data["hint"]


def test_the_data_have_what_the_text_has(run: Run) -> None:
    data = json.loads(run("check", "gomez", *ANSWERS, "-f", "json").stdout)
    wrong = data["answers"][2]
    assert [a["line"] for a in data["answers"]] == [1, 2, 3]
    keys = ("line", "symbol", "t", "epoch", "sequence", "window", "kind", "given", "expected")
    assert list(wrong)[: len(keys)] == list(keys)
    assert wrong["verdict"] == "wrong" and wrong["note"] == ""
    (slip,) = data["slips"]
    assert slip["answers"] == [2]
    assert slip["formula"] == wrong["slip"]["formula"] == "dtanh_c[t]*(1 - tanh_c[t]**2)"
    assert slip["says"] == wrong["slip"]["says"]
    assert wrong["counterexample"]["right"] == pytest.approx(-0.0534836, rel=1e-5)
    assert data["summary"] == {
        "correct": 2, "carried": 0, "repeated": 0, "coarse": 0, "wrong": 1, "open": 0,
        "unreadable": 0, "slips": 1,
    }  # fmt: skip
    assert data["first"] == 2


def test_several_answers_on_the_command_line_are_told_apart_from_a_file(run: Run) -> None:
    result = run("check", "gomez", "-", *ANSWERS[4:], "-f", "json", stdin="c[2] = 1.5176\n")
    lines = [answer["line"] for answer in json.loads(result.stdout)["answers"]]
    assert lines == [1, "-e 1"]


def test_several_answers_on_the_command_line_are_told_by_their_number(run: Run) -> None:
    text = run("check", "gomez", *ANSWERS, "-e", "dq[1] = 2").stdout
    assert "(-e 3)" in text and "Not read, -e 4: dq[1] = 2" in text
    assert "line" not in text.partition("answer")[0]


def test_a_heading_on_the_command_line_holds_for_what_follows(run: Run) -> None:
    result = run("check", "gomez", "-e", "t = 2", "-e", "c = 1.5176")
    assert result.exit_code == 0


def test_the_report_fits_the_page(run: Run) -> None:
    text = run("check", "gomez", *ANSWERS, "-e", "dz_f[t] = dc[t]*c[t-1]*f[t]", "--all").stdout
    assert max(map(len, text.splitlines())) <= 80


def test_figures_are_asked_for(run: Run) -> None:
    assert run("check", "gomez", "-e", "c[2] = 1.518", "--figures", "4").exit_code == 0
    result = run("check", "gomez", "-e", "c[2] = 1.52", "--figures", "4")
    assert (result.exit_code, "coarse" in result.stdout) == (1, True)


def test_a_task_that_rounds_is_marked_as_it_rounds(run: Run) -> None:
    rounded = json.loads(
        run("table", "gomez", "--hand-rounding", "2", "-f", "json").stdout
    )["passes"][0]["windows"][0]["gradients"]  # fmt: skip
    answers = [word for name in ("dW_i1", "dU_f", "db_g") for word in
               ("-e", f"{name} = {rounded[name]}")]  # fmt: skip
    result = run("check", "gomez", *answers, "--hand-rounding", "2", "--figures", "1")
    assert result.exit_code == 0, result.stdout
