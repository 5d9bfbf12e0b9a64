"""Published examples handed in as their authors print them: slips found, nothing else wrong."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from cellcalc.api import Marks, load, loads
from tests.support.command import run
from tests.support.problems import FOUR_STEPS


def verdicts(report: Marks) -> Counter[str]:
    return Counter(a["verdict"] for a in report.answers)


CLIP = """
z_i[1] = 0.2
z_f[1] = 0.4
z_g[1] = 0.6
z_o[1] = 0.8
f[1] = 0.5986877
i[1] = 0.5498340
g[1] = 0.5370496
o[1] = 0.6899745
c_free[1] = 0.8939758
c_free[1] = 0.894
c[1] = 0.5
h[1] = 0.315
"""


def test_the_slip_of_a_sheet_with_exact_net_inputs_is_found() -> None:
    """0.2 and 0.5 are exact there, and no sign that everything is rounded to one decimal."""
    report = load("cell_clip").check(CLIP)
    assert verdicts(report) == {"correct": 11, "wrong": 1}
    (wrong,) = [a for a in report.answers if a["verdict"] == "wrong"]
    assert (wrong["symbol"], wrong["given"]) == ("h", "0.315")


def test_a_nought_on_a_sheet_of_whole_numbers_is_coarse() -> None:
    """The lecture rounds gates that are nearly open or shut, and all that follows."""
    c, h = [3, 7, 7, 7, 0], [0, 0, 0, 7, 0]
    lines = [f"c[{t}] = {v}\nh[{t}] = {h[t - 1]}" for t, v in enumerate(c, 1)]
    report = load("hungyi_lee").check("\n".join(["o[1] = 0", *lines]))
    assert set(verdicts(report)) == {"correct", "coarse"}
    nothing = "\n".join(f"{name} = 0" for name in ("h[1]", "h[2]", "h[3]", "c[1]", "c[2]"))
    assert "wrong" in verdicts(load("hungyi_lee").check(nothing))


def test_noughts_that_a_list_of_numbers_loses_do_not_make_it_coarse() -> None:
    numbers = {"f": [0.622, 0.736, 0.827, 0.89], "g": [0.604, 0.901, 0.98, 0.996]}
    numbers |= {"c": [0.39, 0.988, 1.672, 2.413]}
    report = load("elattar").check(numbers)
    assert verdicts(report) == {"correct": 12}


def test_gomez_features_are_counted_from_0_in_all_his_spellings() -> None:
    sheet = "delta_W_a[0] = -0.02672\ndelta_W_a[1] = -0.0922\n"
    sheet += "W_f[0] new = 0.70031\nW_f[1] new = 0.45189"
    assert verdicts(load("gomez").check(sheet)) == {"correct": 4}


GOMEZ = """
Δ_t = out_t - y_t
Δout_t = U_a*δa_{t+1} + U_i*δi_{t+1} + U_f*δf_{t+1} + U_o*δo_{t+1}
δout_t = Δ_t + Δout_t
Δout_0 = -0.01828
δout_0 = Δ_0 + Δout_0 = 0.03631 - 0.01828 = 0.01803
"""


@pytest.mark.parametrize(("slip", "verdict"), [("", "correct"), ("2*", "wrong")])
def test_what_gomez_sends_back_is_no_derivative_of_its_own(
    slip: str, verdict: str, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.txt"
    text = GOMEZ.replace("δout_t = Δ_t + ", f"δout_t = Δ_t + {slip}")
    sheet.write_text(text, "utf-8")
    result = run("check", "gomez", str(sheet), "--notation", "gomez", "--first-step", "0",
                 "--format", "json")  # fmt: skip
    assert f'"verdict": "{verdict}"' in result.stdout
    assert ('"wrong": 0' in result.stdout) == (verdict == "correct")
    assert '"unreadable": 0' in result.stdout


def test_what_follows_from_a_slip_is_carried_where_rounding_could_do_as_much() -> None:
    """A slip in dz_g[3], worked on with all figures and written with three."""
    problem = loads(FOUR_STEPS)
    t = problem.run()
    w = {k: problem.specification.parameters[f"U_{k}"] for k in "figo"}
    dz = {k: [float(v) for v in t[f"dz_{k}"]] for k in "figo"}
    dz["g"][2] *= 0.4
    dh = float(t["dh"][1]) + w["g"] * (dz["g"][2] - float(t["dz_g"][2]))
    f3, dc3 = float(t["f"][2]), float(t["dc"][2])
    dc = dh * float(t["o"][1]) * (1 - float(t["tanh_c"][1]) ** 2) + dc3 * f3
    assert abs(dc - float(t["dc"][1])) > 0.02 * abs(dc)
    right = [f"dh[{k}] = {t['dh'][k - 1]:.3g}\ndc[{k}] = {t['dc'][k - 1]:.3g}" for k in (4, 3)]
    own = f"dz_g[3] = {dz['g'][2]:.3g}\ndh[2] = {dh:.3g}\ndc[2] = {dc:.3g}"
    found = {
        (a["symbol"], a["t"]): a["verdict"] for a in problem.check("\n".join([*right, own])).answers
    }
    assert found["dz_g", 3] == "wrong"
    assert found["dh", 2] == found["dc", 2] == "carried"
    assert found["dc", 3] == "correct"


def test_a_line_of_working_may_name_a_path_and_what_is_handed_on() -> None:
    right = "t = 1\ndh = dh_via_y + dh_next = 0.03631 - 0.01828 = 0.01803\n"
    right += "dc = dh*o*(1 - tanh_c^2) + dc_next = 0.00840 - 0.06188 = -0.05348"
    assert verdicts(load("gomez").check(right)) == {"correct": 2}
    slipped = right.replace("0.03631", "0.04631").replace("0.01803", "0.02803")
    assert verdicts(load("gomez").check(slipped))["wrong"] == 1


@pytest.mark.parametrize(
    ("formula", "verdict"),
    [
        ("z_f[t] = W_f*x + U_f*h + b_f", "correct"),
        ("c = f*c + i*g", "correct"),
        ("h = o*tanh(c)", "correct"),
        ("c_t = f_t*c_t + i_t*g_t", "wrong"),
        ("z_f[1] = W_f*x + U_f*h + b_f = 0.5*0.7 - 0.35*0.15 + 0.8 = 1.0975", "correct"),
        ("z_f[1] = W_f*x + U_f*h + b_f = 0.5*0.7 - 0.35*0.45 + 0.8 = 0.9925", "wrong"),
    ],
)
def test_a_state_without_a_step_is_that_which_is_there(formula: str, verdict: str) -> None:
    """Before the state of the same step is worked out there is only that of the step before."""
    assert verdicts(loads(FOUR_STEPS).check(formula)) == {verdict: 1}


FORMULAS = """
dU_f = sum(dz_f[t]*h[t])
dU_i = sum(dz_i[t]*h[t])
dU_g = sum(dz_g[t]*h[t])
dU_o = sum(dz_o[t]*h[t-1])
dz_f[t] = df[t]*f[t]
dz_o[t] = do[t]*o[t]
"""


def test_the_same_slip_in_formulas_of_siblings_is_one_cause() -> None:
    report = loads(FOUR_STEPS).check(FORMULAS)
    assert verdicts(report) == {"wrong": 2, "repeated": 3, "correct": 1}
    assert len(report.slips) == 2
    assert sorted(len(slip["answers"]) for slip in report.slips) == [2, 3]


def test_a_formula_that_reads_what_follows_from_it_is_named() -> None:
    (slip,) = loads(FOUR_STEPS).check("z_f[t] = W_f*x[t] + U_f*h[t] + b_f").slips
    assert "wrong step" in slip["says"] or "hₜ for hₜ₋₁" in slip["says"]


def test_a_total_with_its_sign_lost_is_told() -> None:
    problem = loads(FOUR_STEPS)
    value = float(problem.run().gradients["db_g"])
    report = problem.check(f"db_g = {-value:.4g}\ndb_f = {problem.run().gradients['db_f']:.4g}")
    assert "the sign was lost" in repr(report) or "sign was lost" in str(report.slips)


def test_an_equation_of_ones_own_with_a_sum_over_the_steps_is_not_gone_on_with() -> None:
    report = loads(FOUR_STEPS).check("E[t] = mean(dz_f)\nL = 0.5\nh[2] = 0.15747")
    assert verdicts(report)["correct"] == 1


def test_two_rough_numbers_do_not_make_a_third_right() -> None:
    report = loads(FOUR_STEPS).check("dz_f[1] = 0.0777\ndz_f[2] = 0.5\ndf[2] = 0.1")
    assert [a["verdict"] for a in report.answers] == ["wrong", "wrong", "coarse"]


def test_to_do_again_is_worked_by_the_right_equation() -> None:
    """Also where the person's own equation of the row is gone on with elsewhere."""
    report = loads(FOUR_STEPS).check("dz_g[t] = dg[t]*g[t]*0\ndz_g[3] = 0.9")
    assert "0.000000" not in str(report)
    assert "−0.03582" in str(report)  # with dg[3] as it follows from a dz_g[4] of 0


def test_gradients_that_name_no_window_may_be_those_of_the_one_update() -> None:
    problem = load("truncated", update="sequence")
    windows = problem.run().passes[0].windows
    names = [k for k in windows[0].gradients if k[-1] != "0"]
    whole = {k: sum(float(w.gradients[k]) for w in windows) for k in names}
    first = {k: float(windows[0].gradients[k]) for k in names}
    for numbers in (whole, first):
        text = "\n".join(f"{k} = {v:.4g}" for k, v in numbers.items())
        assert set(verdicts(problem.check(text))) == {"correct"}
        slipped = text.replace("dU_f = ", "dU_f = 1")
        assert verdicts(problem.check(slipped))["wrong"] == 1


def test_a_formula_turned_round_gets_no_name() -> None:
    """It is right within the window, so that an edit that changes nothing would fit as well."""
    round_about = "dc[t+1] = (dc[t] - dh[t]*o[t]*(1 - tanh(c[t])^2))/f[t+1]"
    report = loads(FOUR_STEPS).check(round_about)
    assert verdicts(report) == {"wrong": 1}
    assert not any(slip["formula"] for slip in report.slips)


def test_a_weight_and_a_rate_of_one_figure_are_exact_in_a_line_of_working() -> None:
    problem = loads(FOUR_STEPS)
    gradient = float(problem.run().gradients["dW_f"])
    line = f"W_f = 0.5 - 0.1*{gradient:.5f} = "
    assert verdicts(problem.check(f"{line}{0.5 - 0.1 * gradient:.5f}")) == {"correct": 1}
    report = problem.check(f"{line}{0.5 + 0.1 * gradient:.5f}")
    parts = {part["name"]: part["right"] for part in report.answers[0]["parts"]}
    assert parts == {"substitution": True, "arithmetic": False}
