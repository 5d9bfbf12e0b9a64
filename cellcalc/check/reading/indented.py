"""YAML and TOML as programs write them, as the tree that JSON gives."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from cellcalc.check.reading.structured import MAX_NESTED, Digits

MAX_LINES = 20_000
MAX_TOML = 200_000
_KEY = r"(?:[\w.∂δ/\[\]+'-]{1,60}|\"[^\"]{1,60}\")"
_ITEM = re.compile(r"-\s+(?=\S)|-$")
_PAIR = re.compile(rf"({_KEY})\s*:(?:\s+(.*))?$")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_FLOW = re.compile(r"\[([^\[\]{}]*)\]")


class _OtherError(Exception):
    """A text that is no such tree."""


def tree_of(text: str) -> dict[str, Any] | None:
    """The tree of a text whose keys hold others by indentation; None for any other text."""
    lines: list[tuple[int, str]] = []
    for raw in text.expandtabs(2).split("\n"):
        bare = re.sub(r"(?:^|\s)#.*$", "", raw).rstrip()
        if not bare.strip() or bare.strip() in ("---", "..."):
            continue
        if len(bare) > 2_000 or len(lines) > MAX_LINES:
            return None
        indent, rest = len(bare) - len(bare.lstrip()), bare.lstrip()
        while item := _ITEM.match(rest):
            lines.append((indent, "-"))
            indent, rest = indent + len(item[0]), rest[item.end() :]
        if rest:
            lines.append((indent, rest))
    if len(lines) < 3 or lines[0][0] != 0 or not any(indent for indent, _ in lines):
        return None
    try:
        found, end = _block(lines, 0, 0, 0)
    except _OtherError:
        return None
    is_tree = isinstance(found, dict) and any(isinstance(v, dict | list) for v in found.values())
    return found if end == len(lines) and is_tree else None


_SECTION = re.compile(r"^\[{1,2}[\w.-]{1,60}\]{1,2}\s*$", re.MULTILINE)


def tree_of_toml(text: str) -> dict[str, Any] | None:
    """The tree of a text in sections, as TOML has them; None for any other text."""
    if len(text) > MAX_TOML or not _SECTION.search(text):
        return None
    try:
        found: dict[str, Any] = tomllib.loads(text, parse_float=Digits)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return None
    return {key: _digits(value) for key, value in found.items()}


def _digits(value: Any) -> Any:
    match value:
        case dict():
            return {key: _digits(one) for key, one in value.items()}
        case list():
            return [_digits(one) for one in value]
        case int() if not isinstance(value, bool):
            return Digits(value)
    return value


def _block(lines: list[tuple[int, str]], place: int, indent: int, depth: int) -> tuple[Any, int]:
    """What stands at one indentation from a place on, and where it ends."""
    if depth > MAX_NESTED:
        raise _OtherError
    if lines[place][1] == "-":
        items: list[Any] = []
        while place < len(lines) and lines[place] == (indent, "-"):
            if place + 1 == len(lines) or lines[place + 1][0] <= indent:
                raise _OtherError
            within = lines[place + 1][0]
            if lines[place + 1][1] != "-" and not _PAIR.fullmatch(lines[place + 1][1]):
                items.append(_value(lines[place + 1][1]))
                place += 2
            else:
                item, place = _block(lines, place + 1, within, depth + 1)
                items.append(item)
        return items, place
    found: dict[str, Any] = {}
    while place < len(lines) and lines[place][0] == indent and lines[place][1] != "-":
        pair = _PAIR.fullmatch(lines[place][1])
        if pair is None:
            raise _OtherError
        key, value = pair[1].strip("\"'"), (pair[2] or "").strip()
        if key in found:
            raise _OtherError
        place += 1
        if value:
            found[key] = _value(value)
        elif place < len(lines) and (lines[place][0] > indent or lines[place] == (indent, "-")):
            found[key], place = _block(lines, place, lines[place][0], depth + 1)
        else:
            found[key] = None
    if place < len(lines) and lines[place][0] > indent:
        raise _OtherError
    return found, place


def _value(text: str) -> Any:
    if _NUMBER.fullmatch(text):
        return Digits(text)
    if flow := _FLOW.fullmatch(text):
        return [_value(one.strip()) for one in flow[1].split(",") if one.strip()]
    if re.search(r"[=:{}\[\]]", text):
        raise _OtherError
    return text.strip("\"'")
