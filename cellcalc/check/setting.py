"""What the numbers of one window follow from: inputs, parameters, initial state, counted losses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from cellcalc.engine.trace import PassTrace, WindowTrace
from cellcalc.language.arithmetic.decimals import Value
from cellcalc.model.model import LOSS, TARGET, Model


@dataclass(frozen=True)
class Setting:
    """What a window's numbers follow from.

    ``inputs`` hold a list for t = 0 … n (targets included, 0 where missing); ``parameters`` one
    mapping for each of t = 0 … n, those a step was computed with; ``current`` those of the sweep;
    ``counted`` the weight of each step's loss in the window; ``losses`` the steps that have a
    target. After the steps in ``restarts`` the state starts again.
    """

    model: Model
    first: int
    last: int
    inputs: Mapping[str, Sequence[Value]]
    initial: Mapping[str, Value]
    parameters: Sequence[Mapping[str, Value]]
    current: Mapping[str, Value]
    counted: Mapping[int, Value]
    losses: Collection[int]
    restarts: Collection[int] = ()

    @property
    def steps(self) -> int:
        """n, the number of steps."""
        return len(self.parameters) - 1

    @property
    def swept(self) -> range:
        return range(self.first, self.last + 1)


def setting_of(model: Model, one: PassTrace, window: WindowTrace | None) -> Setting:
    """The setting of a window of a pass; without a window it is forward only."""
    present = [0.0 if t != t else t for t in one.forward.get(TARGET, ())]
    inputs = {row.symbol: one.forward[row.symbol] for row in model.inputs}
    fixed = one.coefficients
    counted = {}
    if window is not None:
        counted = dict(zip(window.steps, window.backward[f"d{LOSS}"], strict=True))

    def used(t: int) -> Mapping[str, float]:
        own = one.parameters_at(t)
        return {**own, **fixed} if fixed else own

    before = {**one.before, **fixed}
    has_loss = LOSS in one.forward
    return Setting(
        model=model,
        first=window.first if window else 1,
        last=window.last if window else one.steps,
        inputs={**inputs, TARGET: present} if present else inputs,
        initial={name: one.forward[name][0] for name in model.state},
        parameters=[before, *(used(t) for t in range(1, one.steps + 1))],
        current={**(window.before if window else one.before), **fixed},
        counted=counted,
        losses=[
            t
            for t in range(1, one.steps + 1)
            if has_loss and one.forward[LOSS][t] == one.forward[LOSS][t]
        ],
        restarts=one.schedule.resets,
    )


def changed(setting: Setting, **changes: object) -> Setting:
    """The setting with some of its fields others."""
    return replace(setting, **changes)  # type: ignore[arg-type]
