"""Answers for what is not there: one sentence for all that are alike, each of them in JSON."""

from __future__ import annotations

import json

from tests.support.command import Run

TEXT = "window = 1\ndc[3] = 0.1234\ndh[3] = 0.2345\ndc[4] = 0.3456\nfoo = 1\nbar = 2\ndc[1] = 0.5\n"


def test_they_are_told_together_and_listed_one_by_one(run: Run) -> None:
    options = ("--scheme", "block(2)")
    text = run("check", "ten_steps", "-", *options, stdin=TEXT).stdout
    assert text.count("Not read") == 2
    assert "dc[3], dh[3], dc[4]" in text and "3 answers" in text and "foo, bar" in text
    found = json.loads(
        run("check", "ten_steps", "-", *options, "--format", "json", stdin=TEXT).stdout
    )
    unread = [one["given"] for one in found["answers"] if one["verdict"] == "unreadable"]
    assert unread == ["foo = 1", "bar = 2", "dc[3] = 0.1234", "dh[3] = 0.2345", "dc[4] = 0.3456"]


def test_lines_of_text_are_counted_in_json_as_they_are_told(run: Run) -> None:
    text = "This is what I found\nand how it went\ndc[2] = -0.07111\n"
    assert "2 lines of text passed over" in run("check", "gomez", "-", stdin=text).stdout
    found = json.loads(run("check", "gomez", "-", "--format", "json", stdin=text).stdout)
    assert found["passed_over"] == 2


def test_few_figures_that_are_not_near_are_not_called_right(run: Run) -> None:
    near = run("check", "gomez", "-e", "dc[2] = -0.07111", "-e", "dc[1] = -0.05").stdout
    far = run("check", "gomez", "-e", "dc[2] = -0.07111", "-e", "dc[1] = -0.5").stdout
    assert "right as far as it goes; 1 significant figure proves little" in near
    assert "right as far as it goes" not in far and "1 wrong" in far
