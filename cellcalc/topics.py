"""The topics of ``cellcalc explain``: short texts for a newcomer, files of ``templates/topics``.

Here they are only read; :mod:`cellcalc.lessons` fills in their numbers and prints them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cellcalc import resources
from cellcalc.errors import OptionError, did_you_mean
from cellcalc.toml import listed


@dataclass(frozen=True)
class Table:
    """Rows of texts below their columns' titles."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Part:
    """A piece of a topic: title (or none), paragraphs, equations, a table, commands to try.

    Words in braces stand for numbers; ``table`` may be the name of a table of cellcalc's own.
    """

    title: str
    text: tuple[str, ...]
    maths: tuple[str, ...]
    table: Table | str | None
    commands: tuple[str, ...]


@dataclass(frozen=True)
class Topic:
    """A text; ``runs`` and ``numbers`` say what its numbers are computed from.

    ``summary`` tells what it is about, ``gist`` what it says, in a sentence or three.
    """

    name: str
    title: str
    summary: str
    gist: str
    order: int
    see: tuple[str, ...]
    parts: tuple[Part, ...]
    runs: Mapping[str, Mapping[str, str]]
    numbers: Mapping[str, Mapping[str, Any]]


@cache
def topics() -> tuple[Topic, ...]:
    """All topics, in the order in which to read them."""
    read = map(_read, resources.names("templates/topics"))
    return tuple(sorted(read, key=lambda topic: topic.order))


def topic(name: str) -> Topic:
    """The topic of that name; raises :class:`~cellcalc.errors.OptionError` for another."""
    known = {topic.name: topic for topic in topics()}
    if name not in known:
        expected = f"a topic ({listed(list(known))})"
        raise OptionError("TOPIC", expected, f'"{name}"{did_you_mean(name, list(known))}')
    return known[name]


def _read(name: str) -> Topic:
    path = resources.folder("templates") / "topics" / f"{name}.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return Topic(
        name=name,
        title=data["title"],
        summary=data["summary"],
        gist=data["gist"],
        order=data["order"],
        see=tuple(data.get("see", ())),
        parts=tuple(map(_part, data["part"])),
        runs=data.get("runs", {}),
        numbers=data.get("numbers", {}),
    )


def _part(data: Mapping[str, Any]) -> Part:
    table = data.get("table")
    if table is not None:
        rows = tuple(tuple(row) for row in table.get("rows", ()))
        table = table.get("from") or Table(tuple(table["columns"]), rows)
    return Part(
        title=data.get("title", ""),
        text=tuple(data.get("text", ())),
        maths=tuple(data.get("maths", ())),
        table=table,
        commands=tuple(data.get("commands", ())),
    )
