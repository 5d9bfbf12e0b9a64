"""The sentences beside the equations: kept in ``templates/sentences.toml``, filled in here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from cellcalc.resources import folder


@cache
def _sentences() -> Mapping[str, Any]:
    path = folder("templates") / "sentences.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def sentence(section: str, name: str, /, **words: object) -> str:
    """The sentence ``[section] name`` with the words in braces filled in."""
    text: str = _sentences()[section][name]
    return text.format(**words)
