"""A recurrent layer of PyTorch or Keras as the arguments of a problem; neither is imported."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cellcalc.errors import OptionError, check_choice, check_whole
from cellcalc.language.keys import element_keys
from cellcalc.problems import templates, weights
from cellcalc.problems.arguments import plain
from cellcalc.problems.weights import Array
from cellcalc.toml import flat, shape_of

# The cell of each kind of layer.
OF_TORCH = {"LSTM": "lstm", "GRU": "gru", "RNN": "rnn"}
OF_KERAS = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn"}
DIRECTIONS = ("forward", "reverse")
ONE_UNIT = "a layer of one unit, since the cell is one"


def from_module(
    module: Any, readout: Any, layer: int, direction: str, cell: str | None = None
) -> dict[str, Any]:
    """``cell``, ``readout`` and ``parameters`` of a torch.nn.LSTM, GRU or RNN.

    What the layer has no bias for is frozen at 0. Raises
    :class:`~cellcalc.errors.OptionError` for another module, for more than one hidden unit,
    and for a layer or a direction that the module does not have.
    """
    kind = type(module).__name__
    if kind not in OF_TORCH or not hasattr(module, "state_dict"):
        raise OptionError("module", "a torch.nn.LSTM, torch.nn.GRU or torch.nn.RNN", kind)
    if module.hidden_size != 1 or getattr(module, "proj_size", 0):
        found = f"hidden size {module.hidden_size}"
        raise OptionError("module", f"hidden size 1: {ONE_UNIT}", found)
    if kind == "RNN" and module.nonlinearity != "tanh":
        raise OptionError("module", "the nonlinearity tanh", module.nonlinearity)
    check_whole("layer", layer, 0, module.num_layers - 1)
    check_choice("direction", direction, DIRECTIONS)
    if direction == "reverse" and not module.bidirectional:
        raise OptionError("direction", "forward, since the layer has one direction", direction)
    suffix = f"_l{layer}" + ("_reverse" if direction == "reverse" else "")
    arrays = {
        name.removesuffix(suffix) + "_l0": _array(plain(value))
        for name, value in module.state_dict().items()
        if name.endswith(suffix) and (direction == "reverse" or "reverse" not in name)
    }
    features = _axis(arrays["weight_ih_l0"], 1)
    made = _arguments("pytorch", cell or OF_TORCH[kind], arrays, features, bool(module.bias))
    if readout is None:
        return made
    head = {name: flat(plain(value)) for name, value in _state_of(readout).items()}
    if type(readout).__name__ != "Linear" or len(head["weight"]) != 1:
        raise OptionError("readout", "a torch.nn.Linear(1, 1)", repr(readout))
    return _with_readout(made, "linear", head["weight"], head.get("bias"))


def _state_of(readout: Any) -> Mapping[str, Any]:
    if not hasattr(readout, "state_dict"):
        raise OptionError("readout", "a torch.nn.Linear(1, 1)", repr(readout))
    state: Mapping[str, Any] = readout.state_dict()
    return state


def from_keras_layer(
    module: Any, readout: Any, layer: int, direction: str, cell: str | None = None
) -> tuple[dict[str, Any], bool]:
    """The same of a keras.layers.LSTM, GRU or SimpleRNN, or of a model that has one in it.

    In a model the layer is the one of that number among the recurrent ones, and the readout, where
    none is given, the Dense layer that comes next. Also whether the layer gives out every step.
    """
    model_layers = list(getattr(module, "layers", ()))
    if model_layers and not hasattr(module, "cell"):
        places = [k for k, one in enumerate(model_layers) if _recurrent(one)]
        if not places:
            names = ", ".join(type(one).__name__ for one in model_layers)
            raise OptionError("module", "a model with an LSTM, a GRU or a SimpleRNN", names)
        check_whole("layer", layer, 0, len(places) - 1)
        if readout is None:
            after = model_layers[places[layer] + 1 :]
            readout = next((one for one in after[:2] if _is(one, "Dense")), None)
            if _is(readout, "TimeDistributed"):
                readout = readout.layer
        module = model_layers[places[layer]]
    else:
        check_whole("layer", layer, 0, 0)
    check_choice("direction", direction, DIRECTIONS)
    backwards = bool(getattr(module, "go_backwards", False))
    if type(module).__name__ == "Bidirectional":
        module = module.forward_layer if direction == "forward" else module.backward_layer
    elif backwards and direction == "forward":
        expected = (
            "reverse, and x in the order in which the layer reads it, since it goes backwards"
        )
        raise OptionError("direction", expected, direction)
    elif direction == "reverse" and not backwards:
        raise OptionError("direction", "forward, since the layer has one direction", direction)
    kind = type(module).__name__
    if kind not in OF_KERAS or not hasattr(module, "get_weights"):
        expected = "a keras.layers.LSTM, GRU or SimpleRNN, or a model that has one"
        raise OptionError("module", expected, kind)
    if module.units != 1:
        raise OptionError("module", f"units = 1: {ONE_UNIT}", f"units = {module.units}")
    if not module.get_weights():
        raise OptionError("module", "a layer that is built, so that it has weights", "none")
    weights_of = zip(("kernel", "recurrent_kernel", "bias"), module.get_weights(), strict=False)
    arrays = {name: _array(plain(value)) for name, value in weights_of}
    features = _axis(arrays["kernel"], 0)
    made = _arguments(
        "keras", cell or _keras_cell(module, kind), arrays, features, bool(module.use_bias)
    )
    if readout is not None:
        if type(readout).__name__ != "Dense" or readout.units != 1:
            raise OptionError("readout", "a keras.layers.Dense(1)", repr(readout))
        squash = _activation(readout, "activation")
        if squash not in ("linear", "sigmoid"):
            raise OptionError("readout", "the activation linear or sigmoid", squash)
        head = [flat(plain(value)) for value in readout.get_weights()]
        shape = "linear" if squash == "linear" else "logistic"
        made = _with_readout(made, shape, head[0], head[1] if len(head) > 1 else None)
    return made, bool(module.return_sequences)


def _recurrent(layer: Any) -> bool:
    inner = getattr(layer, "forward_layer", layer)
    return type(inner).__name__ in OF_KERAS


def _is(layer: Any, name: str) -> bool:
    return name in (type(layer).__name__, type(getattr(layer, "layer", None)).__name__)


def _activation(layer: Any, which: str) -> str:
    return str(getattr(getattr(layer, which), "__name__", getattr(layer, which)))


def _keras_cell(module: Any, kind: str) -> str:
    """The cell that such a layer is, by its activations and where a GRU resets."""
    squash = _activation(module, "activation")
    if kind == "SimpleRNN":
        cells = {"tanh": "rnn", "linear": "rnn-linear"}
        if squash not in cells:
            raise OptionError("module", "the activation tanh or linear", squash)
        return cells[squash]
    if squash != "tanh":
        raise OptionError("module", "the activation tanh", squash)
    gate = _activation(module, "recurrent_activation")
    if kind == "GRU":
        if gate != "sigmoid":
            raise OptionError("module", "the recurrent activation sigmoid", gate)
        return "gru" if module.reset_after else "gru-reset-before"
    cells = {"sigmoid": "lstm", "hard_sigmoid": "lstm-hard-keras3"}
    if gate not in cells:
        expected = "the recurrent activation sigmoid or hard_sigmoid"
        raise OptionError("module", expected, gate)
    return cells[gate]


def _arguments(
    layout: str, cell: str, arrays: Mapping[str, Array], features: int, biased: bool
) -> dict[str, Any]:
    """The cell, its parameters from a framework's arrays, and what of them is not learned."""
    template = templates.load("cells", cell)
    elements = {
        name: element_keys(name, features if kind == "input" else 1)
        for name, kind in template.parameters.items()
    }
    own = [element for group in elements.values() for element in group]
    chosen = weights.layout_for(layout, own, template)
    numbers = weights.from_layout(chosen, arrays, own, features, "module")
    parameters: dict[str, Any] = {
        name: [numbers[element] for element in group] for name, group in elements.items()
    }
    found: dict[str, Any] = {"cell": cell, "parameters": parameters}
    if not biased:  # 0, and not there to be learned
        found["frozen"] = [name for name in parameters if name.startswith(("b", "r_"))]
    return found


def _with_readout(found: dict[str, Any], name: str, slope: Any, bias: Any) -> dict[str, Any]:
    """The arguments with a readout of one number, and its bias if it has one."""
    parameters = found["parameters"] | {"V": slope}
    if bias is None and name == "linear":
        return found | {"readout": "linear-no-bias", "parameters": parameters}
    if bias is None:
        found = found | {"frozen": [*found.get("frozen", []), "b_y"]}
    return found | {"readout": name, "parameters": parameters | {"b_y": bias or [0.0]}}


def sequences_of(x: Any, target: Any, batch_first: bool, every_step: bool = True) -> dict[str, Any]:
    """``x`` and ``target`` as a framework has them: with a batch, and a column for the target.

    A batch of one is one sequence. Where the layer gives out its last step only, so does the
    target: every other step has none.
    """
    rows, goals = plain(x), plain(target)
    shape = shape_of(rows)
    if shape is not None and len(shape) == 3 and not batch_first:
        rows = [[step[k] for step in rows] for k in range(shape[1])]
        inner = shape_of(goals)
        if goals is not None and inner and len(inner) > 1:
            goals = [[step[k] for step in goals] for k in range(inner[1])]
    batched = shape is not None and len(shape) == 3
    if goals is not None and not every_step:
        found = flat(goals)
        if batched and len(found) == len(rows):
            goals = [[math.nan] * (len(own) - 1) + [g] for own, g in zip(rows, found, strict=True)]
        elif not batched and len(found) == 1:
            goals = [math.nan] * (len(rows) - 1) + found
    if batched and len(rows) == 1:
        rows = rows[0]
        inner = shape_of(goals)
        goals = goals[0] if goals is not None and inner and len(inner) > 1 else goals
    return {"x": rows} if target is None else {"x": rows, "target": goals}


def check_inputs(made: Mapping[str, Any], data: Mapping[str, Any], layer: int) -> None:
    """Raise :class:`~cellcalc.errors.OptionError` unless x has as many inputs as the layer."""
    kinds = templates.load("cells", made["cell"]).parameters
    vectors = [made["parameters"][name] for name, kind in kinds.items() if kind == "input"]
    shape = shape_of(data["x"])
    found = 1 if shape is not None and len(shape) == 1 else (shape or (0,))[-1]
    if not vectors or not found or found == len(vectors[0]):  # x of no shape is told elsewhere
        return
    given = "what layer {} is given, the output of the one below" if layer else "as the layer has"
    inputs = "one input" if len(vectors[0]) == 1 else f"{len(vectors[0])} inputs"
    raise OptionError("x", f"{inputs} a step, {given.format(layer)}", str(found))


def _axis(array: Array, place: int) -> int:
    """A length of an array that the framework made, so that it has the axis."""
    assert array.shape is not None
    return array.shape[place]


def _array(value: Any) -> Array:
    return Array(shape_of(value), tuple(map(float, flat(value))))
