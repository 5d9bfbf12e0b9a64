"""JSON of any shape: lists over the steps, objects by step, nested parts, gradients by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cellcalc.check.answers import OWN, PROSE, Entry
from cellcalc.check.reading.gate_axis import apart, order_of
from cellcalc.check.reading.lists import is_of_layout
from cellcalc.check.reading.prose import stage_after, stage_of
from cellcalc.check.reading.vocabulary import words
from cellcalc.errors import InputError, Mistake
from cellcalc.files import parse_json
from cellcalc.toml import describe

MAX_NESTED = 30
# Parts of what `table --format json` prints: their keys are no quantities.
_SKIPPED = ("before", "title", "scheme", "cell", "parameters", "optimizer", "losses", "dropped",
            "loss_weights", "settings", "config", "meta", "metadata", "note", "notes", "name",
            "fires_at", "seed", "dtype", "shape", "problem", "task", "author", "student",
            "exercise", "id", "version", "gate_order")  # fmt: skip
_STEP_KEY = re.compile(r"(?:t|step|time|timestep|time_step|k)?[\s_=]*([0-9]{1,6})", re.IGNORECASE)
_TIMES = ("t", "step", "time", "timestep", "time_step", "steps", "schritt")


class Digits(str):
    """A number as it was written, digits and all."""

    __slots__ = ()


@dataclass(frozen=True)
class Context:
    """What the levels above have said."""

    steps: tuple[int, ...] | None = None  # of the lists at this level
    t: int | None = None
    window: int | None = None
    epoch: int | None = None
    sequence: int | None = None
    gradient: bool | None = None
    derivative: bool = False
    stage: str = ""  # which value of a parameter is meant, as in Entry
    depth: int = 0
    gate: str = ""  # whose W, U and b they are
    kind: str = ""  # or W, of the gates f, i, …
    is_start: bool = False  # whether it is of the states before the first step

    def entry(
        self,
        place: str,
        left: str,
        right: str,
        t: int | None = None,
        gradient: bool | None = None,
    ) -> Entry:
        """An entry that belongs to the pass and window said above it."""
        where = (t, self.window, self.epoch, self.sequence)
        return Entry(place, left, right, *where, form="cell", gradient=gradient, stage=self.stage)


def entries_of_json(text: str, name: str) -> list[Entry]:
    """The answers in a text of JSON, which must be an object or a list.

    Raises :class:`~cellcalc.errors.InputError`.
    """
    data = parse_json(text, name, number=Digits)
    if not isinstance(data, list | Mapping):
        raise InputError([Mistake(name, "", "an object or a list", describe(data))])
    return entries_of_tree(data, name)


def entries_of_tree(data: Any, name: str) -> list[Entry]:
    """The answers in objects and lists as JSON has them, whose numbers are :class:`Digits`."""
    gradient = True if re.search(r"grad", name.rpartition("/")[2], re.IGNORECASE) else None
    found = list(apart(_of(data, Context(gradient=gradient), ""), _order(data)))
    found += [Entry(path, "", "", form=PROSE, context=text) for path, text in _remarks(data, "")]
    if isinstance(data, Mapping) and {"passes", "cell", "scheme"} <= data.keys():
        return [replace(entry, form=OWN) for entry in found]  # `table --format json`
    return found


def _order(data: Any, depth: int = 0) -> tuple[str, ...]:
    """The order of the gates that a list of their names tells: "gate_order": ["i", "f", …]."""
    if depth > MAX_NESTED or not isinstance(data, list | Mapping):
        return ()
    if isinstance(data, list) and all(type(one) is str for one in data):
        return order_of(data)
    inner = data.values() if isinstance(data, Mapping) else data
    return next(filter(None, (_order(one, depth + 1) for one in inner)), ())


def _remarks(data: Any, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """The texts of several words, which may say something of the notation."""
    if depth > MAX_NESTED or not isinstance(data, list | Mapping):
        if type(data) is str and len(data.split()) >= FEWEST_WORDS:
            yield path, data[:2_000]
        return
    pairs = (
        data.items() if isinstance(data, Mapping) else ((f"[{k}]", x) for k, x in enumerate(data))
    )
    for key, value in pairs:
        yield from _remarks(value, f"{path}.{key}" if path else str(key), depth + 1)


def lines_of_json(text: str) -> str | None:
    """A line an object, as programs log them, as one list; None for any other text."""
    lines = [line.strip().rstrip(",") for line in text.split("\n") if line.strip()]
    if len(lines) < 2 or not all(line.startswith("{") and line.endswith("}") for line in lines):
        return None
    whole = f"[{','.join(lines)}]"
    try:
        parse_json(whole, "")
    except InputError:
        return None
    return whole


FEWEST_WORDS = 4  # of a remark
_QUOTED = re.compile(r"(?<=[\s{\[,(:])'([^'\"\\\n]{0,200})'(?=[\s}\],):])|^'([^'\"\\\n]{0,200})'")
_WRAPPED = re.compile(
    r"(?:np\.|numpy\.|torch\.|jnp\.)?(?:array|Array|DeviceArray|tensor|float64|float32|float)\(\s*([^()]{0,200000}?)"
    r"(?:,\s*(?:dtype|grad_fn|requires_grad|device)\s*=[^()]{0,60}(?:\([^()]{0,40}\))?)*\s*\)"
)
_BARE = {"None": "null", "True": "true", "False": "false", "nan": "NaN", "inf": "Infinity"}


def as_json(text: str) -> str | None:
    """What Python prints of a dictionary, {'c': array([0.1, 0.2])}, as JSON; None for others."""
    bare = text.strip()
    if (
        not re.match(r"\{\s*(?:['\"]|[0-9]{1,6}\s*:)", bare)
        or not bare.endswith("}")
        or len(bare) > 2_000_000
    ):
        return None
    bare = _WRAPPED.sub(r"\1", _QUOTED.sub(lambda m: f'"{m[1] or m[2] or ""}"', bare))
    bare = re.sub(r"(?<=[{,])(\s*)([0-9]{1,6})(?=\s*:)", r'\1"\2"', bare)  # {1: {…}}
    bare = re.sub(r"\b(?:None|True|False|nan|inf)\b", lambda m: _BARE[m[0]], bare)
    bare = re.sub(r"(?<=[\[\s,:-])(\d+)\.(?=[\s,\]}])", r"\1.0", bare)  # [1., 2.]
    bare = re.sub(r",\s*(?=[\]}])", "", bare)
    try:
        parse_json(bare, "")
    except InputError:
        return None
    return bare


def _of(data: Any, context: Context, path: str) -> Iterator[Entry]:
    if context.depth > MAX_NESTED:
        return
    context = replace(context, depth=context.depth + 1)
    if isinstance(data, list):
        yield from _of_list(data, context, path)
    elif isinstance(data, Mapping):
        yield from _of_mapping(data, context, path)


def _of_list(data: list[Any], context: Context, path: str) -> Iterator[Entry]:
    for place, item in enumerate(data):
        where = f"{path}[{place}]"
        if not isinstance(item, Mapping):
            yield Entry(where or "list", describe(item), "", form="cell")
            continue
        if "symbol" in item or "name" in item or "quantity" in item:
            yield from _of_record(item, context, where)
        elif context.steps is not None and len(context.steps) == len(data):
            yield from _of_mapping(
                item, replace(context, t=context.steps[place], steps=None), where
            )
        else:
            yield from _of_mapping(item, context, where)


def _of_record(item: Mapping[str, Any], context: Context, path: str) -> Iterator[Entry]:
    """An object that is one answer: symbol, t, value."""
    symbol = next(str(item[k]) for k in ("symbol", "quantity", "name") if k in item)
    value = next(
        (item[k] for k in ("value", "given", "answer", "result", "number", "formula") if k in item),
        None,
    )
    t = next((_whole(item[k]) for k in _TIMES if k in item), None)
    numbers = {k: _whole(item.get(k)) for k in ("window", "epoch", "sequence")}
    window = numbers["window"] if numbers["window"] is not None else context.window
    epoch = numbers["epoch"] if numbers["epoch"] is not None else context.epoch
    sequence = numbers["sequence"] if numbers["sequence"] is not None else context.sequence
    if isinstance(value, list):
        inner = replace(context, window=window, epoch=epoch, sequence=sequence)
        yield from _listed(symbol, value, inner, path)
        return
    left = symbol if t is None or "[" in symbol else f"{symbol}[{t}]"
    yield Entry(path, left, _text(value), None, window, epoch, sequence, form="cell")


def _split(data: Mapping[str, Any], path: str) -> list[Entry] | None:
    """The rows of a frame that pandas writes in parts: columns, index, data."""
    columns, rows, index = data.get("columns"), data.get("data"), data.get("index")
    if not (isinstance(columns, list) and isinstance(rows, list) and columns and rows):
        return None
    if not all(isinstance(row, list) and len(row) == len(columns) for row in rows):
        return None
    labels = index if isinstance(index, list) and len(index) == len(rows) else [""] * len(rows)
    from cellcalc.check.reading.grid import entries_of_rows

    named = any(str(one).lower() in _TIMES for one in columns)
    cells = [[str(one) for one in (["", *columns] if not named else columns)]]
    for label, row in zip(labels, rows, strict=True):
        shown = [_text(value) for value in row]
        cells.append(shown if named else [_text(label), *shown])
    return entries_of_rows(cells, lambda r, _: f"{path}data[{r - 1}]")


def _of_mapping(data: Mapping[str, Any], context: Context, path: str) -> Iterator[Entry]:
    if {"columns", "data"} <= data.keys() and (rows := _split(data, path)) is not None:
        yield from rows
        return
    context = _told(data, context)
    nested = any(isinstance(v, Mapping) or _is_records(v) for v in data.values())
    for key, value in data.items():
        lower = key.lower()
        where = f"{path}.{key}" if path else key
        is_told = lower in _TIMES or lower in ("epoch", "sequence", *words("time")["windows"])
        if is_told and not isinstance(value, Mapping) and not _is_records(value):
            continue
        if key == "passes" and isinstance(value, list):
            for one in value:
                yield from _of(one, context, where)
        elif isinstance(value, Mapping):
            if lower in _SKIPPED:
                continue
            if 0 < len(value) <= len(_OF_ONE) and set(map(str.lower, value)) <= _OF_ONE.keys():
                for what, one in value.items():  # "W_f": {"grad": 0.1, "new": 0.7}
                    how = _OF_ONE[what.lower()]
                    inner = replace(context, stage="new" if how == "new" else context.stage)
                    inner = replace(inner, derivative=how == "grad" or context.derivative)
                    if one is not None and how != "given":
                        yield from _of({key: one}, inner, f"{where}.{what}")
                continue
            if _by_step(value) and not _STEP_KEY.fullmatch(lower) and lower not in _TIMES:
                name = _named(key, context)
                for step, one in value.items():
                    if one is not None:
                        left = f"{name}[{int(_STEP_KEY.fullmatch(step.lower())[1])}]"  # type: ignore[index]
                        yield context.entry(f"{where}.{step}", left, _text(one))
                continue
            inner = _within(key, context)
            if of_gates := _whose(key, value):
                inner = replace(inner, kind=of_gates, gate="", derivative=False)
            if _A_LETTER.fullmatch(key) and all(map(_KIND.fullmatch, value)):
                inner = replace(inner, gate=key, kind="")  # "z": {"W": …, "U": …} of a GRU
            yield from _of(value, inner, where)
        elif _is_records(value):
            if _of_windows(lower):
                for number, one in enumerate(value, 1):
                    inner = replace(context, window=number)
                    yield from _of(one, inner, f"{where}[{number - 1}]")
            else:
                yield from _of(value, _within(key, context), where)
        elif (lower in _SKIPPED and (nested or not isinstance(value, Digits))) or (
            nested and not isinstance(value, list | Digits)
        ):
            continue
        elif isinstance(value, list):
            if _order(value):
                continue  # no answer, but which place is whose
            yield from _listed(_named(key, context), value, context, where)
        elif value is not None:
            left = _named(key, context)
            t = context.t if "[" not in left else None
            yield context.entry(where, left, _text(value), t=t, gradient=context.gradient)


def _by_step(value: Mapping[str, Any]) -> bool:
    """Whether it has a number for each step: {"1": 0.3, "2": 0.4}."""
    return bool(value) and all(
        _STEP_KEY.fullmatch(key.lower()) and (one is None or isinstance(one, str))
        for key, one in value.items()
    )


_OF_ONE = {
    "grad": "grad", "gradient": "grad", "derivative": "grad", "value": "", "new": "new",
    "after": "new", "updated": "new", "old": "given", "before": "given", "initial": "given",
}  # fmt: skip
_KIND = re.compile(r"(d_?|grad_?|∂L/∂)?(W|U|b|R|p|bias)")
_A_LETTER = re.compile(r"[cCnajz]|[cC]_?(?:tilde|hat|bar)|[cCgh][\u0303\u0304\u0302]")
_GATE = re.compile(r"[figoru]|(?i:forget|input|candidate|output|cell|reset|update)")
# What holds a value of each gate: "dz": {"f": 0.1, "i": 0.2}
_OF_GATES = {
    "z": ("z", "zs", "a", "net", "pre", "preact", "pre_activation", "preactivation", "net_input"),
    "dz": ("dz", "da", "dnet", "dpre", "dpreact", "dzs", "pre_grad", "grad_z", "d_pre"),
    "delta": ("delta", "deltas", "δ"),
    "d": ("dgates", "dgate", "d_gates", "gate_grads", "grad_gates", "gate_gradients"),
}
_STARTS = ("initial", "init", "initial_state", "initial_states", "start", "state0", "h0c0")
_LETTERS = {"forget": "f", "input": "i", "candidate": "g", "cell": "g", "output": "o",
            "reset": "r", "update": "u", "bias": "b"}  # fmt: skip


def _named(key: str, context: Context) -> str:
    """A key; within "grads" that of a parameter is its gradient, within a gate that of the gate."""
    if context.gate and (kind := _KIND.fullmatch(key)):
        key = f"{kind[1] or ''}{_LETTERS.get(kind[2], kind[2])}_{context.gate}"
    elif context.kind and (_GATE.fullmatch(key) or _A_LETTER.fullmatch(key)):
        key = f"{context.kind}_{_LETTERS.get(key.lower(), key)}"
    if context.is_start and key in ("h", "c", "dh", "dc"):
        key = f"{key}0"
    if context.derivative and not is_of_layout(key) and not re.match(r"d|∂|δ|grad|delta", key):
        return f"∂L/∂{key}"
    return key


def _whose(key: str, value: Mapping[str, Any]) -> str:
    """What a mapping has of each gate, such as the derivatives by the net inputs."""
    gates = [name for name in value if _GATE.fullmatch(name) or _A_LETTER.fullmatch(name)]
    if len(gates) != len(value) or len(gates) < 3:
        return ""
    return next((kind for kind, called in _OF_GATES.items() if key.lower() in called), "")


def _within(key: str, context: Context) -> Context:
    """What a key says of what it holds."""
    lower = key.lower()
    context = replace(context, stage=stage_of(key) or stage_after(key, True) or context.stage)
    if lower in _STARTS:
        return replace(context, is_start=True, t=None)
    match = _STEP_KEY.fullmatch(lower)
    if match:
        return replace(context, t=int(match[1]), steps=None)
    if _GATE.fullmatch(key):
        return replace(context, gate=_LETTERS.get(lower, key), kind="")
    if kind := _KIND.fullmatch(key):
        found = f"{kind[1] or ''}{_LETTERS.get(kind[2], kind[2])}"
        return replace(context, kind=found, gate="")
    said = words("state_dict")
    if lower in said["gradients"] or lower.endswith(("grads", "gradients")):
        return replace(context, gradient=True, derivative=True)
    if lower in said["weights"]:
        return replace(context, gradient=False, derivative=False)
    return context


def _told(data: Mapping[str, Any], context: Context) -> Context:
    for key in _TIMES:
        found = data.get(key)
        if isinstance(found, list) and found and all(_whole(k) is not None for k in found):
            context = replace(context, steps=tuple(_whole(k) or 0 for k in found), t=None)
            break
        if isinstance(found, Digits | str) and (step := _whole(found)) is not None:
            context = replace(context, t=step, steps=None)
            break
    if (epoch := _whole(data.get("epoch"))) is not None:
        context = replace(context, epoch=epoch)
    if (sequence := _whole(data.get("sequence"))) is not None:
        context = replace(context, sequence=sequence)
    several = (key for key in data if key.lower() in words("time")["windows"] and key != "update")
    window = data.get(next(several, ""), data.get("update") if "fires_at" in data else None)
    if isinstance(window, str) and (number := _whole(window)) is not None:
        context = replace(context, window=number)
    return context


def _listed(key: str, values: list[Any], context: Context, path: str) -> Iterator[Entry]:
    flat, shape = _flat(values)
    if flat is None or shape is None:
        yield context.entry(path, key, _text(values))
        return
    steps = context.steps
    if steps is not None and len(shape) == 1 and len(flat) == len(steps):
        for t, value in zip(steps, flat, strict=True):
            if value not in ("", "nan"):
                left = key if "[" in key else f"{key}[{t}]"
                yield context.entry(path, left, value)
        return
    numbers = tuple(value or "nan" for value in flat)
    entry = context.entry(path, key, "", gradient=context.gradient)
    yield replace(entry, values=numbers, shape=shape, form="array")


def _flat(values: Any, depth: int = 0) -> tuple[list[str] | None, tuple[int, ...] | None]:
    if not isinstance(values, list):
        if values is None:
            return ["nan"], ()
        return ([str(values)], ()) if isinstance(values, str) else (None, None)
    if depth > 5 or not values:
        return None, None
    parts = [_flat(value, depth + 1) for value in values]
    shapes = {shape for _, shape in parts}
    if None in shapes or len(shapes) != 1:
        return None, None
    inner = shapes.pop()
    assert inner is not None
    return [v for found, _ in parts for v in found or ()], (len(values), *inner)


def _of_windows(key: str) -> bool:
    """Whether a list is one of windows: "windows", "blocks"."""
    several = words("time")["windows"]
    return key != "updates" and (key in several or key.removesuffix("s") in several)


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _whole(value: Any) -> int | None:
    if not isinstance(value, str):
        return None
    match = re.fullmatch(r"\s*([0-9]{1,6})(?:\.0*)?\s*", value)
    return int(match[1]) if match else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else describe(value)
