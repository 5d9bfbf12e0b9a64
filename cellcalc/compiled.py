"""Generated source made to run. It comes from checked trees; no text of a user gets here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from cellcalc import numeric, source
from cellcalc.expression import Expression, Symbol, rename, symbols

# What generated source may call: the functions of the language, nothing else.
NAMESPACE = {name: getattr(numeric, name) for name in numeric.__all__}


def compile_source(text: str, name: str) -> Callable[..., Any]:
    """One of the functions that a source defines; each source is compiled but once."""
    function: Callable[..., Any] = _namespace(text)[name]
    return function


@lru_cache(maxsize=64)
def _namespace(text: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__builtins__": {"range": range}, **NAMESPACE}
    exec(compile(text, "<cellcalc>", "exec"), namespace)
    return namespace


def compile_expression(expression: Expression) -> Callable[[Mapping[str, float]], float]:
    """A function of a mapping from names to numbers; time indices are left out."""
    timeless = rename(expression, lambda symbol: Symbol(symbol.name))
    names = [symbol.name for symbol in symbols(timeless)]
    lines = ["def value(numbers):", *(f'    {name} = numbers["{name}"]' for name in names)]
    lines.append(f"    return {source.Code(1, guarded=True)(timeless)}")
    return compile_source("\n".join(lines) + "\n", "value")


def evaluate(expression: Expression, value: Callable[[Symbol], float]) -> float:
    """The value of an expression whose symbols may be of several steps, each given by ``value``."""
    names = {symbol: f"s{k}" for k, symbol in enumerate(symbols(expression))}
    renamed = rename(expression, lambda symbol: Symbol(names[symbol]))
    return compile_expression(renamed)({name: value(symbol) for symbol, name in names.items()})
