"""``cellcalc completion``."""

from __future__ import annotations

from pathlib import Path

import click

from cellcalc.cli.common import command, emit, output_options

SHELLS = ("bash", "zsh", "fish", "powershell", "man")


@command("Completion of every name in your shell; a man page.")
@click.argument("shell", type=click.Choice(SHELLS))
@output_options
def completion(shell: str, output: Path | None, force: bool) -> None:
    """Print the script by which a shell completes commands, options and names; or the man page.

    Completed are examples, cells, topics, schemes, authors, sheets, formats, and the symbols of
    the problem that was typed.

    \b
    bash    in ~/.bashrc: eval "$(cellcalc completion bash)"
    zsh     in ~/.zshrc:  eval "$(cellcalc completion zsh)"
    fish    -o ~/.config/fish/completions/cellcalc.fish
    powershell   in $PROFILE:
            cellcalc completion powershell | Out-String | Invoke-Expression
    man     -o ~/.local/share/man/man1/cellcalc.1

    \b
    Examples:
      cellcalc completion bash
      cellcalc completion man -o cellcalc.1
    """
    from cellcalc.cli import main

    if shell == "man":
        from cellcalc.cli.manual import page

        emit(page(main), output, force)
        return
    from cellcalc.cli.completing import script

    emit(script(shell, main), output, force)
