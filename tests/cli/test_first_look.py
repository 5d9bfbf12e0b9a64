"""What a table shows at first, in which colours, and when it goes through the pager."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from cellcalc.views.text import filled, heat, tabular
from tests.support.command import Run
from tests.support.paths import EXPECTED, ROOT

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def keys(text: str) -> set[str]:
    return {line.split(" ")[0] for line in text.splitlines() if "  " in line and line[0] != "-"}


def test_folded_rows_are_counted_and_all_shows_them(run: Run) -> None:
    brief, whole = run("table", "gomez").stdout, run("table", "gomez", "--all").stdout
    more = keys(whole) - keys(brief)
    assert {"dh_via_y", "dc_via_c", "dx1", "dx2_via_z_o"} <= more
    assert all("_via_" in key or key.startswith("dx") for key in more)
    assert f"\n{len(more)} rows folded: " in brief and "folded" not in whole
    assert len(run("table", "gomez", "--symbols", "dx1,dc_via_c").stdout.splitlines()) < 20
    assert "dx1  " in run("table", "gomez", "--symbols", "dx1,dc_via_c").stdout


def test_a_frozen_parameter_is_folded_in_the_update(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(
        "[parameters]\nrandom = {seed = 1}\n[[sequence]]\nx = [1, 2]\ntarget = [0.5, 1]\n"
        "[update]\nfrozen = ['W_f', 'b_o']\n"
    )
    update = run("table", path).stdout.partition("\nUpdate\n")[2]
    assert "U_f " in update and "W_f " not in update and "b_o " not in update
    assert "\nW_f " in run("table", path, "--all").stdout.partition("\nUpdate\n")[2]


@pytest.mark.parametrize("format", ["csv", "json"])
def test_data_is_never_folded(format: str, run: Run) -> None:
    assert "dh_via_y" in run("table", "gomez", "--format", format).stdout
    refused = run("table", "gomez", "--format", format, "--all")
    assert refused.exit_code == 2 and "--all: expected nothing of the kind" in refused.stderr


def test_training_begins_with_a_summary(run: Run) -> None:
    text = run("table", "statquest").stdout
    assert len(text.splitlines()) < 350
    assert text.splitlines()[6:12] == [
        "",
        "Training: 300 epochs, 600 updates; L of an epoch, before each update",
        "",
        "epoch          1        3       10       30      100      300",
        "-------  -------  -------  -------  -------  -------  -------",
        "L        0.70111  0.53207  0.50516  0.50548  0.50435  0.00036",
    ]
    assert "What follows is epoch 300 (--epoch N shows another one, --all every one)." in text
    assert text.count("Forward pass, epoch 300") == 2 and "epoch 299" not in text
    assert "Training" not in run("table", "statquest", "--epoch", "7").stdout


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-3.9e-05, "-0.000039000"),
        (0.000012345, "0.000012345"),
        (1.23456e-06, "0.0000012346"),
        (1.23456e-07, "1.2346e-07"),
        (0.00012, "0.00012"),
        (0.5, "0.50000"),
        (12345678.9, "1.2346e+07"),
    ],
)
def test_a_small_number_has_its_significant_digits(value: float, text: str) -> None:
    assert tabular(value, 5) == text
    assert float(tabular(value, 5)) == pytest.approx(value, rel=5e-5, abs=5e-6)


def test_colours_only_where_they_are_asked_for(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = [
        ["table", "gomez"],
        ["flow", "ten_steps"],
        ["check", "gomez", "-e", "c[1] = 0.78573", "-e", "c[2] = 9"],
    ]
    for command in commands:
        plain = run(*command).stdout
        assert not COLOUR.search(plain)
        coloured = run(*command, "--color", "always").stdout
        assert len(COLOUR.findall(coloured)) >= 2 and COLOUR.sub("", coloured) == plain
        assert run(*command, "--color", "never").stdout == plain
        run(*command, "--color", "always", "-o", tmp_path / "a.txt", "--force")
        assert (tmp_path / "a.txt").read_text(encoding="utf-8") == plain
    for format in ("markdown", "json", "html"):
        assert "\x1b" not in run(*commands[0], "--color", "always", "-f", format).stdout
        assert "\x1b" not in run(*commands[1], "--color", "always", "-f", format).stdout
    assert "\x1b" not in run(*commands[2], "--color", "always", "-f", "html").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert not COLOUR.search(run("table", "gomez").stdout)
    assert COLOUR.search(run("table", "gomez", "--color", "always").stdout)


def test_verdicts_have_colours_of_their_own(run: Run) -> None:
    text = run(
        "check", "gomez", "-e", "c[1] = 0.78573", "-e", "c[2] = 9", "--all", "--color", "always"
    ).stdout
    assert "\x1b[32m✓ correct\x1b[0m" in text and "\x1b[1;31m✗ wrong\x1b[0m" in text


def test_heat_goes_by_sign_and_power_of_ten() -> None:
    shades = [heat(x, 1.0) for x in (1.0, 0.5, 0.05, 0.005, 0.0005, 0.0)]
    assert shades[0] == "1;38;5;166" and shades[1] == "1;38;5;166"
    assert len(set(shades[1:5])) == 4 and shades[4] == shades[5]
    assert heat(-1.0, 1.0) != heat(1.0, 1.0) and heat(float("nan"), 1.0) == ""


def in_a_terminal(words: list[str], rows: int = 24, **environment: str) -> str:
    """What a command prints in a terminal of so many rows."""
    import fcntl
    import pty
    import struct
    import termios

    child, terminal = pty.fork()
    if child == 0:
        settings = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        settings |= {"TERM": "xterm", **environment}
        for name in ("COLUMNS", "LINES"):
            settings.pop(name, None)
        os.execve(sys.executable, [sys.executable, "-m", "cellcalc", *words], settings)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 80, 0, 0))
    found = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        found += part
    os.waitpid(child, 0)
    os.close(terminal)
    return found.decode().replace("\r\n", "\n")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no terminal to open")
def test_a_terminal_has_colours_and_a_pager(tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho paged\ncat\n")
    pager.chmod(0o755)
    whole = (EXPECTED / "table_gomez.txt").read_text(encoding="utf-8")
    text = in_a_terminal(["table", "gomez"], PAGER=str(pager))
    assert text.startswith("paged\n") and COLOUR.sub("", text) == "paged\n" + whole
    assert COLOUR.search(text)
    text = in_a_terminal(["table", "gomez", "--no-pager"], PAGER=str(pager), NO_COLOR="1")
    assert text == whole
    text = in_a_terminal(["table", "gomez", "--color", "never"], rows=200, PAGER=str(pager))
    assert text == whole


def test_lines_are_filled_by_columns_and_chinese_is_broken_anywhere() -> None:
    assert filled("one two three", 7) == ["one two", "three"]
    assert filled("遗忘门决定旧的细胞状态保留多少。", 12) == [
        "遗忘门决定旧",
        "的细胞状态保",
        "留多少。",
    ]
    assert filled("f\N{NO-BREAK SPACE}gate i\N{NO-BREAK SPACE}gate", 9) == [
        "f\N{NO-BREAK SPACE}gate",
        "i\N{NO-BREAK SPACE}gate",
    ]
