"""Schemes of truncated backpropagation through time: names, and the options they stand for.

One parametrisation contains them all: a window fires at every k1-th step and sweeps the last k2
steps; what it injects, whether the state goes on, and when parameters change are options.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from math import inf
from numbers import Integral
from typing import Any, TypedDict

from cellcalc.errors import (
    OptionError,
    check_choice,
    check_positive,
    check_whole,
    describe,
    unknown,
)
from cellcalc.records import record
from cellcalc.resources import read_toml, sentence
from cellcalc.toml import Section, as_float, listed

# Each option's values, the default first.
CHOICES = {
    "inject": ("new", "all", "last"),
    "tail": ("flush", "short", "discard"),
    "state": ("carry", "reset"),
    "weights": ("current", "stored"),
    "update": ("window", "sequence", "epoch"),
    "empty": ("update", "skip"),
    "reduction": ("sum", "mean"),
}
LIMITS = ("clip_norm", "clip_value")
WINDOWS = "windows"
LENGTHS = "a list of lengths, whole numbers of at least 1"
KEYS = ("scheme", "k1", "k2", WINDOWS, *CHOICES, *LIMITS)
MOST_WINDOWS = 100_000  # lengths in a list
WIDEST = 14  # lengths drawn around k spread by k/14 and are at least k/14, as AWD-LSTM's 5 of 70


@record
class RandomLengths:
    """Blocks whose lengths are drawn anew for each pass, as Merity et al. 2017 (AWD-LSTM) draw.

    The mean is ``mean``, or with probability ``half`` the half of it; a length is drawn from a
    normal distribution of that mean and of standard deviation ``deviation``, cut down to a whole
    number, and at least ``least``.
    """

    mean: int
    deviation: float
    least: int
    half: float = 0.05
    seed: int = 0

    @classmethod
    def around(cls, mean: int, seed: int = 0) -> RandomLengths:
        """Lengths around ``mean`` in the proportions of AWD-LSTM: 5 of 70 either way."""
        return cls(mean, mean / WIDEST, max(1, round(mean / WIDEST)), seed=seed)

    def lengths(self, drawing: int) -> Iterator[int]:
        """Lengths without end, those of the pass of that number."""
        import random  # here, since most problems need none

        generator = random.Random(f"{self.seed} {drawing}")
        while True:
            mean = self.mean / 2 if generator.random() < self.half else float(self.mean)
            yield max(self.least, int(generator.gauss(mean, self.deviation)))


Lengths = tuple[int, ...] | RandomLengths


@record
class Scheme:
    """How a sequence is cut into windows; ``k1`` or ``k2`` None is the sequence's length.

    ``inject``: the losses that a window injects: those since the last firing, all in the window,
    or that of its last step. ``tail``: what becomes of a last, shorter period: it fires and sweeps
    k2 steps, or its own only (``short``), or not at all. ``state``: whether it goes on after a
    firing. ``weights``: those that the chain rule uses. ``update``: after each window, or once a
    sequence or an epoch, with the sum of the windows' gradients. ``empty``: whether there is an
    update where no loss was injected since the last one. ``reduction``: of the losses that go into
    one update. ``clip_norm`` and ``clip_value`` bound the gradient that the update uses.
    ``windows`` are the lengths of consecutive blocks, in place of k1 and k2.
    """

    name: str
    k1: int | None
    k2: int | None
    inject: str = "new"
    tail: str = "flush"
    state: str = "carry"
    weights: str = "current"
    update: str = "window"
    empty: str = "update"
    reduction: str = "sum"
    clip_norm: float | None = None
    clip_value: float | None = None
    windows: Lengths | None = None

    def expansion(self) -> str:
        """The options in words: k1, k2, inject, and whatever else is not the default."""
        match self.windows:
            case None:
                shown = [f"k1 = {self.k1 or 'n'}", f"k2 = {self.k2 or 'n'}"]
            case RandomLengths():
                mean, seed = self.windows.mean, self.windows.seed
                shown = [sentence("scheme", "some_blocks", mean=mean, seed=seed)]
            case _:
                shown = [sentence("scheme", "blocks", lengths=_few(self.windows))]
        shown.append(f"inject {self.inject}")
        for key, (default, *_) in CHOICES.items():
            if key != "inject" and getattr(self, key) != default:
                shown.append(f"{key} {getattr(self, key)}")
        for key in LIMITS:
            if getattr(self, key) is not None:
                shown.append(f"{key} {getattr(self, key):g}")
        return ", ".join(shown)

    def on(self, steps: int) -> Scheme:
        """The same scheme with k1 and k2 as numbers, for a sequence of so many steps.

        Where the lengths of ``windows`` are in their place, k1 and k2 stay None.
        """
        if self.windows is not None:
            return self
        return replace(self, k1=self.k1 or steps, k2=self.k2 or steps)

    @property
    def meets_old_weights(self) -> bool:
        """Whether a window may reach back over an update, to steps of other weights."""
        blocks = self.windows is not None or self.k1 is None or self.state == "reset"
        slides = self.k2 is None or (self.k1 is not None and self.k2 > self.k1)
        return self.update == "window" and not blocks and (slides or self.tail == "flush")

    def lasting(self, k1: int | None = None, k2: int | None = None) -> Scheme:
        """The same options with other periods, which the name then says."""
        k1, k2 = k1 or self.k1, k2 or self.k2
        name = f"tbptt({k1 or 'n'},{k2 or 'n'})"
        return replace(self, name=name, k1=k1, k2=k2, windows=None)

    def in_blocks(self, lengths: Lengths) -> Scheme:
        """The same options with blocks of these lengths in place of k1 and k2."""
        tail = "short" if self.tail == "flush" else self.tail
        name = f"windows({_few(lengths, ',')})" if isinstance(lengths, tuple) else ""
        if isinstance(lengths, RandomLengths):
            name = f"random-block({lengths.mean};{lengths.seed})"
        return replace(self, name=name, k1=None, k2=None, windows=lengths, tail=tail)


def _few(lengths: tuple[int, ...], between: str = ", ") -> str:
    shown = [str(length) for length in lengths]
    return between.join(shown if len(shown) <= 8 else [*shown[:6], "…", shown[-1]])


@record
class Named:
    """A named scheme, as ``templates/schemes.toml`` has it: ``tbptt(k1,k2)``.

    ``k1`` and ``k2`` are one of the ``parameters``, ``"1"``, or ``"n"`` for the sequence's length;
    ``windows`` says of a scheme that has neither that its lengths are ``listed`` or ``random``.
    """

    form: str
    k1: str
    k2: str
    says: str
    options: Mapping[str, str]
    windows: str = ""

    @property
    def name(self) -> str:
        return self.form.partition("(")[0]

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters in brackets."""
        return tuple(re.findall(r"[a-z0-9']+", self.form.partition("(")[2]))

    def scheme(self, name: str, numbers: Sequence[int]) -> Scheme:
        """The scheme, with numbers for its parameters."""
        options: dict[str, Any] = dict(self.options)
        if self.windows == "listed":
            blocks = Scheme(name, None, None, **options).in_blocks(tuple(numbers))
            return replace(blocks, name=name)
        if self.windows == "random":
            lengths = RandomLengths.around(*numbers)
            return Scheme(name, None, None, **options, windows=lengths)
        values: dict[str, int | None] = dict(zip(self.parameters, numbers, strict=True))
        values |= {"1": 1, "n": None}
        return Scheme(name, values[self.k1], values[self.k2], **options)

    @property
    def separator(self) -> str:
        return ";" if ";" in self.form else ","


@cache
def named_schemes() -> tuple[Named, ...]:
    """Every scheme that has a name."""
    rows = read_toml("templates/schemes.toml")["scheme"]
    return tuple(
        Named(row["form"], row.get("k1", ""), row.get("k2", ""), row["says"],
              {key: row[key] for key in CHOICES if key in row}, row.get(WINDOWS, ""))
        for row in rows
    )  # fmt: skip


def forms() -> list[str]:
    """The names of the schemes, with their parameters."""
    return [named.form for named in named_schemes()]


def filled_forms(k1: int, k2: int) -> list[str]:
    """Every name with numbers for its parameters: k1 for k and h', k2 for h and k2."""
    values = {"k": k1, "k1": k1, "h'": k1, "k2": k2, "h": k2}
    names = []
    for named in named_schemes():
        if named.windows:
            continue
        numbers = named.separator.join(str(values[p]) for p in named.parameters)
        names.append(f"{named.name}({numbers})" if numbers else named.name)
    return names


_NAME = re.compile(r"([a-z-]+)(?:\(\s*([0-9]{1,9}(?:\s*[,;]\s*[0-9]{1,9})*+)\s*\))?")


def named_scheme(text: str) -> Scheme | None:
    """The scheme of a name such as ``tbptt(2,5)``; None if there is none of that name."""
    match = _NAME.fullmatch(text.strip().lower())
    if match is None:
        return None
    name, inside = match[1], match[2] or ""
    numbers = [int(number) for number in re.findall("[0-9]+", inside)]
    separators = set(re.findall("[,;]", inside))
    for named in named_schemes():
        listed_lengths = named.windows == "listed" and 0 < len(numbers) <= MOST_WINDOWS
        seeds = named.windows == "random" and len(numbers) == 2 == len(named.parameters)
        fits = named.name == name and (listed_lengths or len(named.parameters) == len(numbers))
        positive = 0 not in (numbers[:1] if seeds else numbers)
        if fits and separators <= {named.separator} and positive:
            return named.scheme(text.strip(), numbers)
    return None


class Options(TypedDict, total=False):
    """The options of a scheme besides its name, k1 and k2, and how many epochs."""

    windows: Sequence[int] | None
    inject: str | None
    tail: str | None
    state: str | None
    weights: str | None
    update: str | None
    empty: str | None
    reduction: str | None
    clip_norm: float | None
    clip_value: float | None
    epochs: int | None


@record
class Override:
    """What goes before a problem file: options of its scheme, and how many epochs.

    None leaves what the file says.
    """

    scheme: str | None = None
    k1: int | None = None
    k2: int | None = None
    windows: Sequence[int] | None = None
    inject: str | None = None
    tail: str | None = None
    state: str | None = None
    weights: str | None = None
    update: str | None = None
    empty: str | None = None
    reduction: str | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    epochs: int | None = None

    @classmethod
    def of(cls, **given: Any) -> Override:
        """What a call says, whose arguments these are.

        Raises :class:`~cellcalc.errors.OptionError` for a name that is none of an option.
        """
        known = tuple(field.name for field in fields(cls))
        for name in given:
            if name not in known:
                raise OptionError(name, f"one of {listed(known)}", unknown(name, known))
        if (lengths := given.get(WINDOWS)) is not None:
            if isinstance(lengths, str | bytes) or not isinstance(lengths, Iterable):
                raise OptionError(WINDOWS, LENGTHS, describe(lengths))
            whole = [int(one) if isinstance(one, Integral) else one for one in lengths]
            if not whole:
                raise OptionError(WINDOWS, LENGTHS, describe(whole))
            given[WINDOWS] = tuple(whole)
        return cls(**given)

    @property
    def options(self) -> dict[str, Any]:
        """The options that are given, besides the periods."""
        given = {key: getattr(self, key) for key in (*CHOICES, *LIMITS)}
        return {key: value for key, value in given.items() if value is not None}

    def check(self) -> None:
        """Raise :class:`~cellcalc.errors.OptionError` for a value that an option cannot have."""
        for key, value in self.options.items():
            if key in CHOICES:
                check_choice(key, value, CHOICES[key])
            else:
                check_positive(key, value)
        for key in ("k1", "k2", "epochs"):
            check_whole(key, getattr(self, key), 1)
        for length in self.windows or ():
            if not _is_count(length):
                raise OptionError(WINDOWS, LENGTHS, describe(length))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


AS_WRITTEN = Override()


def read_scheme(section: Section, override: Override) -> Scheme:
    """The scheme of a ``[bptt]`` table, with what goes before it.

    A name and options can stand together as long as they do not contradict each other. What the
    override names goes before the file's options, and its own options before all.
    """
    override.check()
    section.only(KEYS)
    scheme, fixed = _from_file(section)
    if override.scheme is not None:
        named = named_scheme(override.scheme) if isinstance(override.scheme, str) else None
        if named is None:
            raise OptionError("scheme", listed(forms()), unknown(override.scheme, forms()))
        fixed = fixed_by(override.scheme)
        for key in fixed:
            if override.options.get(key, getattr(named, key)) != getattr(named, key):
                expected = f"{getattr(named, key)}, as {named.name} has it"
                raise OptionError(key, expected, str(override.options[key]))
        own = {key: getattr(named, key) for key in fixed}
        scheme = replace(_with_options(section, named, ()), **own)
    else:
        scheme = _with_options(section, scheme, fixed)
    return _overridden(scheme, fixed, override)


def _overridden(scheme: Scheme, fixed: tuple[str, ...], override: Override) -> Scheme:
    """The scheme with what goes before it; its name goes where that is no longer what it says."""
    if any(override.options.get(key, getattr(scheme, key)) != getattr(scheme, key)
           for key in fixed):  # fmt: skip
        scheme = scheme.in_blocks(scheme.windows) if scheme.windows else scheme.lasting()
    blocks = override.windows if override.windows is not None else scheme.windows
    if blocks is not None and override.tail == "flush":
        raise OptionError("tail", "short or discard, since blocks do not overlap", '"flush"')
    scheme = replace(scheme, **override.options)
    if override.windows is not None:
        if override.k1 is not None or override.k2 is not None:
            raise OptionError(WINDOWS, "either lengths or k1 and k2", "both")
        return scheme.in_blocks(tuple(override.windows))
    if override.k1 is None and override.k2 is None:
        return scheme
    return scheme.lasting(override.k1, override.k2)


def _from_file(section: Section) -> tuple[Scheme, tuple[str, ...]]:
    """The scheme named or numbered in the table, and the options that its name fixes."""
    counts = {key: section.integer(key, 1, 1) for key in ("k1", "k2") if key in section.values}
    lengths = _lengths(section)
    if lengths is not None:
        for key in ("scheme", "k1", "k2"):
            if key in section.values:
                section.wrong(key, "either windows or this")
        return Scheme("", None, None).in_blocks(lengths), ()
    if "scheme" not in section.values:
        if len(counts) == 1:
            section.wrong("k2" if "k1" in counts else "k1", "a whole number of at least 1")
        if not counts:
            return Scheme("full", None, None), ()
        return Scheme("", counts.get("k1", 1), counts.get("k2", 1)).lasting(), ()
    name = section.text("scheme")
    scheme = named_scheme(name)
    for key in counts:
        section.wrong(key, "either a scheme or k1 and k2")
    if scheme is not None:
        return scheme, fixed_by(name)
    if isinstance(section.values["scheme"], str):
        section.reader.mistake(section.key("scheme"), listed(forms()), unknown(name, forms()))
    return Scheme("full", None, None), ()


def fixed_by(name: str) -> tuple[str, ...]:
    """The options that a scheme's name sets, besides k1 and k2."""
    stem = name.strip().lower().partition("(")[0]
    return tuple(key for named in named_schemes() if named.name == stem for key in named.options)


def _lengths(section: Section) -> Lengths | None:
    """The lengths of blocks: a list, or a table that says how they are drawn."""
    value = section.values.get(WINDOWS)
    if value is None:
        return None
    if isinstance(value, dict):
        table = section.table(WINDOWS)
        table.only(("mean", "deviation", "least", "half", "seed"))
        usual = RandomLengths.around(table.integer("mean", 0, 1) or 1)
        deviation, half = (table.number(k, getattr(usual, k)) for k in ("deviation", "half"))
        if deviation < 0:
            table.wrong("deviation", "a number of at least 0")
        if not 0 <= half <= 1:
            table.wrong("half", "a number from 0 to 1")
        least, seed = table.integer("least", usual.least, 1), table.integer("seed", 0, 0)
        return RandomLengths(usual.mean, deviation, least, half, seed)
    whole = isinstance(value, list) and 0 < len(value) <= MOST_WINDOWS
    if not whole or not all(map(_is_count, value)):
        section.wrong(WINDOWS, LENGTHS)
        return RandomLengths.around(1)  # stands for them, and need not add up to the steps
    return tuple(value)


def check_lengths(section: Section, scheme: Scheme, steps: Sequence[int]) -> None:
    """Note a list of lengths that does not add up to the longest sequence's steps.

    ``steps`` are those of each sequence; the blocks of a shorter one end with it. Raises
    :class:`~cellcalc.errors.OptionError` where the list is not the file's own.
    """
    lengths = list(scheme.windows) if isinstance(scheme.windows, tuple) else None
    own = lengths is not None and lengths == section.values.get(WINDOWS)
    try:
        check_adding_up(scheme, steps)
    except OptionError as error:
        if not own:
            raise
        section.reader.mistake(section.key(WINDOWS), error.expected, error.found)


def check_adding_up(scheme: Scheme, steps: Sequence[int]) -> None:
    """Raise :class:`~cellcalc.errors.OptionError` where lengths do not add up to the longest's."""
    if not isinstance(scheme.windows, tuple) or not steps:
        return
    total = sum(scheme.windows)
    if total != max(steps):
        which = "the steps" if len(steps) == 1 else "the steps of the longest sequence"
        raise OptionError(WINDOWS, f"lengths that add up to {max(steps)}, {which}", str(total))


def _with_options(section: Section, scheme: Scheme, fixed: tuple[str, ...]) -> Scheme:
    changes: dict[str, Any] = {}
    for key, values in CHOICES.items():
        if key in section.values:
            value = section.choice(key, values, getattr(scheme, key))
            if key in fixed and value != getattr(scheme, key):
                section.wrong(key, f"{getattr(scheme, key)}, as {scheme.name} has it")
            if key == "tail" and value == "flush" and scheme.windows is not None:
                section.wrong(key, "short or discard, since blocks do not overlap")
                continue
            changes[key] = value
    for key in LIMITS:
        if key in section.values:
            limit = as_float(section.values[key])
            if limit is None or not 0 < limit < inf:
                section.wrong(key, "a number above 0")
            changes[key] = limit
    return replace(scheme, **changes)
