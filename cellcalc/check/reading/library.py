"""What the functions of Python, numpy, torch, math and pandas give, where they are known.

They are given values and give values; nothing of theirs is called.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy

from cellcalc.check.reading.terms import (
    MOST_ELEMENTS,
    ONE,
    NotFollowedError,
    Term,
    applied,
    as_array,
    each,
    filled,
    is_number,
    power,
    product,
    summed,
)

MOST_LETTERS = 2_000  # of a text that a program makes
SPELLED = {"expit": "sigmoid", "fabs": "abs", "absolute": "abs", "sigm": "sigmoid",
           "logistic": "sigmoid"}  # fmt: skip
AS_IT_IS = ("detach", "numpy", "float", "double", "astype", "cpu", "to", "item", "contiguous",
            "requires_grad_", "tolist", "to_numpy", "float64", "float32", "deepcopy", "copy",
            "clone", "Parameter", "type", "ascontiguousarray", "as_numpy", "half",
            "to_list", "Series", "Variable", "block_until_ready")  # fmt: skip
ARRAYS = ("array", "asarray", "tensor", "FloatTensor", "DoubleTensor", "as_tensor", "atleast_1d",
          "asanyarray", "mat", "matrix", "asmatrix", "Tensor", "from_numpy")  # fmt: skip
ZEROS = ("zeros", "empty", "zeros_like", "empty_like", "new_zeros", "numeric", "allocate")
ONES = ("ones", "ones_like")
RANDOM = ("rand", "randn", "random", "normal", "uniform", "standard_normal", "random_sample",
          "xavier_uniform", "glorot")  # fmt: skip
_OF_TWO: Mapping[str, Callable[[Any, Any], Any]] = {
    "multiply": operator.mul, "mul": operator.mul, "add": operator.add, "subtract": operator.sub,
    "sub": operator.sub, "divide": operator.truediv, "true_divide": operator.truediv,
    "div": operator.truediv,
}  # fmt: skip
_PRODUCTS = ("dot", "matmul", "mm", "inner", "vdot", "mv")
_OF_TEXT = ("upper", "lower", "strip", "title", "capitalize", "lstrip", "rstrip", "swapcase",
            "removeprefix", "removesuffix", "split", "startswith", "endswith", "replace",
            "isupper", "islower", "isdigit", "format", "join", "index", "find")  # fmt: skip
NOTHING = object()  # what no function here gives

Given = Sequence[Any]
Named = Mapping[str, Any]


def elements(value: Any) -> list[Any]:
    """What a loop over it would go through."""
    if isinstance(value, list | tuple | range | dict | numpy.ndarray):
        return list(value)
    if isinstance(value, str) and len(value) < 100:
        return list(value)
    raise NotFollowedError


def pair(function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Two numbers, or two arrays element by element."""
    if isinstance(left, numpy.ndarray) or isinstance(right, numpy.ndarray):
        left, right = as_array(left), as_array(right)
        if max(numpy.size(left), numpy.size(right)) * 2 > MOST_ELEMENTS:
            raise NotFollowedError
        if numpy.prod(numpy.broadcast_shapes(numpy.shape(left), numpy.shape(right)),
                      dtype=float) > MOST_ELEMENTS:  # fmt: skip
            raise NotFollowedError
    for one in (left, right):
        if not isinstance(one, numpy.ndarray) and not is_number(one) and one is not True:
            raise NotFollowedError
    return function(left, right)


def called(name: str, given: Given, named: Named) -> Any:
    """What a function gives; NOTHING where it is not one of those known."""
    first = given[0] if given else None
    one_number = ONE.keys() | SPELLED.keys()
    if name in one_number and len(given) == 1:
        return applied(SPELLED.get(name, name), first)
    if name in _OF_TWO and len(given) == 2:
        return pair(_OF_TWO[name], *given)
    if name in ("power", "pow", "float_power") and len(given) == 2:
        return power(*given)
    if name in _PRODUCTS and len(given) == 2:
        return product(*given)
    if name == "square" and given:
        return pair(operator.mul, first, first)
    if name in ("negative", "neg") and given:
        return each(first, operator.neg)
    if name in ARRAYS and given:
        if isinstance(first, list | tuple | numpy.ndarray | range):
            made = as_array(first).copy()
            return made.reshape(1, -1) if "mat" in name and made.ndim < 2 else made
        return first
    if name in AS_IT_IS and given:
        return copied(first)
    if name in ZEROS or name in (*ONES, "full", "full_like"):
        return _made(name, given, named)
    if found := _BY_NAME.get(name):
        return found(given, named)
    return NOTHING


def copied(value: Any) -> Any:
    """A copy, so that what is put into one is not in the other."""
    if isinstance(value, numpy.ndarray):
        return value.copy()
    if isinstance(value, list):
        return [copied(one) for one in value]
    return {k: copied(v) for k, v in value.items()} if isinstance(value, dict) else value


def _made(name: str, given: Given, named: Named) -> Any:
    first = given[0] if given else named.get("shape")
    value: Any = 0.0 if name in ZEROS else 1.0
    if name.startswith("full"):
        value = given[1] if len(given) > 1 else named.get("fill_value")
    if name.endswith("_like"):
        return (
            filled(as_array(first).shape, value)
            if isinstance(first, numpy.ndarray | list)
            else value
        )
    if isinstance(first, Term | float):
        return value
    if len(given) > 1 and all(isinstance(one, int) for one in given) and name != "full":
        first = tuple(given)
    return filled(first, value)


def _axis(given: Given, named: Named, place: int, otherwise: Any) -> Any:
    found = named.get("axis", named.get("dim", given[place] if len(given) > place else otherwise))
    if found is not None and (not isinstance(found, int) or abs(found) > 5):
        raise NotFollowedError
    return found


def _parts(value: Any) -> list[Any]:
    parts = [numpy.atleast_1d(as_array(one)) for one in elements(value)]
    if sum(part.size for part in parts) > MOST_ELEMENTS:
        raise NotFollowedError
    return parts


def _joined(given: Given, named: Named) -> Any:
    return numpy.concatenate(_parts(given[0]), axis=_axis(given, named, 1, 0))


def _beside(given: Given, _named: Named) -> Any:
    parts = _parts(given[0])
    return numpy.concatenate(parts, axis=1 if parts[0].ndim > 1 else 0)


def _above(given: Given, _named: Named) -> Any:
    return numpy.concatenate([numpy.atleast_2d(part) for part in _parts(given[0])], axis=0)


def _columns(given: Given, _named: Named) -> Any:
    parts = [one.reshape(-1, 1) if one.ndim < 2 else one for one in _parts(given[0])]
    return numpy.concatenate(parts, axis=1)


def _stacked(given: Given, named: Named) -> Any:
    parts = [as_array(one) for one in elements(given[0])]
    axis = _axis(given, named, 1, 0)
    if all(isinstance(part, numpy.ndarray) for part in parts):
        return numpy.stack(parts, axis=axis)
    return as_array(parts)


def _split(given: Given, named: Named) -> Any:
    whole, count = as_array(given[0]), given[1] if len(given) > 1 else named.get("chunks")
    if not isinstance(whole, numpy.ndarray) or not isinstance(count, int | list | tuple):
        raise NotFollowedError
    if isinstance(count, int) and not 0 < count < 100:
        raise NotFollowedError
    return list(numpy.split(whole, count, axis=_axis(given, named, 2, 0)))


def _chunks(given: Given, named: Named) -> Any:
    return _split([given[0], *given[1:2]], {"axis": _axis(given, named, 2, 0)} | dict(named))


def _outer(given: Given, _named: Named) -> Any:
    a, b = (numpy.atleast_1d(as_array(one)).reshape(-1) for one in given)
    if a.size * b.size > MOST_ELEMENTS:
        raise NotFollowedError
    return numpy.multiply.outer(a, b)


def _side_by_side(given: Given, _named: Named) -> Any:
    """R's c(1, 2, 3)."""
    return numpy.concatenate([numpy.empty(0, dtype=object), *_parts(list(given))])


def _range(given: Given, _named: Named) -> Any:
    if not given or not all(isinstance(one, int) for one in given):
        raise NotFollowedError
    found = range(*given)
    if len(found) > MOST_ELEMENTS:
        raise NotFollowedError
    return found


def _sum(given: Given, named: Named) -> Any:
    first = given[0]
    values = first if isinstance(first, numpy.ndarray) else elements(first)
    if isinstance(values, list) and all(isinstance(one, int) for one in values):
        return sum(values)
    if isinstance(values, list) and any(isinstance(one, numpy.ndarray) for one in values):
        whole: Any = 0.0
        for one in values:
            whole = pair(operator.add, whole, one)
        return whole
    start = given[1] if len(given) > 1 and not isinstance(first, numpy.ndarray) else None
    if start is not None:
        return pair(operator.add, start, summed(as_array(values)))
    return summed(as_array(values), _axis(given, named, 1, None), bool(named.get("keepdims")))


def _mean(given: Given, named: Named) -> Any:
    values = as_array(given[0] if isinstance(given[0], numpy.ndarray) else elements(given[0]))
    if _axis(given, named, 1, None) is not None or not values.size:
        raise NotFollowedError
    return summed(values) / values.size


def _length(given: Given, _named: Named) -> Any:
    return len(given[0])


def _reversed(given: Given, _named: Named) -> Any:
    if isinstance(given[0], numpy.ndarray):
        return given[0][::-1]
    return elements(given[0])[::-1]


def _list(given: Given, named: Named) -> Any:
    if named and not given:
        return dict(named)  # R's
    return elements(given[0]) if given else []


def _tuple(given: Given, _named: Named) -> Any:
    return tuple(elements(given[0])) if given else ()


def _dict(given: Given, named: Named) -> Any:
    first = given[0] if given else {}
    if isinstance(first, dict):
        return dict(first) | dict(named)
    return dict(tuple(elements(one)) for one in elements(first)) | dict(named)


def _enumerate(given: Given, named: Named) -> Any:
    start = given[1] if len(given) > 1 else named.get("start", 0)
    return list(enumerate(elements(given[0]), start))


def _zip(given: Given, _named: Named) -> Any:
    return list(zip(*map(elements, given), strict=False))


def _clip(given: Given, named: Named) -> Any:
    """The same, where nothing is beyond the bounds; a number beyond them is not followed."""
    bounds = [*given[1:3], *(named[k] for k in ("min", "max", "a_min", "a_max") if k in named)]
    low, high = bounds if len(bounds) == 2 else (-math.inf, bounds[0] if bounds else math.inf)
    if not all(isinstance(one, int | float) for one in (low, high)):
        raise NotFollowedError

    def kept(one: Any) -> Any:
        value = one.values[0] if isinstance(one, Term) else one
        if not low <= value <= high:
            raise NotFollowedError
        return one

    return each(given[0], kept)


def _whole(given: Given, _named: Named) -> Any:
    if isinstance(given[0], int):
        return given[0]
    if isinstance(given[0], float) and abs(given[0]) < 1e6:
        return int(given[0])
    raise NotFollowedError


def _float(given: Given, _named: Named) -> Any:
    first = given[0] if given else 0.0
    if isinstance(first, str):
        return float(first)
    if isinstance(first, numpy.ndarray) and first.size == 1:
        return first.reshape(-1)[0]
    if not is_number(first):
        raise NotFollowedError
    return float(first) if isinstance(first, int) else first


def _text(given: Given, _named: Named) -> Any:
    if given and isinstance(given[0], str | int):
        return str(given[0])
    raise NotFollowedError


def _largest(biggest: bool) -> Callable[[Given, Named], Any]:
    def found(given: Given, _named: Named) -> Any:
        values = given if len(given) > 1 else elements(given[0])
        if not values or not all(isinstance(one, int) for one in values):
            raise NotFollowedError
        return max(values) if biggest else min(values)

    return found


def _is_nan(wanted: bool) -> Callable[[Given, Named], Any]:
    def found(given: Given, _named: Named) -> Any:
        first = given[0]
        if not isinstance(first, Term | float | int):
            raise NotFollowedError
        return (isinstance(first, float) and math.isnan(first)) == wanted

    return found


def _shaped(given: Given, _named: Named) -> Any:
    array = as_array(given[0])
    if not isinstance(array, numpy.ndarray):
        array = filled((1,), array)
    return array.reshape(*given[1:])


def _sorted(given: Given, named: Named) -> Any:
    values = elements(given[0])
    same = {type(one) for one in values}
    if same - {int, str} or len(same) > 1 or named.get("key"):
        raise NotFollowedError
    return sorted(values, reverse=bool(named.get("reverse")))


def _repeated(given: Given, named: Named) -> Any:
    if not isinstance(given[1], int) or not 0 <= given[1] <= 1_000:
        raise NotFollowedError
    if isinstance(given[0], numpy.ndarray | list) and named == {}:
        return as_array([one for one in elements(given[0]) for _ in range(given[1])])
    return [given[0]] * given[1]


def _frame(given: Given, _named: Named) -> Any:
    if given and isinstance(given[0], dict):
        return dict(given[0])
    raise NotFollowedError


def _flipped(given: Given, named: Named) -> Any:
    array = as_array(given[0])
    axis = _axis(given, named, 1, 0)
    return numpy.flip(array, axis=axis if array.ndim > 1 else 0)


def _chained(given: Given, _named: Named) -> Any:
    return [one for part in given for one in elements(part)]


def _expanded(given: Given, named: Named) -> Any:
    return numpy.expand_dims(numpy.atleast_1d(as_array(given[0])), _axis(given, named, 1, 0))


def _all(given: Given, _named: Named) -> Any:
    values = elements(given[0])
    if not all(isinstance(one, bool) for one in values):
        raise NotFollowedError
    return all(values)


def _nothing(_given: Given, _named: Named) -> Any:
    return None


_BY_NAME: Mapping[str, Callable[[Given, Named], Any]] = {
    "range": _range, "arange": _range, "sum": _sum, "fsum": _sum, "nansum": _sum, "mean": _mean,
    "len": _length, "numel": _length, "length": _length, "array_of": _side_by_side,
    "rep": _repeated, "reversed": _reversed, "flip": _flipped, "flipud": _flipped,
    "list": _list, "deque": _list, "iter": _list, "tuple": _tuple, "dict": _dict,
    "OrderedDict": _dict, "enumerate": _enumerate, "zip": _zip,
    "concatenate": _joined, "cat": _joined, "r_": _joined, "hstack": _beside, "vstack": _above,
    "stack": _stacked, "column_stack": _columns, "c_": _columns, "row_stack": _above,
    "append": lambda given, named: _joined([list(given[:2])], named),
    "split": _split, "array_split": _split, "hsplit": _split, "vsplit": _split,
    "chunk": _chunks, "outer": _outer, "ger": _outer,
    "clip": _clip, "clamp": _clip, "int": _whole, "float": _float, "str": _text,
    "max": _largest(True), "min": _largest(False),
    "isnan": _is_nan(True), "isfinite": _is_nan(False), "reshape": _shaped,
    "transpose": lambda given, _named: as_array(given[0]).T,
    "squeeze": lambda given, _named: numpy.squeeze(as_array(given[0])),
    "ravel": lambda given, _named: as_array(given[0]).reshape(-1),
    "expand_dims": _expanded, "unsqueeze": _expanded,
    "sorted": _sorted, "repeat": _repeated, "chain": _chained, "DataFrame": _frame,
    "all": _all, "shape": lambda given, _named: numpy.shape(as_array(given[0])),
    "print": _nothing, "seed": _nothing, "manual_seed": _nothing, "set_printoptions": _nothing,
    "filterwarnings": _nothing, "set_default_dtype": _nothing,
}  # fmt: skip


def of_text(text: str, attr: str, given: Given) -> Any:
    """A method of a text."""
    if attr not in _OF_TEXT or len(text) > MOST_LETTERS or "__" in text:
        raise NotFollowedError
    if attr == "join":
        parts = elements(given[0])
        if not all(isinstance(one, str) for one in parts):
            raise NotFollowedError
        return text.join(parts)[:MOST_LETTERS]
    if attr == "format":
        if not all(isinstance(one, str | int) for one in given) or text.count("{") != text.count(
            "{}"
        ):
            raise NotFollowedError
        return text.format(*given)[:MOST_LETTERS]
    if not all(isinstance(one, str | int) and len(str(one)) < 50 for one in given):
        raise NotFollowedError
    made = getattr(text, attr)(*given)
    return made[:MOST_LETTERS] if isinstance(made, str) else made


def of_list(owner: list[Any], attr: str, given: Given) -> Any:
    """A method of a list, but those that put something in."""
    if attr in ("pop", "popleft"):
        return owner.pop(*given) if attr == "pop" else owner.pop(0)
    if attr == "reverse":
        return owner.reverse()
    if attr == "clear":
        return owner.clear()
    if attr == "copy":
        return list(owner)
    if attr == "index" and isinstance(given[0], str | int):
        return owner.index(given[0])
    if attr == "count" and isinstance(given[0], str | int):
        return owner.count(given[0])
    raise NotFollowedError


def of_dict(owner: dict[Any, Any], attr: str, given: Given, named: Named) -> Any:
    """A method of a mapping, or of a table of pandas."""
    if attr in ("items", "keys", "values"):
        return list(getattr(owner, attr)())
    if attr in ("get", "pop", "setdefault") and given:
        return getattr(owner, attr)(*given)
    if attr == "update":
        return owner.update(*given, **named)
    if attr == "copy":
        return dict(owner)
    if attr == "clear":
        return owner.clear()
    if attr in ("iterrows", "itertuples"):
        columns = [elements(one) for one in owner.values()]
        rows = [dict(zip(owner, row, strict=True)) for row in zip(*columns, strict=False)]
        return list(enumerate(rows)) if attr == "iterrows" else rows
    raise NotFollowedError


def of_array(owner: Any, attr: str, given: Given, named: Named) -> Any:
    """A method of an array or of one number."""
    if attr in ("reshape", "view"):
        return _shaped([owner, *given], named)
    if attr in ("flatten", "ravel", "squeeze", "transpose", "t", "permute"):
        if not isinstance(owner, numpy.ndarray):
            return owner
        if attr == "squeeze":
            return numpy.squeeze(owner)
        if attr in ("transpose", "permute") and given:
            return numpy.transpose(owner, given[0] if isinstance(given[0], tuple) else tuple(given))
        return owner.T if attr in ("transpose", "t", "permute") else owner.reshape(-1)
    if attr in ("item", "tolist") and isinstance(owner, numpy.ndarray) and owner.size == 1:
        return owner.reshape(-1)[0]
    if attr == "fill_" or attr == "zero_":
        raise NotFollowedError
    if attr == "sum":
        return summed(owner, _axis(given, named, 0, None), bool(named.get("keepdims")))
    if attr == "mean" and not given and not named:
        return summed(owner) / numpy.size(owner)
    return called(attr, [owner, *given], named)


def truths(values: Iterable[Any]) -> list[Any]:
    """Numbers as they are in the problem itself, to be compared."""
    return [one.values[0] if isinstance(one, Term) else one for one in values]
