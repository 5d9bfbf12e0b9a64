"""The windows of backpropagation through time: which steps are swept, and when.

Everything that depends on the scheme asks here: the engine, the tables, the workbook.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise, takewhile

from cellcalc.problems.schemes import RandomLengths, Scheme
from cellcalc.problems.sequences import Sequence as Data
from cellcalc.problems.specification import Specification
from cellcalc.records import record

MANY = 100  # steps


@record
class Window:
    """One backward sweep: fired after step ``fires_at``, over the steps ``first`` … ``fires_at``.

    ``new`` is the first step since the last firing, ``injects_from`` the first whose loss counts;
    ``losses`` are the steps whose losses are injected and ``dropped`` those since the last firing
    whose losses are not (steps without a target have none). ``resets`` tells whether the state
    goes back to the initial one afterwards, ``updates`` whether an update follows it: after the
    window, or for the last one after the sequence or the epoch. ``averaged`` is over how many
    losses the update's mean is taken; 0 where they are added up.
    """

    fires_at: int
    new: int
    first: int
    injects_from: int
    losses: Sequence[int]
    dropped: Sequence[int]
    resets: bool
    updates: bool
    averaged: int = 0

    @property
    def share(self) -> float:
        """How much each injected loss counts: 1, or its share of the mean."""
        return 1.0 / self.averaged if self.averaged else 1.0

    @property
    def swept(self) -> range:
        """The steps that are swept, in the order of time."""
        return range(self.first, self.fires_at + 1)


@record
class Schedule:
    """The windows of one sequence, and what they amount to.

    ``trailing`` are the steps with a target after the last window; their losses are dropped.
    """

    scheme: Scheme
    steps: int
    windows: tuple[Window, ...]
    trailing: tuple[int, ...]

    @property
    def backward_cells(self) -> int:
        """How many cells are swept in all; full BPTT sweeps n."""
        return sum(len(window.swept) for window in self.windows)

    @property
    def stored_cells(self) -> int:
        """How many steps' activations must be kept at once: the memory cost of unrolling."""
        return max((len(window.swept) for window in self.windows), default=0)

    @property
    def injected(self) -> int:
        """How many losses are injected in all, each as often as it is."""
        return sum(len(window.losses) for window in self.windows)

    @property
    def repeated(self) -> tuple[int, ...]:
        """The steps whose losses are injected more than once."""
        counts = Counter(t for window in self.windows for t in window.losses)
        return tuple(t for t, count in sorted(counts.items()) if count > 1)

    @property
    def dropped(self) -> tuple[int, ...]:
        """The steps whose losses no window injects."""
        return (*(t for window in self.windows for t in window.dropped), *self.trailing)

    @property
    def resets(self) -> frozenset[int]:
        """The steps after which the state goes back to the initial one."""
        return frozenset(window.fires_at for window in self.windows if window.resets)


def fires(scheme: Scheme, steps: int, learns: bool = True, drawing: int = 1) -> Sequence[int]:
    """The steps after which a window fires; none where there is nothing to learn from.

    ``drawing`` is the number of the pass, for which lengths left to chance are drawn.

    Parameters
    ----------
    scheme : Scheme
        k1 or ``windows``, and ``tail``, which settles what becomes of a remainder.
    steps : int
        The length n of the sequence.
    learns : bool
        Whether the sequence has targets.
    drawing : int
        The number of the pass, for which lengths left to chance are drawn.

    Returns
    -------
    Sequence[int]
        Ascending steps from 1 to ``steps``. Firing every k1 steps and sweeping k2 is BPTT(h; h')
        of Williams & Peng (1990), with h' = k1 and h = k2.
    """
    if not learns:
        return ()
    every: Sequence[int]
    if scheme.windows is not None:
        drawn = (
            scheme.windows if isinstance(scheme.windows, tuple) else scheme.windows.lengths(drawing)
        )
        every = tuple(takewhile(lambda t: t <= steps, accumulate(drawn)))
    else:
        every = range(scheme.k1 or steps, steps + 1, scheme.k1 or steps)
    ends = scheme.tail != "discard" and (not every or every[-1] != steps)
    return (*every, steps) if ends else every


def plan(
    scheme: Scheme,
    steps: int,
    has_target: Sequence[bool],
    drawing: int = 1,
    more: bool = False,
    before: int = 0,
    averaged: int | None = None,
) -> Schedule:
    """The windows of a sequence, in the order in which they fire.

    Parameters
    ----------
    scheme : Scheme
        How the sequence is cut into windows.
    steps : int
        n, the length of the sequence.
    has_target : sequence of bool, of length n
        Whether each step has a loss; a sequence without any is only run forward.
    drawing : int
        Which pass it is, for lengths that are drawn anew in each.
    more : bool
        For one update an epoch: whether sequences with windows follow in it.
    before : int
        How many losses the sequences before have injected.
    averaged : int, optional
        How many losses all of them inject; :func:`plans` sees to these three.

    Returns
    -------
    Schedule
    """
    chosen = scheme.on(steps)
    k2, fired = chosen.k2 or steps, fires(scheme, steps, any(has_target), drawing)
    regular = frozenset(fired[:-1])
    windows = []
    for done, t in pairwise([0, *fired]):
        whole = t in regular or (chosen.k1 is not None and t - done == chosen.k1)
        alone = chosen.windows is not None or (chosen.tail == "short" and not whole)
        start = done if chosen.state == "reset" or alone else 0
        first = max(start, t - k2) + 1
        injects_from = {"new": max(first, done + 1), "all": first, "last": t}[chosen.inject]
        windows.append(
            Window(
                fires_at=t,
                new=done + 1,
                first=first,
                injects_from=injects_from,
                losses=_with_target(range(injects_from, t + 1), has_target),
                dropped=_with_target(range(done + 1, injects_from), has_target),
                resets=chosen.state == "reset" and t < steps,
                updates=chosen.update == "window" or (t == fired[-1] and not more),
            )
        )
    if chosen.empty == "skip" or chosen.reduction == "mean":
        windows = list(_counted(chosen, windows, before, averaged))
    last = fired[-1] if fired else 0
    trailing = [s for s in range(last + 1, steps + 1) if has_target[s - 1]]
    return Schedule(chosen, steps, tuple(windows), tuple(trailing))


def _counted(
    scheme: Scheme, windows: list[Window], before: int, averaged: int | None
) -> Iterator[Window]:
    """The windows with what depends on how many losses go into an update."""
    whole = sum(len(window.losses) for window in windows)
    for window in windows:
        once = scheme.update == "window"
        injected = len(window.losses) if once else before + whole
        over = len(window.losses) if once else whole if averaged is None else averaged
        yield replace(
            window,
            updates=window.updates and (injected > 0 or scheme.empty == "update"),
            averaged=over if scheme.reduction == "mean" else 0,
        )


def plans(scheme: Scheme, sequences: Sequence[Data], epoch: int = 1) -> list[Schedule]:
    """The schedule of each sequence in an epoch."""
    count = len(sequences)
    drawings = range((epoch - 1) * count + 1, epoch * count + 1)
    found = [
        plan(scheme, one.steps, one.has_target, drawing)
        for one, drawing in zip(sequences, drawings, strict=True)
    ]
    if scheme.update != "epoch":
        return found
    averaged, before = sum(one.injected for one in found), 0
    closing = max((k for k, one in enumerate(found) if one.windows), default=0)
    for k, (one, drawing) in enumerate(zip(sequences, drawings, strict=True)):
        injected = found[k].injected
        found[k] = plan(scheme, one.steps, one.has_target, drawing, k < closing, before, averaged)
        before += injected
    return found


def planned(specification: Specification, epoch: int = 1) -> list[Schedule]:
    """The schedule of each sequence of a problem in an epoch of it, the first being 1.

    Where training goes on from a file, lengths that are drawn go on as well.
    """
    s = specification
    return plans(s.scheme, s.sequences, s.update.done + epoch)


def changes(scheme: Scheme) -> bool:
    """Whether the lengths are drawn anew in each epoch."""
    return isinstance(scheme.windows, RandomLengths)


def _with_target(steps: range, has_target: Sequence[bool]) -> Sequence[int]:
    """Those of the steps that have a target; where many all have one, a range takes no memory."""
    if len(steps) > MANY and all(has_target[steps.start - 1 : steps.stop - 1]):
        return steps
    return tuple(s for s in steps if has_target[s - 1])


def ranges(steps: Sequence[int]) -> str:
    """Steps in words: "1–3, 6–8"."""
    runs: list[list[int]] = []
    for t in steps:
        if runs and t == runs[-1][1] + 1:
            runs[-1][1] = t
        else:
            runs.append([t, t])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)
