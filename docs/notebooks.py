"""Run the notebooks of examples/ and keep what their cells give, without Jupyter.

    python docs/notebooks.py             run them, and store the outputs
    python docs/notebooks.py --check     run them, and say where an output is another one

A cell's output is what it prints, and its last line's value as a notebook shows it. Pictures are
stored and not compared: they depend on the version of matplotlib.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "examples"
SHOWN = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "image/svg+xml": "_repr_svg_",
}
PICTURES = ("image/svg+xml",)


def run(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with what its cells give, run one after the other in an empty folder."""
    names: dict[str, Any] = {"__name__": "__main__"}
    cells, here = [], Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            number = 0
            for cell in notebook["cells"]:
                if cell["cell_type"] == "code":
                    number += 1
                    outputs = _outputs("".join(cell["source"]), names, number)
                    cell = {**cell, "execution_count": number, "outputs": outputs}
                cells.append(cell)
        finally:
            os.chdir(here)
    return {**notebook, "cells": cells}


def _outputs(source: str, names: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """What a cell prints, and what its last line is worth."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, f"cell {number}", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), names)
    outputs: list[dict[str, Any]] = []
    if text := printed.getvalue():
        outputs.append({"output_type": "stream", "name": "stdout", "text": _lines(text)})
    if value is not None:
        data = {"text/plain": _lines(repr(value))}
        for kind, method in SHOWN.items():
            show = getattr(value, method, None)
            if show is not None and (shown := show()) is not None:
                data[kind] = _lines(shown)
        result = {"output_type": "execute_result", "execution_count": number, "metadata": {}}
        outputs.append({**result, "data": data})
    return outputs


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def compared(notebook: dict[str, Any]) -> list[Any]:
    """What of a notebook's outputs must stay the same."""
    return [
        {kind: value for kind, value in output.get("data", output).items() if kind not in PICTURES}
        for cell in notebook["cells"]
        for output in cell.get("outputs", ())
    ]


def main() -> None:
    """Run every notebook, and store or compare."""
    different = []
    for path in sorted(FOLDER.glob("*.ipynb")):
        there = json.loads(path.read_text(encoding="utf-8"))
        made = run(there)
        if "--check" not in sys.argv[1:]:
            text = json.dumps(made, ensure_ascii=False, indent=1) + "\n"
            path.write_text(text, encoding="utf-8")
        elif compared(made) != compared(there):
            different.append(path.name)
    sys.exit(f"outputs are others in {', '.join(different)}" if different else 0)


if __name__ == "__main__":
    main()
