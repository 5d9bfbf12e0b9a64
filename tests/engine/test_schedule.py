"""Which window sweeps which steps: every named scheme, and what the literature says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cellcalc.engine.schedule import plan, ranges
from cellcalc.problems.schemes import CHOICES, Scheme, forms, named_scheme


def scheme(name: str, **options: str) -> Scheme:
    found = named_scheme(name)
    assert found is not None
    return replace(found, **options)


# Each name, what it stands for on ten steps, and the windows: swept, losses.
NAMED = {
    "full": ("k1 = n, k2 = n, inject new", [((1, 10), (1, 10))]),
    "realtime": ("k1 = 1, k2 = n, inject new", [((1, t), (t, t)) for t in range(1, 11)]),
    "bptt(4)": (
        "k1 = 1, k2 = 4, inject new",
        [((max(1, t - 3), t), (t, t)) for t in range(1, 11)],
    ),
    "bptt(4;2)": (
        "k1 = 2, k2 = 4, inject new",
        [
            ((1, 2), (1, 2)),
            ((1, 4), (3, 4)),
            ((3, 6), (5, 6)),
            ((5, 8), (7, 8)),
            ((7, 10), (9, 10)),
        ],
    ),
    "tbptt(2,5)": (
        "k1 = 2, k2 = 5, inject new",
        [
            ((1, 2), (1, 2)),
            ((1, 4), (3, 4)),
            ((2, 6), (5, 6)),
            ((4, 8), (7, 8)),
            ((6, 10), (9, 10)),
        ],
    ),
    "tbptt(5,2)": ("k1 = 5, k2 = 2, inject new", [((4, 5), (4, 5)), ((9, 10), (9, 10))]),
    "block(5)": ("k1 = 5, k2 = 5, inject new, tail short", [((1, 5), (1, 5)), ((6, 10), (6, 10))]),
    "keras-stateful(5)": (
        "k1 = 5, k2 = 5, inject new, tail short, reduction mean",
        [((1, 5), (1, 5)), ((6, 10), (6, 10))],
    ),
    "keras-stateless(4)": (
        "k1 = 4, k2 = 4, inject new, tail short, state reset, reduction mean",
        [((1, 4), (1, 4)), ((5, 8), (5, 8)), ((9, 10), (9, 10))],
    ),
    "naive-split(5)": (
        "k1 = 5, k2 = 5, inject new, tail short, state reset",
        [((1, 5), (1, 5)), ((6, 10), (6, 10))],
    ),
    "per-error(9)": (
        "k1 = 1, k2 = 9, inject new, update sequence",
        [((max(1, t - 8), t), (t, t)) for t in range(1, 11)],
    ),
    "tail(3)": ("k1 = n, k2 = 3, inject new", [((8, 10), (8, 10))]),
    "forum-last(4,6)": (
        "k1 = 4, k2 = 6, inject last, tail discard",
        [((1, 4), (4, 4)), ((3, 8), (8, 8))],
    ),
    "windows(3,5,2)": (
        "blocks of 3, 5, 2 steps, inject new, tail short",
        [((1, 3), (1, 3)), ((4, 8), (4, 8)), ((9, 10), (9, 10))],
    ),
    "random-block(4;1)": (
        "blocks of some 4 steps, seed 1, inject new, tail short",
        [((1, 3), (1, 3)), ((4, 7), (4, 7)), ((8, 10), (8, 10))],
    ),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_name_stands_for_its_options_and_windows(name: str) -> None:
    expansion, windows = NAMED[name]
    found = scheme(name)
    assert found.expansion() == expansion
    got = [
        ((w.swept[0], w.swept[-1]), (w.losses[0], w.losses[-1]))
        for w in plan(found, 10, [True] * 10).windows
    ]
    assert got == windows


def test_every_named_scheme_is_tested() -> None:
    tested = {name.partition("(")[0] for name in NAMED}
    assert tested == {form.partition("(")[0] for form in forms()}


def test_facts_of_the_literature() -> None:
    everywhere = [True] * 10
    assert plan(scheme("tbptt(1,10)", inject="all"), 10, everywhere).injected == 55
    assert plan(scheme("tbptt(2,5)", inject="all"), 10, everywhere).injected == 21
    assert plan(scheme("tbptt(5,2)"), 10, everywhere).dropped == (1, 2, 3, 6, 7, 8)
    assert plan(scheme("realtime"), 10, everywhere).backward_cells == 55
    split = plan(scheme("naive-split(20)"), 1000, [True] * 1000)
    assert len(split.windows) == 50
    assert all(len(w.swept) == 20 and w.losses == tuple(w.swept) for w in split.windows)
    assert split.resets == frozenset(range(20, 1000, 20))


@pytest.mark.parametrize("k1", range(1, 12))
@pytest.mark.parametrize("k2", range(1, 12))
def test_new_losses_count_once_unless_they_are_out_of_reach(k1: int, k2: int) -> None:
    n = 10
    for tail in CHOICES["tail"]:
        done = plan(Scheme("", k1, k2, tail=tail), n, [True] * n)
        counted = [t for window in done.windows for t in window.losses]
        assert not done.repeated
        assert sorted([*counted, *done.dropped]) == list(range(1, n + 1))
        if k2 >= k1 and tail == "flush":
            assert counted == list(range(1, n + 1)) and not done.dropped
        if k2 <= k1:  # then new and all are the same
            every = plan(Scheme("", k1, k2, tail=tail, inject="all"), n, [True] * n)
            last = [w.losses for w in done.windows[:-1]]
            assert last == [w.losses for w in every.windows[:-1]]


def test_missing_targets_are_neither_injected_nor_dropped() -> None:
    has_target = [True, False, True, False, False, True]
    done = plan(scheme("tbptt(3,2)"), 6, has_target)
    assert [w.losses for w in done.windows] == [(3,), (6,)]
    assert done.dropped == (1,)
    assert not plan(scheme("full"), 3, [False] * 3).windows


def test_a_tail_is_flushed_or_discarded() -> None:
    flushed = plan(scheme("block(4)"), 10, [True] * 10)
    assert [w.fires_at for w in flushed.windows] == [4, 8, 10]
    discarded = plan(scheme("block(4)", tail="discard"), 10, [True] * 10)
    assert [w.fires_at for w in discarded.windows] == [4, 8]
    assert discarded.trailing == discarded.dropped == (9, 10)
    once = plan(scheme("block(4)", update="sequence"), 10, [True] * 10)
    assert [w.updates for w in once.windows] == [False, False, True]


@pytest.mark.parametrize(
    ("steps", "text"), [((), ""), ((3,), "3"), ((1, 2, 3, 6, 8, 9), "1–3, 6, 8–9")]
)
def test_steps_in_words(steps: tuple[int, ...], text: str) -> None:
    assert ranges(steps) == text
