"""A problem as the text of a problem file that needs no other: every number is written out.

Templates of one's own come with it, as files beside it.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cellcalc import resources
from cellcalc.language.keys import element_keys
from cellcalc.language.notation import LANGUAGE
from cellcalc.problems import templates
from cellcalc.problems.schemes import Scheme, named_scheme
from cellcalc.problems.sequences import Sequence
from cellcalc.problems.specification import Specification
from cellcalc.problems.templates import Template

PROBLEM = "problem.toml"
PER_LINE = 6  # values of a long list


def problem_files(s: Specification) -> dict[str, str]:
    """The problem file and the templates that are not shipped with cellcalc, by name."""
    files: dict[str, str] = {}
    loss = s.loss or s.error
    parts = {"cell": s.cell, "readout": s.readout}
    if loss is not None:
        parts["loss"] = loss
    named = {}
    for key, template in parts.items():
        kind = {"cell": "cells", "readout": "readouts", "loss": "losses"}[key]
        named[key] = _name(template, kind, files)
    update = {"optimizer": _name(s.update.optimizer, "optimizers", files), **s.update.settings}
    update |= {"epochs": s.update.epochs, "frozen": list(s.update.frozen)}
    lines = [f"title = {_value(s.title)}", *(f"{k} = {_value(v)}" for k, v in named.items())]
    lines += _table("parameters", _parameters(s))
    lines += _table("coefficients", s.coefficients)
    lines += _table("initial", s.initial)
    for sequence in s.sequences:
        lines += _sequence(sequence)
    lines += _table("bptt", _scheme(s))
    lines += _table("update", update)
    return {PROBLEM: "\n".join(lines) + "\n", **files}


def _name(template: Template, kind: str, files: dict[str, str]) -> str:
    """The name of a shipped template; for one's own that of a file, which is added."""
    known = resources.names(f"templates/{kind}")
    if template.name in known and templates.load(kind, template.name) == template:
        return template.name
    name = f"own_{kind}.toml"
    files[name] = "\n".join(_template(template, kind)) + "\n"
    return name


def _template(template: Template, kind: str) -> Iterator[str]:
    yield f"title = {_value(template.title)}"
    yield f"source = {_value(template.source)}"
    if kind == "losses":
        if not template.learn:
            yield "learn = false"
        least, greatest = template.targets
        limits = {"least": least, "greatest": greatest}
        yield from _table("targets", {k: v for k, v in limits.items() if math.isfinite(v)})
    elif kind != "optimizers":
        yield f"output = {_value(template.output)}"
    if kind == "optimizers":
        yield from _table("settings", template.settings)
    else:
        yield from _table("parameters", template.parameters)
        yield from _table("coefficients", template.coefficients)
    yield from _table("state", template.state)
    for equation in template.equations:
        yield ""
        yield "[[equation]]"
        yield f"symbol = {_value(equation.symbol)}"
        yield f"formula = {_value(LANGUAGE(equation.formula))}"
        yield f"says = {_value(equation.says)}"


def _parameters(s: Specification) -> dict[str, Any]:
    """The parameters as files have them: a list where there is one for each input."""
    found: dict[str, Any] = {}
    for part in (s.cell, s.readout):
        for name, kind in part.parameters.items():
            count = s.features if kind == "input" else 1
            values = [s.parameters[element] for element in element_keys(name, count)]
            found[name] = values if count > 1 else values[0]
    return found


def _sequence(sequence: Sequence) -> Iterator[str]:
    rows: list[Any] = [list(row) for row in zip(*sequence.inputs, strict=True)]
    if len(sequence.inputs) == 1:
        rows = [row[0] for row in rows]
    yield ""
    yield "[[sequence]]"
    yield from _list("x", rows)
    if sequence.targets is not None:
        yield from _list("target", list(sequence.targets))


def _scheme(s: Specification) -> dict[str, Any]:
    """The scheme's name where it has one, and every option that the name does not say."""
    scheme = s.scheme
    named = named_scheme(scheme.name)
    start = named or Scheme(scheme.name, scheme.k1, scheme.k2)
    found: dict[str, Any] = {}
    if named is not None and (named.k1, named.k2) == (scheme.k1, scheme.k2):
        found["scheme"] = scheme.name
    elif scheme.k1 is not None or scheme.k2 is not None:
        longest = max(sequence.steps for sequence in s.sequences)
        found |= {"k1": scheme.k1 or longest, "k2": scheme.k2 or longest}
    for field in dataclasses.fields(scheme):
        value = getattr(scheme, field.name)
        if field.name not in ("name", "k1", "k2") and value != getattr(start, field.name):
            found[field.name] = list(value) if isinstance(value, tuple) else value
    return found


def _table(name: str, values: Mapping[str, Any]) -> Iterator[str]:
    if values:
        yield ""
        yield f"[{name}]"
        yield from (f"{key} = {_value(value)}" for key, value in values.items())


def _list(key: str, values: Iterable[Any]) -> Iterator[str]:
    """A list on lines that fit into a cell."""
    texts = [_value(value) for value in values]
    if len(texts) <= PER_LINE:
        yield f"{key} = [{', '.join(texts)}]"
        return
    yield f"{key} = ["
    for start in range(0, len(texts), PER_LINE):
        yield f"  {', '.join(texts[start : start + PER_LINE])},"
    yield "]"


def quoted(text: str) -> str:
    """A text as TOML has it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return repr(value)
