"""A peephole cell, once there is one, against ONNX's reference evaluator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cellcalc.api import Problem
from cellcalc.problems.specification import read_specification
from cellcalc.resources import folder
from tests.support.oracles import module

CELL = folder("templates") / "cells" / "lstm-peephole.toml"
ORDER = "iofg"  # the gates as ONNX stacks them; its c is the candidate g
pytestmark = pytest.mark.skipif(not CELL.exists(), reason="there is no peephole cell")


def by_onnx(
    parameters: dict[str, float], x: list[float], h: float, c: float
) -> tuple[list[float], float]:
    """h over the steps, and the last c, in float64."""
    onnx, reference = module("onnx"), module("onnx.reference")
    helper, kind = onnx.helper, onnx.TensorProto.DOUBLE
    given = {
        "X": np.array(x).reshape(-1, 1, 1),
        "W": np.array([[[parameters[f"W_{k}"]] for k in ORDER]]),
        "R": np.array([[[parameters[f"U_{k}"]] for k in ORDER]]),
        "B": np.array([[parameters[f"b_{k}"] for k in ORDER] + [0.0] * 4]),
        "h0": np.array([[[h]]]),
        "c0": np.array([[[c]]]),
        "P": np.array([[parameters[f"p_{k}"] for k in "iof"]]),
    }
    node = helper.make_node(
        "LSTM", ["X", "W", "R", "B", "", "h0", "c0", "P"], ["Y", "", "Y_c"], hidden_size=1
    )
    inputs = [helper.make_tensor_value_info(k, kind, v.shape) for k, v in given.items()]
    outputs = [helper.make_tensor_value_info(k, kind, None) for k in ("Y", "Y_c")]
    graph = helper.make_graph([node], "peepholes", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)])
    y, last = reference.ReferenceEvaluator(model).run(None, given)
    return [float(v) for v in y.ravel()], float(last.ravel()[0])


@pytest.mark.parametrize("seed", range(3))
def test_forward_values_are_those_of_onnx(seed: int) -> None:
    generator = np.random.default_rng(seed)
    names = [f"{kind}_{gate}" for kind in "WUb" for gate in ORDER] + ["p_i", "p_f", "p_o"]
    parameters = dict(zip(names, generator.uniform(-1, 1, len(names)).tolist(), strict=True))
    x, (h, c) = generator.uniform(-1, 1, 5).tolist(), generator.uniform(-1, 1, 2).tolist()
    lines = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    text = f'cell = "lstm-peephole"\n[parameters]\n{lines}\n'
    text += f"[initial]\nh = {h!r}\nc = {c!r}\n[[sequence]]\nx = {x!r}\n"
    trace = Problem.of(read_specification(text, "p.toml", Path())).run()
    expected, last = by_onnx(parameters, x, h, c)
    assert trace["h"] == pytest.approx(expected, rel=1e-14)
    assert trace["c"][-1] == pytest.approx(last, rel=1e-14)
