"""Where templates and examples are: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder ``templates`` or ``examples``."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def text(name: str) -> str:
    """The text of a file that ships: ``text("templates/schemes.toml")``."""
    place, _, rest = name.partition("/")
    return (folder(place) / rest).read_text(encoding="utf-8")


def read_toml(name: str) -> dict[str, Any]:
    """The tables of a TOML file that ships, which needs no checking."""
    return tomllib.loads(text(name))


def names(place: str) -> tuple[str, ...]:
    """The names of the TOML files in a folder such as ``templates/cells``, without the ending."""
    path = folder(place)
    try:
        return _listing(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return ()


@lru_cache(maxsize=100)
def _listing(path: Path, changed: int) -> tuple[str, ...]:  # noqa: ARG001
    """The names in a folder as it was at that time."""
    return tuple(sorted(file.stem for file in path.glob("*.toml")))


_HEADING = re.compile(r"^\[(\w+)\]$", re.MULTILINE)


@cache
def _texts() -> Mapping[str, str]:
    """The text of each section: a command needs few of them, and parsing all takes longer."""
    _, *parts = _HEADING.split(text("templates/sentences.toml"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


@cache
def _section(name: str) -> Mapping[str, str]:
    return tomllib.loads(_texts()[name])


def has_sentence(section: str, name: str) -> bool:
    """Whether there is a sentence ``[section] name``."""
    return name in _section(section)


def sentence(section: str, name: str, /, **words: object) -> str:
    """The sentence ``[section] name`` with the words in braces filled in."""
    return _section(section)[name].format(**words)
