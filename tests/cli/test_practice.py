"""``cellcalc practice``: one quantity at a time, marked at once, hints, and a record to go on from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cellcalc
from cellcalc.check.practising import Practice
from tests.support.command import Run

ASKED = ["practice", "gomez", "--practice", "dh,dc"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(*answers: object) -> str:
    return "".join(f"{answer}\n" for answer in answers)


def test_a_whole_session(run: Run) -> None:
    answers = typed("-0.478", "?", "?", "-0.0711", "0.018", "-0.0535", "0.0180", "", "q")
    result = run(*ASKED, stdin=answers)
    assert result.exit_code == 1 and result.stderr == ""
    assert result.stdout == (
        "4 values, 3 significant figures each. ? tells a hint, skip leaves one out, quit\n"
        "stops.\n"
        "\n"
        "1/4  dh[2]   how the loss changes with h (hidden output)\n"
        "dh[2] = -0.478\n"
        "  ✓ correct\n"
        "\n"
        "2/4  dc[2]   how the loss changes with c (memory cell)\n"
        "dc[2] = ?\n"
        "  ∂L/∂c₂ = ∂L/∂tanh_c,₂·(1 − tanh_c,₂²) + ∂L/∂c₃·f₃\n"
        "dc[2] = ?\n"
        "  ∂L/∂c₂ = (−0.40628)·(1 − 0.90828²) + 0·0\n"
        "dc[2] = -0.0711\n"
        "  ✓ correct\n"
        "\n"
        "3/4  dh[1]   how the loss changes with h (hidden output)\n"
        "dh[1] = 0.018\n"
        "  ≈ coarse: right as far as it goes; 2 significant figures prove little\n"
        "dh[1] = -0.0535\n"
        "  ✗ wrong: the value of dc[1] stands here\n"
        "dh[1] = 0.0180\n"
        "  ✓ correct\n"
        "\n"
        "4/4  dc[1]   how the loss changes with c (memory cell)\n"
        "dc[1] = \n"
        "3 of 4 right, 1 of them at once; 1 left. The next time goes on from\n"
        "gomez-practice.json.\n"
    )


def test_it_goes_on_from_its_record(run: Run, folder: Path) -> None:
    first = run(*ASKED, stdin=typed("-0.478", "quit"))
    assert first.exit_code == 1 and "1 of 4 right, 1 of them at once; 3 left" in " ".join(
        first.stdout.split()
    )
    record = json.loads((folder / "gomez-practice.json").read_text(encoding="utf-8"))
    assert [(a["symbol"], a["t"], a["given"], a["verdict"]) for a in record["answers"]] == [
        ("dh", 2, "-0.478", "correct")
    ]
    second = run(*ASKED, stdin=typed("-0.0711", "0.0180", "-0.0535"))
    assert second.exit_code == 0
    assert second.stdout.startswith("Going on: 1 of 4 are right.\n") and "1/4" not in second.stdout
    assert second.stdout.endswith("All 4 are right, 4 of them at once.\n")
    assert run(*ASKED, "--again", stdin=typed("q")).stdout.count("1/4") == 1


def test_a_wrong_answer_is_asked_for_again_and_its_slip_is_told(run: Run) -> None:
    result = run(*ASKED, stdin=typed("-0.478", "-0.0711", "0.0180", "0.00840", "-0.0535"))
    assert "✗ wrong: the carousel path" in result.stdout
    assert result.exit_code == 0
    assert result.stdout.endswith("All 4 are right, 3 of them at once.\n")


def test_what_follows_from_an_earlier_mistake_is_carried() -> None:
    trace = cellcalc.load("gomez").run()
    practice = Practice(trace, "dtanh_c,dc")
    questions = {question.label: question for question in practice.questions}
    assert practice.judge(questions["dtanh_c[2]"], "-0.500").verdict == "wrong"
    own = -0.5 * (1 - trace["tanh_c"][1] ** 2)
    assert practice.judge(questions["dc[2]"], f"{own:.5g}").verdict == "carried"


def test_another_exercises_record_is_refused(run: Run, folder: Path) -> None:
    run(*ASKED, stdin=typed("quit"))  # without an answer nothing is kept
    assert not list(folder.iterdir())
    run(*ASKED, stdin=typed("?", "quit"))
    result = run("practice", "gomez", "--practice", "c", stdin=typed("quit"))
    assert result.exit_code == 2
    assert "gomez-practice.json: exercise: expected the record of this exercise (--again" in (
        result.stderr
    )
    (folder / "gomez-practice.json").write_text("{")
    result = run(*ASKED, stdin=typed("quit"))
    assert result.exit_code == 2 and "expected the record of an exercise" in result.stderr


@pytest.mark.parametrize(
    "problem", ["gomez", "two_step", "gru_chung", "peephole", "ten_steps", "truncated"]
)
@pytest.mark.parametrize("asked", ["backward", "all"])
@pytest.mark.cases(1)
def test_the_right_answers_are_right_and_every_hint_leads_to_them(problem: str, asked: str) -> None:
    trace = cellcalc.load(problem).run()
    practice = Practice(trace, asked)
    assert len(practice.questions) > 10
    for question in practice.questions[:40]:
        value = float(question.hints[-1].rpartition(" = ")[2].replace("−", "-"))
        text = f"{value:.5g}"
        judged = practice.judge(question, text)
        assert judged.verdict in ("correct", "carried", "coarse"), (question.label, text, judged)


def test_it_speaks_chinese(run: Run) -> None:
    result = run(*ASKED, "--lang", "zh", stdin=typed("-0.478", "quit"))
    assert "✓ 正确" in result.stdout and "共 4 个值" in result.stdout
