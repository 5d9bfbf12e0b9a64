"""Programs of MATLAB followed: where every array has rows and columns, and begins with 1.

``h(3)`` of a row, of a column and of a matrix (down its columns) is an element; what has one
element is a number.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy

from cellcalc.check.reading.following import Following, Names, name_of_target, place_key
from cellcalc.check.reading.library import NOTHING, called, elements
from cellcalc.check.reading.terms import (
    MOST_ELEMENTS,
    NotFollowedError,
    Term,
    as_array,
    filled,
    is_number,
    summed,
)


class FollowingColumns(Following):
    """Follows a program whose numbers stand in matrices."""

    def value(self, node: ast.expr, names: Names, name: str = "") -> Any:
        found = super().value(node, names, name)
        is_matrix = isinstance(node, ast.List) and bool(found) and isinstance(found[0], list)
        return upright(as_array(found) if is_matrix else found)

    def operation(self, op: ast.operator, left: Any, right: Any) -> Any:
        if isinstance(op, ast.Div) and isinstance(right, numpy.ndarray) and right.size == 1:
            right = right.reshape(-1)[0]
        return upright(super().operation(op, left, right))

    def index(self, node: ast.expr, names: Names) -> Any:
        found = super().index(node, names)
        return [one - self.first for one in found] if isinstance(found, range) else found

    def element(self, of: Any, place: Any) -> Any:
        if not isinstance(of, numpy.ndarray):
            return super().element(of, place)
        if isinstance(place, tuple):
            return upright(of[_both(place, of.shape)])
        flat = of.reshape(-1, order="F")
        if isinstance(place, int):
            return flat[place]
        part = flat[place]
        is_row = of.shape[0] == 1 and place != slice(None)
        return upright(part.reshape((1, -1) if is_row else (-1, 1)))

    def assign(
        self,
        line: int,
        target: ast.expr,
        value: Any,
        names: Names,
        again: bool,
        told: bool = True,
    ) -> None:
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name | ast.Attribute):
            place = self.index(target.slice, names)
            if not isinstance(place, str):
                owner = self.array_of(target.value, place, value, names)
                if isinstance(owner, numpy.ndarray):
                    self.put(line, target.value, owner, place, value, names, again, told)
                    return
        if isinstance(value, numpy.ndarray):
            value = value.copy()  # C = H is another
        super().assign(line, target, value, names, again, told)

    def array_of(self, owner: ast.expr, place: Any, value: Any, names: Names) -> Any:
        """The array that something is put into; one that is not there yet is made."""
        try:
            of = self.value(owner, names)
        except (NotFollowedError, KeyError):
            of = numpy.empty((0, 0), dtype=object)
        if is_number(of) and place not in (0, (0, 0)):
            of = filled((1, 1), of)
        return grown(of, place, value) if isinstance(of, numpy.ndarray) else of

    def put(
        self, line: int, owner: ast.expr, of: Any, place: Any, value: Any, names: Names,
        again: bool, told: bool,
    ) -> None:  # fmt: skip
        """Something in a place of an array, which is told of."""
        name = name_of_target(owner)
        if told:
            slot = (*self.place_of(owner, names), place_key(place))
            value = self.told(line, name, value, slot, again)
        where = _both(place, of.shape) if isinstance(place, tuple) else None
        if where is None and isinstance(place, int):
            of[numpy.unravel_index(place, of.shape, order="F")] = value
        elif where is None:
            flat = of.reshape(-1, order="F").copy()
            flat[place] = as_array(value).reshape(-1) if isinstance(value, numpy.ndarray) else value
            of[...] = flat.reshape(of.shape, order="F")
        else:
            parts = of[where].shape
            of[where] = value.reshape(parts) if isinstance(value, numpy.ndarray) else value
        super().assign(line, owner, of, names, False, told=False)

    def place_of(self, owner: ast.expr, names: Names) -> tuple[object, ...]:
        found = self.slot(owner, names)
        return found if isinstance(found, tuple) else (found,)

    def known(self, function: str, node: ast.Call, names: Names, name: str) -> Any:
        found = _BY_NAME.get(function)
        if found is None:
            return super().known(function, node, names, name)
        arguments, _ = self.arguments(node, names, name)
        self.spend(sum(one.size for one in arguments if isinstance(one, numpy.ndarray)))
        return upright(found(arguments))


def upright(value: Any) -> Any:
    """An array with rows and columns; one of one element is that element."""
    if not isinstance(value, numpy.ndarray):
        return value
    if value.size == 1:
        return value.reshape(-1)[0]
    return value.reshape(1, -1) if value.ndim == 1 else value


def _both(place: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    """An index of rows and columns as one of numpy that keeps both."""
    if len(place) != len(shape):
        raise NotFollowedError
    rows = []
    for one, length in zip(place, shape, strict=True):
        if isinstance(one, int):
            rows.append([one])
        elif isinstance(one, slice):
            rows.append(list(range(length))[one])
        elif isinstance(one, list):
            rows.append(one)
        else:
            raise NotFollowedError
    return numpy.ix_(*rows)


def grown(of: Any, place: Any, value: Any) -> Any:
    """An array that reaches to a place, with zeros where there was nothing."""
    if isinstance(place, int):
        if place < of.size:
            return of
        shape = (place + 1, 1) if of.ndim == 2 and of.shape[0] > 1 and of.shape[1] == 1 else (
            1, place + 1)  # fmt: skip
        if of.size and 1 not in of.shape:
            raise NotFollowedError
    elif isinstance(place, tuple) and len(place) == 2:
        lengths = numpy.shape(value) if isinstance(value, numpy.ndarray) else (1, 1)
        shape = tuple(
            max(own, one + 1 if isinstance(one, int) else own or long)
            for own, one, long in zip(of.shape, place, lengths, strict=True)
        )
    else:
        return of
    if shape == of.shape:
        return of
    made = filled(shape, 0.0)
    if of.size:
        made[tuple(slice(length) for length in of.shape)] = of
    return made


# The functions of MATLAB whose arrays are others than numpy's.


def _made_of(value: float) -> Callable[[Sequence[Any]], Any]:
    def made(given: Sequence[Any]) -> Any:
        sizes = [one for one in given if isinstance(one, int) and not isinstance(one, bool)]
        if given and isinstance(given[0], numpy.ndarray | list | tuple):
            sizes = [int(one) for one in as_array(given[0]).reshape(-1)]
        if not sizes:
            return value
        return filled((sizes[0], sizes[0]) if len(sizes) == 1 else tuple(sizes[:2]), value)

    return made


def _shape(value: Any) -> tuple[int, int]:
    if isinstance(value, numpy.ndarray) and value.ndim == 2:
        return value.shape[0], value.shape[1]
    if isinstance(value, list | tuple | range):
        return 1, len(value)
    return 1, 1


def _size(given: Sequence[Any]) -> Any:
    shape = _shape(given[0])
    if len(given) > 1:
        return shape[given[1] - 1]
    return as_array(list(shape)).reshape(1, -1)


def _sum(given: Sequence[Any]) -> Any:
    of = given[0]
    if not isinstance(of, numpy.ndarray):
        return summed(as_array(elements(of))) if isinstance(of, list | range) else of
    if len(given) > 1 and isinstance(given[1], int):
        return summed(of, given[1] - 1, keep=True)
    if len(given) > 1 or 1 in of.shape:
        return summed(of)
    return summed(of, 0, keep=True)


def _block(given: Sequence[Any]) -> Any:
    """Matrices put together, rows of them above one another."""
    rows = []
    for row in given:
        parts = [_matrix(one) for one in elements(row)]
        rows.append(numpy.concatenate([p for p in parts if p.size] or parts, axis=1))
    if sum(row.size for row in rows) > MOST_ELEMENTS:
        raise NotFollowedError
    return numpy.concatenate([row for row in rows if row.size] or rows, axis=0)


def _matrix(value: Any) -> Any:
    if isinstance(value, range | list):
        value = as_array(list(value))
    if isinstance(value, numpy.ndarray):
        return value.reshape(1, -1) if value.ndim == 1 else value
    if not is_number(value):
        raise NotFollowedError
    return filled((1, 1), value)


def _joined(axis: int) -> Callable[[Sequence[Any]], Any]:
    return lambda given: numpy.concatenate([_matrix(one) for one in given], axis=axis)


def _flipped(axis: int) -> Callable[[Sequence[Any]], Any]:
    def made(given: Sequence[Any]) -> Any:
        if isinstance(given[0], range | list):
            return given[0][::-1]
        return numpy.flip(_matrix(given[0]), axis=axis)

    return made


def _flip(given: Sequence[Any]) -> Any:
    return _flipped(0 if _shape(given[0])[0] > 1 else 1)(given)


def _reshaped(given: Sequence[Any]) -> Any:
    sizes = [-1 if isinstance(one, numpy.ndarray | list) else one for one in given[1:]]
    if not all(isinstance(one, int) for one in sizes):
        raise NotFollowedError
    return _matrix(given[0]).reshape(tuple(sizes), order="F")


def _times(given: Sequence[Any]) -> Any:
    """The product of all elements of two vectors, added up."""
    left, right = (_matrix(one).reshape(-1) for one in given)
    found = called("dot", [left, right], {})
    if found is NOTHING:
        raise NotFollowedError
    return found


def _copies(given: Sequence[Any]) -> Any:
    rows, columns = given[1], given[2] if len(given) > 2 else given[1]
    of = _matrix(given[0])
    if of.size * rows * columns > MOST_ELEMENTS:
        raise NotFollowedError
    return numpy.tile(of, (rows, columns))


def _is_empty(given: Sequence[Any]) -> Any:
    return _shape(given[0])[0] * _shape(given[0])[1] == 0


def _mean(given: Sequence[Any]) -> Any:
    of = _matrix(given[0])
    if 1 not in of.shape or len(given) > 1:
        raise NotFollowedError
    return summed(of) / of.size


def _struct(given: Sequence[Any]) -> Any:
    return dict(zip(given[::2], given[1::2], strict=True))


def _dots(given: Sequence[Any]) -> Any:
    """linspace and the like say no more than their numbers."""
    first = given[0]
    if isinstance(first, Term):
        raise NotFollowedError
    return first


_BY_NAME: Mapping[str, Callable[[Sequence[Any]], Any]] = {
    "zeros": _made_of(0.0), "ones": _made_of(1.0), "nan": _made_of(0.0), "size": _size,
    "numel": lambda given: _shape(given[0])[0] * _shape(given[0])[1],
    "length": lambda given: max(_shape(given[0])), "sum": _sum, "block": _block,
    "rows": lambda given: _shape(given[0])[0], "columns": lambda given: _shape(given[0])[1],
    "horzcat": _joined(1), "vertcat": _joined(0), "fliplr": _flipped(1), "flipud": _flipped(0),
    "flip": _flip, "reshape": _reshaped, "dot": _times, "repmat": _copies, "isempty": _is_empty,
    "mean": _mean, "struct": _struct, "double": _dots,
    "transpose": lambda given: _matrix(given[0]).T,
    "cell": lambda given: [0.0] * (max(given) if len(given) > 1 else given[0]),
}  # fmt: skip
