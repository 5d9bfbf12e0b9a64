"""cellcalc: backpropagation through time in one LSTM memory cell, step by step.

    >>> import cellcalc
    >>> trace = cellcalc.load("gomez").run()
    >>> trace["c"]
    array([0.78572615, 1.5176331 ])

What is named here is loaded when it is first used, so that ``cellcalc --help`` need not wait.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellcalc.api import Marks, Problem, Trace, from_keras, from_torch, load, loads
    from cellcalc.errors import (
        CellcalcError,
        ExpressionError,
        InputError,
        LimitError,
        Mistake,
        OptionError,
        OutputError,
        PackageError,
        SymbolError,
    )

__version__ = "1.0.0"

__all__ = [
    "CellcalcError",
    "ExpressionError",
    "InputError",
    "LimitError",
    "Marks",
    "Mistake",
    "OptionError",
    "OutputError",
    "PackageError",
    "Problem",
    "SymbolError",
    "Trace",
    "from_keras",
    "from_torch",
    "load",
    "loads",
]


_ERRORS = {name for name in __all__ if name.endswith("Error")} | {"Mistake"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'cellcalc' has no attribute {name!r}")
    home = "cellcalc.errors" if name in _ERRORS else "cellcalc.api"
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
