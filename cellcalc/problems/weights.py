"""Reading parameters from a file of weights, in cellcalc's own names or in a framework's layout."""

from __future__ import annotations

import csv
import io
import math
import re
import tokenize
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NoReturn

from cellcalc import resources
from cellcalc.archives import DAMAGE
from cellcalc.errors import InputError, Mistake, did_you_mean
from cellcalc.files import Folder, parse_json
from cellcalc.language.arithmetic.decimals import FLOATS, work
from cellcalc.language.keys import element_keys
from cellcalc.language.tree import Symbol, symbols
from cellcalc.problems.sequences import titles_of
from cellcalc.problems.templates import Template
from cellcalc.toml import (
    Section,
    as_float,
    decode,
    describe,
    flat,
    listed,
    shape_of,
)


def read_weights(
    section: Section,
    kinds: Mapping[str, str],
    features: int | None,
    base: Folder,
    cell: Template | None = None,
) -> dict[str, float] | None:
    """The elements (``W_f1``) that the file named by ``from`` has; none where no file is named.

    None after a mistake.

    ``section`` is the table ``[parameters]``, ``kinds`` maps the problem's parameters to "input"
    or "scalar", ``cell`` is whose they are. Mistakes are noted with the section's reader.
    """
    if "unit" in section.values:
        section.wrong("unit", resources.sentence("weights", "unit"))
    if "from" not in section.values:
        for key in KEYS[1:]:
            if key in section.values:
                section.wrong(key, 'from = "weights.npz" beside it, or nothing here')
        return {}
    name, prefix = section.file_name("from"), section.text("prefix", "")
    layout = section.choice("layout", layout_names(), "") if "layout" in section.values else ""
    direction = section.choice("direction", DIRECTIONS, DIRECTIONS[0])
    layer = section.integer("layer", 0, 0) if "layer" in section.values else None
    readout = section.text("readout_prefix", "")
    if not name or features is None or section.values.get("layout", "") != layout:
        return None
    try:
        arrays = read_arrays(base, name)
        if not layout:
            for key in ("layer", "direction", "readout_prefix"):
                if key in section.values:
                    section.wrong(key, "a layout beside it, or nothing here")
            arrays = _within(arrays, prefix, name) if prefix else arrays
            return _by_name(arrays, kinds, features, name)
        own = [e for k, kind in kinds.items() for e in _elements_of(k, kind, features)]
        arrays, found = _without_readout(arrays, readout, own, name)
        arrays = _within(arrays, prefix, name) if prefix else arrays
        try:
            chosen = layout_for(layout, own, cell)
        except InputError as error:
            for mistake in error.mistakes:
                section.reader.mistake(section.key("layout"), mistake.expected, mistake.found)
            return None
        halves = _half(chosen, arrays, direction)
        arrays = halves or _chosen_layer(arrays, layer, direction, name)
        return found | from_layout(chosen, arrays, own, features, name)
    except InputError as error:
        section.wrong_file("from", name, error)
        return None


KEYS = ("from", "layout", "prefix", "layer", "direction", "readout_prefix", "unit")
DIRECTIONS = ("forward", "reverse")
READOUTS = {"weight": "V", "kernel": "V", "bias": "b_y"}  # what frameworks call a readout's own
READOUT = ("V", "b_y")
LEAST_ARRAYS = 2  # of a layer: kernel and recurrent kernel
_SIDE = re.compile(r"(?:^|\.)(forward|backward)(?:_[^.]*)?\.")
_LAYER = re.compile(r"(.*)_l([0-9]{1,3})(_reverse)?")


def _start(prefix: str) -> str:
    return prefix.replace("/", ".").rstrip(".") + "."


def _without_readout(
    arrays: Mapping[str, Array], prefix: str, own: Collection[str], file: str
) -> tuple[dict[str, Array], dict[str, float]]:
    """The arrays of the layer, and V and b_y.

    PyTorch calls them weight and bias, Keras and Flax kernel and bias. Of the positions that
    ``model.get_weights()`` has they are the last ones.
    """
    if not prefix:
        names = [name for name in READOUT if name in own]
        last = [f"arr_{len(arrays) - len(names) + k}" for k in range(len(names))]
        positions = {f"arr_{k}" for k in range(len(arrays))} == set(arrays)
        single = all(len(arrays[key].values) == 1 for key in last if key in arrays)
        if not positions or not single or len(arrays) < LEAST_ARRAYS + len(names):
            return dict(arrays), {}
        found = {name: arrays[key].values[0] for name, key in zip(names, last, strict=True)}
        return {key: array for key, array in arrays.items() if key not in last}, found
    found = {}
    mine = _within(arrays, prefix, file)
    for key, array in mine.items():
        name = READOUTS.get(key, "")
        if name not in own or len(array.values) != 1:
            expected = "weight or kernel, and bias, of one number each, for a readout that has them"
            found_here = f"{key} of {len(array.values)}"
            raise InputError([Mistake(file, _start(prefix) + key, expected, found_here)])
        found[name] = array.values[0]
    taken = {id(array) for array in mine.values()}
    return {key: array for key, array in arrays.items() if id(array) not in taken}, found


def _chosen_layer(
    arrays: Mapping[str, Array], layer: int | None, direction: str, file: str
) -> dict[str, Array]:
    """The arrays of one layer and direction under the names of the first: ``weight_ih_l0``.

    Keras and Flax name the layers of a bidirectional one ``forward_…`` and ``backward_…``.
    """
    sides = {key: match[1] for key in arrays if (match := _SIDE.search(key))}
    if layer is None and {"forward", "backward"} == set(sides.values()):
        other = "forward" if direction == "reverse" else "backward"
        return {key: array for key, array in arrays.items() if sides.get(key) != other}
    parts = {key: match for key in arrays if (match := _LAYER.fullmatch(key))}
    layers = sorted({int(match[2]) for match in parts.values()})
    both = sorted({"reverse" if match[3] else "forward" for match in parts.values()})
    if not parts:
        if layer is not None or direction != DIRECTIONS[0]:
            expected = "names such as weight_ih_l0, whose layer can be chosen"
            raise InputError([Mistake(file, "", expected, listed(list(arrays), "and"))])
        return dict(arrays)
    if layer is None and len(layers) > 1:
        chosen = listed([f"layer = {k}" for k in layers])
        found = f"layers {listed(list(map(str, layers)), 'and')}"
        raise InputError([Mistake(file, "", f"{chosen}, which chooses one", found)])
    wanted = layers[0] if layer is None else layer
    if wanted not in layers:
        found = f"layer{'s' if len(layers) > 1 else ''} {listed(list(map(str, layers)), 'and')}"
        raise InputError([Mistake(file, "", f"layer {wanted}", found)])
    if direction not in both:
        raise InputError([Mistake(file, "", f"direction {direction}", listed(both, "and"))])
    kept = {key: array for key, array in arrays.items() if key not in parts}
    for key, match in parts.items():
        if int(match[2]) == wanted and bool(match[3]) == (direction == "reverse"):
            kept[f"{match[1]}_l0"] = arrays[key]
    return kept


def _half(layout: Layout, arrays: Mapping[str, Array], direction: str) -> dict[str, Array] | None:
    """The arrays of one direction, where an axis of them is for both, as ONNX has it."""
    both = [
        key
        for block in layout.blocks
        for key, array in arrays.items()
        if _is_one_of(key, block.names) and "directions" in block.shape
        and array.shape and len(array.shape) == len(block.shape) and array.shape[0] == 2
    ]  # fmt: skip
    found = dict(arrays)
    for key in both:
        one, values = arrays[key], arrays[key].values
        size = len(values) // 2
        start = size if direction == "reverse" else 0
        found[key] = Array((1, *(one.shape or ())[1:]), values[start : start + size])
    return found if both else None


# The folders of layouts: what such cells are called, and the one that comes with cellcalc.
FAMILIES = {
    "": ("LSTM cells", "lstm"),
    "gru": ("GRU cells that reset after the recurrent weight", "gru"),
    "gru-before": ("GRU cells that reset before the recurrent weight", "gru-reset-before"),
    "rnn": ("simple RNN cells", "rnn"),
}


def family(own: Collection[str]) -> str:
    """Which cells have these parameters: a folder of layouts, "" for the LSTM's."""
    stems = {name.rstrip("0123456789") for name in own}
    if {"W_r", "W_u"} <= stems:
        return "gru" if "b_gh" in stems else "gru-before"
    return "rnn" if "W" in stems else ""


def layout_for(
    name: str, own: Collection[str], cell: Template | None = None, gradients: bool = False
) -> Layout:
    """The layout of that name for the cell that has these parameters.

    A constant that a framework adds to a bias changes no derivative: it matters not to
    ``gradients``.

    Raises :class:`~cellcalc.errors.InputError` where there is none, and where the cell means
    something else by them.
    """
    kind = family(own)
    known = _layouts_of(kind)
    if name not in known:
        others = [words for other, (words, _) in FAMILIES.items() if name in _layouts_of(other)]
        found = f"{name}, which is for {listed(others, 'and')}"
        _misfit(f"a layout for {FAMILIES[kind][0]} ({listed(known)})", found)
    chosen = load_layout(_place(kind, name))
    adds_more = cell is not None and chosen.coefficient not in ("", *cell.coefficients)
    if cell is not None and adds_more and not gradients:
        whose = f"a cell with the coefficient {chosen.coefficient}"
        _misfit(f"{whose}, as lstm-forget-bias, which {name} adds at run time", cell.name)
    if cell is not None and kind.startswith("gru") and _lets_in(cell):
        keeps = "a cell whose u keeps the old output, h = u·h[t-1] + (1 - u)·g"
        _misfit(f"{keeps}, as {FAMILIES[kind][1]}", f"{cell.name}, whose u lets the new one in")
    return chosen


def _layouts_of(kind: str) -> tuple[str, ...]:
    return resources.names(f"templates/layouts/{kind}") if kind else layout_names()


def _place(kind: str, name: str) -> str:
    return f"{kind}/{name}" if kind else name


def _misfit(expected: str, found: str) -> NoReturn:
    raise InputError([Mistake("parameters.layout", "", expected, found)])


class _Closed:
    """Some number for each symbol of a step; 0 for an update gate u that is closed."""

    swept = (1,)

    def value(self, name: str, t: int) -> float:
        return 0.0 if name == "u" else 3.0 + 2.0 * t

    def before(self, name: str, t: int) -> float:
        return self.value(name, t - 1)

    def at(self, name: str, step: object) -> float:  # noqa: ARG002
        return self.value(name, 1)

    def fixed(self, name: str) -> float:  # noqa: ARG002
        return 2.0


def _lets_in(cell: Template) -> bool:
    """Whether an update gate that is closed keeps the old output: the other convention of it."""
    formula = next((e.formula for e in cell.equations if e.symbol == cell.output), None)
    before = Symbol(cell.output, -1)
    if formula is None or not {Symbol("u", 0), before} <= set(symbols(formula)):
        return False
    kept = _Closed().before(before.name, 1)
    return bool(work(formula, FLOATS)(_Closed(), 1) == kept)


def _within(arrays: Mapping[str, Array], prefix: str, file: str) -> dict[str, Array]:
    """The arrays whose names begin with a prefix, without it.

    It may stand behind what all of them begin with, as in Keras's ``sequential/dense/kernel``.
    """
    start = _start(prefix)
    found = {key.removeprefix(start): a for key, a in arrays.items() if key.startswith(start)}
    inside = [key.partition(f".{start}") for key in arrays if f".{start}" in key]
    if not found and len({before for before, _, _ in inside}) == 1:
        found = {after: arrays[before + middle + after] for before, middle, after in inside}
    if not found:
        names = listed(list(arrays), "and")
        raise InputError([Mistake(file, "", f"arrays whose names begin with {start}", names)])
    return found


def _elements_of(name: str, kind: str, features: int) -> tuple[str, ...]:
    return element_keys(name, features) if kind == "input" else (name,)


def _by_name(
    arrays: Mapping[str, Array], kinds: Mapping[str, str], features: int, file: str
) -> dict[str, float]:
    """Parameters under their own names: ``W_f`` with all its elements, or ``W_f1``, ``W_f2``."""
    whole = {name: _elements_of(name, kind, features) for name, kind in kinds.items()}
    single = {element: (element,) for elements in whole.values() for element in elements}
    found: dict[str, float] = {}
    mistakes = []
    for key, array in arrays.items():
        elements = whole.get(key) or single.get(key)
        if elements is None:
            expected = f"a parameter ({listed(list(kinds) or ['none'])}), or layout = …"
            hint = did_you_mean(key, [*whole, *single])
            mistakes.append(Mistake(file, key, expected, f"an unknown name{hint}"))
        elif len(array.values) != len(elements):
            expected = f"{len(elements)} number{'s' if len(elements) > 1 else ''}"
            mistakes.append(Mistake(file, key, expected, str(len(array.values))))
        elif twice := [e for e in elements if e in found]:
            mistakes.append(Mistake(file, key, "each number once", f"{twice[0]} twice"))
        else:
            found |= dict(zip(elements, array.values, strict=True))
    if mistakes and (framework := _layout_of(arrays, features)):
        expected = f"parameters ({listed(list(kinds) or ['none'])}), or a layout beside it"
        kind = FAMILIES[framework[0]][0]
        read = f'those of {kind}, which layout = "{framework[1]}" reads'
        raise InputError([Mistake(file, "", expected, read)])
    if mistakes:
        raise InputError(mistakes)
    return found


@dataclass(frozen=True)
class Block:
    """One array of a layout: the names it may have, its axes, and the parameters it fills.

    ``shape`` names the axes: ``gates``, ``features``, ``hidden`` or ``directions`` (both 1),
    ``joined`` (the features, then the hidden unit) and ``sides``. ``fills`` are the parameters'
    first letters, one after the other along the gates, one for each of the sides, or along
    ``joined`` that of the inputs and that of the hidden unit.
    """

    names: tuple[str, ...]
    shape: tuple[str, ...]
    gates: tuple[str, ...]
    fills: tuple[str, ...]
    optional: bool

    def lengths(self, features: int) -> tuple[int, ...]:
        """The shape for a single hidden unit."""
        stacked = len(self.fills) if not {"sides", "joined"} & {*self.shape} else 1
        sizes = {"gates": len(self.gates) * stacked, "features": features, "sides": len(self.fills)}
        sizes["joined"] = features + 1
        return tuple(sizes.get(axis, 1) for axis in self.shape)

    def elements(self, features: int) -> list[tuple[str, str]]:
        """For each number, row by row: first letter and the rest, as in ("W", "_f2")."""
        found = []
        for place in product(*map(range, self.lengths(features))):
            along = dict(zip(self.shape, place, strict=True))
            letter, gate = divmod(along.get("gates", 0), len(self.gates))
            letter = along.get("sides", letter)
            feature = along.get("features", along.get("joined"))
            if "joined" in along:
                letter = int(along["joined"] == features)
            joined = f"_{self.gates[gate]}" if self.gates[gate] else ""
            numbers = ("",) if feature in (None, features) else element_keys("", features)
            found.append((self.fills[letter], joined + numbers[(feature or 0) % len(numbers)]))
        return found


@dataclass(frozen=True)
class Layout:
    """A framework's arrays; ``instead`` tells what a parameter is added to that a cell lacks.

    ``coefficient`` is one that the framework adds when it runs, so that a cell must have it.
    """

    name: str
    title: str
    blocks: tuple[Block, ...]
    instead: Mapping[str, str]
    coefficient: str = ""

    def place(self, letter: str, rest: str, own: Collection[str]) -> str:
        """The parameter of the cell that an array's element belongs to; "" where there is none."""
        whole = letter + rest
        if whole in self.instead:
            return self.instead[whole] if self.instead[whole] in own else ""
        for name in (whole, self.instead.get(letter, letter) + rest):
            if name in own:
                return name
        return ""


def layout_names(folder: str = "") -> tuple[str, ...]:
    """The layouts of the LSTM that there are files for; those of another cell in its folder."""
    return resources.names(f"templates/layouts/{folder}".rstrip("/"))


def layout_folders() -> tuple[str, ...]:
    """The cells besides the LSTM that there are layouts for: gru, rnn."""
    found = (resources.folder("templates") / "layouts").iterdir()
    return tuple(sorted(one.name for one in found if one.is_dir()))


@cache
def load_layout(name: str) -> Layout:
    data = resources.read_toml(f"templates/layouts/{name}.toml")
    blocks = tuple(
        Block(
            names=tuple(row["names"]),
            shape=tuple(row["shape"]),
            gates=tuple(row.get("gates", data["gates"])),
            fills=tuple(row["fills"]),
            optional=row.get("optional", False),
        )
        for row in data["array"]
    )
    instead, coefficient = data.get("instead", {}), data.get("coefficient", "")
    return Layout(name, data["title"], blocks, instead, coefficient)


def from_layout(
    layout: Layout, arrays: Mapping[str, Array], own: Collection[str], features: int, file: str
) -> dict[str, float]:
    """Each element (``W_f1``) of the cell's parameters, from a framework's arrays.

    ``own`` are the cell's elements; what is there of others must be 0. A parameter
    whose array is optional and absent is 0. Raises :class:`~cellcalc.errors.InputError` with
    every mistake.
    """
    mistakes: list[Mistake] = []
    found: dict[str, float] = {}
    unknown = list(arrays)
    for block in layout.blocks:
        matching = [key for key in arrays if _is_one_of(key, block.names)]
        unknown = [key for key in unknown if key not in matching]
        key = matching[0] if matching else block.names[0]
        if complaint := _complaint(block, matching, arrays, features):
            mistakes.append(Mistake(file, key, *complaint))
            continue
        values = arrays[key].values if matching else None
        misfits = _fill(found, layout, block.elements(features), values, own)
        mistakes += [Mistake(file, key, *misfit) for misfit in misfits]
    if mistakes or unknown:
        _whole_misfit(layout, arrays, features, file)
    known = [name for block in layout.blocks for name in block.names]
    for key in unknown:
        stem, _, last = key.rpartition(".")
        hint = did_you_mean(key, known) or "; prefix = … takes those that begin alike"
        if stem and last in READOUTS:
            hint = f'; readout_prefix = "{stem}." takes those of a readout'
        own_name = layout.name.rpartition("/")[2]
        expected = f"an array of layout {own_name} ({listed(known)})"
        mistakes.append(Mistake(file, key, expected, f"an unknown one{hint}"))
    if mistakes:
        raise InputError(mistakes)
    return found


def _whole_misfit(layout: Layout, arrays: Mapping[str, Array], features: int, file: str) -> None:
    """Raise one sentence where all arrays are another cell's, or of more units than one."""
    own, _, framework = layout.name.rpartition("/")
    found = _layout_of(arrays, features)
    if found is not None and found != (own, framework):
        kind, other = found
        words, name = FAMILIES[kind]
        expected = f"the arrays of {FAMILIES[own][0]} in layout {framework}"
        how = f'layout = "{other}"' if kind == own else f'cell = "{name}", layout = "{other}"'
        raise InputError([Mistake(file, "", expected, f"those of {words}, which {how} reads")])
    sizes = {_hidden_size(layout, key, array, features) for key, array in arrays.items()}
    if len(arrays) > 1 and len(sizes) == 1 and (size := sizes.pop()) > 1:
        reason = resources.sentence("weights", "units")
        raise InputError([Mistake(file, "", "a layer of one hidden unit", f"{size}; {reason}")])


def _layout_of(arrays: Mapping[str, Array], features: int) -> tuple[str, str] | None:
    """The family and the framework whose layout these arrays are, if they are some."""
    for kind in FAMILIES:
        for framework in _layouts_of(kind):
            if _fits(load_layout(_place(kind, framework)), arrays, features):
                return kind, framework
    return None


def _fits(layout: Layout, arrays: Mapping[str, Array], features: int) -> bool:
    """Whether these arrays are all of a layout, each of the right shape."""
    known: set[str] = set()
    for block in layout.blocks:
        matching = [key for key in arrays if _is_one_of(key, block.names)]
        known |= set(matching)
        if _complaint(block, matching, arrays, features):
            return False
    return known == set(arrays)


def _hidden_size(layout: Layout, key: str, array: Array, features: int) -> int:
    """Of how many hidden units an array of a layout is; 0 where its shape does not tell."""
    for block in layout.blocks:
        lengths = block.lengths(features)
        if _is_one_of(key, block.names) and array.shape and len(array.shape) == len(lengths):
            size, rest = divmod(
                array.shape[block.shape.index("gates")], lengths[block.shape.index("gates")]
            )
            deep = array.shape[block.shape.index("hidden")] if "hidden" in block.shape else size
            return 0 if rest or deep != size else size
    return 0


def _complaint(
    block: Block, matching: list[str], arrays: Mapping[str, Array], features: int
) -> tuple[str, str] | None:
    """What was expected and found where a block has no array, several, or one of another shape."""
    if len(matching) > 1:
        several = f"{listed(matching, 'and')}; choose with prefix = …"
        return "one array of that name", several
    if not matching:
        hint = did_you_mean(block.names[0], list(arrays))
        absent = f"no array of that name{hint}"
        return None if block.optional else (_expected(block, features), absent)
    wrong = _misshapen(block, arrays[matching[0]], features)
    return (_expected(block, features), wrong) if wrong else None


def _is_one_of(key: str, names: tuple[str, ...]) -> bool:
    return any(key == name or key.endswith(f".{name}") for name in names)


def _expected(block: Block, features: int) -> str:
    has_inputs = "features" in block.shape or "joined" in block.shape
    inputs = f", {features} input{'s' if features > 1 else ''}" if has_inputs else ""
    return f"{_times(block.lengths(features))} numbers (one hidden unit{inputs})"


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "1"


def _misshapen(block: Block, array: Array, features: int) -> str:
    """What was found instead of the right shape; nothing where it is right."""
    lengths = block.lengths(features)
    if array.shape is None:
        count = len(array.values)
        return "" if count == math.prod(lengths) else f"{count} numbers"
    if array.shape == lengths:
        return ""
    found = _times(array.shape)
    if len(array.shape) == len(lengths):
        place = block.shape.index("gates")
        hidden, rest = divmod(array.shape[place], lengths[place])
        if hidden > 1 and not rest:
            return f"{found} (hidden size {hidden})"
    return found


def _fill(
    found: dict[str, float],
    layout: Layout,
    elements: list[tuple[str, str]],
    values: tuple[float, ...] | None,
    own: Collection[str],
) -> Iterator[tuple[str, str]]:
    """Put the numbers of one array, or zeros, where they belong; what was expected and found."""
    for (letter, rest), value in zip(elements, values or [0.0] * len(elements), strict=True):
        if place := layout.place(letter, rest, own):
            found[place] = found.get(place, 0.0) + value
        elif value:
            missing = layout.instead.get(letter + rest, letter + rest)
            yield f"0, since the cell has no parameter {missing}", f"{value:.6g}"


def layout_rows(layout: Layout, own: Collection[str], features: int) -> dict[str, list[str]]:
    """For each array, by its first name, the parameters that it holds, row by row.

    Arrays of parameters that the cell does not have are left out.
    """
    rows = {}
    for block in layout.blocks:
        names = [letter + rest for letter, rest in block.elements(features)]
        if all(name in own for name in names):
            rows[block.names[0]] = names
    return rows


ENDINGS = (".npz", ".json", ".csv", ".safetensors")
# How a file of another kind becomes one of these: a key of the sentences.
CONVERTED = {
    **dict.fromkeys((".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle"), "convert"),
    **dict.fromkeys((".h5", ".keras"), "convert_keras"),
    ".msgpack": "convert_flax",
    ".onnx": "convert_onnx",
}
MAX_UNPACKED = 8_000_000  # bytes of an .npz: a million numbers
MAX_ARRAYS = 1_000
MAX_DEPTH = 8  # of lists and tables in a .json


@dataclass(frozen=True)
class Array:
    """Numbers in row-major order; ``shape`` is None where the file does not tell (a .csv).

    ``shown`` has the numbers with as many digits as the file keeps, where these are fewer than a
    float has.
    """

    shape: tuple[int, ...] | None
    values: tuple[float, ...]
    shown: tuple[str, ...] = ()


def read_arrays(folder: Folder, name: str) -> dict[str, Array]:
    """The arrays of a file by name, with dots where the name has levels: ``lstm.weight_ih_l0``.

    Raises :class:`~cellcalc.errors.InputError`.
    """
    ending = Path(name).suffix.lower()
    if ending not in ENDINGS:
        expected = f"a file of weights: {listed(ENDINGS)}"
        key = CONVERTED.get(ending)
        how = f"; {resources.sentence('weights', key)}" if key else ""
        raise InputError([Mistake(name, "", expected, (ending or "no ending") + how)])
    contents = folder.read(name)
    read: dict[str, Callable[[bytes, str], dict[str, Array]]]
    read = {
        ".npz": arrays_of_npz,
        ".json": _from_json,
        ".csv": _from_csv,
        ".safetensors": _from_safetensors,
    }
    arrays = read[ending](contents, name)
    mistakes = [
        Mistake(name, key, "finite numbers", "one that is not")
        for key, array in arrays.items()
        if not all(map(math.isfinite, array.values))
    ]
    if not arrays:
        mistakes.append(Mistake(name, "", "at least one array", "none"))
    if mistakes:
        raise InputError(mistakes)
    return {key.replace("/", ".").removesuffix(":0"): array for key, array in arrays.items()}


def arrays_of_npz(contents: bytes, name: str) -> dict[str, Array]:
    return {key: array_of_npy(data, name, key) for key, data in members_of_npz(contents, name)}


def members_of_npz(contents: bytes, name: str) -> list[tuple[str, bytes]]:
    """The arrays of an archive as their files have them, by name."""
    try:
        with zipfile.ZipFile(io.BytesIO(contents)) as package:
            members = package.infolist()
            if len(members) > MAX_ARRAYS:
                many = str(len(members))
                raise InputError([Mistake(name, "", f"at most {MAX_ARRAYS} arrays", many)])
            left = MAX_UNPACKED
            found = []
            for member in members:
                key = member.filename.removesuffix(".npy")
                with package.open(member) as file:
                    data = file.read(left + 1)  # not member.file_size, which need not be true
                if len(data) > left:
                    limit = f"at most {MAX_UNPACKED // 1_000_000} MB when unpacked"
                    raise InputError([Mistake(name, key, limit, "more")])
                left -= len(data)
                found.append((key, data))
            return found
    except DAMAGE as error:
        wrong = f"an error: {error}"
        raise InputError([Mistake(name, "", "an archive made by numpy.savez", wrong)]) from None


_WRONG_HEADER = (
    ValueError, EOFError, SyntaxError, TypeError, KeyError, MemoryError,
    RecursionError, OverflowError, tokenize.TokenError,
)  # fmt: skip


def text_of_npy(data: bytes) -> tuple[str, ...] | None:
    """What stands in an array of text, or nothing of dates and yes or no; None for numbers."""
    import numpy  # here, so that only those who read an .npz wait for it

    try:
        shape, dtype = _header(data)
        if dtype.kind not in "USbMm":
            return None
        if dtype.kind != "U" or math.prod(shape) * dtype.itemsize > len(data):
            return ()
        array = numpy.load(io.BytesIO(data), allow_pickle=False)
    except _WRONG_HEADER:
        return None
    return tuple(str(value) for value in array.ravel(order="C"))


def _header(data: bytes) -> tuple[tuple[int, ...], Any]:
    """The shape and the type of an array; ValueError for another version of the format."""
    import numpy

    file = io.BytesIO(data)
    version = numpy.lib.format.read_magic(file)
    header = {
        (1, 0): numpy.lib.format.read_array_header_1_0,
        (2, 0): numpy.lib.format.read_array_header_2_0,
    }.get(version)
    if header is None:
        raise ValueError(f"format {version[0]}.{version[1]} of .npy")
    shape, _, dtype = header(file)
    return tuple(shape), dtype


def array_of_npy(data: bytes, name: str, key: str) -> Array:
    import numpy  # here, so that only those who read an .npz wait for it

    def refuse(found: str) -> InputError:
        return InputError([Mistake(name, key, "an array of real numbers", found)])

    try:
        shape, dtype = _header(data)
        if dtype.kind not in "fiu":
            raise refuse(f"one of type {dtype}")
        if math.prod(shape) * dtype.itemsize > len(data):
            raise refuse(f"a header that announces {_many(shape)} numbers, and fewer of them")
        array = numpy.load(io.BytesIO(data), allow_pickle=False)
    except _WRONG_HEADER as error:
        # numpy takes a header for Python's own text, and quotes it behind a colon.
        raise refuse(f"an error: {str(error).partition(':')[0][:80]}") from None
    with numpy.errstate(over="ignore"):  # what float64 cannot hold becomes inf, and is refused
        values = tuple(array.astype(numpy.float64).ravel(order="C").tolist())
    shown: tuple[str, ...] = ()
    if dtype.kind == "f" and dtype.itemsize < 8:
        shown = tuple(str(value) for value in array.ravel(order="C"))
    return Array(tuple(int(length) for length in array.shape), values, shown)


def _many(shape: Sequence[int]) -> str:
    """How many numbers an array of that shape has, which may be a number too long to be written."""
    count = math.prod(shape)
    return str(count) if count < 10**15 else "more than 10^15"


# How safetensors calls types: numpy's name for each; bfloat16 is the upper half of a float32.
_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "<i1", "U8": "<u1",
}  # fmt: skip


def _from_safetensors(contents: bytes, name: str) -> dict[str, Array]:
    """A header in JSON after its length in eight bytes, then the numbers: nothing that runs."""
    import numpy

    def refuse(key: str, expected: str, found: str) -> InputError:
        return InputError([Mistake(name, key, expected, found)])

    length = int.from_bytes(contents[:8], "little")
    if len(contents) < 8 or length > len(contents) - 8:
        raise refuse("", "a safetensors file", "a header longer than the file")
    header = parse_json(decode(contents[8 : 8 + length], name), name, "a safetensors file")
    if not isinstance(header, dict) or len(header) > MAX_ARRAYS:
        raise refuse("", f"a table of at most {MAX_ARRAYS} arrays", describe(header))
    data = memoryview(contents)[8 + length :]
    arrays = {}
    for key, row in header.items():
        if key == "__metadata__":
            continue
        row = row if isinstance(row, dict) else {}
        shape, offsets, kind = (row.get(k) for k in ("shape", "data_offsets", "dtype"))
        whole = [*(shape or []), *(offsets or [])] if isinstance(shape, list) else [None]
        sound = isinstance(offsets, list) and len(offsets) == 2 and kind in _TYPES
        if not sound or not all(type(n) is int and n >= 0 for n in whole):
            raise refuse(key, "a shape, two offsets and a known type", describe(row))
        assert isinstance(shape, list) and isinstance(offsets, list)
        dtype = numpy.dtype(_TYPES[str(kind)])
        count, (first, last) = math.prod(shape), offsets
        if last > len(data) or last - first != count * dtype.itemsize:
            found = f"{last - first if last <= len(data) else 'other'} bytes for them"
            raise refuse(key, f"{_many(shape)} numbers", found)
        values = numpy.frombuffer(data[first:last], dtype)
        if kind == "BF16":
            values = (values.astype("<u4") << 16).view("<f4")
        arrays[key] = Array(tuple(shape), tuple(values.astype(numpy.float64).tolist()))
    return arrays


def _from_json(contents: bytes, name: str) -> dict[str, Array]:
    data = parse_json(decode(contents, name), name)
    if isinstance(data, list):  # layer.get_weights(), each as a list
        data = {f"arr_{k}": item for k, item in enumerate(data)}
    if not isinstance(data, dict):
        raise InputError([Mistake(name, "", "a table of arrays by name", describe(data))])
    trained = data.get("parameters")
    if isinstance(trained, dict) and isinstance(trained.get("final"), dict):
        data = trained["final"]  # printed by cellcalc table --format json
    mistakes: list[Mistake] = []
    arrays: dict[str, Array] = {}
    for path, value in _leaves(data, "", MAX_DEPTH):
        shape, values = shape_of(value), tuple(flat(value))
        numbers = [as_float(item) for item in values]
        if shape is None:
            mistakes.append(Mistake(name, path, "rows of the same length", "rows of several"))
        elif wrong := [i for i, n in zip(values, numbers, strict=True) if n is None]:
            mistakes.append(
                Mistake(name, path, "a number, or lists of numbers", describe(wrong[0]))
            )
        else:
            arrays[path] = Array(shape, tuple(n for n in numbers if n is not None))
    if mistakes:
        raise InputError(mistakes)
    return arrays


def _leaves(table: Mapping[str, Any], path: str, depth: int) -> list[tuple[str, Any]]:
    """What is not a table, with its path."""
    found: list[tuple[str, Any]] = []
    for key, value in table.items():
        place = f"{path}.{key}" if path else key
        if isinstance(value, dict) and depth:
            found += _leaves(value, place, depth - 1)
        else:
            found.append((place, value))
    return found


def _from_csv(contents: bytes, name: str) -> dict[str, Array]:
    """Lines of ``name,value``; the lines of one name are its numbers in row-major order."""
    try:
        lines = csv.reader(decode(contents, name).splitlines())
        rows = [(lines.line_num, [cell.strip() for cell in row]) for row in lines if row]
    except csv.Error as error:
        raise InputError([Mistake(name, "", "a CSV table", f"an error: {error}")]) from None
    if not rows or rows[0][1] != ["name", "value"]:
        found = titles_of(rows[0][1] if rows else [])
        raise InputError([Mistake(name, "line 1", "the columns name and value", found)])
    numbers: dict[str, list[float]] = {}
    mistakes: list[Mistake] = []
    for line, row in rows[1:]:
        try:
            key, text = row
            numbers.setdefault(key, []).append(float("" if "_" in text else text))
        except ValueError:
            found = f"{len(row)} value{'s' if len(row) > 1 else ''}"
            found = "another text" if len(row) == 2 else found
            mistakes.append(Mistake(name, f"line {line}", "a name and a number", found))
    if mistakes:
        raise InputError(mistakes)
    return {key: Array(None, tuple(values)) for key, values in numbers.items()}
