"""Oracles that may be absent, and how many of the cases of a kind are tried."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, NoReturn, TypeVar

import pytest

# .ci/run sets this: there, an oracle that is missing is a failure and not a reason to skip.
REQUIRED = os.environ.get("CELLCALC_REQUIRE_ORACLES") == "1"

# By default a sample of the many cases of a kind is tried; all of them with this, as in .ci/run.
THOROUGH = os.environ.get("CELLCALC_THOROUGH") == "1"

Case = TypeVar("Case")


def sample(cases: Iterable[Case], every: int) -> list[Case]:
    """One case in so many; all of them in a thorough run."""
    return list(cases)[:: 1 if THOROUGH else every]


def spread(cases: Sequence[Case], most: int) -> list[Case]:
    """At most so many of the cases: the first, the last, and some evenly between."""
    if len(cases) <= most:
        return list(cases)
    if most < 2:
        return list(cases[:most])
    return [cases[round(place * (len(cases) - 1) / (most - 1))] for place in range(most)]


def parameters_of(session: pytest.Session, fixture: str, *names: str) -> set[tuple[Any, ...]]:
    """The parameters of the tests of a run that ask for a fixture, which makes no others then."""
    return {
        tuple(item.callspec.params[name] for name in names)
        for item in session.items
        if isinstance(item, pytest.Function)
        and fixture in item.fixturenames
        and set(names) <= set(getattr(getattr(item, "callspec", None), "params", ()))
    }


def program(name: str) -> str:
    """The path of a program, or skip (fail in CI) where it is not installed."""
    path = shutil.which(name)
    if path is None:
        _missing(name)
    return path


def module(name: str) -> Any:
    """A module, or skip (fail in CI) where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        _missing(name)


def _missing(name: str) -> NoReturn:
    reason = f"{name} is not installed"
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)
