"""Lines without a step, one for each step: what a loop of a forward pass prints.

``f=0.71 i=0.68 c=0.29``, as often as there are steps and right below one another, are those of
step 1 to the last: a forward pass has no other order. Derivatives may be printed in either one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from cellcalc.check.answers import ASIDE, PROSE, Entry
from cellcalc.check.reading.from_zero import key_of
from cellcalc.check.reading.names import Names
from cellcalc.check.reading.vocabulary import words

FEWEST = 2  # quantities of a line


def in_order(entries: Sequence[Entry], names: Names) -> Iterator[Entry]:
    """The entries, where those of such lines have the step that their place tells."""
    if names.steps < 2:
        yield from entries
        return
    lines = [list(same) for _, same in groupby(entries, lambda entry: entry.line)]
    kinds = [_kind(line, names) for line in lines]
    place = 0
    while place < len(lines):
        end = place
        while end < len(lines) and kinds[end] and kinds[end] == kinds[place]:
            end += 1
        if end - place == names.steps and kinds.count(kinds[place]) == names.steps:
            for row, line in enumerate(lines[place:end]):
                yield from (_at(entry, row + entry.first_step) for entry in line)
        else:
            end = max(end, place + 1)
            for line in lines[place:end]:
                yield from line
        place = end


def _kind(line: Sequence[Entry], names: Names) -> tuple[str, ...]:
    """What a line has a number for; nothing if it says a step, or another kind of thing."""
    if len(line) < FEWEST or any(entry.form in (PROSE, ASIDE) for entry in line):
        return ()
    if any(entry.t is not None or entry.values or entry.is_row for entry in line):
        return ()
    found = tuple(entry.left.strip() for entry in line)
    keys = [key_of(name, names) for name in found if not _is_loss(name)]
    is_forward = len(keys) >= FEWEST and not any(key is None or key[0] == "d" for key in keys)
    return found if is_forward and not any(map(_has_step, found)) else ()


def _has_step(name: str) -> bool:
    return any(character.isdigit() for character in name)


def _is_loss(name: str) -> bool:
    return name.lower() in (*words("loss")["words"], *words("loss")["errors"], "l", "e", "j")


def _at(entry: Entry, t: int) -> Entry:
    left = entry.left.strip()
    return replace(entry, left=f"{left}[{t}]") if _is_loss(left) else replace(entry, t=t)
