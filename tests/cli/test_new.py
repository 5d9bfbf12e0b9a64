"""Problem files to start from, and the tasks that they can be."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from cellcalc import resources
from cellcalc.api import Problem
from cellcalc.errors import OptionError
from cellcalc.problems.sequences import Sequence
from cellcalc.problems.specification import read_specification
from cellcalc.studies import tasks
from tests.support.command import Run

command = import_module("cellcalc.cli.new")  # the name there is that of the command

OWN = """\
# A problem to start from: the numbers are drawn at random, change any of them. Try `cellcalc
# table FILE`, `cellcalc table FILE --explain`, `cellcalc workbook FILE`.

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
    return Problem(read_specification(text, "new.toml", Path()))


def asked_at(sequence: Sequence) -> list[int]:
    """The places, from 0, at which a sequence has a target."""
    return [t for t, has in enumerate(sequence.has_target) if has]


def test_a_new_problem_runs_at_once(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    result = run("new", "-o", path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"wrote {path}; next: cellcalc table {path}\n"
    assert run("table", path).exit_code == 0
    assert f"`cellcalc workbook {path}`" in " ".join(
        path.read_text(encoding="utf-8").replace("\n#", "").split()
    )
    again = run("new", "-o", path)
    assert again.exit_code == 2
    assert f"{path}: expected no file of that name (or --force), found one" in again.stderr


def test_every_parameter_is_written_out_with_what_it_does(run: Run) -> None:
    arguments = ["--inputs", 1, "--readout", "linear", "--seed", 4]
    text = run("new", *arguments).stdout
    start, _, rest = text.partition("\n[initial]\n")
    assert _shape(start) == _shape(OWN)
    assert rest.startswith("h = 0  # the state before step 1\nc = 0\n\n[[sequence]]")
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


@pytest.mark.parametrize("name", tasks.tasks())
def test_every_task_runs_and_is_the_same_for_the_same_seed(name: str, run: Run) -> None:
    arguments = ["new", "--task", name, "--seed", 3, "--sequences", 3]
    text = run(*arguments).stdout
    s = problem(text).specification
    drawn = tasks.draw(name, 3, sequences=3)
    for read, made in zip(s.sequences, drawn.sequences, strict=True):
        assert read.inputs == made.inputs
        assert read.targets == pytest.approx(made.targets, nan_ok=True)
    assert run(*arguments).stdout == text
    if name != "series":
        assert run(*arguments[:-3], 4, "--sequences", 3).stdout != text
    trace = problem(text).run(detail=False)
    assert len(trace.passes) == 3


@pytest.mark.parametrize("name", tasks.tasks())
def test_a_task_says_what_chance_is(name: str) -> None:
    """The figure in the comment is what the guess that it names costs, over many sequences."""
    count = None if name == "series" else 4000
    sequences = tasks.draw(name, 2, sequences=count).sequences
    guess = {"order": 0.5, "series": 0.486}.get(name, 0.0)
    costs = []
    for sequence in sequences:
        for target in (v for v in sequence.targets or () if not math.isnan(v)):
            gap = math.log(2) if name == "order" else (target - guess) ** 2 / 2
            costs.append(gap)
    expected = {"echo": 0.29, "adding": 0.083, "order": 0.69, "sine": 0.25, "parity": 0.5,
                "series": 0.078}[name]  # fmt: skip
    assert sum(costs) / len(costs) == pytest.approx(expected, rel=0.03)
    assert f"{expected:g}" in tasks.tasks()[name].chance


def test_echo_asks_for_the_impulse_after_the_lag() -> None:
    for sequence in tasks.draw("echo", 5, steps=9, sequences=40, lag=4).sequences:
        (x,) = sequence.inputs
        (asked,) = asked_at(sequence)
        assert sequence.targets is not None
        assert [t for t, value in enumerate(x) if value] == [asked - 4]
        assert x[asked - 4] == sequence.targets[asked]
        assert 0.5 <= abs(x[asked - 4]) <= 1


def test_adding_marks_one_number_in_each_half() -> None:
    for sequence in tasks.draw("adding", 5, steps=7, sequences=40).sequences:
        numbers, marks = sequence.inputs
        assert sequence.targets is not None
        assert sum(marks[:3]) == sum(marks[3:]) == 1
        assert asked_at(sequence) == [6]
        total = sum(a * b for a, b in zip(numbers, marks, strict=True))
        assert sequence.targets[6] == pytest.approx(total / 2)


def test_order_asks_which_came_first() -> None:
    seen = set()
    for sequence in tasks.draw("order", 5, sequences=40).sequences:
        _, symbols = sequence.inputs
        first = next(value for value in symbols if value)
        assert sorted(value for value in symbols if value) == [-1, 1]
        assert sequence.targets is not None
        assert sequence.targets[-1] == (1 if first == 1 else 0)
        seen.add(first)
    assert seen == {-1, 1}


def test_sine_asks_for_the_sine_ahead_without_noise() -> None:
    for sequence in tasks.draw("sine", 5, steps=30, sequences=5, lag=3).sequences:
        (x,), target = sequence.inputs, sequence.targets
        assert target is not None
        for t in range(24):  # a sine is opposite to itself half a period on
            assert target[t] == pytest.approx(-target[t + 6], abs=0.0011)
        noise = [a - b for a, b in zip(x[3:], target[:-3], strict=True)]
        assert 0.03 < math.sqrt(sum(e * e for e in noise) / len(noise)) < 0.2


def test_parity_counts_the_ones_so_far() -> None:
    for sequence in tasks.draw("parity", 5, sequences=20).sequences:
        (bits,), target = sequence.inputs, sequence.targets
        assert target is not None
        for t in range(8):
            assert target[t] == (1 if bits[: t + 1].count(1) % 2 else -1)


def test_the_series_is_that_of_the_source() -> None:
    """Known years: the largest number is 190.2, of 1957; 1816 had 45.8, 1988 had 100.2."""
    data = tasks.sunspots()
    by_year = dict(enumerate(data["values"], data["first"]))
    assert list(by_year) == list(range(1700, 1989))
    assert max(by_year, key=by_year.__getitem__) == 1957 and by_year[1957] == 190.2
    assert (by_year[1700], by_year[1816], by_year[1988]) == (5, 45.8, 100.2)
    assert data["licence"] == "public domain" and data["source"]
    drawn = tasks.draw("series", lag=2, steps=20).sequences
    joined = [value for sequence in drawn for value in sequence.inputs[0]]
    assert joined == pytest.approx([v / 100 for v in data["values"][: len(joined)]])
    for place, sequence in enumerate(drawn):
        start = 20 * place + 2
        assert sequence.targets == pytest.approx(
            [v / 100 for v in data["values"][start : start + 20]]
        )


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
    assert result.exit_code == 2 and "'eco' is not one of 'echo'" in result.stderr


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], Path]:
    """Somebody sits at a terminal, in an empty folder."""
    monkeypatch.setattr(command, "is_terminal", lambda: True)
    monkeypatch.chdir(tmp_path)
    return lambda: tmp_path / "problem.toml"


def test_in_a_terminal_it_asks(terminal: Callable[[], Path], run: Run) -> None:
    result = run("new", stdin="own\n4\n1\n\n\n")
    assert result.exit_code == 0 and result.stdout == ""
    s = problem(terminal().read_text(encoding="utf-8")).specification
    assert (s.sequences[0].steps, s.features, s.cell.name) == (4, 1, "lstm")
    assert "Steps [3]: " in result.stderr and "Inputs a step [2]: " in result.stderr
    assert result.stderr.endswith("wrote problem.toml; next: cellcalc table problem.toml\n")


def test_it_asks_again_where_an_answer_is_none(terminal: Callable[[], Path], run: Run) -> None:
    Path("taken.toml").touch()
    result = run("new", stdin="ecco\necho\nlstn\nlstm\ntaken.toml\n\n")
    assert result.exit_code == 0
    assert "expected one of these, found ecco; did you mean echo?" in result.stderr
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
