"""The scheme of a problem: from its file, and from the command line, which goes before it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cellcalc.problems.schemes import Override
from cellcalc.problems.specification import read_specification
from tests.support.command import Run
from tests.support.problems import random_data


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


def test_an_unknown_scheme_lists_the_known_ones(run: Run) -> None:
    result = run("table", "gomez", "--scheme", "bptt")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: --scheme: expected full, realtime, bptt(h), bptt(h;h')")
    assert result.stderr.endswith('found "bptt"; did you mean bptt(h)?\n')
