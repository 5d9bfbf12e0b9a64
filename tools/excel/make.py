"""Make the workbooks that somebody with Excel is asked to open: python make.py FOLDER."""

import sys
from pathlib import Path

import cellcalc

BOOKS = {
    "gomez": ("gomez", {}, {}),
    "ten_steps": ("ten_steps", {"k1": 2, "k2": 3}, {}),
    "training": ("statquest", {"epochs": 3}, {}),
    "stored_weights": ("ten_steps", {"k1": 2, "k2": 5, "weights": "stored"}, {}),
    "reset": ("ten_steps", {"k1": 2, "k2": 2, "state": "reset"}, {}),
    "many_windows": ("ten_steps", {"k1": 1, "k2": 4}, {}),
    "exercise": ("two_step", {}, {"practice": "all"}),
    "exercise_with_key": ("two_step", {}, {"practice": "all", "key": True}),
}


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "books")
    folder.mkdir(parents=True, exist_ok=True)
    for name, (example, scheme, options) in BOOKS.items():
        path = folder / f"{name}.xlsx"
        cellcalc.load(example, **scheme).workbook(path, force=True, **options)
        print(path)


if __name__ == "__main__":
    main()
