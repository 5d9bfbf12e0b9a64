"""Single lines in the many ways of writing them: right, wrong, unreadable, and prose."""

from __future__ import annotations

import contextlib
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellcalc.api import load
from cellcalc.check.answers import Sheet, entries_of_text, read
from cellcalc.check.marking import mark
from cellcalc.check.reading.documents import read_document
from cellcalc.check.report import Verdict
from cellcalc.errors import CellcalcError
from cellcalc.language.notation import LANGUAGE
from cellcalc.language.tree import Call
from tests.check.test_reading_documents import TRACE
from tests.support.command import Run

TWO = load("gomez").run()
HOCHREITER = load("gomez", notation="hochreiter").run()


def sheet(text: str, trace: object = TRACE) -> Sheet:
    one = trace.passes[0]  # type: ignore[attr-defined]
    model = trace.model  # type: ignore[attr-defined]
    return read(entries_of_text(text), model, one.steps, None, {"learning_rate": 0.1})


NUMBERS = """\
dc[3] ≈ -0.198
dc[3] ~ -0.198
dc[3] \\approx -0.198
dc[3] → -0.1981
dc[3] := -0.1981
dc_3 = -0.198 (3 s.f.)
dc_3 = -0.1981 (rounded)
dc[3] = -0.1981 ± 0.0001
dc[3] = -0.1980...
dc[3] = - 0.1981
dc[3] = -.1981
dc[3] = −0,1981
dc[3]: -0.1981
1) dc[3] = -0.1981
a) dc[3] = -0.1981
- dc[3] = -0.1981
* dc[3] = -0.1981
• dc[3] = -0.1981
dc[3] = -0.1981 ✓
dc[3] = -0.1981.
dc[3] = -0.1981;
dc[3] = **-0.1981**
**dc[3] = -0.1981**
dc[3] = -0.1981 // step 3
dc[3] = -0.1981 (see above)
dc[3] == -0.1981
dc[3]=-0.1981 % comment
dc[3] = -0.1981  <- from the carousel
dc[3] = -1.981e-1
dc[3] = -1.981·10^{-1}
dc[3] = -1.981 x 10^-1
dc[3] = -1.981 \\times 10^{-1}
dc[3] = -1.981·10⁻¹
dc[3] = -19.81 %
dc[3] = -19.81%
dc3 = -0.1981
dc 3 = -0.1981
d c_3 = -0.1981
dc_3 = -0.1981
dc₃ = -0.1981
dL/dc_3 = -0.1981
dL/dc(3) = -0.1981
dE/dc3 = -0.1981
∂E/∂c_3 = -0.1981
∂J/∂c^{(3)} = -0.1981
∂L/∂c^(3) = -0.1981
∂ L / ∂ c_3 = -0.1981
dloss/dc_3 = -0.1981
dL_dc[3] = -0.1981
\\frac{\\partial L}{\\partial c_3} = -0.1981
$\\frac{\\partial \\mathcal{L}}{\\partial c_{3}} = -0.1981$
\\nabla_{c_3} L = -0.1981
dc^<3> = -0.1981
dc⟨3⟩ = -0.1981
dc^{\\langle 3 \\rangle} = -0.1981
dc_{t=3} = -0.1981
dc(t=3) = -0.1981
dc[t=3] = -0.1981
dc at t=3 = -0.1981
at t = 3, dc = -0.1981
dc = -0.1981 at t = 3
DC[3] = -0.1981
delta_c[3] = -0.1981
δc_3 = -0.1981
δc₃ = -0.1981
\\delta c_3 = -0.1981
grad_c[3] = -0.1981
c_grad[3] = -0.1981
c.grad[3] = -0.1981
∇c_3 = -0.1981
dc[-1] = -0.1981
dc_T = -0.1981
ｄｃ［３］＝－０．１９８１
the gradient of the cell state at t = 3 is -0.1981
so we get dc_3 = -0.1981, as expected.
"""


@pytest.mark.parametrize("line", NUMBERS.strip().splitlines())
def test_a_number_however_it_is_written(line: str) -> None:
    found = sheet(line)
    assert not found.unreadable, found.unreadable
    (answer,) = found.answers
    assert (answer.symbol, answer.t) == ("dc", 3)
    report = mark(TRACE, entries_of_text(line))
    assert [m.verdict for m in report.marked] == [Verdict.CORRECT]


NAMES = [
    ("Wxf", "W_f"), ("W_xf", "W_f"), ("W_{xf}", "W_f"), ("W_f^{new}", "W_f"), ("W_f'", "W_f"),
    ("new W_f", "W_f"), ("W_f_new", "W_f"), ("W_f(new)", "W_f"), ("updated W_f", "W_f"),
    ("dWxf", "dW_f"), ("dWf", "dW_f"), ("dWfx", "dW_f"), ("dW_{fx}", "dW_f"), ("dL/dW_f", "dW_f"),
    ("dWhf", "dU_f"), ("dW_hf", "dU_f"), ("dUf", "dU_f"), ("dR_f", "dU_f"), ("dbf", "db_f"),
    ("db_{hf}", "db_f"), ("dW_if", "dW_f"), ("∂L/∂W_f", "dW_f"), ("grad W_f", "dW_f"),
    ("W_f.grad", "dW_f"), ("loss", "L"), ("total loss", "L"), ("dc0", "dc0"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "key"), NAMES)
def test_names_of_parameters_and_totals(written: str, key: str) -> None:
    found = sheet(f"{written} = 0.5")
    assert [a.symbol for a in found.answers] == [key], found.unreadable


STEPS = [
    ("C̃_1", "g"), ("\\tilde{C}_1", "g"), ("c̃_1", "g"), ("C_1", "c"), ("ct[1]", "c"),
    ("f_t[1]", "f"),
    ("df_t[1]", "df"), ("dft[1]", "df"), ("a_f[1]", "z_f"),
    ("net_f[1]", "z_f"), ("daf[1]", "dz_f"), ("δ\\bar{f}_1", "dz_f"), ("dzf[1]", "dz_f"),
    ("tanh(c[1])", "tanh_c"), ("tanhc[1]", "tanh_c"), ("loss_1", "E"), ("yhat[1]", "y"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "key"), STEPS)
def test_names_of_quantities_at_a_step(written: str, key: str) -> None:
    found = sheet(f"{written} = 0.5")
    assert [(a.symbol, a.t) for a in found.answers] == [(key, 1)], found.unreadable


TWICE = {
    "c_t = f_t*c_t-1 + i_t*g_t": ("f[t]*c[t-1] + i[t]*g[t]", "f[t]*c[t] - 1 + i[t]*g[t]"),
    "c[2] = f[2]*c(1) + i[2]*g[2]": ("c[1]", "c[t]*1"),
    "tanh_c[t] = tanh c_t^2": ("tanh(c[t])**2", "tanh(c[t]**2)"),
    "h_t = tanh c_t o_t": ("tanh(c[t])*o[t]", "tanh(c[t]*o[t])"),
    "h_t = o_t/c_t f_t": ("o[t]/c[t]*f[t]", "o[t]/(c[t]*f[t])"),
    "h_t = o_t tanh^{-1}(c_t)": ("the inverse of tanh", "1/tanh"),
    "δ_f[1] = 0.5": ("df (by the gate)", "dz_f (by its net input)"),
    "h[-1] = 0.3": ("h[3]", "h[0]"),
    "weight_ih_l0 = [0.1, 0.2, 0.3, 0.4]": ("the weights after the update", "gradients"),
}


@pytest.mark.parametrize("line", TWICE)
def test_what_can_be_read_in_two_ways_is_not_read_and_both_are_named(line: str) -> None:
    (unreadable,) = sheet(line).unreadable
    assert "one reading" in unreadable.why
    for reading in TWICE[line]:
        assert reading in unreadable.why


def test_one_style_of_steps_settles_the_reading() -> None:
    assert len(sheet("c(2) = f(2)*c(1) + i(2)*g(2)").answers) == 1
    assert len(sheet("c[t] = f(t)c(t-1) + i(t)g(t)").answers) == 1
    lines = "s_c(2) = y_φ(2)·s_c(1) + y_in(2)·g°(2)\ns_c(2) = 1.5176"
    report = mark(HOCHREITER, entries_of_text(lines))
    assert [m.verdict for m in report.marked] == [Verdict.CORRECT] * 2


@pytest.mark.parametrize(
    ("heading", "t"),
    [
        ("t = 2", 2), ("t=2:", 2), ("Step 2", 2), ("step 2:", 2), ("## t = 2", 2), ("**t = 2**", 2),
        ("Zeitschritt 2", 2), ("第2步", 2), ("第二步：", 2), ("Time step 2:", 2), ("At t = 2:", 2),
        ("--- t = 2 ---", 2), ("# step t = 2", 2), ("Backward pass, step t = 2", 2),
        ("\\section*{Step 2}", 2), ("Second step", 2), ("Step two:", 2), ("étape 2", 2),
        ("## Next step", None), ("## Backward pass", None), ("### Schritt zwo", None),
        ("# then the last one", None), ("Now the step before:", None),
    ],
)  # fmt: skip
def test_headings_set_the_step_and_unread_ones_make_it_unknown(heading: str, t: int | None) -> None:
    found = sheet(f"t = 1\nf = 0.7\n{heading}\nc = 0.578\n")
    assert found.answers[0].t == 1
    if t is None:
        assert [u.why for u in found.unreadable] == ['expected a step, as in c[3], found "c"']
    else:
        assert [(a.symbol, a.t) for a in found.answers[1:]] == [("c", t)]


@pytest.mark.parametrize(
    "line",
    [
        "c[1] = 0.3774, c[2] = 0.578",
        "c1=0.3774; c2=0.578",
        "c1=0.3774 c2=0.578",
        "c_1 = 0.3774 and c_2 = 0.578",
        "$c_1 = 0.3774, \\quad c_2 = 0.578$",
        "c_1 = 0.3774\tc_2 = 0.578",
        "| c_1 | 0.3774 |\n| c_2 | 0.578 |",
        "c_{1..2} = 0.3774, 0.578",
        "t = 1: c = 0.3774\nt = 2: c = 0.578",
    ],
)
def test_several_answers_on_a_line(line: str) -> None:
    found = sheet(line)
    assert [(a.symbol, a.t, a.number and a.number.value) for a in found.answers] == [
        ("c", 1, 0.3774), ("c", 2, 0.578),
    ]  # fmt: skip


def test_a_line_of_working_keeps_its_parts() -> None:
    (answer,) = sheet(
        "dc[3] = dh[3]*o[3]*(1-tanh(c[3])^2)\n      = -0.4510·0.4850·(1-0.3072²) = -0.1981"
    ).answers
    assert answer.number is not None
    assert [part.kind for part in answer.working] == ["formula", "formula"]
    assert [part.given for part in answer.working][1] == "-0.4510*0.4850*(1-0.3072²)"


@pytest.mark.parametrize(
    "line",
    [
        "I do not know how to go on.",
        "The cell keeps what it had: the forget gate decides.",
        "learning: see the lecture notes",
        "x acts on z: and so it goes on and on",
        "We used the chain rule = the usual one for sums",
        "c: the memory cell of the lecture",
    ],
)
def test_prose_is_passed_over_and_counted(line: str) -> None:
    found = sheet(line)
    assert (found.answers, found.unreadable, found.passed_over) == ((), (), 1)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("q[2] = 0.5", "a symbol of this problem"),
        ("∂E_t/∂h_t = y_t - target_t", "the derivative of the whole loss"),
        ("dc[2] = 1,234", "1.234 or 1234"),
        ("c = [0.1, 0.2]", "3 numbers for c"),
        ("dc[t] = dh[t]*", "a number, a name"),
        ("dc[9] = 3", "a step from 0 to 3"),
        ("W_f(2) = 3", "the same at each"),
        ("f'_t = f_t(1 - f_t)", "without a stroke"),
    ],
)
def test_what_looks_like_an_answer_is_unreadable_with_the_reason(line: str, why: str) -> None:
    found = sheet(f"\n{line}\nh[2] = 0.3197")
    (unreadable,) = found.unreadable
    assert unreadable.line == 2
    assert why in unreadable.why
    assert len(found.answers) == 1


def test_sums_with_limits_and_without() -> None:
    (answer,) = sheet("dU_f = Σ_{t=0}^{T-1} dz_f[t+1]*h[t]").answers
    assert answer.formulas is not None
    total = answer.formulas["dU_f"]
    assert isinstance(total, Call)
    assert [LANGUAGE(limit) for limit in total.others] == ["0", "T - 1"]
    for text in ("Σ_{t=1}^{T} dz_f[t]*h[t-1]", "Σₜ dz_fₜ·hₜ₋₁",
                 "\\sum_{k=1}^{T} dz_f^{(k)} h^{(k-1)}", "sum(dz_f*h_prev)",
                 "sum(dz_f[t]*h[t-1], t=1..T)", "1/n Σ_t n dz_f[t] h[t-1]"):  # fmt: skip
        report = mark(TRACE, entries_of_text(f"dU_f = {text}"))
        assert [m.verdict for m in report.marked] == [Verdict.CORRECT], report.unreadable


def test_functions_of_hyperbolic_kind() -> None:
    lines = "dc_t = dh_t o_t sech²(c_t) + dc_{t+1} f_{t+1}\ndz_g[t] = dg[t]/cosh(z_g[t])^2\n"
    lines += "f_t = 1/(1 + e^{-z_{f,t}})\nL = 1/2 Σ_t (y_t - target_t)^2"
    report = mark(TRACE, entries_of_text(lines))
    assert [m.verdict for m in report.marked] == [Verdict.CORRECT] * 4, report.unreadable


def test_steps_counted_from_0(run: Run, tmp_path: Path) -> None:
    answers = tmp_path / "answers.txt"
    answers.write_text("c[0] = 0.78573\nc[1] = 1.51763\ndc[1] = -0.07111\nf = [0.85195, 0.87030]\n")
    plain = run("check", "gomez", answers)
    assert plain.exit_code == 1
    assert plain.stderr.count("--first-step 0") == 1
    assert run("check", "gomez", answers, "--first-step", "0").exit_code == 0


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("Index 0 ist der erste Schritt.", 0),
        ("Here t = 0 is the first time step.", 0),
        ("The first step has index 0", 0),
        ("Steps are counted from 0.", 0),
        ("l'indice 0 est le premier pas", 0),
        ("时间步从 0 开始", 0),
        ("t = 0 is the initial state.", 1),
        ("h0 is the state before the first step", 1),
    ],
)
@pytest.mark.cases(8)
def test_a_document_says_what_it_calls_its_first_step(said: str, first: int) -> None:
    forward = TRACE.passes[0].forward
    lines = [f"{name}[{t - 1 + first}] = {forward[name][t]:.5f}" for t in (1, 2) for name in "fc"]
    report = mark(TRACE, entries_of_text("\n".join([said, *lines])))
    assert report.count(Verdict.CORRECT) == 4


def test_a_notation_of_ones_own(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(
        'title = "Mine"\nsource = "my lecture"\n[names]\nc = "memory"\nh = "out"\n',
        encoding="utf-8",
    )
    right = run(
        "check", "gomez", "-", "--notation", own, stdin="memory_2 = 1.51763\nout_1 = 0.53631\n"
    )
    assert right.exit_code == 0, right.output
    own.write_text('title = "Mine"\nsource = "s"\n[names]\nc = "m"\nh = "m"\n', encoding="utf-8")
    wrong = run("check", "gomez", "-", "--notation", own, stdin="m_2 = 1\n")
    assert wrong.exit_code == 2
    assert "a symbol of its own" in wrong.stderr


def test_a_file_of_prose_alone_has_no_answers(run: Run) -> None:
    result = run("check", "gomez", "-", stdin="I could not do it.\nSorry.\n")
    assert result.exit_code == 2
    assert "2 lines of text" in result.stderr


# Whatever is written, reading ends soon, and with a message at most.

PIECES = [
    "dc", "[2]", "_t", "_{t-1}", "^{(t)}", "c", " = ", "≈", ": ", "∂L/∂", "\\frac{", "}{", "}",
    "{", "\\delta ", "\\tanh", "^2", "(", ")", "[", "]", "-0.0711", "0,5", "1e-5", "*", "·", "/",
    "+", "-", "\n", "\n\n", "t = 2:", "## Step 2", "| ", "|\n", "|---|---|\n", ",", ";", "\t", "$",
    "\\\\", "&",
    "\\begin{align}", "\\end{align}",
    "for t in range(T):\n    ", "dc_next", "+= ", "np.tanh(",
    "σ(",
    "Σ_{t=1}^{T}", "sum(", "x1", "W_f", "²", "ₜ", "₊₁", "⁽ᵗ⁾", "⟨t⟩", "#", "%", "`",
    "```python\n",
    "**", "- ", "1. ", '{"dc": [1, 2]}', "[[", "]]",
    "tensor(", "nan", "T", "'", '"', "\\", "_", "^",
    "~", "→", "<-", "is ", "at t=3", "forget gate", "\u0302", "°", "第2步", "d", "δ", "∇", "new ",
    "\x00", "\ufeff", "é", "|", "<t>", "1..3", "...", "9" * 40,
]  # fmt: skip
FILES = ["a.txt", "a.md", "a.tex", "a.py", "a.csv", "a.json", "a.ipynb", "-"]


def test_nothing_that_is_written_makes_reading_fail_or_last() -> None:
    draw = random.Random("fuzzed texts")
    started = time.perf_counter()
    for number in range(4_000):
        count = draw.randint(1, draw.choice((4, 8, 16, 30)))
        text = "".join(draw.choice(PIECES) for _ in range(count))
        trace = TRACE if number % 2 else TWO
        try:
            entries = read_document(text.encode(), draw.choice(FILES))
            read(entries, trace.model, trace.passes[0].steps, None)
        except CellcalcError:
            continue
    assert time.perf_counter() - started < 60


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "t  step\nt  t\n1.0  NaN"),
        ("a.md", "|W_f |  | dc|\n|NaN | NaN | NaN|"),
        ("a.txt", "+---+-----+\n| t | c   |\n+===+=====+\n| 2 | 0.3\n |\n+---+-----+"),
        ("a.py", "total\tvalue\ndW\tgradient" * 1500),
    ],
)
@pytest.mark.cases(4)
def test_odd_tables_come_to_an_end(name: str, text: str) -> None:
    started = time.process_time()
    read_document(text.encode(), name)
    assert time.process_time() - started < 5


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_no_bytes_make_reading_fail(contents: bytes) -> None:
    with contextlib.suppress(CellcalcError):
        read(read_document(contents, "answers"), TRACE.model, 3, None)


LONG = ["(", "dc[1] ", "1, ", "∂L/∂", "\\frac{1}{2}", "_{", "- ", "a", "|a", "tanh ", "c_t-1",
        "[1, 2], ", "at t = 3 ", "\n", " ", "σ'"]  # fmt: skip


@pytest.mark.parametrize("piece", LONG)
def test_a_very_long_text_takes_no_longer_than_it_must(piece: str) -> None:
    started = time.perf_counter()
    for head in ("", "dc[1] = "):
        text = head + piece * (20_000 // len(piece))
        try:
            read(read_document(text.encode(), "answers.txt"), TRACE.model, 3, None)
        except CellcalcError:
            continue
    assert time.perf_counter() - started < 10
