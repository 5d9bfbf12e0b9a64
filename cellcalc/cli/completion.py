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
    bash        echo 'eval "$(cellcalc completion bash)"' >> ~/.bashrc
    zsh         echo 'eval "$(cellcalc completion zsh)"' >> ~/.zshrc
    fish        cellcalc completion fish > ~/.config/fish/completions/cellcalc.fish
    powershell  cellcalc completion powershell | Out-String | Invoke-Expression
    man         cellcalc completion man > ~/.local/share/man/man1/cellcalc.1

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
