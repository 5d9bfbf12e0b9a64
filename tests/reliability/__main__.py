"""``python -m tests.reliability [--quick] [--seed N] [NAME …]`` prints what was tried and found."""

from __future__ import annotations

import argparse
import platform
import re
import resource
import sys
import time
from datetime import UTC, datetime
from functools import partial
from importlib import metadata

from tests.reliability import (
    Campaign,
    Missing,
    awkward,
    commands,
    extremes,
    faults,
    injection,
    inputs,
    numbers,
    sizes,
    templates,
    texts,
    workbooks,
)
from tests.support.paths import ROOT

_WORDS = "a result or one line a mistake"
CAMPAIGNS: tuple[Campaign, ...] = (
    Campaign("values and gradients", "numbers", "an LSTM written by hand, complex steps",
             numbers.by_hand_written_lstm, 8, 500),
    Campaign("values and gradients of every cell", "numbers", "the templates evaluated by Python, complex steps",
             numbers.by_every_template, 1, 40),
    Campaign("many sets trained at once, every cell", "numbers", "the engine, one at a time",
             numbers.batched, 25, 1_000),
    Campaign("right answers, every cell and scheme", "answers", "marked as right",
             numbers.right_answers, 25, 600),
    Campaign("workbooks of random problems and schemes", "formula cells", "formualizer's recalculation",
             workbooks.by_formualizer_again, 1, 60),
    Campaign("workbooks of every cell, schemes and exercises", "formula cells", "formualizer's recalculation",
             workbooks.every_cell, 5, 200),
    Campaign("exercises filled in rightly", "answers", "all right, on the sheet and for `cellcalc check`",
             workbooks.filled_in, 5, 200),
    Campaign("workbooks written twice", "workbooks", "the same bytes", workbooks.reproducible, 1, 20),
    Campaign("saturated, exploding, subnormal, nan and inf", "commands",
             "a warning that names the first, valid JSON", numbers.edges, 6, 18),
    Campaign("workbooks of extreme finite numbers", "formula cells", "no error value",
             workbooks.edge_workbooks, 4, 1_000),
    Campaign("the same, recalculated by LibreOffice", "formula cells", "no error value",
             workbooks.edge_workbooks_in_libreoffice, 2, 1_000),
    Campaign("workbooks of numbers of every size", "formula cells", "no error value", workbooks.every_size, 3, 150),
    Campaign("those, recalculated by LibreOffice", "formula cells", "no error value",
             workbooks.every_size_in_libreoffice, 1, 75),
    Campaign("extremes typed into the blue cells", "formula cells", "no error value", workbooks.typed, 4, 200),
    *(
        Campaign(f"mutated and random {name}", "inputs", _WORDS, partial(inputs.fuzz, name), 20,
                 300 if name == "problem files" else 2_000)
        for name in inputs.KINDS
    ),
    Campaign("texts of every kind that people hand in", "texts", "answers or one message, 1 s of computing (and 1 s for each 20 kB)",
             texts.fuzz, 100, 100_000),
    Campaign("command lines of random words", "commands", _WORDS, commands.options, 60, 5_000),
    Campaign("command lines that mean something", "commands", _WORDS, commands.meaningful, 25, 1_500),
    Campaign("cell templates at random, every command", "commands", _WORDS, templates.commands, 4, 400),
    Campaign("their gradients", "numbers", "central differences, where smooth",
             templates.differences, 40, 2_000),
    Campaign("their workbooks", "formula cells", "formualizer's recalculation",
             templates.recalculated, 3, 150),
    Campaign("their workbooks in a second engine", "formula cells", "cellrune's recalculation",
             templates.recalculated_again, 1, 150),
    Campaign("problems that lack something, every command", "commands", _WORDS, awkward.every_command, 2, 80),
    Campaign("every command on problems of every size", "commands", "60 s and 2.5 GB or refused, never silent",
             sizes.walk, 1, 120),
    Campaign("files made to take forever", "files", "60 s, 2.5 GB, one line",
             extremes.extremes, 1, 1_000),
    Campaign("endless standard input", "pipes", "60 s, 2.5 GB, one line", extremes.pipes, 1, 3),
    Campaign("zip bombs, entity bombs and the like", "workbooks", "60 s, 2.5 GB, one line",
             extremes.workbooks, 2, 1_000),
    Campaign("texts that look like formulas, markup, escapes", "outputs", "plain text",
             injection.injection, 16, 700),
    Campaign("the same in file names and options", "messages", "one printable line",
             injection.names, 3, 48),
    Campaign("SIGKILL during `cellcalc workbook`", "kills", "the old file or the new, whole",
             faults.kills, 1, 40),
    Campaign("SIGKILL between write and rename", "kills", "the old file, whole",
             faults.kills_while_writing, 1, 30),
    Campaign("failing writes", "faults", "the old file, nothing left behind",
             faults.failing_writes, 50, 2_000),
    Campaign("a full disk", "writes", "the old file, a message", faults.full_disk, 1, 20),
    Campaign("a limit on file sizes", "writes", "the old file, a message", faults.limited_size, 1, 10),
    Campaign("a read-only disk", "writes", "the old file, a message", faults.read_only, 1, 10),
    Campaign("two writers of one file", "pairs", "one of the two, whole", faults.rivals, 10, 500),
    Campaign("two commands writing one workbook", "pairs", "one of the two, whole",
             faults.rival_commands, 1, 20),
    Campaign("places where nothing can be written", "commands", "one line, status 2",
             faults.places, 2, 24),
    Campaign("readers that go away", "pipes", "silence", faults.broken_pipes, 2, 36),
    Campaign("standard output on a full device", "commands", "one line, status 2",
             faults.full_output, 1, 12),
    Campaign("Ctrl-C in a long run", "interrupts", "one word, status 130, the old file",
             faults.interrupts, 1, 12),
    Campaign("every signal that ends a process, in a long run", "signals",
             "its status, the old file, nothing left", faults.signals, 1, 28),
)  # fmt: skip


PAGE = ROOT / "docs" / "reliability.md"
_HEADING = "| tried | how many |"
_MEASURED = re.compile(r"^Measured .*$", re.MULTILINE)


def with_row(page: str, row: str) -> str:
    """The page with a row of its table as it is now, in the order of the campaigns."""
    lines = page.split("\n")
    first = next(k for k, line in enumerate(lines) if line.startswith(_HEADING)) + 2
    last = next(k for k in range(first, len(lines) + 1) if not lines[k : k + 1] or lines[k] == "")
    rows = {_name(line): line for line in (*lines[first:last], row)}
    order = [campaign.name for campaign in CAMPAIGNS]
    kept = [rows[name] for name in order if name in rows]
    versions = f"Python {platform.python_version()}, numpy {metadata.version('numpy')}"
    said = f"Measured with {versions}; the newest of its rows on {datetime.now(UTC).date()}:"
    text = "\n".join([*lines[:first], *kept, *lines[last:]])
    return _MEASURED.sub(said, text, count=1)


def _name(row: str) -> str:
    return row.split("|")[1].strip()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("names", nargs="*", help="only campaigns whose name contains one of these")
    parser.add_argument("--quick", action="store_true", help="as few as the test suite")
    parser.add_argument("--count", type=int, metavar="N", help="so many of each, on a busy machine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help=f"put the rows into docs/{PAGE.name}")
    chosen = parser.parse_args()
    trouble = 0
    print("| tried | how many | held against | differences |\n| --- | ---: | --- | --- |")
    for campaign in CAMPAIGNS:
        if chosen.names and not any(name in campaign.name for name in chosen.names):
            continue
        begun = time.perf_counter()
        try:
            count = chosen.count or (campaign.quick if chosen.quick else campaign.full)
            outcome = campaign.run(count, chosen.seed)
        except Missing as missing:
            print(f"| {campaign.name} | – | {campaign.held} | not tried: needs {missing} |")
            continue
        note = f" ({outcome.note})" if outcome.note else ""
        row = f"| {campaign.name} | {outcome.tried:,} {campaign.unit} | {campaign.held} | {len(outcome.found)}{note} |"
        print(row, flush=True)
        if chosen.write:
            PAGE.write_text(with_row(PAGE.read_text(encoding="utf-8"), row), encoding="utf-8")
        trouble += len(outcome.found)
        for found in outcome.found[:10]:
            print(f"  {campaign.name}: {found}", file=sys.stderr)
        print(f"  {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"  peak memory {peak} MB", file=sys.stderr)
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main())
