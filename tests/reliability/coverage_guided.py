"""A coverage-guided fuzzer (Atheris, `pip install atheris`) on one kind of input:

    python -m tests.reliability.coverage_guided csv -max_total_time=60 found tests/corpus/csv

New inputs go to the first folder; `-merge=1 tests/corpus/csv found` keeps those that reach new
code. Kinds are the rows of ``readers.READERS``; other arguments are libFuzzer's.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["cellcalc", "tomllib"]):
    from tests.reliability.readers import READERS, read


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in READERS:
        sys.exit(f"expected a kind of input ({', '.join(READERS)})\n\n{__doc__}")
    kind = sys.argv.pop(1)
    atheris.Setup(sys.argv, lambda contents: read(kind, contents) and None)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
