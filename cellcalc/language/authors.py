"""Authors' notations: Gomez's ``state`` is c here, and his δi is dz_i.

Each file in ``templates/notations`` is an author. :class:`Author` writes our keys in the author's
symbols, in Unicode and LaTeX, and :meth:`Author.reading` is the way back, from what people write to
the key. Where an author has no symbol for something of ours, ours stands in its place; where ours
means something else to the author, it is marked (``y°``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from cellcalc import resources
from cellcalc.errors import ExpressionError, OptionError, unknown
from cellcalc.language.keys import VIA, derivative_key, split_key
from cellcalc.language.letters import (
    FROM_SUBSCRIPTS,
    MARK,
    SUBSCRIPTS,
    SUPERSCRIPTS,
    ascii_forms,
    composed,
    latex_pieces,
)
from cellcalc.language.notation import Ascii, Binding, Latex, Text, Unicode
from cellcalc.language.parser import parse
from cellcalc.language.tree import Expression, Symbol, symbols
from cellcalc.records import record
from cellcalc.toml import Reader, Section, decode, listed, parse_toml, read_bytes

GATES = ("f", "i", "g", "o")  # in the index of a weight; g is the candidate
DERIVATIVE = "∂L/∂{}"  # unless the author has a sign for it

# How an author writes the time: in Unicode (raised or lowered afterwards), and in LaTeX.
TIMES = {
    "subscript": ("{t}", ""),
    "superscript": ("{t}", "{t}"),
    "parenthesis": ("({t})", "({t})"),
    "angle": ("⟨{t}⟩", r"\langle {t} \rangle"),
    "argument": ("({t})", "({t})"),
}


@record
class Spelled:
    """A symbol without its time: the text, the number of the feature, whether the text is within
    the author's sign for a derivative, and whether the author has it at all."""

    text: str
    digits: str = ""
    derived: bool = False
    named: bool = True


@record
class Author:
    """One author's symbols, in both directions.

    ``names`` maps keys to symbols; in ``W_*`` the star stands for a gate, and in the symbol for
    the author's letter for it (``labels``); ``#`` in a symbol is the number of the feature.
    ``derivative`` is how the author writes the derivative by {} where ``names`` has nothing of
    its own, ``ours`` what stands in where the author has nothing (else our key), ``taken`` what
    else the author calls something, ``aliases`` are further ways of writing a key, ``handed_on``
    symbols for what the next step sends back to a derivative, which has no row of its own,
    ``latex_names`` the LaTeX of symbols that are spelled unlike the rest.
    ``variants`` are further names that hold if a problem has a certain key; ``keys`` are those of
    the forward equations of the problem at hand.
    """

    name: str
    title: str
    source: str
    time: str
    derivative: str
    derivative_latex: str
    labels: Mapping[str, str]
    names: Mapping[str, str]
    latex_names: Mapping[str, str]
    ours: Mapping[str, str]
    taken: Mapping[str, str]
    aliases: Mapping[str, str]
    handed_on: Mapping[str, str]
    notes: tuple[str, ...]
    variants: Mapping[str, Mapping[str, str]]
    keys: tuple[str, ...] = ()

    def fitting(self, keys: Collection[str]) -> Self:
        """The notation for a problem with these keys."""
        names = dict(self.names)
        for key, more in self.variants.items():
            if key in keys:
                names |= more
        return replace(self, names=names, keys=tuple(keys))

    @property
    def raised(self) -> bool:
        """Whether the time stands above, where a power would."""
        return self.time in ("superscript", "parenthesis")

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every symbol that means something to the author."""
        own = {self._starred(text, k) for text in self.names.values() for k in GATES}
        return frozenset({*own, *self.taken})

    def spelled(self, key: str, derivative: bool = False) -> Spelled:
        """The symbol for a key."""
        found = self._named(key)
        if found is None and derivative:
            return replace(self.spelled(key[1:]), derived=True)
        return found or self._fallback(key)

    def unicode(self, key: str, time: str = "", derivative: bool = False) -> str:
        """The symbol as text. ``time`` is "" (none), "t", "t+1", "t-1" or a step's number."""
        whole, _, via = key.partition(VIA)
        if via and self._named(key) is None:
            return f"{self.unicode(whole, time, True)} via {self.unicode(via)}"
        found = self.spelled(key, derivative)
        text = found.text + found.digits.translate(SUBSCRIPTS) + self._time(found, time)
        return self.derivative.format(text) if found.derived else text

    def latex(self, key: str, time: str = "", derivative: bool = False) -> str:
        """The same in LaTeX maths."""
        whole, _, via = key.partition(VIA)
        if via and self._named(key) is None:
            return rf"{self.latex(whole, time, True)} \ \mathrm{{via}}\ {self.latex(via)}"
        found = self.spelled(key, derivative)
        letter, below, above = latex_pieces(self.latex_names.get(found.text, found.text))
        if found.text in self.latex_names:
            letter, _, lower = self.latex_names[found.text].partition("_")
            below, above = [lower.strip("{}")] if lower else [], []
        below += [found.digits] if found.digits else []
        if time:
            raised = self._raised(time)[1].replace("{t}", time)
            (above if raised else below).append(raised or time)
        text = letter + (f"_{{{','.join(below)}}}" if below else "")
        text += f"^{{{','.join(above)}}}" if above else ""
        return self.derivative_latex.replace("{}", text) if found.derived else text

    def _time(self, found: Spelled, time: str) -> str:
        if not time:
            return ""
        if self.time == "subscript":
            comma = "," if found.digits or "_" in found.text else ""
            return comma + time.translate(SUBSCRIPTS)
        written = self._raised(time)[0].format(t=time)
        return written.translate(SUPERSCRIPTS) if self.raised else written.replace("-", "−")

    def _raised(self, time: str) -> tuple[str, str]:
        """A step's number above would be a power, and so is bracketed."""
        bracketed = self.time == "superscript" and not time.startswith("t")
        return TIMES["parenthesis" if bracketed else self.time]

    def _named(self, key: str) -> Spelled | None:
        """The author's own symbol, if there is one."""
        return self._listed(self.names, key)

    def _listed(self, table: Mapping[str, str], key: str) -> Spelled | None:
        """What a table of symbols has for a key, for the vector that it is of, or any gate's."""
        for stem, digits in ((key, ""), split_key(key)):
            head, _, gate = stem.rpartition("_")
            star = f"{head}_*" if gate and gate in GATES and head else ""
            if stem in table or star in table:
                text = table[stem] if stem in table else table[star]
                used = "" if "#" in text else digits
                return Spelled(self._starred(text, gate, digits), used)
        return None

    def _starred(self, text: str, gate: str, digits: str = "") -> str:
        label = self.labels.get(gate, gate)
        return composed(text.replace("*", label).replace("#", digits or "i"))

    def _fallback(self, key: str) -> Spelled:
        """Our symbol, with the author's letters in its index; marked if it could be mistaken."""
        chosen = self._listed(self.ours, key)
        if chosen is not None:
            return replace(chosen, named=False)
        stem, digits = split_key(key)
        head, _, tail = stem.partition("_")
        text, marked = stem, False
        weight = len(head) == 1  # or a net input; its index is a gate's letter
        if weight and tail in GATES:
            label = self.labels.get(tail, tail)
            text, marked = (f"{head}_{label}", False) if label else (stem, True)
        elif tail:
            inner = self.spelled(tail + digits)
            text, digits = f"{head}_{inner.text}", inner.digits
            # W_z of a cell with a gate z, where the author's z is the candidate, is no W_z.
            marked = weight and inner.text in self.labels.values()
        if marked or text in self.vocabulary:
            text += MARK
        return Spelled(composed(text), digits, named=False)

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
        wanted = list(
            dict.fromkeys([*given, *(split_key(key)[0] for key in given)])
        )  # W_f1, and W_f
        known, found = set(wanted), dict[str, str]()
        derived = {key: key[:1] == "d" and key[1:].removesuffix("0") in known for key in wanted}
        ours_last = sorted(wanted, key=lambda key: not self.spelled(key, derived[key]).named)
        for forms in (self._displayed, self._by_alias, self._typed, self._without_underscores):
            for key in ours_last:
                for form in map(composed, forms(key, derived[key])):
                    typed = form.translate(FROM_SUBSCRIPTS)
                    stem, digits = split_key(typed)
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

    def ascii(self, key: str, time: str = "", derivative: bool = False) -> str:
        """The symbol in ASCII: the first way of typing it that :meth:`parse` takes for this key."""
        whole, _, via = key.partition(VIA)
        if via and self._named(key) is None:
            return f"{self.ascii(whole, time, True)} via {self.ascii(via)}"
        if (key, derivative) not in self._ascii_forms:
            forms = dict.fromkeys((*self._to_type(key, derivative), key))
            fits = (form for form in forms if form.isascii() and self._means(form) == key)
            self._ascii_forms[key, derivative] = next(fits, key)
        return self._ascii_forms[key, derivative] + (f"[{time}]" if time else "")

    @cached_property
    def _ascii_forms(self) -> dict[tuple[str, bool], str]:
        return {}

    @cached_property
    def _meanings(self) -> Mapping[str, str]:
        """What every way of writing a symbol of the problem stands for; marked where for none."""
        keys = dict.fromkeys([*(self.keys or FORWARD), "x", "target", "w"])
        derived = [derivative_key(key) for key in keys]
        every = [*keys, *derived, *(f"{key}0" for key in derived)]
        return {symbol: symbol + MARK for symbol in self.taken} | dict(self.reading(every))

    def _means(self, form: str) -> str:
        """The key that a typed symbol stands for, or "" where it is no symbol."""
        try:
            found = parse(form, self._meanings)
        except ExpressionError:
            return ""
        return found.name if isinstance(found, Symbol) else ""

    def _to_type(self, key: str, derived: bool) -> Iterator[str]:
        """How a symbol may be typed, the likeliest first."""
        for form in self._typed(key, derived):
            if form.startswith(DERIVATIVE[:-2]):
                form = form.removeprefix(DERIVATIVE[:-2])
                yield f"d{form}"
                form = f"dL/d{form}"
            yield form

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


@record(kw_only=True)
class AuthorsUnicode(Unicode):
    """Maths as text in an author's symbols."""

    author: Author

    def symbol(self, symbol: Symbol) -> Text:
        time = self.parts(symbol)[3]
        derivative = symbol.name in self.derivatives
        return self.author.unicode(symbol.name, time, derivative), Binding.ATOM

    def power(self, base: Expression, exponent: Expression) -> Text:
        text, binding = super().power(base, exponent)
        if self.author.raised and isinstance(base, Symbol) and base.shift is not None:
            written = self(base)  # its time stands where the exponent does
            return text.replace(written, self.bracketed(written), 1), binding
        return text, binding


@record(kw_only=True)
class AuthorsAscii(Ascii):
    """Maths in an author's symbols as they are typed, which :meth:`Author.parse` reads back."""

    author: Author

    def symbol(self, symbol: Symbol) -> Text:
        time = self.parts(symbol)[3]
        derivative = symbol.name in self.derivatives
        return self.author.ascii(symbol.name, time, derivative), Binding.ATOM


@record(kw_only=True)
class AuthorsLatex(Latex):
    """LaTeX maths in an author's symbols."""

    author: Author

    def symbol(self, symbol: Symbol) -> Text:
        time = self.parts(symbol)[3]
        derivative = symbol.name in self.derivatives
        return self.author.latex(symbol.name, time, derivative), Binding.ATOM

    def power(self, base: Expression, exponent: Expression) -> Text:
        text, binding = super().power(base, exponent)
        written = self(base)
        if isinstance(base, Symbol) and "^" in written and not written.startswith(r"\frac"):
            return text.replace(written, self.bracketed(written), 1), binding
        return text, binding


FOLDER = "templates/notations"

# The quantities of an LSTM, whose symbols an author is asked for when none other are given.
FORWARD = (
    "x", *(f"z_{k}" for k in GATES), *GATES, "c", "tanh_c", "h", "y", "target", "E",
    *(f"{w}_{k}" for w in "WUbp" for k in GATES), "V", "b_y",
)  # fmt: skip
FEATURES = range(1, 10)


def _standard() -> Iterator[str]:
    for key in FORWARD:
        numbered = key == "x" or key.startswith("W_")
        for name in (key, *(f"{key}{k}" for k in FEATURES if numbered)):
            yield name
            yield derivative_key(name)
    yield f"dh{VIA}y"


def load(name: str) -> Author:
    """The notation of that name, one of the files in ``templates/notations``; or that of a path.

    A file of one's own is like those: see ``templates/notations/gomez.toml``.

    Raises :class:`~cellcalc.errors.OptionError` where there is none, and
    :class:`~cellcalc.errors.InputError` where it has mistakes.
    """
    known = resources.names(FOLDER)
    own = Path(name)
    is_own = name not in known and (own.suffix == ".toml" or own.parent != Path() or own.is_file())
    if name not in known and not is_own:
        raise OptionError("notation", f"one of {listed(known)}", unknown(name, known))
    shown_as = name if is_own else f"{FOLDER}/{name}.toml"
    path = own if is_own else resources.folder("templates") / "notations" / f"{name}.toml"
    reader = Reader(shown_as)
    file = Section(reader, parse_toml(decode(read_bytes(path, shown_as), shown_as), shown_as))
    author = _read(file, own.stem if is_own else name)
    if is_own:
        _check_distinct(author, reader)
    reader.finish()
    return author


def _check_distinct(author: Author, reader: Reader) -> None:
    """Note symbols that would stand for two quantities."""
    meant: dict[str, str] = {}
    for key in _standard():
        shown = author.unicode(key, "", key not in FORWARD and key[:1] == "d")
        other = meant.setdefault(shown, key)
        if other != key and split_key(other)[0] != split_key(key)[0]:
            reader.mistake(
                f"names.{key}", "a symbol of its own", f'"{shown}", which is {other} too'
            )


def _read(file: Section, name: str) -> Author:
    file.only(("title", "source", "time", "derivative", "derivative_latex", "notes", "labels",
               "names", "ours", "latex", "taken", "aliases", "handed_on", "variants"))  # fmt: skip
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
        labels=_table_of_texts(file, "labels"),
        names=_table_of_texts(file, "names"),
        latex_names=_table_of_texts(file, "latex"),
        ours=_table_of_texts(file, "ours"),
        taken=_table_of_texts(file, "taken"),
        aliases=_table_of_texts(file, "aliases"),
        handed_on=_table_of_texts(file, "handed_on"),
        notes=tuple(notes),
        variants={key: _table_of_texts(variants, key) for key in variants.values},
    )


def _table_of_texts(file: Section, key: str) -> dict[str, str]:
    section = file.table(key)
    return {composed(name): composed(section.text(name)) for name in section.values}
