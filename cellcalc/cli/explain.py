"""``cellcalc explain``."""

from __future__ import annotations

from pathlib import Path

import click

from cellcalc.cli.common import command, emit, in_ascii, terminal_width, text_options
from cellcalc.cli.formats import format_option


@command("What BPTT, truncation and the LSTM are, with numbers.")
@click.argument("topic", metavar="[TOPIC]", required=False)
@text_options
@format_option("text", "markdown", "html", "json")
def explain(topic: str | None, format: str, output: Path | None, force: bool) -> None:
    """Explain a topic in a page, a word or a symbol in a line; without TOPIC, list the topics.

    The topics stand in the order in which to read them. Every number in a text is computed from a
    bundled example when it is shown.

    \b
    Examples:
      cellcalc explain
      cellcalc explain tbptt
      cellcalc explain carousel
      cellcalc explain dc_via_c
      cellcalc explain papers --format markdown -o papers.md
    """
    from cellcalc.views import glossary, topics

    known = topic is None or topic in topics.known()
    one = None if known else glossary.meaning(str(topic), in_ascii())
    if topic is None:
        text = topics.contents(format, terminal_width())
    elif one is not None:
        text = glossary.page(one, format, terminal_width())
    else:
        text = topics.page(topics.topic(topic), format, terminal_width(), in_ascii())
    emit(text, output, force)
