"""cellcalc: backpropagation through time in one LSTM memory cell, step by step.

    >>> import cellcalc
    >>> trace = cellcalc.load("gomez").run()
    >>> trace["c"]
    array([0.78572615, 1.5176331 ])

What is named here is loaded when it is first used, so that ``cellcalc --help`` need not wait.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
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
    from cellcalc.studies.compare import Comparison
    from cellcalc.studies.experiment import Result
    from cellcalc.studies.flow import Flow
    from cellcalc.views.drawing import Drawing

__version__ = "1.1.0"

__all__ = [
    "CellcalcError",
    "Comparison",
    "Drawing",
    "ExpressionError",
    "Flow",
    "InputError",
    "LimitError",
    "Marks",
    "Mistake",
    "OptionError",
    "OutputError",
    "PackageError",
    "Problem",
    "Result",
    "SymbolError",
    "Trace",
    "from_keras",
    "from_torch",
    "load",
    "loads",
]

# Where what is no mistake and not in the front door has its home.
_HOMES = {
    "Comparison": "cellcalc.studies.compare",
    "Drawing": "cellcalc.views.drawing",
    "Flow": "cellcalc.studies.flow",
    "Result": "cellcalc.studies.experiment",
}


class _Package(ModuleType):
    """The package itself, whose names come when they are asked for.

    A class, and no ``__getattr__`` of the module: ``help(cellcalc)`` and type checkers see the
    public names, and no others.
    """

    def __getattr__(self, name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module 'cellcalc' has no attribute {name!r}")
        error = name.endswith("Error") or name == "Mistake"
        home = _HOMES.get(name, "cellcalc.errors" if error else "cellcalc.api")
        return getattr(import_module(home), name)

    def __dir__(self) -> list[str]:
        special = [name for name in vars(self) if name.startswith("__")]
        return sorted([*special, *__all__])


sys.modules[__name__].__class__ = _Package
