"""The slips that people have made are caught, and named, from natural answers."""

from __future__ import annotations

import pytest

from cellcalc import load
from cellcalc.check.answers import entries_of_text
from cellcalc.check.marking import mark
from cellcalc.check.report import Kind, Report, Verdict
from tests.support.problems import random_data
from tests.support.slipped import SLIPS, answers, worked

UNNAMED = {Kind.UNEXPLAINED, Kind.ARITHMETIC}
DATA = random_data(11, features=1, steps=4)
TRACE = DATA.problem().run()


def marked(text: str) -> Report:
    return mark(TRACE, entries_of_text(text))


def test_work_without_a_slip_is_all_correct() -> None:
    report = marked(answers(worked(DATA)))
    assert report.all_right and len(report.slips) == 0


@pytest.mark.parametrize("figures", [4, 6])
@pytest.mark.parametrize("slip", SLIPS)
@pytest.mark.cases(4)
def test_a_known_slip_is_named_and_counted_once(slip: str, figures: int) -> None:
    symbol, words = SLIPS[slip]
    report = marked(answers(worked(DATA, slip), figures))
    first = report.first_wrong
    assert first is not None and first.answer.symbol == symbol
    assert first.slip is not None and words in first.slip.says, first.slip
    assert len(report.slips) == 1
    # Whatever rests on the slip is right in method: carried, not wrong.
    elsewhere = [m for m in report.marked if m.answer.symbol != symbol]
    assert not [m for m in elsewhere if m.verdict is Verdict.WRONG]


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("dc[t] = dh[t]*o[t]*(1 - tanh(c[t])^2)", "the carousel path"),
        ("dc[t] = dc[t+1]*f[t+1]", "the path through tanh_c of the same step is missing"),
        ("dc[t] = dh[t]*o[t]*(1-tanh_c[t]^2) + dc[t+1]*f[t]", "a wrong step: fₜ for fₜ₊₁"),
        ("dc[t] = dh[t]*o[t] + dc[t+1]*f[t+1]", "the derivative of tanh is missing"),
        ("dc[t] = dh[t] o[t] (1 − tanh²(tanh(cₜ))) + dc[t+1]*f[t+1]", "function's value instead"),
        ("do[t] = dh[t]*c[t]", "cₜ was used where its function's value tanh_c,ₜ belongs"),
        ("dh[t] = V*dy[t]", "everything that flows back from the next step is missing"),
        ("df[t] = dc[t]*c[t]", "a wrong step: cₜ for cₜ₋₁"),
        ("dz_i[t] = di[t]*sigmoid(i[t])*(1 - sigmoid(i[t]))", "function's value instead"),
        ("dz_i[t] = di[t]", "the derivative of σ is missing"),
        ("dU_f = sum(dz_f[t]*h[t])", "a wrong step: hₜ for hₜ₋₁"),
        ("dh[t] = V*dy[t] + W_f*dz_f[t+1] + W_i*dz_i[t+1] + W_g*dz_g[t+1] + W_o*dz_o[t+1]",
         "the wrong weights: W_… for U_…"),
        ("dU_o = dz_o[4]*h[3]", "only the contribution of the last step"),
        ("db_i = sum(dz_f[t])", "another gate's quantity: ∂L/∂z_f,ₜ for ∂L/∂z_i,ₜ"),
        ("dy[t] = 2*(y[t] - target[t])", "a factor 2 too many"),
        ("dW_g = mean(dz_g[t]*x[t])", "the mean over the steps"),
        ("dU_f = dz_f[2]*h[1] + dz_f[3]*h[2] + dz_f[4]*h[3]",
         "the contribution of the first step is missing"),
        ("dz_f[t] = dc[t]*c[t]*f[t]*(1 - f[t])", "in df: a wrong step: cₜ for cₜ₋₁"),
        ("dz_o[t] = dh[t]*tanh_c[t]*o[t]*(1 - o[t]**2)", ""),
        ("dc[2] = dh[2]*o[2]*(1 - tanh(c[2])^2) + dc[3]*f[2]", "a wrong step: fₜ for fₜ₊₁"),
    ],
)  # fmt: skip
def test_a_wrong_formula_is_named_with_both_formulas(formula: str, words: str) -> None:
    (one,) = marked(formula).marked
    assert one.verdict is Verdict.WRONG
    assert one.counterexample is not None
    assert one.counterexample.gives != pytest.approx(one.counterexample.right, rel=1e-3)
    if words:
        assert one.slip is not None and words in one.slip.says


def test_two_slips_in_one_formula_are_both_named() -> None:
    (one,) = marked("dc[t] = dh[t]*o[t]*(1 - tanh_c[t]^2)*2 - dc[t+1]*f[t+1]").marked
    assert one.slip is not None
    assert ", and " in one.slip.says and "∂L/∂cₜ₊₁·fₜ₊₁" in one.slip.says


def test_two_slips_in_two_rows_are_counted_apart() -> None:
    values = worked(DATA, "c[t] for c[t-1]")
    values["dU_g"] *= 2.0
    report = marked(answers(values))
    assert len(report.slips) == 2
    says = {m.slip.says for m in report.marked if m.slip}
    assert any("cₜ for cₜ₋₁" in text for text in says)
    assert any("factor 2" in text for text in says)


def test_a_slip_in_a_row_that_no_answer_shows_is_found_there() -> None:
    values = worked(DATA, "c[t] for c[t-1]")
    kept = {name: value for name, value in values.items() if not name.startswith("df[")}
    first = marked(answers(kept)).first_wrong
    assert first is not None and first.answer.symbol == "dz_f"
    assert first.slip is not None and first.slip.symbol == "df"
    assert first.slip.says == "in df: a wrong step: cₜ for cₜ₋₁"


def test_gradients_alone_give_away_a_slip() -> None:
    values = worked(DATA, "carousel left out")
    totals = {name: value for name, value in values.items() if "[" not in name}
    first = marked(answers(totals, 6)).first_wrong
    assert first is not None and first.slip is not None and first.slip.symbol == "dc"
    assert "carousel" in first.slip.says


def test_an_arithmetic_slip_with_few_digits_is_not_given_a_name() -> None:
    values = worked(DATA)
    text = answers(values).replace(f"dc[2] = {values['dc[2]']:.5g}", "dc[2] = 0.1")
    first = marked(text).first_wrong
    assert first is not None and first.answer.given == "0.1"
    assert first.slip is not None and first.slip.kind is Kind.UNEXPLAINED


@pytest.mark.cases(0)
def test_a_name_is_never_given_to_random_numbers() -> None:
    import random

    generator = random.Random(7)
    values = worked(DATA)
    named = 0
    for _ in range(12):
        name = generator.choice([n for n in values if n.startswith("d")])
        factor = generator.uniform(0.5, 1.5)
        changed = {**values, name: values[name] * factor}
        report = marked(answers(changed, 4))
        named += sum(slip.kind not in UNNAMED for slip in report.slips)
    assert named <= 1


def test_several_explanations_are_listed_and_told_apart() -> None:
    # At the last step f[t+1] is 0, so that two edits of f·(1 − f) come to the same.
    values = worked(DATA)
    wrong = values["df[4]"] * values["f[4]"]
    report = marked(
        f"df[4] = {values['df[4]']:.8g}\nf[4] = {values['f[4]']:.8g}\ndz_f[4] = {wrong:.6g}"
    )
    first = report.first_wrong
    assert first is not None and first.slip is not None
    assert first.slip.says == "the factor 1 − fₜ is missing"
    assert "a wrong step: fₜ₊₁ for fₜ" in first.slip.others
    assert first.slip.apart == "dz_f[2]"


def test_the_old_cell_in_the_output_peephole_is_named() -> None:
    trace = load("peephole").run()
    text = "z_o[t] = W_o*x[t] + U_o*h[t-1] + p_o*c[t-1] + b_o"
    (one,) = mark(trace, entries_of_text(text)).marked
    assert one.verdict is Verdict.WRONG and one.slip is not None
    assert "a wrong step: cₜ₋₁ for cₜ" in one.slip.says
