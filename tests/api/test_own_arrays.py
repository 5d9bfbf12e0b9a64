"""Arrays of one's own code: what they are of follows from their names and shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.api.test_problem import X, Y, problem


def verdicts(mine: Any, **more: Any) -> list[str]:
    return [answer["verdict"] for answer in problem(**more).check(mine).answers]


def test_arrays_with_the_step_before_the_first_or_the_zero_after_the_last() -> None:
    trace = problem().run()
    before = np.r_[trace["dc0"], trace["dc"]]
    after = np.r_[trace["dc"], 0.0]
    assert verdicts({"dc": before}) == ["correct"] * 5
    assert verdicts({"dc": after}) == ["correct"] * 4
    assert verdicts({"dc": after.astype(np.float32)}) == ["correct"] * 4
    assert verdicts({"c": np.r_[-0.3, trace["c"]]}) == ["correct"] * 5


def test_one_wrong_number_in_either_is_the_one_that_is_wrong() -> None:
    trace = problem().run()
    for place, mine in ((1, np.r_[trace["dc"], 0.0]), (2, np.r_[trace["dc0"], trace["dc"]])):
        mine[place] *= 1.5
        found = problem().check({"dc": mine}).answers
        assert [a["t"] for a in found if a["verdict"] == "wrong"] == [2]


def test_what_each_step_adds_to_a_gradient_and_the_total() -> None:
    trace = problem().run()
    assert verdicts({"dU_f": trace["dU_f"]}) == ["correct"] * 4
    assert verdicts({"dU_f": trace.gradients["dU_f"]}) == ["correct"]
    wrong = trace["dU_f"] + np.array([0, 0, 0.5, 0])
    assert verdicts({"dU_f": wrong}).count("wrong") == 1


def test_as_many_windows_as_steps() -> None:
    trace = problem(k1=1, k2=2).run()
    assert verdicts({"dU_f": trace.gradients["dU_f"]}, k1=1, k2=2) == ["correct"] * 4
    assert set(verdicts({"dU_f": trace["dU_f"]}, k1=1, k2=2)) == {"correct"}


def test_a_nan_where_there_is_a_number_is_wrong() -> None:
    trace = problem().run()
    mine = trace["dc"].copy()
    mine[2] = np.nan
    found = problem().check({"dc": mine})
    assert [(a["t"], a["verdict"]) for a in found.answers][2] == (3, "wrong")
    assert not found.ok


def test_names_that_say_their_step_and_texts_in_place_of_arrays() -> None:
    trace = problem().run()
    mine = {
        "dc[2]": trace["dc"][1],
        "dW_f1": f"{trace.gradients['dW_f1']:.4f}",
        "dc": "dh[t]*o[t]*(1 - tanh(c[t])^2) + dc[t+1]*f[t+1]",
        "loss": trace.loss,
    }
    assert verdicts(mine) == ["correct"] * 4


def test_a_column_and_a_list_by_name_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    trace = problem().run()
    assert verdicts(pandas.Series(trace["dc"], name="dc")) == ["correct"] * 4
    assert len(verdicts(pandas.Series(trace.gradients))) == len(trace.gradients)


def test_another_pass_than_the_first() -> None:
    more = {"x": [X, -X[:3]], "target": [Y, Y[:3]], "epochs": 2}
    p = problem(**more)
    second = p.run().only(2, 2)
    assert p.check({"dc": second["dc"], "h": second["h"]}, epoch=2, sequence=2).ok
    assert not p.check({"dc": p.run().only(1, 1)["dc"] + 1.0}).ok


def test_parameters_as_each_step_was_computed_with_them_are_no_answers() -> None:
    trace = problem(k1=2, k2=2).run()
    assert verdicts({"U_f": trace["U_f"], "c": trace["c"]}, k1=2, k2=2) == ["correct"] * 4
