"""A parameter after the update, with the gradients that a person found."""

from __future__ import annotations

from collections.abc import Iterator

from cellcalc.check.world import World
from cellcalc.engine.optimizer import Updater
from cellcalc.engine.trace import WindowTrace
from cellcalc.problems.specification import Specification


def updated(s: Specification, window: WindowTrace, row: str, world: World) -> Iterator[float]:
    """What a parameter becomes in the world's gradients; nothing where it waits or is frozen."""
    if s.scheme.update != "window" or row in s.update.frozen:
        return
    updater = Updater(s.scheme, s.update, None)
    updater.memory, updater.count = dict(window.memory_before), window.update - 1
    parameters = dict(window.before)
    names = [f"d{name}" for name in parameters]
    updater.gather({name: float(world.fixed(name)) for name in names}, parameters)
    updater.apply(parameters)
    yield parameters[row]
