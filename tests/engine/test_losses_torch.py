"""Readouts and losses against PyTorch: where they saturate, and at their ties."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cellcalc.api import Problem
from cellcalc.problems.specification import read_specification
from tests.support.command import Run
from tests.support.oracles import module

PROBLEM = """
cell = "rnn-linear"
readout = "{readout}"
loss = "{loss}"
[parameters]
W = 1.0
U = 0.5
b = 0.0
{more}
[[sequence]]
x = {x}
target = {target}
"""


@pytest.fixture(scope="module")
def torch() -> Any:
    torch = module("torch")
    torch.set_default_dtype(torch.float64)
    return torch


def run_of(readout: str, loss: str, x: list[float], target: list[float]) -> Any:
    more = "V = 1.0\nb_y = 0.25" if readout != "identity" else ""
    text = PROBLEM.format(readout=readout, loss=loss, more=more, x=x, target=target)
    return Problem.of(read_specification(text, "p", Path())).run()


def by_torch(
    torch: Any, readout: str, loss: Any, x: list[float], target: list[float]
) -> tuple[list[float], list[float]]:
    names = ["W", "U", "b"] + (["V", "b_y"] if readout != "identity" else [])
    values = {"W": 1.0, "U": 0.5, "b": 0.0, "V": 1.0, "b_y": 0.25}
    p = {name: torch.tensor(values[name], requires_grad=True) for name in names}
    h, losses = torch.tensor(0.0), []
    for value, wanted in zip(x, target, strict=True):
        h = p["W"] * value + p["U"] * h + p["b"]
        y = h if readout == "identity" else p["V"] * h + p["b_y"]
        losses.append(loss(y, torch.tensor(wanted)))
    found = torch.autograd.grad(sum(losses), list(p.values()))
    return [v.item() for v in losses], [g.item() for g in found]


SATURATED = [0.3, 37.0, 60.0, 300.0, -500.0, -60.0, -2.0, 700.0, -800.0, 1e4, 25.0, -1e4, -2e4]
WANTED = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.4, 0.0, 1.0, 0.25, 0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("readout", "loss"), [("logistic", "cross-entropy"), ("linear", "cross-entropy-logits")]
)
def test_cross_entropy_does_not_saturate(readout: str, loss: str, torch: Any) -> None:
    entropy = torch.nn.functional.binary_cross_entropy_with_logits
    trace = run_of(readout, loss, SATURATED, WANTED)
    losses, slopes = by_torch(torch, readout, entropy, SATURATED, WANTED)
    assert trace["E"].tolist() == pytest.approx(losses, rel=1e-12, abs=1e-15)
    names = ["dW", "dU", "db", "dV", "db_y"]
    assert [trace.gradients[n] for n in names] == pytest.approx(slopes, rel=1e-12)
    assert not trace.standing_in


def test_nor_where_the_net_input_has_no_row(torch: Any, tmp_path: Path) -> None:
    """The cell's own output is the probability, of a net input that stands in its equation."""
    cell = 'output = "h"\nparameters = {W = "input", U = "scalar"}\n[state]\nh = 0.0\n'
    cell += '[[equation]]\nsymbol = "h"\nformula = "sigmoid(W @ x + U*h[t-1])"\n'
    (tmp_path / "cell.toml").write_text(cell)
    text = 'cell = "cell.toml"\nloss = "cross-entropy"\n[parameters]\nW = 1.0\nU = 0.5\n'
    text += f"[[sequence]]\nx = {SATURATED}\ntarget = {WANTED}\n"
    trace = Problem.of(read_specification(text, "p", tmp_path)).run()
    p = {name: torch.tensor(v, requires_grad=True) for name, v in (("W", 1.0), ("U", 0.5))}
    h, losses = torch.tensor(0.0), []
    for value, wanted in zip(SATURATED, WANTED, strict=True):
        z = p["W"] * value + p["U"] * h
        h = torch.sigmoid(z)
        entropy = torch.nn.functional.binary_cross_entropy_with_logits
        losses.append(entropy(z, torch.tensor(wanted)))
    slopes = torch.autograd.grad(sum(losses), list(p.values()))
    assert trace["E"].tolist() == pytest.approx([v.item() for v in losses], rel=1e-12, abs=1e-15)
    assert [trace.gradients[n] for n in ("dW", "dU")] == pytest.approx(
        [v.item() for v in slopes], rel=1e-12
    )
    assert not trace.standing_in


@pytest.mark.parametrize("bptt", ["k1 = 1\nk2 = 3", "k1 = 2\nk2 = 5\nweights = 'stored'"])
def test_a_probability_means_the_same_with_and_without_a_row_of_its_net_input(
    bptt: str, tmp_path: Path
) -> None:
    """A window that reaches back over an update takes the net input of its time in both."""
    net, ends = "W @ x + U*h[t-1]", []
    for equations in ({"h": f"sigmoid({net})"}, {"z": net, "h": "sigmoid(z)"}):
        cell = 'output = "h"\nparameters = {W = "input", U = "scalar"}\n[state]\nh = 0.0\n'
        for symbol, formula in equations.items():
            cell += f'[[equation]]\nsymbol = "{symbol}"\nformula = "{formula}"\n'
        (tmp_path / "cell.toml").write_text(cell)
        text = 'cell = "cell.toml"\nloss = "cross-entropy"\n[parameters]\nW = 9.0\nU = 0.5\n'
        text += "[[sequence]]\nx = [1, 0.9, -1.2, 0.6, 1.1]\ntarget = [0, 1, 0.3, 0, 1]\n"
        text += f"[bptt]\n{bptt}\n[update]\nlearning_rate = 0.3\n"
        ends.append(Problem.of(read_specification(text, "p", tmp_path)).run().final)
    assert ends[0] == ends[1]


def test_huber_is_that_of_torch_at_its_bounds_too(torch: Any) -> None:
    x, target = [1.0, 0.5, 3.0, -4.0, 0.25], [0.0, 2.0, 2.5, -1.25, 0.1]
    trace = run_of("identity", "huber", x, target)
    losses, slopes = by_torch(torch, "identity", torch.nn.functional.huber_loss, x, target)
    assert abs(x[0] - target[0]) == 1.0  # at the bound itself
    assert trace["E"].tolist() == pytest.approx(losses, rel=1e-13)
    assert [trace.gradients[n] for n in ("dW", "dU", "db")] == pytest.approx(slopes, rel=1e-13)


def test_an_upstream_gradient_is_what_is_injected(torch: Any) -> None:
    x, target = [1.0, 0.5, 3.0], [0.3, -2.0, 0.7]
    trace = run_of("identity", "upstream", x, target)
    assert trace["dy"].tolist() == target
    _, slopes = by_torch(torch, "identity", lambda y, g: y * g, x, target)
    assert [trace.gradients[n] for n in ("dW", "dU", "db")] == pytest.approx(slopes, rel=1e-13)


TIES = {
    "hard_sigmoid(z)": (lambda _, z: (0.2 * z + 0.5).clamp(0, 1), [2.5, -2.5, 0.3, 4.0]),
    "hardsigmoid(z)": (lambda t, z: t.nn.functional.hardsigmoid(z), [3.0, -3.0, 0.3, 4.0]),
    "clip(z, -1, 2)": (lambda _, z: z.clamp(-1, 2), [-1.0, 2.0, 0.0, 2.5]),
    "clip(0.5, z, 1)": (lambda t, z: t.clamp(t.tensor(0.5), z, t.tensor(1.0)), [0.25, 0.75, 2.0]),
    "relu(z)": (lambda _, z: z.relu(), [0.0, 1.0, -1.0]),
    "abs(z)": (lambda _, z: z.abs(), [0.0, 1.0, -1.0]),
    "max(z, 0)": (lambda _, z: z.clamp(min=0.0), [0.0, 1.0, -1.0]),
    "softplus(z)": (lambda t, z: t.logaddexp(z, t.tensor(0.0)), [0.0, 40.0, -800.0, 900.0]),
}


@pytest.mark.parametrize("formula", TIES)
def test_slopes_at_ties_are_those_of_torch(formula: str, torch: Any, tmp_path: Path) -> None:
    function, points = TIES[formula]
    cell = 'output = "h"\nparameters = {W = "input"}\n[state]\nh = 0.0\n' + "".join(
        f'[[equation]]\nsymbol = "{s}"\nformula = "{f}"\n'
        for s, f in (("z", "W @ x"), ("h", formula))
    )
    (tmp_path / "own.toml").write_text(cell)
    text = (
        f'cell = "own.toml"\nloss = "upstream"\n[parameters]\nW = 1.0\n[[sequence]]\nx = {points}'
    )
    text += f"\ntarget = {[1.0] * len(points)}\n"
    trace = Problem.of(read_specification(text, "p", tmp_path)).run()
    z = torch.tensor(points, requires_grad=True)
    values = [function(torch, v) for v in z]
    (slopes,) = torch.autograd.grad(sum(values), z)
    assert trace["h"].tolist() == pytest.approx([v.item() for v in values], rel=1e-14)
    assert trace["dz"].tolist() == pytest.approx(slopes.tolist(), rel=1e-7, abs=1e-300)


def test_what_has_no_value_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        'output = "h"\nparameters = {W = "input"}\n[state]\nh = 0.0\n'
        '[[equation]]\nsymbol = "h"\nformula = "log(W @ x)"\n'
    )
    path = tmp_path / "p.toml"
    path.write_text('cell = "own.toml"\n[parameters]\nW = 1.0\n[[sequence]]\nx = [0.5, 0.0]\n')
    result = run("table", path)
    assert result.exit_code == 0 and "a logarithm of 0 or less has no value" in result.stderr
    path.write_text(path.read_text().replace("0.0]", "2.0]"))
    assert run("table", path).stderr == ""


def test_bounds_in_the_wrong_order_are_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        'output = "h"\nparameters = {W = "input"}\n[state]\nh = 0.0\n'
        '[[equation]]\nsymbol = "h"\nformula = "clip(W @ x, 1, -1)"\n'
    )
    result = run("templates", tmp_path / "own.toml")
    assert result.exit_code == 2 and "the lower bound of clip before the upper" in result.stderr


def test_what_is_given_is_rounded_by_hand_as_well() -> None:
    trace = run_of("identity", "half-squared", [0.125, 0.375, -0.125, 1.005], [0.0] * 4)
    p = Problem.of(trace.specification)
    assert p.run(hand_rounding=2).passes[0].forward["x"][1:] == [0.13, 0.38, -0.13, 1.01]
