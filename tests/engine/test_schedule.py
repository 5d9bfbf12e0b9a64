"""Schemes, windows, and the picture of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cellcalc.engine.schedule import plan, ranges
from cellcalc.problems.schemes import CHOICES, Override, Scheme, forms, named_scheme
from cellcalc.problems.specification import read_specification
from tests.support.command import Run
from tests.support.paths import EXPECTED
from tests.support.problems import random_data


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
    "block(5)": ("k1 = 5, k2 = 5, inject new", [((1, 5), (1, 5)), ((6, 10), (6, 10))]),
    "keras-stateful(5)": ("k1 = 5, k2 = 5, inject new", [((1, 5), (1, 5)), ((6, 10), (6, 10))]),
    "keras-stateless(4)": (
        "k1 = 4, k2 = 4, inject new, state reset",
        [((1, 4), (1, 4)), ((5, 8), (5, 8)), ((9, 10), (9, 10))],
    ),
    "naive-split(5)": (
        "k1 = 5, k2 = 5, inject new, state reset",
        [((1, 5), (1, 5)), ((6, 10), (6, 10))],
    ),
    "per-error(9)": (
        "k1 = 1, k2 = 9, inject new, update sequence",
        [((max(1, t - 8), t), (t, t)) for t in range(1, 11)],
    ),
    "tail(3)": ("k1 = n, k2 = 3, inject new", [((8, 10), (8, 10))]),
    "forum-last(4,6)": (
        "k1 = 4, k2 = 6, inject last",
        [((1, 4), (4, 4)), ((3, 8), (8, 8)), ((5, 10), (10, 10))],
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


@pytest.mark.parametrize(
    ("file", "override", "name", "k1", "k2"),
    [
        ("", Override(), "full", None, None),
        ("k1 = 2\nk2 = 5", Override(), "tbptt(2,5)", 2, 5),
        ("k1 = 2\nk2 = 5", Override(k2=3), "tbptt(2,3)", 2, 3),
        ('scheme = "block(3)"', Override(k1=1), "tbptt(1,3)", 1, 3),
        ('scheme = "block(3)"', Override(scheme="bptt(4;2)"), "bptt(4;2)", 2, 4),
        ("k1 = 9\nk2 = 9", Override(scheme="realtime"), "realtime", 1, None),
        ("", Override(k1=2), "tbptt(2,n)", 2, None),
        ('scheme = " TBPTT( 2 , 5 ) "', Override(), "TBPTT( 2 , 5 )", 2, 5),
    ],
)
def test_the_command_line_goes_before_the_file(
    file: str, override: Override, name: str, k1: int | None, k2: int | None
) -> None:
    text = replace(random_data(1), bptt=file).toml()
    found = read_specification(text, "p", Path(), override).scheme
    assert (found.name, found.k1, found.k2) == (name, k1, k2)


def test_a_name_on_the_command_line_brings_its_options_and_keeps_the_others() -> None:
    text = replace(random_data(1), bptt='inject = "all"\ntail = "discard"').toml()
    found = read_specification(text, "p", Path(), Override("forum-last(2,4)")).scheme
    assert (found.inject, found.tail, found.k1, found.k2) == ("last", "discard", 2, 4)


WHOLE = {
    "schedule_tbptt.txt": ["schedule", "ten_steps"],
    "schedule_split.txt": ["schedule", "ten_steps", "--scheme", "naive-split(3)"],
    "schedule_drops.txt": ["schedule", "ten_steps", "--k1", "5", "--k2", "2"],
    "schedule_two_sequences.txt": ["schedule", "statquest", "--scheme", "per-error(2)"],
    "schedule_compare.txt": ["schedule", "ten_steps", "--compare"],
    "update_tbptt.txt": ["table", "ten_steps", "--pass", "update", "--symbols", "U_f,b_f"],
    "explain_tbptt.txt": ["table", "ten_steps", "--explain", "--k1", "5", "--k2", "2",
                          "--symbols", "dE,dc,dU_f,U_f,dh0"],
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_whole_output(name: str, run: Run) -> None:
    result = run(*WHOLE[name])
    assert result.exit_code == 0 and result.stderr == ""
    assert result.stdout == (EXPECTED / name).read_text(encoding="utf-8")
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_json_has_the_windows_and_the_figures(run: Run) -> None:
    data = json.loads(run("schedule", "ten_steps", "-f", "json", "--k1", 5, "--k2", 2).stdout)
    assert data["scheme"]["name"] == "tbptt(5,2)" and data["scheme"]["tail"] == "flush"
    (sequence,) = data["sequences"]
    assert sequence["windows"][0] == {
        "fires_at": 5, "t": [4, 5], "losses": [4, 5], "dropped": [1, 2, 3], "reset": False,
        "update": True,
    }  # fmt: skip
    assert sequence["dropped"] == [1, 2, 3, 6, 7, 8]
    assert sequence["totals"] == {
        "windows": 2, "updates": 2, "backward_cells": 4, "losses_injected": 4,
        "losses_dropped": 6, "losses_repeated": 0, "stored_steps": 2, "stored_values": 26,
    }  # fmt: skip
    assert sequence["full"]["backward_cells"] == 10
    data = json.loads(run("schedule", "ten_steps", "-f", "json", "--compare").stdout)
    full, realtime, *_, tail, forum = data["schemes"]
    assert full["relative_error"] == 0 and realtime["relative_error"] < 1e-12
    assert tail["name"] == "tail(2)" and tail["relative_error"] > 0.1
    assert forum["name"] == "forum-last(2,4)"


def test_a_long_schedule_is_shortened_and_fits_the_page(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "long.toml"
    path.write_text(random_data(1, 1, 150).toml())
    text = run("schedule", path, "--scheme", "realtime").stdout
    assert "… 111 more windows …" in text
    assert max(map(len, text.splitlines())) <= 80


def test_without_targets_there_is_nothing_to_draw_or_compare(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "p.toml"
    path.write_text("[parameters]\nrandom = {seed = 1}\n[[sequence]]\nx = [1, 2]\n")
    assert "no targets: the sequence is only run forward" in run("schedule", path).stdout
    result = run("schedule", path, "--compare")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: --compare: expected a sequence with targets, found none\n",
    )


def test_an_unknown_scheme_lists_the_known_ones(run: Run) -> None:
    result = run("table", "gomez", "--scheme", "bptt")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: --scheme: expected full, realtime, bptt(h), bptt(h;h')")
    assert result.stderr.endswith('found "bptt"; did you mean bptt(h)?\n')
