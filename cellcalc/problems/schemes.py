"""Schemes of truncated backpropagation through time: names, and the options they stand for.

One parametrisation contains them all: a window fires at every k1-th step and sweeps the last k2
steps; what it injects, whether the state goes on, and when parameters change are options.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import inf
from typing import Any

from cellcalc.errors import OptionError, did_you_mean
from cellcalc.resources import read_toml
from cellcalc.toml import Section, as_float, describe, listed

# Each option's values, the default first.
CHOICES = {
    "inject": ("new", "all", "last"),
    "tail": ("flush", "discard"),
    "state": ("carry", "reset"),
    "weights": ("current", "stored"),
    "update": ("window", "sequence"),
    "reduction": ("sum", "mean"),
}
LIMITS = ("clip_norm", "clip_value")
KEYS = ("scheme", "k1", "k2", *CHOICES, *LIMITS)


@dataclass(frozen=True)
class Scheme:
    """How a sequence is cut into windows; ``k1`` or ``k2`` None is the sequence's length.

    ``inject``: the losses that a window injects: those since the last firing, all in the window,
    or that of its last step. ``tail``: whether a last, shorter period fires. ``state``: whether
    it goes on after a firing. ``weights``: those that the chain rule uses. ``update``: after each
    window, or once with the sum of the windows' gradients. ``reduction``: of a window's losses.
    ``clip_norm`` and ``clip_value`` bound the gradient that the update uses.
    """

    name: str
    k1: int | None
    k2: int | None
    inject: str = "new"
    tail: str = "flush"
    state: str = "carry"
    weights: str = "current"
    update: str = "window"
    reduction: str = "sum"
    clip_norm: float | None = None
    clip_value: float | None = None

    def expansion(self) -> str:
        """The options in words: k1, k2, inject, and whatever else is not the default."""
        shown = [f"k1 = {self.k1 or 'n'}", f"k2 = {self.k2 or 'n'}", f"inject {self.inject}"]
        for key, (default, *_) in CHOICES.items():
            if key != "inject" and getattr(self, key) != default:
                shown.append(f"{key} {getattr(self, key)}")
        for key in LIMITS:
            if getattr(self, key) is not None:
                shown.append(f"{key} {getattr(self, key):g}")
        return ", ".join(shown)

    def on(self, steps: int) -> Scheme:
        """The same scheme with k1 and k2 as numbers, for a sequence of so many steps."""
        return replace(self, k1=self.k1 or steps, k2=self.k2 or steps)


@dataclass(frozen=True)
class Named:
    """A named scheme, as ``templates/schemes.toml`` has it: ``tbptt(k1,k2)``.

    ``k1`` and ``k2`` are one of the ``parameters``, ``"1"``, or ``"n"`` for the sequence's length.
    """

    form: str
    k1: str
    k2: str
    says: str
    options: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.form.partition("(")[0]

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters in brackets."""
        return tuple(re.findall(r"[a-z0-9']+", self.form.partition("(")[2]))

    @property
    def separator(self) -> str:
        return ";" if ";" in self.form else ","


@cache
def named_schemes() -> tuple[Named, ...]:
    """Every scheme that has a name."""
    rows = read_toml("templates/schemes.toml")["scheme"]
    return tuple(
        Named(row["form"], row["k1"], row["k2"], row["says"],
              {key: row[key] for key in CHOICES if key in row})
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
        numbers = named.separator.join(str(values[p]) for p in named.parameters)
        names.append(f"{named.name}({numbers})" if numbers else named.name)
    return names


_NAME = re.compile(r"([a-z-]+)(?:\(\s*([0-9]{1,9})\s*(?:([,;])\s*([0-9]{1,9})\s*)?\))?")


def named_scheme(text: str) -> Scheme | None:
    """The scheme of a name such as ``tbptt(2,5)``; None if there is none of that name."""
    match = _NAME.fullmatch(text.strip().lower())
    if match is None:
        return None
    name, first, separator, second = match.groups()
    numbers = [int(number) for number in (first, second) if number is not None]
    for named in named_schemes():
        fits = named.name == name and len(named.parameters) == len(numbers)
        if fits and separator in (None, named.separator) and 0 not in numbers:
            values: dict[str, int | None] = dict(zip(named.parameters, numbers, strict=True))
            values |= {"1": 1, "n": None}
            options: dict[str, Any] = dict(named.options)
            return Scheme(text.strip(), values[named.k1], values[named.k2], **options)
    return None


def read_scheme(section: Section, override: Override) -> Scheme:
    """The scheme of a ``[bptt]`` table, with what the command line says instead.

    A name and options can stand together as long as they do not contradict each other.
    """
    section.only(KEYS)
    scheme, fixed = _from_file(section)
    if override.scheme:
        named = named_scheme(override.scheme)
        if named is None:
            raise OptionError("--scheme", listed(forms()), _unknown(override.scheme))
        scheme, fixed = named, ()
    scheme = _with_options(section, scheme, fixed)
    if override.scheme:  # what the name says goes before the file's options
        own = {key: getattr(named, key) for key in _fixed_by(override.scheme)}
        scheme = replace(scheme, **own)
    return _with_counts(scheme, override)


@dataclass(frozen=True)
class Override:
    """What the command line says of the scheme."""

    scheme: str | None = None
    k1: int | None = None
    k2: int | None = None


AS_WRITTEN = Override()


def _from_file(section: Section) -> tuple[Scheme, tuple[str, ...]]:
    """The scheme named or numbered in the table, and the options that its name fixes."""
    counts = {key: section.integer(key, 1, 1) for key in ("k1", "k2") if key in section.values}
    if "scheme" not in section.values:
        if len(counts) == 1:
            section.wrong("k2" if "k1" in counts else "k1", "a whole number of at least 1")
        if not counts:
            return Scheme("full", None, None), ()
        return _numbered(counts.get("k1", 1), counts.get("k2", 1)), ()
    name = section.text("scheme")
    scheme = named_scheme(name)
    for key in counts:
        section.wrong(key, "either a scheme or k1 and k2")
    if scheme is not None:
        return scheme, _fixed_by(name)
    if isinstance(section.values["scheme"], str):
        section.reader.mistake(section.key("scheme"), listed(forms()), _unknown(name))
    return Scheme("full", None, None), ()


def _unknown(name: str) -> str:
    return describe(name) + did_you_mean(name, forms())


def _fixed_by(name: str) -> tuple[str, ...]:
    """The options that a scheme's name sets, besides k1 and k2."""
    stem = name.strip().lower().partition("(")[0]
    return tuple(key for named in named_schemes() if named.name == stem for key in named.options)


def _numbered(k1: int | None, k2: int | None) -> Scheme:
    return Scheme(f"tbptt({k1 or 'n'},{k2 or 'n'})", k1, k2)


def _with_counts(scheme: Scheme, override: Override) -> Scheme:
    if override.k1 is None and override.k2 is None:
        return scheme
    k1, k2 = override.k1 or scheme.k1, override.k2 or scheme.k2
    return replace(scheme, name=_numbered(k1, k2).name, k1=k1, k2=k2)


def _with_options(section: Section, scheme: Scheme, fixed: tuple[str, ...]) -> Scheme:
    changes: dict[str, Any] = {}
    for key, values in CHOICES.items():
        if key in section.values:
            value = section.choice(key, values, getattr(scheme, key))
            if key in fixed and value != getattr(scheme, key):
                section.wrong(key, f"{getattr(scheme, key)}, as {scheme.name} has it")
            changes[key] = value
    for key in LIMITS:
        if key in section.values:
            limit = as_float(section.values[key])
            if limit is None or not 0 < limit < inf:
                section.wrong(key, "a number above 0")
            changes[key] = limit
    return replace(scheme, **changes)
