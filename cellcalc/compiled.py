"""Generated source made to run. It comes from checked trees; no text of a user gets here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

from cellcalc import source
from cellcalc.language.tree import Expression, Symbol, rename, symbols

SCALARS, ARRAYS = "floats", "arrays"  # modules with the functions that generated source calls


def compile_source(text: str, name: str, functions: str = SCALARS) -> Callable[..., Any]:
    """One of the functions that a source defines; each source is compiled but once.

    It may call the functions of the language, nothing else: ``functions`` is the module of cellcalc
    that holds them, for numbers or for arrays.
    """
    function: Callable[..., Any] = _namespace(text, functions)[name]
    return function


@lru_cache(maxsize=64)
def _namespace(text: str, functions: str) -> dict[str, Any]:
    module = import_module(f"cellcalc.language.arithmetic.{functions}")
    allowed = {known: getattr(module, known) for known in module.__all__}
    namespace: dict[str, Any] = {"__builtins__": {"range": range, "zip": zip}, **allowed}
    namespace["_exp"] = math.exp  # of functions that the kernel writes out
    exec(compile(text, "<cellcalc>", "exec"), namespace)
    return namespace


def compile_expression(
    expression: Expression, functions: str = SCALARS
) -> Callable[[Mapping[str, float]], float]:
    """A function of a mapping from names to numbers; time indices are left out."""
    timeless = rename(expression, lambda symbol: Symbol(symbol.name))
    names = [symbol.name for symbol in symbols(timeless)]
    lines = ["def value(numbers):", *(f'    {name} = numbers["{name}"]' for name in names)]
    lines.append(f"    return {source.Code(1, guarded=True)(timeless)}")
    return compile_source("\n".join(lines) + "\n", "value", functions)


def evaluate(expression: Expression, value: Callable[[Symbol], float]) -> float:
    """The value of an expression whose symbols may be of several steps, each given by ``value``."""
    names = {symbol: f"s{k}" for k, symbol in enumerate(symbols(expression))}
    renamed = rename(expression, lambda symbol: Symbol(names[symbol]))
    return compile_expression(renamed)({name: value(symbol) for symbol, name in names.items()})
