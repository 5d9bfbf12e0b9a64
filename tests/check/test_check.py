"""Marking as a whole: verdicts, the report in words and as JSON, hand rounding, exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cellcalc import load, resources
from cellcalc.check.answers import Entry, entries_of_text
from cellcalc.check.marking import mark
from cellcalc.check.report import Marked, Verdict
from tests.support.command import Run
from tests.support.oracles import sample
from tests.support.paths import EXPECTED
from tests.support.problems import random_data
from tests.support.slipped import answers, worked

ANSWERS = EXPECTED / "answers_gomez.txt"
TRACE = load("gomez").run()
# Nobody works so many steps by hand as some examples have.
EXAMPLES = [
    name
    for name in resources.names("examples")
    if sum(sequence.steps for sequence in load(name).specification.sequences) <= 60
]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("check_gomez.txt", ()),
        ("check_gomez_hints.txt", ("--hints",)),
        ("check_gomez.json", ("--format", "json")),
    ],
)
def test_the_report_as_it_is_printed(name: str, options: tuple[str, ...], run: Run) -> None:
    result = run("check", "gomez", ANSWERS, *options)
    assert result.stdout == (EXPECTED / name).read_text(encoding="utf-8")
    assert (result.exit_code, result.stderr) == (1, "")


def test_the_report_fits_eighty_columns() -> None:
    for name in ("check_gomez.txt", "check_gomez_hints.txt", "suggest_gomez.txt"):
        text = (EXPECTED / name).read_text(encoding="utf-8")
        assert max(map(len, text.splitlines())) <= 80


def test_all_right_exits_with_0_and_carried_counts_as_not_all_right(run: Run) -> None:
    assert run("check", "gomez", "-e", "c[2] = 1.5176").exit_code == 0
    values = worked(DATA, "sign")
    text = answers(values)
    assert mark(DATA.problem().run(), entries_of_text(text)).count(Verdict.CARRIED) > 5
    result = run("check", "gomez", "-e", "c[2] = 1.5176", "-e", "dq[1] = 2")
    assert result.exit_code == 1


DATA = random_data(11, features=1, steps=4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gomez",), "Error: ANSWERS: expected answers in a file or with -e, found none\n"),
        (("gomez", "none.txt"), "Error: none.txt: expected a file, found nothing there\n"),
        (("-", "-"), "Error: ANSWERS: expected a file, since PROBLEM is -, found -\n"),
        (("gomez", "--suggest", "-e", "c[2]=1"),
         "Error: --suggest: expected no answers with it, found c[2]=1\n"),
        (("gomez", "-e", "c[2] = 1", "--notation", "gomes"),
         "Error: --notation: expected one of cs231n, gomez, goodfellow, graves, greff, "
         'hochreiter, keras, ng, olah or pytorch, found "gomes"; did you mean gomez?\n'),
    ],
)  # fmt: skip
def test_trouble_exits_with_2_and_says_why(
    arguments: tuple[str, ...], message: str, run: Run, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    stdin = (resources.folder("examples") / "gomez.toml").read_text(encoding="utf-8")
    result = run("check", *arguments, stdin=stdin)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", message)


def test_answers_come_from_standard_input_and_from_options(run: Run) -> None:
    result = run("check", "gomez", "-", "-e", "h[2] = 0.772", "-f", "json", stdin="c[2] = 1.5176\n")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["summary"] == {
        "correct": 2, "carried": 0, "repeated": 0, "coarse": 0, "wrong": 0, "open": 0,
        "unreadable": 0, "slips": 0,
    }  # fmt: skip


def test_answers_in_an_authors_symbols(run: Run) -> None:
    """Gomez's own numbers: his δa on the net input, and his state."""
    text = "state_2 = 1.5176\nδstate_2 = -0.07111\nδi_1 = -0.00165\nδW_f1 = 1\nδ_i = 2\n"
    result = run("check", "gomez", "-", "--notation", "gomez", "-f", "json", stdin=text)
    found = [(a["symbol"], a["t"], a["verdict"]) for a in json.loads(result.stdout)["answers"]]
    assert found[:3] == [("c", 2, "correct"), ("dc", 2, "correct"), ("dz_i", 1, "correct")]


@pytest.mark.parametrize("name", sample(EXAMPLES, 3))
@pytest.mark.parametrize("decimals", [4, 5])
def test_correct_work_rounded_at_every_step_is_never_wrong(name: str, decimals: int) -> None:
    """All values of a calculation by hand, and then only some of them."""
    problem = load(name)
    one = problem.run(hand_rounding=decimals).passes[0]
    truth = problem.run()
    given = [
        (f"{symbol}[{t}]", values[t])
        for t in range(1, one.steps + 1)
        for symbol, values in one.forward.items()
        if values[t] == values[t]
    ]
    for window in one.windows[:1]:
        steps = [(t, k) for k, t in enumerate(window.steps)]
        given += [(f"{s}[{t}]", v[k]) for s, v in window.backward.items() for t, k in steps]
        given += [(symbol, value) for symbol, value in window.gradients.items()]
    text = [(left, f"{value:.{decimals}f}") for left, value in given]
    for chosen in (text, [p for p in text if "[" not in p[0]], text[::7]):
        entries = [Entry(k, *pair) for k, pair in enumerate(chosen, 1)]
        report = mark(truth, entries)
        assert len(report.marked) == len(entries)
        wrong = [m for m in report.marked if m.verdict is not Verdict.CORRECT and not is_nothing(m)]
        assert not wrong and not report.unreadable, (wrong[:2], report.unreadable[:2])


def test_each_step_is_marked_with_the_parameters_that_it_had() -> None:
    """Updates after every step, the weights of each kept: beyond the first window, too."""
    data = random_data(5, 2, 4)
    data.bptt = 'scheme = "realtime"\nweights = "stored"'
    trace = data.problem().run()
    given = [(f"{s}[{t}]", trace[s][t - 1]) for s in ("z_f", "c", "h", "E") for t in range(1, 5)]
    report = mark(trace, [Entry(k, s, f"{v:.6g}") for k, (s, v) in enumerate(given, 1)])
    assert [marked.verdict for marked in report.marked] == [Verdict.CORRECT] * 16


def is_nothing(marked: Marked) -> bool:
    """Whether an answer has no figure at all: too coarse to tell, however right."""
    number = marked.answer.number
    return marked.verdict is Verdict.COARSE and number is not None and not number.figures


def test_few_figures_are_too_coarse_to_tell() -> None:
    (one,) = mark(TRACE, entries_of_text("dc[2] = -0.07")).marked
    assert one.verdict is Verdict.COARSE and "proves little" in one.note
    (one,) = mark(TRACE, entries_of_text("dc[2] = -0.0711")).marked
    assert one.verdict is Verdict.CORRECT and not one.note


def test_a_tolerance_overrides_the_digits() -> None:
    loose = mark(TRACE, entries_of_text("dc[2] = -0.072"), tolerance=0.02)
    assert loose.all_right
    assert not mark(TRACE, entries_of_text("dc[2] = -0.072")).all_right


def test_what_follows_from_a_mistake_is_carried_even_if_the_mistake_has_no_name() -> None:
    trace = DATA.problem().run()
    values = worked(DATA)
    dc = values["dc[4]"] * 1.2345
    f, c = values["f[4]"], values["c[3]"]
    text = f"dc[4] = {dc:.5g}\ndf[4] = {dc * c:.5g}\ndz_f[4] = {dc * c * f * (1 - f):.5g}\n"
    found = mark(trace, entries_of_text(text)).marked
    assert [m.verdict.value for m in found] == ["wrong", "carried", "carried"]


def test_the_parameters_after_the_update_are_marked() -> None:
    window = TRACE.passes[0].windows[0]
    text = f"W_f1 = {window.after['W_f1']:.6f}\nU_f = {window.before['U_f'] + 0.1:.6f}"
    found = mark(TRACE, entries_of_text(text)).marked
    assert [m.verdict.value for m in found] == ["correct", "wrong"]


def test_answers_for_a_certain_window() -> None:
    trace = load("ten_steps", scheme="block(3)").run()
    second = trace.passes[0].windows[1].gradients["dU_f"]
    (one,) = mark(trace, entries_of_text(f"window = 2\ndU_f = {second:.6g}")).marked
    assert (one.verdict.value, one.window) == ("correct", 2)
    (one,) = mark(trace, entries_of_text(f"dU_f = {second:.6g}")).marked
    assert (one.verdict.value, one.window) == ("wrong", 1)


def test_what_a_problem_hides_as_a_page(run: Run) -> None:
    page = run("check", "gomez", "--suggest", "-f", "markdown").stdout
    assert page.startswith("# Backpropagating an LSTM") and "\n| in " in page
    page = run("check", "gomez", "--suggest", "-f", "html").stdout
    assert page.startswith("<!DOCTYPE html>") and "<th>in</th>" in page


def test_suggest_says_what_a_problem_hides(run: Run) -> None:
    result = run("check", "gomez", "--suggest")
    assert result.stdout == (EXPECTED / "suggest_gomez.txt").read_text(encoding="utf-8")
    assert result.exit_code == 0


def test_one_step_from_zero_hides_many_slips_and_a_good_problem_none(
    run: Run, tmp_path: Path
) -> None:
    bad = random_data(3, features=1, steps=1)
    bad.initial = {"h": 0.0, "c": 0.0}
    path = tmp_path / "bad.toml"
    path.write_text(bad.toml())
    found = json.loads(run("check", path, "--suggest", "-f", "json").stdout)
    assert found["hidden"] >= 0.2 * found["slips"]
    says = [change["says"] for change in found["changes"]]
    assert any("initial state" in text for text in says)
    assert any("three steps" in text for text in says)
    path.write_text(DATA.toml())
    assert json.loads(run("check", path, "--suggest", "-f", "json").stdout)["hidden"] == 0
