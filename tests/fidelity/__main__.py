"""``python -m tests.fidelity``: the workbooks under every reader and engine that there is.

Stored values are made wrong first, so that an engine which shows the right ones has computed them.
``--write`` puts the table into docs/fidelity.md. The exit status is 1 where anything differs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime

from tests.fidelity import lint, schema
from tests.fidelity.books import books
from tests.fidelity.engines import ENGINES
from tests.fidelity.faults import FAULTS, LINT, SCHEMA, planted
from tests.fidelity.run import Row, differences, looked_at
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "fidelity.md"
SHOWN = 5
BATCH = 4  # workbooks at a time, which LibreOffice is started once for


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fidelity", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth workbook")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes at a time")
    parser.add_argument("--only", default="", metavar="TEXT", help="workbooks whose name has TEXT")
    options = parser.parse_args()
    began = time.monotonic()
    everything = list(books())
    wanted = [one for one in everything[:: options.every] if options.only in one.name]
    parts = [wanted[k : k + BATCH] for k in range(0, len(wanted), BATCH)]
    done: dict[str, Row] = {}
    files = cells = 0
    used: Counter[str] = Counter()

    def write(found: int | None) -> None:
        if options.write:  # a run that is cut short leaves what it has found
            sizes = files, len(everything)
            PAGE.write_text(page(done.values(), found, sizes, cells, time.monotonic() - began))

    # A process for each few workbooks, so that no more than theirs are in memory.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.jobs, context, max_tasks_per_child=1) as pool:
        for future in as_completed([pool.submit(looked_at, part) for part in parts]):
            count, rows, seconds = future.result()
            cells += count
            files = min(files + BATCH, len(wanted))
            used.update(seconds)
            for row in rows:
                done[row.what] = done[row.what].and_(row) if row.what in done else row
                for line in row.told[:SHOWN]:
                    print(f"  {row.what}: {line}", flush=True)
            print(f"{files} of {len(wanted)}, {time.monotonic() - began:.0f} s", flush=True)
            write(None)
    for row in done.values():
        result = f"left out, {row.left_out}" if row.left_out else f"{len(row.told)} differences"
        print(
            f"{row.what}: {row.files} files, {row.cells:,} cells, {result}; {used[row.what]:.0f} s"
        )
    found = plant(wanted[0].make())
    print(
        f"planted faults found: {found} of {len(FAULTS)}; {time.monotonic() - began:.0f} s in all"
    )
    write(found)
    return int(found < len(FAULTS) or any(row.told for row in done.values()))


def plant(book: bytes) -> int:
    """How many of the planted faults are found."""
    found = 0
    for fault in FAULTS:
        faulty = planted(book, fault)
        if fault.by == LINT:
            is_found = any(lint.complaints(faulty))
        elif fault.by == SCHEMA:
            is_found = any(schema.complaints(faulty))
        else:
            engine = ENGINES[0]
            results = engine.recalculate({"": faulty})[""]
            is_found = bool(differences(faulty, results, engine.texts))
        found += is_found
        if not is_found:
            print(f"  not found: {fault.name}")
    return found


def page(
    rows: Iterable[Row], found: int | None, files: tuple[int, int], cells: int, seconds: float
) -> str:
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
    for row in rows:
        result = f"left out: {row.left_out}" if row.left_out else str(len(row.told) or "none")
        counted = f"{row.files or ''} | {f'{row.cells:,}' if row.cells else ''}"
        lines.append(f"| {row.what} | {row.version} | {counted} | {result} |")
    if found is not None:
        lines += [
            "",
            f"Faults planted in a sound workbook that are found: {found} of {len(FAULTS)}.",
        ]
    lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
