"""A trace in a notebook: a mapping of symbols to arrays, a table, a page."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import cellcalc
from tests.api.test_problem import X, problem


def test_a_trace_is_read_like_a_mapping() -> None:
    trace = problem().run()
    assert "dc" in trace and "nothing" not in trace
    assert list(trace) == trace.keys() == trace.symbols and len(trace) == len(list(trace))
    assert trace["x1"].tolist() == X[:, 0].tolist()
    values = trace.to_dict()
    assert set(values) == set(trace) and values["c"].shape == (4,)
    with pytest.raises(ValueError, match="read-only"):
        trace["c"][0] = 1.0
    with pytest.raises(KeyError, match="no symbol dcc; did you mean dc"):
        trace["dcc"]
    with pytest.raises(cellcalc.CellcalcError):
        trace["dcc"]


def test_every_window_is_there_and_what_it_does_not_sweep_is_nan() -> None:
    trace = problem(k1=1, k2=2).run()
    dc = trace["dc"]
    assert dc.shape == (4, 4)
    swept = [[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]
    assert (~np.isnan(dc)).astype(int).tolist() == swept
    windows = trace.passes[-1].windows
    assert trace.gradients["dW_f1"].tolist() == [w.gradients["dW_f1"] for w in windows]
    assert np.nansum(trace["dW_f1"], axis=1) == pytest.approx(trace.gradients["dW_f1"])
    assert trace["dc0"].tolist() == [w.gradients["dc0"] for w in windows]


def test_one_window_that_does_not_reach_back_is_nan_before_it() -> None:
    trace = problem(scheme="tail(2)").run()
    assert np.isnan(trace["dc"]).tolist() == [True, True, False, False]
    assert isinstance(trace.gradients["dW_f1"], float)


def test_another_pass_than_the_last() -> None:
    trace = problem(x=np.stack([X, -X]), target=np.ones((2, 4)), epochs=3).run()
    chosen = trace.only(epoch=2, sequence=1)
    assert chosen.loss == trace.passes[2].loss
    assert chosen["c"].tolist() == list(trace.passes[2].forward["c"])[1:]
    with pytest.raises(cellcalc.OptionError, match="epoch: expected a whole number from 1 to 3"):
        trace.only(epoch=4)


@pytest.mark.parametrize("more", [{}, {"k1": 1, "k2": 2}])
def test_a_table_of_pandas(more: dict[str, Any]) -> None:
    pytest.importorskip("pandas")
    trace = problem(**more).run()
    frame = trace.to_frame()
    assert frame.index.tolist() == [1, 2, 3, 4]
    key: Any = ("dc", 2) if more else "dc"
    expected = trace["dc"][1] if more else trace["dc"]
    assert np.array_equal(frame[key].to_numpy(), expected, equal_nan=True)


def test_traces_are_pickled_and_copied() -> None:
    for more in ({}, {"k1": 1, "k2": 2}):
        trace = problem(**more).run()
        for again in (pickle.loads(pickle.dumps(trace)), copy.deepcopy(trace), copy.copy(trace)):
            assert again.loss == trace.loss
            assert np.array_equal(again["dc"], trace["dc"], equal_nan=True)


def test_what_is_shown_is_short_in_a_terminal_and_folds_on_a_page() -> None:
    trace = cellcalc.load("statquest").run()
    assert len(repr(trace).splitlines()) <= 3 and len(repr(cellcalc.load("gomez"))) < 200
    page = trace._repr_html_()
    assert page is not None and len(page) < 200_000
    assert page.count("<details") == page.count("</details>") > 2
    assert "600 passes" in page


def test_long_and_many_windowed_traces_make_light_pages() -> None:
    x, drawn = np.sin(np.arange(600)), {"random": {"seed": 1}}
    given = cellcalc.Problem(parameters=drawn, x=x, target=np.zeros(600), k1=1, k2=5)
    page = given.run()._repr_html_()
    assert page is not None and len(page) < 200_000


def test_worked_lines_are_text_in_a_terminal_and_maths_in_a_notebook() -> None:
    shown = problem().explain("dc", t=2)
    assert "∂L/∂c₂ = ∂L/∂tanh_c,₂·(1 − tanh_c,₂²) + ∂L/∂c₃·f₃" in repr(shown)
    assert r"\frac{\partial L}{\partial c_{2}} &=" in shown._repr_markdown_()
    with pytest.raises(cellcalc.OptionError, match="symbol: expected symbols of this problem"):
        problem().explain("dcc", t=2)


def test_the_same_rows_from_processes() -> None:
    from concurrent.futures import ProcessPoolExecutor

    given = cellcalc.load("echo")
    names, design = ["full", "tbptt(5,5)"], {"epochs": (2,), "rates": (0.1,), "seeds": 2}
    alone = given.experiment(names, **design)
    with ProcessPoolExecutor(2) as pool:
        together = given.experiment(names, executor=pool, **design)
    assert alone == together and len(alone) == 2


def test_derivation_schedule_and_flow() -> None:
    given = problem(k1=2, k2=3)
    assert "∂L/∂cₜ" in repr(given.derive()) and r"\begin" in given.derive("latex")
    assert "window" in repr(given.schedule())
    assert given.flow().steps == 4


def test_a_workbook_is_written_and_not_over_another(tmp_path: Any) -> None:
    problem().workbook(tmp_path / "a.xlsx", sheets=["BPTT"])
    assert (tmp_path / "a.xlsx").read_bytes()[:2] == b"PK"
    with pytest.raises(cellcalc.OutputError):
        problem().workbook(tmp_path / "a.xlsx", practice="dc")
