"""Texts that would be something else, wherever a text can come from and wherever it can go.

Each text must come out as text: in a workbook as a string beside the same formulas, in HTML
between the same tags, in Markdown and LaTeX without markup, in Python as a comment, in a terminal
without control characters.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import os
import re
from collections.abc import Callable
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl

from cellcalc.errors import printable
from cellcalc.resources import folder
from tests.reliability import Outcome
from tests.reliability.inputs import inside, invoke

TEXTS = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")', "\t=1",
    "\r=1", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x9b31m", "a\x00b", "a\nb", "\u202eabc", "\u2028x",
    "<b>bold</b>", "<script>alert(1)</script>", "&lt;b&gt; &amp;", "</t></is></c>", "]]>", "<!--",
    "<![CDATA[x", "_x0041_", "{=1}", "'=1", "`code`", "*a* _b_ **c**", "[x](http://y)", "![x](y)", "# h",
    "| a | b |", "a | b", "$x$ \\input{/etc/passwd}", "\\end{document}", "%", "{{x}} {title}", '"""', "'''",
    "\\", '"', "# -*- coding: utf-7 -*-", "import os", "%s %d", "\ufeff", "x" * 40_000, "𝛛L/𝛛h", "ﬀ", "\ufffe",
]  # fmt: skip
PLAIN = "Plain"

Place = Callable[[Path, str], None]


def _quoted(text: str) -> str:
    """A TOML string of the text; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


DATA = "[parameters]\nrandom = {seed = 3}\n[[sequence]]\nx = [1, 2]\ntarget = [0.5, 1]\n"


def _as_title(place: Path, text: str) -> None:
    (place / "p.toml").write_text(f"title = {_quoted(text)}\n{DATA}", encoding="utf-8")


def _as_meaning(place: Path, text: str) -> None:
    """What a cell template says of itself and of an equation."""
    cell = (folder("templates") / "cells" / "lstm.toml").read_text(encoding="utf-8")
    for key in ("title", "source", "says"):
        cell = re.sub(
            f'(?m)^{key} = ".*"', lambda _, key=key: f"{key} = {_quoted(text)}", cell, count=1
        )  # type: ignore[misc]
    (place / "c.toml").write_text(cell, encoding="utf-8")
    (place / "p.toml").write_text(f'title = "Plain"\ncell = "c.toml"\n{DATA}', encoding="utf-8")


def _as_file_name(place: Path, text: str) -> None:
    """The name of a cell template, which tables print."""
    name = text.replace("/", "").replace("\x00", "")[:60] + ".toml"
    (place / name).write_bytes((folder("templates") / "cells" / "lstm.toml").read_bytes())
    (place / "p.toml").write_text(
        f'title = "Plain"\ncell = {_quoted("./" + name)}\n{DATA}', encoding="utf-8"
    )


def _as_table(place: Path, text: str) -> None:
    """The name of the table of inputs, which has to be found under it."""
    name = text.replace("/", "").replace("\x00", "")[:60] + ".csv"
    (place / name).write_text("x,target\n1,0.5\n2,1\n")
    problem = f'title = "Plain"\n[parameters]\nrandom = {{seed = 3}}\n[[sequence]]\ncsv = {_quoted(name)}\n'
    (place / "p.toml").write_text(problem, encoding="utf-8")


PLACES: dict[str, Place] = {
    "title": _as_title, "meaning": _as_meaning, "file name": _as_file_name, "table": _as_table,
}  # fmt: skip


def _terminal(words: tuple[str, ...]) -> Callable[[Callable[[], None]], str]:
    def check(_: Callable[[], None]) -> str:
        result = invoke(*words)
        if result.exit_code:
            return f"status {result.exit_code}: {result.output[:200]!r}"
        bad = [line for line in result.output.splitlines() if not line.isprintable()]
        return f"control characters: {bad[0][:80]!r}" if bad else ""

    return check


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, _: object) -> None:
        self.tags.append(tag)

    def handle_comment(self, _: str) -> None:
        self.tags.append("comment")


def _html(_: Callable[[], None]) -> str:
    output = invoke("table", "p.toml", "-f", "html").stdout
    tags = _Tags()
    tags.feed(output)
    page = {"html", "head", "meta", "title", "style", "body"}
    extra = set(tags.tags) - {*page, "h1", "h2", "p", "table", "thead", "tbody", "tr", "th", "td"}
    return f"tags {extra}" if extra else ""


def _shape(format: str, command: str) -> str:
    """Markdown without the letters of its texts: the marks that mean something."""
    output = invoke(command, "p.toml", "-f", format).stdout
    escaped = re.sub(r"\\[\\`*_\[\]<>#!|&$~]", "", output)
    code = re.sub(r"`[^`\n]*`", "", escaped).replace("<br>", "")
    return re.sub(r"(?<=\w)_(?=\w)", "", code)


def _markdown(command: str, format: str) -> Callable[[Callable[[], None]], str]:
    def check(_: Callable[[], None]) -> str:
        shape = _shape(format, command)
        found = re.findall(r"[<`]|&\w+;|\*\w|\w\*|(?<!\w)_\w|\[[^\]]*\]\(", shape)
        return f"markup {found[:3]}" if found else ""

    return check


def _latex(_: Callable[[], None]) -> str:
    result = invoke("derive", "p.toml", "-f", "latex")
    if "which lacks letters of the text" in result.stderr:
        return ""  # refused, as it should be
    output = result.stdout
    found, ends = re.findall(r"\\input", output), output.count("\\end{document}")
    return f"commands {found}, {ends} ends" if found or ends != 1 else ""


def _python(plain: Callable[[], None]) -> str:
    result = invoke("derive", "p.toml", "-f", "python")
    tree = ast.dump(ast.parse(result.stdout))
    plain()
    other = ast.dump(ast.parse(invoke("derive", "p.toml", "-f", "python").stdout))
    return "" if tree == other else "another program"


def _csv(_: Callable[[], None]) -> str:
    rows = csv.reader(io.StringIO(invoke("table", "p.toml", "-f", "csv").stdout))
    bad = [c for row in rows for c in row if c[:1] in tuple("=+-@\t\r") and not _is_number(c)]
    return f"cells {bad[:2]}" if bad else ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _json(_: Callable[[], None]) -> str:
    try:
        json.loads(invoke("table", "p.toml", "-f", "json").stdout, parse_constant=_refuse)
    except ValueError as error:
        return str(error)
    return ""


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _workbook(*more: str) -> Callable[[Callable[[], None]], str]:
    def check(plain: Callable[[], None]) -> str:
        result = invoke("workbook", "p.toml", "-o", "out.xlsx", "--force", *more)
        if result.exit_code:
            return f"status {result.exit_code}: {result.output[:200]!r}"
        mine = _formulas(Path("out.xlsx"))
        plain()
        invoke("workbook", "p.toml", "-o", "plain.xlsx", "--force", *more)
        theirs = _formulas(Path("plain.xlsx"))
        different = [place for place in {*mine, *theirs} if mine.get(place) != theirs.get(place)]
        return f"formulas {different[:3]}" if different else ""

    return check


def _formulas(path: Path) -> dict[str, str]:
    book = openpyxl.load_workbook(path)
    return {
        f"{sheet.title}!{cell.coordinate}": cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


OUTPUTS: dict[str, Callable[[Callable[[], None]], str]] = {
    "table": _terminal(("table", "p.toml")),
    "steps": _terminal(("table", "p.toml", "-f", "grid", "--layout", "steps")),
    "explain": _terminal(("table", "p.toml", "--explain")),
    "schedule": _terminal(("schedule", "p.toml")),
    "derive": _terminal(("derive", "p.toml")),
    "HTML": _html,
    "Markdown table": _markdown("table", "github"),
    "Markdown derivation": _markdown("derive", "markdown"),
    "LaTeX": _latex,
    "Python": _python,
    "CSV": _csv,
    "JSON": _json,
    "workbook": _workbook(),
    "exercise": _workbook("--practice", "backward"),
}


def injection(count: int, _: int) -> Outcome:
    """About ``count`` of all texts, from everywhere, to everywhere, spread evenly."""
    outcome = Outcome()
    everything = [(t, p, o) for t in TEXTS for p in PLACES for o in OUTPUTS]
    every = max(1, len(everything) // count)
    with TemporaryDirectory() as place, inside(Path(place)):
        for text, origin, output in everything[:: every if every == 1 else every | 1]:
            for path in Path().iterdir():
                path.unlink()
            PLACES[origin](Path(), text)
            trouble = OUTPUTS[output](partial(PLACES[origin], Path(), PLAIN))
            outcome.expect(
                not trouble, f"{printable(text[:40])!r} as {origin}, {output}: {trouble}"
            )
    return outcome


def names(count: int, _: int) -> Outcome:
    """File names in messages, whether the file is read or written."""
    outcome = Outcome()
    with TemporaryDirectory() as place, inside(Path(place)):
        _as_title(Path(), PLAIN)
        for text in TEXTS[:: len(TEXTS) // min(count, len(TEXTS))]:
            name = text.replace("\x00", "").replace("/", "")[:60].lstrip("-")
            for words in (
                ("table", name),
                ("workbook", "p.toml", "-o", f"{name}.xlsx"),
                ("table", "p.toml", "--symbols", text[:99]),
                (text[:99],),
                ("table", "gomez", "-f", text[:99]),
                ("table", "gomez", f"--{text[:9]}"),
            ):
                result = invoke(*words)
                bad = [line for line in result.output.splitlines() if not line.isprintable()]
                outcome.expect(not bad and result.exit_code in (0, 2), f"{words}: {bad[:1]}")
    os.sync()
    return outcome
