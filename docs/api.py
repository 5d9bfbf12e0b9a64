"""Write docs/library.md: every public name of cellcalc, from its docstring.

python docs/api.py             write it
python docs/api.py --check     say whether it is as the docstrings are
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cellcalc

PAGE = Path(__file__).resolve().parent / "library.md"
INTRODUCTION = """# The library

This page is made of the docstrings by `python docs/api.py`.

```python
import cellcalc

p = cellcalc.load("gomez")                # an example, or a path
p = cellcalc.Problem(parameters={"random": {"seed": 1}}, x=[1, 0.5, -1], target=[0, 1, 0])
t = p.run()
t["c"], t["dc"], t.gradients["dU_f"]      # arrays over t = 1 … n, and the gradient
report = p.check({"dc": my_dc})           # your own arrays
p.explain("dc", t=1)
p.draw("unrolled", "network.svg")
```

[My gradient check fails](gradient-check.md) goes from a loop of one's own to the wrong line;
[Pictures](drawing.md) shows what `draw` draws; `examples/` has three notebooks.
"""
ORDER = ("load", "loads", "Problem", "from_torch", "from_keras", "Trace", "Marks")
SECTIONS = ("Parameters", "Attributes", "Returns", "Yields", "Raises", "Examples")


def page() -> str:
    """The whole page."""
    names = [*ORDER, *(name for name in cellcalc.__all__ if name not in ORDER)]
    errors = [name for name in names if _is_error(getattr(cellcalc, name))]
    parts = [INTRODUCTION]
    for name in names:
        if name not in errors:
            parts.append("\n".join(_entry(name, getattr(cellcalc, name))))
    parts.append("## Exceptions\n")
    parts.append("\n".join(_errors(errors)))
    return "\n".join(parts).rstrip() + "\n"


def _is_error(thing: Any) -> bool:
    return inspect.isclass(thing) and issubclass(thing, Exception)


def _entry(name: str, thing: Any) -> Iterator[str]:
    """A heading, what is said of it, and its methods."""
    yield f"## {name}\n"
    if inspect.isclass(thing):
        own = vars(thing).get("__init__")
        if own is not None and not _is_generated(thing):
            yield _signature(name, own)
        yield from _written(inspect.getdoc(thing) or "")
        for key, value in _members(thing):
            if isinstance(value, property) or not callable(value):
                text = inspect.getdoc(value.fget if isinstance(value, property) else value) or ""
                yield f"### {name}.{key}\n"
                yield from _written(text)
            else:
                yield f"### {name}.{key}\n"
                yield _signature(key, value)
                yield from _written(inspect.getdoc(value) or "")
    else:
        yield _signature(name, thing)
        yield from _written(inspect.getdoc(thing) or "")


def _is_generated(thing: type) -> bool:
    """Whether it is a record, which nobody makes by hand."""
    return hasattr(thing, "__dataclass_fields__")


def _members(thing: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties, in the order of the source; item access last."""
    for key, value in vars(thing).items():
        inner = value.__func__ if isinstance(value, classmethod) else value
        cached = type(value).__name__ == "cached_property"
        if cached:
            inner = property(value.func)
        shown = not key.startswith("_") or key == "__getitem__"
        if shown and (inspect.isfunction(inner) or isinstance(inner, property)):
            yield key, inner


def _signature(name: str, function: Any) -> str:
    """The call, a line an argument where it is long."""
    signature = inspect.signature(function)
    arguments, seen_star = [], False
    for key, one in signature.parameters.items():
        if key in ("self", "cls"):
            continue
        if one.kind is one.KEYWORD_ONLY and not seen_star:
            arguments.append("*")
            seen_star = True
        mark = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
        seen_star = seen_star or one.kind is one.VAR_POSITIONAL
        value = f'"{one.default}"' if isinstance(one.default, str) else repr(one.default)
        default = "" if one.default is one.empty else f"={value}"
        if one.kind is not one.POSITIONAL_ONLY:
            arguments.append(f"{mark}{key}{default}")
    line = f"{name}({', '.join(arguments)})"
    if len(line) > 100:
        line = f"{name}(\n    " + ",\n    ".join(arguments) + ",\n)"
    return f"```python\n{line}\n```\n"


def _written(text: str) -> Iterator[str]:
    """A docstring as Markdown: sections as lists, code as it stands."""
    blocks = re.split(r"\n\n+", _plain(text))
    section = ""
    for block in blocks:
        lines = block.split("\n")
        if len(lines) > 1 and set(lines[1]) == {"-"} and lines[0] in SECTIONS:
            section, lines = lines[0], lines[2:]
            yield f"**{section}**\n"
        if lines and lines[0].startswith(">>> "):
            yield "```python\n" + "\n".join(lines) + "\n```\n"
        elif section and section != "Examples":
            yield "\n".join(_items(lines)) + "\n"
        else:
            yield " ".join(line.strip() for line in lines) + "\n"


def _items(lines: list[str]) -> Iterator[str]:
    """``name : type`` and what is said of it, as an item of a list."""
    item = ""
    for line in lines:
        if not line.startswith(" "):
            if item:
                yield item
            name, colon, kind = line.partition(" : ")
            item = f"- `{name}`" + (f" ({kind})" if colon else "")
        else:
            item += (": " if item.count(": ") == 0 else " ") + line.strip()
    if item:
        yield item


def _plain(text: str) -> str:
    """Without the roles and double backticks of docstrings."""
    text = re.sub(r":(?:func|class|meth|mod|data|attr):`~?([^`]+)`", _last, text)
    return re.sub(r"``([^`]*)``", r"`\1`", text)


def _last(match: re.Match[str]) -> str:
    return (
        f"`{match[1].rpartition('.')[2]}`" if match[1].startswith("cellcalc.") else f"`{match[1]}`"
    )


def _errors(names: list[str]) -> Iterator[str]:
    """A line each, beneath the one that all are."""
    for name in names:
        text = (inspect.getdoc(getattr(cellcalc, name)) or "").split("\n\n")[0]
        also = [
            base.__name__
            for base in getattr(cellcalc, name).__bases__
            if base.__module__ == "builtins"
        ]
        kind = f" (a `{also[0]}` as well)" if also and also[0] != "Exception" else ""
        yield f"- `{name}`{kind}: {_plain(' '.join(text.split()))}"


def main() -> None:
    """Write the page, or compare it."""
    made = page()
    if "--check" in sys.argv[1:]:
        there = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        sys.exit(
            0 if there == made else f"{PAGE.name} is not as the docstrings are: python docs/api.py"
        )
    PAGE.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
