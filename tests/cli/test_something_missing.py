"""Problems that lack what a command needs: one line says what, and nothing else happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Run

HEAD = 'cell = "cifg"\n[parameters]\nrandom = {seed = 1}\n'
NO_TARGET = f"{HEAD}[[sequence]]\nx = [1, 2]\ntarget = [nan, nan]\n"
DISCARDED = (
    f'{HEAD}[[sequence]]\nx = [1]\ntarget = [0.1]\n[bptt]\nk1 = 9\nk2 = 9\ntail = "discard"\n'
)
SECOND_ONLY = f"{HEAD}[[sequence]]\nx = [0.5]\n[[sequence]]\nx = [1, 2]\ntarget = [0.1, 0.2]\n"


@pytest.mark.parametrize(
    ("problem", "arguments", "said"),
    [
        (NO_TARGET, ["check", "p.toml", "--suggest"], "a window that fires, found none"),
        (DISCARDED, ["check", "p.toml", "--suggest"], "a window that fires, found none"),
        (NO_TARGET, ["practice", "p.toml"], "there is no backward pass"),
        (NO_TARGET.replace("nan, nan]", f"{'9' * 5_000}, 0]"), ["table", "p.toml"],
         "a whole number of thousands of digits"),
    ],
)  # fmt: skip
@pytest.mark.cases(2)
def test_it_is_said(
    problem: str,
    arguments: list[str],
    said: str,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.toml").write_text(problem)
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.parametrize(
    "arguments", [["check", "p.toml", "--suggest"], ["class", "make", "p.toml", "--count", "1", "-o", "c"]]
)  # fmt: skip
@pytest.mark.cases(1)
def test_a_first_sequence_without_targets(
    arguments: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.toml").write_text(SECOND_ONLY)
    result = run(*arguments)
    assert (result.exit_code, "mistake" in result.stderr) == (0, False), result.stderr


STATELESS = """\
output = "m"
[parameters]
W = "input"
w = "scalar"
[[equation]]
symbol = "m"
formula = "tanh(W @ x)*w**3"
"""


@pytest.mark.cases(1)
@pytest.mark.parametrize("answer", ["m[2] = 0.5", "dW = 0.123", "dm[1] = 0.7", "dm[t] = m[t]"])
def test_wrong_answers_of_a_cell_without_a_state(
    answer: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slips of states, and of what windows hand on, are not looked for where there are none."""
    monkeypatch.chdir(tmp_path)
    Path("cell.toml").write_text(STATELESS)
    data = "[[sequence]]\nx = [1, 2, -1]\ntarget = [0.5, 0.25, 1]\n[bptt]\nk1 = 1\nk2 = 2\n"
    Path("p.toml").write_text(f'cell = "cell.toml"\n[parameters]\nW = 0.5\nw = 0.75\n{data}')
    result = run("check", "p.toml", "-e", answer)
    assert (result.exit_code, result.stderr) == (1, "")
