"""The picture of windows, and what is said of schemes side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cellcalc.errors import LimitError
from cellcalc.problems.specification import read_specification
from cellcalc.views.schedule import schedules
from tests.support.command import Run
from tests.support.paths import EXPECTED
from tests.support.problems import random_data


def test_a_schedule_too_long_to_list_is_refused() -> None:
    data = random_data(1, 1, 5)
    text = data.toml().replace("[bptt]\n", '[bptt]\nscheme = "realtime"\n')
    text = text.replace(repr(data.rows(data.x)), repr([0.5] * 4_000))
    text = text.replace(repr(data.target), repr([0.5] * 4_000))
    with pytest.raises(LimitError, match="at most 5,000,000 steps swept by all windows together"):
        schedules(read_specification(text, "p.toml", Path()))


def test_a_long_schedule_is_drawn_with_its_ends(run: Run, tmp_path: Path) -> None:
    problem = tmp_path / "p.toml"
    problem.write_text(
        "[parameters]\nrandom = {seed = 1}\n[[sequence]]\n"
        f"x = {[0.5] * 2000}\ntarget = {[0.5] * 2000}\n[bptt]\nscheme = 'block(10)'\n"
    )
    lines = run("schedule", problem).stdout.splitlines()
    assert lines[3].startswith("window  1")
    (more,) = [line for line in lines if line.endswith("more steps …")]
    shown = [line for line in lines if line.startswith("window  ")]
    left_out = int(more.split()[1])
    assert len(shown) == 19
    assert int(shown[16].split()[1]) - int(shown[15].split()[1]) - 35 == left_out


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
    full, own, realtime, *_, tail, forum = data["schemes"]
    assert full["relative_error"] == 0 and realtime["relative_error"] < 1e-12
    assert own["name"] == "tbptt(2,5)"
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
        "Error: sequence: expected a sequence with targets, found 1, without\n",
    )
