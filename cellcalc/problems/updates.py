"""How parameters change: an optimizer's equations, its settings, clipping, and what stays.

An optimizer is a template like a cell. Its equations are in ``w`` (a parameter; ``w[t-1]`` before
the update), ``dw`` (its gradient, clipped), ``k`` (the number of the update, from 1) and its own
settings and state; here ``t`` counts updates, not steps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field

from cellcalc.errors import InputError, Mistake, describe, unknown
from cellcalc.files import Folder, parse_json
from cellcalc.problems import templates
from cellcalc.problems.templates import Template
from cellcalc.records import record
from cellcalc.toml import Section, as_float, decode


@record
class Update:
    """The optimizer's template, its settings (the learning rate among them), how often, and
    the parameters that stay as they are.

    ``state`` has a number for each parameter and each of the optimizer's own states (empty at its
    beginning), ``count`` how many updates there have been and ``done`` how many epochs: where
    training goes on from.
    """

    optimizer: Template
    settings: Mapping[str, float]
    epochs: int
    frozen: tuple[str, ...]
    state: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    count: int = 0
    done: int = 0

    @property
    def learning_rate(self) -> float:
        """The step size."""
        return self.settings[templates.RATE]


def read_update(
    section: Section,
    parts: list[Template],
    parameters: Mapping[str, float],
    base: Folder | None = None,
) -> Update:
    """The ``[update]`` table; ``parts`` are the templates that the parameters belong to.

    Paths in it start at ``base``.
    """
    base = base or Folder()
    optimizer = templates.read(section, "optimizers", "optimizer", "sgd", base)
    if optimizer is None:
        optimizer = templates.load("optimizers", "sgd")
        section = Section(section.reader, {}, section.path, broken=True)
    section.only((*templates.UPDATE_KEYS, *optimizer.settings))
    frozen = _frozen(section, parts, parameters)
    free = [p for p in parameters if p not in frozen]
    state, count, done = _resumed(section, optimizer, free, base)
    return Update(
        optimizer=optimizer,
        settings=_settings(section, optimizer),
        epochs=section.integer("epochs", 1, 1),
        frozen=frozen,
        state=state,
        count=count,
        done=done,
    )


FROM = "from"


def _resumed(
    section: Section, optimizer: Template, free: list[str], base: Folder
) -> tuple[dict[str, dict[str, float]], int, int]:
    """The optimizer's state in a file that ``cellcalc table --format json`` has printed.

    Beside it how many updates and epochs there have been.
    """
    if FROM not in section.values:
        return {}, 0, 0
    name = section.file_name(FROM)
    if not name:
        return {}, 0, 0
    mistakes = section.reader.mistakes

    def wrong(key: str, expected: str, found: object) -> None:
        mistakes.append(Mistake(name, key, expected, describe(found) if found else "nothing"))

    try:
        data = parse_json(decode(base.read(name), name), name)
    except InputError as error:
        section.wrong_file(FROM, name, error)
        return {}, 0, 0
    held = data.get("optimizer") if isinstance(data, dict) else None
    if not isinstance(held, dict):
        wrong("optimizer", "the JSON that cellcalc table prints", held)
        return {}, 0, 0
    if held.get("name") != optimizer.name:
        wrong("optimizer.name", optimizer.name, held.get("name"))
        return {}, 0, 0
    counts = {
        key: held.get(key, otherwise) for key, otherwise in (("updates", None), ("epochs", 0))
    }
    for key, number in dict(counts).items():
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            wrong(f"optimizer.{key}", "a whole number of at least 0", number)
            counts[key] = 0
    count, done = int(counts["updates"] or 0), int(counts["epochs"] or 0)
    state: dict[str, dict[str, float]] = {}
    tables = held.get("state")
    for own in optimizer.state if count else ():
        table = tables.get(own) if isinstance(tables, dict) else None
        numbers = table if isinstance(table, dict) else {}
        state[own] = {}
        for parameter in free:
            number = as_float(numbers.get(parameter))
            if number is None or not math.isfinite(number):
                wrong(f"optimizer.state.{own}.{parameter}", "a number", numbers.get(parameter))
            state[own][parameter] = number or 0.0
    return state, count, done


# Where a setting must lie: from, up to but not including.
BOUNDS = {
    "beta1": (0.0, 1.0),
    "beta2": (0.0, 1.0),
    "momentum": (0.0, 1.0),
    "alpha": (0.0, 1.0),
    "weight_decay": (0.0, math.inf),
    "epsilon": (1e-300, 1.0),
}
_RANGES = {"epsilon": "a number above 0 and below 1", "weight_decay": "a number of at least 0"}


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
    if not frozen:  # as in most problems
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
            key = section.key(f"frozen[{place}]")
            section.reader.mistake(key, "a parameter", unknown(name, elements))
    return tuple(dict.fromkeys(chosen))


def vector(element: str, part: Template) -> str:
    """The parameter of a template to which an element belongs: W_f for W_f2."""
    stem = element.rstrip("0123456789")
    return stem if part.parameters.get(stem) == "input" else element
