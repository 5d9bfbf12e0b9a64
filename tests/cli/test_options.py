"""Options that would be taken and ignored are refused, in one line that says with what."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellcalc import load
from cellcalc.errors import OptionError
from cellcalc.views.export import to_csv
from cellcalc.views.table import Selection, render, select
from cellcalc.views.worked import explain
from tests.support.command import Run

BIAS = "forget_bias"  # an example that has a coefficient of that name

IGNORED = [
    (["table", "gomez", "-f", "json", "--layout", "steps"], "--layout: expected nothing of the kind with --format json, found steps"),
    (["table", "gomez", "-f", "csv", "--precision", 3], "--precision: expected nothing of the kind with --format csv, found 3"),
    (["table", "gomez", "-f", "json", "--width", 60], "--width: expected nothing of the kind with --format json, found 60"),
    (["table", "gomez", "-f", "html", "--width", 60], "--width: expected nothing of the kind with --format html, which is for files, found 60"),
    (["table", "gomez", "--explain", "--layout", "steps"], "--layout: expected nothing of the kind with --explain, found steps"),
    (["table", "gomez", "--explain", "--step", 1, "--steps", "1:2"], "--steps: expected nothing of the kind with --step, found 1:2"),
    (["table", "gomez", "--pass", "backward", "--symbols", "dW_f1"], '--symbols: expected symbols of the parts, steps and passes that are shown, found "dW_f1"'),
    (["table", "gomez", "--pass", "forward", "--symbols", "dc"], '--symbols: expected symbols of forward, found "dc"'),
    (["table", "gomez", "--pass", "update", "--symbols", "c"], '--symbols: expected symbols of update, found "c"'),
    (["table", "gomez", "--pass", "update", "--pass", "gradients", "--symbols", "c", "-f", "csv"], '--symbols: expected symbols of update and gradients, found "c"'),
    (["table", BIAS, "--symbols", BIAS], f'--symbols: expected symbols of forward, backward, gradients and update, found "{BIAS}"'),
    (["table", "gomez", "--pass", "update", "--steps", 2], '--steps: expected a part that has steps, which update has not, found "2"'),
    (["table", "gomez", "--explain", "--pass", "gradients", "--step", 2], "--steps: expected a part of the problem in which something is computed, found 2:2"),
    (["table", "cell_clip", "--pass", "backward"], "--pass: expected a part of the problem in which something is computed, found backward"),
    (["schedule", "ten_steps", "--compare", "--scheme", "full"], "--scheme: expected nothing of the kind with --compare, which has every scheme, found full"),
    (["flow", "ten_steps", "-f", "json", "-o", "x.xlsx"], "--format: expected xlsx, as the ending .xlsx says, found json"),
    (["flow", "ten_steps", "--ascii", "-o", "x.xlsx"], "--ascii: expected nothing of the kind with a workbook, found --ascii"),
    (["workbook", "gomez", "--blank", "--sheets", "Step", "-o", "x.xlsx"], "--blank: expected no --sheets with it, found Step"),
    (["check", "gomez", "--suggest", "--tolerance", 0.1], "--tolerance: expected nothing of the kind with --suggest, found 0.1"),
    (["check", "gomez", "--suggest", "--hints"], "--hints: expected nothing of the kind with --suggest, found where"),
    (["check", "gomez", "--suggest", "--notation", "greff"], "--notation: expected nothing of the kind with --suggest, found greff"),
    (["check", "gomez", "-e", "c[1] = 1", "-f", "json", "--width", 60], "--width: expected nothing of the kind with --format json, found 60"),
    (["schedule", "ten_steps", "--scheme", "full", "--scheme", "tbptt(2,5)"], "--scheme: expected one value, found 2 of them"),
    (["table", "gomez", "--k1", 1, "--k1", 2, "--k1", 2], "--k1: expected one value, found 3 of them"),
    (["templates", "cells", "-f", "json", "--format", "text"], "--format: expected one value, found 2 of them"),
    (["workbook", "gomez", "-o", "a.xlsx", "--output", "b.xlsx"], "--output: expected one value, found 2 of them"),
    (["table", "gomez", "--symbols", ""], "--symbols: expected a value, found an empty text"),
    (["table", "gomez", "--steps", ""], "--steps: expected a value, found an empty text"),
    (["workbook", "gomez", "--practice", ""], "--practice: expected a value, found an empty text"),
    (["check", "gomez", "-e", ""], "-e: expected a value, found an empty text"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "line"), IGNORED, ids=lambda v: str(v)[:70])
def test_what_would_be_ignored_is_refused(
    arguments: list[object], line: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*map(str, arguments))
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"Error: {line}\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ["table", "gomez", "-f", "json", "--notation", "gomez", "--symbols", "state"],
        ["table", "gomez", "-f", "csv", "--pass", "backward", "--symbols", "dW_f1"],
        ["table", "gomez", "--pass", "gradients", "--symbols", "dW_f1,dh0"],
        ["table", "gomez", "--pass", "update", "--symbols", "dW_f1"],
        ["table", "gomez", "--pass", "update", "--symbols", "W_f1"],
        ["table", "gomez", "--explain", "--pass", "update", "--symbols", "dW_f1"],
        ["table", "gomez", "--pass", "backward", "--symbols", "dh_via_y"],
        ["table", "gomez", "--pass", "forward", "--pass", "backward"],
        ["check", "gomez", "-e", "c[1] = 0.78573", "-e", "c[2] = 1.51763"],
        ["experiment", "echo", "--scheme", "full", "--scheme", "tbptt(2,5)", "--epochs", "1", "--seeds", "1"],
        ["table", "gomez", "--force", "--force"],
        ["derive", "lstm", "--inputs", "2", "--readout", "linear"],
        ["schedule", "ten_steps", "--compare", "--k1", "2"],
    ],
    ids=lambda v: " ".join(v),
)  # fmt: skip
def test_what_is_obeyed_is_taken(arguments: list[str], run: Run) -> None:
    result = run(*arguments)
    assert result.exit_code == 0 and result.stderr == ""


def test_the_library_refuses_a_selection_of_nothing() -> None:
    trace = load("gomez").run()
    with pytest.raises(OptionError, match='symbols: expected symbols of forward, found "dc"'):
        select(trace, ["forward"], "c,dc")
    for show in (render, explain):
        for chosen in (Selection(("backward",), ("dW_f1",)), Selection((), ())):
            with pytest.raises(OptionError):
                show(trace, selection=chosen)  # type: ignore[operator]
    lines = "".join(to_csv(trace, select(trace, ["backward"], "dW_f1"))).splitlines()
    assert len(lines) == 3 and lines[1].startswith("1,1,1,1,backward,dW_f1,1,")
