"""Reading templates: a cell, a readout, a loss or an optimizer as a list of equations.

A template is the only place where its equations are written down. What it must hold to:
every symbol used is a parameter, an input, a state at ``[t-1]`` or computed in an equation above.
"""

from __future__ import annotations

import keyword
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from cellcalc import resources
from cellcalc.errors import ExpressionError, InputError, did_you_mean, printable, unknown
from cellcalc.files import Folder
from cellcalc.language.arithmetic import floats
from cellcalc.language.functions import FUNCTIONS, SPELLINGS
from cellcalc.language.keys import COUNT, FACTOR, NORM, VIA, derivative_key
from cellcalc.language.notation import LANGUAGE
from cellcalc.language.parser import parse
from cellcalc.language.tree import (
    ZERO,
    Call,
    Div,
    Dot,
    Expression,
    Neg,
    Number,
    Symbol,
    rename,
    symbols,
    walk,
)
from cellcalc.records import record
from cellcalc.toml import Reader, Section, decode, describe, listed, parse_toml, read_bytes

# What the equations of each kind may use besides their own parameters, states and equations;
# a readout may use the cell's output as well, which it calls h.
SEEN = {
    "cells": ("x",),
    "readouts": ("h",),
    "losses": ("y", "target"),
    "optimizers": ("dw", "k"),
}
# What the equations of each kind must compute.
COMPUTED = {"readouts": "y", "losses": "E", "optimizers": "w"}
RATE = "learning_rate"  # the setting that every optimizer has
UPDATE_KEYS = ("optimizer", "epochs", "frozen", "from")  # what else stands beside settings
MAX_EQUATIONS = 200  # in one template
INPUTS = ("x",)  # vectors: one element per feature

# Names that the generated source uses itself, or that mean something else in a file.
RESERVED = frozenset(
    {"t", "n", "d", "L", "first", "last", "new", "columns", "parameters", "loss", "range",
     RATE, "momentum", "beta1", "beta2", "epsilon", "clip_norm", "clip_value",
     "layout", "prefix", "random", "default", "layer", "direction", "readout_prefix", "unit",
     "zip", "nan", "inf", "window", "epoch", "sequence", NORM, FACTOR,
     *floats.__all__, *keyword.kwlist}
)  # fmt: skip
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
MOST_REMEMBERED = 100  # templates that need not be read again
_WEIGHT_KINDS = ("input", "scalar")


@record
class Equation:
    """``symbol[t] = formula``; ``says`` is its meaning in words."""

    symbol: str
    formula: Expression
    says: str


@record
class Template:
    """A cell, readout, loss or optimizer as its file has it, checked.

    ``parameters`` maps each name to ``"input"`` (one weight per feature) or ``"scalar"``; ``state``
    maps each state to its value at t = 0 unless the problem gives one; ``settings`` are an
    optimizer's, with their usual values; ``coefficients`` are numbers that are not learned, with
    their values unless the problem gives others. Nothing is learned from a loss without ``learn``;
    ``targets`` are the least and the greatest target that it is meant for. In the formulas time is
    written out: ``x[t]``, ``h[t-1]``; parameters, settings and coefficients have no time index.
    """

    name: str
    title: str
    source: str
    output: str
    parameters: Mapping[str, str]
    state: Mapping[str, float]
    settings: Mapping[str, float]
    equations: tuple[Equation, ...]
    coefficients: Mapping[str, float] = field(default_factory=dict)
    learn: bool = True
    targets: tuple[float, float] = (-math.inf, math.inf)

    @property
    def fixed(self) -> tuple[str, ...]:
        """The names that do not vary with time."""
        return (*self.parameters, *self.settings, *self.coefficients)


def shown_rows(optimizer: Template) -> list[str]:
    """What an optimizer computes for each parameter besides its new value: m, v, …

    Some of it is its state, which the next update reads; the rest is only passed through.
    """
    computed = dict.fromkeys([*optimizer.state, *(e.symbol for e in optimizer.equations)])
    return [name for name in computed if name != "w"]


def counts_updates(optimizer: Template) -> bool:
    """Whether the equations use the number of the update."""
    return any(s.name == COUNT for e in optimizer.equations for s in symbols(e.formula))


MOST_LISTED = 10  # names in a message
_A_NAME = "the name of a {key} (cellcalc templates {kind} lists them)"


def read(section: Section, kind: str, key: str, default: str, base: Folder) -> Template | None:
    """The template that a key of a problem names, or None after noting what is wrong with it."""
    name = section.values.get(key, default)
    if not isinstance(name, str):
        section.wrong(key, f"the name of one of the templates/{kind}, or a path")
        return None
    known = resources.names(f"templates/{kind}")
    if not is_path(name) and name not in known:
        names = listed(known) if len(known) <= MOST_LISTED else _A_NAME.format(key=key, kind=kind)
        section.reader.mistake(
            section.key(key), f"{names}, or the path of a .toml file", unknown(name, known)
        )
        return None
    try:
        return load(kind, name, base)
    except InputError as error:
        section.wrong_file(key, name, error)
        return None


def load(kind: str, name: str, base: Folder | Path | None = None) -> Template:
    """The template of that name, or in that file.

    Parameters
    ----------
    kind : {"cells", "readouts", "losses", "optimizers"}
        What it is a template of.
    name : str
        A name ending in ``.toml`` is a path.
    base : Folder or Path, optional
        Where a relative path starts.

    Returns
    -------
    Template
        Checked: every symbol in its equations is known when it is used.

    Raises
    ------
    InputError
        With every mistake in the file.
    """
    if is_path(name):
        shown_as = name
        folder = base if isinstance(base, Folder) else Folder(base or Path())
        text = decode(folder.read(name), name)
    else:
        shown_as = f"templates/{kind}/{name}.toml"
        path = _place(kind, name)
        text = _shipped(path, shown_as, _changed(path))
    return _checked(text, shown_as, kind, printable(Path(name).name.removesuffix(".toml")))


@lru_cache(maxsize=MOST_REMEMBERED)
def _place(kind: str, name: str) -> str:
    """The path of a template that ships."""
    return str(resources.folder("templates") / kind / f"{name}.toml")


def _changed(path: str) -> tuple[int, int] | None:
    """What tells a file from what it was before: asked for, it takes a tenth of reading it."""
    try:
        now = os.stat(path)  # noqa: PTH116 - each problem asks four times
    except OSError:  # reading it tells why
        return None
    return now.st_mtime_ns, now.st_size


@lru_cache(maxsize=MOST_REMEMBERED)
def _shipped(path: str, shown_as: str, changed: tuple[int, int] | None) -> str:  # noqa: ARG001
    """The text of a template that ships, as it was at that time."""
    return decode(read_bytes(Path(path), shown_as), shown_as)


@lru_cache(maxsize=MOST_REMEMBERED)
def _checked(text: str, shown_as: str, kind: str, name: str) -> Template:
    """The template in a text: the same object for the same text, whose model is made but once."""
    reader = Reader(shown_as)
    template = _read(Section(reader, parse_toml(text, shown_as)), kind, name)
    reader.finish()
    return template


def is_path(name: str) -> bool:
    """Whether a name in a problem file is the path of the user's own template."""
    return name.endswith(".toml") or "/" in name or "\\" in name


def _read(file: Section, kind: str, name: str) -> Template:
    keys = ["title", "source", "output", "parameters", "coefficients", "state", "equation"]
    if kind == "optimizers":
        keys[2:5] = ["settings"]
    if kind == "losses":
        keys[2:2] = ["learn", "targets"]
    file.only(keys)
    parameters, state = _parameters(file), _numbers(file, "state")
    settings = _settings(file) if kind == "optimizers" else {}
    coefficients = _coefficients(file) if kind != "optimizers" else {}
    sections = file.tables("equation")
    if len(sections) > MAX_EQUATIONS:
        file.reader.mistake("equation", f"at most {MAX_EQUATIONS} equations", f"{len(sections):,}")
        del sections[MAX_EQUATIONS:]
    equations = tuple(_equation(item) for item in sections)
    template = Template(
        name=name,
        title=file.text("title", name),
        source=file.text("source", ""),
        output=file.text("output", equations[-1].symbol if equations else ""),
        parameters=parameters,
        state=state,
        settings=settings,
        equations=equations,
        coefficients=coefficients,
        learn=file.boolean("learn", True),
        targets=_targets(file) if "targets" in file.values else Template.targets,
    )
    _check(file, template, kind)
    return replace(template, equations=tuple(_timed(e, template) for e in equations))


def _parameters(file: Section) -> dict[str, str]:
    section = file.table("parameters")
    for name in section.values:
        _check_name(section, name, name)
        if section.choice(name, _WEIGHT_KINDS, "scalar") == "input" and name[-1].isdigit():
            found = f'"{name}", which ends in a digit'
            section.reader.mistake(section.key(name), "a name that a feature can number", found)
    return {name: str(kind) for name, kind in section.values.items()}


def _numbers(file: Section, key: str) -> dict[str, float]:
    section = file.table(key)
    return {name: section.number(name) for name in section.values}


def _settings(file: Section) -> dict[str, float]:
    """An optimizer's settings, the learning rate among them."""
    settings = _numbers(file, "settings")
    for name in settings:
        if name in UPDATE_KEYS or not _NAME.fullmatch(name):
            section = file.table("settings")
            section.reader.mistake(section.key(name), "a name that means nothing else", f'"{name}"')
    if RATE not in settings:
        file.table("settings").wrong(RATE, "a finite number")
    return {RATE: 0.0, **settings}


def _targets(file: Section) -> tuple[float, float]:
    section = file.table("targets")
    section.only(("least", "greatest"))
    least, greatest = Template.targets
    if "least" in section.values:
        least = section.number("least")
    if "greatest" in section.values:
        greatest = section.number("greatest")
    if least > greatest:
        section.wrong("greatest", f"a number of at least {least:g}")
    return least, greatest


def _coefficients(file: Section) -> dict[str, float]:
    for name in file.table("coefficients").values:
        _check_name(file.table("coefficients"), name, name)
    return _numbers(file, "coefficients")


def _equation(item: Section) -> Equation:
    item.only(("symbol", "formula", "says"))
    symbol, text = item.text("symbol"), item.text("formula")
    for key, what in (("symbol", "the name of a quantity"), ("formula", "a formula")):
        if key in item.values and isinstance(item.values[key], str) and not item.text(key):
            item.wrong(key, what)
    if symbol:
        _check_name(item, "symbol", symbol)
    formula: Expression = ZERO
    if text:
        try:
            formula = parse(text)
        except ExpressionError as error:
            item.reader.mistake(item.key("formula"), error.expected, error.found)
    return Equation(symbol, formula, item.text("says", ""))


def _check_name(section: Section, key: str, name: str) -> None:
    if not _NAME.fullmatch(name) or VIA in name:
        expected = "a name of letters, digits and _ that begins with a letter"
    elif name in RESERVED or name in FUNCTIONS or name in SPELLINGS:
        expected = "a name that means nothing else"
    else:
        return
    section.reader.mistake(section.key(key), expected, describe(name))


def _check(file: Section, template: Template, kind: str) -> None:
    """Note symbols that are unknown, used too early, doubled or missing."""
    own = [e.symbol for e in template.equations]
    _check_doubles(file, template, own, SEEN[kind])
    known: set[str] = {*SEEN[kind], *template.fixed}
    for place, equation in enumerate(template.equations, 1):
        key = f"equation[{place}].formula"
        for use in symbols(equation.formula):
            if complaint := _complaint(use, equation, template, known, kind):
                file.reader.mistake(key, *complaint)
        for complaint in _clip_complaints(equation.formula):
            file.reader.mistake(key, *complaint)
        for complaint in _division_complaints(equation.formula):
            file.reader.mistake(key, *complaint)
        for complaint in _dot_complaints(equation.formula, template):
            file.reader.mistake(key, *complaint)
        known.add(equation.symbol)
    for name in template.state:
        if name not in own:
            expected = "an equation that computes the state"
            file.reader.mistake(f"state.{name}", expected, "none")
    required = COMPUTED.get(kind, template.output)
    if own and required not in own:
        file.reader.mistake("equation", f"an equation for {required}", f"only {listed(own, 'and')}")


def _check_doubles(
    file: Section, template: Template, own: list[str], given: tuple[str, ...]
) -> None:
    names = [*given, *template.parameters, *template.coefficients, *own]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            file.reader.mistake(name, "one meaning for each symbol", "more than one")
        vector = name.rstrip("0123456789")
        if vector != name and (vector in INPUTS or template.parameters.get(vector) == "input"):
            expected = f"a name that is not an element of {vector}"
            file.reader.mistake(name, expected, "a symbol of that name")
        if derivative_key(name) in names and derivative_key(name) not in given:
            expected = f"another name, since d{name} is the derivative with respect to {name}"
            file.reader.mistake(derivative_key(name), expected, "a symbol of that name")


def _carried(use: Symbol) -> str:
    """How a cell remembers a state of more than one step before: a state for each step."""
    further = -1 - (use.shift or 0)
    chain = [f"m{k}" for k in range(1, further + 1)] if further > 1 else ["m"]
    before = [use.name, *chain]
    links = ", ".join(f"{own} = {last}[t-1]" for own, last in zip(chain, before, strict=False))
    more = "a state more" if further == 1 else "more states"
    return f"; {more}, {links}: then {chain[-1]}[t-1] is {LANGUAGE(use)}"


def _complaint(
    use: Symbol, equation: Equation, template: Template, known: set[str], kind: str
) -> tuple[str, str] | None:
    """What was expected and found where ``use`` of a symbol in an equation is wrong."""
    shown = LANGUAGE(use)
    if use.name in template.fixed and use.shift is not None:
        return "a parameter without a time index", shown
    previous = template.state if kind != "optimizers" else (*template.state, "w")
    if use.shift == -1 and use.name in previous:
        if kind == "optimizers" and use.name in known:
            return "each value of before the update used before it is changed", shown
        return None
    if use.shift not in (None, 0):
        states = listed(tuple(previous)) if previous else "none here"
        hint = _carried(use) if use.name in previous and use.shift < -1 else ""
        return f"[t] or, for a state ({states}), [t-1]", f"{shown}{hint}"
    if use.name in known:
        return None
    if circle := _circle(use.name, equation.symbol, template):
        needs = ", ".join(f"{one} needs {other}" for one, other in pairwise(circle))
        state = next((name for name in circle if name in template.state), None)
        hint = f"; did you mean {state}[t-1]?" if state else ""
        return "no circle within a step", f"one: {needs}{hint}"
    if use.name in (e.symbol for e in template.equations):
        expected = "each symbol computed before it is used in the same step"
        return expected, f"{shown}, whose equation comes later"
    hint = did_you_mean(use.name, sorted(known))
    return f"a known symbol ({listed(sorted(known))})", f"{shown}{hint}"


def _circle(used: str, symbol: str, template: Template) -> tuple[str, ...]:
    """The way from a symbol, by what it uses within the step, back to itself, if there is one."""
    uses = {
        e.symbol: [s.name for s in symbols(e.formula) if s.shift in (None, 0)]
        for e in template.equations
    }
    seen: set[str] = set()
    ways: list[tuple[str, ...]] = [(symbol, used)]
    for way in ways:  # grows as it is gone through
        if way[-1] == symbol:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [(*way, name) for name in uses.get(way[-1], ())]
    return ()


def _clip_complaints(formula: Expression) -> Iterator[tuple[str, str]]:
    """What is wrong with the bounds of ``clip``, where they are numbers."""

    def number(e: Expression) -> float:
        match e:
            case Number(value):
                return value
            case Neg(Number(value)):
                return -value
        return math.nan

    for node in walk(formula):
        if isinstance(node, Call) and node.function == "clip":
            low, high = map(number, node.others)
            if low > high:
                yield "the lower bound of clip before the upper", LANGUAGE(node)


def _division_complaints(formula: Expression) -> Iterator[tuple[str, str]]:
    """Divisions by a 0 that stands there."""
    for node in walk(formula):
        match node:
            case Div(_, Number(0.0) | Neg(Number(0.0))):
                yield "a denominator that is not 0", LANGUAGE(node)


def _dot_complaints(formula: Expression, template: Template) -> Iterator[tuple[str, str]]:
    """What is wrong with the uses of ``W @ x``, and of vectors outside of it."""
    weights = [name for name, kind in template.parameters.items() if kind == "input"]
    inside = set()
    for node in walk(formula):
        if isinstance(node, Dot):
            inside |= {node.weights, node.inputs}
            if node.weights.name not in weights or node.inputs.name not in INPUTS:
                yield 'a parameter of kind "input" @ x', LANGUAGE(node)
    for use in symbols(formula):
        if use.name in (*weights, *INPUTS) and use not in inside:
            yield "W @ x, the sum over features", f"{LANGUAGE(use)} by itself"


def _timed(equation: Equation, template: Template) -> Equation:
    """The equation with time written out for everything but parameters."""

    def timed(symbol: Symbol) -> Symbol:
        varies = symbol.shift is None and symbol.name not in template.fixed
        return Symbol(symbol.name, 0) if varies else symbol

    return Equation(equation.symbol, rename(equation.formula, timed), equation.says)
