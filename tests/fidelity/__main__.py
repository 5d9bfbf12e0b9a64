"""``python -m tests.fidelity``: the workbooks under every reader and engine that there is.

Stored values are made wrong first, so that an engine which shows the right ones has computed them.
``--write`` puts the table into docs/fidelity.md. The exit status is 1 where anything differs.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib import metadata

from tests.fidelity import lint, readers
from tests.fidelity.books import Wanted, books, edited
from tests.fidelity.engines import BROKEN, ENGINES, Books, Engine, Results, titles
from tests.fidelity.faults import FAULTS, LINT, planted
from tests.reliability import Missing
from tests.support.paths import ROOT
from tests.support.sheets import noisy
from tests.support.spreadsheets import Values, formula_cells, poisoned, read

RELATIVE, ABSOLUTE = 1e-9, 1e-12
PAGE = ROOT / "docs" / "fidelity.md"
SHOWN = 5


def made(wanted: Wanted) -> bytes:
    return wanted.make()


def same(a: object, b: object, texts: bool) -> bool:
    """Whether a value that was computed is the one that is stored."""
    if isinstance(a, bool | int | float) and isinstance(b, bool | int | float):
        return abs(a - b) <= RELATIVE * abs(b) + ABSOLUTE
    if isinstance(b, str) and isinstance(a, str) and not a.startswith("#"):
        return not texts or a.replace("\r", "") == b.replace("\r", "")
    return (a or "") == (b or "")


def differences(book: bytes, found: Values, texts: bool, sheets: tuple[str, ...] = ()) -> list[str]:
    """The formula cells that have another value; of ``sheets`` alone where these are given."""
    if BROKEN in found:
        return [f"{BROKEN[1]}: {found[BROKEN]}"]
    stored = read(book)
    noise = noisy(stored)
    told = []
    for cell in formula_cells(book):
        if cell in noise or (sheets and cell[0] not in sheets):
            continue
        if not same(found.get(cell), stored.get(cell), texts):
            told.append(f"{cell[0]}!{cell[1]}: {stored.get(cell)!r}, found {found.get(cell)!r}")
    return told


class Run:
    def __init__(self) -> None:
        self.rows: list[tuple[str, str, int, int, str]] = []  # what, version, files, cells, result
        self.failed = False

    def add(
        self, what: str, files: int, cells: int, told: list[str], distribution: str = ""
    ) -> None:
        for line in told[:SHOWN]:
            print(f"  {what}: {line}", flush=True)
        self.failed |= bool(told)
        result = "none" if not told else str(len(told))
        self.rows.append((what, _version(distribution or what.lower()), files, cells, result))
        print(f"{what}: {files} files, {cells:,} cells, differences: {result}", flush=True)

    def leave_out(self, what: str, reason: Missing) -> None:
        self.rows.append((what, "–", 0, 0, f"left out: {reason}"))
        print(f"{what}: left out, {reason}", flush=True)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fidelity", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth workbook")
    options = parser.parse_args()
    began = time.monotonic()
    everything = list(books())
    wanted = everything[:: options.every]
    with ProcessPoolExecutor() as pool:
        given = dict(zip([one.name for one in wanted], pool.map(made, wanted), strict=True))
    cells = sum(len(formula_cells(book)) for book in given.values())
    seconds = time.monotonic() - began
    print(f"{len(given)} workbooks, {cells:,} formula cells, {seconds:.0f} s", flush=True)
    run = Run()
    told = [f"{name}: {line}" for name, book in given.items() for line in lint.complaints(book)]
    run.add("Excel's limits", len(given), cells, told)
    _try(run, "openxml-audit", lambda: readers.by_audit(given), given, cells)
    _try(run, "ExcelJS", lambda: readers.by_node("exceljs", given), given, cells)
    _try(run, "SheetJS", lambda: readers.by_node("xlsx", given), given, cells)
    changed = {one.name: edited(one.problem()) for one in wanted if one.edits}
    wrong = {name: poisoned(book, sheet=titles(book)[0]) for name, book in given.items()}
    wrong |= {f"{n}, edited": poisoned(given[n], edits) for n, (edits, _) in changed.items()}
    with ProcessPoolExecutor(max_workers=2) as pool:
        done = [(engine, pool.submit(recalculated, engine, wrong)) for engine in ENGINES]
        for engine, future in done:
            results, seconds, why = future.result()
            if why is not None:
                run.leave_out(engine.name, why)
            else:
                _compared(run, engine, results, given, changed)
                print(f"  {seconds:.0f} s", flush=True)
            if options.write:  # a run that is cut short leaves what it has found
                sizes = len(given), len(everything)
                PAGE.write_text(page(run, None, sizes, cells, time.monotonic() - began))
    found = plant(given[wanted[0].name], run)
    print(
        f"planted faults found: {found} of {len(FAULTS)}; {time.monotonic() - began:.0f} s in all"
    )
    if options.write:
        sizes = len(given), len(everything)
        PAGE.write_text(page(run, found, sizes, cells, time.monotonic() - began))
    return int(run.failed)


def _try(
    run: Run, what: str, find: Callable[[], Iterable[str]], given: Mapping[str, bytes], cells: int
) -> None:
    try:
        run.add(what, len(given), cells, list(find()))
    except Missing as error:
        run.leave_out(what, error)


def recalculated(engine: Engine, books: Books) -> tuple[Results, float, Missing | None]:
    """What an engine computes, in how many seconds; or why it is left out."""
    began = time.monotonic()
    try:
        return engine.recalculate(books), time.monotonic() - began, None
    except Missing as error:
        return {}, 0.0, error


def _compared(
    run: Run,
    engine: Engine,
    results: Results,
    given: Mapping[str, bytes],
    changed: Mapping[str, tuple[dict[str, float | None], bytes]],
) -> None:
    """Every workbook as it was recalculated, as it is and with a weight and an input changed."""
    told, cells = [], 0
    for name, book in given.items():
        cells += len(formula_cells(book))
        told += [f"{name}: {d}" for d in differences(book, results[name], engine.texts)]
    for name, (_, expected) in changed.items():
        cells += sum(sheet == "BPTT" for sheet, _ in formula_cells(expected))
        found = differences(expected, results[f"{name}, edited"], False, ("BPTT",))
        told += [f"{name}, edited: {d}" for d in found]
    distribution = {"BetterOffice": "betteroffice-xlsx", "formulon, German": "formulon"}.get(
        engine.name, ""
    )
    run.add(engine.name, len(given) + len(changed), cells, told, distribution)


def plant(book: bytes, run: Run) -> int:
    """How many of the planted faults are found."""
    found = 0
    for fault in FAULTS:
        faulty = planted(book, fault)
        if fault.by == LINT:
            is_found = any(lint.complaints(faulty))
        else:
            engine = ENGINES[0]
            results = engine.recalculate({"": faulty})[""]
            is_found = bool(differences(faulty, results, engine.texts))
        found += is_found
        if not is_found:
            run.failed = True
            print(f"  not found: {fault.name}")
    return found


def page(run: Run, found: int | None, files: tuple[int, int], cells: int, seconds: float) -> str:
    """The table as a page of the documentation; ``found`` are the planted faults, once sought."""
    today = datetime.now(UTC).date()
    lines = [
        "# What spreadsheet programs make of the workbooks",
        "",
        f"Written by `python -m tests.fidelity --write` on {today}: {files[0]} of the {files[1]}",
        "workbooks that there are of every command, cell, scheme and optimizer (`--every N` takes",
        f"one in N), {cells:,} formula cells, {seconds:.0f} s on a busy machine, with",
        f"Python {platform.python_version()}. Each engine computed them from stored values that",
        "had been made wrong, as they are and with a weight and an input changed; what it shows is",
        "compared with what is stored. Excel itself was not run: `tools/excel/` is for who has it.",
        "",
        "| read or computed by | version | files | formula cells | differences |",
        "|---|---|---|---|---|",
    ]
    for what, version, some, count, result in run.rows:
        lines.append(
            f"| {what} | {version} | {some or ''} | {f'{count:,}' if count else ''} | {result} |"
        )
    left = [engine.name for engine in ENGINES if engine.name not in {row[0] for row in run.rows}]
    lines += [f"| {name} | | | | not run |" for name in left]
    if found is not None:
        lines += [
            "",
            f"Faults planted in a sound workbook that are found: {found} of {len(FAULTS)}.",
        ]
    lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
