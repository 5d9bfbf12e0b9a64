"""Which file counts for which student, and what a teacher must be told of the others.

A workbook of a class says whose variant it is; it counts for that student, whoever handed it in,
unless they handed in one themselves. Every other file belongs to whom its name or folder says. Of
several files of one student the newest that can be read counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cellcalc.classroom.assignment import Class
from cellcalc.classroom.collecting import Piece, Refused
from cellcalc.classroom.judging import Look
from cellcalc.classroom.matching import Names, labels_of
from cellcalc.classroom.roster import Student
from cellcalc.resources import sentence


@dataclass(frozen=True)
class Handed:
    """A file, what it is, whom its name says and whose variant a workbook is of."""

    piece: Piece | Refused
    look: Look
    claimed: Student | None = None
    owner: Student | None = None
    late: bool = False
    version: int = 0

    @property
    def shown(self) -> str:
        return self.piece.shown

    @property
    def time(self) -> float:
        return self.piece.time if isinstance(self.piece, Piece) else 0.0

    @property
    def is_strange(self) -> bool:
        """Whether it is another's workbook than that of whom its name says."""
        return self.owner is not None and self.claimed not in (None, self.owner)

    @property
    def rank(self) -> tuple[bool, float, int, bool, str]:
        """Of several files that with the highest counts: it can be read, and is the newest."""
        return (not self.look.failed, self.time, self.version, self.look.is_book, self.shown)


@dataclass(frozen=True)
class Row:
    """A student, the file that is shown for them, and what is to be said of it and of the others.

    The file counts for them, unless ``counts`` is false: then it is another's workbook, is
    nobody's, or cannot be read. ``notes`` are for the teacher; ``told`` is what of them concerns
    nobody else, and goes to the student.
    """

    student: Student | None
    handed: Handed | None = None
    notes: tuple[str, ...] = ()
    late: bool = False
    counts: bool = False
    told: tuple[str, ...] = ()


@dataclass
class _Heap:
    """The files of one student."""

    own: list[Handed] = field(default_factory=list)
    strays: list[Handed] = field(default_factory=list)  # that others handed in
    strange: list[Handed] = field(default_factory=list)  # others' workbooks that they handed in


def handed_in(
    one: Class, pieces: Sequence[Piece | Refused], looks: Mapping[int, Look], due: datetime | None
) -> list[Handed]:
    """What is known of each file before it is marked."""
    names, owners = Names(one.roster), _Owners(one)
    found = []
    for number, piece in enumerate(pieces):
        look = looks.get(number)
        if look is None:
            look = Look(failed=piece.why if isinstance(piece, Refused) else "")
        labels = labels_of(piece.shown.split("/"))
        late = labels.late
        if due is not None and isinstance(piece, Piece):
            late = late or piece.time > due.timestamp()
        owner = owners.of(look) if look.is_book else None
        found.append(Handed(piece, look, names.of(labels), owner, late, labels.version))
    return found


class _Owners:
    """Whose variant a workbook is of: by the problem that it holds, its id, or its numbers."""

    def __init__(self, one: Class) -> None:
        self.one = one
        self.by_problem: dict[str, Student] = {}
        for student in one.roster.students:
            self.by_problem.setdefault(_bare(one.keys[student.id]), student)
        self.by_numbers: dict[tuple[tuple[str, float], ...], Student] | None = None

    def of(self, look: Look) -> Student | None:
        named = self.one.student(look.id) if look.id else None
        problem = _bare(look.problem)
        if named is not None and _bare(self.one.keys[named.id]) == problem:
            return named
        by_problem = self.by_problem.get(problem) if problem else None
        return by_problem or named or self.by_given(look.given)

    def by_given(self, given: Mapping[str, float]) -> Student | None:
        """The student whose parameters these are."""
        if self.by_numbers is None:
            self.by_numbers = {}
            for student in self.one.roster.students:
                initial = self.one.trace(student.id).initial
                self.by_numbers.setdefault(tuple(sorted(initial.items())), student)
        for numbers, student in self.by_numbers.items():
            if numbers and all(given.get(name) == value for name, value in numbers):
                return student
        return None


def _bare(problem: str) -> str:
    """The text of a problem without comments and empty lines."""
    lines = (line.strip() for line in problem.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def rows_of(one: Class, handed: Sequence[Handed]) -> list[Row]:
    """A row for each student of the list, then one for each file that is nobody's."""
    heaps = {student.id: _Heap() for student in one.roster.students}
    nobodys: list[Handed] = []
    for file in handed:
        owner, claimed = file.owner, file.claimed
        if file.is_strange:
            assert owner is not None and claimed is not None
            heaps[owner.id].strays.append(file)
            heaps[claimed.id].strange.append(file)
        elif (whose := owner or claimed) is not None:
            heaps[whose.id].own.append(file)
        else:
            nobodys.append(file)
    rows = [_row(student, heaps[student.id]) for student in one.roster.students]
    for file in nobodys:
        note = sentence("class", "nobodys")
        if file.look.failed:
            note = sentence("class", "nobodys_unread", why=file.look.failed)
        rows.append(Row(None, file, (note,), file.late))
    return rows


def _row(student: Student, heap: _Heap) -> Row:
    notes: list[str] = []
    told: list[str] = []
    own = sorted(heap.own, key=lambda file: file.rank, reverse=True)
    strays = sorted(heap.strays, key=lambda file: file.rank, reverse=True)
    counts: Handed | None = own[0] if own else None
    for file in heap.strange:
        assert file.owner is not None
        notes.append(sentence("class", "anothers", file=file.shown, id=file.owner.id))
        told.append(sentence("class", "anothers_told", file=file.shown))
    if counts is None and strays:
        counts = strays.pop(0)
        assert counts.claimed is not None
        notes.append(sentence("class", "handed_in_by", id=counts.claimed.id))
    for file in strays:
        assert file.claimed is not None
        notes.append(sentence("class", "also_by", id=file.claimed.id, file=file.shown))
    if counts is None:
        if heap.strange:  # the file is shown in their row, too, though it counts for nothing
            first = heap.strange[0]
            return Row(student, first, tuple(notes), first.late, told=tuple(told))
        missing = sentence("class", "missing")
        return Row(student, None, (missing, *notes), told=(missing,))
    about = []
    if counts.look.failed:
        about.append(sentence("class", "unread", why=counts.look.failed))
    if counts.late:
        about.append(sentence("class", "late"))
    others = [file for file in own if file is not counts]
    if others:
        shown = "; ".join(file.shown for file in others)
        about.append(sentence("class", "several", count=len(own), others=shown))
    may_count = not counts.look.failed
    return Row(student, counts, (*about, *notes), counts.late, may_count, told=(*about, *told))
