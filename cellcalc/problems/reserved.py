"""Names that cellcalc makes itself, which a template's symbols must not meet.

Of every symbol others are made (:mod:`cellcalc.language.keys`): of a state ``h`` the derivative
``dh``, the initial value ``h0`` and the derivative ``dh0`` by it, of a parameter ``U`` its
gradients ``dU`` and ``sum_dU`` and the optimizer's ``m_U``. A symbol with one of these names would
stand in the same row, column or local variable, and silently give other numbers. So it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cellcalc.language.keys import (
    COUNT,
    clipped_key,
    derivative_key,
    element_keys,
    entering_key,
    gathered_key,
    initial_key,
    memory_key,
)
from cellcalc.problems.templates import (
    INPUTS,
    MOST_REMEMBERED,
    SEEN,
    Template,
    counts_updates,
    shown_rows,
)
from cellcalc.toml import Section

PARTS = ("cell", "readout", "loss")


def check_names(
    whole: Section,
    parts: Sequence[Template | None],
    features: int | None,
    optimizer: Template | None = None,
) -> None:
    """Note each symbol of cell, readout and loss that is a name of something else as well.

    ``features`` is how many inputs a step has, ``optimizer`` what changes the parameters.
    """
    for place, expected, found in _clashes(tuple(parts), features, optimizer):
        whole.reader.mistake(place, expected, found)


Clashes = tuple[tuple[str, str, str], ...]  # where, what was expected, what was found
# By the templates, which are the same objects for the same texts, and are kept alive here.
_remembered: dict[tuple[int | None, ...], tuple[object, Clashes]] = {}


def _clashes(
    parts: tuple[Template | None, ...], features: int | None, optimizer: Template | None
) -> Clashes:
    key = (*map(id, parts), id(optimizer), features)
    if key not in _remembered:
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        found = tuple(_found_clashes(parts, features, optimizer))
        _remembered[key] = ((parts, optimizer), found)
    return _remembered[key][1]


def _found_clashes(
    parts: tuple[Template | None, ...], features: int | None, optimizer: Template | None
) -> Iterator[tuple[str, str, str]]:
    taken: dict[str, str] = {}
    meaning = dict(made_names(parts, features, optimizer))
    for key, part in zip(PARTS, parts, strict=True):
        own = own_names(part, features) if part else []
        for name in own:
            if name in taken:
                expected = f"names that the {taken[name]} does not use"
                yield key, expected, f"{name} beside {name}"
            elif name in meaning:
                yield key, "names that mean nothing else", f"{name}, {meaning[name]}"
        taken |= dict.fromkeys(own, key)
    for name in optimizer.settings if optimizer else ():
        if name in taken or name in meaning:
            expected = "an optimizer whose settings are no symbols of the problem"
            yield "update.optimizer", expected, name


def own_names(part: Template, features: int | None) -> list[str]:
    """The symbols of a template, those of vectors and those of their elements."""
    vectors = [name for name, kind in part.parameters.items() if kind == "input"]
    elements = [key for name in vectors for key in element_keys(name, features or 1)]
    return list(dict.fromkeys([*part.fixed, *elements, *(e.symbol for e in part.equations)]))


def made_names(
    parts: Sequence[Template | None], features: int | None, optimizer: Template | None
) -> Iterator[tuple[str, str]]:
    """The names that are made of the templates' symbols, and what each of them is."""
    yield "target", "what the sequence gives"
    inputs = [key for name in INPUTS for key in element_keys(name, features or 1)]
    yield from ((key, "an input") for key in inputs)
    for part in parts:
        if part is None:
            continue
        coefficients = part.coefficients
        own = [name for name in own_names(part, features) if name not in coefficients]
        for name in (*own, *SEEN["losses"], *inputs):
            yield derivative_key(name), f"the derivative by {name}"
        for state in part.state:
            yield initial_key(state), f"the initial value of {state}"
            yield entering_key(state), f"the derivative by the initial value of {state}"
        for name in own:
            if not _is_parameter(name, part):
                continue
            yield gathered_key(name), f"the gradient of {name}, added up"
            yield clipped_key(name), f"the gradient of {name}, clipped"
            for row in shown_rows(optimizer) if optimizer else ():
                yield memory_key(row, name), f"what the optimizer calls {row} of {name}"
    if optimizer is not None and counts_updates(optimizer):
        yield COUNT, f"the number of the update of {optimizer.name}"


def _is_parameter(name: str, part: Template) -> bool:
    return name in part.parameters or part.parameters.get(name.rstrip("0123456789")) == "input"
