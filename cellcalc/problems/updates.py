"""How parameters change: an optimizer's equations, its settings, clipping, and what stays.

An optimizer is a template like a cell. Its equations are in ``w`` (a parameter; ``w[t-1]`` before
the update), ``dw`` (its gradient, clipped), ``k`` (the number of the update, from 1) and its own
settings and state; here ``t`` counts updates, not steps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from cellcalc import resources
from cellcalc.errors import did_you_mean
from cellcalc.problems import templates
from cellcalc.problems.templates import Template
from cellcalc.toml import Section, describe


@dataclass(frozen=True)
class Update:
    """The optimizer's template, its settings (the learning rate among them), how often, and
    the parameters that stay as they are."""

    optimizer: Template
    settings: Mapping[str, float]
    epochs: int
    frozen: tuple[str, ...]

    @property
    def learning_rate(self) -> float:
        """The step size."""
        return self.settings["learning_rate"]


def read_update(section: Section, parts: list[Template], parameters: Mapping[str, float]) -> Update:
    """The ``[update]`` table; ``parts`` are the templates that the parameters belong to."""
    names = resources.names("templates/optimizers")
    optimizer = templates.load("optimizers", section.choice("optimizer", names, "sgd"))
    section.only(("optimizer", "epochs", "frozen", *optimizer.settings))
    return Update(
        optimizer=optimizer,
        settings=_settings(section, optimizer),
        epochs=section.integer("epochs", 1, 1),
        frozen=_frozen(section, parts, parameters),
    )


# Where a setting must lie: from, up to but not including.
BOUNDS = {
    "beta1": (0.0, 1.0),
    "beta2": (0.0, 1.0),
    "momentum": (0.0, 1.0),
    "epsilon": (1e-300, 1.0),
}
_RANGES = {"epsilon": "a number above 0 and below 1"}


def _settings(section: Section, optimizer: Template) -> dict[str, float]:
    settings = {}
    for name, usual in optimizer.settings.items():
        noted = len(section.reader.mistakes)
        settings[name] = value = section.number(name, usual)
        low, high = BOUNDS.get(name, (-math.inf, math.inf))
        if len(section.reader.mistakes) == noted and not low <= value < high:
            section.wrong(name, _RANGES.get(name, "a number from 0 to below 1"))
    return settings


def _frozen(
    section: Section, parts: list[Template], parameters: Mapping[str, float]
) -> tuple[str, ...]:
    """The elements that are frozen; the name of a vector stands for all of them."""
    frozen = section.values.get("frozen", [])
    if not isinstance(frozen, list):
        section.wrong("frozen", "a list of parameters")
        return ()
    elements: dict[str, tuple[str, ...]] = {name: (name,) for name in parameters}
    for part in parts:
        for name in part.parameters:
            elements[name] = tuple(e for e in parameters if vector(e, part) == name)
    chosen: list[str] = []
    for place, name in enumerate(frozen, 1):
        if isinstance(name, str) and name in elements:
            chosen += elements[name]
        else:
            hint = did_you_mean(name, list(elements)) if isinstance(name, str) else ""
            key = section.key(f"frozen[{place}]")
            section.reader.mistake(key, "a parameter", describe(name) + hint)
    return tuple(dict.fromkeys(chosen))


def vector(element: str, part: Template) -> str:
    """The parameter of a template to which an element belongs: W_f for W_f2."""
    stem = element.rstrip("0123456789")
    return stem if part.parameters.get(stem) == "input" else element
