"""Authors' notations: Gomez's ``state`` is c here, and his δi is dz_i.

Each file in ``templates/notations`` is an author. :class:`Author` displays our keys in the
author's symbols (see :class:`~cellcalc.symbolism.Symbolism`), and :meth:`Author.reading` is the
way back, from what people write to the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cellcalc import resources
from cellcalc.errors import ExpressionError, InputError, Mistake, did_you_mean
from cellcalc.expression import Expression, symbols
from cellcalc.parser import parse
from cellcalc.spelling import MARK, SUBSCRIPTS, ascii_forms, composed
from cellcalc.symbolism import DERIVATIVE, GATES, TIMES, VIA, Symbolism, split
from cellcalc.toml import Reader, Section, decode, listed, parse_toml, read_bytes

FOLDER = "templates/notations"

# The quantities of an LSTM, whose symbols an author is asked for when none other are given.
FORWARD = (
    "x", *(f"z_{k}" for k in GATES), *GATES, "c", "tanh_c", "h", "y", "target", "E",
    *(f"{w}_{k}" for w in "WUbp" for k in GATES), "V", "b_y",
)  # fmt: skip
FEATURES = range(1, 10)


class Author(Symbolism):
    """An author's notation, in both directions."""

    def reading(self, keys: Iterable[str] | None = None) -> Mapping[str, str]:
        """Every way of writing the author's symbols, each with the key that it stands for.

        ``keys`` are those of the problem at hand (``trace.symbols``); without them, those of an
        LSTM with up to nine inputs. A vector is read as well as its elements. The symbols have
        no time index; a feature's number is written 1 or ₁. In the order in which they win where
        two could be meant: the symbol as cellcalc displays it (``δi``, ``state``, ``Γ_f``,
        ``∂L/∂a``), the file's aliases, the same in ASCII (``delta_i``, ``di``, ``Gamma_f``,
        ``z_bar``, ``our_y``), and without underscores (``Gammaf``). So ``di`` is δi for Gomez,
        which is dz_i; the derivative by the gate itself is ∂L/∂i, as it is displayed.

        What is not in the mapping is a key as it stands, except for what :attr:`taken` has:
        those mean something else to the author, and no key at all. :meth:`parse` reads a whole
        formula in this way; there dL/di is ∂L/∂i as well.
        """
        given = list(_standard() if keys is None else keys)
        wanted = list(dict.fromkeys([*given, *(split(key)[0] for key in given)]))  # W_f1, and W_f
        known, found = set(wanted), dict[str, str]()
        derived = {key: key[:1] == "d" and key[1:].removesuffix("0") in known for key in wanted}
        ours_last = sorted(wanted, key=lambda key: not self.spelled(key, derived[key]).named)
        for forms in (self._displayed, self._by_alias, self._typed, self._without_underscores):
            for key in ours_last:
                for form in map(composed, forms(key, derived[key])):
                    typed = form.translate(_LOWERED)
                    stem, digits = split(typed)
                    for way in (form, typed, stem + digits.translate(SUBSCRIPTS)):
                        found.setdefault(way, key)
        return found

    def parse(self, text: str, keys: Iterable[str] | None = None) -> Expression:
        """A formula in the author's symbols as one in keys.

        Raises :class:`~cellcalc.errors.ExpressionError` for what is no formula, and for a symbol
        that means something else to the author.
        """
        marked = {symbol: symbol + MARK for symbol in self.taken}  # no key has a mark
        found = parse(composed(text), marked | dict(self.reading(keys)))
        for symbol in symbols(found):
            if symbol.name.endswith(MARK):
                name = symbol.name.removesuffix(MARK)
                what = f'"{name}", which is {self.taken[name]} in {self.title}'
                raise ExpressionError("a quantity of the cell", what)
        return found

    def _displayed(self, key: str, derived: bool) -> Iterator[str]:
        yield self.unicode(key, "", derived)
        if derived and VIA not in key and key[-1] != "0":
            yield f"∂L/∂{self.unicode(key[1:])}"

    def _by_alias(self, key: str, derived: bool) -> Iterator[str]:  # noqa: ARG002
        yield from (alias for alias, meant in self.aliases.items() if meant == key)

    def _typed(self, key: str, derived: bool) -> Iterator[str]:
        whole, _, via = key.partition(VIA)
        if via and self._named(key) is None:
            for first in self._typed(whole, True):
                yield from (f"{first}{VIA}{last}" for last in self._typed(via, False))
            return
        found = self.spelled(key, derived)
        forms = [form + found.digits for form in ascii_forms(found.text)]
        if found.derived:
            sign = self.derivative.format("")
            typed = {"∇": ("nabla_", "grad_", "∇")}.get(sign, (sign,))
            forms = [start + form for start in typed for form in forms]
        yield from forms
        if derived and not found.derived:
            base = self.spelled(key[1:])
            yield from (f"∂L/∂{form}{base.digits}" for form in ascii_forms(base.text))

    def _without_underscores(self, key: str, derived: bool) -> Iterator[str]:
        if self.spelled(key, derived).named and VIA not in key:
            yield from (form.replace("_", "") for form in self._typed(key, derived))


# A feature's number as people type it: x1 for x₁.
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def _standard() -> Iterator[str]:
    for key in FORWARD:
        numbered = key == "x" or key.startswith("W_")
        for name in (key, *(f"{key}{k}" for k in FEATURES if numbered)):
            yield name
            yield f"d{name}"
    yield f"dh{VIA}y"


def load(name: str) -> Author:
    """The notation of that name: one of the files in ``templates/notations``.

    Raises :class:`~cellcalc.errors.InputError` where there is none, or it has mistakes.
    """
    known = resources.names(FOLDER)
    if name not in known:
        found = f'"{name}"{did_you_mean(name, known)}'
        raise InputError([Mistake("--notation", "", f"one of {listed(known)}", found)])
    shown_as = f"{FOLDER}/{name}.toml"
    path = resources.folder("templates") / "notations" / f"{name}.toml"
    reader = Reader(shown_as)
    file = Section(reader, parse_toml(decode(read_bytes(path, shown_as), shown_as), shown_as))
    author = _read(file, name)
    reader.finish()
    return author


def _read(file: Section, name: str) -> Author:
    file.only(("title", "source", "time", "derivative", "derivative_latex", "notes", "labels",
               "names", "ours", "latex", "taken", "aliases", "variants"))  # fmt: skip
    notes: Any = file.values.get("notes", [])
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        file.wrong("notes", "a list of texts")
        notes = []
    variants = file.table("variants")
    return Author(
        name=name,
        title=file.text("title"),
        source=file.text("source"),
        time=file.choice("time", tuple(TIMES), "subscript"),
        derivative=file.text("derivative", DERIVATIVE),
        derivative_latex=file.text("derivative_latex", r"\frac{\partial L}{\partial {}}"),
        labels=_texts(file, "labels"),
        names=_texts(file, "names"),
        latex_names=_texts(file, "latex"),
        ours=_texts(file, "ours"),
        taken=_texts(file, "taken"),
        aliases=_texts(file, "aliases"),
        notes=tuple(notes),
        variants={key: _texts(variants, key) for key in variants.values},
    )


def _texts(file: Section, key: str) -> dict[str, str]:
    section = file.table(key)
    return {composed(name): composed(section.text(name)) for name in section.values}
