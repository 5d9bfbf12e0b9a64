"""The front door: what `import cellcalc` offers, and what is said of each of it."""

from __future__ import annotations

import inspect
import pydoc
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import cellcalc
from tests.api.test_problem import problem


def test_the_public_names_are_there_and_no_others() -> None:
    for name in cellcalc.__all__:
        assert getattr(cellcalc, name).__doc__
    assert [name for name in dir(cellcalc) if not name.startswith("_")] == cellcalc.__all__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        cellcalc.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_help_shows_the_public_names_only() -> None:
    shown = pydoc.plain(pydoc.render_doc(cellcalc))
    after = shown.partition("\nCLASSES\n")[2]
    functions = after.partition("\nFUNCTIONS\n")[2]
    classes = re.findall(r"^    class (\w+)", after, re.M)
    defined = re.findall(r"^    (\w+)\(", functions, re.M)
    assert sorted([*classes, *defined]) == cellcalc.__all__


def everything() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Each public function, and each public method of each public class."""
    for name in cellcalc.__all__:
        thing = getattr(cellcalc, name)
        if not inspect.isclass(thing):
            yield name, thing
        elif not issubclass(thing, Exception):
            for key, value in vars(thing).items():
                function = value.__func__ if isinstance(value, classmethod) else value
                if not key.startswith("_") and inspect.isfunction(function):
                    yield f"{name}.{key}", function


@pytest.mark.parametrize(("name", "function"), list(everything()), ids=[n for n, _ in everything()])
def test_every_argument_result_and_error_is_said(name: str, function: Any) -> None:
    text = inspect.getdoc(function) or ""
    signature = inspect.signature(function)
    arguments = [n for n in signature.parameters if n not in ("self", "cls")]
    told = text.partition("\nParameters\n")[2].partition("\nRaises\n")[0]
    for argument in arguments:
        assert re.search(rf"(^|[ ,*]){argument}(,| : |$)", told, re.M), f"{name}: {argument}"
    if signature.return_annotation not in ("None", inspect.Signature.empty):
        assert "\nReturns\n" in text, name
    assert text.splitlines()[0].endswith((".", ":")), name


def test_what_version_1_had_still_works_and_warns() -> None:
    own = problem()
    with pytest.warns(DeprecationWarning, match=r"Problem\.of\(specification\)"):
        old = cellcalc.Problem(own.specification)
    assert old.run().loss == own.run().loss and old == own
    with pytest.warns(DeprecationWarning, match=r"Problem\.of\(specification\)"):
        named = cellcalc.Problem(specification=own.specification, author=None)
    assert named == own and hash(named) == hash(own) and named != cellcalc.load("gomez")
    with pytest.raises(cellcalc.OptionError, match="arguments by their names"):
        cellcalc.Problem("gomez")  # type: ignore[arg-type]
