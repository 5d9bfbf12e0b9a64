"""The Python source of a model: one plain function that runs and that people can read.

It is written from the checked equations, never from a user's text. ``cellcalc derive --format
python`` prints it, and batches run it over arrays; single runs take the same equations in the
quicker shape of :mod:`cellcalc.engine.kernel`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

from cellcalc.language.arithmetic import floats
from cellcalc.language.keys import gathered_key
from cellcalc.language.notation import Binding, Notation, Text
from cellcalc.language.tree import (
    ZERO,
    Dot,
    Expression,
    Number,
    Pow,
    Symbol,
    is_constant,
    rename,
    spelled_out,
    symbols,
    walk,
)
from cellcalc.model.model import Group, Model, Quantity
from cellcalc.records import record

BUILT_IN = ("abs", "tanh")  # Python's own, and math's


@record
class Code(Notation):
    """The equation as Python, for ``features`` inputs.

    ``guarded`` code calls ``floats.divide`` and :func:`cellcalc.language.arithmetic.floats.power`
    instead of the operators, which raise where a float would become infinite. ``decimals`` rounds
    what :meth:`value` writes, as a person does who calculates with so many.
    """

    features: int
    guarded: bool = False
    decimals: int | None = None

    def value(self, formula: Expression) -> str:
        """A formula as it is computed: rounded at once, where values are."""
        return self.rounded(self(formula))

    def rounded(self, text: str) -> str:
        return text if self.decimals is None else f"rounded({text}, {self.decimals})"

    def number(self, value: float) -> Text:
        return (repr(value) if self.guarded else super().number(value)[0]), Binding.ATOM

    def dot(self, weights: Symbol, inputs: Symbol) -> Text:
        return self.text(spelled_out(Dot(weights, inputs), self.features))

    def call(self, function: str, argument: Expression, *others: Expression) -> Text:
        if function == "stop":
            return self.text(argument)
        return super().call(function, argument, *others)

    def quotient(self, numerator: Expression, denominator: Expression) -> Text:
        never_zero = isinstance(denominator, Number) and denominator.value != 0.0
        if not self.guarded or never_zero:
            return super().quotient(numerator, denominator)
        return f"divide({self(numerator)}, {self(denominator)})", Binding.ATOM

    def power(self, base: Expression, exponent: Expression) -> Text:
        if not self.guarded and not needs_guard(Pow(base, exponent)):
            return super().power(base, exponent)
        return f"power({self(base)}, {self(exponent)})", Binding.ATOM


def needs_guard(expression: Expression) -> bool:
    """Whether a power may be complex or a huge integer, so that ``**`` must not be used.

    A small whole exponent of something that varies is safe.
    """
    for node in walk(expression):
        if isinstance(node, Pow):
            small = isinstance(node.exponent, Number) and node.exponent.value in range(10)
            if not small or is_constant(node.base):
                return True
    return False


def function(
    model: Model, decimals: int | None = None, guarded: bool = False, paths: bool = False
) -> str:
    """The source of ``bptt``.

    ``decimals`` rounds every value before it is used; ``paths`` also keeps the rows that show
    the paths of a sum one by one.

    Parameters
    ----------
    model : Model
        Forward and derived backward equations.
    decimals : int, optional
        Decimals to which every value is rounded before it is used, as somebody does by hand.
    guarded : bool
        Whether divisions by 0 and powers without a value follow the rules of ``floats`` and raise
        nothing.
    paths : bool
        Whether the rows that show the paths of a sum one by one are kept as well.

    Returns
    -------
    str
        Python source of one function ``bptt``: one assignment an equation.
    """
    return "\n".join(_Writer(model, decimals, guarded, paths).lines()) + "\n"


def helpers(text: str) -> str:
    """The imports and the functions of ``arithmetic.floats`` that a source calls."""
    names = [n for n in sorted(floats.__all__) if f"{n}(" in text and n not in BUILT_IN]
    bodies = [inspect.getsource(getattr(floats, name)).rstrip() for name in names]
    return "\n\n\n".join(["import math\nfrom math import inf, nan, tanh", *bodies])


class _Writer:
    def __init__(self, model: Model, decimals: int | None, guarded: bool, paths: bool) -> None:
        self.model, self.paths = model, paths
        self.exact = decimals is None
        self.code = Code(model.features, guarded, decimals)

    def lines(self) -> Iterator[str]:
        model = self.model
        given = [row.symbol for row in (*model.inputs, *model.forward)]
        weights = [row.symbol for row in model.parameters]
        derived = [row.symbol for row in self.swept()]
        yield "def bptt(columns, parameters, new, first, last):"
        yield from _indented(_DOCSTRING.splitlines())
        yield ""
        yield from reads("columns" if model.stored_weights else "parameters", weights)
        yield from reads("parameters", (row.symbol for row in model.coefficients))
        yield from reads("columns", [*given, *derived])
        yield ""
        yield "    for t in range(new, last + 1):"
        yield from _indented(map(self.assignment, model.forward), 2)
        if model.loss:
            yield from _indented(self.backward())
        else:
            yield "    return {}"

    def swept(self) -> Iterator[Quantity]:
        """The rows that the backward loop fills, in the order of computation."""
        for row in self.model.backward:
            yield row
            yield from self.model.paths_of(row) if self.paths else ()
        for row in self.model.gradients if self.paths else ():
            yield row
            yield from self.model.paths_of(row)

    def backward(self) -> Iterator[str]:
        gradients = self.model.gradients
        yield ""
        yield "# Beyond the last step nothing flows back."
        for name in self.flowing_back():
            yield f"{name}[last + 1] = 0.0"
        for row in gradients:
            yield f"{total(row)} = 0.0"
        yield ""
        yield "for t in range(last, first - 1, -1):"
        yield from _indented(self.assignment(row) for row in self.swept() if row.formula)
        yield from _indented(f"{total(row)} += {self.contribution(row)}" for row in gradients)
        yield ""
        yield "# What flows back into the state that enters the window."
        yield "t = first - 1"
        yield from map(self.assignment, self.entering())
        yield "return {"
        for row in gradients:
            yield f'    "{row.symbol}": {self.code.rounded(total(row))},'
        for state in self.model.state:
            yield f'    "d{state}0": d{state}[t],'
        yield "}"

    def entering(self) -> Iterator[Quantity]:
        """The rows of the state's derivatives, cut down to the paths through the next step."""
        return (r for r in self.model.entering if self.paths or r.group is not Group.PATH)

    def flowing_back(self) -> list[str]:
        """The derivatives that are read one step later than they are written."""
        terms = [term for row in self.model.backward for term in row.terms if term.later]
        return list(dict.fromkeys(term.upstream.name for term in terms))

    def assignment(self, row: Quantity) -> str:
        assert row.formula is not None
        text = "0.0" if row.formula == ZERO else self.value(row)
        return f"{row.symbol}[t] = {text}"

    def contribution(self, row: Quantity) -> str:
        assert row.formula is not None
        return f"{row.symbol}[t]" if self.paths else self.value(row)

    def value(self, row: Quantity) -> str:
        assert row.formula is not None
        return self.code.value(self.model.computed(row.formula) if self.exact else row.formula)


def reads(table: str, names: Iterable[str]) -> Iterator[str]:
    """The lines that take what a function works on out of a table of its arguments."""
    return (f'    {name} = {table}["{name}"]' for name in names)


def total(row: Quantity) -> str:
    """The local name of a parameter's gradient, the sum over the steps."""
    return gathered_key(row.derivative_of)


def _indented(lines: Iterable[str], depth: int = 1) -> Iterator[str]:
    return (("    " * depth + line).rstrip() for line in lines)


_DOCSTRING = '''"""Run steps new … last forward, then sweep back from step last to step first.

columns     {symbol: list of n + 2 numbers, for t = 0 … n + 1}; the inputs are filled in, the
            state at t = new - 1, and dE: 1 at each step whose loss counts, else 0
parameters  {symbol: number}, coefficients included

Fills the columns and returns the gradients: {"dW_f": number, …}, with dh0, dc0 for the state
that enters the window.
"""'''


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
    if functions == SCALARS:
        allowed |= {"log": _noting_log, "divide": _noting_divide}
    namespace: dict[str, Any] = {"__builtins__": {"range": range, "zip": zip}, **allowed}
    namespace["_exp"] = math.exp  # of functions that the kernel writes out
    exec(compile(text, "<cellcalc>", "exec"), namespace)
    return namespace


# What was computed otherwise than it stands, since it has no value; a run clears it.
STANDING_IN: set[str] = set()


def _noting_log(u: float) -> float:
    if u < 1e-300:
        STANDING_IN.add("log")
    return floats.log(u)


def _noting_divide(a: float, b: float) -> float:
    if b == 0.0:
        STANDING_IN.add("divide")
    return floats.divide(a, b)


def compile_expression(
    expression: Expression, functions: str = SCALARS
) -> Callable[[Mapping[str, float]], float]:
    """A function of a mapping from names to numbers; time indices are left out."""
    timeless = rename(expression, lambda symbol: Symbol(symbol.name))
    names = [symbol.name for symbol in symbols(timeless)]
    lines = ["def value(numbers):", *reads("numbers", names)]
    lines.append(f"    return {Code(1, guarded=True)(timeless)}")
    return compile_source("\n".join(lines) + "\n", "value", functions)


def evaluate(expression: Expression, value: Callable[[Symbol], float]) -> float:
    """The value of an expression whose symbols may be of several steps, each given by ``value``.

    Parameters
    ----------
    expression : Expression
        Without ``W @ x``: spelled out first.
    value : Callable[[Symbol], float]
        The number for a symbol at the step that its shift names.

    Returns
    -------
    float
    """
    names = {symbol: f"s{k}" for k, symbol in enumerate(symbols(expression))}
    renamed = rename(expression, lambda symbol: Symbol(names[symbol]))
    return compile_expression(renamed)({name: value(symbol) for symbol, name in names.items()})
