"""What a document says of its notation is obeyed; where it says nothing, two readings are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cellcalc.check.report import Report, Verdict
from tests.support.people import marked

BARS = r"As always $\overline{v} = \partial L/\partial v$."


def report(text: str, problem: str = "A", wrong: bool = False, file: str = "a.md") -> Report:
    document: Mapping[str, Any] = {"problem": problem, "text": text, "file": file}
    return marked(document, wrong)


def read(text: str, problem: str = "A") -> list[tuple[str, int | None, str]]:
    found = report(text, problem)
    assert not found.unreadable, found.unreadable
    return [(m.answer.symbol, m.answer.t, m.verdict.value) for m in found.marked]


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        (f"{BARS}\n$\\bar c_2 = «dc@2»$, $\\bar f_3 = «df@3»$, $\\bar h_1 = «dh@1»$", "dc df dh"),
        ("Bars are derivatives of the loss.\nō_2 = «do@2»\nc̄_1 = «dc@1»", "do dc"),
        ("h̄_3 = «dh@3»\nc̄_2 = «dc@2»", "dh dc"),  # a bar over h can be nothing else
        ("$\\bar f_1 = W_f x_1 + U_f h_0 + b_f$\n$\\bar f_2 = «z_f@2»$", "z_f z_f"),
        ("f_1 = «f@1», i_1 = «i@1», o_1 = «o@1»\nc̄_1 = «g@1»", "f i o g"),
        ("δ is the derivative by the net input.\nδ_{f,2} = «dz_f@2»\nδo_3 = «dz_o@3»", "dz_f dz_o"),
        ("δ^k_t = ∂L/∂z^k_t\n$\\delta^i_2 = «dz_i@2»$", "dz_i"),
        ("δ_f[t] = dc[t]*c[t-1]*f[t]*(1-f[t])\nδ_f[2] = «dz_f@2»", "dz_f dz_f"),
        ("δ^k is ∂L/∂k, the derivative by the gate itself.\nδ_f[2] = «df@2»", "df"),
        ("∂L/∂c_2 = «dc@2»\nδ_{f,2} := ∂L/∂z_{f,2} = «dz_f@2»\nδ_{c,2} = «dz_g@2»", "dc dz_f dz_g"),
        ("∂L/∂h_2 = «dh@2»\n∂L_2/∂h_2 = «dy@2»", "dh dh_via_y"),
        ("$\\Gamma_u^{<2>} = «i@2»$\n$z_u^{<2>} = «z_i@2»$\ndW_u = «dW_i»", "i z_i dW_i"),
        ("dΓ_f⟨t⟩ = dc⟨t⟩*c⟨t-1⟩*Γ_f⟨t⟩*(1 - Γ_f⟨t⟩)\ndΓ_f⟨2⟩ = «dz_f@2»", "dz_f dz_f"),
        ("h_2 - y_2 = «dy@2»", "dy"),
        ("ĉ_t = tanh(W_c x_t + U_c h_{t-1} + b_c)\nĉ_2 = «g@2»", "g g"),
        ("W_if and W_hf lead to f.\ndW_ig = «dW_g»", "dW_g"),
        ("∂L/∂tanh(c_2) = «dtanh_c@2»", "dtanh_c"),
        ("Nettoeingaben heißen $n^f_t, n^i_t$; v̄ := ∂L/∂v.\n$\\bar n^i_2 = «dz_i@2»$", "dz_i"),
        (
            "$\\delta^k_t=\\partial L/\\partial z^k_t$ for net inputs $z^k_t$.\nδ^i_2 = «dz_i@2»",
            "dz_i",
        ),
        ("(ŷ_t is the target here!)\n∂L/∂y_t = y_t - ŷ_t", "dy"),
        ("e_t = y_t - target_t is the output error.\ne_2 = «dy@2»", "dy"),
        (
            "$$dU_k=\\sum_t dz_{k,t}h_{t-1}, \\quad k\\in\\{f,i,g,o\\}.\\blacksquare$$",
            "dU_f dU_i dU_o dU_g",
        ),
        ("For every gate:  ∂L/∂bk = Σₜ ∂L/∂zkₜ   (k = f, i, g, o)", "db_f db_i db_o db_g"),
        ("$$dU_f=\\sum_t dz_{f,t} h_{t-1} \\qquad db_f=\\sum_t dz_{f,t}$$", "dU_f db_f"),
    ],
)
def test_what_is_said_or_shown_decides(text: str, symbols: str) -> None:
    found = read(text)
    assert [(symbol, verdict) for symbol, _, verdict in found] == [
        (symbol, "correct") for symbol in symbols.split()
    ]


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("f̄_1 = «df@1»", "z_f or df"),
        ("c̄_2 = «g@2»", "g or dc"),
        ("c̃_2 = «g@2»\nc̄_2 = «dc@2»", "g or dc"),
        ("δ_f[2] = «dz_f@2»", "df (by the gate) or dz_f"),
        ("δ_{f,2} := ∂L/∂z_{f,2} = «dz_f@2»\nδ_{c,2} = «dc@2»", "dc or dz_g"),
        ("Γ_f⟨2⟩ = «f@2»\ndΓ_f⟨2⟩ = «dz_f@2»", "df (by the gate) or dz_f"),
        ("ĉ_2 = «g@2»", "g or z_g"),
        ("dW_ig = «dW_g»", "W_i or W_g"),
    ],
)
def test_what_has_two_readings_is_told_with_both(text: str, both: str) -> None:
    found = report(text)
    assert not [m for m in found.marked if m.verdict is not Verdict.CORRECT]
    assert any(both in one.why for one in found.unreadable), found.unreadable


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("dU_n: «dU_g»", "dU_g"),
        ("W_n = 0.95\ndW_n = «dW_g»", "dW_g"),
        ("da_z[2] = «dz_u@2»", "dz_u"),
        ("da_n[2] = «dz_g@2»", "dz_g"),
        ("dn[2] = «dg@2»", "dg"),
        ("db_in = «db_g»", "db_g"),
        ("db_hn = «db_gh»", "db_gh"),
        ("∂L/∂ĥ_2 = «dg@2»", "dg"),
        ("∂L/∂W_h = «dW_g»", "dW_g"),
        ("$a^z_2 = «z_u@2»$", "z_u"),
        ("ĥ_t = tanh(a_t)\na_2 = «z_g@2»", "z_g"),
    ],
)
def test_the_letters_of_a_gru(text: str, symbol: str) -> None:
    assert (symbol, "correct") in [(s, v) for s, _, v in read(text, "gru-identity")]
    text = text.replace("«", "«!")
    assert Verdict.WRONG in {m.verdict for m in report(text, "gru-identity", wrong=True).marked}


SUM = r"$\frac{\partial L}{\partial h_t} = h_t - y_t + \sum_{k\in\{f,i,g,o\}} U_k \delta_{k,t+1}$"
EACH = r"For each gate $k$: $\frac{\partial L}{\partial U_k} = \sum_{t=1}^{T} \delta_{k,t} h_{t-1}$"
NET = r"where $\delta_{k,t} = \partial L/\partial z_{k,t}$."


def test_sums_over_gates_and_equations_for_each() -> None:
    found = read(f"{SUM}\n\n{EACH}\n\n{NET}")
    assert found == [
        ("dh", None, "correct"),
        *((f"dU_{gate}", None, "correct") for gate in "fiog"),
    ]
    slipped = report(f"{SUM}\n\n{EACH.replace('h_{t-1}', 'h_t')}\n\n{NET}")
    assert [m.verdict for m in slipped.marked].count(Verdict.CORRECT) == 1
    assert len(slipped.slips) == 1


def test_a_letter_of_a_gate_is_no_letter_for_every_gate() -> None:
    found = report("q^h_t = W_h x_t + U_h h_{t-1}")
    assert not found.marked


def test_the_edge_after_the_last_step_is_no_answer() -> None:
    found = report("∂L/∂c_{T+1} = 0, δh_4 = 0\nc_2 = «c@2»")
    assert [m.answer.symbol for m in found.marked] == ["c"] and not found.unreadable


OWN_STEP = r"\frac{\partial L}{\partial h_t} o_t (1-\tanh^2 c_t)"
LATER = r"f_{t+1}\frac{\partial L}{\partial c_{t+1}}"
CASES = (
    rf"\frac{{\partial L}}{{\partial c_t}} = \begin{{cases}} {OWN_STEP} & t = T\\"
    rf" {OWN_STEP} + {LATER} & t < T \end{{cases}}"
)


@pytest.mark.parametrize(
    "form", ["$$ {} $$", "\\[ {} \\]", "$ {} $", "\\begin{{equation}}\n{}\n\\end{{equation}}"]
)
def test_each_case_is_an_equation(form: str) -> None:
    assert read(form.format(CASES)) == [("dc", 3, "correct"), ("dc", None, "correct")]
    slipped = report(form.format(CASES.replace("f_{t+1}", "f_t")))
    assert [m.verdict for m in slipped.marked] == [Verdict.CORRECT, Verdict.WRONG]


GREFF = r"""
After Greff et al.: bars are net inputs, $z^t$ is the block input and $y^t$ the block output.
\begin{align}
\bar{z}^t &= W_z x^t + R_z y^{t-1} + b_z & z^t &= \tanh(\bar{z}^t)\\
c^t &= z^t \odot i^t + c^{t-1} \odot f^t & y^t &= \tanh(c^t) \odot o^t\\
\delta y^t &= \Delta^t + R_z^T \delta\bar{z}^{t+1} + R_i^T \delta\bar{i}^{t+1}
 + R_f^T \delta\bar{f}^{t+1} + R_o^T \delta\bar{o}^{t+1}\\
\delta W_\star &= \sum_{t=0}^{T} \langle \delta\bar\star^t, x^t\rangle
\end{align}
where $\Delta^t = y^t - d^t$.
$\delta y^{(2)} = «!dh@2»$
"""


def test_a_document_in_an_authors_notation_is_read_so() -> None:
    found = report(GREFF, "peephole", file="a.tex")
    assert not found.unreadable, found.unreadable
    assert {m.verdict for m in found.marked} == {Verdict.CORRECT}
    assert len(found.marked) == 11
    wrong = report(GREFF, "peephole", wrong=True, file="a.tex")
    assert [m.answer.symbol for m in wrong.marked if m.verdict is Verdict.WRONG] == ["dh"]


@pytest.mark.parametrize(
    ("text", "problem", "symbols"),
    [
        ("s_t is the cell state, m_t the cell output.\ns_2 = «c@2», m_2 = «h@2»", "A", "c h"),
        ("K = keep gate (forget), M = memory (c)\nK_2 = «f@2»; M_2 = «c@2»", "A", "f c"),
        ("| φ_t | Vergessenstor |\n|---|---|\n| s_t | Zellzustand |\n\nφ_2 = «f@2»", "A", "f"),
        ("s_t is the cell state and ε_t = ∂L/∂s_t (total).\nε_2 = «dc@2»", "A", "dc"),
        ("with ρ_t the reset gate and z_t the update gate\nρ_2 = «r@2»", "gru-identity", "r"),
        ("h_2 - ŷ_2 = «dy@2»", "A", "dy"),
        ("δf before the nonlinearity: δf_2 = «dz_f@2»", "A", "dz_f"),
        ("before the nonlinearity: δf_2 = «dz_f@2»", "A", "dz_f"),
        ("q output gate, f forget gate, g input gate.\ng_2 = «i@2», q_2 = «o@2»", "A", "i o"),
        ("m_t = tanh(b + Ux_t + Wh_{t-1}).\nc_t = f_t c_{t-1} + i_t m_t\nm_2 = «g@2»", "A", "c g"),
        ("h(t) = tanh(c(t)) q(t)\nq(2) = «o@2»", "A", "h o"),
        ("U multiplies the input, W multiplies the previous h.\n∂L/∂U_f = «dW_f»", "A", "dW_f"),
        ("forget gate: dW = «dW_f:.6f», dU = «dU_f:.6f», db = «db_f:.6f»", "A", "dW_f dU_f db_f"),
    ],
)  # fmt: skip
def test_letters_are_what_the_document_says(text: str, problem: str, symbols: str) -> None:
    found = report(text, problem)
    read_ones = [m.answer.symbol for m in found.marked]
    assert read_ones == symbols.split(), (read_ones, found.unreadable)
    assert {m.verdict for m in found.marked} == {Verdict.CORRECT}


@pytest.mark.parametrize(
    "text",
    [
        "c_2 is the hidden state\nh_2 = «h@2»\nc_2 = «c@2»",  # a usual letter keeps its meaning
        "the cell state c1 = f1 and the cell state c2\nc_2 = «c@2»",
        "s is the cell state; s is the hidden state\nc_2 = «c@2»",
    ],
)
def test_letters_in_use_keep_what_they_are(text: str) -> None:
    found = report(text)
    assert [m.verdict for m in found.marked if m.answer.symbol == "c"][-1] is Verdict.CORRECT


def test_two_names_of_one_quantity_in_a_line_are_two_things() -> None:
    found = report("Keras has z the other way round: z = 1 - u.\nu_2 = «u@2»", "gru-identity")
    assert [m.verdict for m in found.marked] == [Verdict.CORRECT]
    assert ["u or another author's z" in one.why for one in found.unreadable] == [True]


def test_what_a_document_says_goes_before_what_its_author_does() -> None:
    text = (
        "As in Goodfellow et al., U multiplies the input x and W multiplies the previous h.\n"
        "f forget gate, g input gate, q output gate, s state. I write a(t) = tanh(b + U x(t) + "
        "W h(t-1)).\ns(t) = f(t) s(t-1) + g(t) a(t)\na(2) = «g@2»\n∇z_a(2) = «dz_g@2»\n"
        "q: ∂L/∂U = «dW_o», ∂L/∂W = «dU_o»\n"
    )
    assert read(text) == [
        ("c", None, "correct"), ("g", 2, "correct"), ("dz_g", 2, "correct"),
        ("dW_o", None, "correct"), ("dU_o", None, "correct"),
    ]  # fmt: skip


RAISED = r"""
\documentclass{article}
$c^t = f^t c^{t-1} + i^t g^t$
\paragraph{Step $t=2$:} $f^2 = «f@2:.5f»$, $g^2 = «g@2:.5f»$,
$c^2 = f^2 c^1 + i^2 g^2 = «!c@2:.5f»$
"""


def test_numbers_above_are_steps_where_t_stands_above() -> None:
    found = report(RAISED, file="a.tex")
    assert [(m.answer.symbol, m.answer.t) for m in found.marked] == [
        ("c", None), ("f", 2), ("g", 2), ("c", 2),
    ]  # fmt: skip
    assert not found.unreadable and {m.verdict for m in found.marked} == {Verdict.CORRECT}
    wrong = report(RAISED, wrong=True, file="a.tex")
    assert [m.answer.symbol for m in wrong.marked if m.verdict is Verdict.WRONG] == ["c"]
    squared = report(f"{RAISED}$dz_g^2 = dc^2 i^2 (1 - g^2) = 0.5$", file="a.tex")
    assert len(squared.unreadable) == 1  # g at step 2, or its square


@pytest.mark.parametrize(
    "text",
    [
        "dh_2 = (h_2 - y_2) + (from step 3) = «dh@2»",
        "dh_2 = dy_2 + 后一步传回 = «dh@2»",
        "∂L/∂g_2 = «dg@2», times the derivative of tanh (1-g²): dz_g[2] = «dz_g@2»",
        "∂L/∂z_g̃,2 = «dz_g@2», ∂L/∂z_f,2 = «dz_f@2»",
    ],
)
def test_words_in_a_line_of_working_are_passed_over(text: str) -> None:
    found = report(text)
    assert not found.unreadable, found.unreadable
    assert {m.verdict for m in found.marked} == {Verdict.CORRECT}
    assert len(found.marked) == text.count("«")


def test_the_update_gate_of_a_table_is_no_update() -> None:
    text = "| 参数 | W | U | b |\n|---|---|---|---|\n"
    text += "| 重置门 r | «dW_r:.6f» | «dU_r:.6f» | «db_r:.6f» |\n"
    text += "| 更新门 u | «dW_u:.6f» | «dU_u:.6f» | «db_u:.6f» |\n"
    found = report(f"## 梯度\n\n{text}", "gru-identity")
    assert [m.verdict for m in found.marked] == [Verdict.CORRECT] * 6


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("Output y = h. f: forget gate, g: candidate.\nf_1 = «f@1», g_2 = «g@2»", "f g"),
        ("f: forget, i: input, g: cell, o: output\ng_2 = «g@2», c_2 = «c@2»", "g c"),
        ("c is the candidate, s is the cell state.\nc_2 = «g@2», s_2 = «c@2»", "g c"),
        ("E is the total loss, E_t that of step t.\nE_2 = «E@2»\nE = «L»", "E L"),
        ("The gradient of the cell state c at t = 2 is «dc@2».", "dc"),
        ("Sei s_t der Zellzustand und y_t die Ausgabe der Zelle.\ny_2 = «h@2»", "h"),
        ("δ_t is the derivative with respect to h_t.\nδ_2 = «dh@2»", "dh"),
        ("z_t is the candidate, z_f a net input.\nz_2 = «g@2», z_f[2] = «z_f@2»", "g z_f"),
    ],
)
def test_what_is_said_in_words_makes_no_right_answer_wrong(text: str, symbols: str) -> None:
    found = report(text)
    assert [m.answer.symbol for m in found.marked] == symbols.split()
    assert {m.verdict for m in found.marked} == {Verdict.CORRECT}


@pytest.mark.parametrize(
    ("text", "problem", "symbols"),
    [
        ("f is the logistic sigmoid, g = h = tanh.\nf(z_f[2]) = «f@2»\n"
         "dz_f[t] = dc[t]*c[t-1]*f'(z_f[t])", "A", "f dz_f"),
        ("g(net_c) = tanh(net_c)\n| | 1 | 2 |\n|---|---|---|\n| g(z_g) | «g@1» | «g@2» |",
         "A", "g g g"),
        ("c_t = Γ_u * h̃_t + (1 - Γ_u) * c_{t-1}\nc⟨2⟩ = «h@2»\ndW_rc = «dU_r:.6f»", "chung",
         "h h dU_r"),
        ("f_t = σ(W_f·[h_{t-1}, x_t] + b_f)    o_t = σ(W_o·[h_{t-1}, x_t] + b_o)\n"
         "dW_f = [«dU_f:.6f», «dW_f:.6f»]", "A", "f o dU_f dW_f"),
        ("net forget: «z_f@1», «z_f@2», «z_f@3»\nnet input: «z_i@1», «z_i@2», «z_i@3»", "A",
         "z_f z_f z_f z_i z_i z_i"),
        ("tanh(c): «tanh_c@1», «tanh_c@2», «tanh_c@3»", "A", "tanh_c tanh_c tanh_c"),
        ("The net rows are the derivatives by the net inputs.\n| | 1 | 2 |\n|---|---|---|\n"
         "| net f | «dz_f@1» | «dz_f@2» |", "A", "dz_f dz_f"),
        ("| | t=1 | t=2 |\n|---|---|---|\n| y_t-d_t | «dy@1» | «dy@2» |\n"
         "| ½(y-d)² | «E@1» | «E@2» |", "A", "dy dy E E"),
        ("h_1 = «h@1», error y - target = «dy@1»", "A", "h dy"),
        ("El error es ½(h − objetivo)².\n| paso | error |\n|---|---|\n| 1 | «E@1» |\n| 2 | «E@2» |",
         "A", "E E"),
    ],
)  # fmt: skip
def test_what_a_document_calls_functions_rows_and_nets(
    text: str, problem: str, symbols: str
) -> None:
    found = report(text, problem)
    assert not found.unreadable, found.unreadable
    assert [m.answer.symbol for m in found.marked] == symbols.split()
    assert {m.verdict for m in found.marked} <= {Verdict.CORRECT, Verdict.COARSE}


@pytest.mark.parametrize(
    "text",
    [
        "f(t) = «f@2»",  # no function f of t, and no step
        "W_f = [0.4, 0.2]",  # nothing says what a row is
    ],
)
def test_nothing_is_made_of_what_is_not_said(text: str) -> None:
    found = report(text)
    assert not [m for m in found.marked if m.verdict is Verdict.CORRECT] and found.unreadable


GERS = """
After Hochreiter and Gers: g(net_c) = tanh(net_c), h(s_c) = tanh(s_c)
d_out(t) = e_c h(s_c) y_out (1 - y_out)
e_s(t) = e_c y_out (1 - h(s_c)^2) + y_phi(t+1) e_s(t+1)
d_phi(t) = e_s s_c(t-1) y_phi (1 - y_phi)

| t | y_out | g | h | e_c | e_s | d_out | d_c | d_phi |
|---|---|---|---|---|---|---|---|---|
| 2 | «o@2» | «g@2» | «tanh_c@2» | «dh@2» | «dc@2» | «dz_o@2» | «dz_g@2» | «!dz_f@2» |
"""


def test_errors_are_what_their_equations_show() -> None:
    found = report(GERS)
    assert not found.unreadable, found.unreadable
    assert {m.verdict for m in found.marked} == {Verdict.CORRECT}
    in_table = [m.answer.symbol for m in found.marked if m.answer.t == 2]
    assert in_table == ["o", "g", "tanh_c", "dh", "dc", "dz_o", "dz_g", "dz_f"]
    wrong = report(GERS, wrong=True)
    assert [m.answer.symbol for m in wrong.marked if m.verdict is Verdict.WRONG] == ["dz_f"]
