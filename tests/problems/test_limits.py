"""What a problem may ask for, and what is said of one that asks for more."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellcalc.engine.effort import extent
from cellcalc.engine.schedule import plan
from cellcalc.errors import MOST_SHOWN, InputError, LimitError, Mistake
from cellcalc.problems.schemes import Scheme
from cellcalc.problems.specification import read_specification
from cellcalc.views.text import markdown_text
from tests.reliability.extremes import EXTREMES, as_expected
from tests.reliability.inputs import inside, invoke
from tests.support.command import Run
from tests.support.problems import random_data

QUICK = [
    "9**9**9", "h to the power of 1e308", "exp of exp", "a million characters",
    "a thousand brackets", "a thousand divisions", "a product of 1400", "many equations",
    "many inputs", "an endless training", "a long training kept", "a window back to the start",
    "an integer of 4000 digits", "an integer of a million digits", "lists within lists",
    "a key of many names", "a key of a million letters", "a CSV line of 10 GB",
    "a CSV line of 10 MB", "zeros",
]  # fmt: skip


@pytest.mark.parametrize("name", QUICK)
def test_more_than_there_may_be_is_refused_in_words(name: str, tmp_path: Path) -> None:
    make, expected = EXTREMES[name]
    make(tmp_path)
    with inside(tmp_path):
        result = invoke("table", "p.toml")
    assert as_expected(result.exit_code, result.stderr, expected), result.stderr[:500]


@pytest.mark.parametrize("k1", [1, 2, 3, 7, 9])
@pytest.mark.parametrize("k2", [1, 2, 5, 7, 9])
@pytest.mark.parametrize("tail", ["flush", "discard"])
@pytest.mark.parametrize("state", ["carry", "reset"])
def test_the_effort_is_known_without_a_plan(k1: int, k2: int, tail: str, state: str) -> None:
    scheme = Scheme("x", k1, k2, tail=tail, state=state)
    planned = plan(scheme, 7, [True] * 7)
    windows, swept = extent(scheme, 7, True)
    assert windows == len(planned.windows)
    # Without the state being carried a window ends at the last firing; the estimate may be larger.
    assert swept >= planned.backward_cells
    if state == "carry":
        assert swept == planned.backward_cells


def test_a_schedule_too_long_to_list_is_refused() -> None:
    data = random_data(1, 1, 5)
    text = data.toml().replace("[bptt]\n", '[bptt]\nscheme = "realtime"\n')
    text = text.replace(repr(data.rows(data.x)), repr([0.5] * 4_000))
    text = text.replace(repr(data.target), repr([0.5] * 4_000))
    from cellcalc.views.schedule import schedules

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


def test_of_many_mistakes_the_first_are_shown() -> None:
    mistakes = [Mistake("p.toml", f"k{k}", "nothing", "k" * 1_000) for k in range(250)]
    lines = InputError(mistakes).lines
    assert len(lines) == MOST_SHOWN + 1
    assert lines[-1] == "p.toml: and 150 more mistakes"
    assert len(lines[0]) < 500
    assert len(InputError(mistakes).mistakes) == 250


def test_so_many_mistakes_end_the_reading() -> None:
    with pytest.raises(InputError) as caught:
        read_specification(f"[[sequence]]\nx = {['a'] * 20_000}\n", "p.toml", Path())
    assert caught.value.lines[-1] == "p.toml: and at least 9,900 more mistakes"


@pytest.mark.parametrize("name", ["table", "workbook", "derive", "schedule"])
def test_the_input_is_never_overwritten(name: str, run: Run, tmp_path: Path) -> None:
    problem = tmp_path / "p.toml"
    text = "[parameters]\nrandom = {seed = 1}\n[[sequence]]\nx = [1]\ntarget = [2]\n"
    problem.write_text(text)
    (tmp_path / "other").symlink_to(problem)
    for output in (problem, tmp_path / "other"):
        result = run(name, problem, "-o", output, "--force")
        assert result.exit_code == 2
        expected = f"Error: {output}: expected another file than the input, found the input itself"
        assert result.stderr == expected + "\n"
    assert problem.read_text() == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("z_f, tanh_c & a·b", "z_f, tanh_c & a·b"),
        ("*a* _b_ `c`", "\\*a\\* \\_b\\_ \\`c\\`"),
        ("<b>&amp;[x](y)", "\\<b\\>\\&amp;\\[x\\](y)"),
        ("C# and ##", "C# and \\#\\#"),
        ("~~x~~ ~5 $x$", "\\~\\~x\\~\\~ ~5 \\$x\\$"),
    ],
)
def test_markdown_keeps_text_plain(text: str, expected: str) -> None:
    assert markdown_text(text) == expected


def test_more_than_anybody_reads_is_not_worked_out(run: Run) -> None:
    result = run("table", "statquest", "--explain")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: --explain: expected at most 50,000 values, found about")
    assert run("table", "statquest", "--explain", "--epoch", "300").exit_code == 0
