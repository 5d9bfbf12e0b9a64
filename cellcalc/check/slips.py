"""One edit of an equation as a slip: its kind, what is told of it, how far-fetched it is.

The kinds are the rows of ``templates/slips.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cellcalc.language.tree import Expression
from cellcalc.resources import folder


@dataclass(frozen=True)
class Edit:
    """One edit: which row's equation it changes, to what, of what kind, in which words."""

    row: str
    formula: Expression
    kind: str
    words: Mapping[str, str] = field(default_factory=dict)
    extra: float = 0.0

    @property
    def cost(self) -> float:
        """How far-fetched the edit is."""
        cost: float = kinds()[self.kind]["cost"]
        return cost + self.extra

    @property
    def says(self) -> str:
        """What is told of it, without the row's name."""
        text: str = kinds()[self.kind]["says"]
        return text.format(row=self.row, **self.words)


@cache
def _file() -> Mapping[str, Any]:
    path = folder("templates") / "slips.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def kinds() -> Mapping[str, Mapping[str, Any]]:
    """The kinds of edits by name: what is said, and the cost."""
    table: Mapping[str, Mapping[str, Any]] = _file()["kind"]
    return table


def slopes() -> Mapping[str, list[str]]:
    """What people take the derivative of a function for, by the kind of edit."""
    table: Mapping[str, list[str]] = _file()["slopes"]
    return table
