"""A hook of MkDocs: files that pages link to outside of docs/ (``../examples/…``) go into the site.

Without it such links would be dead in a site that is opened from files.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
PLACE = "repository"
_LINK = re.compile(r"\]\((?P<up>(?:\.\./)+)(?P<path>[^)#\s]+)(?P<anchor>#[^)]*)?\)")


def on_files(files: Any, config: Any) -> Any:
    """Add each file that a page links to outside of ``docs``."""
    wanted = {path for file in files.documentation_pages() for path in _outside(file)}
    for path in sorted(wanted):
        source = ROOT / path
        name = f"{PLACE}/{_shown_as(path)}"
        files.append(File.generated(config, name, content=source.read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let the links lead to those files."""

    def moved(match: re.Match[str]) -> str:
        path = _path(page.file.src_uri, match)
        if path is None:
            return match[0]
        start = posixpath.dirname(page.file.src_uri) or "."
        return f"]({posixpath.relpath(f'{PLACE}/{_shown_as(path)}', start)})"

    return _LINK.sub(moved, markdown)


def _outside(file: Any) -> set[str]:
    text = Path(file.abs_src_path).read_text(encoding="utf-8")
    found = (_path(file.src_uri, match) for match in _LINK.finditer(text))
    return {path for path in found if path is not None}


def _shown_as(path: str) -> str:
    """Its name in the site: what browsers would not show, or with dead links, is text there."""
    return f"{path}.txt" if Path(path).suffix in (".md", ".toml", ".cff") else path


def _path(page: str, match: re.Match[str]) -> str | None:
    """The path from the root of the repository, of a link that leads out of ``docs``."""
    target = posixpath.join("docs", posixpath.dirname(page), match["up"] + match["path"])
    path = posixpath.normpath(target)
    return None if path.startswith(("docs/", "..")) or not (ROOT / path).is_file() else path
