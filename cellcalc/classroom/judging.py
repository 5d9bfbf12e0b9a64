"""One file looked at, and marked against the variant of whoever it is of: a plain record.

Both are done in other processes, and neither raises: what goes wrong is in the record. A problem
that a workbook holds is compared with the keys as text, and never read as a problem; nothing that
it names is opened.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellcalc import __version__
from cellcalc.check.answers import PROSE
from cellcalc.check.handed_in import read_answers
from cellcalc.check.marking import mark
from cellcalc.check.practice_book import PracticeBook, is_practice, read_practice
from cellcalc.check.reading.first_step import counted_from, fits_from_0, may_be_from_0
from cellcalc.check.report import Report
from cellcalc.check.words import slips_in_maths, to_json
from cellcalc.classroom.assignment import key_trace
from cellcalc.classroom.collecting import Piece
from cellcalc.engine.trace import Trace
from cellcalc.errors import CellcalcError, InputError
from cellcalc.resources import language, sentence
from cellcalc.studies.exercise import exercise
from cellcalc.views.problem_text import PROBLEM

MOST_SECONDS = 120.0  # that marking one file may take
Record = dict[str, Any]


@dataclass(frozen=True)
class Look:
    """What a file is, at a glance.

    ``digest`` tells files with other bytes apart; ``id`` and ``problem`` are what a workbook of
    ours says of itself; ``failed`` is why it cannot be read.
    """

    digest: str = ""
    is_book: bool = False
    id: str = ""
    problem: str = ""
    given: Mapping[str, float] = field(default_factory=dict)
    failed: str = ""


def look(piece: Piece) -> Look:
    """What a file is."""
    try:
        contents = piece.read()
    except InputError as error:
        return Look(failed=_reason(error))
    except MemoryError:
        return Look(failed=sentence("class", "memory"))
    digest = hashlib.sha256(contents).hexdigest()
    try:
        if not contents.strip():
            return Look(digest, failed=sentence("class", "empty"))
        if is_practice(contents):
            book = read_practice(contents, piece.name)
            held = book.settings.get("id", "")
            return Look(digest, True, held, book.files.get(PROBLEM, ""), _given(book))
        entries = read_answers(contents, piece.name)
    except CellcalcError as error:
        return Look(digest, failed=_reason(error))
    except MemoryError:
        return Look(digest, failed=sentence("class", "memory"))
    except Exception as error:  # whatever a file makes of a reader, it stops no other
        return Look(digest, failed=sentence("class", "broke", what=type(error).__name__))
    if all(entry.form == PROSE for entry in entries):
        return Look(digest, failed=sentence("class", "no_answers"))
    return Look(digest)


def _given(book: PracticeBook) -> dict[str, float]:
    """The parameters that its sheet shows, by which a workbook is known that says nothing else."""
    found: dict[str, float] = {}
    for spot in book.grid.values():
        _, symbol, t = spot.place
        cell = book.cells.get(spot.cell)
        if spot.block == "parameter" and t == 0 and cell and isinstance(cell.value, int | float):
            found[symbol] = float(cell.value)
    return found


@dataclass(frozen=True)
class Work:
    """A file to be marked: against which key, and what was asked for."""

    piece: Piece
    id: str
    key: str  # the text of the student's problem file
    key_file: str
    practice: str
    figures: int

    def fingerprint(self, digest: str) -> str:
        """What the record depends on: it need not be made again where this is the same."""
        ending = self.piece.name.rpartition(".")[2].lower()
        words = (self.practice, str(self.figures), ending, __version__, language())
        parts = (digest, self.id, self.key, *words)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def judge(work: Work) -> Record:
    """The record of one file: its marks, what was asked for, or why there is nothing to mark."""
    try:
        return _judged(work)
    except CellcalcError as error:
        return {"failed": _reason(error)}
    except MemoryError:
        return {"failed": sentence("class", "memory")}
    except Exception as error:  # a fault of marking is that of one row
        return {"failed": sentence("class", "broke", what=type(error).__name__)}


def _judged(work: Work) -> Record:
    contents = work.piece.read()
    base = Path(work.key_file).parent
    trace = key_trace(work.key, work.key_file, base)
    notes: list[str] = []
    if is_practice(contents):
        held = read_practice(contents, work.piece.name)
        settings = {**held.settings, "practice": work.practice}
        book = PracticeBook(held.name, held.cells, settings, {}, held.listed)
        figures = book.demand or work.figures
        report = book.judged(mark(trace, book.entries(trace), figures=figures), trace)
        if any(True for _ in book.other_cells(trace)):
            notes.append(sentence("class", "given_changed"))
    else:
        report = _of_answers(contents, work, trace, notes)
    data = json.loads(to_json(report, trace.model))
    asked = exercise(trace, work.practice).open
    return {
        "id": work.id,
        "failed": "",
        "marks": data,
        "maths": slips_in_maths(report, trace.model),
        "asked": [list(spot.place) for spot in asked],
        "notes": notes,
    }


def _of_answers(contents: bytes, work: Work, trace: Trace, notes: list[str]) -> Report:
    """The report on answers in any form but that of a sheet of ours."""
    entries = counted_from(1, read_answers(contents, work.piece.name))
    report = mark(trace, entries, figures=work.figures)
    if may_be_from_0(entries, report):
        from_0 = counted_from(0, entries)
        if fits_from_0(mark(trace, from_0, figures=work.figures, causes=False)):
            notes.append(sentence("class", "from_0"))
            return mark(trace, from_0, figures=work.figures)
    return report


def _reason(error: CellcalcError) -> str:
    """What is wrong with a file, without its name, which stands beside it."""
    if isinstance(error, InputError):
        first = error.mistakes[0]
        place = f"{first.key}: " if first.key else ""
        return f"{place}expected {first.expected}, found {first.found}"
    return error.lines[0]
