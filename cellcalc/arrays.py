"""Reading named arrays of numbers from a file: .npz, .json or .csv.

Nothing in such a file is ever run: an .npz is read without pickle, its size is bounded before it
is unpacked, and what is not a number is refused.
"""

from __future__ import annotations

import csv
import io
import json
import math
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellcalc.errors import InputError, Mistake
from cellcalc.toml import as_float, decode, describe, read_bytes

ENDINGS = (".npz", ".json", ".csv")
MAX_UNPACKED = 8_000_000  # bytes of an .npz: a million numbers
MAX_ARRAYS = 1_000
MAX_DEPTH = 8  # of lists and tables in a .json


@dataclass(frozen=True)
class Array:
    """Numbers in row-major order; ``shape`` is None where the file does not tell (a .csv)."""

    shape: tuple[int, ...] | None
    values: tuple[float, ...]


def read_arrays(path: Path, name: str) -> dict[str, Array]:
    """The arrays of a file by name, with dots where the name has levels: ``lstm.weight_ih_l0``.

    ``name`` is the file's name in messages. Raises :class:`~cellcalc.errors.InputError`.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InputError(
            [Mistake(name, "", "a file of weights: .npz, .json or .csv", ending or "no ending")]
        )
    contents = read_bytes(path, name)
    read: dict[str, Callable[[bytes, str], dict[str, Array]]]
    read = {".npz": _from_npz, ".json": _from_json, ".csv": _from_csv}
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
    return {key.replace("/", "."): array for key, array in arrays.items()}


def _from_npz(contents: bytes, name: str) -> dict[str, Array]:
    try:
        with zipfile.ZipFile(io.BytesIO(contents)) as package:
            members = package.infolist()
            if len(members) > MAX_ARRAYS:
                found = str(len(members))
                raise InputError([Mistake(name, "", f"at most {MAX_ARRAYS} arrays", found)])
            left = MAX_UNPACKED
            arrays = {}
            for member in members:
                key = member.filename.removesuffix(".npy")
                with package.open(member) as file:
                    data = file.read(left + 1)  # not member.file_size, which need not be true
                if len(data) > left:
                    limit = f"at most {MAX_UNPACKED // 1_000_000} MB when unpacked"
                    raise InputError([Mistake(name, key, limit, "more")])
                left -= len(data)
                arrays[key] = _npy(data, name, key)
            return arrays
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as error:
        found = f"an error: {error}"
        raise InputError([Mistake(name, "", "an archive made by numpy.savez", found)]) from None


def _npy(data: bytes, name: str, key: str) -> Array:
    import numpy  # here, so that only those who read an .npz wait for it

    def refuse(found: str) -> InputError:
        return InputError([Mistake(name, key, "an array of real numbers", found)])

    try:
        file = io.BytesIO(data)
        version = numpy.lib.format.read_magic(file)
        if version not in ((1, 0), (2, 0)):
            raise refuse(f"format {version[0]}.{version[1]} of .npy")
        header = {
            (1, 0): numpy.lib.format.read_array_header_1_0,
            (2, 0): numpy.lib.format.read_array_header_2_0,
        }[version]
        shape, _, dtype = header(file)
        if dtype.kind not in "fiu":
            raise refuse(f"one of type {dtype}")
        if math.prod(shape) * dtype.itemsize > len(data):
            raise refuse(f"a header that announces {math.prod(shape)} numbers, and fewer of them")
        array = numpy.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, SyntaxError, TypeError, KeyError) as error:
        raise refuse(f"an error: {error}") from None
    with numpy.errstate(over="ignore"):  # what float64 cannot hold becomes inf, and is refused
        values = tuple(array.astype(numpy.float64).ravel(order="C").tolist())
    return Array(tuple(int(length) for length in array.shape), values)


def _from_json(contents: bytes, name: str) -> dict[str, Array]:
    try:
        data = json.loads(decode(contents, name))
    except (json.JSONDecodeError, RecursionError, ValueError) as error:
        reason = "lists nested too deep" if isinstance(error, RecursionError) else str(error)
        raise InputError([Mistake(name, "", "JSON", f"an error: {reason}")]) from None
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
        shape, values = _shape(value), tuple(_flat(value))
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


def _shape(value: Any) -> tuple[int, ...] | None:
    """The shape of nested lists; None where rows differ."""
    if not isinstance(value, list):
        return ()
    shapes = {_shape(item) for item in value}
    if len(shapes) > 1 or None in shapes:
        return None
    inner = shapes.pop() if shapes else ()
    return (len(value), *(inner or ()))


def _flat(value: Any) -> list[Any]:
    return [v for item in value for v in _flat(item)] if isinstance(value, list) else [value]


def _from_csv(contents: bytes, name: str) -> dict[str, Array]:
    """Lines of ``name,value``; the lines of one name are its numbers in row-major order."""
    try:
        lines = csv.reader(decode(contents, name).splitlines())
        rows = [(lines.line_num, [cell.strip() for cell in row]) for row in lines if row]
    except csv.Error as error:
        raise InputError([Mistake(name, "", "a CSV table", f"an error: {error}")]) from None
    if not rows or rows[0][1] != ["name", "value"]:
        found = ", ".join(rows[0][1]) if rows else "nothing"
        raise InputError([Mistake(name, "line 1", "the columns name and value", found)])
    numbers: dict[str, list[float]] = {}
    mistakes: list[Mistake] = []
    for line, row in rows[1:]:
        try:
            key, text = row
            numbers.setdefault(key, []).append(float("" if "_" in text else text))
        except ValueError:
            found = ", ".join(row)
            mistakes.append(Mistake(name, f"line {line}", "a name and a number", describe(found)))
    if mistakes:
        raise InputError(mistakes)
    return {key: Array(None, tuple(values)) for key, values in numbers.items()}
