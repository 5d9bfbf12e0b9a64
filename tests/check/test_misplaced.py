"""Right numbers that were read for another place are not called wrong."""

from __future__ import annotations

import pytest

import cellcalc
from cellcalc.check.answers import entries_of_text
from cellcalc.check.marking import mark
from cellcalc.check.report import Verdict
from tests.support.problems import FOUR_STEPS

PROBLEM = (
    FOUR_STEPS
    + """[bptt]
scheme = "full"
[update]
learning_rate = 0.1
epochs = 2
"""
)
ROWS = ("dh", "dc", "do", "df")
WEIGHTS = [f"{kind}_{gate}" for gate in "figo" for kind in "WUb"]


RUN = cellcalc.loads(PROBLEM).run()


def value(row: str, t: int, epoch: int = 1) -> float:
    one = RUN.passes[epoch - 1]
    return one.forward[row][t] if row in one.forward else one.windows[0].backward[row][t - 1]


def counted(lines: list[str]) -> dict[str, int]:
    report = mark(RUN, entries_of_text("\n".join(lines)))
    found = {verdict.value: report.count(verdict) for verdict in Verdict}
    return {name: count for name, count in found.items() if count} | (
        {"unreadable": len(report.unreadable)} if report.unreadable else {}
    )


def test_rows_from_the_last_step_to_the_first_are_not_marked() -> None:
    lines = [f"{row}[{t}] = {value(row, 5 - t):.4f}" for row in ROWS for t in range(1, 5)]
    assert counted(lines) == {"unreadable": 16}


def test_one_number_of_another_step_is_a_slip() -> None:
    lines = [f"dc[{t}] = {value('dc', 3 if t == 2 else t):.4f}" for t in range(1, 5)]
    assert counted(lines) == {"correct": 3, "wrong": 1}


@pytest.mark.parametrize("epoch", [1, 2])
def test_gradients_listed_under_the_weights_names_are_not_marked(epoch: int) -> None:
    gradients = RUN.passes[epoch - 1].windows[0].gradients
    assert counted([f"{n} = {gradients[f'd{n}']:.4f}" for n in WEIGHTS]) == {"unreadable": 12}


def test_gradients_for_the_new_weights_beside_the_gradients_are_a_slip() -> None:
    gradients = RUN.passes[0].windows[0].gradients
    told = [f"d{n} = {gradients[f'd{n}']:.4f}" for n in WEIGHTS]
    lines = [f"new {n} = {gradients[f'd{n}']:.4f}" for n in WEIGHTS]
    assert counted([*told, *lines]) == {"correct": 12, "wrong": 1, "repeated": 11}


def test_a_gradient_for_a_new_weight_is_a_slip() -> None:
    one = RUN.passes[0].windows[0]
    new = {name: one.after[name] for name in WEIGHTS} | {"U_g": one.gradients["dU_g"]}
    assert counted([f"{name} = {new[name]:.4f}" for name in WEIGHTS]) == {"correct": 11, "wrong": 1}


def test_numbers_given_once_for_each_epoch_are_those_of_one_after_the_other() -> None:
    lines = [f"{r}[{t}] = {value(r, t, e):.6f}" for e in (1, 2) for r in ROWS for t in range(1, 5)]
    assert counted(lines) == {"correct": 32}
    twice = [f"{r}[{t}] = {value(r, t):.{d}f}" for d in (6, 4) for r in ROWS for t in range(1, 5)]
    assert counted(twice) == {"correct": 32}


def test_numbers_of_another_epoch_alone_are_not_marked() -> None:
    lines = [f"{row}[{t}] = {value(row, t, 2):.6f}" for row in ROWS for t in range(1, 5)]
    assert counted(lines) == {"unreadable": 16}
    assert "unreadable" not in counted(["epoch = 1", *lines])  # there they are judged


def test_steps_counted_from_nought_are_not_marked() -> None:
    lines = [f"{row}[{t}] = {value(row, t + 1):.4f}" for row in ROWS for t in range(4)]
    assert "wrong" not in counted(lines)


def test_derivatives_by_the_net_inputs_called_df_are_not_marked() -> None:
    names = [f"d{gate}" for gate in "figo"]
    lines = [
        f"{n}[{t}] = {value(n.replace('d', 'dz_'), t):.5f}" for n in names for t in (1, 2, 3, 4)
    ]
    assert counted(lines) == {"unreadable": 16}
    both = [*lines, *(line.replace("d", "dz_", 1) for line in lines)]  # who gives both means df
    assert counted(both)["wrong"] == 1


def test_what_a_step_hands_on_beside_the_whole_derivative_is_not_marked() -> None:
    before = value("dh", 2) - (value("h", 2) + 0.2)  # all paths but that through the loss
    lines = [
        f"dh[2] = {before:.5f}",
        f"dh[2] = {value('dh', 2):.5f}",
        f"dc[2] = {value('dc', 2):.5f}",
    ]
    assert counted(lines) == {"correct": 2, "unreadable": 1}
    assert counted([lines[0], lines[2]])["wrong"] == 1  # alone it is a path left out


def test_losses_of_steps_called_the_whole_one_are_not_marked() -> None:
    losses = [f"L = {value('E', t):.5f}" for t in range(1, 5)]
    assert counted(losses) == {"unreadable": 4}
    whole = RUN.passes[0].loss
    assert counted([f"E[4] = {whole:.5f}", f"E[3] = {value('E', 3):.5f}"]) == {
        "correct": 1,
        "unreadable": 1,
    }
    assert counted([f"L = {value('E', 4):.5f}"])["wrong"] == 1  # the last one for all is a slip


def test_what_is_handed_to_the_step_before_is_not_the_derivative_of_the_step() -> None:
    lines = [f"dh[{t}] = {value('dh', t - 1) - value('dy', t - 1):.5f}" for t in (2, 3, 4)]
    assert counted(lines) == {"unreadable": 3}


def test_numbers_of_several_steps_read_for_one_are_not_marked() -> None:
    lines = [f"{row}[4] = {value(row, t):.5f}" for t in range(1, 5) for row in ("c", "h")]
    assert counted(lines) == {"correct": 2, "unreadable": 6}


def test_a_table_of_gradients_read_as_gates_at_steps_is_not_marked() -> None:
    gradients = RUN.passes[0].windows[0].gradients
    table = {gate: [gradients[f"d{kind}_{gate}"] for kind in "WUb"] for gate in "figo"}
    lines = [f"{g}[{t}] = {v:.5f}" for g, row in table.items() for t, v in enumerate(row, 1)]
    assert counted(lines) == {"unreadable": 12}


def test_another_quantity_beside_the_right_one_is_not_marked() -> None:
    lines = [f"dg[{t}] = {value(row, t):.5f}" for row in ("dg", "dc") for t in range(1, 5)]
    others = [f"{row}[{t}] = {value(row, t):.5f}" for row in ROWS for t in range(1, 5)]
    assert counted([*others, *lines]) == {"correct": 20, "unreadable": 4}
