"""Text that is safe where it is shown."""

from __future__ import annotations

import pytest

from cellcalc.views.text import markdown_text, wrap


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("z_f, tanh_c & a·b", "z_f, tanh_c & a·b"),
        ("*a* _b_ `c`", "\\*a\\* \\_b\\_ \\`c\\`"),
        ("<b>&amp;[x](y)", "\\<b\\>\\&amp;\\[x\\](y)"),
        ("C# and ##", "C# and \\#\\#"),
        ("~~x~~ ~5 $x$", "\\~\\~x\\~\\~ ~5 \\$x\\$"),
    ],
)
def test_markdown_keeps_text_plain(text: str, expected: str) -> None:
    assert markdown_text(text) == expected


@pytest.mark.parametrize("width", [-7, 0, 1, 9])
def test_a_paragraph_without_room_is_ten_columns_wide(width: int) -> None:
    assert wrap("right in method, and so", width) == ["right in", "method,", "and so"]
