"""What `check --format json` holds for documents of every kind: its keys, counts and causes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Run
from tests.support.people import DOCUMENTS, PEOPLE, contents

KEYS = {
    "line", "symbol", "t", "epoch", "sequence", "window", "kind", "given", "expected", "verdict",
    "note", "slip",
}  # fmt: skip
VERDICTS = ("correct", "carried", "repeated", "coarse", "wrong", "open", "unreadable")


@pytest.mark.cases(5, thorough=60)
@pytest.mark.parametrize("wrong", [False, True])
@pytest.mark.parametrize("document", DOCUMENTS, ids=[d["name"] for d in DOCUMENTS])
def test_answers_counts_and_causes_agree(
    document: Mapping[str, Any], wrong: bool, run: Run, tmp_path: Path
) -> None:
    problem, answers = tmp_path / "problem.toml", tmp_path / document["file"]
    problem.write_text(PEOPLE["problem"][document["problem"]]["toml"], encoding="utf-8")
    answers.write_bytes(contents(document, wrong))
    first_step = str(document.get("first_step", 1))
    result = run("check", problem, answers, "--format", "json", "--first-step", first_step)
    data = json.loads(result.stdout)
    given = data["answers"]
    assert all(answer.keys() >= KEYS for answer in given)
    verdicts = Counter(answer["verdict"] for answer in given)
    assert {v: data["summary"][v] for v in VERDICTS} == {v: verdicts[v] for v in VERDICTS}
    assert data["summary"]["slips"] == len(data["slips"])
    is_wrong = wrong and contents(document, True) != contents(document)  # some have no such form
    is_all_right = bool(given) and len(given) == verdicts["correct"]
    assert result.exit_code == int(not is_all_right)
    assert is_all_right is not is_wrong or not given
    for slip in data["slips"]:
        for k in slip["answers"]:
            assert given[k]["verdict"] != "correct"
            assert given[k]["slip"]["says"] == slip["says"]
    listed = {k for slip in data["slips"] for k in slip["answers"]}
    assert listed == {k for k, answer in enumerate(given) if answer["slip"] is not None}
