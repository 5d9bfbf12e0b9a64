"""Making a class: for each student a sheet to fill in, and for the teacher its key."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from cellcalc.classroom.assignment import (
    KEYS,
    MOST_FIGURES,
    ROSTER,
    SETTINGS,
    SOLUTIONS,
    STUDENTS,
    Assignment,
)
from cellcalc.classroom.parallel import each
from cellcalc.classroom.roster import Roster, Student
from cellcalc.classroom.task_page import task_text
from cellcalc.classroom.variants import PARTS, Hiding, Variant, Variants, check_length
from cellcalc.engine.run import run_model
from cellcalc.engine.trace import Trace
from cellcalc.errors import OutputError, check_choice, check_whole
from cellcalc.files import refuse_to_overwrite, write_file
from cellcalc.model.derivation import model_of
from cellcalc.problems.specification import Specification
from cellcalc.resources import sentence
from cellcalc.studies.exercise import FIGURES, exercise
from cellcalc.views.problem_text import PROBLEM, problem_files
from cellcalc.workbook.book import Handout
from cellcalc.workbook.build import build_workbook, check_size

TEXTS = ("md", "tex")  # the endings of tasks as text


@dataclass(frozen=True)
class Request:
    """What is to be made for every student."""

    assignment: Assignment
    texts: tuple[str, ...] = ()
    solutions: bool = False
    equations: bool = True


@dataclass(frozen=True)
class Made:
    """The files of a class by their paths in its folder, and what a teacher is told."""

    files: Mapping[str, bytes]
    notes: tuple[str, ...] = ()


def make_class(
    problem: Specification,
    roster: Roster,
    practice: str = "",
    figures: int = FIGURES,
    seed: int = 1,
    vary: Sequence[str] = PARTS,
    texts: Sequence[str] = (),
    solutions: bool = False,
    equations: bool = True,
    workers: int | Executor = 1,
    progress: Callable[[int], None] | None = None,
) -> Made:
    """Every file of a class; the same for the same arguments, to the byte.

    Parameters
    ----------
    problem : Specification
        The task. What varies of its numbers is drawn for each student.
    roster : Roster
        The students. A student's numbers follow from the seed and the id alone.
    practice : str
        What is asked for: ``backward``, ``forward``, ``all`` or symbols such as ``c,dc``;
        where empty, the backward pass, or the forward pass where nothing is learned.
    figures : int
        Significant figures asked for, from 1 to 15.
    seed : int
        What is drawn.
    vary : sequence of str
        Which numbers vary: some of ``PARTS``.
    texts : sequence of str
        In which formats the task is written as text, too: ``md``, ``tex``.
    solutions : bool
        Whether a workbook with the whole computation is made of each variant.
    equations : bool
        Whether the sheet shows the equations of what is asked for.
    workers : int or concurrent.futures.Executor
        How many processes work side by side, or what does the work.
    progress : callable, optional
        Called with the number of students done, after each.

    Raises
    ------
    OptionError
        An argument out of bounds, or a symbol that cannot be asked for.
    OutputError, LimitError
        A problem that makes no workbook, or is too long for anybody.
    """
    check_whole("figures", figures, 1, MOST_FIGURES)
    check_whole("seed", seed, 0)
    for name in texts:
        check_choice("text", name, TEXTS)
    check_length(problem)
    trace = run_model(problem, model_of(problem))
    check_size(trace)
    asked = practice or ("backward" if trace.passes[0].windows else "forward")
    exercise(trace, asked)  # which says what is wrong with it
    assignment = Assignment(problem.title, asked, figures, seed, tuple(vary))
    request = Request(assignment, tuple(texts), solutions, equations)
    variants = Variants(problem, vary, seed)
    found = variants.of([one.id for one in roster.students])
    jobs = [_Job(request, one, found[one.id].specification) for one in roster.students]
    files: dict[str, bytes] = {
        SETTINGS: assignment.text().encode(),
        ROSTER: roster.text().encode(),
    }
    own: dict[int, Mapping[str, bytes]] = {}
    for done in each(_student_files, jobs, workers):
        if done.result is None:
            raise OutputError(f"class: expected the files of every student, found none of "
                              f"{roster.students[done.number].id}")  # fmt: skip
        own[done.number] = done.result
        if progress is not None:
            progress(len(own))
    for number in range(len(jobs)):
        files |= own[number]
    return Made(files, tuple(_notes(roster, found, variants.hiding)))


def _notes(roster: Roster, found: Mapping[str, Variant], hiding: Hiding | None) -> Iterator[str]:
    """What a teacher should know of the variants, and of the files' names."""
    for one in roster.renamed():
        yield sentence("class", "renamed", id=one.id, name=one.stem)
    if hiding is not None and hiding.always:
        says = hiding.always[0].says
        yield sentence(
            "class", "always_hidden", count=len(hiding.always), slips=hiding.slips, says=says
        )
    for name, count in (
        ("some_hidden", sum(one.hidden > 0 for one in found.values())),
        ("saturated", sum(one.saturated for one in found.values())),
        ("shared", sum(one.shared for one in found.values())),
    ):
        if count:
            yield sentence("class", name, count=count, of=len(found))


@dataclass(frozen=True)
class _Job:
    """A student's files to be made."""

    request: Request
    student: Student
    specification: Specification


def _student_files(job: _Job) -> dict[str, bytes]:
    """The files of one student, by their paths."""
    request, student = job.request, job.student
    trace = run_model(job.specification, model_of(job.specification))
    files = {f"{STUDENTS}/{student.stem}.xlsx": _sheet(request, student, trace)}
    for ending in request.texts:
        text = task_text(trace, request.assignment, student, ending)
        files[f"{STUDENTS}/{student.stem}.{ending}"] = text.encode()
    for name, text in problem_files(job.specification).items():
        if name == PROBLEM:
            name = f"{student.stem}.toml"
            text = f"# {sentence('class', 'key', id=student.id, name=student.name)}\n{text}"
        files[f"{KEYS}/{name}"] = text.encode()
    if request.solutions:
        page = io.BytesIO()
        titled = f"{trace.specification.title} ({student.id})"
        whole = replace(trace, specification=replace(trace.specification, title=titled))
        build_workbook(whole, page, sheets=("BPTT", "Step", "Equations"))
        files[f"{SOLUTIONS}/{student.stem}.xlsx"] = page.getvalue()
    return files


def _sheet(request: Request, student: Student, trace: Trace) -> bytes:
    page = io.BytesIO()
    own = Handout(student.id, student.name, request.assignment.figures, request.equations)
    build_workbook(trace, page, practice=request.assignment.practice, handout=own)
    return page.getvalue()


def write_class(made: Made, folder: Path, force: bool = False) -> int:
    """Put the files into a folder, and say how many were new or changed.

    Raises :class:`~cellcalc.errors.OutputError`, before anything is written, where a file is there
    that holds something else (unless ``force``).
    """
    changed = [name for name, contents in made.files.items() if not _holds(folder / name, contents)]
    for name in changed:
        refuse_to_overwrite(folder / name, force)
    for name in changed:
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            expected = "expected a folder to write to"
            raise OutputError(f'{path.parent}: {expected}, found "{error.strerror}"') from None
        contents = made.files[name]
        write_file(path, partial(_put, contents), force)
    return len(changed)


def _put(contents: bytes, file: BinaryIO) -> None:
    file.write(contents)


def _holds(path: Path, contents: bytes) -> bool:
    """Whether a file holds these very bytes already."""
    try:
        return path.stat().st_size == len(contents) and path.read_bytes() == contents
    except OSError:
        return False
