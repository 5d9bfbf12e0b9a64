"""``python -m benchmarks``: measure, and print a Markdown table for each thing measured."""

from __future__ import annotations

import platform

from tabulate import tabulate

from benchmarks import workbooks

TABLES = {"The study workbook": workbooks}


def main() -> None:
    print(f"Python {platform.python_version()} on {platform.machine()}\n")
    for title, module in TABLES.items():
        print(f"## {title}\n")
        print(tabulate(module.rows(), headers=module.HEADINGS, tablefmt="github"), "\n")


if __name__ == "__main__":
    main()
