"""The gradients in every framework's names, shapes and order of gates, by hand for each."""

from __future__ import annotations

import numpy
import pytest

import cellcalc

CHANCE = numpy.random.default_rng(8)
PARAMETERS = {f"W_{gate}": CHANCE.normal(size=2) for gate in "figo"} | {
    f"{letter}_{gate}": CHANCE.normal() for letter in "Ub" for gate in "figo"
}
TRACE = cellcalc.Problem(
    parameters=PARAMETERS,
    x=CHANCE.normal(size=(5, 2)),
    target=CHANCE.normal(size=5),
    initial={"h": 0.2, "c": -0.3},
    scheme="tbptt(2,3)",
).run()


def rows(letter: str, order: str) -> numpy.ndarray:
    """The sums over the windows: of an input weight of shape (4, 2), else (4,)."""
    gradients = TRACE.gradients
    names = ("1", "2") if letter == "W" else ("",)
    found = [[gradients[f"d{letter}_{gate}{k}"].sum() for k in names] for gate in order]
    return numpy.array(found) if letter == "W" else numpy.array(found)[:, 0]


@pytest.mark.parametrize(
    ("layout", "order", "input_weights", "shapes"),
    [
        ("pytorch", "ifgo", "weight_ih_l0", [(4, 2), (4, 1), (4,), (4,)]),
        ("keras", "ifgo", "kernel", [(2, 4), (1, 4), (4,)]),
        ("onnx", "iofg", "W", [(1, 4, 2), (1, 4, 1), (1, 8)]),
        ("tf1", "igfo", "kernel", [(3, 4), (4,)]),
    ],
)
def test_names_shapes_and_order(
    layout: str, order: str, input_weights: str, shapes: list[tuple[int, ...]]
) -> None:
    found = TRACE.gradients_as(layout)
    assert [array.shape for array in found.values()] == shapes
    own = found[input_weights].reshape(shapes[0])
    if layout == "onnx":
        own = own[0]
    elif layout != "pytorch":
        own = own[:2].T
    numpy.testing.assert_allclose(own, rows("W", order), rtol=1e-12)
    bias = next(array for name, array in found.items() if "b" in name.lower())
    numpy.testing.assert_allclose(bias.ravel()[:4], rows("b", order), rtol=1e-12)
    if layout == "tf1":
        numpy.testing.assert_allclose(found["kernel"][2], rows("U", order), rtol=1e-12)


def test_flax_has_an_array_a_gate() -> None:
    found = TRACE.gradients_as("flax")
    for gate, row in zip("figo", rows("W", "figo"), strict=True):
        assert found[f"i{gate}.kernel"].shape == (2, 1)
        numpy.testing.assert_allclose(found[f"i{gate}.kernel"][:, 0], row, rtol=1e-12)


def test_a_gate_of_another_sense_is_refused_by_the_arguments_name() -> None:
    gru = cellcalc.Problem(
        cell="gru", parameters={"random": {"seed": 1}}, x=[1, 2, 3], target=[0, 1, 0]
    ).run()
    try:
        arrays = gru.gradients_as("tf1")
    except cellcalc.OptionError as error:
        assert str(error).startswith("layout: expected ")
    else:
        raise AssertionError(list(arrays))
