"""Readers that open a workbook without computing it: libraries of JavaScript, and validators."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fidelity.engines import module
from tests.reliability import Missing

SCRIPT = Path(__file__).with_name("read.cjs")
# openxml-audit says of cells that hold their text that Excel will move it when it saves: it may.
HARMLESS = ("inline-string cell",)


def by_node(library: str, books: Mapping[str, bytes]) -> Iterator[str]:
    """What ``exceljs`` or ``xlsx`` (SheetJS) cannot open, a sentence each."""
    node = shutil.which("node")
    if node is None:
        raise Missing("node is not installed")
    where = os.environ.get("NODE_PATH", "")
    if not any((Path(p) / library).exists() for p in where.split(os.pathsep) if p):
        raise Missing(f"{library} is not installed (npm install {library}; NODE_PATH)")
    with TemporaryDirectory() as folder:
        paths = []
        for k, book in enumerate(books.values()):
            path = Path(folder) / f"{k}.xlsx"
            path.write_bytes(book)
            paths.append(str(path))
        command = [node, str(SCRIPT), library, *paths]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        told = json.loads(done.stdout or "[]")
    for name, line in zip(books, told, strict=True):
        if line != "fine":
            yield f"{name}: {line}"


def by_audit(books: Mapping[str, bytes]) -> Iterator[str]:
    """What openxml-audit finds."""
    validator = module("openxml_audit").OpenXmlValidator()
    with TemporaryDirectory() as folder:
        for name, book in books.items():
            path = Path(folder) / "book.xlsx"
            path.write_bytes(book)
            for error in validator.validate(path).errors:
                if not any(text in error.description for text in HARMLESS):
                    yield f"{name}: {error.description[:200]}"
