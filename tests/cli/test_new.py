"""``cellcalc new``: problem files to start from, asked for by option or at a terminal."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from cellcalc import resources
from cellcalc.api import Problem
from cellcalc.errors import OptionError
from cellcalc.problems.specification import read_specification
from cellcalc.studies import tasks
from tests.support.command import Run

command = import_module("cellcalc.cli.new")  # the name there is that of the command

OWN = """\
# A problem to start from: its numbers are drawn at random; change any of them. To try:
#   cellcalc table FILE
#   cellcalc table FILE --explain
#   cellcalc workbook FILE

title = "A problem of 3 steps"
cell = "lstm"          # others: cellcalc templates cells
readout = "linear"     # others: cellcalc templates readouts
loss = "half-squared"  # others: cellcalc templates losses

[parameters]
W_f = 0.07    # weight of xₜ in z_f (forget gate, net input)
U_f = 0.26    # weight of hₜ₋₁ in z_f (forget gate, net input)
b_f = -0.36   # bias in z_f (forget gate, net input)
W_i = 0.14    # weight of xₜ in z_i (input gate, net input)
U_i = -0.04   # weight of hₜ₋₁ in z_i (input gate, net input)
b_i = 0.41    # bias in z_i (input gate, net input)
W_g = 0.25    # weight of xₜ in z_g (candidate, net input)
U_g = 0.12    # weight of hₜ₋₁ in z_g (candidate, net input)
b_g = -0.46   # bias in z_g (candidate, net input)
W_o = 0.32    # weight of xₜ in z_o (output gate, net input)
U_o = -0.24   # weight of hₜ₋₁ in z_o (output gate, net input)
b_o = 0.11    # bias in z_o (output gate, net input)
V = 0.04      # weight of hₜ in y (prediction)
b_y = 0.18    # bias in y (prediction)
"""


def problem(text: str) -> Problem:
    return Problem.of(read_specification(text, "new.toml", Path()))


def test_a_new_problem_runs_at_once(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    result = run("new", "-o", path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"wrote {path}; next: cellcalc table {path}\n"
    assert run("table", path).exit_code == 0
    assert f"#   cellcalc workbook {path}\n" in path.read_text(encoding="utf-8")
    assert run("new", "-o", path).exit_code == 0
    again = run("new", "--seed", 2, "-o", path)
    assert again.exit_code == 2
    assert f"{path}: expected no file of that name (or --force), found one" in again.stderr


def test_every_parameter_is_written_out_with_what_it_does(run: Run) -> None:
    arguments = ["--inputs", 1, "--readout", "linear", "--seed", 4]
    text = run("new", *arguments).stdout
    start, _, rest = text.partition("\n[initial]\n")
    assert _shape(start) == _shape(OWN)
    assert re.match(r"h = 0\.\d+  # the state before step 1\nc = 0\.\d+\n\n\[\[sequence\]\]", rest)
    assert run("new", *arguments).stdout == text
    assert run("new", *arguments[:-1], 5).stdout != text


def _shape(text: str) -> list[str]:
    """The lines of a file without the numbers drawn, which only have to be there."""
    return [
        line.split(" = ")[0] + "#" + line.partition("#")[2] if "  # " in line else line
        for line in text.splitlines()
    ]


LOSSES = [
    n for n in resources.names("templates/losses") if n not in ("cross-entropy", "signed-error")
]


@pytest.mark.parametrize(
    ("cell", "readout", "loss"),
    [
        *((cell, "linear", "half-squared") for cell in resources.names("templates/cells")),
        *(("lstm", readout, "squared") for readout in resources.names("templates/readouts")),
        *(("lstm", "identity", loss) for loss in LOSSES),
        ("gru", "logistic", "cross-entropy"),
    ],
)
def test_every_cell_readout_and_loss_can_be_asked_for(
    cell: str, readout: str, loss: str, run: Run
) -> None:
    result = run(
        "new", "--cell", cell, "--readout", readout, "--loss", loss, "--steps", 5, "--inputs", 3
    )
    s = problem(result.stdout).specification
    assert (s.cell.name, s.readout.name) == (cell, readout)
    assert s.loss is not None and s.loss.name == loss
    assert (s.sequences[0].steps, s.features) == (5, 3)
    assert all(abs(value) <= 0.5 for value in s.parameters.values())
    trace = problem(result.stdout).run()
    assert trace.loss is not None and math.isfinite(trace.loss)


@pytest.mark.parametrize("cell", ["gru", "rnn", "lstm-1997", "cec", "fgr"])
def test_a_task_takes_any_cell(cell: str, run: Run) -> None:
    text = run("new", "--task", "echo", "--cell", cell, "--sequences", 2).stdout
    assert problem(text).run(detail=False).specification.cell.name == cell


def test_a_copy_of_an_example(run: Run) -> None:
    gomez = resources.folder("examples") / "gomez.toml"
    assert run("new", "--example", "gomez").stdout == gomez.read_text(encoding="utf-8")


def test_the_example_echo_is_what_the_command_writes(run: Run) -> None:
    path = resources.folder("examples") / "echo.toml"
    made = run("new", "--task", "echo", "--seed", 7).stdout.replace(" FILE", " echo")
    assert path.read_text(encoding="utf-8") == made


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--task", "adding", "--lag", 3],
         "--lag: expected a task that has a lag (echo, sine, series), found adding"),
        (["--task", "echo", "--lag", 8, "--steps", 8],
         "--steps: expected at least 9 for echo with a lag of 8, found 8"),
        (["--task", "series", "--sequences", 40],
         "--sequences: expected no more than 289 years hold, found 40 of 24 steps, 1 ahead"),
        (["--task", "sine", "--inputs", 2],
         "--inputs: expected nothing of the kind with --task sine, found 2"),
        (["--lag", 2], "--lag: expected --task with it, found 2"),
        (["--example", "gomez", "--steps", 2],
         "--steps: expected nothing of the kind with --example, found 2"),
        (["--readout", "lineer"],
         "--readout: expected the name of a readout (cellcalc templates readouts lists them), "
         'found "lineer"; did you mean linear?'),
        (["--example", "gomes"],
         "--example: expected the name of an example (cellcalc templates examples lists them), "
         'found "gomes"; did you mean gomez?'),
        (["--cell", "none.toml"], "none.toml: expected a file, found nothing there"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(arguments: list[str], message: str, run: Run) -> None:
    result = run("new", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {message}\n"


def test_an_unknown_task_is_said(run: Run) -> None:
    result = run("new", "--task", "eco")
    assert result.exit_code == 2 and 'found "eco"; did you mean echo?' in result.stderr


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], Path]:
    """Somebody sits at a terminal, in an empty folder."""
    monkeypatch.setattr(command, "is_terminal", lambda: True)
    monkeypatch.chdir(tmp_path)
    return lambda: tmp_path / "problem.toml"


def test_in_a_terminal_it_asks(terminal: Callable[[], Path], run: Run) -> None:
    result = run("new", stdin="own\n4\n1\n\n\n\n")
    assert result.exit_code == 0 and result.stdout == ""
    s = problem(terminal().read_text(encoding="utf-8")).specification
    assert (s.sequences[0].steps, s.features, s.cell.name) == (4, 1, "lstm")
    assert "Steps [3]: " in result.stderr and "Inputs per step [2]: " in result.stderr
    assert result.stderr.endswith("wrote problem.toml; next: cellcalc table problem.toml\n")


def test_it_asks_again_where_an_answer_is_none(terminal: Callable[[], Path], run: Run) -> None:
    Path("taken.toml").touch()
    result = run("new", stdin="ecco\necho\nlstn\nlstm\ntaken.toml\n\n")
    assert result.exit_code == 0
    assert 'expected one of these, found "ecco"; did you mean echo?' in result.stderr
    assert "did you mean lstm?" in result.stderr
    assert "taken.toml: expected no file of that name" in result.stderr
    assert "Echo an impulse" in terminal().read_text(encoding="utf-8")


def test_it_offers_examples(terminal: Callable[[], Path], run: Run) -> None:
    assert run("new", stdin="gomez\n\n").exit_code == 0
    assert "Gomez 2016" in terminal().read_text(encoding="utf-8")


def test_without_a_terminal_it_does_not_ask(run: Run) -> None:
    assert run("new").stdout.startswith("# A problem to start from")


def test_the_tasks_of_the_help_are_those_of_the_file() -> None:
    assert tuple(tasks.tasks()) == command.TASKS
    with pytest.raises(OptionError, match="at least 2 for parity"):
        tasks.draw("parity", steps=1)
