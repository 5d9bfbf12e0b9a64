"""Authors' notations: right in each author's terms, never ambiguous, and read back."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

import pytest

import cellcalc
import cellcalc.language.parser
from cellcalc import resources
from cellcalc.api import Problem
from cellcalc.language.authors import FOLDER, VIA, Author
from cellcalc.language.authors import load as load_author
from cellcalc.language.letters import accented, latex_text
from cellcalc.model.model import Model
from cellcalc.problems.specification import read_specification

AUTHORS = resources.names(FOLDER)

# Cells whose symbols collide with some author's: gates z and r, peepholes, a state s, letters a, b.
PEEPHOLE = """
[parameters]
W_f = "input"
U_f = "scalar"
p_f = "scalar"
b_f = "scalar"
W_i = "input"
p_i = "scalar"
W_g = "input"
W_o = "input"
p_o = "scalar"
p_g = "scalar"
p_c = "scalar"
b_o = "scalar"
[state]
h = 0.0
c = 0.0
"""
GATED = """
[parameters]
W_z = "input"
U_z = "scalar"
b_z = "scalar"
W_r = "input"
U_r = "scalar"
W_n = "input"
U_n = "scalar"
w = "scalar"
R_z = "scalar"
[state]
h = 0.0
s = 0.0
"""
CELLS = {
    "peephole": (
        PEEPHOLE,
        ("z_f", "W_f @ x + U_f*h[t-1] + p_f*c[t-1] + b_f"),
        ("z_i", "W_i @ x + p_i*c[t-1]"),
        ("z_g", "W_g @ x"),
        ("f", "sigmoid(z_f)"),
        ("i", "sigmoid(z_i)"),
        ("g", "tanh(z_g)"),
        ("c", "f*c[t-1] + i*g"),
        ("tanh_g", "tanh(g)"),
        ("z_o", "W_o @ x + p_o*c + b_o"),
        ("o", "sigmoid(z_o)"),
        ("h", "o*tanh(c) + p_g*tanh_g + p_c*c"),
    ),
    "gated": (
        GATED,
        ("z_z", "W_z @ x + U_z*h[t-1] + b_z"),
        ("z", "sigmoid(z_z)"),
        ("z_r", "W_r @ x + U_r*h[t-1]"),
        ("r", "sigmoid(z_r)"),
        ("a", "W_n @ x + R_z*U_n*r*h[t-1]"),
        ("m", "tanh(a)"),
        ("q", "a**2/(1 + m**2)"),
        ("s", "w*s[t-1] + q"),
        ("b", "s*m"),
        ("h", "z*h[t-1] + (1 - z)*b"),
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cells above as template files."""
    path = tmp_path_factory.mktemp("cells")
    for name, (head, *equations) in CELLS.items():
        rows = (f'[[equation]]\nsymbol = "{s}"\nformula = "{f}"\n' for s, f in equations)
        (path / f"{name}.toml").write_text(f'output = "h"\n{head}{"".join(rows)}', "utf-8")
    return path


@cache
def model_of(cell: str, author: str, folder: Path, features: int = 2) -> Model:
    """The model of a cell with a logistic readout, in an author's symbols."""
    name = f"{cell}.toml" if cell in CELLS else cell
    x = [[1.0] * features] if features > 1 else [1.0]
    text = (
        f'cell = "{name}"\nreadout = "logistic"\nloss = "squared"\n[parameters]\n'
        f"random = {{seed = 1}}\n[[sequence]]\nx = {x}\ntarget = [1]\n"
    )
    specification = read_specification(text, "p.toml", folder)
    return Problem.of(specification, load_author(author)).model


def labels(model: Model) -> dict[str, str]:
    return {key: model.label(key) for key in (*model.quantities, *entering(model))}


def entering(model: Model) -> list[str]:
    return [f"d{state}0" for state in model.state]


KINDS = ["lstm", "lstm-two-biases", "peephole", "gated"]


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("author", AUTHORS)
class TestEveryAuthorWithEveryCell:
    @pytest.mark.parametrize("features", [1, 2])
    def test_distinct_quantities_have_distinct_symbols(
        self, author: str, cell: str, features: int, folder: Path
    ) -> None:
        shown = labels(model_of(cell, author, folder, features))
        assert len(set(shown.values())) == len(shown)

    def test_each_symbol_reads_back_as_its_key(self, author: str, cell: str, folder: Path) -> None:
        model = model_of(cell, author, folder)
        assert model.author
        reading = model.author.reading([*model.quantities, *entering(model)])
        for key, symbol in labels(model).items():
            if not key.endswith("0"):
                assert reading[symbol] == key

    @pytest.mark.parametrize("features", [2, 6])
    def test_each_equation_reads_back_as_it_is(
        self, author: str, cell: str, features: int, folder: Path
    ) -> None:
        model = model_of(cell, author, folder, features)
        assert model.author
        write, reading = model.unicode(), model.author.reading(model.quantities)
        for quantity in model.quantities.values():
            if quantity.formula is not None:
                text = write(quantity.formula)
                assert cellcalc.language.parser.parse(text, reading) == quantity.formula, text

    def test_a_symbol_of_ours_is_none_of_the_authors(
        self, author: str, cell: str, folder: Path
    ) -> None:
        model = model_of(cell, author, folder)
        assert model.author
        for key in model.quantities:
            spelled = model.author.spelled(key, key in model.derivatives)
            if VIA not in key and not spelled.named:
                assert spelled.text not in model.author.vocabulary

    def test_latex_names_are_distinct_too(self, author: str, cell: str, folder: Path) -> None:
        model = model_of(cell, author, folder)
        assert model.author
        shown = [model.author.latex(*model.labelled(key)) for key in model.quantities]
        assert len(set(shown)) == len(shown)


# What the sources say, symbol by symbol.
FACTS = {
    "gomez": {
        "a": "g", "state": "c", "out": "h", "â": "z_g", "î": "z_i", "δa": "dz_g", "δi": "dz_i",
        "δf": "dz_f", "δo": "dz_o", "δstate": "dc", "δout": "dh", "Δ": "dh_via_y", "δx": "dx",
        "δW_a": "dW_g", "δU_a": "dU_g", "δb_a": "db_g", "y": "target", "∂L/∂a": "dg",
        "∂L/∂i": "di",
    },
    "greff": {
        "z": "g", "y": "h", "c": "c", "z̄": "z_g", "ī": "z_i", "f̄": "z_f", "δz": "dz_g",
        "δi": "dz_i", "δf": "dz_f", "δo": "dz_o", "δc": "dc", "δy": "dh", "Δ": "dh_via_y",
        "R_z": "U_g", "W_z": "W_g", "p_i": "p_i", "δp_i": "dp_i", "δR_f": "dU_f",
        "∂L/∂i": "di", "y°": "y", "E°": "E",
    },
    "graves": {
        "a_ι": "z_i", "a_φ": "z_f", "a_ω": "z_o", "a_c": "z_g", "b_ι": "i", "b_φ": "f",
        "b_ω": "o", "s_c": "c", "b_c": "h", "δ_ι": "dz_i", "δ_c": "dz_g", "ε_c": "dh",
        "ε_s": "dc", "w_1ι": "W_i1", "w_hφ": "U_f", "w_cω": "p_o", "g°": "g", "bias_ι": "b_i",
    },
    "cs231n": {
        "ai": "z_i", "ag": "z_g", "di": "di", "dai": "dz_i", "dh": "dh", "dc": "dc",
        "Wx_i": "W_i", "Wh_i": "U_i", "dWx_i": "dW_i",
    },
    "olah": {"C̃": "g", "C": "c", "h": "h", "W_Cx": "W_g", "W_fh": "U_f", "b_C": "b_g"},
    "keras": {
        "kernel_c": "W_g", "recurrent_kernel_f": "U_f", "bias_o": "b_o", "c": "c", "g": "g",
        "z_c": "z_g", "y_true": "target",
    },
    "pytorch": {"W_ii": "W_i", "W_hg": "U_g", "g": "g", "h": "h"},
    "goodfellow": {
        "g": "i", "f": "f", "q": "o", "s": "c", "h": "h", "Uᶠ": "W_f", "Wᶠ": "U_f", "Uᵍ": "W_i",
        "U": "W_g", "W": "U_g", "b": "b_g", "bᵒ": "b_o", "c": "b_y", "ŷ": "y", "∇s": "dc",
        "∇g": "di", "g°": "g", "L": "E",
    },
    "ng": {
        "Γ_u": "i", "Γ_f": "f", "Γ_o": "o", "c̃": "g", "a": "h", "c": "c", "dΓ_u": "dz_i",
        "dc̃": "dz_g", "da": "dh", "W_ux": "W_i", "W_ca": "U_g", "∂L/∂Γ_u": "di",
    },
    "hochreiter": {
        "net_in": "z_i", "net_c": "z_g", "y_in": "i", "y_out": "o", "s_c": "c", "y_c": "h",
        "∂L/∂net_in": "dz_i",
    },
}  # fmt: skip
TYPED = {
    "gomez": {
        "delta_i": "dz_i", "di": "dz_i", "da": "dz_g", "dout": "dh", "dstate": "dc",
        "delta_state": "dc", "delta_W_a1": "dW_g1", "dW_a₂": "dW_g2", "i_hat": "z_i",
        "Delta": "dh_via_y", "W_a2": "W_g2", "∂L/∂î": "dz_i", "our_y": "y",
    },
    "greff": {"delta_i": "dz_i", "z_bar": "z_g", "zbar": "z_g", "dy": "dh", "R_z": "U_g"},
    "graves": {"a_iota": "z_i", "epsilon_s": "dc", "delta_iota": "dz_i", "w_hphi": "U_f"},
    "ng": {"Gamma_f": "f", "Γ_f": "f", "c_tilde": "g", "dGamma_u": "dz_i", "Wfx": "W_f",
           "Γ_i": "i"},
    "keras": {"z2": "z_g", "z0": "z_i"},
    "goodfellow": {"U_f": "W_f", "W_g": "U_i", "nabla_s": "dc", "grad_s": "dc", "y_hat": "y"},
    "cs231n": {"da_i": "dz_i", "dWx_g1": "dW_g1"},
}  # fmt: skip


def test_the_facts_cover_every_author() -> None:
    assert set(FACTS) == set(AUTHORS)


@pytest.mark.parametrize(("author", "symbol", "key"), [
    (author, symbol, key) for author, facts in FACTS.items() for symbol, key in facts.items()
])  # fmt: skip
def test_the_authors_symbol_is_displayed_and_read(author: str, symbol: str, key: str) -> None:
    it = load_author(author)
    derivative = symbol[0] in "δΔε∂∇d" and key.startswith("d")
    assert it.unicode(key, "", derivative).translate(DIGITS) == unicodedata.normalize("NFC", symbol)
    assert it.reading()[unicodedata.normalize("NFC", symbol)] == key


DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


@pytest.mark.parametrize(("author", "typed", "key"), [
    (author, typed, key) for author, facts in TYPED.items() for typed, key in facts.items()
])  # fmt: skip
def test_other_ways_of_writing_are_read(author: str, typed: str, key: str) -> None:
    assert load_author(author).reading().get(unicodedata.normalize("NFC", typed)) == key


# The textbook's derivative of the cell, as each author would write it.
@pytest.mark.parametrize(("author", "text"), [
    ("gomez", "δoutₜ·oₜ·(1 − tanh(stateₜ)²) + δstateₜ₊₁·fₜ₊₁"),
    ("gomez", "delta_out[t]*o[t]*(1 - tanh(state[t])^2) + delta_state[t+1]*f[t+1]"),
    ("gomez", "dout[t]*o[t]*(1 - tanh(state[t])**2) + dstate[t+1]*f[t+1]"),
    ("greff", "δyᵗ·oᵗ·(1 − tanh(cᵗ)²) + δcᵗ⁺¹·fᵗ⁺¹"),
    ("graves", "ε_cᵗ·b_ωᵗ·(1 − tanh(s_cᵗ)²) + ε_sᵗ⁺¹·b_φᵗ⁺¹"),
    ("cs231n", "dhₜ·oₜ·(1 − tanh(cₜ)²) + dcₜ₊₁·fₜ₊₁"),
    ("goodfellow", "∇h⁽ᵗ⁾·q⁽ᵗ⁾·(1 − tanh(s⁽ᵗ⁾)²) + ∇s⁽ᵗ⁺¹⁾·f⁽ᵗ⁺¹⁾"),
    ("ng", "da⟨t⟩·Γ_o⟨t⟩·(1 − tanh(c⟨t⟩)²) + dc⟨t+1⟩·Γ_f⟨t+1⟩"),
    ("olah", "∂L/∂hₜ·oₜ·(1 − tanh(Cₜ)²) + ∂L/∂Cₜ₊₁·fₜ₊₁"),
    ("keras", "dL/dh[t]*o[t]*(1 - tanh(c[t])^2) + dL/dc[t+1]*f[t+1]"),
    ("hochreiter", "∂L/∂y_c(t)·y_out(t)·(1 − tanh(s_c(t))²) + ∂L/∂s_c(t+1)·y_φ(t+1)"),
])  # fmt: skip
def test_a_derivation_in_the_authors_letters_is_read(author: str, text: str) -> None:
    ours = "dh[t]*o[t]*(1 - tanh(c[t])**2) + dc[t+1]*f[t+1]"
    assert load_author(author).parse(text) == cellcalc.language.parser.parse(ours)


@pytest.mark.parametrize(("author", "text", "message"), [
    ("greff", "h[t]*2", '"h", which is the squashing of the block\'s output in Greff et al. 2015'),
    ("goodfellow", "o[t]", '"o", which is the output before it is squashed in Goodfellow et al.'),
])  # fmt: skip
def test_what_means_something_else_to_the_author_is_refused(
    author: str, text: str, message: str
) -> None:
    with pytest.raises(cellcalc.ExpressionError, match="expected a quantity of the cell") as error:
        load_author(author).parse(text)
    assert message in str(error.value)


def test_keys_that_the_author_does_not_use_may_be_mixed_in() -> None:
    parse = cellcalc.language.parser.parse
    assert load_author("gomez").parse("c[t] + dz_g[t]*state[t]") == parse("c[t] + dz_g[t]*c[t]")


class TestFiles:
    def broken(self, text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
        place = tmp_path / "templates" / "notations"
        place.mkdir(parents=True)
        (place / "me.toml").write_text(text, "utf-8")
        monkeypatch.setattr(resources, "folder", lambda name: tmp_path / name)
        with pytest.raises(cellcalc.InputError) as error:
            load_author("me")
        return str(error.value)

    @pytest.mark.parametrize(("text", "message"), [
        ("title = 'x'\nsource = 'y'\ntime = 'above'", "time: expected subscript, "),
        ("title = 'x'\nsource = 'y'\n[name]\na = 'b'", "name: expected one of the keys title, "),
        ("title = 'x'\nsource = 'y'\n[names]\na = 1", "names.a: expected a text, found 1"),
        ("title = 'x'\nsource = 'y'\nnotes = 'a'", "notes: expected a list of texts"),
        ("source = 'y'", "title: expected a text, found nothing"),
    ])  # fmt: skip
    def test_mistakes_are_named(
        self, text: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        assert f"templates/notations/me.toml: {message}" in self.broken(text, monkeypatch, tmp_path)

    def test_two_biases_are_pytorchs_only_where_there_are_two(self, folder: Path) -> None:
        assert model_of("lstm-two-biases", "pytorch", folder).label("b_f") == "b_if"
        assert model_of("lstm-two-biases", "pytorch", folder).label("r_f") == "b_hf"
        assert model_of("lstm", "pytorch", folder).label("b_f") == "b_f"

    def test_a_gate_of_ours_is_marked_where_the_author_has_another_of_that_letter(
        self, folder: Path
    ) -> None:
        shown = labels(model_of("gated", "greff", folder))
        assert shown["z"] == "z°" and shown["W_z1"] == "W_z°₁" and shown["R_z"] == "R_z°"
        assert shown["W_r1"] == "W_r₁" and shown["dz"] == "∂L/∂z°" and shown["h"] == "y"

    def test_our_index_follows_our_symbol(self, folder: Path) -> None:
        assert model_of("lstm", "greff", folder).label("b_y") == "b_y°"
        assert model_of("lstm", "gomez", folder).label("tanh_c") == "tanh_state"
        assert model_of("peephole", "keras", folder).label("p_g") == "p_c"
        assert model_of("peephole", "keras", folder).label("p_c") == "p_c°"
        assert model_of("peephole", "ng", folder).label("p_i") == "p_u"

    def test_an_optimizers_memory_is_named_after_the_authors_parameter(self) -> None:
        assert load_author("gomez").unicode("v_W_g2") == "v_W_a₂"


def test_latex_text_keeps_what_an_author_writes() -> None:
    assert latex_text("δf̂ of Uᶠ, s⁽ᵗ⁾⟨1⟩, y°") == (
        r"$\delta$$\hat{f}$ of U$^{f}$, s$^($$^t$$^)$$\langle$1$\rangle$, y$^{\circ}$"
    )


def test_stand_ins_are_undone() -> None:
    stand_ins = accented(["z̄ + f̄", "x"])
    assert len(stand_ins("z̄ + f̄")) == 5
    assert stand_ins.undo(stand_ins("a f̄ z̄")) == "a f̄ z̄"


def test_an_author_is_a_value() -> None:
    assert load_author("gomez") == load_author("gomez")
    assert isinstance(load_author("gomez"), Author)
