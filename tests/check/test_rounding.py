"""Right work that is rounded on the way, of an LSTM that cellcalc had no part in, is right."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from cellcalc.check.answers import entries_of_text
from cellcalc.check.marking import mark
from cellcalc.check.report import Kind, Marked, Report, Verdict
from tests.support.problems import Data, random_data
from tests.support.slipped import sigmoid, worked

Round = Callable[[float], float]


def figures(count: int) -> Round:
    return lambda value: float(f"{value:.{count - 1}e}")


def decimals(count: int) -> Round:
    return lambda value: round(value, count)


def rounded(data: Data, r: Round) -> dict[str, float]:
    """Every value of a problem with one feature and a linear readout, rounded before it is used."""
    p, n = data.parameters, data.steps
    x = [row[0] for row in data.x]
    h, c, out = [data.initial["h"]], [data.initial["c"]], {}
    gates: list[dict[str, float]] = []
    errors = []
    for t in range(n):
        z = {k: r(p[f"W_{k}"] * x[t] + p[f"U_{k}"] * h[t] + p[f"b_{k}"]) for k in "figo"}
        g = {k: r(math.tanh(z[k]) if k == "g" else sigmoid(z[k])) for k in "figo"}
        gates.append(g)
        c.append(r(r(g["f"] * c[t]) + r(g["i"] * g["g"])))
        h.append(r(g["o"] * r(math.tanh(c[-1]))))
        errors.append(r(r(p["V"] * h[-1] + p["b_y"]) - data.target[t]))
        out |= {f"{k}[{t + 1}]": v for k, v in g.items()}
        out |= {f"c[{t + 1}]": c[-1], f"h[{t + 1}]": h[-1]}
    later = dict.fromkeys("figo", 0.0)
    carried, deltas = 0.0, []
    for t in reversed(range(n)):
        g, squashed = gates[t], r(math.tanh(c[t + 1]))
        dh = r(r(errors[t] * p["V"]) + sum(r(p[f"U_{k}"] * later[k]) for k in "figo"))
        dc = r(r(r(dh * g["o"]) * r(1 - squashed**2)) + carried)
        later = {
            "f": r(r(dc * c[t]) * r(g["f"] * (1 - g["f"]))),
            "i": r(r(dc * g["g"]) * r(g["i"] * (1 - g["i"]))),
            "g": r(r(dc * g["i"]) * r(1 - g["g"] ** 2)),
            "o": r(r(dh * squashed) * r(g["o"] * (1 - g["o"]))),
        }
        carried = r(dc * g["f"])
        deltas.insert(0, later)
        out |= {f"dh[{t + 1}]": dh, f"dc[{t + 1}]": dc}
        out |= {f"dz_{k}[{t + 1}]": v for k, v in later.items()}
    for k in "figo":
        out[f"dW_{k}"] = r(sum(r(d[k] * v) for d, v in zip(deltas, x, strict=True)))
        out[f"dU_{k}"] = r(sum(r(d[k] * v) for d, v in zip(deltas, h[:-1], strict=True)))
        out[f"db_{k}"] = r(sum(d[k] for d in deltas))
    return out


@pytest.mark.parametrize("final", [False, True], ids=["all rows", "final gradients"])
@pytest.mark.parametrize(
    ("r", "written"),
    [
        *((figures(k), f".{k}g") for k in (6, 5, 4, 3)),
        *((decimals(k), f".{k}f") for k in (5, 4, 3)),
    ],
    ids=["6 figures", "5 figures", "4 figures", "3 figures", "5 decimals", "4 decimals", "3"],
)
def test_right_work_rounded_at_every_step_is_right(r: Round, written: str, final: bool) -> None:
    for seed in (3, 11, 12):
        data = random_data(seed, features=1, steps=4)
        values = rounded(data, r)
        chosen = {k: v for k, v in values.items() if not final or "[" not in k}
        text = "".join(f"{name} = {value:{written}}\n" for name, value in chosen.items())
        report = mark(data.problem().run(), entries_of_text(text))
        wrong = [m for m in report.marked if m.verdict not in (Verdict.CORRECT, Verdict.COARSE)]
        assert not wrong and not report.slips and not report.unreadable


DATA = random_data(11, features=1, steps=4)


def test_a_plain_nought_among_decimals_is_one_of_them() -> None:
    values = worked(DATA)
    small = min((k for k in values if k.startswith("d")), key=lambda k: abs(values[k]))
    written = {k: f"{v:.2f}".rstrip("0") for k, v in values.items() if abs(v) > 0.011}
    text = "".join(f"{k} = {v}\n" for k, v in written.items())
    report = mark(DATA.problem().run(), entries_of_text(f"{text}{small} = 0\n"))
    (one,) = [m for m in report.marked if m.answer.given == "0"]
    assert one.verdict is Verdict.COARSE


def test_what_is_outside_by_a_few_units_is_an_arithmetic_slip() -> None:
    values, run = worked(DATA), DATA.problem().run()

    def marked() -> Report:
        text = "".join(f"{name} = {value:.5f}\n" for name, value in values.items())
        return mark(run, entries_of_text(text))

    found = {(m.answer.symbol, m.answer.t): m.bound for m in marked().marked}
    values["dc[2]"] += found["dc", 2] + 3e-5
    (slip,) = marked().slips
    assert slip.kind is Kind.ARITHMETIC and slip.formula is None


def test_single_precision_is_right_and_said_to_be() -> None:
    value = worked(DATA)["dU_f"]
    (one,) = mark(DATA.problem().run(), entries_of_text(f"dU_f = {value * (1 + 4e-7)!r}")).marked
    assert one.verdict is Verdict.CORRECT and one.note
    assert one.relative == pytest.approx(4e-7, rel=0.01)
    (one,) = mark(DATA.problem().run(), entries_of_text(f"dU_f = {value * (1 + 4e-5)!r}")).marked
    assert one.verdict is Verdict.WRONG


def test_noughts_alone_are_never_right() -> None:
    names = [f"d{kind}_{gate}" for kind in "WUb" for gate in "figo"]
    report = mark(DATA.problem().run(), entries_of_text("".join(f"{n} = 0.0\n" for n in names)))
    assert report.count(Verdict.CORRECT) == 0


def test_a_step_without_a_target_has_no_loss() -> None:
    data = random_data(11, features=1, steps=4)
    data.target[1] = math.nan
    report = mark(data.problem().run(), entries_of_text("E[2] = nan\ntarget[2] = nan\nE[2] = 0"))
    assert [m.verdict for m in report.marked] == [Verdict.CORRECT] * 3


@pytest.mark.cases(1)
@pytest.mark.parametrize("sign", [-1, 1])
def test_what_follows_from_a_value_written_a_little_off_is_right(sign: int) -> None:
    r, run = figures(4), DATA.problem().run()
    values = rounded(DATA, r)

    def marked(values: dict[str, float]) -> dict[str, Marked]:
        text = "".join(f"{name} = {value:.4g}\n" for name, value in values.items())
        found = mark(run, entries_of_text(text)).marked
        return {f"{m.answer.symbol}[{m.answer.t}]": m for m in found if m.answer.t}

    before = marked(values)
    for t in (1, 2, 3):
        off = before[f"dc[{t}]"]
        assert isinstance(off.expected, float) and off.bound
        moved = marked({**values, f"dc[{t}]": r(off.expected + sign * 0.9 * off.bound)})
        for name in (f"dz_{k}[{t}]" for k in "figo"):
            assert moved[name].verdict is Verdict.CORRECT, name


def three_decimals(**moved: float) -> dict[str, Marked]:
    """All values to three decimals, which leaves rounding much to do from start to end."""
    values = rounded(DATA, decimals(3))
    lines = (f"{k} = {v + moved.get(k.replace('[1]', ''), 0):.3f}\n" for k, v in values.items())
    found = mark(DATA.problem().run(), entries_of_text("".join(lines))).marked
    return {
        m.answer.symbol if m.answer.t == 1 else f"{m.answer.symbol}[{m.answer.t}]": m for m in found
    }


def test_what_ones_own_values_cannot_give_is_no_rounding() -> None:
    right = three_decimals()
    assert {m.verdict for m in right.values()} == {Verdict.CORRECT}
    bound = right["dc"].bound
    assert bound and bound > 0.006
    found = three_decimals(dc=0.9 * bound)
    assert [name for name, m in found.items() if m.verdict is Verdict.WRONG] == ["dc"]


@pytest.mark.cases(1)
@pytest.mark.parametrize("steps", [30, 100])
@pytest.mark.parametrize("at_rest", [False, True], ids=["moving", "at rest"])
@pytest.mark.parametrize("r", [figures(3), figures(5), decimals(3), decimals(4)])
def test_a_long_run_rounded_at_every_step_is_right(r: Round, at_rest: bool, steps: int) -> None:
    data = random_data(3, features=1, steps=steps)
    if at_rest:  # where every step is rounded alike
        data.x, data.target = [[0.5]] * steps, [0.3] * steps
    values = rounded(data, r)
    text = "".join(f"{name} = {v!r}\n" for name, v in values.items() if "[" not in name)
    report = mark(data.problem().run(), entries_of_text(text))
    assert not report.slips
    assert {m.verdict for m in report.marked} <= {Verdict.CORRECT, Verdict.COARSE}


@pytest.mark.parametrize("steps", [100, 30])
def test_what_rounding_does_in_a_long_run_lets_nothing_wrong_pass(steps: int) -> None:
    data = random_data(5, features=1, steps=steps)
    run, values = data.problem().run(), worked(data)

    def verdict(name: str, factor: float) -> Verdict:
        (one,) = mark(run, entries_of_text(f"{name} = {factor * values[name]:.3g}")).marked
        return one.verdict

    assert verdict("db_o", 0.444) is Verdict.WRONG
    for name in ("db_o", "dU_f", "dW_g"):
        assert verdict(name, 1) is Verdict.CORRECT
        # What rounding could do at worst is too much to tell, and is not said to be right.
        assert verdict(name, 1.04) is Verdict.COARSE
