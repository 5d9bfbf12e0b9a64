"""``cellcalc table --explain``: the numbers that are put in give the value that is printed."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from cellcalc.engine.codegen import compile_expression
from cellcalc.language.parser import parse
from cellcalc.views.worked import explain
from tests.support.command import Run
from tests.support.problems import Data, random_data

TEN = random_data(31, 2, 8, "logistic", "cross-entropy")
CASES: dict[str, Data] = {
    "full": random_data(30, 3, 4, missing=True),
    "many_features": random_data(30, 6, 3),
    "tbptt": replace(TEN, bptt='scheme = "tbptt(2,5)"'),
    "stored": replace(TEN, bptt='scheme = "tbptt(2,5)"\nweights = "stored"'),
    "split": replace(TEN, bptt='scheme = "naive-split(3)"'),
    "once": replace(TEN, bptt='scheme = "per-error(3)"', update='optimizer = "momentum"'),
    "adam": replace(TEN, bptt='scheme = "block(4)"\nclip_norm = 0.1',
                    update='optimizer = "adam"\nepochs = 2', frozen=["W_f"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_numbers_put_in_give_the_value(name: str) -> None:
    trace = CASES[name].problem().run()
    text = explain(trace, decimals=25, width=10**6)
    checked = 0
    for block in text.split("\n\n"):
        lines = [line.split(" = ", 1)[1] for line in block.splitlines() if " = " in line[4:]]
        if not block.startswith((" ", "─")) and len(lines) >= 2:
            *_, numbers, value = lines
            if re.search(r"[A-Za-z_]*[ₜ₀-₉]", numbers) or "Σ" in numbers:
                continue  # no numbers were put in: a target is missing
            got = compile_expression(parse(numbers.replace("∂", "")))({})
            expected = float(value.replace("−", "-"))
            assert math.isclose(got, expected, rel_tol=1e-9, abs_tol=1e-13), block
            checked += 1
    values = sum(len(v) for one in trace.passes for w in one.windows for v in w.backward.values())
    assert checked > values / 4


def test_more_than_anybody_reads_is_not_worked_out(run: Run) -> None:
    result = run("table", "statquest", "--explain")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: --explain: expected at most 50,000 values, found about")
    assert run("table", "statquest", "--explain", "--epoch", "300").exit_code == 0
