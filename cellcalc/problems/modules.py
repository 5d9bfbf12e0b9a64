"""A recurrent layer of PyTorch as the arguments of a problem; torch itself is not imported."""

from __future__ import annotations

from typing import Any

from cellcalc.errors import OptionError, check_choice, check_whole
from cellcalc.language.keys import element_keys
from cellcalc.problems import templates, weights
from cellcalc.problems.arguments import plain
from cellcalc.problems.weights import Array

KINDS = {"LSTM": "lstm", "GRU": "gru", "RNN": "rnn"}  # the cell of each kind of layer
FILE = "module"  # what messages call it


def from_module(module: Any, readout: Any, layer: int, direction: str) -> dict[str, Any]:
    """``cell``, ``readout`` and ``parameters`` of a torch.nn.LSTM, GRU or RNN.

    Raises :class:`~cellcalc.errors.OptionError` for another module, for more than one hidden unit,
    and for a layer or a direction that the module does not have.
    """
    layer_kind = type(module).__name__
    if layer_kind not in KINDS:
        raise OptionError("module", "a torch.nn.LSTM, torch.nn.GRU or torch.nn.RNN", layer_kind)
    if module.hidden_size != 1 or getattr(module, "proj_size", 0):
        found = f"hidden size {module.hidden_size}"
        raise OptionError("module", "a layer of hidden size 1, since the cell is one unit", found)
    if layer_kind == "RNN" and module.nonlinearity != "tanh":
        raise OptionError("module", "the nonlinearity tanh", module.nonlinearity)
    check_whole("layer", layer, 0, module.num_layers - 1)
    check_choice("direction", direction, ("forward", "reverse"))
    if direction == "reverse" and not module.bidirectional:
        raise OptionError("direction", "forward, since the layer has one direction", direction)
    suffix = f"_l{layer}" + ("_reverse" if direction == "reverse" else "")
    state = {name: plain(value) for name, value in module.state_dict().items()}
    arrays = {
        name.removesuffix(suffix) + "_l0": _array(value)
        for name, value in state.items()
        if name.endswith(suffix) and (direction == "reverse" or "reverse" not in name)
    }
    cell = KINDS[layer_kind]
    features = arrays["weight_ih_l0"].shape[1]  # type: ignore[index]
    template = templates.load("cells", cell)
    elements = {
        name: element_keys(name, features if kind == "input" else 1)
        for name, kind in template.parameters.items()
    }
    own = [element for group in elements.values() for element in group]
    numbers = weights.from_layout(weights.layout_for("pytorch", own), arrays, own, features, FILE)
    parameters: dict[str, Any] = {
        name: [numbers[element] for element in group] for name, group in elements.items()
    }
    if readout is None:
        return {"cell": cell, "parameters": parameters}
    head = {name: plain(value) for name, value in readout.state_dict().items()}
    if type(readout).__name__ != "Linear" or len(_array(head["weight"]).values) != 1:
        raise OptionError("readout", "a torch.nn.Linear(1, 1)", repr(readout))
    parameters |= {"V": head["weight"], "b_y": head.get("bias", [0.0])}
    return {"cell": cell, "readout": "linear", "parameters": parameters}


def _array(value: Any) -> Array:
    """The numbers of nested lists, with their shape."""
    shape: list[int] = []
    inner = value
    while isinstance(inner, list):
        shape.append(len(inner))
        inner = inner[0] if inner else None
    numbers, level = [value], len(shape)
    for _ in range(level):
        numbers = [item for part in numbers for item in part]
    return Array(tuple(shape), tuple(map(float, numbers)))
