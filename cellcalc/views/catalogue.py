"""What ships: every cell, readout, loss, optimizer, scheme and example, listed and described."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from cellcalc import resources
from cellcalc.errors import InputError, Mistake, check_choice, did_you_mean
from cellcalc.language.notation import LANGUAGE, Unicode, plain_number
from cellcalc.language.tree import Symbol
from cellcalc.problems import templates
from cellcalc.problems.schemes import forms, named_schemes
from cellcalc.problems.templates import Equation
from cellcalc.resources import said, sentence
from cellcalc.toml import decode, read_bytes
from cellcalc.views.document import Block, Figures, Heading, Picture, Title, written
from cellcalc.views.text import check_page, wrap

KINDS = (*templates.SEEN, "schemes", "examples")
FORMATS = ("text", "markdown", "html", "json")


@dataclass(frozen=True)
class Entry:
    """One thing that ships. ``note`` is the comment that its file begins with.

    ``facts`` are its parameters, coefficients, state and settings; ``equations`` hold symbol,
    formula in the equation language, formula as maths, and meaning; ``examples`` the bundled
    problems that use it.
    """

    kind: str
    name: str
    title: str
    source: str = ""
    note: str = ""
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    equations: tuple[tuple[str, str, str, str], ...] = ()
    examples: tuple[str, ...] = ()


def names(kind: str) -> tuple[str, ...]:
    """The names of everything of a kind, sorted (schemes in the order of their file)."""
    if kind == "schemes":
        return tuple(forms())
    return resources.names("examples" if kind == "examples" else f"templates/{kind}")


def entry(kind: str, name: str) -> Entry:
    """The one of that kind and name."""
    if kind == "schemes":
        return _scheme(name)
    return _example(name) if kind == "examples" else _template(kind, name)


def find(name: str) -> list[Entry]:
    """Everything of that name, or the cell template in that file.

    Raises :class:`~cellcalc.errors.InputError` where there is none, or the file is no good.
    """
    if templates.is_path(name):
        return [_template("cells", name)]
    every = [(kind, one) for kind in KINDS for one in names(kind)]
    found = [entry(kind, one) for kind, one in every if name in (one, one.partition("(")[0])]
    if not found:
        hint = did_you_mean(name, [*KINDS, *(one for _, one in every)])
        expected = f"one of {', '.join(KINDS)}, or the name of one of them"
        raise InputError([Mistake(name, "", expected, f"neither{hint}")])
    return found


def _template(kind: str, name: str) -> Entry:
    template = templates.load(kind, name, Path())
    path = Path(name)
    if not templates.is_path(name):
        path = resources.folder("templates") / kind / f"{name}.toml"
    facts = {
        "parameters": template.parameters,
        "coefficients": template.coefficients,
        "state": template.state,
        "settings": template.settings,
    }
    return Entry(
        kind=kind,
        name=name,
        title=said(template.title),
        source=template.source,
        note=_comment(path),
        facts={key: dict(values) for key, values in facts.items() if values},
        equations=tuple(map(_equation, template.equations)),
        examples=_users(kind, name),
    )


def _equation(equation: Equation) -> tuple[str, str, str, str]:
    write = Unicode(derivatives={"dw"})
    maths = f"{write(Symbol(equation.symbol, 0))} = {write(equation.formula)}"
    return equation.symbol, LANGUAGE(equation.formula), maths, said(equation.says)


def _scheme(form: str) -> Entry:
    named = next(one for one in named_schemes() if one.form == form)
    facts = {"options": {"k1": named.k1, "k2": named.k2, **named.options}}
    return Entry("schemes", named.form, said(named.says), facts=facts)


def _example(name: str) -> Entry:
    data = _problem(name)
    shown = [key for key in _DEFAULTS if key in data and (key != "loss" or _has_targets(data))]
    facts = {"problem": {key: data[key] for key in shown}}
    path = resources.folder("examples") / f"{name}.toml"
    return Entry("examples", name, data.get("title", name), note=_comment(path), facts=facts)


# Of a problem file: which kind each key names, and what it is where it is left out.
_DEFAULTS = {
    "cell": ("cells", "lstm"),
    "readout": ("readouts", "identity"),
    "loss": ("losses", "half-squared"),
}


def _users(kind: str, name: str) -> tuple[str, ...]:
    """The examples that use a template."""

    def uses(data: dict[str, Any]) -> bool:
        if kind == "optimizers":
            return "update" in data and data["update"].get("optimizer", "sgd") == name
        return any(
            k == kind and data.get(key, usual) == name and (key != "loss" or _has_targets(data))
            for key, (k, usual) in _DEFAULTS.items()
        )

    return tuple(name for name in resources.names("examples") if uses(_problem(name)))


def _has_targets(data: dict[str, Any]) -> bool:
    return any("target" in sequence for sequence in data["sequence"])


@cache
def _problem(name: str) -> dict[str, Any]:
    return resources.read_toml(f"examples/{name}.toml")


def _comment(path: Path) -> str:
    """The comment at the beginning of a file."""
    lines = []
    for line in decode(read_bytes(path, str(path)), str(path)).splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" "))
    return "\n".join(lines)


def listing(kinds: tuple[str, ...], format: str, width: int) -> str:
    """The names and titles of all of these kinds; with sources where it is one kind."""
    check_choice("format", format, FORMATS)
    check_page(width)
    every = {kind: [entry(kind, name) for name in names(kind)] for kind in kinds}
    if format == "json":
        rows = {
            kind: [{"name": e.name, "title": e.title, "source": e.source} for e in found]
            for kind, found in every.items()
        }
        return json.dumps(rows, ensure_ascii=False) + "\n"
    if format == "html":
        return _html_listing(every)
    blocks = []
    for kind, found in every.items():
        title = sentence("catalogue", kind)
        if format == "markdown":
            lines = [f"| `{e.name}` | {e.title} | {e.source} |" for e in found]
            columns = [sentence("catalogue", key) for key in ("name", "what", "source")]
            head = [f"## {title}", "", f"| {' | '.join(columns)} |", "| --- | --- | --- |"]
            blocks.append("\n".join([*head, *lines]))
            continue
        column = max(len(one.name) for one in found) + 2
        lines = [title, "─" * len(title)]
        for one in found:
            texts = [one.title, *([one.source] if len(kinds) == 1 and one.source else [])]
            lines += _beside(one.name, texts, column, width)
        blocks.append("\n".join(lines))
    if format == "text":
        blocks.append(sentence("catalogue", "more" if len(kinds) > 1 else "one"))
    return "\n\n".join(blocks) + "\n"


def _html_listing(every: dict[str, list[Entry]]) -> str:
    blocks: list[Block] = []
    names = tuple(sentence("catalogue", key) for key in ("name", "what", "source"))
    for kind, found in every.items():
        rows = tuple((one.name, one.title, one.source) for one in found)
        blocks += [Heading(sentence("catalogue", kind)), Figures(names, rows, "", prose=True)]
    return written([Title(sentence("catalogue", "title")), *blocks], "html")


def _beside(name: str, texts: list[str], column: int, width: int) -> Iterator[str]:
    """The texts, each on lines of its own, to the right of the name."""
    rows = [row for text in texts for row in wrap(text, max(20, (width or 10**6) - column))]
    for place, row in enumerate(rows):
        yield f"{name if place == 0 else '':<{column}}{row}"


def description(found: list[Entry], format: str, width: int, ascii: bool = False) -> str:
    """All that is known of these entries, their maths in ASCII if asked."""
    check_choice("format", format, FORMATS)
    check_page(width)
    if ascii:
        found = list(map(_in_ascii, found))
    if format == "json":
        return json.dumps([_data(one) for one in found], ensure_ascii=False) + "\n"
    if format == "html":
        title = Title(", ".join(dict.fromkeys(one.name for one in found)))
        return written([title, *(Picture(_text(one, 96)) for one in found)], "html")
    write = _markdown if format == "markdown" else _text
    return "\n\n".join(write(one, width or 10**6) for one in found) + "\n"


def _in_ascii(one: Entry) -> Entry:
    """The entry with its equations in the equation language instead of maths."""
    rows = ((symbol, f, f"{symbol}[t] = {f}", says) for symbol, f, _, says in one.equations)
    return replace(one, equations=tuple(rows))


def _data(one: Entry) -> dict[str, Any]:
    keys = ("symbol", "formula", "maths", "says")
    equations = [dict(zip(keys, row, strict=True)) for row in one.equations]
    return {**asdict(one), "equations": equations}


def _text(one: Entry, width: int) -> str:
    head = sentence("catalogue", f"a_{one.kind}", name=one.name)
    blocks = ["\n".join([head, "─" * len(head), *wrap(one.title, width)])]
    if one.source:
        blocks[0] += "\n" + "\n".join(wrap(one.source, width))
    if one.note:
        blocks.append("\n".join(_filled(one.note, width)))
    for key, values in one.facts.items():
        text = ", ".join(f"{name} = {_value(value)}" for name, value in values.items())
        if key == "parameters":
            text = ", ".join(values)
        blocks.append("\n".join(wrap(f"{key}: {text}", width, subsequent_indent="  ")))
    if one.equations:
        lines = []
        for _, _, maths, says in one.equations:
            lines += wrap(maths, width, subsequent_indent="    ")
            lines += wrap(says, width, initial_indent="    ", subsequent_indent="      ")
        blocks.append("\n".join(lines))
    if one.examples:
        text = sentence("catalogue", "in_examples", names=", ".join(one.examples))
        blocks.append("\n".join(wrap(text, width, subsequent_indent="  ")))
    if one.kind == "cells":
        blocks.append(sentence("catalogue", "derive", name=one.name))
    return "\n\n".join(blocks)


def _filled(note: str, width: int) -> Iterator[str]:
    """A comment's paragraphs, each filled; indented lines stay as they are."""
    paragraph: list[str] = []
    for line in note.splitlines():
        if paragraph and (not line or line.startswith((" ", "Look at:"))):
            yield from wrap(" ".join(paragraph), width)
            paragraph = []
        if line and not line.startswith(" "):
            paragraph.append(line)
        else:
            yield line
    yield from wrap(" ".join(paragraph), width)


def _value(value: object) -> str:
    return plain_number(value) if isinstance(value, float) else str(value)


def _markdown(one: Entry, _: int) -> str:
    blocks = [f"## `{one.name}`", "  \n".join(filter(None, [one.title, one.source]))]
    if one.note:
        blocks.append(one.note)
    for key, values in one.facts.items():
        shown = values if key == "parameters" else [f"{n} = {_value(v)}" for n, v in values.items()]
        blocks.append(f"{key}: {', '.join(f'`{text}`' for text in shown)}")
    if one.equations:
        names = [sentence("part", key) for key in ("equation", "meaning")]
        rows = [f"| `{maths}` | {says} |" for _, _, maths, says in one.equations]
        blocks.append("\n".join([f"| {' | '.join(names)} |", "| --- | --- |", *rows]))
    if one.examples:
        shown_names = ", ".join(f"`{name}`" for name in one.examples)
        blocks.append(sentence("catalogue", "in_examples", names=shown_names))
    return "\n\n".join(blocks)
