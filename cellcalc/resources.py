"""Where templates and examples are: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@cache
def folder(name: str) -> Path:
    """The folder ``templates`` or ``examples``."""
    from pathlib import Path  # here, since --help needs none

    package = Path(__file__).resolve().parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def text(name: str) -> str:
    """The text of a file that ships: ``text("templates/schemes.toml")``."""
    place, _, rest = name.partition("/")
    return (folder(place) / rest).read_text(encoding="utf-8")


def read_toml(name: str) -> dict[str, Any]:
    """The tables of a TOML file that ships, which needs no checking."""
    import tomllib  # here, since --help needs none

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
    return tuple(sorted(file.stem for file in path.iterdir() if file.suffix == ".toml"))


# Languages


FIRST = "en"  # the language that everything is written in, and the one of data and files
_chosen = FIRST


def languages() -> tuple[str, ...]:
    """The languages that there are, by their codes."""
    return tuple(sorted(path.name for path in folder("templates").glob("lang/*")))


def use(language: str) -> None:
    """Say everything in this language, one of :func:`languages`, from now on."""
    global _chosen  # of the process: whoever prints says which, as with a locale
    _chosen = language


def language() -> str:
    """The language that is in use."""
    return _chosen


def known_language(locale: str) -> str | None:
    """The language for a name such as zh_CN.UTF-8 or zh-Hans; None where there is none.

    Chinese is Simplified Chinese here, and not for those who read the Traditional one.
    """
    words = re.split("[_.@-]", locale.lower().replace("chinese (simplified)", "zh"))
    if words[0] in (FIRST, "c", "posix"):
        return FIRST
    if {"tw", "hk", "mo", "hant"} & set(words):
        return None
    return words[0] if words[0] in languages() else None


@cache
def _texts(language: str) -> Mapping[str, str]:
    """The text of each section: a command needs few of them, and parsing all takes longer."""
    sections: dict[str, str] = {}
    name = ""
    for part in f"\n{text(f'templates/lang/{language}/sentences.toml')}".split("\n["):
        title, bracket, rest = part.partition("]\n")
        if bracket and title.isidentifier():
            name, sections[title] = title, rest
        elif name:  # a line of a text that begins so
            sections[name] += f"\n[{part}"
    return sections


@cache
def _section(language: str, name: str) -> Mapping[str, str]:
    import tomllib

    return tomllib.loads(_texts(language).get(name, ""))


def has_sentence(section: str, name: str) -> bool:
    """Whether there is a sentence ``[section] name``."""
    return name in _section(FIRST, section)


def sentence(section: str, name: str, /, **words: object) -> str:
    """The sentence ``[section] name`` with the words in braces filled in.

    One that the language in use lacks is said in the first.
    """
    own = _section(_chosen, section)
    return (own if name in own else _section(FIRST, section))[name].format(**words)


def in_every_language(section: str, name: str) -> tuple[str, ...]:
    """The sentence ``[section] name`` in all languages that have it."""
    found = (_section(one, section).get(name) for one in languages())
    return tuple(text for text in found if text is not None)


def said(text: str) -> str:
    """A text of a template in the language in use, or as it is where there is no other."""
    return text if _chosen == FIRST else _words(_chosen).get(text, text)


def in_words(data: Any) -> Any:
    """The same for all texts in tables and lists."""
    match data:
        case str():
            return said(data)
        case dict():
            return {key: in_words(value) for key, value in data.items()}
        case list():
            return [in_words(value) for value in data]
    return data


@cache
def _words(language: str) -> Mapping[str, str]:
    return {
        word: meaning
        for table in read_toml(f"templates/lang/{language}/words.toml").values()
        for word, meaning in table.items()
    }


def gist(says: str, mark: str = ":") -> str:
    """What stands before the first such mark, also if it is a Chinese one."""
    wide = {":": "：", ",": "，"}[mark]
    return says.replace(wide, mark).partition(mark)[0]
