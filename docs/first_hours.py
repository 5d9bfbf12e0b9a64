"""Do the commands of the three first hours from nothing, and time them.

``python docs/first_hours.py`` builds the wheel of this checkout, installs it into a clean
environment in a temporary folder, types there what the three tutorials say, and writes the table of
``docs/first-hours.md``. What people do in between is not measured: reading is estimated from the
number of words, at ``PACE`` a minute.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support import pages  # noqa: E402  # what is read of a page is read in one place

DOCS = ROOT / "docs"
PAGE = DOCS / "first-hours.md"
BEGIN, END = "<!-- written by docs/first_hours.py -->", "<!-- end -->"
PACE = 200  # words a minute
ROSTER = "id,name\n" + "".join(f"s{k:03d},Student {k}\n" for k in range(1, 13))
TORCH = "import torch"  # which is not among what cellcalc installs

Row = tuple[str, float, int]  # what was done, its seconds, its exit status


def blocks(text: str, kind: str) -> list[str]:
    """The blocks of a page that are of one language."""
    return re.findall(rf"```{kind}\n(.*?)```", text, re.S)


def spent() -> float:
    """Seconds of a processor that programs started from here took, whatever else was running."""
    times = os.times()
    return times.children_user + times.children_system


def timed(command: list[str], folder: Path) -> tuple[float, int]:
    """The seconds of a processor that a command takes, and its exit status."""
    began = spent()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return spent() - began, done.returncode


def installed(folder: Path) -> tuple[Path, float]:
    """A clean environment with the wheel in it, and how long that took."""
    began = spent()
    subprocess.run([sys.executable, "-m", "venv", str(folder / ".venv")], check=True)
    programs = folder / ".venv" / ("Scripts" if sys.platform == "win32" else "bin")
    subprocess.run([programs / "pip", "install", "-q", str(ROOT)], check=True, capture_output=True)
    return programs, spent() - began


def student(programs: Path, folder: Path) -> Iterator[Row]:
    """Every command of the page, and those that it names in its text."""
    text = (DOCS / "first-hour.md").read_text(encoding="utf-8")
    for name, contents in pages.files(text).items():
        (folder / name).write_text(contents, encoding="utf-8")
    typed = [session.command for session in pages.sessions(text)]
    kinds = "workbook|schedule|explain"
    named = re.findall(rf"`(cellcalc (?:{kinds}) [^`]+)`", text)
    for command in [*typed, *named]:
        words = shlex.split(command)
        yield command, *timed([str(programs / words[0]), *words[1:]], folder)


def teacher(programs: Path, folder: Path) -> Iterator[Row]:
    """A class of twelve: made, half of the sheets handed back as they are, marked, exported."""
    (folder / "roster.csv").write_text(ROSTER, encoding="utf-8")
    text = (DOCS / "class.md").read_text(encoding="utf-8")
    commands = re.findall(r"^cellcalc class .*", "\n".join(blocks(text, "sh")), re.M)
    for command in commands:
        if " mark " in command:
            with zipfile.ZipFile(folder / "submissions.zip", "w") as handed_in:
                for sheet in sorted((folder / "monday" / "students").glob("*.xlsx"))[::2]:
                    handed_in.write(sheet, f"{sheet.stem}_assignsubmission_file_/{sheet.name}")
        words = shlex.split(command)
        yield command, *timed([str(programs / words[0]), *words[1:]], folder)


def engineer(programs: Path, folder: Path) -> Iterator[Row]:
    """The programs of the page, as one, but that which needs PyTorch; then the script."""
    text = (DOCS / "gradient-check.md").read_text(encoding="utf-8")
    own = [block for block in blocks(text, "python")[1:] if TORCH not in block]
    (folder / "own.py").write_text("import cellcalc\n" + "\n".join(own), encoding="utf-8")
    yield "the page's programs", *timed([str(programs / "python"), "own.py"], folder)
    export = "cellcalc export ten_steps --to numpy -o check.py"
    words = shlex.split(export)
    yield export, *timed([str(programs / words[0]), *words[1:]], folder)
    yield "python check.py", *timed([str(programs / "python"), "check.py"], folder)


def main() -> None:
    """Write the table."""
    lines = ["| who, and what is typed | seconds |", "| --- | ---: |"]
    people = (("student", student, "first-hour.md"), ("teacher", teacher, "class.md"),
              ("engineer", engineer, "gradient-check.md"))  # fmt: skip
    for who, done, page in people:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            programs, seconds = installed(folder)
            words = len((DOCS / page).read_text(encoding="utf-8").split())
            rows = list(done(programs, folder))
        total = sum(row[1] for row in rows)
        reading = words / PACE * 60
        lines.append(f"| **{who}**: reading [{page}]({page}), {words} words | {reading:.0f} |")
        lines.append(f"| a clean environment, `pip install` | {seconds:.1f} |")
        lines += [f"| `{what}` | {took:.1f} |" for what, took, _ in rows]
        lines.append(f"| all that the {who} typed | {total:.1f} |")
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text("\n".join([before + BEGIN, "", *lines, "", END]) + after, encoding="utf-8")


if __name__ == "__main__":
    main()
