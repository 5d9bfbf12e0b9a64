"""Schemes side by side: like compared with like, none twice, the problem's own among them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cellcalc.api import load
from cellcalc.studies.compare import compare
from cellcalc.views.compare import to_text
from tests.support import loop, lstm
from tests.support.command import Run
from tests.support.oracles import module
from tests.support.problems import random_data


def compared(data, *names: str):  # type: ignore[no-untyped-def]
    p = data.problem()
    return compare(p.specification, p.model, names)


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_what_is_full_bptt_has_no_error_whatever_the_loss(reduction: str) -> None:
    data = replace(random_data(3, 2, 7, missing=True), bptt=f'reduction = "{reduction}"')
    found = compared(data, "realtime", "bptt(7)", "tbptt(2,7)")
    for one in found.schemes:
        assert one.error < 1e-12 and one.angle < 1e-10
        assert one.loss == found.schemes[0].loss


def test_gradients_are_those_of_torch_and_angles_of_their_vectors() -> None:
    torch = module("torch")
    torch.set_default_dtype(torch.float64)
    data = replace(random_data(4, 1, 6), bptt='reduction = "mean"')
    found = compared(data, "block(4)")
    p = {k: torch.tensor(v, requires_grad=True) for k, v in lstm.parameters(data).items()}
    vectors = []
    for cut in (6, 4):
        h, c = (torch.tensor(data.initial[s]) for s in ("h", "c"))
        loss = torch.tensor(0.0)
        for t in range(6):
            if t == cut:
                h, c = h.detach(), c.detach()
            gates = {g: p[f"W_{g}"] * data.x[t][0] + p[f"U_{g}"] * h + p[f"b_{g}"] for g in "figo"}
            c = torch.sigmoid(gates["f"]) * c + torch.sigmoid(gates["i"]) * torch.tanh(gates["g"])
            h = torch.sigmoid(gates["o"]) * torch.tanh(c)
            loss = loss + (p["V"] * h + p["b_y"] - data.target[t]) ** 2 / 2 / 6
        vectors.append(torch.stack(torch.autograd.grad(loss, list(p.values()))))
    full, block = vectors
    _, one = found.schemes
    assert list(one.gradients.values()) == pytest.approx(
        [dict(zip(p, block.tolist(), strict=True))[s[1:]] for s in one.gradients], rel=1e-10
    )
    assert one.error == pytest.approx(float((block - full).norm() / full.norm()), rel=1e-10)
    cosine = float(block @ full / block.norm() / full.norm())
    assert one.angle == pytest.approx(torch.rad2deg(torch.acos(torch.tensor(cosine))).item(), 1e-8)


def test_names_that_come_to_the_same_are_one_and_the_own_scheme_is_there() -> None:
    data = replace(random_data(5, 1, 8), bptt='scheme = "block(3)"')
    found = compared(data, "keras-stateful(3)", "tbptt(3,3)", "full", "windows(3,3,2)")
    assert [(one.scheme.name, one.others) for one in found.schemes] == [
        ("full", ()),
        ("block(3)", ("keras-stateful(3)", "windows(3,3,2)")),
        ("tbptt(3,3)", ()),  # its last window sweeps three steps
    ]


def test_the_problems_options_hold_and_what_is_set_aside_is_said(tmp_path: Path, run: Run) -> None:
    data = random_data(6, 1, 8)
    data.bptt = 'scheme = "tbptt(2,4)"\ninject = "all"\nclip_norm = 0.5'
    data.update = "epochs = 3"
    found = compared(data, "tbptt(3,5)", "forum-last(2,4)")
    assert [one.scheme.inject for one in found.schemes] == ["new", "all", "all", "last"]
    assert found.set_aside == {"clip_norm": 0.5}
    path = tmp_path / "p.toml"
    path.write_text(data.toml())
    text = run("compare", path).stdout
    assert "of no account to the gradients, only to the training below: clip_norm 0.5" in text
    assert "Training: 3 epochs with each scheme, sgd at rate 0.1" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "of no account here: clip_norm 0.5" in run("compare", path, "--epochs", 1).stdout


def test_json_has_every_figure(run: Run) -> None:
    data = json.loads(run("compare", "ten_steps", "block(4)", "-f", "json").stdout)
    full, own, block = data["schemes"]
    assert (full["name"], own["name"], block["name"]) == ("full", "tbptt(2,5)", "block(4)")
    assert full["relative_error"] == full["angle"] == 0.0
    assert [w["t"] for w in block["windows"]] == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
    assert set(block["gradients"]) == set(block["relative_errors"])
    assert own["loss"] == pytest.approx(load("ten_steps").run().passes[0].loss, rel=0.1)


def test_a_name_that_is_none_and_a_sequence_that_is_not_there(run: Run) -> None:
    result = run("compare", "ten_steps", "blok(3)")
    assert result.exit_code == 2 and "did you mean block(k)?" in result.stderr
    result = run("compare", "ten_steps", "--sequence", 2)
    assert result.exit_code == 2 and "found 2" in result.stderr


def test_the_problem_s_own_scheme_is_marked_though_it_comes_to_another(run: Run) -> None:
    data = replace(random_data(4, 1, 6), bptt='scheme = "keras-stateful(3)"')
    found = compared(data, "full", "block(3)", "tbptt(2,5)")
    assert [one.own for one in found.schemes] == [False, True, False]
    data = replace(data, bptt='scheme = "tbptt(6,6)"')
    assert [one.own for one in compared(data, "full", "block(3)").schemes] == [True, False]
    said = run("compare", "ten_steps", "full", "block(4)").stdout
    assert "tbptt(2,5) *" in said and "* the problem's own scheme" in said
    told = json.loads(run("compare", "ten_steps", "block(4)", "--format", "json").stdout)
    assert [one["name"] for one in told["schemes"] if one["own"]] == ["tbptt(2,5)"]


def test_lengths_of_a_named_scheme_add_up_as_those_of_a_file(run: Run) -> None:
    for command in (["compare"], ["experiment", "--epochs", "1"]):
        name, *options = command
        said = run(name, "ten_steps", *options, "--scheme", "windows(3,3)")
        assert said.exit_code == 2
        assert "lengths that add up to 10, the steps, found 6" in said.stderr


LOOPS = {
    "full": loop.Options(7, 7),
    "tbptt(2,4)": loop.Options(2, 4),
    "block(3)": loop.Options(3, 3, tail="short"),
    "keras-stateful(3)": loop.Options(3, 3, tail="short", reduction="mean"),
}


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_epochs_train_each_scheme_as_a_loop_of_its_own_does(reduction: str) -> None:
    data = random_data(7, 1, 7, missing=True)
    data.bptt = f'reduction = "{reduction}"\nscheme = "tbptt(2,4)"'
    data.update = "epochs = 12"
    found = compared(data, "full", "block(3)", "keras-stateful(3)")
    assert [one.scheme.name for one in found.schemes] == list(LOOPS)[: 3 + (reduction == "sum")]
    ends = []
    for one in found.schemes:
        given, done, options = lstm.parameters(data), one.trained, LOOPS[one.scheme.name]
        if one.scheme.name != "keras-stateful(3)":
            options = replace(options, reduction=reduction)
        assert done is not None and list(done.losses) == [0, 1, 2, 5, 10, 12]
        for epoch in range(13):
            if epoch in done.losses:
                losses = loop.train(data, given, loop.Options(7, 7), 0.0).losses
                counted = [loss for loss in losses if loss == loss]
                size = len(counted) if reduction == "mean" else 1
                assert done.losses[epoch] == pytest.approx(sum(counted) / size, rel=1e-12)
            if epoch < 12:
                given = loop.train(data, given, options, 0.1).parameters[-1]
        assert done.parameters == pytest.approx(given, rel=1e-12)
        ends.append(np.array([given[name] for name in done.parameters]))
        start = np.array([lstm.parameters(data)[name] for name in done.parameters])
        apart = np.linalg.norm(ends[-1] - ends[0]) / np.linalg.norm(ends[0] - start)
        assert done.apart == pytest.approx(apart, rel=1e-9, abs=1e-12)


def test_training_compared_has_the_same_keys_in_json(run: Run) -> None:
    once, twice = (
        json.loads(run("compare", "ten_steps", "block(4)", *more, "-f", "json").stdout)
        for more in ([], ["--epochs", 2])
    )
    assert (once["epochs"], twice["epochs"]) == (1, 2) and once.keys() == twice.keys()
    assert [one["trained"] for one in once["schemes"]] == [None] * 3
    table = json.loads(run("table", "ten_steps", "--epochs", 2, "-f", "json").stdout)
    own = next(one for one in twice["schemes"] if one["own"])
    assert own["trained"]["parameters"] == table["parameters"]["final"]
    assert own["trained"]["updates"] == table["optimizer"]["updates"] == 10


def test_a_training_that_diverges_is_said(run: Run) -> None:
    data = replace(random_data(7, 1, 4), learning_rate=1e200)
    found = compared(replace(data, update="epochs = 3"), "block(2)")
    assert "Training diverges with full *, block(2)" in to_text(found)
    assert "diverges" not in run("compare", "ten_steps", "block(4)", "--epochs", 2).stdout
