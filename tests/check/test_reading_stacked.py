"""Programs whose arrays stand side by side, as in a Coursera notebook and in CS231n's homework."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellcalc.api import Problem
from cellcalc.check.handed_in import read_answers
from cellcalc.check.marking import mark
from cellcalc.check.report import Report, Verdict
from cellcalc.problems.specification import read_specification


def problem(features: int) -> str:
    rows = [[0.9, -0.3], [-0.5, 0.8], [0.4, 0.6]]
    x = rows if features == 2 else [row[0] for row in rows]
    return f"""
cell = "lstm"
[parameters]
random = {{seed = 3, scale = 0.9}}
[initial]
h = 0.3
c = -0.2
[[sequence]]
x = {x}
target = [0.5, 0.3, 0.6]
"""


TRACES = {
    n: Problem.of(read_specification(problem(n), "stacked.toml", Path())).run() for n in (1, 2)
}


def marked(code: str, features: int = 1) -> Report:
    return mark(TRACES[features], read_answers(code.encode(), "homework.py"))


def verdicts(report: Report) -> dict[str, Verdict]:
    return {one.answer.symbol: one.verdict for one in report.marked}


NOT_RIGHT = (Verdict.WRONG, Verdict.REPEATED)


def wrong(report: Report) -> set[str]:
    return {name for name, verdict in verdicts(report).items() if verdict in NOT_RIGHT}


HEAD = """
def lstm_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache
    n_a, m = a_next.shape
    dot = da_next * np.tanh(c_next) * ot * (1 - ot)
    dcct = (dc_next*it + ot*(1 - np.tanh(c_next)**2)*it*da_next) * (1 - cct**2)
    dit = (dc_next*cct + ot*(1 - np.tanh(c_next)**2)*cct*da_next) * it*(1 - it)
    dft = (dc_next*c_prev + ot*(1 - np.tanh(c_next)**2)*c_prev*da_next) * ft*(1 - ft)
"""
GRADIENTS = """
    dWf = np.dot(dft, concat.T)
    dWi = np.dot(dit, concat.T)
    dWc = dcct @ concat.T
    dWo = dot.dot(concat.T)
    dbf = np.sum(dft, axis=1, keepdims=True)
    dbi = np.sum(dit, axis=1, keepdims=True)
    dbc = np.sum(dcct, axis=1, keepdims=True)
    dbo = np.sum(dot, axis=1, keepdims=True)
"""
INPUTS = """
    Wf = parameters['Wf']
    dxt = (np.dot(Wf[:, n_a:].T, dft) + np.dot(parameters['Wi'][:, n_a:].T, dit)
           + np.dot(parameters['Wc'][:, n_a:].T, dcct) + np.dot(parameters['Wo'][:, n_a:].T, dot))
"""
CONCATS = {
    "concatenate": "    concat = np.concatenate((a_prev, xt), axis=0)\n",
    "vstack": "    concat = np.vstack([a_prev, xt])\n",
    "turned": "    concat = np.hstack((a_prev.T, xt.T))\n",
    "filled": "    concat = np.zeros((n_a + n_x, m))\n"
    "    concat[:n_a, :] = a_prev\n    concat[n_a:, :] = xt\n",
}
PER_GATE = [f"d{kind}_{gate}" for gate in "figo" for kind in "UWb"]


@pytest.mark.parametrize("features", [1, 2])
@pytest.mark.parametrize("concat", CONCATS)
def test_a_notebooks_gradients_are_those_of_both_weights(concat: str, features: int) -> None:
    report = marked(
        HEAD + CONCATS[concat] + GRADIENTS + (INPUTS if features == 1 else ""), features
    )
    assert not report.unreadable, report.unreadable
    assert not wrong(report)
    assert set(PER_GATE) <= set(verdicts(report))
    assert ("dx" in verdicts(report)) == (features == 1)


@pytest.mark.parametrize("product", ["dot", "matmul", "outer"])
def test_the_arrays_may_be_put_together_where_they_are_used(product: str) -> None:
    code = HEAD + f"    dWf = np.{product}(dft, np.concatenate((a_prev, xt), axis=0).T)\n"
    report = marked(code)
    assert not report.unreadable
    assert not wrong(report)
    assert {"dU_f", "dW_f"} <= set(verdicts(report))


def test_another_gates_derivative_is_wrong_for_both_weights() -> None:
    code = HEAD + CONCATS["concatenate"] + GRADIENTS.replace("np.dot(dit,", "np.dot(dft,")
    assert wrong(marked(code)) == {"dU_i", "dW_i"}


def test_the_state_after_the_step_is_wrong_for_its_weight() -> None:
    code = HEAD.replace("(a_next, c_next", "(h, c_next") + CONCATS["concatenate"] + GRADIENTS
    assert wrong(marked(code.replace("((a_prev, xt)", "((h, xt)"))) == {
        "dU_f", "dU_i", "dU_g", "dU_o"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("concat", "columns", "is_right"),
    [
        ("(a_prev, xt)", "n_a:", True),
        ("(a_prev, xt)", ":n_a", False),
        ("(xt, a_prev)", ":n_x", True),
        ("(xt, a_prev)", "n_x:", False),
    ],
)
def test_the_order_of_the_columns_is_that_of_the_program(
    concat: str, columns: str, is_right: bool
) -> None:
    code = HEAD + CONCATS["concatenate"].replace("(a_prev, xt)", concat)
    report = marked(code + INPUTS.replace("n_a:", columns))
    assert not report.unreadable
    assert wrong(report) == (set() if is_right else {"dx"})


def test_columns_without_an_order_are_unreadable() -> None:
    report = marked(HEAD + INPUTS)
    assert "dx" not in verdicts(report)
    (one,) = report.unreadable
    assert "columns of Wf" in one.why


@pytest.mark.parametrize("stack", ["(a_prev, xt, ones)", "(c_prev, xt)", "(a_prev, a_next)"])
def test_other_arrays_side_by_side_are_unreadable(stack: str) -> None:
    code = HEAD + CONCATS["concatenate"].replace("(a_prev, xt)", stack)
    report = marked(code + "    dWf = np.dot(dft, concat.T)\n")
    assert [one.line for one in report.unreadable] == [code.count("\n") + 1]
    assert not {"dW_f", "dU_f"} & set(verdicts(report))


FORWARD = """
def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    Wf = parameters["Wf"]
    bf = parameters["bf"]
    concat = np.concatenate((a_prev, xt), axis=0)
    ft = sigmoid(np.dot(Wf, concat) + bf)
    it = sigmoid(np.dot(parameters["Wi"], concat) + parameters["bi"])
    cct = np.tanh(Wc @ concat + bc)
    c_next = ft*c_prev + it*cct
"""


@pytest.mark.parametrize("features", [1, 2])
def test_the_forward_pass_of_a_notebook_is_read(features: int) -> None:
    report = marked(FORWARD, features)
    assert not report.unreadable
    assert verdicts(report) == dict.fromkeys("figc", Verdict.CORRECT)
    assert wrong(marked(FORWARD.replace("Wf, concat", "Wi, concat"), features)) == {"f"}


CS231N = """
def lstm_step_backward(dnext_h, dnext_c, cache):
    i, f, o, g, x, prev_h, prev_c, Wx, Wh, next_c = cache
    do = dnext_h * np.tanh(next_c)
    dnext_c += dnext_h * o * (1 - np.tanh(next_c)**2)
    daf = dnext_c * prev_c * f * (1 - f)
    dai = dnext_c * g * i * (1 - i)
    dag = dnext_c * i * (1 - g**2)
    dao = do * o * (1 - o)
    da = np.hstack([dai, daf, dao, dag])
    dx = da.dot(Wx.T)
    dWx = x.T.dot(da)
    dWh = np.dot(prev_h.T, da)
    db = np.sum(da, axis=0)
"""


@pytest.mark.parametrize("features", [1, 2])
def test_gates_side_by_side_are_read_gate_by_gate(features: int) -> None:
    report = marked(
        CS231N if features == 1 else CS231N.replace("    dx = da.dot(Wx.T)\n", ""), features
    )
    assert not report.unreadable
    assert not wrong(report)
    assert set(PER_GATE) <= set(verdicts(report))


def test_a_slip_in_gates_side_by_side_is_wrong_for_all_of_them() -> None:
    report = marked(CS231N.replace("np.dot(prev_h.T", "np.dot(prev_c.T"))
    assert wrong(report) == {"dU_f", "dU_i", "dU_g", "dU_o"}
    report = marked(CS231N.replace("db = np.sum(da, axis=0)", "db = da.sum(axis=0)"))
    assert not wrong(report)
    assert "db_f" in verdicts(report)


def test_parts_of_an_array_that_are_filled_are_no_answer() -> None:
    report = marked("h = np.zeros((3, 4))\nh[:2, 1:3] = x\nh[1:2] += 3\ndo = dh*tanh_c\n")
    assert verdicts(report) == {"do": Verdict.CORRECT}


def test_a_name_that_is_given_anew_is_no_longer_the_arrays_side_by_side() -> None:
    code = HEAD + CONCATS["concatenate"] + "    concat = xt\n    dWf = np.dot(dft, concat.T)\n"
    report = marked(code)
    assert not report.unreadable
    assert verdicts(report)["dW_f"] is Verdict.CORRECT
    assert "dU_f" not in verdicts(report)
