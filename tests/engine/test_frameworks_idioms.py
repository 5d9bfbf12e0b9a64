"""Truncation as frameworks do it: random options and optimizers, and each idiom's plain loop.

The loop below is PyTorch's own: its autograd, its optimizers, a detach at a window's edge. Nothing
in it comes from cellcalc but the numbers of the problem.
"""

from __future__ import annotations

import math
import random
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from cellcalc.api import Problem
from tests.support import lstm
from tests.support.oracles import module, sample
from tests.support.problems import Data, random_data

ATTEMPTS = 1000
OPTIONS = {
    "inject": ("new", "all", "last"),
    "tail": ("flush", "short", "discard"),
    "state": ("carry", "reset"),
    "update": ("window", "sequence", "epoch"),
    "empty": ("update", "skip"),
    "reduction": ("sum", "mean"),
}
GATES = "ifgo"  # PyTorch's order


@pytest.fixture(scope="module")
def torch() -> Any:
    torch = module("torch")
    torch.set_default_dtype(torch.float64)
    return torch


def optimizers(torch: Any, rng: random.Random) -> tuple[str, float, Any]:
    """An optimizer as a problem has it, its rate, and what makes PyTorch's own."""
    rate, momentum, decay = rng.uniform(0.01, 0.2), rng.uniform(0.1, 0.95), rng.uniform(0, 0.2)
    betas = rng.uniform(0.5, 0.95), rng.uniform(0.5, 0.999)
    epsilon = 10 ** rng.uniform(-9, -2)
    optim = torch.optim
    adam = {"beta1": betas[0], "beta2": betas[1], "epsilon": epsilon}
    table: dict[str, tuple[dict[str, float], Any]] = {
        "sgd": ({}, lambda p: optim.SGD(p, lr=rate)),
        "momentum": ({"momentum": momentum}, lambda p: optim.SGD(p, lr=rate, momentum=momentum)),
        "nesterov": (
            {"momentum": momentum},
            lambda p: optim.SGD(p, lr=rate, momentum=momentum, nesterov=True),
        ),
        "sgd-decay": ({"weight_decay": decay}, lambda p: optim.SGD(p, lr=rate, weight_decay=decay)),
        "momentum-decay": (
            {"momentum": momentum, "weight_decay": decay},
            lambda p: optim.SGD(p, lr=rate, momentum=momentum, weight_decay=decay),
        ),
        "adam": (adam, lambda p: optim.Adam(p, lr=rate, betas=betas, eps=epsilon)),
        "adamw": (
            {**adam, "weight_decay": decay},
            lambda p: optim.AdamW(p, lr=rate, betas=betas, eps=epsilon, weight_decay=decay),
        ),
        "rmsprop": (
            {"alpha": betas[1], "epsilon": epsilon},
            lambda p: optim.RMSprop(p, lr=rate, alpha=betas[1], eps=epsilon),
        ),
        "adagrad": ({"epsilon": epsilon}, lambda p: optim.Adagrad(p, lr=rate, eps=epsilon)),
    }
    name = rng.choice(list(table))
    settings, make = table[name]
    lines = [f'optimizer = "{name}"']
    return "\n".join([*lines, *(f"{k} = {v!r}" for k, v in settings.items())]), rate, make


def one_step(torch: Any, p: dict[str, Any], x: list[float], h: Any, c: Any) -> tuple[Any, ...]:
    m = len(x)
    weights = [[p[f"W_{k}{j + 1}" if m > 1 else f"W_{k}"] for j in range(m)] for k in GATES]
    w_ih = torch.stack([torch.stack(row) for row in weights])
    w_hh = torch.stack([p[f"U_{k}"] for k in GATES]).reshape(4, 1)
    bias = torch.stack([p[f"b_{k}"] for k in GATES])
    h, c = torch._VF.lstm_cell(
        torch.tensor(x).reshape(1, m), (h.reshape(1, 1), c.reshape(1, 1)), w_ih, w_hh,
        bias, torch.zeros(4),
    )  # fmt: skip
    h, c = h.reshape(()), c.reshape(())
    return h, c, p["V"] * h + p["b_y"]


def blocks(o: dict[str, Any], n: int) -> list[tuple[int, int, int]]:
    """For each window: the first step swept, the step it fires at, the first that is new to it."""
    edges = [0, *(t for t in range(1, n + 1) if t % o["k1"] == 0)]
    if o["windows"]:
        edges, rest = [0], list(o["windows"])
        while rest and edges[-1] + rest[0] <= n:
            edges.append(edges[-1] + rest.pop(0))
    if edges[-1] != n and o["tail"] != "discard":
        edges.append(n)
    found = []
    for last, t in pairwise(edges):
        first = max(1, t - o["k2"] + 1)
        if o["windows"] or (o["tail"] == "short" and t - last != o["k1"]):
            first = max(first, last + 1)
        if o["state"] == "reset" or o["windows"]:
            first = max(first, last + 1)
        found.append((first, t, last + 1))
    return found


def train(
    torch: Any,
    data: Data,
    o: dict[str, Any],
    make: Any,
    clips: tuple[float | None, ...],
    epochs: int,
) -> tuple[list[list[dict[str, float]]], dict[str, float]]:
    """The gradients that each window of each pass gives, and the parameters at the end."""
    p = {k: torch.tensor(v, requires_grad=True) for k, v in lstm.parameters(data).items()}
    optimizer = make(list(p.values()))
    sequences = [(data.x, data.target), *data.more]
    has = [[not math.isnan(v) for v in target] for _, target in sequences]

    def injected(k: int, window: tuple[int, int, int]) -> list[int]:
        first, t, new = window
        start = {"new": max(first, new), "all": first, "last": t}[o["inject"]]
        return [s for s in range(start, t + 1) if has[k][s - 1]]

    windows = [
        blocks(o, len(t)) if any(h) else [] for (_, t), h in zip(sequences, has, strict=True)
    ]
    whole = [sum(len(injected(k, w)) for w in ws) for k, ws in enumerate(windows)]

    def step() -> None:
        if clips[0] is not None:
            torch.nn.utils.clip_grad_norm_(list(p.values()), clips[0])
        if clips[1] is not None:
            torch.nn.utils.clip_grad_value_(list(p.values()), clips[1])
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)

    for value in p.values():
        value.grad = torch.zeros(())
    passes = []
    for _ in range(epochs):
        for k, (x, target) in enumerate(sequences):
            state0 = [torch.tensor(data.initial[s]) for s in ("h", "c")]
            states, gradients, done = {0: state0}, [], 0
            for window in windows[k]:
                first, t, _ = window
                # What no gradient flows through: the steps up to the window's first.
                with torch.no_grad():
                    for s in range(done + 1, t + 1):
                        before = states[s - 1]
                        states[s] = list(one_step(torch, p, x[s - 1], *before)[:2])
                done = t
                chosen = injected(k, window)
                h, c = (v.detach() for v in states[first - 1])
                loss = torch.tensor(0.0)
                for s in range(first, t + 1):
                    # Activations are those stored; the chain rule's weights are those of now.
                    h, c, y = one_step(torch, p, x[s - 1], h, c)
                    if s in chosen:
                        loss = loss + (y - target[s - 1]) ** 2 / 2
                over = {"window": len(chosen), "sequence": whole[k], "epoch": sum(whole)}
                if o["reduction"] == "mean" and chosen:
                    loss = loss / over[o["update"]]
                own = [torch.zeros(())] * len(p)
                if loss.requires_grad:
                    own = torch.autograd.grad(loss, list(p.values()))
                gradients.append({f"d{n}": g.item() for n, g in zip(p, own, strict=True)})
                for value, g in zip(p.values(), own, strict=True):
                    value.grad += g
                if o["update"] == "window" and (chosen or o["empty"] == "update"):
                    step()
                if o["state"] == "reset":
                    states[t] = state0
            passes.append(gradients)
            if o["update"] == "sequence" and windows[k] and (whole[k] or o["empty"] == "update"):
                step()
        if o["update"] == "epoch" and any(windows) and (sum(whole) or o["empty"] == "update"):
            step()
    return passes, {name: value.item() for name, value in p.items()}


def configuration(number: int, torch: Any) -> tuple[Data, dict[str, Any], Any, Any, int]:
    rng = random.Random(number)
    n = rng.randint(3, 9)
    data = random_data(number, rng.randint(1, 2), n)
    for k in range(rng.choice([0, 0, 1, 2])):
        more = random_data(number + 5000 * (k + 1), len(data.x[0]), rng.randint(3, n))
        data.more.append((more.x, more.target))
    for target in (data.target, *(t for _, t in data.more)):
        for s in range(len(target)):
            if rng.random() < rng.choice([0, 0.3]):
                target[s] = math.nan
    o: dict[str, Any] = {key: rng.choice(values) for key, values in OPTIONS.items()}
    o["k1"], o["k2"], o["windows"] = rng.randint(1, n), rng.randint(1, n), None
    # A window that reaches back over an update meets older activations: those are tested apart.
    if o["update"] == "window" and o["state"] == "carry":
        o["k2"] = min(o["k1"], o["k2"])
        o["tail"] = o["tail"].replace("flush", "short")
    if rng.random() < 0.25:
        cuts = sorted(rng.sample(range(1, n), rng.randint(1, n - 1)))
        o["windows"] = [b - a for a, b in zip([0, *cuts], [*cuts, n], strict=True)]
        o["k1"], o["k2"], o["tail"] = n, n, o["tail"].replace("flush", "short")
    clips = tuple(rng.choice([None, None, rng.uniform(0.01, 0.3)]) for _ in range(2))
    update, rate, make = optimizers(torch, rng)
    epochs = rng.randint(1, 3)
    lines = [f'{key} = "{o[key]}"' for key in OPTIONS]
    lines += (
        [f"windows = {o['windows']}"] if o["windows"] else [f"k1 = {o['k1']}", f"k2 = {o['k2']}"]
    )
    lines += [f"{k} = {v!r}" for k, v in zip(("clip_norm", "clip_value"), clips, strict=True) if v]
    update = f"{update}\nepochs = {epochs}"
    data = replace(data, bptt="\n".join(lines), update=update, learning_rate=rate)
    return data, o, make, clips, epochs


@pytest.mark.parametrize("number", sample(range(ATTEMPTS), 20))
def test_random_options_and_optimizers_are_those_of_torch(number: int, torch: Any) -> None:
    data, o, make, clips, epochs = configuration(number, torch)
    if all(math.isnan(t) for target in (data.target, *(t for _, t in data.more)) for t in target):
        pytest.skip("there is no target")
    trace = data.problem().run()
    passes, final = train(torch, data, o, make, clips, epochs)
    for one, expected in zip(trace.passes, passes, strict=True):
        assert len(one.windows) == len(expected), o
        for window, gradients in zip(one.windows, expected, strict=True):
            for symbol, value in gradients.items():
                assert window.gradients[symbol] == pytest.approx(value, rel=1e-9, abs=1e-12), o
    assert trace.final == pytest.approx(final, rel=1e-9, abs=1e-12), o


def plain(data: Data, bptt: str, update: str = "") -> Problem:
    return replace(data, bptt=bptt, update=update).problem()


@pytest.mark.parametrize("n", [8, 10, 11])
def test_block_is_the_detach_loop_with_its_shorter_last_chunk(n: int, torch: Any) -> None:
    data, k = random_data(6, 2, n), 4
    p = {name: torch.tensor(v, requires_grad=True) for name, v in lstm.parameters(data).items()}
    optimizer = torch.optim.SGD(list(p.values()), lr=0.1)
    h, c = (torch.tensor(data.initial[s]) for s in ("h", "c"))
    for start in range(0, n, k):
        h, c = h.detach(), c.detach()
        loss = torch.tensor(0.0)
        for x, target in zip(
            data.x[start : start + k], data.target[start : start + k], strict=True
        ):
            h, c, y = one_step(torch, p, x, h, c)
            loss = loss + (y - target) ** 2 / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    trace = plain(data, f'scheme = "block({k})"').run()
    assert trace.final == pytest.approx({q: v.item() for q, v in p.items()}, rel=1e-12)


def test_forum_last_is_the_recipe_of_the_forum(torch: Any) -> None:
    """States are kept in a list; at every k1-th step, and nowhere else, a loss goes back k2."""
    data, k1, k2 = random_data(9, 1, 11), 3, 5
    p = {name: torch.tensor(v, requires_grad=True) for name, v in lstm.parameters(data).items()}
    state0 = tuple(torch.tensor(data.initial[s]) for s in ("h", "c"))
    states: list[Any] = [(None, state0)]
    total = dict.fromkeys(p, 0.0)
    for t, (x, target) in enumerate(zip(data.x, data.target, strict=True), 1):
        state = tuple(v.detach().requires_grad_() for v in states[-1][1])
        h, c, y = one_step(torch, p, x, *state)
        states.append((state, (h, c)))
        if t % k1 == 0:
            # The recipe lets a state's grad of an earlier loss add up; here it is cleared.
            for value in (*p.values(), *(v for leaves, _ in states[1:] for v in leaves)):
                value.grad = None
            ((y - target) ** 2 / 2).backward(retain_graph=True)
            for i in range(k2 - 1):
                if states[-i - 2][0] is None:
                    break
                upstream = [v.grad for v in states[-i - 1][0]]
                for value, g in zip(states[-i - 2][1], upstream, strict=True):
                    if g is not None:
                        value.backward(g, retain_graph=True)
            for name, value in p.items():
                total[name] += value.grad.item()
    trace = plain(data, f'scheme = "forum-last({k1},{k2})"\nupdate = "sequence"').run()
    (one,) = trace.passes
    found = one.windows[-1].summed
    assert found == pytest.approx({f"d{n}": v for n, v in total.items()}, rel=1e-12, abs=1e-15)


def test_per_error_is_the_true_style_of_r2rt(torch: Any) -> None:
    """Each error goes back h steps from the state there; one update with the sum of them all."""
    data, depth = random_data(11, 2, 9), 3
    p = {name: torch.tensor(v, requires_grad=True) for name, v in lstm.parameters(data).items()}
    states = [tuple(torch.tensor(data.initial[s]) for s in ("h", "c"))]
    for x in data.x:
        states.append(tuple(v.detach() for v in one_step(torch, p, x, *states[-1])[:2]))
    for t in range(1, 10):
        h, c = states[max(0, t - depth)]
        for s in range(max(0, t - depth), t):
            h, c, y = one_step(torch, p, data.x[s], h, c)
        ((y - data.target[t - 1]) ** 2 / 2).backward()
    trace = plain(data, f'scheme = "per-error({depth})"').run()
    (one,) = trace.passes
    expected = {f"d{name}": value.grad.item() for name, value in p.items()}
    assert one.windows[-1].summed == pytest.approx(expected, rel=1e-12)
