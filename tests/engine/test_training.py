"""Windows, updates, epochs: against a plain loop, PyTorch's autograd and optimizers, and facts."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cellcalc.api import Problem, Trace, load
from cellcalc.problems.specification import read_specification
from tests.support import loop, lstm
from tests.support.problems import Data, random_data

N = 7
DATA = {
    "one": random_data(1, 1, N),
    "three": random_data(2, 3, N),
    "gap": random_data(3, 2, N, missing=True),
}
CHOICES = {
    "inject": ("new", "all", "last"),
    "tail": ("flush", "short", "discard"),
    "state": ("carry", "reset"),
    "weights": ("current", "stored"),
    "update": ("window", "sequence"),
    "reduction": ("sum", "mean"),
}
# Every pair of options that interact, on schemes with and without overlap, tail and drop.
COUNTS = [(7, 7), (1, 7), (1, 3), (2, 5), (3, 3), (5, 2), (2, 2), (9, 4)]
COMBINATIONS = [
    dict(zip(CHOICES, values, strict=True)) for values in itertools.product(*CHOICES.values())
]


def problem(data: Data, k1: int, k2: int, options: dict[str, str], update: str = "") -> Problem:
    lines = "\n".join(f'{key} = "{value}"' for key, value in options.items())
    data = replace(data, bptt=f"k1 = {k1}\nk2 = {k2}\n{lines}", update=update)
    return data.problem()


@pytest.mark.parametrize(("k1", "k2"), COUNTS)
@pytest.mark.parametrize("name", DATA)
@pytest.mark.cases(6)
def test_every_option_does_what_the_loop_does(name: str, k1: int, k2: int) -> None:
    data = DATA[name]
    # All combinations on one problem, every seventh (which is prime to their number) on the others.
    for options in COMBINATIONS if name == "three" else COMBINATIONS[k1 + k2 :: 7]:
        trace = problem(data, k1, k2, options).run()
        expected = loop.train(data, lstm.parameters(data), loop.Options(k1, k2, **options), 0.1)
        (one,) = trace.passes
        assert len(one.windows) == len(expected.gradients)
        for window, gradients, after in zip(
            one.windows, expected.gradients, expected.parameters, strict=True
        ):
            for symbol, value in gradients.items():
                assert window.gradients[symbol] == pytest.approx(value, rel=1e-12, abs=1e-16), (
                    options, window.last, symbol,
                )  # fmt: skip
            assert window.after == pytest.approx(after, rel=1e-13)
        losses = one.forward["E"][1:]
        np.testing.assert_allclose(losses, expected.losses, rtol=1e-12)


def summed(trace: Trace) -> dict[str, float]:
    """The gradients of all windows added up."""
    (one,) = trace.passes
    names = [s for s in one.windows[0].gradients if s not in ("dh0", "dc0")]
    return {name: sum(window.gradients[name] for window in one.windows) for name in names}


@pytest.mark.parametrize("name", DATA)
def test_realtime_without_updates_sums_to_full_bptt(name: str) -> None:
    data = DATA[name]
    full = data.problem().run()
    realtime = problem(data, 1, N, {"update": "sequence"}).run()
    for symbol, value in summed(realtime).items():
        assert value == pytest.approx(full.gradients[symbol], rel=1e-12, abs=1e-16)
    for name_, value in realtime.final.items():
        assert value == pytest.approx(full.final[name_], rel=1e-13)


@pytest.mark.parametrize("name", DATA)
def test_stored_and_current_weights_agree_where_no_update_intervenes(name: str) -> None:
    for k1, k2, update in [(3, 3, "window"), (5, 2, "window"), (2, 5, "sequence")]:
        # A last, shorter period would reach back over the update before it.
        options = {"update": update, "tail": "discard"}
        traces = [
            problem(DATA[name], k1, k2, {"weights": weights, **options}).run()
            for weights in ("current", "stored")
        ]
        assert traces[0].final == pytest.approx(traces[1].final, rel=1e-14)
    traces = [
        problem(DATA[name], 2, 5, {"weights": weights}).run() for weights in ("current", "stored")
    ]
    assert traces[0].final != pytest.approx(traces[1].final, rel=1e-9)


def test_a_naive_split_is_so_many_independent_sequences() -> None:
    data = random_data(5, 2, 20)
    text = data.toml()
    split = replace(data, bptt='scheme = "naive-split(5)"').problem()
    pieces = text[: text.index("[[sequence]]")]
    for start in range(0, 20, 5):
        x, target = data.x[start : start + 5], data.target[start : start + 5]
        pieces += f"[[sequence]]\nx = {x!r}\ntarget = {target!r}\n"
    pieces += text[text.index("[update]") :]
    apart = Problem.of(read_specification(pieces, "p", Path())).run()
    whole = split.run()
    assert whole.final == apart.final
    (one,) = whole.passes
    for window, other in zip(one.windows, apart.passes, strict=True):
        assert window.gradients == other.windows[0].gradients
    assert one.forward["h"][1:] == [v for other in apart.passes for v in other.forward["h"][1:]]


@pytest.fixture(scope="module")
def torch_module():  # type: ignore[no-untyped-def]
    from tests.support.oracles import REQUIRED

    if REQUIRED:
        import torch
    else:
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    torch.set_default_dtype(torch.float64)
    return torch


GATE_ORDER = "ifgo"  # PyTorch's


def torch_step(torch, p, x, h, c):  # type: ignore[no-untyped-def]
    """One step with torch's own LSTM cell function; two biases of which one is zero."""
    m = len(x)
    weights = [[p[f"W_{k}{j + 1}" if m > 1 else f"W_{k}"] for j in range(m)] for k in GATE_ORDER]
    w_ih = torch.stack([torch.stack(row) for row in weights])
    w_hh = torch.stack([p[f"U_{k}"] for k in GATE_ORDER]).reshape(4, 1)
    bias = torch.stack([p[f"b_{k}"] for k in GATE_ORDER])
    h, c = torch._VF.lstm_cell(
        torch.tensor(x).reshape(1, m), (h.reshape(1, 1), c.reshape(1, 1)), w_ih, w_hh,
        bias, torch.zeros(4),
    )  # fmt: skip
    return h.reshape(()), c.reshape(()), p["V"] * h.reshape(()) + p["b_y"]


def torch_windows(torch, data: Data, trace: Trace) -> list[dict[str, float]]:  # type: ignore[no-untyped-def]
    """Each window's gradient by autograd, from the stored state at its edge.

    Each step has the parameters that it was computed with, as leaves of their own.
    """
    (one,) = trace.passes
    gradients = []
    for window in one.windows:
        h = torch.tensor(one.state_before(window.first, "h"))
        c = torch.tensor(one.state_before(window.first, "c"))
        copies, total = [], torch.tensor(0.0)
        for t in window.steps:
            values = one.parameters_at(t)
            p = {name: torch.tensor(v, requires_grad=True) for name, v in values.items()}
            copies.append(p)
            h, c, y = torch_step(torch, p, data.x[t - 1], h, c)
            if t in window.window.losses:
                total = total + (y - data.target[t - 1]) ** 2 / 2
        if trace.scheme.reduction == "mean":
            total = total / len(window.window.losses)
        total.backward()
        gradients.append({
            f"d{name}": sum(float(p[name].grad) for p in copies if p[name].grad is not None)
            for name in copies[0]
        })  # fmt: skip
    return gradients


@pytest.mark.parametrize("name", ["one", "three"])
@pytest.mark.parametrize(("k1", "k2"), COUNTS)
@pytest.mark.parametrize("inject", CHOICES["inject"])
@pytest.mark.parametrize("state", CHOICES["state"])
def test_windows_equal_torch_autograd_on_the_stored_edge_states(
    name: str, k1: int, k2: int, inject: str, state: str, torch_module: object
) -> None:
    data = DATA[name]
    for options in (
        {"weights": "stored"},
        {"weights": "current", "update": "sequence"},
        {"weights": "stored", "reduction": "mean"},
    ):
        trace = problem(data, k1, k2, {"inject": inject, "state": state, **options}).run()
        expected = torch_windows(torch_module, data, trace)
        for window, gradients in zip(trace.passes[0].windows, expected, strict=True):
            for symbol, value in gradients.items():
                assert window.gradients[symbol] == pytest.approx(value, rel=1e-12, abs=1e-15)


def test_block_is_the_detach_loop_of_torch(torch_module) -> None:  # type: ignore[no-untyped-def]
    torch, data = torch_module, random_data(6, 2, 9)
    k, rate = 3, 0.1
    p = {name: torch.tensor(v, requires_grad=True) for name, v in lstm.parameters(data).items()}
    h, c = (torch.tensor(data.initial[s]) for s in ("h", "c"))
    loss = torch.tensor(0.0)
    for t in range(1, 10):
        h, c, y = torch_step(torch, p, data.x[t - 1], h, c)
        loss = loss + (y - data.target[t - 1]) ** 2 / 2
        if t % k == 0:
            loss.backward()
            with torch.no_grad():
                for value in p.values():
                    value -= rate * value.grad
                    value.grad = None
            h, c, loss = h.detach(), c.detach(), torch.tensor(0.0)
    trace = replace(data, bptt='scheme = "block(3)"').problem().run()
    assert trace.final == pytest.approx({n: v.item() for n, v in p.items()}, rel=1e-12)


OPTIMIZERS = {
    "sgd": lambda torch, p: torch.optim.SGD(p, lr=0.05),
    "momentum": lambda torch, p: torch.optim.SGD(p, lr=0.05, momentum=0.8),
    "adam": lambda torch, p: torch.optim.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-6),
}
SETTINGS = {
    "sgd": "",
    "momentum": "momentum = 0.8",
    "adam": "beta1 = 0.8\nbeta2 = 0.95\nepsilon = 1e-6",
}
CLIPS = {
    "none": ("", lambda *_: None),
    "norm": ("clip_norm = 0.05", lambda torch, p: torch.nn.utils.clip_grad_norm_(p, 0.05)),
    "value": ("clip_value = 0.02", lambda torch, p: torch.nn.utils.clip_grad_value_(p, 0.02)),
    "loose": ("clip_norm = 1e6", lambda torch, p: torch.nn.utils.clip_grad_norm_(p, 1e6)),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("clip", CLIPS)
def test_optimizers_and_clipping_are_those_of_torch(
    optimizer: str, clip: str, torch_module: object
) -> None:
    torch, data = torch_module, random_data(7, 2, 4)
    data.frozen = ["W_i", "b_o"]
    setting, clip_in_torch = CLIPS[clip]
    data.learning_rate, data.bptt = 0.05, setting
    data.update = f'optimizer = "{optimizer}"\nepochs = 6\n{SETTINGS[optimizer]}'
    trace = data.problem().run()
    frozen = ("W_i1", "W_i2", "b_o")
    p = {
        name: torch.tensor(v, requires_grad=name not in frozen)  # type: ignore[attr-defined]
        for name, v in lstm.parameters(data).items()
    }
    free = [value for value in p.values() if value.requires_grad]
    chosen: Callable[..., object] = OPTIMIZERS[optimizer]
    rule = chosen(torch, free)
    for one in trace.passes:
        h, c = (torch.tensor(data.initial[s]) for s in ("h", "c"))  # type: ignore[attr-defined]
        loss = torch.tensor(0.0)  # type: ignore[attr-defined]
        for x, target in zip(data.x, data.target, strict=True):
            h, c, y = torch_step(torch, p, x, h, c)
            loss = loss + (y - target) ** 2 / 2
        rule.zero_grad()  # type: ignore[attr-defined]
        loss.backward()
        clip_in_torch(torch, free)
        rule.step()  # type: ignore[attr-defined]
        expected = {name: value.item() for name, value in p.items()}
        assert one.after == pytest.approx(expected, rel=1e-11)


def test_statquest_with_two_biases_trains_to_the_published_weights() -> None:
    """Two biases per gate get the same gradient and so the same step; as one bias, their sum
    would take a double step. So the example's cell has both, as PyTorch has."""
    trace = load("statquest").run(detail=False)
    published = {
        "W": {"i": "3.5364", "f": "1.3869", "g": "1.5390", "o": "1.2488"},
        "U": {"i": "5.2070", "f": "2.9577", "g": "3.2652", "o": "2.0678"},
        "b": {"i": "-0.9143", "f": "0.3724", "g": "-0.1815", "o": "0.6376"},
        "r": {"i": "-1.0570", "f": "1.2414", "g": "-0.5685", "o": "0.3092"},
    }
    assert len(trace.passes) == 600
    for kind, gates in published.items():
        for gate, printed in gates.items():
            assert f"{trace.final[f'{kind}_{gate}']:.4f}" == printed, f"{kind}_{gate}"
    first = load("statquest").run().passes
    assert f"{first[0].forward['y'][4]:.4f}" == "0.6675"
    predictions = {}
    for company, sequence in zip("AB", trace.specification.sequences, strict=True):
        trained = replace(trace.specification, parameters=trace.final, sequences=(sequence,))
        predictions[company] = Problem.of(trained).run().passes[0].forward["y"][-1]
    # Printed from float32: 6.7842e-05, of which only the first digit is exact.
    assert predictions["A"] == pytest.approx(6.82068770944e-05, rel=1e-9)
    assert f"{predictions['B']:.4f}" == "0.9809"


def test_without_detail_the_same_is_learned_and_less_is_kept() -> None:
    data = random_data(8, 2, 6)
    whole = problem(data, 2, 4, {}, "epochs = 3").run()
    short = problem(data, 2, 4, {}, "epochs = 3").run(detail=False)
    assert short.final == whole.final
    assert [one.loss for one in short.passes] == [one.loss for one in whole.passes]
    assert all(not one.forward and not one.windows[0].backward for one in short.passes)
    for symbol, values in whole.gradients.items():
        np.testing.assert_array_equal(short.gradients[symbol], values)


def test_progress_is_told_after_each_pass() -> None:
    seen: list[int] = []
    problem(random_data(9, 1, 3), 3, 3, {}, "epochs = 4").run(progress=seen.append)
    assert seen == [1, 2, 3, 4]


def test_by_hand_updates_are_rounded_too() -> None:
    trace = problem(random_data(9, 1, 5), 2, 3, {}, 'epochs = 2\noptimizer = "momentum"').run(4)
    for one in trace.passes:
        for window in one.windows:
            for values in (window.after, window.memory_after, window.used):
                assert all(value == round(value, 4) for value in values.values())


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop", "adagrad"])
def test_a_second_moment_that_rounds_to_0_is_said(optimizer: str) -> None:
    data = random_data(9, 1, 5)
    data.update = f'optimizer = "{optimizer}"'
    problem = data.problem()
    assert "rounded_away" in problem.run(hand_rounding=1).standing_in
    assert not problem.run(hand_rounding=12).standing_in
    assert not problem.run().standing_in


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov"])
def test_who_does_not_divide_has_nothing_rounded_away(optimizer: str) -> None:
    data = random_data(9, 1, 5)
    data.update = f'optimizer = "{optimizer}"'
    assert not data.problem().run(hand_rounding=1).standing_in
