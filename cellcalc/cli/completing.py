"""What a shell completes: every name that cellcalc knows, where it belongs.

Loaded only when a shell asks, or for the scripts that make it ask.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class

from cellcalc import resources

Names = Callable[[click.Context], Iterable[str]]
VARIABLE = "_CELLCALC_COMPLETE"

# The words before the cursor go over in variables. What PowerShell takes for a file's name when
# nothing is found is left to it; a name with a space is quoted; an empty variable is none.
_POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($word, $tree, $place)
    $typed = $tree.Extent.Text
    $before = [Math]::Max(0, [Math]::Min($typed.Length, $place - $tree.Extent.StartOffset))
    $env:COMP_WORDS = $typed.Substring(0, $before)
    $env:COMP_WORD = $word
    $env:%(complete_var)s = "powershell_complete"
    try {
        %(prog_name)s | ForEach-Object {
            $value, $help = $_ -split "`t", 2
            if ($value) {
                if (-not $help) { $help = $value }
                $text = if ($value -match "\\s") { "'$value'" } else { $value }
                $kind = "ParameterValue"
                [System.Management.Automation.CompletionResult]::new($text, $value, $kind, $help)
            }
        }
    } finally {
        $used = "Env:COMP_WORDS", "Env:COMP_WORD", "Env:%(complete_var)s"
        Remove-Item $used -ErrorAction SilentlyContinue
    }
}
"""
_WORDS = re.compile(r"""(?:"[^"]*"?|'[^']*'?|[^\s"'])+""")


class PowerShellComplete(ShellComplete):
    """Completion in PowerShell, which click has not."""

    name = "powershell"
    source_template = _POWERSHELL

    def get_completion_args(self) -> tuple[list[str], str]:
        import os

        incomplete = os.environ.get("COMP_WORD", "").strip("'\"")
        typed = _WORDS.findall(os.environ.get("COMP_WORDS", ""))[1:]
        words = [word.strip("'\"") for word in typed]
        if incomplete and words and words[-1] == incomplete:
            words.pop()
        return words, incomplete

    def format_completion(self, item: CompletionItem) -> str:
        if item.type in ("file", "dir"):  # PowerShell completes these
            return ""
        return f"{item.value}\t{item.help or ''}".rstrip("\t")


def register() -> None:
    """Let click know of PowerShell."""
    add_completion_class(PowerShellComplete)


def script(shell: str, main: click.Command) -> str:
    """What makes a shell complete, to be read by it as it starts."""
    from click.shell_completion import get_completion_class

    register()
    found = get_completion_class(shell)
    assert found is not None, shell
    complete: ShellComplete = found(main, {}, "cellcalc", VARIABLE)
    return f"{complete.source_template % complete.source_vars()}".lstrip("\n").rstrip() + "\n"


def _examples(_context: click.Context) -> Iterable[str]:
    yield from resources.names("examples")


def _templates(kind: str) -> Names:
    return lambda _context: resources.names(f"templates/{kind}")


def _topics(_context: click.Context) -> Iterable[str]:
    from cellcalc.views import glossary

    yield from resources.names("templates/topics")
    yield from glossary.words()


def _schemes(_context: click.Context) -> Iterable[str]:
    from cellcalc.problems.schemes import forms

    return forms()


def _sheets(_context: click.Context) -> Iterable[str]:
    from cellcalc.workbook.build import SHEETS

    return SHEETS


def _formats(_context: click.Context) -> Iterable[str]:
    from tabulate import tabulate_formats

    from cellcalc.cli.table import FORMATS

    return dict.fromkeys((*FORMATS, *tabulate_formats))


def _kinds(_context: click.Context) -> Iterable[str]:
    from cellcalc.views import catalogue

    yield from catalogue.KINDS
    for kind in catalogue.KINDS:
        yield from catalogue.names(kind)


def _sources(context: click.Context) -> Iterable[str]:
    yield from _examples(context)
    yield from resources.names("templates/cells")


def _symbols(context: click.Context) -> Iterable[str]:
    """The symbols of the problem that was typed before."""
    from cellcalc import api
    from cellcalc.errors import CellcalcError

    # Before an option that still lacks its value, the problem may stand among the rest.
    named = context.params.get("problem") or next(iter(context.args), "gomez")
    try:
        model = api.load(str(named)).model
    except CellcalcError:
        return ()
    return model.quantities


def _asked(context: click.Context) -> Iterable[str]:
    yield from ("backward", "forward", "all")
    yield from _symbols(context)


# By the name of the parameter; one with "command.parameter" goes first.
NAMES: dict[str, Names] = {
    "problem": _examples,
    "source": _sources,
    "example": _examples,
    "cell": _templates("cells"),
    "readout": _templates("readouts"),
    "loss": _templates("losses"),
    "topic": _topics,
    "templates.name": _kinds,
    "scheme": _schemes,
    "schemes": _schemes,
    "experiment.names": _schemes,
    "notation": _templates("notations"),
    "sheets": _sheets,
    "symbols": _symbols,
    "practice": _asked,
    "asked": _asked,
    "table.format": _formats,
}
FILES = ("problem", "source", "cell")  # which may also be a file of one's own
LISTS = ("sheets", "symbols", "practice", "asked")  # several names with commas between


def _completing(name: str, names: Names) -> Callable[..., list[CompletionItem]]:
    def complete(context: click.Context, incomplete: str) -> list[CompletionItem]:
        head, comma, rest = incomplete.rpartition(",") if name in LISTS else ("", "", incomplete)
        found = [one for one in names(context) if one.startswith(rest)]
        items = [CompletionItem(f"{head}{comma}{one}") for one in found]
        if name not in FILES:
            return items
        own = sorted(str(path) for path in Path().glob("*.toml") if str(path).startswith(rest))
        files = [] if items or own else [CompletionItem(incomplete, type="file")]
        return [*items, *map(CompletionItem, own), *files]

    return complete


def prepare(main: click.Group) -> None:
    """Give every parameter its names."""
    register()
    waiting: list[tuple[str, Any]] = list(main.commands.items())
    while waiting:
        name, command = waiting.pop()
        if isinstance(command, click.Group):
            waiting += command.commands.items()
        for parameter in command.params:
            key = f"{name}.{parameter.name}"
            names = NAMES.get(key) or NAMES.get(parameter.name or "")
            if names is not None and not isinstance(parameter.type, click.Choice):
                # In place of the method, for this parameter alone.
                vars(parameter)["shell_complete"] = _completing(str(parameter.name), names)
