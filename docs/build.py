"""Write the pages that are made of the program itself: the command line, and the topics.

``python docs/build.py`` writes ``docs/command-line.md`` from the help of every command, and
``docs/topics/`` from what ``cellcalc explain`` shows. A test holds them against the program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import click
from click.testing import CliRunner

from cellcalc import resources
from cellcalc.cli import main

DOCS = Path(__file__).parent
WIDTH = 80


def pages() -> Mapping[str, str]:
    """Each generated page by its path below ``docs``."""
    topics = {f"topics/{name}.md": _topic(name) for name in resources.names("templates/topics")}
    return {"command-line.md": "\n".join(_command_line()) + "\n", **topics}


def _command_line() -> Iterator[str]:
    yield "# The command line\n"
    yield "What `cellcalc --help` and `cellcalc COMMAND --help` print.\n"
    context = click.Context(main, info_name="cellcalc")
    yield _help(())
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        yield f"## cellcalc {name}\n"
        yield _help((name,))
        if isinstance(command, click.Group):
            for inner in command.list_commands(context):
                yield f"### cellcalc {name} {inner}\n"
                yield _help((name, inner))


def _help(path: tuple[str, ...]) -> str:
    return f"```text\n{_printed(*path, '--help')}```\n"


def _topic(name: str) -> str:
    return _printed("explain", name, "--format", "markdown")


def _printed(*arguments: str) -> str:
    result = CliRunner(env={"COLUMNS": str(WIDTH), "CELLCALC_LANG": "en"}).invoke(
        main, list(arguments), prog_name="cellcalc", catch_exceptions=False
    )
    return result.stdout


if __name__ == "__main__":
    for place, text in pages().items():
        path = DOCS / place
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
