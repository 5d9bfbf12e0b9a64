"""Take pictures of pages of the built site, to be looked at: ``python docs/site_pictures.py SITE``.

``SITE`` is the folder that ``mkdocs build -d SITE`` wrote. The pictures go to
``docs/pictures/site-*.png``; they are taken by Chromium, opened from files as a reader would.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

PICTURES = Path(__file__).resolve().parent / "pictures"
PAGES = {  # the picture's name: the page, and the part of it that is seen
    "home": "index.html",
    "tutorial": "first-hour.html",
    "teacher": "class.html",
}
SIZE = (1100, 900)
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def take(site: Path, page: str, picture: Path) -> None:
    """One page as a PNG, at the size of a laptop's window."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        sys.exit(f"no browser of these is here: {', '.join(PROGRAMS)}")
    command = [
        program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        f"--window-size={SIZE[0]},{SIZE[1]}", f"--screenshot={picture}",
        (site / page).resolve().as_uri(),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)


def main() -> None:
    """Every page of ``PAGES``."""
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "index.html").is_file():
        sys.exit("which site? mkdocs build -d SITE, then python docs/site_pictures.py SITE")
    for name, page in PAGES.items():
        take(Path(sys.argv[1]), page, PICTURES / f"site-{name}.png")


if __name__ == "__main__":
    main()
