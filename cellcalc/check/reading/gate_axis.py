"""Arrays with a place for each gate: of gates (steps × 4), dz, dW (4 × inputs), dU and db.

Which place is whose is not guessed: a document that says it ("f, i, g, o", in an array or a list
of text of its own) has its arrays taken apart, an array for each gate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import prod

from cellcalc.check.answers import Entry
from cellcalc.check.reading.vocabulary import called

_LETTER = re.compile(r"[figorucnz]|c_?(?:tilde|bar|hat)|[cgh][\u0303\u0304\u0302]", re.IGNORECASE)
_D = r"dL[_/]?d_?|d_?|grad_?|∂L/∂"
_OF_GATES = re.compile(rf"(?P<d>{_D}|delta_?|δ_?)?(?:gates?|acts?|activations?)", re.IGNORECASE)
_OF_NET_INPUTS = re.compile(rf"(?P<d>{_D})?(?P<stem>z|a|net|pre|preact|preactivations?|zs)")
_OF_WEIGHTS = re.compile(
    rf"(?P<d>{_D})?(?P<stem>[WURb])s?(?P<behind>'|_new|\.grad|_grad)?"
    r"(?:\s*\([^()]{3,60}\))?"  # U.grad (i, f, g, o)
)


def order_of(texts: Sequence[str]) -> tuple[str, ...]:
    """The letters of the gates that a list of text says, in its order; nothing for other lists."""
    if not 3 <= len(texts) <= 4:
        return ()
    found = tuple(_gate(text) for text in texts)
    whole = {"r"} if len(found) == 3 else {"f", "i", "o"}  # of a GRU, of an LSTM
    return found if all(found) and len(set(found)) == len(found) and whole < set(found) else ()


def _gate(text: str) -> str:
    bare = " ".join(text.strip().lower().replace("_", " ").split())
    if _LETTER.fullmatch(text.strip()):
        return text.strip()
    for name in (bare, f"{bare} gate"):
        if (key := called("quantities").get(name)) in ("f", "i", "o", "g", "r", "u"):
            return key
    return ""


_G = r"(?:[figocaru]|c̃|g̃)"
_SAID = re.compile(  # columns f i g o; dU  # f, i, g, o; U.grad (i, f, g, o)
    rf"(?:(?P<rows>rows?|zeilen?|lignes?|filas?|行)|(?P<columns>columns?|cols?|spalten?|colonnes?|columnas?|列)"
    rf"|(?:gates?\s)?(?:order|reihenfolge|ordre|orden|顺序)|gates?|tore|#|%|\()\s*(?:of|is|are|=|:)?\s*[\[(]?\s*"
    rf"(?P<order>{_G}(?:(?:\s*[,;/|]\s*|\s+){_G}){{3}})(?![^\W_])",
    re.IGNORECASE,
)


def said_in(text: str) -> tuple[tuple[str, ...], int | None]:
    """The order of the gates in the arrays of a text, and the axis that has them, as it says.

    Nothing where it says none, or two.
    """
    found = list(_SAID.finditer(text))[:50]
    orders = {order_of(re.split(r"[\s,;/|]+", match["order"])) for match in found} - {()}
    if len(orders) != 1:
        return (), None
    axes = {0 if m["rows"] else -1 for m in found if m["rows"] or m["columns"]}
    return orders.pop(), axes.pop() if len(axes) == 1 else None


def apart(
    entries: Iterable[Entry], order: Sequence[str], axis: int | None = None
) -> Iterator[Entry]:
    """The entries, with one for each gate in place of an array that has a place for each.

    ``axis`` is the one that has the gates where there are as many steps, if that is known.
    """
    for entry in entries:
        yield from _apart(entry, order, axis) if order and entry.values else [entry]


def _apart(entry: Entry, order: Sequence[str], axis: int | None) -> list[Entry]:
    names, is_weight = _names(entry.left.strip(), order)
    axes = [k for k, length in enumerate(entry.shape) if length == len(order)]
    if len(axes) > 1 and (is_weight or axis is not None):
        axes = [axes[0 if is_weight else axis or 0]]  # of weights a row a gate
    if not names or len(axes) != 1:
        return [entry]  # of as many steps as gates it could be either
    shape = tuple(length for k, length in enumerate(entry.shape) if k != axes[0])
    inner = prod(entry.shape[axes[0] + 1 :])
    found: list[Entry] = []
    for place, name in enumerate(names):
        values = tuple(
            value for k, value in enumerate(entry.values) if k // inner % len(order) == place
        )
        one = replace(entry, left=name, values=values, shape=shape)
        if not shape:
            one = replace(one, right=values[0], values=())
        found.append(one)
    return found


def _names(left: str, order: Sequence[str]) -> tuple[list[str], bool]:
    """What an array's numbers are called, gate by gate, and whether it is of weights."""
    if match := _OF_GATES.fullmatch(left):
        lead = match["d"] or ""
        lead = "delta_" if lead[:1] == "δ" or lead.startswith("delta") else "d" if lead else ""
        return [f"{lead}{letter}" for letter in order], False
    if match := _OF_NET_INPUTS.fullmatch(left):
        return [f"{'d' if match['d'] else ''}z_{letter}" for letter in order], False
    if match := _OF_WEIGHTS.fullmatch(left):
        lead = "d" if match["d"] or "grad" in (match["behind"] or "") else ""
        mark = "_new" if match["behind"] in ("'", "_new") else ""
        return [f"{lead}{match['stem']}_{letter}{mark}" for letter in order], True
    return [], False
