"""Rules of an optimizer, written for every parameter w: read, and held against the problem's."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from cellcalc import resources
from cellcalc.api import Problem
from cellcalc.check.handed_in import read_answers
from cellcalc.check.marking import mark
from cellcalc.check.report import Marked, Report, Verdict
from cellcalc.engine.optimizer import rules
from cellcalc.engine.trace import Trace
from cellcalc.language.authors import FOLDER
from cellcalc.language.authors import load as load_author
from cellcalc.problems.specification import read_specification
from cellcalc.views.derivation import derive
from tests.support.oracles import THOROUGH

OPTIMIZERS = resources.names("templates/optimizers")
AUTHORS = ("", *resources.names(FOLDER)) if THOROUGH else ("", "goodfellow", "hochreiter")
FORMS = {"text": ".txt", "ascii": ".txt", "latex": ".tex", "markdown": ".md"}


@cache
def trace_of(optimizer: str, author: str = "", ascii: bool = False, more: str = "") -> Trace:
    text = f"""
cell = "lstm"
[parameters]
random = {{seed = 7, scale = 0.6}}
[initial]
h = 0.21
c = -0.15
[[sequence]]
x = [0.2, -0.4, 0.5]
target = [0.3, -0.2, 0.55]
[bptt]
k1 = 2
k2 = 2
[update]
optimizer = "{optimizer}"
{more}
"""
    specification = read_specification(text, "rules.toml", Path())
    return Problem.of(specification, load_author(author) if author else None, ascii).run()


def marked(text: str, trace: Trace, ending: str = ".txt") -> Report:
    return mark(trace, read_answers(text.encode(), f"answers{ending}"))


def only(text: str, optimizer: str, more: str = "") -> Marked:
    (one,) = marked(text, trace_of(optimizer, more=more)).marked
    return one


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.cases(3)
def test_every_rule_that_is_printed_is_read_and_correct(optimizer: str, form: str) -> None:
    for author in AUTHORS:
        trace = trace_of(optimizer, author, form == "ascii")
        kind = "text" if form == "ascii" else form
        report = marked(derive(trace.specification, trace.model, kind), trace, FORMS[form])
        assert not report.unreadable, (author, report.unreadable)
        found = [one.answer.symbol for one in report.marked if one.answer.rule]
        update = trace.specification.update
        assert found == [rule.symbol for rule in rules(update.optimizer, "w")], author
        wrong = [one for one in report.marked if one.verdict is not Verdict.CORRECT]
        assert not wrong, (author, wrong[0].answer.given)


@pytest.mark.parametrize(
    ("optimizer", "rule"),
    [
        ("sgd", "w ← w[t-1] − learning_rate·∂L/∂w"),
        ("sgd", "w = w - η * dL/dw"),
        ("sgd", "w := w - lr*dw"),
        ("sgd", r"$w \leftarrow w - \eta \nabla w$"),
        ("sgd", r"$w \leftarrow w - \alpha \frac{\partial L}{\partial w}$"),
        ("sgd-decay", "w ← (1 − η·weight_decay)·w − η·∂L/∂w"),
        ("momentum", "v_w ← momentum·v_w[t-1] + ∂L/∂w"),
        ("momentum", "w ← w − η·(momentum·v_w[t-1] + ∂L/∂w)"),
        ("adam", "m̂_w ← m_w/(1 − β₁^k)"),
        ("adam", r"$\hat{m}_w \leftarrow \frac{m_w}{1 - \beta_1^k}$"),
        ("adam", "m_w ← ∂L/∂w + β₁·(m_w − ∂L/∂w)"),
        ("adam", "w ← w − η·(m_w/(1 − β₁^k))/(√(v_w/(1 − β₂^k)) + ε)"),
        ("rmsprop", "v_w ← alpha·v_w + (1 − α)·dw²"),
    ],
)
def test_a_rule_in_another_form_is_correct(optimizer: str, rule: str) -> None:
    one = only(rule, optimizer)
    assert one.verdict is Verdict.CORRECT, one
    assert one.note == ""


@pytest.mark.parametrize(
    ("optimizer", "rule"),
    [
        ("sgd", "w ← w + learning_rate·∂L/∂w"),
        ("sgd", "w ← w − ∂L/∂w"),
        ("sgd", "w ← w − learning_rate·|∂L/∂w|"),
        ("sgd-decay", "w ← w − learning_rate·∂L/∂w"),
        ("momentum", "v_w ← momentum·v_w"),
        ("momentum", "w ← w − learning_rate·v_w[t-1]"),
        ("nesterov", "w ← w − learning_rate·v_w"),
        ("adagrad", "w ← w − learning_rate·∂L/∂w/√(v_w)"),
        ("adam", "m_w ← beta₂·m_w + (1 − beta₂)·∂L/∂w"),
        ("adam", "v_w ← beta₂·v_w + (1 − beta₂)·∂L/∂w"),
        ("adam", "m_hat_w ← m_w/(1 − beta₁)"),
        ("adam", "m_hat_w ← m_w[t-1]/(1 − beta₁^k)"),
        ("adam", "w ← w − learning_rate·m_w/(√(v_w) + epsilon)"),
        ("adamw", "w ← w − learning_rate·m_hat_w/(√(v_hat_w) + epsilon)"),
    ],
)
def test_another_rule_is_wrong(optimizer: str, rule: str) -> None:
    one = only(rule, optimizer)
    assert one.verdict is Verdict.WRONG
    example = one.counterexample
    assert example is not None
    assert abs(example.gives - example.right) > 1e-9
    assert example.numbers


def test_the_settings_of_the_problem_may_stand_as_numbers() -> None:
    one = only("w ← w − 0.25·∂L/∂w", "sgd", "learning_rate = 0.25")
    assert one.verdict is Verdict.CORRECT
    assert "learning_rate = 0.25" in one.note
    assert only("w ← w − 0,25·∂L/∂w", "sgd", "learning_rate = 0.25").verdict is Verdict.CORRECT
    assert only("w ← w − 0.3·∂L/∂w", "sgd", "learning_rate = 0.25").verdict is Verdict.WRONG


def test_only_the_settings_that_a_rule_rests_on_are_named() -> None:
    one = only("m_w ← 0.9·m_w + 0.1·∂L/∂w", "adam")
    assert one.verdict is Verdict.CORRECT
    assert "beta1 = 0.9" in one.note
    assert "beta2" not in one.note


@pytest.mark.parametrize(
    "rule", ["v_w ← mu_2·v_w + ∂L/∂w", "v_w ← v_w[t] + ∂L/∂w", "v_w ← momentum·(v_w + ∂L/∂w"]
)
def test_a_rule_that_cannot_be_read_is_unreadable(rule: str) -> None:
    report = marked(rule, trace_of("momentum"))
    assert not report.marked
    assert [one.given for one in report.unreadable]


@pytest.mark.parametrize(
    "text", ["w = w*q + 3", "v = 0.9*v - 0.1*dw", "w = w + v", "w_1 = w - lr*dw", "m = m + w"]
)
def test_what_may_be_something_else_is_not_marked(text: str) -> None:
    """Whose v it is, and so which velocity is meant, is not said."""
    assert not marked(text, trace_of("momentum")).marked


def test_a_program_calls_its_own_numbers_so() -> None:
    report = marked(
        "w = 3.0\ndw = 2.0\nfor k in range(3):\n    w = w + dw\n", trace_of("sgd"), ".py"
    )
    assert not any(one.answer.rule for one in report.marked)


def test_the_update_of_one_parameter_is_read_as_before() -> None:
    report = marked("W_f' = W_f - learning_rate*dW_f\nw ← w − η·dw", trace_of("sgd"))
    assert [one.answer.rule for one in report.marked] == ["", "w"]
    assert all(one.verdict is Verdict.CORRECT for one in report.marked)


@pytest.mark.parametrize(
    ("optimizer", "rule"),
    [
        ("sgd", "w_{t+1} = w_t − η ∂L/∂w_t"),
        ("sgd", "w_{t+1} ← w_t − η ∇_w L"),
        ("sgd", "θ ← θ − η ∇θ"),
        ("sgd", r"\theta_{t+1} = \theta_t - \eta \nabla_\theta L"),
        ("sgd", "W = W - lr*dW"),
        ("sgd", "w_new = w_old - lr*grad"),
        ("momentum", "v ← β v + ∂L/∂w"),
        ("momentum", "v_{t+1} = 0.9 v_t + g_t"),
        ("momentum", "w ← w − η v"),
        ("adam", "m_t = β1 m_{t-1} + (1 - β1) g_t"),
        ("adam", "v_t = β2 v_{t-1} + (1 - β2) g_t²"),
        ("adam", "v ← 0.999 v + 0.001 g²"),
        ("rmsprop", "v = alpha v + (1 - alpha) dw**2"),
    ],
)
def test_rules_as_papers_write_them(optimizer: str, rule: str) -> None:
    assert only(rule, optimizer).verdict is Verdict.CORRECT


@pytest.mark.parametrize(
    ("optimizer", "rule"),
    [
        ("sgd", "w_{t+1} = w_t + η ∂L/∂w_t"),
        ("sgd", "w_{t+1} = w_t − ∂L/∂w_t"),
        ("sgd", "θ ← θ + η ∇θ"),
        ("adam", "m_t = β1 m_{t-1} + (1 - β2) g_t"),
        ("adam", "v_t = β2 v_{t-1} + (1 - β2) g_t"),
        ("rmsprop", "v = alpha v + dw**2"),
    ],
)
def test_a_slip_in_them_is_wrong(optimizer: str, rule: str) -> None:
    assert only(rule, optimizer).verdict is Verdict.WRONG


def test_one_velocity_after_the_other_begins_with_what_it_starts_with() -> None:
    """Before the first update an optimizer's own number is what its template gives, not the new."""
    report = marked("v_W_f = 0.9*v_W_f[t-1] + dW_f", trace_of("momentum"))
    assert [one.verdict for one in report.marked] == [Verdict.CORRECT]
    report = marked("v_W_f = 0.9*v_W_f + 2*dW_f", trace_of("momentum"))
    assert [one.verdict for one in report.marked] == [Verdict.WRONG]
