"""``cellcalc experiment``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from cellcalc.cli.common import (
    as_scheme,
    bar,
    command,
    emit,
    load,
    problem_argument,
    refining_options,
    text_options,
    windows_option,
)
from cellcalc.cli.formats import format_option
from cellcalc.errors import OptionError, OutputError, describe, unknown
from cellcalc.resources import sentence

if TYPE_CHECKING:
    from cellcalc.problems.schemes import Override, Scheme
    from cellcalc.studies.experiment import Experiment, Result

MOST = 1_000_000_000  # of a whole number in a list


def _whole(
    _context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[int, ...]:
    """A list such as 1,4,12."""
    found = _listed(value, int, "whole numbers of at least 1", parameter)
    return tuple(map(int, found))


def _positive(
    _context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[float, ...]:
    """A list such as 0.05,0.1."""
    return _listed(value, float, "numbers above 0", parameter)


def _listed(
    value: str | None,
    kind: type[int] | type[float],
    expected: str,
    parameter: click.Parameter,
) -> tuple[float, ...]:
    numbers = []
    for item in value.split(",") if value is not None else ():
        try:
            number = float(kind(item))
        except ValueError:
            number = 0.0
        if not 0 < number < MOST:
            raise OptionError(
                parameter.name or "", f"{expected}, as in 1,2,5", describe(item.strip())
            )
        numbers.append(number)
    return tuple(numbers)


@command("Train under many k1, k2, schemes and rates, and compare.")
@problem_argument
@click.option("--k1", metavar="A,B,…", callback=_whole, help="With each k2: fire every k1 steps.")
@click.option(
    "--k2", metavar="A,B,…", callback=_whole, help="With each k1: sweep the last k2 steps."
)
@click.option("--scheme", "names", metavar="NAME", multiple=True, help="A scheme; repeatable.")
@click.option(
    "--learning-rate", "rates", metavar="A,B,…", callback=_positive, help="Learning rates."
)
@click.option("--epochs", metavar="A,B,…", callback=_whole, help="Results after so many epochs.")
@click.option("--seeds", metavar="N", type=int, help="Seeds 1 to N.")
@click.option("--hold-out", metavar="N", type=int, help="Don't train on the last N sequences.")
@click.option("--jobs", metavar="N", type=click.IntRange(1, 256), help="Number of processes.")
@click.option(
    "--csv",
    "rows",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Also write each row to FILE as soon as it is there.",
)
@click.option("--resume", is_flag=True, help="Go on with the --csv of a run that was interrupted.")
@click.option(
    "--workbook",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Also write a workbook: results, heat map, charts.",
)
@windows_option("Blocks of A, then B, … steps as a scheme.")
@refining_options
@text_options
@format_option("text", "markdown", "html", "csv", "json")
def experiment(
    problem: str,
    k1: tuple[int, ...],
    k2: tuple[int, ...],
    names: tuple[str, ...],
    rates: tuple[float, ...],
    epochs: tuple[int, ...],
    seeds: int | None,
    hold_out: int | None,
    jobs: int | None,
    format: str,
    rows: Path | None,
    resume: bool,
    workbook: Path | None,
    windows: tuple[int, ...] | None,
    override: Override,
    output: Path | None,
    force: bool,
) -> None:
    """Train a problem under every pair of k1 and k2 and compare what is learned.

    Each scheme is trained from several seeds, which draw the parameters that the problem does not
    give. Losses are means over the steps with a target: of the last epoch, of the best one, and
    on the sequences held out; each the median over the seeds, with the least and the greatest.
    Beside them the cost, and how far the gradient is from full BPTT's before training.

    By default: 5 seeds, the problem's learning rate, its epochs (100 where it has 1), a quarter of
    the sequences held out. An interrupted run leaves the rows that it finished in its --csv; the
    same command with --resume goes on from there.

    \b
    Examples:
      cellcalc experiment echo --k1 1,4,12 --k2 3,6,7,12
      cellcalc experiment echo --scheme full --learning-rate 0.02,0.1 --epochs 50
      cellcalc experiment echo --k2 6,7 --csv rows.csv --workbook study.xlsx
    """
    from cellcalc.studies.experiment import design

    loaded = load(problem, override)
    planned = design(
        loaded.specification,
        loaded.model,
        [_scheme(name, loaded.specification.scheme) for name in (*names, *as_scheme(windows))],
        k1,
        k2,
        rates,
        epochs,
        seeds,
        hold_out,
    )
    if resume and rows is None:
        raise OptionError("resume", "`rows` with it", "`resume` alone")
    done = _done(rows, planned) if resume and rows else []
    for path in (output, workbook):
        if path:
            _note_what_is_there(path, force)
    results: list[Result] = []
    interrupted = False
    with _open_rows(rows, force, done if resume else None) as write:
        try:
            for result in _run(planned, jobs or 1, done):
                results.append(result)
                if result not in done:
                    write(result)
        except KeyboardInterrupt:
            interrupted = True
    if results:
        text = _rendered(planned, results, format)
        _keep(output, lambda path, force: emit(text, path, force), force)
        if workbook:
            _keep(
                workbook, lambda path, force: _write_workbook(planned, results, path, force), force
            )
    if interrupted:
        where = f"; they are in {rows}" if rows else ""
        stopped = f"stopped after {len(results)} of {planned.rows} rows{where}"
        click.echo(f"Error: {stopped}", err=True)
        click.get_current_context().exit(2)


def _scheme(name: str, usual: Scheme) -> Scheme:
    """A named scheme, with the problem's options where the name leaves them open."""
    from cellcalc.problems.schemes import forms
    from cellcalc.studies.compare import with_options

    found = with_options(name, usual)
    if found is None:
        raise OptionError("scheme", ", ".join(forms()), unknown(name, forms()))
    return found


def _done(path: Path, planned: Experiment) -> list[Result]:
    """The rows of the schemes that an interrupted run had finished; none where there is no file."""
    from cellcalc.files import decode, exists, read_bytes
    from cellcalc.studies.experiment import check_done, finished_schemes
    from cellcalc.views.experiment import read_csv

    if not exists(path):
        return []
    found = read_csv(decode(read_bytes(path, str(path)), str(path)), str(path))
    check_done(planned, found)
    return [row for rows in finished_schemes(planned, found).values() for row in rows]


def _run(planned: Experiment, jobs: int, done: Sequence[Result] = ()) -> Iterator[Result]:
    from concurrent.futures import ProcessPoolExecutor

    from cellcalc.studies.experiment import run

    with ExitStack() as stack:
        executor = stack.enter_context(ProcessPoolExecutor(jobs)) if jobs > 1 else None
        progress = stack.enter_context(bar(planned.passes, "training"))
        yield from run(planned, progress, executor, done)


@contextmanager
def _open_rows(
    path: Path | None, force: bool, done: Sequence[Result] | None
) -> Iterator[Callable[[Result], None]]:
    """A function that adds a row to the file, at once and for good; below those ``done``, if any.

    A file that is gone on with is first put in order, in one move: rows of a scheme that was not
    finished are run again, and a line may end in its middle.
    """
    from cellcalc.files import write_file
    from cellcalc.views.experiment import WRITTEN, csv_line, row_line, to_csv

    if path is None:
        yield lambda result: None  # noqa: ARG005
        return
    if done is None:
        _check_free(path, force)
    else:
        kept = to_csv(done).encode()
        write_file(path, lambda file: file.write(kept), force=True)
    try:
        file: TextIO = path.open("w" if done is None else "a", encoding="utf-8", newline="")
    except OSError as error:
        found = f'"{error.strerror}"'
        raise OutputError(f"{path}: expected a place to write to, found {found}") from None
    with file:

        def write(result: Result) -> None:
            file.write(row_line(result))
            file.flush()

        if done is None:
            file.write(csv_line(WRITTEN))
            file.flush()
        yield write


def _check_free(path: Path, force: bool) -> None:
    """Say before the run, not after it, that a file is in the way."""
    from cellcalc.files import refuse_to_overwrite

    refuse_to_overwrite(path, force)


def _note_what_is_there(path: Path, force: bool) -> None:
    """Say before the run that a file stays, unless these very bytes come out again."""
    if path.is_file() and not force:
        click.echo(f"Note: {sentence('experiment', 'stays', file=path)}", err=True)


def _keep(path: Path | None, write: Callable[[Any, bool], None], force: bool) -> None:
    """Write results; where another file is in the way, beside it, since they took long."""
    from cellcalc.files import free_name

    try:
        write(path, force)
    except OutputError:
        if path is None or not path.is_file() or force:
            raise
        free = free_name(path)
        write(free, False)
        beside = f"found another; the results are in {free}"
        raise OutputError(f"{path}: expected no file of that name (or `force`), {beside}") from None


def _rendered(planned: Experiment, results: list[Result], format: str) -> str:
    from cellcalc.views import experiment as written

    if format == "csv":
        return written.to_csv(results)
    if format == "json":
        return written.to_json(planned, results)
    from cellcalc.views.document import written as page_written

    return page_written(written.page(planned, results), format)


def _write_workbook(planned: Experiment, results: list[Result], path: Path, force: bool) -> None:
    from cellcalc.files import write_file
    from cellcalc.workbook import build_results

    date = os.environ.get("SOURCE_DATE_EPOCH")
    write_file(path, lambda file: build_results(planned, results, file, date), force)
    click.echo(f"wrote {path}", err=True)
