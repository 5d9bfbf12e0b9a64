"""``python -m tests.marking``: the figures of marking, as a Markdown table."""

from __future__ import annotations

from pathlib import Path

import click

from tests.marking.campaign import PARTS, failures, report, run


@click.command(help=__doc__)
@click.option("--problems", default=2, show_default=True, help="How many problems a part has.")
@click.option("--seed", default=1, show_default=True, help="Other problems for another number.")
@click.option("--part", "parts", multiple=True, type=click.Choice(list(PARTS)), help="Only this.")
@click.option("--workers", default=2, show_default=True, help="How many processes.")
@click.option("--failures", "examples", type=Path, help="Write examples of what went wrong.")
@click.option("-o", "--output", type=Path, help="Write the table to a file.")
def main(
    problems: int,
    seed: int,
    parts: tuple[str, ...],
    workers: int,
    examples: Path | None,
    output: Path | None,
) -> None:
    results = run(parts or PARTS, problems, seed, workers)
    text = report(results, problems, seed)
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        click.echo(text)
    if examples:
        examples.write_text(failures(results), encoding="utf-8")


if __name__ == "__main__":
    main()
