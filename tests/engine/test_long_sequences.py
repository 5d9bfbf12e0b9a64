"""What makes it fast must change no number: long sequences, machine code, columns in pieces."""

from __future__ import annotations

import gc
import math
import sys
import weakref
from array import array
from collections.abc import Sequence
from dataclasses import replace

import numpy
import pytest

import cellcalc
from cellcalc.api import Problem
from cellcalc.engine import codegen
from cellcalc.engine import kernel as machine_code
from cellcalc.engine.codegen import compile_source
from cellcalc.engine.effort import SIZES, Sizes
from cellcalc.engine.kernel import INLINE, Keep, kernel_of
from cellcalc.engine.lazy import LazyRow, numbers
from cellcalc.language.arithmetic import floats
from tests.support.cells import CELLS, random_cell
from tests.support.oracles import REQUIRED, sample
from tests.support.problems import computed, random_data

SCHEMES = {
    "full": "",
    "overlapping": 'scheme = "tbptt(7,19)"',
    "stored": 'scheme = "tbptt(7,19)"\nweights = "stored"',
    "resets": 'scheme = "keras-stateless(13)"',
    "dropped": 'scheme = "tbptt(5,3)"\nreduction = "mean"\ntail = "discard"',
}
MODELS = {
    "linear": (2, "linear", "half-squared"),
    "logistic": (1, "logistic", "cross-entropy"),
    "identity": (3, "identity", "squared"),
}


def problem(scheme: str, model: str, steps: int = 40) -> Problem:
    features, readout, loss = MODELS[model]
    data = random_data(5, features, steps, readout, loss, missing=True)
    return replace(data, bptt=SCHEMES[scheme]).problem()


def same(given: Sequence[float], expected: Sequence[float]) -> bool:
    pairs = zip(given, expected, strict=True)
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in pairs)


@pytest.mark.parametrize("kind", [list, array])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("model", MODELS)
def test_a_long_sequence_is_computed_like_a_short_one(scheme: str, model: str, kind: type) -> None:
    short = problem(scheme, model).run()
    sizes = Sizes(long=4, arrays=0) if kind is array else Sizes(long=4)
    long = computed(problem(scheme, model), sizes)
    assert isinstance(short.passes[0].forward["c"], list)
    assert isinstance(long.passes[0].forward["c"], kind)
    assert any(isinstance(v, LazyRow) for v in long.passes[0].windows[0].backward.values())
    assert long.final == short.final and long.loss == short.loss
    for name, values in short.passes[0].forward.items():
        assert same(long.passes[0].forward[name], values), name
    for one, other in zip(long.passes[0].windows, short.passes[0].windows, strict=True):
        assert one.gradients == other.gradients and one.entering == other.entering
        assert list(one.backward) == list(other.backward)
        for name, values in other.backward.items():
            found = one.backward[name]
            assert same(found, values), name
            assert same(numpy.asarray(found), values), name  # which is computed in another way
            assert same(numbers(found, 1, len(found)), values[1:]), name
            assert len(found) == len(values) and found[-1] == values[-1]
            assert same(found[::-2], values[::-2])
            with pytest.raises(IndexError):
                found[len(values)]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("long", [False, True])
def test_training_without_detail_ends_with_the_same_parameters(scheme: str, long: bool) -> None:
    detailed = problem(scheme, "linear").run()
    sizes = Sizes(long=4, arrays=0) if long else SIZES
    trace = computed(problem(scheme, "linear"), sizes, detail=False)
    assert trace.final == detailed.final and trace.loss == detailed.loss
    assert [w.gradients for w in trace.passes[0].windows] == [
        w.gradients for w in detailed.passes[0].windows
    ]


def test_a_long_training_run_keeps_losses_and_parameters_only() -> None:
    loaded = cellcalc.load("statquest").specification
    given = Problem.of(replace(loaded, update=replace(loaded.update, epochs=20)))
    trace, detailed = given.run(detail=False), given.run()
    assert len(trace.passes) == 40
    assert all(not one.forward for one in trace.passes)
    assert all(not w.backward and not w.entering for one in trace.passes for w in one.windows)
    assert [one.loss for one in trace.passes] == [one.loss for one in detailed.passes]
    assert trace.final == detailed.final


@pytest.mark.parametrize("scheme", ["full", "overlapping", "stored"])
@pytest.mark.cases(1)
def test_machine_code_gives_the_same_numbers(scheme: str) -> None:
    if not REQUIRED:
        pytest.importorskip("numba", reason="numba is not installed")
    expected = problem(scheme, "linear").run()
    sizes = Sizes(long=4, arrays=0, compiled=0)
    given = problem(scheme, "linear")
    made = machine_code.fast_sweep(kernel_of(given.model, keep=Keep.ENOUGH, arrays=True))
    assert made is not None
    trace = computed(given, sizes)
    for name, value in expected.final.items():
        assert trace.final[name] == pytest.approx(value, rel=1e-13)
    for name in ("c", "h", "dc", "dh", "dW_f1", "dz_o"):
        assert trace[name] == pytest.approx(expected[name], rel=1e-13, abs=1e-300, nan_ok=True)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("block", [1, 3, 7])
def test_columns_read_in_pieces_give_the_same_numbers(scheme: str, block: int) -> None:
    expected = problem(scheme, "linear").run()
    trace = computed(problem(scheme, "linear"), Sizes(block=block))
    assert trace.final == expected.final
    for one, other in zip(trace.passes, expected.passes, strict=True):
        for found, wanted in zip(one.windows, other.windows, strict=True):
            assert found.gradients == wanted.gradients
            assert found.backward == wanted.backward


@pytest.mark.parametrize("cell", sample(CELLS, 5))
def test_a_long_sequence_of_any_cell_has_the_numbers_of_a_short_one(cell: str) -> None:
    data = random_cell(cell, 3, steps=9, more='[bptt]\nk1 = 2\nk2 = 5\nweights = "stored"')
    expected = data.problem().run()
    trace = computed(data.problem(), Sizes(long=2, arrays=0, block=3))
    assert trace.final == expected.final
    (one,), (other,) = trace.passes, expected.passes
    for found, wanted in zip(one.windows, other.windows, strict=True):
        assert {s: list(v) for s, v in found.backward.items()} == wanted.backward
        assert (found.gradients, found.entering) == (wanted.gradients, wanted.entering)


def test_a_trace_that_nobody_has_any_longer_takes_no_memory() -> None:
    trace = computed(problem("full", "linear"), Sizes(long=4, arrays=0))
    rows = trace.passes[-1].windows[-1].backward
    late = [weakref.ref(row) for row in rows.values() if isinstance(row, LazyRow)]
    assert late
    gc.disable()  # which would find circles of objects, but late
    try:
        del trace, rows
        assert [row() for row in late] == [None] * len(late)
    finally:
        gc.enable()


@pytest.mark.parametrize(
    "u", [0.3, -2.5, 700.5, 1e300, -699.5, -700.5, -1e300, math.inf, -math.inf]
)
def test_what_is_written_out_is_what_the_function_gives(u: float) -> None:
    for name, text in INLINE.items():
        written = eval(text.format(u="u"), {"_exp": math.exp, "u": u})
        assert written == getattr(floats, name)(u)


def test_without_numba_python_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = problem("full", "linear").run()
    sizes = Sizes(long=4, arrays=0, compiled=0)
    monkeypatch.setitem(sys.modules, "numba", None)
    machine_code._compiled.cache_clear()
    given = problem("full", "linear")
    assert machine_code.fast_sweep(kernel_of(given.model, keep=Keep.ENOUGH, arrays=True)) is None
    assert computed(given, sizes).final == expected.final


def test_an_overflow_in_a_long_sequence_is_computed_with_guards() -> None:
    data = random_data(1, 1, 6, "identity", "squared")
    given = replace(data, target=[1e200] * 6).problem()
    expected = given.run()
    trace = computed(replace(data, target=[1e200] * 6).problem(), Sizes(long=4, arrays=0))
    assert expected.loss == trace.loss == math.inf
    assert trace.first_not_finite() == expected.first_not_finite() == ("E", 1)


def test_the_kernel_gives_the_same_bits_as_the_source_that_is_shown() -> None:
    given = problem("full", "logistic")
    columns = [{n: [0.1] * 9 for n in given.model.quantities} for _ in range(2)]
    for own in columns:
        own["dE"][1:8] = [1.0] * 7
    readable = compile_source(codegen.function(given.model), "bptt")
    fast_one = compile_source(kernel_of(given.model, keep=Keep.ALL).text, "bptt")
    for own, function in zip(columns, (readable, fast_one), strict=True):
        for name in own:
            if name.startswith("d") and name != "dE":
                own[name][8] = 0.0
        own["gradients"] = list(function(own, given.specification.parameters, 1, 1, 7).values())
    first, second = columns
    assert first["gradients"] == second["gradients"]
    names = [row.symbol for row in (*given.model.forward, *given.model.backward)]
    assert all(first[name][:8] == second[name][:8] for name in names)
