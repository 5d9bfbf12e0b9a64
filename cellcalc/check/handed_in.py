"""Reading what is handed in, in whichever form."""

from __future__ import annotations

from pathlib import Path

from cellcalc.check.answers import Entry
from cellcalc.check.practice_book import is_practice, read_practice
from cellcalc.check.reading.documents import read_document
from cellcalc.engine.trace import Trace
from cellcalc.toml import read_bytes


def read_answers(contents: bytes, name: str, trace: Trace | None = None) -> list[Entry]:
    """The answers in a file, in whichever of its forms; ``name`` is its name in messages.

    With the ``trace`` of the problem a practice workbook of ours is one of them.

    Raises :class:`~cellcalc.errors.InputError` where the file as a whole cannot be read.
    """
    if trace is not None and is_practice(contents):
        return read_practice(contents, name).entries(trace)
    return read_document(contents, name)


def read_answers_file(path: Path, trace: Trace | None = None) -> list[Entry]:
    """The answers in the file of that path."""
    return read_answers(read_bytes(path, str(path)), str(path), trace)
