"""Draw the pictures of the README: sheets of a workbook as LibreOffice prints them.

    python docs/pictures.py

needs LibreOffice (soffice) and poppler (pdftoppm).
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "pictures"
# The picture, the example, the sheet, and the part of the page: left, top, width, height in pixels.
PICTURES = (
    ("unrolled", "ten_steps", "Unrolled"),
    ("step", "ten_steps", "Step"),
    ("start", "ten_steps", "Start"),
    ("windows", "ten_steps", "Windows"),
)
DOTS = 84  # an inch


def main() -> None:
    """Make each picture anew."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for picture, example, sheet in PICTURES:
            book = folder / f"{picture}.xlsx"
            wanted = f"{sheet},Gradients" if sheet == "Windows" else sheet
            command = [sys.executable, "-m", "cellcalc", "workbook", example]
            subprocess.run([*command, "--sheets", wanted, "-o", book], check=True)
            page = _printed(book, folder, sheet)
            subprocess.run(
                ["pdftoppm", "-r", str(DOTS), "-f", str(page), "-l", str(page), "-png",
                 "-singlefile", folder / f"{picture}.pdf", FOLDER / picture],
                check=True,
            )  # fmt: skip


def _printed(book: Path, folder: Path, sheet: str) -> int:
    """Print a workbook; the first page of a sheet, which its foot names."""
    command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless"]
    arguments = ["--convert-to", "pdf", "--outdir", folder, book]
    subprocess.run([*command, *arguments], check=True, capture_output=True)
    pdf = book.with_suffix(".pdf")
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True)
    pages = text.stdout.decode().split("\f")
    foot = re.compile(rf"^\s*{sheet}\s+[0-9]+ / [0-9]+", re.MULTILINE)
    return next(k for k, page in enumerate(pages, 1) if foot.search(page))


if __name__ == "__main__":
    main()
