"""One cause is counted once: in sibling rows, of the scheme, of the update, of copying."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cellcalc import load
from cellcalc.check.answers import Entry, entries_of_text
from cellcalc.check.marking import mark
from cellcalc.check.report import Kind, Report, Verdict
from tests.support.problems import random_data
from tests.support.slipped import answers, worked

DATA = random_data(11, features=1, steps=4)
TRACE = DATA.problem().run()


def marked(values: dict[str, float], figures: int = 5) -> Report:
    return mark(TRACE, entries_of_text(answers(values, figures)))


def gradients(values: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if "[" not in name}


def test_a_slip_in_every_gate_is_one_cause() -> None:
    h = [DATA.initial["h"], *(worked(DATA)[f"h[{t}]"] for t in range(1, 5))]
    values = worked(DATA)
    for k in "figo":
        values[f"dU_{k}"] = sum(values[f"dz_{k}[{t}]"] * h[t] for t in range(1, 5))
    (slip,) = marked(gradients(values)).slips
    assert slip.rows == ("dU_f", "dU_i", "dU_g", "dU_o") and len(slip.answers) == 4


def test_a_slip_repeated_is_no_new_deduction_and_not_right_in_method() -> None:
    report = marked(worked(DATA, "wrong step's forget gate"))
    (slip,) = report.slips
    verdicts = [report.marked[k].verdict for k in slip.answers]
    assert sorted(verdicts) == [Verdict.REPEATED, Verdict.REPEATED, Verdict.WRONG]


@pytest.mark.parametrize(
    ("name", "copied", "words"),
    [
        ("dc[3]", lambda text: text[:-2] + text[-1] + text[-2], "digits were exchanged"),
        ("dz_i[3]", lambda text: f"{float(text) * 10:.5g}", "decimal point was moved"),
        ("dW_g", lambda text: text.removeprefix("-") if text[0] == "-" else f"-{text}", "sign"),
    ],
)
@pytest.mark.cases(1)
def test_a_number_copied_wrongly_is_recognised(name, copied, words) -> None:  # type: ignore[no-untyped-def]
    values = worked(DATA)
    given = {key: f"{value:.5g}" for key, value in values.items()}
    given[name] = copied(given[name])
    report = mark(TRACE, [Entry(k, *pair) for k, pair in enumerate(given.items(), 1)])
    (slip,) = report.slips
    assert slip.kind is Kind.COPY and words in slip.says


def test_where_most_is_wrong_and_nothing_explains_it_that_is_said_once() -> None:
    values = gradients(worked(DATA))
    off = [1.7, 0.43, 1.31, 0.72, 1.9, 0.55, 1.23, 0.81, 1.49, 0.37, 1.12, 0.66, 1.83, 0.91]
    changed = {n: v * f for (n, v), f in zip(values.items(), off, strict=False)}
    (slip,) = marked(changed).slips
    assert slip.kind is Kind.UNEXPLAINED and slip.formula is None


def windows(trace, figures: int = 7) -> list[Entry]:  # type: ignore[no-untyped-def]
    return [
        Entry(w, name, f"{value:.{figures}g}", window=w)
        for w, window in enumerate(trace.passes[0].windows, 1)
        for name, value in {**window.gradients, **window.after}.items()
    ]


@pytest.mark.parametrize(
    ("done", "words"),
    [
        ({"scheme": "block(2)"}, "detached"),
        ({"scheme": "full"}, "full BPTT"),
        ({"scheme": "tbptt(2,3)"}, "k2 = 3"),
    ],
)
@pytest.mark.cases(1)
def test_another_scheme_is_named(done: dict[str, str], words: str) -> None:
    asked = load("ten_steps", scheme="tbptt(2,4)").run()
    other = load("ten_steps", **done).run()  # type: ignore[arg-type]
    report = mark(asked, windows(other))
    assert len(report.slips) == 1 and report.slips[0].kind is Kind.SCHEME
    assert words in report.slips[0].says


@pytest.mark.parametrize(
    ("sign", "words"), [(1.0, "added, not subtracted"), (-2.0, "")], ids=["ascent", "other"]
)
def test_updated_parameters_rest_on_the_gradients_given(sign: float, words: str) -> None:
    window = TRACE.passes[0].windows[0]
    rate = TRACE.specification.update.learning_rate
    after = {n: v + sign * rate * window.gradients[f"d{n}"] for n, v in window.before.items()}
    report = mark(TRACE, [Entry(k, n, f"{v:.7g}") for k, (n, v) in enumerate(after.items())])
    assert len(report.slips) == 1 and words in report.slips[0].says


def test_a_wrong_gradient_is_carried_into_the_next_window() -> None:
    trace = load("ten_steps", scheme="block(5)").run()
    first, second = trace.passes[0].windows
    wrong = first.gradients["dU_f"] * 1.5
    rate = trace.specification.update.learning_rate
    text = f"window = 1\ndU_f = {wrong:.7g}\nU_f = {first.before['U_f'] - rate * wrong:.7g}\n"
    found = mark(trace, entries_of_text(text)).marked
    assert [m.verdict for m in found] == [Verdict.WRONG, Verdict.CARRIED]
    assert second.window.new == 6


def test_an_answer_for_what_the_problem_does_not_have_gets_a_sentence() -> None:
    trace = load("ten_steps", scheme="block(5)").run()
    entry = Entry(1, "dU_f", "1.0", window=7)
    report = mark(trace, [entry, replace(entry, left="dc[9]", window=1)])
    assert not report.marked
    assert [one.why for one in report.unreadable] == [
        "expected a window from 1 to 2, found window 7",
        "expected a step that window 1 sweeps, 1 to 5, found dc[9]",
    ]
