"""The bundled examples: each runs, says what to look at, and what it says is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import cellcalc
from cellcalc import resources
from tests.support.cells import CELLS
from tests.support.command import Run

FOLDER = resources.folder("examples")
EXAMPLES = resources.names("examples")


def comment(name: str) -> str:
    """The comment that an example begins with."""
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    return text[: text.index("\n\n")] + "\n"


def commands() -> list[str]:
    """The commands that the comments name, without what is said of them."""
    found = [
        re.split(r" {3,}", line)[0]
        for name in EXAMPLES
        for line in re.findall(r"^#     (cellcalc .*)$", comment(name), re.M)
    ]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_and_says_what_to_look_at(name: str) -> None:
    trace = cellcalc.load(name).run(detail=name != "statquest")
    assert trace.first_not_finite() is None
    assert "\n# Look at: " in comment(name) and f" {name}" in comment(name)
    assert trace.specification.title != name


def test_every_cell_has_an_example() -> None:
    used = {cellcalc.load(name).specification.cell.name for name in EXAMPLES}
    assert used >= set(CELLS)


@pytest.mark.parametrize("command", [c for c in commands() if "workbook" not in c])
def test_a_command_of_a_comment_runs(command: str, run: Run) -> None:
    _, *arguments = shlex.split(command)
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout


@pytest.mark.parametrize("command", [c for c in commands() if "workbook" in c])
def test_a_workbook_of_a_comment_is_written(
    command: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, *arguments = shlex.split(command)
    assert run(*arguments).exit_code == 0
    assert list(tmp_path.glob("*.xlsx"))


def test_gradients_vanish_explode_and_stay() -> None:
    def ratio(name: str, symbol: str) -> float:
        values = cellcalc.load(name).run()[symbol]
        return float(values[0] / values[-1])

    assert 1 / 4000 < ratio("vanishing", "dh") < 1 / 3500
    assert ratio("exploding", "dh") == pytest.approx(1.6**7)
    assert ratio("carousel", "dc") == 1.0


def test_truncation_changes_gradients_and_not_values() -> None:
    for cut, whole in (("lstm_1997", "lstm_1997_full"), ("peephole_truncated", "peephole")):
        one, other = cellcalc.load(cut).run(), cellcalc.load(whole).run()
        assert list(one["h"]) == list(other["h"]) and one.loss == other.loss
        assert one.gradients["dU_i"] != pytest.approx(other.gradients["dU_i"], rel=0.01)
    assert cellcalc.load("lstm_1997").run().gradients["dh0"] == 0.0


def test_the_eight_variants_have_the_same_data() -> None:
    loaded = [cellcalc.load(name) for name in EXAMPLES if name.startswith("greff_")]
    assert len(loaded) == 8
    data = {problem.specification.sequences for problem in loaded}
    assert data == {cellcalc.load("peephole").specification.sequences}
    peephole = cellcalc.load("peephole").specification.parameters
    for problem in loaded:
        for name, value in problem.specification.parameters.items():
            assert value == peephole.get(name, value)


def test_a_stateless_piece_starts_from_the_initial_state() -> None:
    (one,) = cellcalc.load("keras_stateless").run().passes
    assert one.state_before(4, "c") == one.forward["c"][0] != one.forward["c"][3]


def test_a_gate_that_is_quite_open_or_shut_passes_nothing_back() -> None:
    for name in ("hard_sigmoid", "hard_sigmoid_keras3"):
        trace = cellcalc.load(name).run()
        assert (trace["f"][1], trace["i"][1]) == (1.0, 0.0)
        assert trace["dz_f"][1] == trace["dz_i"][1] == 0.0 != trace["dz_i"][0]


def test_what_is_rounded_as_in_the_retelling_gives_its_numbers() -> None:
    trace = cellcalc.load("statquest_step").run(hand_rounding=2)
    assert (trace["c"][0], trace["h"][0]) == (2.96, 0.98)
