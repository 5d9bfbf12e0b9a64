"""What a word means, and what a symbol is: the short answers of ``cellcalc explain``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from cellcalc import resources
from cellcalc.errors import check_choice
from cellcalc.language.tree import Symbol
from cellcalc.model.derivation import build
from cellcalc.model.model import Group, Model
from cellcalc.problems import templates
from cellcalc.problems.schemes import named_schemes
from cellcalc.resources import said, sentence
from cellcalc.views.document import Block, Lines, Picture, Title, written
from cellcalc.views.text import check_page, wrap
from cellcalc.views.worked import left_side

FORMATS = ("text", "markdown", "html", "json")
FIRST_CELLS = ("lstm", "lstm-peephole", "gru", "rnn")  # whose symbols go before those of others


@dataclass(frozen=True)
class Meaning:
    """A word or symbol: what it means, its equation if it has one, and topics about it."""

    name: str
    text: str
    maths: tuple[str, ...] = ()
    see: tuple[str, ...] = ()


@cache
def _file() -> Mapping[str, Mapping[str, object]]:
    return resources.read_toml("templates/glossary.toml")


def words() -> tuple[str, ...]:
    """The words of the glossary."""
    return tuple(_file())


def meaning(name: str, ascii: bool = False) -> Meaning | None:
    """What a word, a scheme or a symbol means; None where it is none of these."""
    plain = "_".join(name.strip().lower().replace("-", " ").split())
    for word in (plain, plain.removesuffix("s")):
        if word in _file():
            row = _file()[word]
            see = row.get("see")
            topics = tuple(map(str, see)) if isinstance(see, list) else ()
            return Meaning(word.replace("_", " "), said(str(row["text"])), (), topics)
    for one in named_schemes():
        if name in (one.form, one.form.partition("(")[0]):
            return Meaning(
                one.form, said(one.says), (f"k1 = {one.k1}, k2 = {one.k2}",), ("schemes",)
            )
    return _symbol(name.strip(), ascii)


def _symbol(name: str, ascii: bool) -> Meaning | None:
    """A quantity of the first cell that has one of that name."""
    cells = dict.fromkeys((*FIRST_CELLS, *resources.names("templates/cells")))
    for cell in cells:
        for features in (1, 2):
            model = _model(cell, features, ascii, resources.language())
            for key in (name, name.removesuffix("0")):
                quantity = model.quantities.get(key)
                if quantity is None or (key != name and key not in model.derivatives):
                    continue
                write = model.maths()
                maths: tuple[str, ...] = ()
                if quantity.formula is not None:
                    is_total = quantity.group is Group.GRADIENT
                    left = write(Symbol(key)) if is_total else left_side(quantity, write)
                    formula = quantity.formula
                    right = write.summed(formula) if is_total else write(formula)
                    maths = (f"{left} = {right}",)
                says = quantity.says
                if key != name:
                    of = model.label(quantity.derivative_of)
                    says = sentence("quantity", "entering", symbol=of)
                return Meaning(name, says, maths, ("notation",))
    return None


@cache
def _model(cell: str, features: int, ascii: bool, _language: str) -> Model:
    template = templates.load("cells", cell, Path())
    readout = templates.load("readouts", "linear")
    loss = templates.load("losses", "half-squared")
    return build(template, readout, loss, features, ascii=ascii)


def page(one: Meaning, format: str = "text", width: int = 80) -> str:
    """A meaning in one of ``FORMATS``."""
    check_choice("format", format, FORMATS)
    check_page(width)
    if format == "json":
        return json.dumps({"title": one.name, **asdict(one)}, ensure_ascii=False) + "\n"
    see = sentence("topics", "see", names=", ".join(one.see))
    limit = min(width or 92, 92) if format == "text" else 10**6
    blocks: list[Block] = [Title(one.name), Lines(tuple(wrap(one.text, limit)))]
    if one.maths:
        blocks.append(Picture("\n".join(f"    {line}" for line in one.maths)))
    blocks.append(Lines(tuple(wrap(see, limit))))
    return written(blocks, format)
