"""The README and the pages of docs/: what they show is run, in the order in which it stands.

A block ``console`` holds commands and what the terminal shows; ``…`` alone on a line stands for
lines that are left out. A block with ``file=NAME`` is a file that the commands read. The blocks
``python`` of a page are one program.
"""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cellcalc.cli import main
from tests.support.command import runner
from tests.support.paths import ROOT

PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "zh").glob("*.md")),
]
LEFT_OUT = "…"


@dataclass(frozen=True)
class Session:
    """One command of a page, and what stands below it."""

    command: str
    shown: str


def sessions(text: str) -> list[Session]:
    return [
        Session(command, shown)
        for block in re.findall(r"```console\n(.*?)```", text, re.S)
        for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.M)
    ]


def files(text: str) -> dict[str, str]:
    return dict(re.findall(r"```\w+ file=(\S+)\n(.*?)```", text, re.S))


def program(text: str) -> str:
    return "\n".join(re.findall(r"```python\n(.*?)```", text, re.S))


def printed(command: str, folder: Path) -> str:
    """What a command shows in a terminal of 80 columns, messages included."""
    words = shlex.split(command)
    with contextlib.chdir(folder):
        if words[0] == "cellcalc":
            run = runner()
            run.env |= {"COLUMNS": "80"}
            result = run.invoke(main, words[1:], prog_name="cellcalc", catch_exceptions=False)
            return result.stdout + result.stderr
        if words[0] == "python":
            output = io.StringIO()
            with contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
                runpy.run_path(words[1], run_name="__main__")
            return output.getvalue()
        if words[0] in ("cat", "ls"):
            raise ValueError(f"{words[0]} is not on every system: {command}")
    raise ValueError(f"a command that readers cannot type everywhere: {command}")


def matches(shown: str, got: str) -> bool:
    """Whether what is shown is what came, but for lines that are left out."""
    parts = re.split(rf"^{LEFT_OUT}\n", shown, flags=re.M)
    pattern = r"(?:.*\n)*?".join(map(re.escape, parts))
    return re.fullmatch(pattern, got) is not None


def refreshed(text: str, folder: Path) -> str:
    """The page with what its commands show now, but for those with lines left out."""
    for name, contents in files(text).items():
        (folder / name).write_text(contents, encoding="utf-8")
    for session in sessions(text):
        got = printed(session.command, folder)
        if LEFT_OUT not in session.shown.splitlines():
            old = f"$ {session.command}\n{session.shown}"
            text = text.replace(old, f"$ {session.command}\n{got}", 1)
    return text


def links(text: str) -> Iterator[str]:
    """What a page links to, beside the web."""
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.S)):
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(text: str) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def spoken(text: str) -> Iterator[Sequence[str]]:
    """Commands of cellcalc that stand in the text, in ``sh`` blocks and between backticks."""
    shell = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.S))
    plain = re.sub(r"```.*?```", "", text, flags=re.S)
    inline = [" ".join(found.split()) for found in re.findall(r"`(cellcalc [^`]+)`", plain)]
    for line in [*shell.splitlines(), *inline]:
        for part in re.split(r"&&|\|", line):
            words = part.split("#")[0].split()
            if words and Path(words[0]).name == "cellcalc":
                yield words[1:]
