"""Layouts: how a framework keeps the weights of an LSTM, and which parameter each number is.

A layout is a file of ``templates/layouts``. cellcalc's cells have one hidden unit, so that an
array has as many rows (or columns) as the cell has gates.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

from cellcalc import resources
from cellcalc.arrays import Array
from cellcalc.errors import InputError, Mistake, did_you_mean
from cellcalc.series import feature_names
from cellcalc.toml import listed


@dataclass(frozen=True)
class Block:
    """One array of a layout: the names it may have, its axes, and the parameters it fills.

    ``shape`` names the axes: ``gates``, ``features``, ``hidden`` or ``directions`` (both 1).
    ``fills`` are the parameters' first letters, one after the other along the gates.
    """

    names: tuple[str, ...]
    shape: tuple[str, ...]
    gates: tuple[str, ...]
    fills: tuple[str, ...]
    optional: bool

    def lengths(self, features: int) -> tuple[int, ...]:
        """The shape for a single hidden unit."""
        sizes = {"gates": len(self.gates) * len(self.fills), "features": features}
        return tuple(sizes.get(axis, 1) for axis in self.shape)

    def elements(self, features: int) -> list[tuple[str, str]]:
        """For each number, row by row: first letter and gate with feature, as in ("W", "f2")."""
        found = []
        for place in product(*map(range, self.lengths(features))):
            along = dict(zip(self.shape, place, strict=True))
            letter, gate = divmod(along["gates"], len(self.gates))
            numbers = feature_names("", features) if "features" in along else ("",)
            found.append((self.fills[letter], self.gates[gate] + numbers[along.get("features", 0)]))
        return found


@dataclass(frozen=True)
class Layout:
    """A framework's arrays; ``instead`` tells what a parameter is added to that a cell lacks."""

    name: str
    title: str
    blocks: tuple[Block, ...]
    instead: Mapping[str, str]


def layout_names() -> tuple[str, ...]:
    """The layouts that there are files for."""
    return resources.names("templates/layouts")


@cache
def load_layout(name: str) -> Layout:
    path = resources.folder("templates") / "layouts" / f"{name}.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
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
    return Layout(name, data["title"], blocks, data.get("instead", {}))


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
    known = [name for block in layout.blocks for name in block.names]
    for key in unknown:
        hint = did_you_mean(key, known) or "; prefix = … takes those that begin alike"
        expected = f"an array of layout {layout.name} ({listed(known)})"
        mistakes.append(Mistake(file, key, expected, f"an unknown one{hint}"))
    if mistakes:
        raise InputError(mistakes)
    return found


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
    inputs = f", {features} input{'s' if features > 1 else ''}" if "features" in block.shape else ""
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
        element, other = f"{letter}_{rest}", f"{layout.instead.get(letter, letter)}_{rest}"
        if element in own or other in own:
            place = element if element in own else other
            found[place] = found.get(place, 0.0) + value
        elif value:
            yield f"0, since the cell has no parameter {element}", f"{value:.6g}"


def layout_rows(layout: Layout, own: Collection[str], features: int) -> dict[str, list[str]]:
    """For each array, by its first name, the parameters that it holds, row by row.

    Arrays of parameters that the cell does not have are left out.
    """
    rows = {}
    for block in layout.blocks:
        names = [f"{letter}_{rest}" for letter, rest in block.elements(features)]
        if all(name in own for name in names):
            rows[block.names[0]] = names
    return rows
