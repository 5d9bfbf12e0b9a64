"""What other people's notebooks rely on, line by line, for one window and for several."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cellcalc
from tests.api.test_problem import PARAMETERS, X, Y, problem

SEVERAL: dict[str, dict[str, Any]] = {
    "one window": {},
    "windows": {"k1": 1, "k2": 3},
    "a remainder": {"k1": 3, "k2": 2, "inject": "all"},
    "missing targets": {"target": [np.nan, 0.5, np.nan, 1.0]},
    "sequences and epochs": {"x": [X, -X], "target": [Y, 2 * Y], "epochs": 3},
    "forward only": {"target": None},
    "author": {"notation": "gomez"},
}


@pytest.mark.parametrize("name", SEVERAL)
def test_shapes_are_as_they_are_said(name: str) -> None:
    trace = problem(**SEVERAL[name]).run()
    n, windows = trace.steps, len(trace.passes[-1].windows)
    assert trace["c"].shape == (n,)
    for symbol in trace:
        values = trace[symbol]
        assert values.dtype == np.float64 and not values.flags.writeable
        swept = symbol.startswith("d")
        expected = (n,) if windows < 2 or not swept else (windows, n)
        if symbol in ("dh0", "dc0"):
            expected = () if windows == 1 else (windows,)
        assert values.shape == expected, symbol
    for key, value in trace.gradients.items():
        assert np.shape(value) == (() if windows == 1 else (windows,)), key
    assert (trace.gradients == {}) == (windows == 0)


def test_a_view_is_no_way_into_the_trace() -> None:
    trace = problem(k1=1, k2=2).run()
    before = trace.loss, trace["dc"].copy()
    for values in (trace["dc"], trace["c"], trace.gradients["dU_f"], trace["dc0"], trace["U_f"]):
        with pytest.raises(ValueError, match="read-only"):
            values[...] = 5.0
    again = trace["dc"]
    assert np.array_equal(again, before[1], equal_nan=True) and trace.loss == before[0]


@pytest.mark.parametrize("name", SEVERAL)
def test_what_the_trace_says_is_right_as_an_answer(name: str) -> None:
    p = problem(**SEVERAL[name])
    trace = p.run().only(1, 1)
    for mine in (trace, trace.to_dict(), dict(trace.items()), trace.gradients):
        report = p.check(mine)
        assert report.ok or not len(dict(mine.items())), report
    if len(trace.passes[0].windows):
        for layout in ("pytorch", "keras", "flax", "onnx"):
            assert p.check(_once(trace, layout)).ok, layout


def _once(trace: cellcalc.Trace, layout: str) -> dict[str, Any]:
    """A framework's gradients, of the last window where there are several."""
    if len(trace.passes[0].windows) == 1:
        return trace.gradients_as(layout)
    return {"dU_f": trace.gradients["dU_f"]}


@pytest.mark.parametrize("name", ["one window", "windows", "author"])
def test_a_table_of_pandas_is_right_as_an_answer(name: str) -> None:
    pytest.importorskip("pandas")
    p = problem(**SEVERAL[name])
    assert p.check(p.run().to_frame()).ok


def test_tables_of_pandas_and_single_precision_are_taken() -> None:
    pandas = pytest.importorskip("pandas")
    expected = problem().run().loss
    for x, y in (
        (pandas.DataFrame(X, columns=["x1", "x2"]), pandas.Series(Y)),
        (pandas.DataFrame(X), pandas.DataFrame({"y": Y})),
    ):
        assert problem(x=x, target=y).run().loss == expected
    single = {name: np.asarray(value, np.float32) for name, value in PARAMETERS.items()}
    given = problem(parameters=single, x=X.astype(np.float32), target=Y.astype(np.float32))
    assert given.run().loss == pytest.approx(expected, rel=1e-6)
    column = {name: np.reshape(value, (1, -1)) for name, value in PARAMETERS.items()}
    assert problem(parameters=column, target=Y[:, None]).run().loss == expected


@pytest.mark.parametrize(
    "sequences",
    [
        [(X, Y), (X[:2], Y[:2])],
        [[X, Y], {"x": X[:2], "target": Y[:2]}],
        [(X.tolist(), Y.tolist()), (X[:2], [0.5, 1.25])],
    ],
)
def test_sequences_in_every_form(sequences: Any) -> None:
    p = problem(x=None, target=None, sequences=sequences)
    assert [one.steps for one in p.specification.sequences] == [4, 2]
    ragged = problem(x=[X, X[:2]], target=[Y, Y[:2]])
    assert p.run().final == ragged.run().final
    alone = problem(x=None, target=None, sequences=[X, (X[:2],)])
    assert [any(s.has_target) for s in alone.specification.sequences] == [False, False]


def test_missing_targets_may_be_none() -> None:
    assert problem(target=[None, 0.5, None, 1.0]).run().loss == (
        problem(target=[np.nan, 0.5, np.nan, 1.0]).run().loss
    )


def test_load_takes_the_options_of_a_scheme() -> None:
    more = {"inject": "all", "tail": "discard", "reduction": "mean", "clip_norm": 1.0}
    p = cellcalc.load("ten_steps", k1=3, k2=4, epochs=2, **more)
    scheme = p.specification.scheme
    assert (scheme.k1, scheme.k2, scheme.inject, scheme.tail) == (3, 4, "all", "discard")
    assert cellcalc.loads(p.to_toml(), k1=5, k2=5).specification.scheme.k1 == 5
    assert cellcalc.load("ten_steps", windows=[4, 6]).run().passes[0].windows[0].last == 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cellcalc.load("gomez", k1="2"), 'k1: expected a whole number of at least 1, found "2"'),
        (lambda: cellcalc.load("gomez", inject="none"), "inject: expected one of new, all, last"),
        (lambda: cellcalc.load("gomez", tbptt=2), "tbptt: expected one of scheme, k1, k2"),
        (lambda: cellcalc.load(None), "source: expected a path, or the name of an example"),
        (lambda: cellcalc.loads(3), "text: expected the text of a problem file, found 3"),
        (lambda: problem(sequences=[(X, Y)]), "x: expected either sequences, or x and target"),
        (lambda: problem(x=None, target=None, sequences=3), "sequences: expected a list of pairs"),
        (lambda: problem(x=None, target=None, sequences=[(X, Y, Y)]), "sequences[1]: expected x, or a pair"),
        (lambda: problem(x=[X, X], target=Y), "target: expected one for each of the 2 sequences, found 4 things"),
        (lambda: problem().check(5), "mine: expected a mapping of names to arrays"),
        (lambda: problem().check({"dcc": X}), "dcc: expected a symbol of the problem"),
        (lambda: problem().check({"dc": np.zeros(7)}), "dc: expected an array of shape (4,), (5,) or a number, found (7,)"),
        (lambda: problem().check({"dc": "x"}, tolerance=-1), "tolerance: expected a number above 0"),
        (lambda: problem().check({"dc": Y}, sequence=2), "sequence: expected a whole number from 1 to 1"),
        (lambda: problem().explain("dcc"), "symbol: expected symbols of this problem"),
        (lambda: problem().explain("dc", t=9), "t: expected a whole number from 0 to 4, found 9"),
        (lambda: problem().derive("doc"), "format: expected one of"),
        (lambda: problem().flow(2), "sequence: expected a whole number from 1 to 1"),
        (lambda: problem().compare("ful"), "did you mean full?"),
        (lambda: problem().experiment("ful"), "did you mean full?"),
        (lambda: problem().experiment("full", epochs=0), "epochs: expected a whole number of at least 1"),
        (lambda: problem().experiment("full", rates="fast"), 'rates: expected a number above 0, found "fast"'),
        (lambda: problem().run(hand_rounding=99), "hand_rounding: expected a whole number from 0 to 15"),
        (lambda: problem().run().gradients_as("caffe"), "layout: expected one of flax, keras, onnx, pytorch"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told_by_their_names(call: Any, message: str) -> None:
    with pytest.raises(cellcalc.CellcalcError) as caught:
        call()
    said = str(caught.value)
    assert message in said and "--" not in said


@pytest.mark.parametrize(
    ("symbol", "message"),
    [
        ("W_f", "no symbol W_f; there is one for each input: W_f1, W_f2"),
        ("dcc", "no symbol dcc; did you mean dc?"),
        (5, "no symbol 5; expected a text"),
    ],
)
def test_a_symbol_that_there_is_not(symbol: Any, message: str) -> None:
    with pytest.raises(cellcalc.SymbolError, match=message) as caught:
        problem().run()[symbol]
    assert isinstance(caught.value, KeyError)


def test_a_run_without_detail_has_what_it_kept() -> None:
    trace = problem(epochs=3).run(detail=False)
    assert "U_f" in trace and "c" not in trace
    assert set(trace.to_dict()) == set(trace) == {*trace.initial, "dh0", "dc0"}
    with pytest.raises(cellcalc.SymbolError, match="c was not kept"):
        trace["c"]


def test_everything_is_shown_on_a_few_lines() -> None:
    p = problem(k1=1, k2=3)
    for shown in (p, p.run(), p.flow(), p.compare()):
        assert len(repr(shown).splitlines()) <= 7
    assert "gradient error" in repr(p.compare("full", "tbptt(1,1)"))
    for one in (p.flow(), p.compare("full")):
        assert one._repr_markdown_().startswith("```\n")


def test_a_workbook_says_its_ending_and_takes_its_sheets_as_one_text(tmp_path: Path) -> None:
    with pytest.raises(cellcalc.OutputError, match=r"expected the ending \.xlsx, found \.txt"):
        problem().workbook(tmp_path / "a.txt")
    problem().workbook(file=tmp_path / "a.xlsx", sheets="BPTT, Equations")
    problem().workbook(tmp_path / "k.xlsx", practice="dc", key=True)
    from openpyxl import load_workbook

    assert set(load_workbook(tmp_path / "a.xlsx").sheetnames) >= {"BPTT", "Equations"}
    sealed = load_workbook(tmp_path / "k.xlsx")
    assert any(sheet.sheet_state != "visible" for sheet in sealed.worksheets)
