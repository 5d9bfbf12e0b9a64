"""Write the page that shows a terminal of 80 columns, as 1.0 filled it and as it is now.

    git archive 694e256 | tar x -C /somewhere      # the 1.0.0 that was
    python docs/captures.py /somewhere

What is shown is the first screen: what a newcomer sees before anything else.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "then-and-now.md"
LINES = 24
# Each command, and what to look at.
CAPTURES = {
    "table statquest": "Training: a summary first, where 1.0 began to print 65,000 lines.",
    "table gomez --pass backward": "A legend of the symbols, and the paths of sums folded.",
    "--help": "Commands grouped as people need them.",
    "table gomez --k1 x": "A command called wrongly: one line, which says what was expected.",
    "schedule ten_steps --k1 2 --k2 5": "Which window sweeps which steps.",
}


def captured(folder: Path, command: str) -> list[str]:
    """The lines of a command, run in a checkout in a terminal of 80 columns."""
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "cellcalc", *command.split()],
        cwd=folder,
        env=environment | {"PYTHONIOENCODING": "utf-8", "CELLCALC_LANG": "en"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.stdout.rstrip().splitlines()


def screen(lines: list[str]) -> str:
    """The first screen, and how much there is below it."""
    shown = [line.rstrip() for line in lines[:LINES]]
    more = len(lines) - LINES
    below = f"\n({more:,} more lines)" if more > 0 else ""
    return "```text\n" + "\n".join(shown) + "\n```\n" + below


def page(old: Path) -> str:
    """The page."""
    parts = [
        "# The terminal, 1.0 and now",
        f"The first {LINES} lines of some commands in a terminal of 80 columns. The page is made "
        "by `python docs/captures.py`.",
    ]
    for command, says in CAPTURES.items():
        parts += [f"## cellcalc {command}", says]
        for name, folder in (("1.0", old), ("Now", ROOT)):
            parts.append(f"### {name}\n\n{screen(captured(folder, command)).rstrip()}")
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(Path(sys.argv[1]).resolve()), encoding="utf-8")
