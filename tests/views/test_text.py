"""Text that is safe where it is shown."""

from __future__ import annotations

from typing import Any

import pytest

import cellcalc
from cellcalc.views import compare, flow, schedule, table, worked
from cellcalc.views.text import columns, markdown_text, wrap


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


LONG_SETTINGS: dict[str, Any] = {
    "windows": [3, 3, 4], "reduction": "mean", "inject": "all", "clip_norm": 0.5, "empty": "skip",
}  # fmt: skip


@pytest.mark.parametrize("page", ["table", "explain", "schedule", "flow", "compare"])
def test_settings_of_many_words_fit_the_page(page: str) -> None:
    problem = cellcalc.load("ten_steps", **LONG_SETTINGS)
    text = {
        "table": lambda: table.render(problem.run()),
        "explain": lambda: worked.explain(problem.run()),
        "schedule": lambda: schedule.to_text(problem.specification, problem.model),
        "flow": lambda: flow.to_text(problem.flow(), "ten steps"),
        "compare": lambda: compare.to_text(problem.compare("windows(3,3,4)", "full")),
    }[page]()
    assert max(map(columns, text.splitlines())) <= 80
    assert page == "flow" or "clip_norm 0.5" in " ".join(text.split())


@pytest.mark.parametrize("width", [-7, 0, 1, 9])
def test_a_paragraph_without_room_is_ten_columns_wide(width: int) -> None:
    assert wrap("right in method, and so", width) == ["right in", "method,", "and so"]
