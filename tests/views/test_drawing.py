"""Pictures by matplotlib: each of each kind of cell, with the numbers of the trace in it."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
import pytest

import cellcalc
from cellcalc import resources
from tests.api.test_problem import X, problem

matplotlib = pytest.importorskip("matplotlib")

from cellcalc.views.drawing import PICTURES, canvas  # noqa: E402
from cellcalc.views.drawing.canvas import number  # noqa: E402

GIVEN: dict[str, Any] = {
    "windows": lambda: problem(k1=1, k2=3, state="reset"),
    "many windows": lambda: cellcalc.load("ten_steps", scheme="forum-last(3,2)"),
    "gru": lambda: cellcalc.load("gru_reset_after"),
    "rnn": lambda: cellcalc.Problem(
        cell="rnn-linear", parameters={"random": {"seed": 1}}, x=[1, 0.5], target=[np.nan, 0]
    ),
    "sequences and epochs": lambda: problem(x=np.stack([X, -X]), target=np.ones((2, 4)), epochs=3),
}


def texts(drawing: Any) -> list[str]:
    """Every text in a picture."""
    from matplotlib.text import Text

    return [text.get_text() for text in drawing.figure.findobj(Text) if text.get_visible()]


EVERY = [
    *((what, given) for what in PICTURES for given in ("windows", "rnn")),
    *((what, "gru") for what in ("unrolled", "cell")),
    *((what, "sequences and epochs") for what in ("gradients", "training", "sweep", "flow")),
    ("schedule", "many windows"),
]


@pytest.mark.parametrize(("what", "given"), EVERY)
def test_every_picture_of_every_kind_is_vectors_with_its_letters_in_it(
    what: str, given: str, tmp_path: Path
) -> None:
    p = GIVEN[given]()
    drawing = p.draw(what, tmp_path / "a.svg")
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert "path" in names
    assert "text" not in names  # letters are outlines, and need no font
    if what not in ("flow", "sweep"):  # whose scale of colours is an image
        assert "image" not in names
    assert p.specification.title in "\n".join(texts(drawing)).replace("\n", " ")
    assert all("$" not in text.strip("$") or text.count("$") % 2 == 0 for text in texts(drawing))


@pytest.mark.cases(0)
def test_fonts_are_embedded_and_the_same_picture_is_the_same_file(tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf", "a.svg", "b.svg", "a.png", "b.png"):
        problem().draw("unrolled", tmp_path / name)
    for ending in ("pdf", "svg", "png"):
        first, second = (tmp_path / f"{name}.{ending}" for name in "ab")
        assert first.read_bytes() == second.read_bytes()
    data = (tmp_path / "a.pdf").read_bytes()
    assert b"/FontFile2" in data and b"/Type3" not in data
    if which("pdffonts"):
        listed = subprocess.run(
            ["pdffonts", tmp_path / "a.pdf"], capture_output=True, text=True, check=True
        ).stdout.splitlines()[2:]
        assert listed and all(re.search(r" yes +(yes|no) ", line) for line in listed)


def test_the_unrolled_network_has_the_values_and_the_gradients() -> None:
    p = problem()
    trace, shown = p.run(), texts(p.draw("unrolled"))
    joined = "\n".join(shown)
    for t in range(1, 5):
        assert f"= {number(trace['c'][t - 1])}" in joined
        assert f"= {number(trace['dh'][t - 1])}" in joined
        assert number(trace["f"][t - 1]) in shown
        assert number(trace["df"][t - 1]) in shown
    assert f"= {number(float(trace['dc0']))}" in joined


def test_a_window_shows_what_it_sweeps_and_which_it_is() -> None:
    p = problem(k1=1, k2=2)
    trace = p.run()
    shown = "\n".join(texts(p.draw("unrolled", window=3)))
    assert "window 3 of 4 (t = 2 … 3)" in shown
    assert f"= {number(trace['dc'][2, 2])}" in shown
    assert f"= {number(trace['dc'][3, 3])}" not in shown
    gradients = "\n".join(texts(p.draw("gradients", window=2)))
    assert number(trace.gradients["dU_o"][1]) in gradients


def test_the_cell_has_its_values_at_the_step() -> None:
    p = problem()
    trace = p.run()
    shown = "\n".join(texts(p.draw("cell", step=3)))
    for key in ("z_f", "f", "g", "c", "tanh_c", "h"):
        assert f"= {number(trace[key][2])}" in shown
        assert f"∂: {number(trace[f'd{key}'][2])}" in shown
    assert f"= {number(trace['c'][1])}" in shown  # of the step before


def test_symbols_are_an_authors_where_that_is_asked() -> None:
    own = texts(cellcalc.load("gomez").draw("cell"))
    his = texts(cellcalc.load("gomez").draw("cell", notation="gomez"))
    assert any("tanh" in text for text in own)
    assert any("state" in text for text in his) and not any("state" in text for text in own)


def test_somebody_elses_axes_are_drawn_in_and_settings_stay() -> None:
    from matplotlib.figure import Figure

    before = dict(matplotlib.rcParams)
    figure = Figure()
    one, other = figure.subplots(1, 2)
    drawing = problem().draw("training", ax=one)
    assert drawing.axes is one and drawing.figure is figure
    assert one.get_lines() and not other.get_lines()
    assert dict(matplotlib.rcParams) == before
    with pytest.raises(cellcalc.OptionError, match="ax: expected axes of matplotlib, found str"):
        problem().draw("training", ax="here")  # type: ignore[arg-type]


def test_a_drawing_is_shown_by_a_notebook() -> None:
    drawing = problem().draw("schedule")
    assert drawing._repr_svg_().lstrip().startswith("<?xml")
    assert len(repr(drawing)) < 100


def test_the_flow_has_a_panel_for_each_state() -> None:
    labels = {}
    for of in (None, "c", "h,c"):
        figure = problem().draw("flow", of=of).figure
        labels[of] = [axes.get_ylabel() for axes in figure.axes if "partial" in axes.get_ylabel()]
    assert [label.count(r"\partial h_t") for label in labels[None]] == [1, 0]
    assert [label.count(r"\partial c_t") for label in labels[None]] == [0, 1]
    assert labels["h,c"] == labels[None] and labels["c"] == labels[None][1:]


@pytest.mark.parametrize(
    ("what", "more", "message"),
    [
        ("tree", {}, "what: expected one of unrolled, cell"),
        ("cell", {"step": 9}, "step: expected a whole number from 1 to 4, found 9"),
        ("cell", {"of": "U_f"}, "of: expected it with one of flow, sweep, found it with cell"),
        ("unrolled", {"steps": "0-2"}, 'steps: expected FROM:TO within 1:4, found "0-2"'),
        ("unrolled", {"steps": "two"}, 'steps: expected FROM:TO within 1:4, found "two"'),
        ("unrolled", {"window": 2}, "window: expected a whole number from 1 to 1, found 2"),
        ("flow", {"of": "q"}, "of: expected one of the states h, c, found q"),
        ("sweep", {"of": "U_q"}, r"of: expected parameters \(W_f1.*did you mean U_"),
        ("sweep", {"of": ["U_f", "U_i", "U_o"]}, "of: expected one parameter or two"),
        ("sweep", {"span": -1}, "span: expected a number above 0, found -1"),
        ("training", {"sequence": 1}, "sequence: expected it with one of"),
    ],
)
def test_what_cannot_be_drawn_is_told(what: str, more: dict[str, Any], message: str) -> None:
    with pytest.raises(cellcalc.OptionError, match=message):
        problem().draw(what, **more)


@pytest.mark.parametrize("what", ["gradients", "training", "sweep"])
def test_without_targets_there_is_nothing_to_learn_from(what: str) -> None:
    with pytest.raises(cellcalc.OptionError, match="what: expected a problem with targets"):
        problem(target=None).draw(what)


@pytest.mark.parametrize("what", ["unrolled", "cell", "schedule"])
def test_a_forward_pass_alone_is_drawn(what: str) -> None:
    shown = texts(problem(target=None).draw(what))
    assert not any("partial" in text for text in shown)


def test_another_ending_and_a_file_that_is_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(cellcalc.OutputError, match=r"expected the ending .svg, .pdf or .png"):
        problem().draw("cell", tmp_path / "a.jpg")
    (tmp_path / "a.png").write_bytes(b"mine")
    with pytest.raises(cellcalc.OutputError):
        problem().draw("cell", tmp_path / "a.png")
    problem().draw("cell", tmp_path / "a.png", force=True)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(cellcalc.PackageError, match=r"pip install 'cellcalc\[plot\]'") as caught:
        problem().draw("cell")
    assert isinstance(caught.value, ImportError)


def test_a_title_is_no_maths() -> None:
    shown = texts(problem(title="costs $5 and $6").draw("schedule"))
    assert any("costs" in text for text in shown)
    problem(title="costs $5 and $6 {").draw("schedule")._repr_svg_()


@pytest.mark.parametrize("there", [True, False])
def test_words_are_chinese_where_a_font_has_them(
    there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one they are English, since boxes in place of letters say nothing."""
    own = ["DejaVu Sans Mono"] if there else []  # stands for a Chinese one
    monkeypatch.setattr(canvas, "chinese_fonts", lambda search: own)  # noqa: ARG005
    resources.use("zh")
    try:
        drawing = cellcalc.load("ten_steps").draw("schedule")
        assert resources.language() == "zh"
    finally:
        resources.use(resources.FIRST)
    assert drawing.axes.get_ylabel() == ("窗口" if there else "window")
