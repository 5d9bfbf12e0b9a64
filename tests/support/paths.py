"""Where things lie in a checkout, whatever folder a test is in."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
EXPECTED = ROOT / "tests" / "expected"  # what commands print, to the letter
PUBLISHED = ROOT / "tests" / "published"  # numbers that others printed
CORPUS = ROOT / "tests" / "corpus"  # inputs that a fuzzer found
