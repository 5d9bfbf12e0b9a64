"""The ending of ``-o`` says the format, formats have one set of names, and each has the title."""

from __future__ import annotations

import json
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

import cellcalc
from cellcalc.cli import main
from cellcalc.cli.formats import ENDINGS, FORMATS
from cellcalc.language.letters import latex_text
from tests.support.command import Run
from tests.support.oracles import program

TITLE = "Backpropagating an LSTM: a numerical example (Gomez 2016)"
QUICK = ["--k1", "1", "--k2", "1", "--seeds", "1", "--epochs", "1"]
WRITES = {  # a command, what it writes, and what its title is
    "table": (["table", "gomez"], "txt md html tex json csv tsv", TITLE),
    "worked": (["table", "gomez", "--explain"], "txt md html tex json", TITLE),
    "derive": (["derive", "gomez"], "txt md html tex json py", TITLE),
    "schedule": (["schedule", "gomez"], "txt md html json", TITLE),
    "flow": (["flow", "gomez"], "txt md html json xlsx", TITLE),
    "compare": (["compare", "gomez"], "txt md html json", TITLE),
    "check": (["check", "gomez", "-e", "c[1] = 0.78573"], "txt md html json", TITLE),
    "experiment": (["experiment", "gomez", *QUICK], "txt md html csv json", TITLE),
    "explain": (["explain", "bptt"], "txt md html json", "Backpropagation through time"),
    "templates": (["templates", "lstm"], "txt md html json", "LSTM with forget gate"),
    "export": (["export", "gomez", "--to", "numpy"], "txt py", TITLE),
    "workbook": (["workbook", "gomez", "--sheets", "Equations"], "xlsx", ""),
    "new": (["new"], "txt toml", "A problem of 3 steps"),
}
UNTITLED = (".csv", ".xlsx", ".py")  # a table of columns, a package, a script


@pytest.mark.parametrize("name", WRITES)
def test_an_ending_is_obeyed_or_refused(name: str, run: Run, tmp_path: Path) -> None:
    arguments, endings, title = WRITES[name]
    taken = {f".{ending}" for ending in endings.split()}
    for ending in (*(e for e in ENDINGS if e not in (".htm", ".text", ".markdown")), ".docx"):
        path = tmp_path / f"result{ending}"
        result = run(*arguments, "-o", path)
        if ending not in taken:
            assert (result.exit_code, result.stdout, path.exists()) == (2, "", False), ending
            assert result.stderr.startswith(f"Error: {path}: expected an ending that says a format")
            assert result.stderr.endswith(f'found "{ending}"\n')
            listed = set(result.stderr.partition("(")[2].partition(")")[0].split())
            assert listed == taken or name == "worked"  # of which table writes more
            continue
        assert result.exit_code == 0 and path.stat().st_size, ending
        if ending in UNTITLED:
            continue
        text = path.read_text(encoding="utf-8")
        if ending == ".json":
            data = json.loads(text)
            assert name in ("check", "templates") or data["title"].startswith(title)
        elif ending == ".html":
            assert text.startswith("<!DOCTYPE html>\n") and '<meta charset="utf-8">' in text
            assert title.replace("’", "'") in text.replace("&#x27;", "'")
        else:
            shown = latex_text(title) if ending == ".tex" else title
            assert shown in text.replace("\\", "" if ending == ".md" else "\\"), ending


@pytest.mark.parametrize("name", [n for n in WRITES if "json" in WRITES[n][1].split()])
def test_formats_have_the_same_names_everywhere(name: str, run: Run, tmp_path: Path) -> None:
    """``--format NAME`` prints what the ending for it writes."""
    arguments, endings, _ = WRITES[name]
    for ending in endings.split():
        format = ENDINGS[f".{ending}"]
        if format in FORMATS:
            path = tmp_path / f"result.{ending}"
            run(*arguments, "-o", path)
            text = run(*arguments, "--format", format).stdout
            assert path.read_bytes() == text.encode(), format


def test_every_format_that_a_command_offers_is_one_of_the_names() -> None:
    for command in main.commands.values():
        for option in command.params:
            choices = getattr(option.type, "choices", ())
            if option.name == "format" and choices:
                assert set(choices) <= {*FORMATS, "svg", "png", "pdf"}, command.name


def test_the_format_and_the_ending_may_not_disagree(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    result = run("table", "gomez", "--format", "json", "-o", path)
    assert (result.exit_code, path.exists()) == (2, False)
    assert result.stderr == "Error: --format: expected csv, as the ending .csv says, found json\n"
    assert run("table", "gomez", "--format", "csv", "-o", tmp_path / "a.dat").exit_code == 0
    assert run("table", "gomez", "--format", "csv", "-o", tmp_path / "a.txt").exit_code == 0
    assert run("table", "gomez", "--format", "pipe", "-o", tmp_path / "a.md").exit_code == 0
    assert run("table", "gomez", "--format", "latex_raw", "-o", tmp_path / "a.tex").exit_code == 0


def test_the_same_bytes_again_are_no_error(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "gomez.xlsx"
    for _ in range(2):
        assert run("workbook", "gomez", "-o", path).exit_code == 0
    old = path.read_bytes()
    (tmp_path / "gomez-2.xlsx").touch()
    result = run("workbook", "gomez", "--sheets", "Equations", "-o", path)
    assert (result.exit_code, path.read_bytes()) == (2, old)
    expected = "expected no file of that name (or --force), found one; gomez-3.xlsx is free"
    assert result.stderr == f"Error: {path}: {expected}\n"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("engine", ["pdflatex", "lualatex"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["table", "truncated"],
        ["table", "two_step", "--explain"],
        ["table", "peephole", "--explain", "--notation", "greff", "--step", "2"],
        ["derive", "gru_reset_before"],
    ],
    ids=" ".join,
)
@pytest.mark.cases(2)
def test_latex_compiles(engine: str, arguments: list[str], run: Run, tmp_path: Path) -> None:
    compiler = program(engine)
    assert run(*arguments, "-o", tmp_path / "d.tex").exit_code == 0
    command = [compiler, "-interaction=nonstopmode", "-halt-on-error", "d.tex"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert result.returncode == 0, result.stdout.decode(errors="replace")[-2000:]
    log = (tmp_path / "d.log").read_text(encoding="utf-8", errors="replace")
    assert "Missing character" not in log and "Overfull" not in log


@pytest.mark.parametrize(
    ("title", "latex"),
    [
        ("Ähnlich, größer, façade, šŁ", r"\"{A}hnlich, gr\"{o}\ss{}er, fa\c{c}ade, \v{s}\L{}"),
        ("Ωμέγα".replace("έ", "ε"), r"$\Omega$$\mu$$\epsilon$$\gamma$$\alpha$"),
        ("a < b | “c” – ∂", r"a $<$ b $|$ ``c'' -- $\partial$"),
    ],
)
def test_letters_are_spelled_for_every_engine(title: str, latex: str) -> None:
    assert latex_text(title) == latex


@pytest.mark.parametrize("title", ["长短期记忆", "Обратное распространение", "a ☃", "Đ"])
@pytest.mark.parametrize("command", [["table"], ["table", "--explain"], ["derive"]])
def test_letters_that_latex_lacks_are_refused(
    title: str, command: list[str], run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "p.toml"
    path.write_text(
        f'title = "{title}"\n[parameters]\nrandom = {{seed = 1}}\n[[sequence]]\nx = [1]\n'
        "target = [1]\n",
        encoding="utf-8",
    )
    result = run(command[0], path, *command[1:], "--format", "latex")
    assert (result.exit_code, result.stdout) == (2, "")
    letter = next(c for c in title if not c.isascii())
    expected = f'expected no latex, which lacks letters of the text, found "{letter}"'
    assert result.stderr == f"Error: --format: {expected}\n"
    assert title in run(command[0], path, *command[1:], "--format", "markdown").stdout


def test_the_worked_lines_in_json_hold_the_numbers(run: Run) -> None:
    data = json.loads(run("table", "gomez", "--explain", "--format", "json").stdout)
    lines = {(one["symbol"], one["t"]): one for s in data["sections"] for one in s["lines"]}
    assert lines["f", 2] == {
        "symbol": "f",
        "t": 2,
        "says": "forget gate: how much of the old cell is kept",
        "left": "f₂",
        "right": ["σ(z_f,₂)", "σ(1.90363)", "0.87030"],
        "value": cellcalc.load("gomez").run()["f"][1],
    }
    assert lines["dW_f1", None]["right"] == [
        "Σₜ ∂L/∂z_f,ₜ·x₁,ₜ",
        "0.00000 + (−0.00315)",
        "−0.00315",
    ]


def test_the_worked_lines_in_html_are_a_page_of_pairs(run: Run) -> None:
    class Reader(HTMLParser):
        open: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
            if tag not in ("meta", "br"):
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    text = run("table", "gomez", "--explain", "--format", "html", "--notation", "gomez").stdout
    reader = Reader()
    reader.feed(text)
    assert not reader.open
    assert "= σ(1.90363)" in text
