"""Shells complete every name where it belongs; the man page has every command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from cellcalc import resources
from cellcalc.cli import main
from cellcalc.cli.completing import VARIABLE, PowerShellComplete, prepare
from tests.support.command import Run
from tests.support.paths import ROOT


@pytest.fixture(autouse=True, scope="module")
def prepared() -> None:
    prepare(main)


def completed(*words: str) -> list[str]:
    """What is offered for the last word."""
    *before, incomplete = words
    complete = ShellComplete(main, {}, "cellcalc", VARIABLE)
    return [item.value for item in complete.get_completions(before, incomplete)]


@pytest.mark.parametrize(
    ("words", "some"),
    [
        (["ta"], ["table"]),
        (["table", "go"], ["gomez"]),
        (["table", "--for"], ["--format"]),
        (["table", "--format", "mark"], ["markdown"]),
        (["table", "--format", "fancy"], ["fancy_grid"]),
        (["derive", "gomez", "--format", ""], ["text", "markdown", "html", "latex", "json", "python"]),
        (["table", "gomez", "--symbols", "dc_"], ["dc_via_tanh_c", "dc_via_c"]),
        (["table", "gomez", "--symbols", "c,dW_f"], ["c,dW_f1", "c,dW_f2"]),
        (["table", "gru_chung", "--symbols", "z_"], ["z_r", "z_u"]),
        (["table", "gomez", "--scheme", "for"], ["forum-last(k1,k2)"]),
        (["table", "gomez", "--notation", "gr"], ["graves", "greff"]),
        (["workbook", "gomez", "--sheets", "Start,Un"], ["Start,Unrolled"]),
        (["workbook", "gomez", "--practice", "ba"], ["backward"]),
        (["derive", "gru"], ["gru_chung", "gru_reset_after", "gru_reset_before", "gru", "gru-chung"]),
        (["new", "--cell", "rnn"], ["rnn", "rnn-linear"]),
        (["new", "--example", "echo"], ["echo"]),
        (["new", "--task", "ad"], ["adding"]),
        (["explain", "tb"], ["tbptt"]),
        (["explain", "carou"], ["carousel"]),
        (["templates", "los"], ["losses"]),
        (["compare", "ten_steps", "block"], ["block(k)"]),
        (["practice", "gomez", "--practice", "all"], ["all"]),
        (["completion", "po"], ["powershell"]),
        (["table", "gomez", "--lang", ""], ["en", "zh"]),
        (["class", "ma"], ["make", "mark"]),
        (["class", "make", "gom"], ["gomez"]),
    ],
    ids=lambda value: " ".join(value),
)  # fmt: skip
def test_names_are_completed_where_they_belong(words: list[str], some: list[str]) -> None:
    assert set(some) <= set(completed(*words))


def test_every_example_and_topic_is_completed() -> None:
    assert set(completed("table", "")) >= set(resources.names("examples"))
    assert set(completed("explain", "")) >= set(resources.names("templates/topics"))


def test_problems_of_ones_own_are_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").touch()
    assert completed("table", "mi") == ["mine.toml"]
    complete = ShellComplete(main, {}, "cellcalc", VARIABLE)
    (item,) = complete.get_completions(["table"], "some/fol")
    assert item.type == "file"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_each_shell_has_a_script(shell: str, run: Run) -> None:
    result = run("completion", shell)
    assert (
        result.exit_code == 0
        and VARIABLE in result.stdout
        and "%"
        not in result.stdout.replace("%d", "")
        .replace("%s", "")
        .replace("ForEach-Object", "")
        .replace("%:*", "")
        .replace("%%", "")
        .replace("${completion%", "")
    )
    program = shutil.which({"powershell": "pwsh"}.get(shell, shell))
    if program and shell != "powershell":
        command = [program, "-n"] if shell != "fish" else [program, "--no-execute", "/dev/stdin"]
        done = subprocess.run(
            command, input=result.stdout, text=True, capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """An environment in which cellcalc is a command, as it is when it is installed."""
    command = tmp_path / "cellcalc"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m cellcalc "$@"\n')
    command.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs the command fish")
@pytest.mark.cases(1)
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("cellcalc explain carou", ["carousel"]),
        ("cellcalc table gomez --symbols dU_", [f"dU_{gate}" for gate in "figo"]),
    ],
)
def test_fish_completes(typed: str, completed: list[str], surroundings: dict[str, str]) -> None:
    asked = f'cellcalc completion fish | source; complete -C "{typed}"'
    done = subprocess.run(
        ["fish", "--no-config", "-c", asked],
        env=surroundings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert sorted(done.stdout.split()) == sorted(completed), done.stderr


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs the command zsh")
@pytest.mark.cases(0)
def test_zsh_completes_at_a_tab(surroundings: dict[str, str]) -> None:
    import pty
    import select
    import time

    process, terminal = pty.fork()
    if process == 0:
        os.execvpe("zsh", ["zsh", "-f", "-i"], surroundings)

    def shown_until(text: bytes) -> bytes:
        shown, end = b"", time.monotonic() + 30
        while text not in shown and time.monotonic() < end:
            if select.select([terminal], [], [], 0.2)[0]:
                shown += os.read(terminal, 4096)
        return shown

    setting_up = 'autoload -Uz compinit; compinit -u -D; eval "$(cellcalc completion zsh)"'
    os.write(terminal, f"{setting_up}; echo rea''dy\n".encode())
    assert b"ready" in shown_until(b"ready")
    os.write(terminal, b"cellcalc explain carou\t")
    assert b"carousel" in shown_until(b"carousel")
    os.close(terminal)
    os.waitpid(process, 0)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs the command bash")
def test_bash_completes(surroundings: dict[str, str], run: Run) -> None:
    script = run("completion", "bash").stdout
    ask = "COMP_WORDS=(cellcalc explain carou); COMP_CWORD=2; _cellcalc_completion cellcalc carou; "
    done = subprocess.run(
        ["bash", "-c", f'{script}\n{ask} echo "${{COMPREPLY[@]}}"'],
        env=surroundings,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "carousel\n", done.stderr


def test_powershell_hands_over_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    complete = PowerShellComplete(main, {}, "cellcalc", VARIABLE)
    for words, incomplete in (("cellcalc explain carou", "carou"), ("cellcalc explain ", "")):
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_WORD", incomplete)
        assert complete.get_completion_args() == (["explain"], incomplete)
        assert "carousel" in complete.complete().splitlines()
    # A name with a space, as PowerShell quotes it, is one word; and files are left to PowerShell.
    monkeypatch.setenv(
        "COMP_WORDS", r"""cellcalc table 'my folder\a.toml' --out C:\x.csv "b c" so"""
    )
    monkeypatch.setenv("COMP_WORD", "so")
    words = ["table", r"my folder\a.toml", "--out", r"C:\x.csv", "b c"]
    assert complete.get_completion_args() == (words, "so")
    monkeypatch.setenv("COMP_WORDS", "cellcalc table some/fol")
    monkeypatch.setenv("COMP_WORD", "some/fol")
    assert complete.complete() == ""


def test_the_man_page_has_every_command_and_option(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "cellcalc.1"
    assert run("completion", "man", "-o", path).exit_code == 0
    text = path.read_text(encoding="utf-8").replace("\\-", "-")
    assert text.startswith(".TH CELLCALC 1 ")
    for name, command in main.commands.items():
        assert f".SS cellcalc {name} " in text
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert option.opts[-1] in text, (name, option.opts)
