"""The function of ``engine.codegen`` as the engine runs it: each value in a local variable.

The equations and their order are the same, and so is every bit of the result; what is read more
than once in a step is read from its column once, all columns of a loop are read side by side, and
what the neighbouring step left is handed on. That takes a good third off the time, and reads worse;
so people are shown the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSequence
from dataclasses import field
from enum import Enum
from functools import cached_property, lru_cache
from importlib.util import find_spec
from typing import Any

from cellcalc.engine.codegen import Code, reads, total
from cellcalc.engine.effort import SIZES
from cellcalc.language.arithmetic import floats
from cellcalc.language.keys import derivative_key, entering_key
from cellcalc.language.notation import Binding, Text
from cellcalc.language.tree import Expression, Symbol, spelled_out, symbols, walk
from cellcalc.model.model import COUNTED, LOSS, Group, Model, Quantity
from cellcalc.records import record

# Names in equations begin with a letter, so these are free. Of a symbol at the step that a loop is
# at, at the step that it comes from, and at the step that it goes to:
HERE, FROM, TO = "_", "__", "___"
# Functions of ``arithmetic.floats`` written out, which saves a call: the same operations.
INLINE = {"sigmoid": "1.0/(1.0 + _exp(700.0 if {u} < -700.0 else -{u}))"}


class Keep(Enum):
    """Which columns are filled: all, those from which the others follow, or what training needs."""

    ALL = "all"
    ENOUGH = "enough"
    LEAST = "least"


@record
class _Local(Code):
    """Code in which some symbols are local variables."""

    names: Mapping[Symbol, str] = field(default_factory=dict)
    inline: bool = False

    def call(self, function: str, argument: Expression, *others: Expression) -> Text:
        if self.inline and function in INLINE and isinstance(argument, Symbol):
            return INLINE[function].format(u=self(argument)), Binding.PRODUCT
        return super().call(function, argument, *others)

    def symbol(self, symbol: Symbol) -> Text:
        text, binding = super().symbol(symbol)
        return self.names.get(symbol, text), binding


def within_step(model: Model) -> list[Quantity]:
    """The derived rows that no other step reads: they follow from the others of their step."""
    formulas = [row.formula for row in (*model.backward, *model.gradients) if row.formula]
    read = {s.name for formula in formulas for s in symbols(formula) if s.shift}
    read |= {derivative_key(state) for state in model.state} | {COUNTED}
    derived = (Group.BACKWARD, Group.PATH, Group.GRADIENT)
    rows = model.quantities.values()
    return [row for row in rows if row.group in derived and row.symbol not in read]


def _used(rows: list[Quantity], model: Model) -> list[Quantity]:
    """Those of the backward rows that gradients and the state's derivatives are made from."""
    used = {s.name for row in model.gradients if row.formula for s in symbols(row.formula)}
    used |= {derivative_key(state) for state in model.state} | {COUNTED}
    while True:
        again = [row.formula for row in rows if row.symbol in used and row.formula]
        found = used | {s.name for formula in again for s in symbols(formula)}
        if found == used:
            return [row for row in rows if row.symbol in used]
        used = found


def kernel_of(
    model: Model,
    decimals: int | None = None,
    guarded: bool = False,
    keep: Keep = Keep.ALL,
    arrays: bool = False,
    block: int = SIZES.block,
) -> Kernel:
    """The kernel of a model, generated when it is first asked for."""
    key = ("kernel", decimals, guarded, keep, arrays, block)
    if key not in model.generated:
        model.generated[key] = Kernel(model, decimals, guarded, keep, arrays, block)
    made: Kernel = model.generated[key]
    return made


@record
class Kernel:
    """The source of ``bptt`` for a model, and what it takes.

    With ``arrays`` its arguments are the bounds, the numbers of ``parameters`` and the columns of
    ``columns``, and it returns the numbers named by ``results``: so a compiler that knows numbers
    and arrays only can have it. Else they are those of :mod:`cellcalc.engine.codegen`.
    """

    model: Model
    decimals: int | None = None
    guarded: bool = False
    keep: Keep = Keep.ALL
    arrays: bool = False
    block: int = SIZES.block

    @cached_property
    def text(self) -> str:
        return "\n".join(self._lines()) + "\n"

    @cached_property
    def stored(self) -> frozenset[str]:
        """The rows whose columns are filled."""
        model = self.model
        rows = frozenset(row.symbol for row in (*model.forward, *self.swept))
        if self.keep is Keep.ALL or not model.loss:
            return rows
        if self.keep is Keep.ENOUGH:
            return rows - {row.symbol for row in within_step(model)}
        read = {s.name for row in self.swept for s in self._symbols(row)}
        read |= {s.name for row in model.gradients for s in self._symbols(row)}
        return frozenset(({LOSS, *read} | set(model.state)) & {r.symbol for r in model.forward})

    @cached_property
    def swept(self) -> list[Quantity]:
        """The rows of the backward loop, in the order of computation."""
        model, rows = self.model, []
        for row in (*model.backward, *model.gradients) if model.loss else ():
            rows += [row, *model.paths_of(row)]
        return rows if self.keep is Keep.ALL else _used(rows, model)

    @property
    def columns(self) -> list[str]:
        """The columns that the function works on."""
        model = self.model
        names = [row.symbol for row in (*model.inputs, *(model.parameters if self.by_time else ()))]
        counted = [COUNTED] if model.loss else []
        computed = [row.symbol for row in (*model.forward, *self.swept)]
        kept = [name for name in computed if name in self.stored and name not in counted]
        return [*names, *counted, *kept]

    @property
    def parameters(self) -> list[str]:
        """What the function is given besides the columns."""
        rows = () if self.by_time else self.model.parameters
        return [row.symbol for row in (*rows, *self.model.coefficients)]

    @property
    def results(self) -> list[str]:
        """The gradients that are returned."""
        if not self.model.loss:
            return []
        names = [row.symbol for row in self.model.gradients]
        return [*names, *(entering_key(state) for state in self.model.state)]

    @property
    def by_time(self) -> bool:
        """Whether parameters are columns, too."""
        return self.model.stored_weights

    def _lines(self) -> Iterator[str]:
        model = self.model
        if self.arrays:
            yield f"def bptt(new, first, last, {', '.join([*self.parameters, *self.columns])}):"
        else:
            yield "def bptt(columns, parameters, new, first, last):"
            yield from reads("parameters", self.parameters)
            yield from reads("columns", self.columns)
        yield from _Loop(self, model.forward, (), 1).lines()
        if not model.loss:
            yield "    return ()" if self.arrays else "    return {}"
            return
        gradients = model.gradients
        yield from (f"    {total(row)} = 0.0" for row in gradients)
        backward = _Loop(self, [row for row in self.swept if row.formula], gradients, -1)
        yield from backward.lines()
        yield from backward.entering()
        ends = [total(row) for row in gradients]
        code = Code(model.features, decimals=self.decimals)
        values = [*map(code.rounded, ends), *(f"{HERE}d{state}" for state in model.state)]
        if self.arrays:
            yield f"    return ({', '.join(values)},)"
        else:
            pairs = [f'"{n}": {value}' for n, value in zip(self.results, values, strict=True)]
            yield f"    return {{{', '.join(pairs)}}}"

    def spelled(self, row: Quantity) -> Expression:
        assert row.formula is not None
        formula = row.formula if self.decimals is not None else self.model.computed(row.formula)
        return spelled_out(formula, self.model.features)

    def _symbols(self, row: Quantity) -> tuple[Symbol, ...]:
        return symbols(self.spelled(row)) if row.formula else ()


class _Loop:
    """One pass over the steps, forward (``way`` 1) or backward (-1).

    ``summed`` are added up: those that are not among the rows are worked out for that alone.
    """

    def __init__(
        self, kernel: Kernel, rows: Iterable[Quantity], summed: Iterable[Quantity], way: int
    ) -> None:
        self.kernel, self.way = kernel, way
        self.rows, self.summed = list(rows), list(summed)
        self.own = {row.symbol for row in self.rows}
        alone = [row for row in self.summed if row.symbol not in self.own]
        reads = Counter(
            node
            for row in (*self.rows, *alone)
            for node in walk(kernel.spelled(row))
            if isinstance(node, Symbol) and node.shift is not None
        )
        self.names: dict[Symbol, str] = {}
        # Machine code reads what is read but once where it is; Python loops over it faster.
        often = 2 if kernel.arrays else 1
        for symbol, times in reads.items():
            here = Symbol(symbol.name, 0)
            if symbol.shift == -way and (symbol.name in self.own or here in reads):
                self.names[symbol] = FROM + symbol.name
                self.names[here] = HERE + symbol.name
            elif symbol.shift == 0 and (symbol.name in self.own or times >= often):
                self.names[symbol] = HERE + symbol.name
            elif symbol.shift == way and times >= often:
                self.names[symbol] = TO + symbol.name
        for row in self.summed:
            if row.symbol in self.own:
                self.names[Symbol(row.symbol, 0)] = HERE + row.symbol
        inline = not kernel.arrays
        self.code = _Local(
            kernel.model.features, kernel.guarded, kernel.decimals, self.names, inline
        )

    def lines(self) -> Iterator[str]:
        handed_on = [symbol for symbol in self.names if symbol.shift == -self.way]
        edge = "new - 1" if self.way > 0 else "last + 1"
        for symbol in handed_on:
            lost = symbol.name in self.own and symbol.name not in self.kernel.stored
            yield f"    {self.names[symbol]} = {'0.0' if lost else f'{symbol.name}[{edge}]'}"
        reads = [s for s in self.names if s.name not in self.own and s.shift != -self.way]
        if self.kernel.arrays or not reads:
            indent = "        "
            steps = "new, last + 1" if self.way > 0 else "last, first - 1, -1"
            yield f"    for t in range({steps}):"
            yield from (f"{indent}{self.names[s]} = {Code(1).symbol(s)[0]}" for s in reads)
        else:
            indent = "            "
            yield from self.side_by_side(reads)
        for row in self.rows:
            if targets := self.targets(row):
                yield f"{indent}{targets}{self.value(row)}"
        for row in self.summed:
            own = row.symbol in self.own
            yield f"{indent}{total(row)} += {HERE + row.symbol if own else self.value(row)}"
        for symbol in handed_on:
            yield f"{indent}{self.names[symbol]} = {HERE}{symbol.name}"

    def side_by_side(self, reads: list[Symbol]) -> Iterator[str]:
        """The heads of loops that read columns in step, of so many steps at a time."""
        block = self.kernel.block
        names = ", ".join(self.names[symbol] for symbol in reads)
        if self.way > 0:
            parts = ", ".join(f"{symbol.name}[_0:_1]" for symbol in reads)
            yield f"    for _0 in range(new, last + 1, {block}):"
            yield f"        _1 = _0 + {block} if _0 + {block} <= last else last + 1"
            yield f"        for t, {names} in zip(range(_0, _1), {parts}):"
        else:
            slices = {-1: "[_0 - 1:_1][::-1]", 0: "[_0:_1 + 1][::-1]"}
            parts = ", ".join(symbol.name + slices[symbol.shift or 0] for symbol in reads)
            yield f"    for _1 in range(last, first - 1, -{block}):"
            yield f"        _0 = _1 - {block - 1} if _1 - {block - 1} >= first else first"
            yield f"        for t, {names} in zip(range(_1, _0 - 1, -1), {parts}):"

    def targets(self, row: Quantity) -> str:
        """What a value is assigned to: its column, its variable, or both."""
        here = Symbol(row.symbol, 0)
        column = f"{row.symbol}[t] = " if row.symbol in self.kernel.stored else ""
        return column + (f"{self.names[here]} = " if here in self.names else "")

    def value(self, row: Quantity) -> str:
        return self.code.value(self.kernel.spelled(row))

    def entering(self) -> Iterator[str]:
        """What flows back into the state before the window."""
        kernel = self.kernel
        whole = kernel.keep is Keep.ALL
        rows = [r for r in kernel.model.entering if whole or r.group is not Group.PATH]
        names = {s: name for s, name in self.names.items() if s.shift == 1}
        names |= {Symbol(row.symbol, 0): HERE + row.symbol for row in rows}
        code = _Local(kernel.model.features, kernel.guarded, kernel.decimals, names)
        yield "    t = first - 1"
        for row in rows:
            column = f"{row.symbol}[t] = " if row.symbol in kernel.stored else ""
            value = code.value(kernel.spelled(row))
            yield f"    {column}{HERE}{row.symbol} = {value}"


Columns = Mapping[str, MutableSequence[float]]
Sweep = Callable[[Columns, Mapping[str, float], int, int, int], dict[str, float]]


def fast_sweep(kernel: Kernel) -> Sweep | None:
    """The kernel as a function of columns that are arrays; None where it cannot be compiled.

    ``kernel`` must be one with ``arrays``.
    """
    if find_spec("numba") is None:
        return None
    try:
        compiled = _compiled(kernel.text, len(kernel.parameters), len(kernel.columns))
    except Exception:  # whatever keeps numba from it, Python can run the source
        return None

    import numpy

    names, symbols, results = kernel.parameters, kernel.columns, kernel.results

    def sweep(
        columns: Columns, parameters: Mapping[str, float], new: int, first: int, last: int
    ) -> dict[str, float]:
        numbers = [parameters[name] for name in names]
        arrays = [numpy.frombuffer(columns[name]) for name in symbols]  # type: ignore[call-overload]
        return dict(zip(results, compiled(new, first, last, *numbers, *arrays), strict=True))

    return sweep


@lru_cache(maxsize=8)
def _compiled(text: str, numbers: int, arrays: int) -> Callable[..., Any]:
    import numba

    functions = {name: getattr(floats, name) for name in floats.__all__ if f"{name}(" in text}
    own = {n: numba.njit(f) for n, f in functions.items() if n not in ("abs", "tanh")}
    namespace: dict[str, Any] = {**functions, **own}
    exec(compile(text, "<cellcalc kernel>", "exec"), namespace)
    whole, number, array = numba.int64, numba.float64, numba.float64[::1]
    signature = (whole, whole, whole, *[number] * numbers, *[array] * arrays)
    compiled: Callable[..., Any] = numba.njit(signature)(namespace["bptt"])  # typed without numba
    return compiled
