"""Draw the pictures of the README and the pages: sheets of a workbook, and a terminal.

    python docs/pictures.py            # all; or some of: unrolled step start windows check

Sheets are as LibreOffice prints them: needs soffice and poppler's pdftoppm. The terminal is what
``cellcalc check`` shows for the answers on the page docs/checking.md, as SVG.
"""

from __future__ import annotations

import html
import os
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

# The terminal: letters of 14 pixels, and its colours for what click sets in SGR codes.
CHECK = "check"
WIDE, HIGH, EDGE = 8.43, 18, 16
COLOURS = {"1;31": "#ff7b72", "31": "#ff7b72", "33": "#e3b341", "32": "#7ee787", "1": "#ffffff"}


def main() -> None:
    """Make each picture anew, or those that are named."""
    wanted_names = sys.argv[1:] or [CHECK, *(picture for picture, _, _ in PICTURES)]
    if CHECK in wanted_names:
        (FOLDER / "check.svg").write_text(_terminal(), encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for picture, example, sheet in PICTURES:
            if picture not in wanted_names:
                continue
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


def _terminal() -> str:
    """What a terminal of 80 columns shows of a derivation that is marked, as SVG."""
    page = (Path(__file__).parent / "checking.md").read_text(encoding="utf-8")
    answers = re.findall(r"```text file=answers.txt\n(.*?)```", page, re.S)[0]
    command = "cellcalc check gomez answers.txt"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "answers.txt").write_text(answers, encoding="utf-8")
        shown = subprocess.run(
            [sys.executable, "-m", *command.split(), "--color", "always"],
            cwd=folder, capture_output=True, text=True, encoding="utf-8",
            env={**os.environ, "COLUMNS": "80", "PYTHONPATH": str(FOLDER.parent.parent)},
        ).stdout  # fmt: skip
    lines = [f"$ {command}", *shown.rstrip("\n").split("\n")]
    width, height = round(80 * WIDE + 2 * EDGE), HIGH * len(lines) + 2 * EDGE
    rows = "\n".join(
        f'<text x="{EDGE}" y="{EDGE + HIGH * (k + 1) - 5}">{_coloured(line)}</text>'
        for k, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img">\n<title>{html.escape(command)}</title>\n'
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n'
        '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14"'
        f' fill="#e6edf3" xml:space="preserve">\n{rows}\n</g>\n</svg>\n'
    )


def _coloured(line: str) -> str:
    parts = re.split(r"\x1b\[([0-9;]*)m", line)
    text = html.escape(parts[0])
    for code, part in zip(parts[1::2], parts[2::2], strict=True):
        colour = COLOURS.get(code)
        inside = html.escape(part)
        text += f'<tspan fill="{colour}">{inside}</tspan>' if colour else inside
    return text


def _printed(book: Path, folder: Path, sheet: str) -> int:
    """Print a workbook; the first page of a sheet, which its foot names."""
    command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless"]
    arguments = ["--convert-to", "pdf", "--outdir", folder, book]
    subprocess.run([*command, *arguments], check=True, capture_output=True)
    pdf = book.with_suffix(".pdf")
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True)
    pages = text.stdout.decode().split("\f")
    foot = re.compile(rf"^\s*{sheet}\s+[0-9]+ ?/ ?[0-9]+", re.MULTILINE)
    return next(k for k, page in enumerate(pages, 1) if foot.search(page))


if __name__ == "__main__":
    main()
