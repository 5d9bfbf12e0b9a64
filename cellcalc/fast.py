"""The kernel as machine code, where numba is installed (``pip install 'cellcalc[fast]'``).

Compiling takes seconds, so it is done only for runs that would take longer. The source and the
order of its operations are those that Python runs; where a function cannot be compiled, or numba
is absent, Python runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableSequence
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from cellcalc.kernel import Kernel
from cellcalc.language.arithmetic import floats

PAYS = 1_500_000  # steps in a run above which it is compiled

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
    return numba.njit(signature)(namespace["bptt"])
