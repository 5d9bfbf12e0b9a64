"""Training continued from what was printed equals training in one go, whichever the optimizer."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from cellcalc.api import load
from cellcalc.resources import names
from tests.support.command import Run
from tests.support.problems import random_data

SCHEMES = {  # two of them draw the lengths of blocks anew in each epoch
    "sgd": "windows = {mean = 2, seed = 5}",
    "adam": 'scheme = "random-block(3;2)"\nupdate = "epoch"\nempty = "skip"',
}


@pytest.mark.parametrize("optimizer", names("templates/optimizers"))
def test_training_goes_on_from_json(optimizer: str, tmp_path: Path, run: Run) -> None:
    data = replace(random_data(8, 2, 5), bptt=SCHEMES.get(optimizer, 'scheme = "block(2)"'))
    data.more = [([[0.3, -0.7], [0.8, 0.4], [-0.5, 0.2]], [0.4, math.nan, -0.1])]
    data.update = f'optimizer = "{optimizer}"\nfrozen = ["U_g"]'
    data.update, frozen = data.update.replace('\nfrozen = ["U_g"]', ""), ["U_g"]
    data.frozen = frozen
    whole, first, second = (tmp_path / f"{name}.toml" for name in ("whole", "first", "second"))
    text = data.toml()
    whole.write_text(text.replace("[bptt]", "epochs = 5\n[bptt]"))
    first.write_text(text.replace("[bptt]", "epochs = 2\n[bptt]"))
    run("table", first, "-f", "json", "--pass", "update", "-o", tmp_path / "run.json")
    start, rest = text.index("[parameters]"), text.index("[initial]")
    text = text[:start] + '[parameters]\nfrom = "run.json"\n' + text[rest:]
    second.write_text(text.replace("[bptt]", 'epochs = 3\nfrom = "run.json"\n[bptt]'))
    assert load(second).run().final == load(whole).run().final
    other = tmp_path / "other.toml"
    another = "sgd" if optimizer != "sgd" else "adam"
    other.write_text(second.read_text().replace(f'"{optimizer}"', f'"{another}"'))
    result = run("table", other)
    assert result.exit_code == 2
    assert f'optimizer.name: expected {another}, found "{optimizer}"' in result.stderr
