"""The sentences beside the equations: kept in ``templates/sentences.toml``, filled in here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache

from cellcalc.resources import folder

_HEADING = re.compile(r"^\[(\w+)\]$", re.MULTILINE)


@cache
def _texts() -> Mapping[str, str]:
    """The text of each section: a command needs few of them, and parsing all takes longer."""
    text = (folder("templates") / "sentences.toml").read_text(encoding="utf-8")
    _, *parts = _HEADING.split(text)
    return dict(zip(parts[::2], parts[1::2], strict=True))


@cache
def _section(name: str) -> Mapping[str, str]:
    return tomllib.loads(_texts()[name])


def sentence(section: str, name: str, /, **words: object) -> str:
    """The sentence ``[section] name`` with the words in braces filled in."""
    return _section(section)[name].format(**words)
