"""Reading parameters from a file of weights, in cellcalc's own names or in a framework's layout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cellcalc import layouts
from cellcalc.arrays import Array, read_arrays
from cellcalc.errors import InputError, Mistake, did_you_mean
from cellcalc.series import feature_names
from cellcalc.toml import Section, listed


def read_weights(
    section: Section, kinds: Mapping[str, str], features: int | None, base: Path
) -> dict[str, float] | None:
    """The elements (``W_f1``) that the file named by ``from`` has; none where no file is named.

    None after a mistake.

    ``section`` is the table ``[parameters]``, ``kinds`` maps the problem's parameters to "input"
    or "scalar". Mistakes are noted with the section's reader.
    """
    if "from" not in section.values:
        for key in ("layout", "prefix"):
            if key in section.values:
                section.wrong(key, 'from = "weights.npz" beside it, or nothing here')
        return {}
    name, prefix = section.text("from"), section.text("prefix", "")
    layout = (
        section.choice("layout", layouts.layout_names(), "") if "layout" in section.values else ""
    )
    if not name or features is None or section.values.get("layout", "") != layout:
        return None
    try:
        arrays = read_arrays(base / name, name)
        if prefix:
            arrays = _within(arrays, prefix, name)
        if not layout:
            return _by_name(arrays, kinds, features, name)
        own = [e for k, kind in kinds.items() for e in _elements(k, kind, features)]
        return layouts.from_layout(layouts.load_layout(layout), arrays, own, features, name)
    except InputError as error:
        section.wrong_file("from", name, error)
        return None


def _within(arrays: Mapping[str, Array], prefix: str, file: str) -> dict[str, Array]:
    """The arrays whose names begin with a prefix, without it."""
    start = prefix.replace("/", ".").rstrip(".") + "."
    found = {key.removeprefix(start): a for key, a in arrays.items() if key.startswith(start)}
    if not found:
        names = listed(list(arrays), "and")
        raise InputError([Mistake(file, "", f"arrays whose names begin with {start}", names)])
    return found


def _elements(name: str, kind: str, features: int) -> tuple[str, ...]:
    return feature_names(name, features) if kind == "input" else (name,)


def _by_name(
    arrays: Mapping[str, Array], kinds: Mapping[str, str], features: int, file: str
) -> dict[str, float]:
    """Parameters under their own names: ``W_f`` with all its elements, or ``W_f1``, ``W_f2``."""
    whole = {name: _elements(name, kind, features) for name, kind in kinds.items()}
    single = {element: (element,) for elements in whole.values() for element in elements}
    found: dict[str, float] = {}
    mistakes = []
    for key, array in arrays.items():
        elements = whole.get(key) or single.get(key)
        if elements is None:
            expected = f"a parameter ({listed(list(kinds) or ['none'])}), or layout = …"
            hint = did_you_mean(key, [*whole, *single])
            mistakes.append(Mistake(file, key, expected, f"an unknown name{hint}"))
        elif len(array.values) != len(elements):
            expected = f"{len(elements)} number{'s' if len(elements) > 1 else ''}"
            mistakes.append(Mistake(file, key, expected, str(len(array.values))))
        elif twice := [e for e in elements if e in found]:
            mistakes.append(Mistake(file, key, "each number once", f"{twice[0]} twice"))
        else:
            found |= dict(zip(elements, array.values, strict=True))
    if mistakes:
        raise InputError(mistakes)
    return found
