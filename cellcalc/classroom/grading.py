"""Marking a class: from what was handed in to a gradebook, feedback for each, and an overview.

What is marked is kept in the folder of the report, so that after an interruption, or when more
files come in, only what is new is marked.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import BinaryIO

from cellcalc.check.report import Verdict
from cellcalc.classroom.assignment import KEYS, Class, read_class
from cellcalc.classroom.collecting import Piece, collect
from cellcalc.classroom.deciding import Row, handed_in, rows_of
from cellcalc.classroom.feedback import feedback
from cellcalc.classroom.gradebook import to_csv, to_xlsx
from cellcalc.classroom.judging import MOST_SECONDS, Look, Record, Work, judge, look
from cellcalc.classroom.overview import overview
from cellcalc.classroom.pages import to_html, to_markdown
from cellcalc.classroom.parallel import each
from cellcalc.classroom.result import Result
from cellcalc.classroom.rubric import Rubric, left_out, points_of, read_rubric
from cellcalc.errors import OutputError
from cellcalc.files import write_file
from cellcalc.model.derivation import model_of
from cellcalc.problems.specification import read_specification
from cellcalc.resources import sentence

MARKED, WRITTEN = ".marked", "written.json"
FEEDBACK = "feedback"
FEWEST = 6  # numbers that tell a copy, or another's variant
HALF = 0.51  # of a unit of the last digit given
ROUNDED = 0.01  # how far rounding on the way may take a number, relative
FITS = 0.7  # of the numbers, for them to be of another's variant
Progress = Callable[[str, int, int], None]  # what is being done, how many of it, of how many


@dataclass(frozen=True)
class Marked:
    """What marking a class came to."""

    results: tuple[Result, ...]
    folder: Path

    @property
    def students(self) -> int:
        return sum(one.row.student is not None for one in self.results)

    @property
    def marked(self) -> int:
        return sum(one.is_marked for one in self.results)

    @property
    def noted(self) -> int:
        """How many rows have something for the teacher to look at."""
        return sum(bool(one.notes) for one in self.results)


def mark_class(
    folder: Path,
    submissions: Path,
    report: Path,
    rubric: Path | None = None,
    solutions: bool = False,
    due: datetime | None = None,
    workers: int | Executor = 1,
    force: bool = False,
    progress: Progress | None = None,
) -> Marked:
    """Mark everything that a class handed in, and write the report.

    Parameters
    ----------
    folder : Path
        That of the class, as ``class make`` wrote it.
    submissions : Path
        A folder or zip with what was handed in.
    report : Path
        The folder to write: the gradebook, the overview, and feedback for each student.
    rubric : Path, optional
        How answers become points; else the bundled one.
    solutions : bool
        Whether feedback holds the right values.
    due : datetime, optional
        Files changed later are late.
    workers : int or concurrent.futures.Executor
        How many processes mark side by side, or what does the work.
    force : bool
        Whether files of the report that somebody changed since are overwritten.
    progress : callable, optional
        Called with what is being done, how many of it are done, and of how many.

    Returns
    -------
    Marked
        A result for each student, in the order of the list, then for files that are nobody's.

    Raises
    ------
    InputError
        The class, the rubric or what was handed in cannot be read as a whole. One file that cannot
        is a row with its reason.
    OutputError
        The report cannot be written, or somebody changed it.
    """
    one = read_class(folder)
    tell = progress or (lambda _what, _done, _of: None)
    chosen = _rubric(one, rubric)
    pieces = collect(submissions, [report, folder] if submissions != folder else [report])
    store = _Store(report, force)
    looks = _looks(pieces, workers, tell)
    handed = handed_in(one, pieces, looks, due)
    rows = rows_of(one, handed)
    records = _records(one, rows, store, workers, tell)
    results = _results(one, rows, records, chosen)
    store.write(_files(one, results, solutions))
    return Marked(tuple(results), report)


def _rubric(one: Class, path: Path | None) -> Rubric:
    student = one.roster.students[0]
    base = one.folder / KEYS
    text = one.keys[student.id]
    specification = read_specification(text, f"{base / student.stem}.toml", base)
    return read_rubric(path, model_of(specification))


def _looks(pieces: Sequence[object], workers: int | Executor, tell: Progress) -> dict[int, Look]:
    """What each file is."""
    numbers = [k for k, piece in enumerate(pieces) if isinstance(piece, Piece)]
    jobs = [piece for piece in pieces if isinstance(piece, Piece)]
    found: dict[int, Look] = {}
    for done in each(look, jobs, workers, MOST_SECONDS):
        result = done.result or Look(failed=sentence("class", done.failed or "slow"))
        found[numbers[done.number]] = result
        tell("reading", len(found), len(jobs))
    return found


def _records(
    one: Class, rows: Sequence[Row], store: _Store, workers: int | Executor, tell: Progress
) -> dict[int, Record]:
    """The record of the file of each row that has one; what is known is not marked again."""
    found: dict[int, Record] = {}
    jobs: list[Work] = []
    places: list[tuple[int, str]] = []
    for number, row in enumerate(rows):
        if not row.counts or row.student is None or row.handed is None:
            continue
        piece = row.handed.piece
        assert isinstance(piece, Piece)
        key_file = one.folder / KEYS / f"{row.student.stem}.toml"
        key, asked = one.keys[row.student.id], one.assignment
        work = Work(piece, row.student.id, key, str(key_file), asked.practice, asked.figures)
        print_ = work.fingerprint(row.handed.look.digest)
        known = store.record(print_)
        if known is not None:
            found[number] = known
        else:
            jobs.append(work)
            places.append((number, print_))
    total, before = len(found) + len(jobs), len(found)
    for count, done in enumerate(each(judge, jobs, workers, MOST_SECONDS), 1):
        number, print_ = places[done.number]
        record = done.result or {"failed": sentence("class", done.failed or "slow")}
        found[number] = record
        store.keep(print_, record)
        tell("marking", before + count, total)
    return found


def _results(
    one: Class,
    rows: Sequence[Row],
    records: Mapping[int, Record],
    rubric: Rubric,
) -> list[Result]:
    copies = _copies(rows, records)
    variants = _Variants(one)
    results = []
    for number, row in enumerate(rows):
        record = records.get(number, {})
        notes = [*row.notes]
        points = None
        if record.get("failed"):
            notes.append(record["failed"])
        elif record:
            notes += record["notes"]
            points = points_of(record, rubric, row.late)
            left = left_out(record)
            if all(a["verdict"] == Verdict.OPEN for a in record["marks"]["answers"]):
                notes.append(sentence("class", "nothing_filled_in"))
            elif left:
                notes.append(sentence("class", "left_out", count=left, asked=len(record["asked"])))
            if row.student is not None and (other := variants.fitting(row.student.id, record)):
                notes.append(sentence("class", "fits_another", id=other))
        notes += copies.get(number, ())
        results.append(Result(row, record, points, tuple(dict.fromkeys(notes))))
    return results


# What several have alike


def _copies(rows: Sequence[Row], records: Mapping[int, Record]) -> dict[int, list[str]]:
    """Notes on files of several students that are the same, or whose answers are."""
    groups: dict[str, dict[object, list[int]]] = {
        "same_bytes": defaultdict(list), "same_answers": defaultdict(list),
    }  # fmt: skip
    for number, row in enumerate(rows):
        if row.student is None or row.handed is None:
            continue
        if row.handed.look.digest and row.counts:
            groups["same_bytes"][row.handed.look.digest].append(number)
        record = records.get(number, {})
        if record and not record["failed"] and (own := _numbers(record)):
            groups["same_answers"][own].append(number)
    notes: dict[int, list[str]] = defaultdict(list)
    for name, found in groups.items():
        for numbers in found.values():
            for number in numbers if len(numbers) > 1 else ():
                others = [rows[k].student for k in numbers if k != number]
                ids = ", ".join(student.id for student in others if student is not None)
                notes[number].append(sentence("class", name, ids=ids))
    return notes


def _numbers(record: Record) -> tuple[tuple[str, str], ...]:
    """The numbers of a sheet with where they stand; none where they are too few to tell."""
    found = []
    telling = set()
    for answer in record["marks"]["answers"]:
        if answer["kind"] != "number" or not answer["given"]:
            continue
        place = f"{answer['window']} {answer['symbol']} {answer['t']}"
        value = _value(answer["given"])
        if value is None:
            continue
        found.append((place, repr(value)))
        if len(repr(abs(value)).strip("0").replace(".", "").lstrip("0")) >= 3:
            telling.add(abs(value))
    return tuple(sorted(found)) if len(telling) >= FEWEST else ()


def _value(given: str) -> float | None:
    try:
        value = float(given.strip().replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


class _Variants:
    """The true values of every student's variant, to find whose variant some answers are of."""

    def __init__(self, one: Class) -> None:
        self.one = one
        self.values = cache(self._values)

    def _values(self, id: str) -> dict[tuple[int, str, int | None], float]:
        trace = self.one.trace(id)
        first = trace.passes[0]
        found: dict[tuple[int, str, int | None], float] = {}
        for symbol, values in first.forward.items():
            found |= {(0, symbol, t): values[t] for t in range(1, first.steps + 1)}
        for number, window in enumerate(first.windows, 1):
            for symbol, own in window.backward.items():
                found |= {(number, symbol, t): own[t - window.first] for t in window.steps}
            found |= {(number, symbol, None): value for symbol, value in window.gradients.items()}
        return found

    def fitting(self, id: str, record: Record) -> str:
        """The other student whose variant most of the answers are right for; "" for none."""
        numbers = []
        for answer in record["marks"]["answers"]:
            value = _value(answer["given"]) if answer["kind"] == "number" else None
            if value is not None and answer["symbol"] is not None:
                place = (answer["window"] or 0, answer["symbol"], answer["t"])
                numbers.append((place, value, _half_unit(answer["given"])))
        summary = record["marks"]["summary"]
        if len(numbers) < FEWEST or summary["correct"] * 2 > len(numbers):
            return ""
        for other in self.one.roster.students:
            if other.id == id:
                continue
            true = self.values(other.id)
            fit = sum(
                abs(value - true[place]) <= half + ROUNDED * abs(true[place])
                for place, value, half in numbers
                if place in true
            )
            if fit >= FEWEST and fit >= FITS * len(numbers):
                return other.id
        return ""


def _half_unit(given: str) -> float:
    """Half a unit of the last digit that was written."""
    mantissa, _, exponent = given.strip().replace(",", ".").lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    try:
        return float(HALF * 10.0 ** (int(exponent or 0) - min(decimals, 300)))
    except (ValueError, OverflowError):
        return 0.0


# The report


def _files(one: Class, results: Sequence[Result], solutions: bool) -> Iterator[tuple[str, bytes]]:
    yield "gradebook.csv", to_csv(results).encode()
    yield "gradebook.xlsx", to_xlsx(results, one.roster.others)
    whole = overview(one.assignment, results)
    yield "class.md", to_markdown(whole).encode()
    yield "class.html", to_html(one.assignment.title, whole).encode()
    for result in results:
        student = result.row.student
        if student is None:
            continue
        blocks = feedback(result.row, result.record, result.points, one.assignment, solutions)
        yield f"{FEEDBACK}/{student.stem}.md", to_markdown(blocks).encode()
        title = f"{one.assignment.title} ({student.id})"
        yield f"{FEEDBACK}/{student.stem}.html", to_html(title, blocks).encode()


class _Store:
    """The folder of a report, and what is known of it from the last time."""

    def __init__(self, folder: Path, force: bool) -> None:
        self.folder, self.force = folder, force
        self.marked = folder / MARKED
        try:
            self.marked.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            expected = "expected a folder to write the report to"
            raise OutputError(f'{folder}: {expected}, found "{error.strerror}"') from None

    def record(self, fingerprint: str) -> Record | None:
        """What was kept of a file, if it was marked before."""
        try:
            found = json.loads((self.marked / f"{fingerprint}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) and "failed" in found else None

    def keep(self, fingerprint: str, record: Record) -> None:
        """Keep the marks of a file; a failure is tried again the next time."""
        if record["failed"]:
            return
        text = json.dumps(record, ensure_ascii=False).encode()
        write_file(self.marked / f"{fingerprint}.json", partial(_put, text), force=True)

    def write(self, files: Iterator[tuple[str, bytes]]) -> None:
        """Put the report in place; what somebody changed since the last time is not overwritten.

        Raises :class:`~cellcalc.errors.OutputError` then, before anything is written.
        """
        before = self._written()
        now = dict(files)
        changed = {}
        for name, contents in now.items():
            path = self.folder / name
            try:
                there = path.read_bytes()
            except OSError:
                there = None
            if there == contents:
                continue
            if there is not None and not self.force and _digest(there) not in before.get(name, ()):
                expected = "expected the file as it was written the last time (or `force`)"
                raise OutputError(f"{path}: {expected}, found another")
            changed[name] = contents
        try:
            (self.folder / FEEDBACK).mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(
                f'{self.folder}: expected a folder, found "{error.strerror}"'
            ) from None
        own = {name: [_digest(contents)] for name, contents in now.items()}
        # First what may be found there if this is interrupted: the old files and the new.
        self._note({name: [*before.get(name, ()), *own.get(name, ())] for name in {*before, *own}})
        for name, contents in changed.items():
            write_file(self.folder / name, partial(_put, contents), force=True)
        self._note(before | own)

    def _note(self, digests: Mapping[str, Sequence[str]]) -> None:
        text = json.dumps(digests, indent=0, sort_keys=True).encode()
        write_file(self.marked / WRITTEN, partial(_put, text), force=True)

    def _written(self) -> dict[str, list[str]]:
        """What each file held when it was written: the digests that it may have."""
        try:
            found = json.loads((self.marked / WRITTEN).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {str(name): own for name, own in found.items() if isinstance(own, list)}


def _digest(contents: bytes) -> str:
    return hashlib.sha256(contents).hexdigest()


def _put(contents: bytes, file: BinaryIO) -> None:
    file.write(contents)
