"""The Python that is made from equations, plain and guarded."""

from __future__ import annotations

from cellcalc.engine import codegen, run
from tests.support.problems import random_data


def test_guarded_source_gives_the_same_numbers() -> None:
    problem = random_data(2, 2, 4, "logistic", "cross-entropy").problem()
    plain, guarded = (codegen.function(problem.model, guarded=g) for g in (False, True))
    assert "power(" in guarded and "divide(" in guarded
    assert "power(" not in plain and "divide(" not in plain
    computation = run._Run(problem.specification, problem.model, None, detail=True, guarded=True)
    assert computation.trace(None).gradients == problem.run().gradients
