"""Each campaign of ``python -m tests.reliability``, small; and the corpus of earlier findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellcalc.problems import sequences
from tests.reliability import Campaign, Missing, inputs
from tests.reliability.__main__ import CAMPAIGNS
from tests.reliability.readers import read
from tests.support.paths import CORPUS

FOUND = sorted(path for path in CORPUS.rglob("*") if path.is_file() and path.parent != CORPUS)


@pytest.mark.parametrize("campaign", CAMPAIGNS, ids=[campaign.name for campaign in CAMPAIGNS])
@pytest.mark.cases(3)
def test_nothing_goes_wrong(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    try:
        outcome = campaign.run(campaign.quick, 1)
    except Missing as missing:
        engine, _, rest = str(missing).partition(" is not installed")
        pytest.skip(
            f"needs {missing}" if rest or engine == str(missing) else f"there is no {engine}"
        )
    assert outcome.tried >= min(campaign.quick, 1)
    assert outcome.found == []


@pytest.mark.parametrize("path", FOUND, ids=[f"{p.parent.name}/{p.name}" for p in FOUND])
def test_the_corpus_does_no_harm(path: Path) -> None:
    """Inputs that a coverage-guided fuzzer found to reach code that others do not."""
    with inputs.at_most(5):
        read(path.parent.name, path.read_bytes())


def test_the_harness_notices_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser that raises what nobody expects is reported, with the input."""

    def broken(*_: str) -> None:
        raise KeyError

    monkeypatch.setattr(sequences, "_parse_csv", broken)
    outcome = inputs.fuzz("CSV files", 5, 1)
    assert outcome.tried >= 5
    assert any("KeyError" in found for found in outcome.found)
