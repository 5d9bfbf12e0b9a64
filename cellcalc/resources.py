"""Where templates and examples are: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder ``templates`` or ``examples``."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def names(place: str) -> tuple[str, ...]:
    """The names of the TOML files in a folder such as ``templates/cells``, without the ending."""
    return tuple(sorted(path.stem for path in folder(place).glob("*.toml")))
