"""The words of ``templates/reading.toml``: what people call quantities, steps and columns."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache

from cellcalc import resources


@cache
def words(section: str) -> Mapping[str, tuple[str, ...]]:
    """A section of the file: each key with the words for it."""
    text = (resources.folder("templates") / "reading.toml").read_text(encoding="utf-8")
    return {key: tuple(found) for key, found in tomllib.loads(text)[section].items()}


@cache
def called(section: str) -> Mapping[str, str]:
    """The same the other way about: each word with its key."""
    return {word: key for key, found in words(section).items() for word in found}


def longest_first(section: str, key: str) -> tuple[str, ...]:
    """The words of a key, so that "time step" goes before "step"."""
    return tuple(sorted(words(section)[key], key=len, reverse=True))


def any_of(section: str, key: str) -> str:
    """The words of a key as alternatives of a pattern."""
    return "|".join(map(re.escape, longest_first(section, key)))
