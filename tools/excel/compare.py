"""Print the cells that Excel has computed otherwise: python compare.py MADE SAVED.

MADE is the folder of the workbooks as cellcalc wrote them, SAVED the one of the same workbooks
after Excel has computed and saved them.
"""

import sys
from pathlib import Path

import openpyxl

DIGITS = 1e-13  # Excel keeps 15 digits, and sums in an order of its own
NEAR_ZERO = 1e-15


def values(path: Path, computed: bool) -> dict[tuple[str, str], object]:
    book = openpyxl.load_workbook(path, data_only=computed)
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


def differs(a: object, b: object) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) > DIGITS * max(abs(a), abs(b)) + NEAR_ZERO
    return (a or "") != (b or "")


def main() -> int:
    made, saved = (Path(argument) for argument in sys.argv[1:3])
    found = count = 0
    for path in sorted(made.glob("*.xlsx")):
        other = saved / path.name
        if not other.exists():
            print(f"{path.name}: not saved")
            continue
        formulas = values(path, False)
        before, after = values(path, True), values(other, True)
        for cell, formula in formulas.items():
            if isinstance(formula, str) and formula.startswith("="):
                count += 1
                if differs(before.get(cell), after.get(cell)):
                    found += 1
                    where = f"{path.name} {cell[0]}!{cell[1]}"
                    print(f"{where}: stored {before.get(cell)!r}, Excel {after.get(cell)!r}")
                    print(f"    {formula[:160]}")
    print(f"{count:,} formula cells, {found} differ")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
