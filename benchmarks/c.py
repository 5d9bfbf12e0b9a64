"""The equations of a model in C, compiled with -O2: what the engine is measured against."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.problems import MissingError
from cellcalc.engine.codegen import Code
from cellcalc.engine.kernel import Kernel
from cellcalc.language.notation import Binding, Text
from cellcalc.language.tree import Expression, Symbol, spelled_out
from cellcalc.model.model import Quantity
from cellcalc.records import record

_HEAD = """\
#include <math.h>
static inline double sigmoid(double u) { return 1.0/(1.0 + exp(u < -700.0 ? 700.0 : -u)); }
"""


@record
class _C(Code):
    """C; the rows in ``scalars`` are variables, since no other step reads them."""

    scalars: frozenset[str] = frozenset()

    def symbol(self, symbol: Symbol) -> Text:
        name = f"v_{symbol.name}"  # do is a word of C
        if symbol.shift is None or symbol.name in self.scalars:
            return name, Binding.ATOM
        return f"{name}[t{symbol.shift:+d}]", Binding.ATOM

    def number(self, value: float) -> Text:
        return repr(float(value)), Binding.ATOM

    def power(self, base: Expression, exponent: Expression) -> Text:
        return f"pow({self(base)}, {self(exponent)})", Binding.ATOM


class CSweep:
    """``bptt`` in C, with the arguments of the kernel: it keeps the same columns."""

    def __init__(self, kernel: Kernel, folder: Path) -> None:
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise MissingError("no C compiler")
        source, library = folder / "bptt.c", folder / "bptt.so"
        source.write_text(_HEAD + "\n".join(_lines(kernel)) + "\n")
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", library, source, "-lm"]
        subprocess.run(command, check=True)
        self.function = ctypes.CDLL(str(library)).bptt
        self.results = (ctypes.c_double * len(kernel.model.gradients))()

    def __call__(self, steps: int, parameters: list[float], columns: list[object]) -> list[float]:
        """Run all steps; ``columns`` are arrays of doubles."""
        numbers = (ctypes.c_double * len(parameters))(*parameters)
        views = [(ctypes.c_double * len(c)).from_buffer(c) for c in columns]  # type: ignore
        pointers = (ctypes.c_void_p * len(views))(*map(ctypes.addressof, views))
        self.function(ctypes.c_long(steps), numbers, pointers, self.results)
        return list(self.results)


def _lines(kernel: Kernel) -> Iterator[str]:
    model = kernel.model
    scalars = frozenset(row.symbol for row in kernel.swept if row.symbol not in kernel.stored)
    code = _C(model.features, scalars=scalars)

    def value(row: Quantity) -> str:
        assert row.formula is not None
        return code(spelled_out(row.formula, model.features))

    yield "void bptt(long n, double *numbers, double **columns, double *results) {"
    for k, name in enumerate(kernel.parameters):
        yield f"  const double v_{name} = numbers[{k}];"
    for k, name in enumerate(kernel.columns):
        yield f"  double *restrict v_{name} = columns[{k}];"
    yield "  for (long t = 1; t <= n; t++) {"
    yield from (f"    v_{row.symbol}[t] = {value(row)};" for row in model.forward)
    yield "  }"
    yield from (f"  double sum_{row.symbol} = 0;" for row in model.gradients)
    yield "  for (long t = n; t >= 1; t--) {"
    for row in kernel.swept:
        if row.formula is not None:
            scalar = row.symbol in scalars
            left = f"const double v_{row.symbol}" if scalar else f"v_{row.symbol}[t]"
            yield f"    {left} = {value(row)};"
    yield from (f"    sum_{row.symbol} += {value(row)};" for row in model.gradients)
    yield "  }"
    for k, row in enumerate(model.gradients):
        yield f"  results[{k}] = sum_{row.symbol};"
    yield "}"
