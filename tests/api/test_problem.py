"""A problem from arrays, and what it gives back; the same numbers as a file and as PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cellcalc
from tests.support.oracles import module

X = np.array([[1, 2], [0.5, 3], [-1, 0.2], [0.3, -0.7]])
Y = np.array([0.5, 1.25, -0.3, 0.1])
PARAMETERS: dict[str, Any] = {
    **{f"W_{gate}": np.array([0.7, 0.45]) * (k + 1) / 3 for k, gate in enumerate("figo")},
    **{f"U_{gate}": 0.1 * (k + 1) for k, gate in enumerate("figo")},
    **{f"b_{gate}": 0.15 * (k + 1) for k, gate in enumerate("figo")},
}


def problem(**more: Any) -> cellcalc.Problem:
    given = {"parameters": PARAMETERS, "x": X, "target": Y, "initial": {"h": 0.2, "c": -0.3}}
    return cellcalc.Problem(**{**given, **more})


def test_arrays_lists_and_tensors_say_the_same() -> None:
    torch = module("torch")
    expected = problem().run().loss
    lists = {name: np.asarray(value).tolist() for name, value in PARAMETERS.items()}
    assert problem(parameters=lists, x=X.tolist(), target=Y.tolist()).run().loss == expected
    tensors = {name: torch.tensor(value).double() for name, value in PARAMETERS.items()}
    tensors["W_f"].requires_grad_()
    given = problem(parameters=tensors, x=torch.tensor(X), target=torch.tensor(Y)[:, None])
    assert given.run().loss == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"scheme": "tbptt(1,2)", "optimizer": "adam", "learning_rate": 0.05, "epochs": 3},
        {"k1": 3, "k2": 2, "inject": "all", "tail": "discard", "weights": "stored"},
        {"readout": "linear", "parameters": {**PARAMETERS, "V": 1.5, "b_y": -0.25}},
        {"cell": "lstm-forget-bias", "coefficients": {"forget_bias": 0.5}, "frozen": ["W_f"]},
        {"target": None},
        {"target": [np.nan, 0.5, np.nan, 1.0], "title": 'a "title"'},
        {"x": np.stack([X, -X]), "target": np.stack([Y, 2 * Y])},
    ],
)
def test_the_file_that_says_the_same_gives_the_same(more: dict[str, Any]) -> None:
    given = problem(**more)
    again = cellcalc.loads(given.to_toml())
    one, other = given.run(), again.run()
    assert one.final == other.final
    assert [p.loss for p in one.passes] == [p.loss for p in other.passes]
    assert again.specification.title == given.specification.title


def test_rows_of_targets_for_rows_of_one_input_are_sequences() -> None:
    one = {name: value[:1] if name[0] == "W" else value for name, value in PARAMETERS.items()}
    x, target = [[0.5, -1.0, 0.25], [1.0, 2.0]], [[0.1, 0.4, -0.2], [0.3, 0.6]]
    rows = problem(parameters=one, x=x, target=target).run()
    arrays = problem(parameters=one, x=[*map(np.array, x)], target=[*map(np.array, target)]).run()
    pairs = problem(
        parameters=one, x=None, target=None, sequences=list(zip(x, target, strict=True))
    )
    assert [p.loss for p in rows.passes] == [p.loss for p in pairs.run().passes]
    assert [p.loss for p in rows.passes] == [p.loss for p in arrays.passes]


def test_several_sequences_of_different_lengths() -> None:
    pairs = [(X[:2], Y[:2]), {"x": X, "target": Y}]
    sequences = problem(x=None, target=None, sequences=pairs).specification.sequences
    assert [sequence.steps for sequence in sequences] == [2, 4]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"x": [[1, 2], [3]]}, "x[2]: expected a list of 2, as in the first row, found a list of 1"),
        ({"x": X[:, 0], "target": Y}, "parameters.W_f: expected 1 finite number, one for each input, found a list of 2"),
        ({"target": [1.0]}, "target: expected a list of 4, one number a step (nan where there is none), found a list of 1"),
        ({"learning_rate": "fast"}, 'learning_rate: expected a finite number, found "fast"'),
        ({"initial": {"s": 1}}, "initial.s: expected a state of lstm (h or c), found an unknown key"),
        ({"cell": "lstmm"}, "did you mean lstm?"),
        ({"inject": "none"}, 'inject: expected new, all or last, found "none"'),
        ({"x": None}, "x: expected an array with one row of inputs a step, found nothing"),
        ({"epoch": 3}, "epoch: expected one of cell, readout, loss"),
    ],
)  # fmt: skip
def test_mistakes_are_told_at_the_name_of_the_argument(more: dict[str, Any], message: str) -> None:
    with pytest.raises(cellcalc.InputError) as caught:
        problem(**more)
    assert message in str(caught.value)
    assert "sequence[" not in str(caught.value) and "--" not in str(caught.value)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("both", [False, True])
def test_a_layer_of_pytorch_is_the_same_problem(layers: int, both: bool) -> None:
    """The last layer, reading what the one below it gives; and the reverse direction."""
    torch = module("torch")
    torch.manual_seed(layers)
    lstm = torch.nn.LSTM(2, 1, num_layers=layers, bidirectional=both, dtype=torch.float64)
    head = torch.nn.Linear(1, 1, dtype=torch.float64)
    below = torch.tensor(X)
    if layers == 2:
        first = torch.nn.LSTM(2, 1, bidirectional=both, dtype=torch.float64)
        state = lstm.state_dict()
        first.load_state_dict({k: state[k] for k in first.state_dict()})
        below = first(below)[0].detach()
    hidden = lstm(torch.tensor(X))[0]
    for direction in ("forward", "reverse") if both else ("forward",):
        given = cellcalc.from_torch(
            lstm, below, Y, readout=head, layer=layers - 1, direction=direction
        ) if direction == "forward" else cellcalc.from_torch(
            lstm, below.flip(0), Y[::-1].copy(), readout=head, layer=layers - 1, direction=direction
        )  # fmt: skip
        column = hidden[:, 0 if direction == "forward" else 1]
        column = column if direction == "forward" else column.flip(0)
        assert given.run()["h"] == pytest.approx(column.detach().numpy(), rel=1e-12)


def test_the_gradients_in_pytorchs_names_are_autograds() -> None:
    torch = module("torch")
    torch.manual_seed(3)
    lstm = torch.nn.LSTM(2, 1, dtype=torch.float64)
    loss = ((lstm(torch.tensor(X))[0][:, 0] - torch.tensor(Y)) ** 2 / 2).sum()
    loss.backward()
    trace = cellcalc.from_torch(lstm, X, Y).run()
    assert trace.loss == pytest.approx(loss.item(), rel=1e-12)
    found = trace.gradients_as("pytorch")
    assert set(found) == {name for name, _ in lstm.named_parameters()}
    for name, value in lstm.named_parameters():
        assert found[name] == pytest.approx(value.grad.numpy(), rel=1e-10, abs=1e-14)
    with pytest.raises(cellcalc.OptionError, match="layout: expected one of"):
        trace.gradients_as("torch")


def test_inputs_of_another_layer_are_told_at_x() -> None:
    torch = module("torch")
    with pytest.raises(cellcalc.OptionError, match=r"x: expected 2 inputs a step, .* found 1$"):
        cellcalc.from_torch(torch.nn.LSTM(2, 1), X[:, 0], Y)
    with pytest.raises(cellcalc.OptionError, match="x: expected one input a step, what layer 1"):
        cellcalc.from_torch(torch.nn.LSTM(2, 1, num_layers=2), X, Y, layer=1)


def test_modules_that_are_no_single_unit_are_refused() -> None:
    torch = module("torch")
    with pytest.raises(cellcalc.OptionError, match="hidden size 3"):
        cellcalc.from_torch(torch.nn.LSTM(2, 3), X, Y)
    with pytest.raises(cellcalc.OptionError, match="layer: expected a whole number from 0 to 0"):
        cellcalc.from_torch(torch.nn.LSTM(2, 1), X, Y, layer=1)
    with pytest.raises(cellcalc.OptionError, match="module: expected"):
        cellcalc.from_torch(torch.nn.Linear(2, 1), X, Y)
