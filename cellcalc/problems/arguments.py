"""A problem from arrays, lists and numbers: the arguments of a call as the tables of a file.

Everything that a problem file can say is an argument. The arguments are put together as the tables
that a file would have, and go the same way from there, so that the same mistakes are found and told
in the same words; only the places in the messages are those of arguments (``x[3]``, not
``sequence[1].x[3]``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from cellcalc.errors import InputError, Mistake, OptionError, describe, did_you_mean
from cellcalc.files import Folder
from cellcalc.problems.schemes import KEYS as SCHEME_KEYS
from cellcalc.problems.sequences import TARGET, Columns
from cellcalc.problems.specification import Specification, specification_of
from cellcalc.problems.templates import RATE, UPDATE_KEYS
from cellcalc.toml import flat, listed

_TABLES = ("parameters", "initial", "coefficients")
# All arguments but the settings that are an optimizer's own.
ARGUMENTS = (
    "cell", "readout", "loss", *_TABLES, "x", TARGET, "sequences", "title", "notation",
    *SCHEME_KEYS, *UPDATE_KEYS, RATE,
)  # fmt: skip
_SINGLE = re.compile(r"^sequence\[1\]\.")
_PREFIX = re.compile(r"^(?:bptt|update)\.")


def from_arguments(given: Mapping[str, Any]) -> Specification:
    """A specification from the arguments of :class:`cellcalc.api.Problem`.

    Parameters
    ----------
    given : mapping of str to anything
        ``title``, ``cell``, ``readout``, ``loss``; ``parameters``, ``initial``, ``coefficients``
        (mappings); ``x`` and ``target`` (one sequence, or with one dimension more several of them),
        or ``sequences`` (pairs of x and target); the keys of ``[bptt]`` and of ``[update]``. None
        is what was not given.

    Raises
    ------
    InputError
        With all that is wrong, each mistake at the name of its argument.
    """
    arguments = {key: value for key, value in given.items() if value is not None}
    tables: dict[str, Any] = {"bptt": {}, "update": {}}
    for key, value in arguments.items():
        if key in ("x", TARGET, "sequences"):
            continue
        if key in _TABLES:
            tables[key] = _table(key, value)
        elif key in ("title", "cell", "readout", "loss"):
            tables[key] = str(value) if isinstance(value, Path) else value
        else:
            tables["bptt" if key in SCHEME_KEYS else "update"][key] = plain(value)
    tables["sequence"] = list(_sequences(arguments))
    several = len(tables["sequence"]) > 1
    tables.setdefault("title", "")
    try:
        made = specification_of(tables, "", Folder())
    except InputError as error:
        raise InputError([_of_argument(m, several, given) for m in error.mistakes]) from None
    return made if "title" in arguments else replace(made, title=made.cell.title)


def _of_argument(mistake: Mistake, several: bool, given: Mapping[str, Any]) -> Mistake:
    """The mistake at the name of its argument; an unknown one is none of all that there are."""
    key = _argument(mistake, several)
    if mistake.key == f"update.{key}" and mistake.found.startswith("an unknown key"):
        known = [*ARGUMENTS, *(k for k in given if k not in ARGUMENTS and k != key)]
        hint = did_you_mean(key, known)
        return replace(mistake, key=key, expected=f"one of {listed(known)}", found=f"another{hint}")
    return replace(mistake, key=key)


def plain(value: Any) -> Any:
    """Numbers, and lists and tables of them, in place of arrays (numpy's, torch's, …)."""
    if type(value) in (float, int, str, bool):  # most are, and need no questions
        return value
    if hasattr(value, "detach"):  # a tensor that is part of a graph
        value = value.detach()
    if hasattr(value, "to_numpy"):  # a table or a column of pandas
        value = value.to_numpy()
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, bool | str | Path):
        return str(value) if isinstance(value, Path) else value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return value


def _table(key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise OptionError(key, "a mapping of names to numbers", type(value).__name__)
    return {str(name): _flat(plain(item)) for name, item in value.items()}


def _flat(value: Any) -> Any:
    """The numbers of an array of any shape in one list; a single one by itself."""
    numbers = flat(value)
    return numbers[0] if len(numbers) == 1 else numbers


def _sequences(arguments: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """The tables of the sequences, as a file has them."""
    if "sequences" in arguments:
        for key in ("x", TARGET):
            if key in arguments:
                raise OptionError(key, "either sequences, or x and target", "both")
        given = arguments["sequences"]
        if isinstance(given, Mapping | str) or not isinstance(given, Iterable):
            found = type(given).__name__
            raise OptionError("sequences", "a list of pairs of x and target", found)
        for place, item in enumerate(given, 1):
            if isinstance(item, Mapping):
                yield {k: _column(plain(v)) if k == TARGET else plain(v) for k, v in item.items()}
            elif not isinstance(item, tuple | list) or (isinstance(item, list) and len(item) != 2):
                yield from _one_or_more(plain(item), None)  # a sequence without targets
            elif len(item) in (1, 2):
                yield from _one_or_more(*(plain(part) for part in (*item, None)[:2]))
            else:
                expected = "x, or a pair of x and target"
                raise OptionError(f"sequences[{place}]", expected, f"{len(item)} things")
        return
    if "x" not in arguments:
        raise InputError([Mistake("", "x", "an array with one row of inputs a step", "nothing")])
    x, target = arguments["x"], arguments.get(TARGET)
    if (table := _of_arrays(x, target)) is not None:
        yield table
    else:
        yield from _one_or_more(plain(x), plain(target))


def _of_arrays(x: Any, target: Any) -> dict[str, Any] | None:
    """The table of a single sequence in arrays of floats, which need not be read one by one."""
    columns = Columns.of(x)
    if columns is None or target is None:
        return None if columns is None else {"x": columns}
    goals = Columns.of(target)
    if goals is None or len(goals.columns) > 1 or goals.steps != columns.steps:
        return None
    return {"x": columns, TARGET: goals}


def _one_or_more(x: Any, target: Any) -> Iterable[dict[str, Any]]:
    """One sequence, or one for each item of the first dimension where x has three.

    So too where x has two and each item has its own row of targets: several of a single input.
    """
    if _depth(x) == 3 or (_depth(x) == 2 and _are_rows(target)):
        targets = target if target is not None else [None] * len(x)
        if not isinstance(targets, list) or len(targets) != len(x):
            found = f"{len(targets)} things" if isinstance(targets, list) else describe(targets)
            raise OptionError(TARGET, f"one for each of the {len(x)} sequences", found)
        for rows, own in zip(x, targets, strict=True):
            yield from _one_or_more(rows, own)
        return
    yield {"x": x} if target is None else {"x": x, TARGET: _column(target)}


def _are_rows(target: Any) -> bool:
    """Whether targets are rows of several; frameworks keep each step's as a row of one."""
    rows = target if isinstance(target, list) else []
    return bool(rows) and all(type(row) is list for row in rows) and {*map(len, rows)} != {1}


def _depth(value: Any) -> int:
    return 1 + _depth(value[0]) if isinstance(value, list) and value else 0


def _column(target: Any) -> Any:
    """The targets of the steps, which frameworks keep as rows of one."""
    if not isinstance(target, list):
        return target
    if target and all(isinstance(row, list) for row in target):
        target = [row[0] if len(row) == 1 else row for row in target]
    return [math.nan if goal is None else goal for goal in target]  # as JSON has a missing one


def _argument(mistake: Mistake, several: bool) -> str:
    """The name of the argument, for a key of a file."""
    key = _PREFIX.sub("", mistake.key)
    if key == "sequence":
        return "x"
    return re.sub(r"^sequence\[", "sequences[", key) if several else _SINGLE.sub("", key)
