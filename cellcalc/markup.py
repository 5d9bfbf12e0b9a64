"""Text from a file put into a document of another kind, where it must stay plain text."""

from __future__ import annotations

import re

# What begins markup anywhere in a line; an underscore does so only at the edge of a word.
_MARKS = re.compile(r"[\\`*<>\[\]]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])|\$|~(?=~)|(?<=~)~|#+$")


def markdown_text(text: str) -> str:
    """Plain text for one line of Markdown (CommonMark and GitHub's): its marks escaped."""
    return _MARKS.sub(lambda match: "".join(f"\\{c}" for c in match[0]), text)
