"""Lists and arrays: printed ones, and what their numbers are for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import product

from cellcalc.check.answers import Entry
from cellcalc.check.reading.clauses import LAST
from cellcalc.check.reading.mathematics import SeveralReadingsError, Style
from cellcalc.check.reading.names import Names
from cellcalc.check.reading.prose import in_words
from cellcalc.errors import ExpressionError
from cellcalc.language.tree import Symbol
from cellcalc.model.model import LOSS, TOTAL_LOSS
from cellcalc.problems.weights import Block, Layout, layout_folders, layout_names, load_layout

MAX_NUMBERS = 200_000
_CALL = re.compile(
    r"\s*(?:np\.|numpy\.|torch\.|jnp\.)?"
    r"(?:array|tensor|Tensor|Parameter containing:\s*tensor|asarray)\s*\("
)
_REST = re.compile(
    r"\s*(?:,\s*(?:grad_fn|dtype|device|requires_grad|shape)\s*=[^()\n]{0,60}"
    r"(?:\([^()]{0,60}\))?){0,6}\s*,?\s*\)?\s*[.;,]?\s*"
)
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:nan|inf|None|null|NaN)\b"
)
_COMMAED = re.compile(r"[+-]?[0-9]+,[0-9]+")


def list_of(text: str) -> tuple[tuple[str, ...], tuple[int, ...]] | None:
    """The numbers of a list, printed array or tensor, and its shape; None for anything else."""
    text = text.strip()
    if not text or len(text) > 4_000_000:
        return None
    match = _CALL.match(text)
    if match:
        end = _closing(text, match.end())
        if end is None or not _REST.fullmatch(text, end):
            return None
        text = text[match.end() : end].strip()
        if not text.startswith("["):
            return ((text,), ()) if _NUMBER.fullmatch(text) else None
    text = text.rstrip(" .;")
    if text[:1] in "[({" and text[-1:] in "])}":
        return _nested(text)
    if _COMMAED.fullmatch(text.replace(" ", "")) or re.fullmatch(
        r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+", text
    ):
        return None  # a decimal comma, or one between thousands
    numbers = _row(text)
    return (tuple(numbers), (len(numbers),)) if len(numbers) > 1 else None


def _closing(text: str, start: int) -> int | None:
    """Where the list that begins at a place ends."""
    depth = 0
    for place in range(start, len(text)):
        if text[place] in "[(":
            depth += 1
        elif text[place] in "])":
            depth -= 1
            if depth < 0:
                return place
            if depth == 0 and text[place] == "]":
                return place + 1
        elif depth == 0 and not text[place].isspace() and place > start:
            match = _NUMBER.match(text, start)
            return match.end() if match else None
    return None


def _nested(text: str) -> tuple[tuple[str, ...], tuple[int, ...]] | None:
    """A list of lists: its numbers row by row, and its shape where all rows are alike."""
    inner = text[1:-1].strip()
    if not re.search(r"[\[({]", inner):
        numbers = _row(inner)
        if not numbers and (not inner or not _NUMBER.fullmatch(inner)):
            return None
        numbers = numbers or [inner]
        return tuple(numbers), (len(numbers),)
    rows: list[tuple[tuple[str, ...], tuple[int, ...]]] = []
    depth = start = 0
    for place, character in enumerate(inner):
        if character in "[({":
            if depth == 0:
                start = place
            depth += 1
            if depth > 5:
                return None
        elif character in "])}":
            depth -= 1
            if depth == 0:
                found = _nested(inner[start : place + 1])
                if found is None:
                    return None
                rows.append(found)
        elif depth == 0 and character not in ", \n\t;":
            return None
    if depth or not rows:
        return None
    shapes = {shape for _, shape in rows}
    if len(shapes) != 1:
        return None
    return tuple(v for values, _ in rows for v in values), (len(rows), *shapes.pop())


def _row(text: str) -> list[str]:
    """The numbers of a plain row; none where anything else is in it."""
    if ";" in text:
        pieces = [piece.strip() for piece in text.split(";")]
        pieces = [piece.replace(",", ".") for piece in pieces if piece]
    else:
        by_space = text.replace("\t", " ").split()
        commaed = [bare for p in by_space if (bare := p.rstrip(","))]
        if len(commaed) > 1 and all(_COMMAED.fullmatch(p) for p in commaed):
            pieces = [p.replace(",", ".") for p in commaed]
        else:
            text = re.sub(r"(?<=[\s,])([+-])\s+(?=[0-9.])", r"\1", " " + text)
            pieces = re.sub(r"\s*,\s*|\s+", " ", text).split()
    return pieces if pieces and all(_NUMBER.fullmatch(piece) for piece in pieces) else []


_NOTHING = ("nan", "none", "null", "")


def _stacked(stem: str, count: int, names: Names) -> list[str]:
    """What a row [U, W, …] is for, where a document writes W·[h_{t-1}, x_t]."""
    order, features = names.conventions.stacked, names.model.features
    weight = re.fullmatch(r"(d?)W_([a-z])", stem)
    if not order or weight is None or count != features + 1:
        return []
    state = f"{weight[1]}U_{weight[2]}"
    inputs = [f"{stem}{k}" for k in range(1, count)] if features > 1 else [stem]
    if state not in names.known:
        return []
    return [state, *inputs] if order == "hx" else [*inputs, state]


def spread(
    entry: Entry, names: Names, steps: int, windows: int = 1, spans: Sequence[range] = ()
) -> Iterator[Entry]:
    """The entries that the numbers of a list are: one a step, a feature, or a place in a layout.

    Of several windows there may be a row each; in a row nan stands where the window sweeps not.
    ``spans`` are the steps that each window sweeps.
    """
    if len(entry.values) > MAX_NUMBERS:
        raise ExpressionError(f"at most {MAX_NUMBERS:,} numbers", f"{len(entry.values):,}")
    shape = tuple(n for n in entry.shape if n != 1) or (1,)
    if readout := _of_readout(entry, names):
        yield readout
        return
    if is_of_layout(entry.left):
        yield from _of_layout(entry, names)
        return
    left, _ = in_words(_without_grad(entry.left), names)
    if (several := _PLURAL.fullmatch(left)) and several[1] in names.varying:
        left = several[1]  # hs, dcs
        entry = replace(entry, left=left)
    target = names.parsed(left, Style(target=True))
    stem = target.name if isinstance(target, Symbol) else ""
    if entry.form == "printed":
        if (
            (stem in names.parameters or stem in names.vectors)
            and not entry.stage
            and entry.gradient is None
        ):
            both = f"the value after the update, or the gradient ({entry.left.strip()}.grad)"
            raise SeveralReadingsError(f'"{entry.left.strip()}"', both)
        entry = replace(entry, form="")
    at_step = isinstance(target, Symbol) and target.step is not None
    if not stem or (at_step and len(entry.values) > 1 and not names.is_vector(stem)):
        raise ExpressionError("a quantity before the list", f'"{entry.left.strip()}"')
    values = entry.values
    count = len(values)
    if stacked := _stacked(stem, count, names):
        for name, value in zip(stacked, values, strict=True):
            yield replace(_one(entry, name, value), written=f"{entry.left.strip()}: {value}")
        return
    if names.is_vector(stem):
        step = target.step if isinstance(target, Symbol) else None
        at = step if isinstance(step, int) else None
        yield from _of_vector(entry, stem, shape, names, steps, at)
        return
    features = names.model.features
    if (
        count == features > 1
        and count != steps
        and (of := re.fullmatch(r"(d?x)([0-9]{1,6})", stem))
    ):
        # Of several features x_1 = (0.5, 2) is the input of step 1.
        for feature, value in enumerate(values, 1):
            step = int(of[2]) + 1 - names.first_step
            yield _one(entry, _at(names, f"{of[1]}{feature}", step), value)
        return
    if windows > 1 and shape == (windows, steps) and stem in names.varying:
        for window in range(windows):
            row = values[window * steps : (window + 1) * steps]
            for step, value in enumerate(row, 1):
                if value.lower() not in _NOTHING:
                    one = _one(entry, _at(names, stem, step), value)
                    yield replace(one, window=window + 1)
        return
    if windows > 1 and shape == (windows,) and stem in names.constant and entry.window is None:
        for window, value in enumerate(values, 1):
            yield replace(_one(entry, entry.left, value), window=window)
        return
    if len(shape) > 1:
        raise ExpressionError(f"one row of numbers for {stem}", _sizes(entry.shape))
    if stem == TOTAL_LOSS and count == steps > 1 and LOSS in names.varying:
        stem = LOSS  # a loss for each step
    if count == 1:
        yield _one(entry, entry.left, values[0])
        return
    if stem in names.varying:
        of_window = _steps_of_window(entry, spans)
        of_list = of_window or _steps_of(entry, stem, names, steps)
        for step, value in zip(of_list, values, strict=True):
            if value.lower() not in _NOTHING and 0 <= step <= steps:
                yield replace(_one(entry, f"{stem}", value), t=None, left=_at(names, stem, step))
        return
    if stem in names.gradients and count == steps:
        for step, value in enumerate(values, 1):
            yield _one(entry, _at(names, stem, step), value)
        return
    raise ExpressionError(f"one number for {stem}", f"{count} numbers")


def _at(names: Names, key: str, step: int | None) -> str:
    """A key at a step as the names read it back, in whichever notation."""
    shown = key
    if names.author is not None:
        shown = next((s for s, meant in names.author.items() if meant == key), key)
    if step is None:
        return shown
    return f"{shown}[{step - 1 + names.first_step}]"


def _one(entry: Entry, left: str, value: str) -> Entry:
    return replace(entry, left=left, right=value, values=(), shape=(), form=entry.form or "array")


def _steps_of_window(entry: Entry, spans: Sequence[range]) -> range | None:
    """The steps of the window below whose heading a list stands, if it has a number for each."""
    if entry.window is None or not 1 <= entry.window <= len(spans):
        return None
    span = spans[entry.window - 1]
    return span if len(span) == len(entry.values) else None


def _steps_of(entry: Entry, stem: str, names: Names, steps: int) -> Sequence[int]:
    """The steps that the numbers of a list are for."""
    values = entry.values
    count = len(values)
    if count == steps:
        return range(1, steps + 1)
    base = stem.removeprefix("d")
    if count == steps + 1:
        is_state = base in names.model.state
        if stem in names.model.state:
            return range(steps + 1)
        if is_state and stem.startswith("d"):
            first, last = _is_nothing(values[0]), _is_nothing(values[-1])
            if last and not first:
                return range(1, steps + 2)  # the zeros beyond the last step
            if not last:
                return range(steps + 1)
        elif _is_nothing(values[0]):
            return range(steps + 1)
        elif _is_nothing(values[-1]):
            return range(1, steps + 2)
    raise ExpressionError(f"{steps} numbers for {stem}, one a step", f"{count}")


def _is_nothing(text: str) -> bool:
    if text.lower() in _NOTHING:
        return True
    try:
        return float(text) == 0
    except ValueError:
        return False


def _of_vector(
    entry: Entry,
    stem: str,
    shape: tuple[int, ...],
    names: Names,
    steps: int,
    at: int | None,
) -> Iterator[Entry]:
    """The numbers of a weight, one a feature; of the inputs, a row a step, or those of one."""
    features = names.model.features
    values = entry.values
    if stem in ("x", "dx"):
        if shape == (steps, features):
            for (step, feature), value in zip(
                product(range(1, steps + 1), range(1, features + 1)), values, strict=True
            ):
                yield _one(entry, _at(names, f"{stem}{feature}", step), value)
            return
        of_step = at
        if of_step is None and entry.t is not None:
            of_step = steps if entry.t == LAST else entry.t + 1 - names.first_step
        if of_step is not None and shape == (features,):
            for feature, value in enumerate(values, 1):
                yield _one(entry, _at(names, f"{stem}{feature}", of_step), value)
            return
        raise ExpressionError(f"{steps} rows of {features} numbers", _sizes(entry.shape))
    if len(values) == features:
        for feature, value in enumerate(values, 1):
            yield _one(entry, _at(names, f"{stem}{feature}", None), value)
        return
    raise ExpressionError(f"{features} numbers for {stem}, one a feature", f"{len(values)}")


def _sizes(shape: tuple[int, ...]) -> str:
    return "an array of " + "×".join(map(str, shape))


# Names of a framework's arrays: which of our parameters their numbers are.


_PLURAL = re.compile(r"(d?(?:[hcfiogxyE]|z_?[fiog]))s")
_READOUT = re.compile(
    r"(?:\w+\.)?(?:fc|linear|lin|out|output|readout|head|dense|decoder|proj|classifier|h2o|hidden2out|fc_out)"
    r"[0-9]?\.(?P<what>weight|bias)(?P<grad>\.grad|_grad)?"
)


def _of_readout(entry: Entry, names: Names) -> Entry | None:
    """The weight or the bias of a linear layer behind the cell, by what programs call it."""
    match = _READOUT.fullmatch(entry.left.strip().strip("\"'"))
    if match is None:
        return None
    key = "V" if match["what"] == "weight" else "b_y"
    if len(entry.values) != 1 or key not in names.parameters:
        return None
    gradient = True if match["grad"] else entry.gradient
    if gradient is None:
        both = f"the weights after the update, or gradients ({entry.left}.grad)"
        raise SeveralReadingsError(f'"{entry.left}"', both)
    return _one(entry, _at(names, f"d{key}" if gradient else key, None), entry.values[0])


def _without_grad(name: str) -> str:
    return re.sub(r"(?:\.grad|_grad)$", "", name.strip()) if is_of_layout(name) else name


@cache
def _blocks() -> dict[str, list[tuple[Layout, Block]]]:
    """The arrays of all layouts by their names; one name may be of several cells."""
    found: dict[str, list[tuple[Layout, Block]]] = {}
    folders = ("", *(f"{name}/" for name in layout_folders()))
    for layout in (load_layout(f + name) for f in folders for name in layout_names(f)):
        for block in layout.blocks:
            for name in block.names:
                found.setdefault(name, []).append((layout, block))
    return found


def blocks_named(name: str) -> Sequence[tuple[Layout, Block]]:
    """The arrays of frameworks that are called so, each with the layout that it is of."""
    return _blocks().get(_bare(name), ())


def is_of_layout(name: str) -> bool:
    """Whether a name can only be that of an array in a framework's layout: but W, R or arr_0."""
    bare = _bare(name)
    return len(bare) > 2 and not bare.startswith("arr_") and bool(blocks_named(bare))


def _bare(name: str) -> str:
    bare = name.strip().strip("\"'").removesuffix(".grad").removesuffix("_grad")
    bare = re.sub(r"^(?:d_?|grad[_ ]|∂L/∂|dL/d)(?=weight_|bias_|kernel|recurrent)", "", bare)
    bare = bare.replace("/", ".").removesuffix(":0")
    parts = bare.split(".")
    for start in range(len(parts)):
        if ".".join(parts[start:]) in _blocks():
            return ".".join(parts[start:])
    return bare


def _says_gradient(entry: Entry) -> bool | None:
    left = entry.left.strip().strip("\"'")
    if left.endswith((".grad", "_grad")) or re.match(
        r"(?:d_?|grad[_ ]|∂L/∂|dL/d)(?=weight_|bias_|kernel|recurrent)", left
    ):
        return True
    return entry.gradient


def _of_layout(entry: Entry, names: Names) -> Iterator[Entry]:
    name, gradient = _bare(entry.left), _says_gradient(entry)
    if gradient is None:
        both = f"the weights after the update, or gradients ({name}.grad)"
        raise SeveralReadingsError(f'"{name}"', both)
    counts = []
    for layout, block in blocks_named(name):
        places = block.elements(names.model.features)
        keys = [layout.place(letter, rest, names.parameters) for letter, rest in places]
        if not all(keys):
            continue
        counts.append(len(places))
        if len(places) != len(entry.values):
            continue
        for key, (letter, rest), value in zip(keys, places, entry.values, strict=True):
            if gradient:  # both biases of a gate have the same gradient
                yield _one(replace(entry, array=name), _at(names, f"d{key}", None), value)
            elif key == letter + rest or not key.startswith(layout.instead.get(letter, "\0")):
                yield _one(entry, _at(names, key, None), value)
        return
    if not counts:
        raise ExpressionError("a parameter of this cell", f'"{name}"')
    raise ExpressionError(f"{counts[0]} numbers in {name}", f"{len(entry.values)}")
