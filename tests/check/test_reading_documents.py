"""Every kind of document that people hand in: right ones are right, and a wrong number shows."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from cellcalc.api import Problem
from cellcalc.check.handed_in import read_answers
from cellcalc.check.marking import mark
from cellcalc.check.report import Report, Verdict
from cellcalc.errors import InputError
from cellcalc.problems.specification import read_specification
from tests.support.sheets_written import as_ods

HOMEWORK = """
title = "Homework"
cell = "lstm"
readout = "identity"
loss = "half-squared"
[parameters]
W_f = 0.7
U_f = 0.1
b_f = 0.15
W_i = 0.95
U_i = 0.8
b_i = 0.65
W_g = 0.45
U_g = 0.15
b_g = 0.2
W_o = 0.6
U_o = 0.25
b_o = 0.1
[initial]
h = 0.3
c = -0.2
[[sequence]]
x = [1, 0.5, -0.4]
target = [0.5, 0.3, 0.6]
"""
TRACE = Problem.of(read_specification(HOMEWORK, "homework.toml", Path())).run()


def marked(contents: str | bytes, name: str = "answers.txt") -> Report:
    data = contents if isinstance(contents, bytes) else contents.encode()
    return mark(TRACE, read_answers(data, name))


def all_correct(report: Report, count: int) -> bool:
    assert not report.unreadable, report.unreadable
    wrong = [(m.answer, m.expected) for m in report.marked if m.verdict is not Verdict.CORRECT]
    assert not wrong, wrong
    assert len(report.marked) == count, [(m.answer.symbol, m.answer.t) for m in report.marked]
    return True


NOTES = """\
My solution to homework 3
=========================
First the forward pass. I round to four figures, and use tanh' = 1 - tanh².

Step 1:
 - forget gate: 0.7068
 - input gate: 0.8629
 * the candidate is 0.6012
so the cell state c = 0.3774 and the hidden state h = 0.2468.

## t = 2
c ≈ 0.578 (4 s.f.), h ≈ 0.3197 ✓

Zeitschritt 3:
c → 0.3175;  h → 0,1490
The target is 0.6 here, so the error is large.

Backward:
a) dc[3] = **-0.1981**.
b) dc[2] = - 0.09995   // from the carousel
c) ∂L/∂c₁ = −0.2235
"""


def test_notes_with_prose_headings_and_bullets() -> None:
    report = marked(NOTES)
    assert all_correct(report, 12)
    assert [m.answer.t for m in report.marked] == [1, 1, 1, 1, 1, 2, 2, 3, 3, 3, 2, 1]
    assert report.passed_over >= 2


def test_a_wrong_number_in_notes_is_wrong_where_it_stands() -> None:
    report = marked(NOTES.replace("c ≈ 0.578", "c ≈ 0.587"))
    (wrong,) = [m for m in report.marked if m.verdict is not Verdict.CORRECT]
    assert (wrong.answer.symbol, wrong.answer.t, wrong.answer.line) == ("c", 2, 12)


MARKDOWN = """\
# Homework

Let us go **backward**, as in class.

| quantity | t=1 | t=2 | t=3 |
|:--------:|----:|----:|----:|
| $c_t$ | 0.3774 | 0.5780 | 0.3175 |
| `dc` | -0.2235 | -0.09995 | -0.1981 |

The formula was $\\frac{\\partial L}{\\partial f_t} = \\delta c_t \\cdot c_{t-1}$, and

$$
\\delta c_t = \\delta h_t \\odot o_t \\odot (1 - \\tanh^2 c_t) + \\delta c_{t+1} \\odot f_{t+1}
$$

```python
dzf = dc * c_prev * f * (1 - f)
```

**t = 2**

`h = 0.3197`
"""


def test_markdown_with_tables_maths_code_and_headings() -> None:
    assert all_correct(marked(MARKDOWN, "homework.md"), 10)


LATEX = r"""
\documentclass{article}
\usepackage{amsmath}
\begin{document}
\section*{Backward pass} % not c = 5
We differentiate and get:
\begin{align*}
\frac{\partial L}{\partial c_t} &= \frac{\partial L}{\partial h_t} \odot o_t
   \odot \left( 1 - \tanh^2 (c_t) \right) \\
 &\quad + \frac{\partial L}{\partial c_{t+1}} \odot f_{t+1} \\
\frac{\partial L}{\partial f^{\langle t \rangle}} &= \delta c_t \, c_{t-1} \\
\delta \bar{f}_t &= \delta f^{(t)}_{} \cdot f_t \cdot (1 - f_t)
\end{align*}
\subsection*{$t = 2$}
\[ c = 0.5780, \qquad h \approx 0.3197 \]
\begin{equation} \tilde{C}_1 = 0.6012 \end{equation}
$\delta c_{3} = -1.981 \cdot 10^{-1}$ and $f_1 = 70.68\,\%$.
\begin{tabular}{l|rrr}
$t$ & 1 & 2 & 3 \\ \hline
$\mathrm{d}h_t$ & $-0.2699$ & $-0.01289$ & $-0.4510$
\end{tabular}
\end{document}
"""


def test_a_latex_document() -> None:
    text = LATEX.replace(r"\delta f^{(t)}_{}", r"\frac{\partial L}{\partial f_t}")
    assert all_correct(marked(text, "homework.tex"), 11)


CODE = {
    "loop": """
import numpy as np
def sigmoid(x): return 1/(1+np.exp(-x))
T = 3
for t in range(T):
    f[t] = sigmoid(Wf*x[t] + Uf*h[t-1] + bf)
    c[t] = f[t]*c[t-1] + i[t]*g[t]
    h[t] = o[t]*np.tanh(c[t])
dWf, dc_next, dh_next = 0, 0, 0
for t in reversed(range(T)):
    dh = (h[t] - target[t]) + dh_next
    dc = dh*o[t]*(1 - np.tanh(c[t])**2) + dc_next
    dzf = dc*c[t-1]*f[t]*(1 - f[t])
    dzi = dc*g[t]*i[t]*(1 - i[t])
    dzg = dc*i[t]*(1 - g[t]**2)
    dzo = dh*np.tanh(c[t])*o[t]*(1 - o[t])
    dWf += dzf*x[t]
    dh_next = Uf*dzf + Ui*dzi + Ug*dzg + Uo*dzo
    dc_next = dc*f[t]
""",
    "torch": """
dc = dh * o * (1 - torch.tanh(c)**2) + dc_next * f_next
do = dh * torch.tanh(c)
dzf = dc * c_prev * f * (1 - f)
""",
    "cs231n": """
def lstm_step_backward(dnext_h, dnext_c, cache):
    i, f, o, g, x, prev_h, prev_c, Wx, Wh, next_c = cache
    do = dnext_h * np.tanh(next_c)
    dnext_c += dnext_h * o * (1 - np.tanh(next_c)**2)
    daf = dnext_c * prev_c * f * (1 - f)
    dai = dnext_c * g * i * (1 - i)
    dag = dnext_c * i * (1 - g**2)
    dao = do * o * (1 - o)
    da = np.hstack((dai, daf, dao, dag))
    dx = da.dot(Wx.T)
    return dx
""",
    "coursera": """
def lstm_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache
    dot = da_next * np.tanh(c_next) * ot * (1 - ot)
    dcct = (dc_next*it + ot*(1 - np.square(np.tanh(c_next)))*it*da_next) * (1 - np.square(cct))
    dft = (dc_next*c_prev + ot*(1 - np.tanh(c_next)**2)*c_prev*da_next) * ft*(1 - ft)
""",
    "from 1": """
import math
for t in range(n, 0, -1):
    dc[t] = dh[t]*o[t]*(1 - math.tanh(c[t])**2)
    if t < n:
        dc[t] += dc[t+1]*f[t+1]
dUf = sum(dzf[t]*h[t-1] for t in range(1, n+1))
""",
    "handed down": """
for t in range(T-1, -1, -1):
    dc[t] += dh[t] * o[t] * (1 - np.tanh(c[t])**2)
    dc[t-1] += dc[t] * f[t]
""",
    "start in place 0": """
for t in range(T):
    z_f[t] = W_f*x[t] + U_f*h[t] + b_f
    c[t+1] = f[t]*c[t] + i[t]*g[t]
    h[t+1] = o[t]*np.tanh(c[t+1])
""",
}


@pytest.mark.parametrize(
    ("name", "count"),
    [("loop", 10), ("torch", 3), ("cs231n", 7), ("coursera", 3), ("from 1", 2),
     ("handed down", 1), ("start in place 0", 3)],
)  # fmt: skip
def test_python_is_read_as_equations(name: str, count: int) -> None:
    assert all_correct(marked(CODE[name], "homework.py"), count)


@pytest.mark.parametrize(
    ("name", "right", "wrong", "symbol"),
    [
        ("loop", "dc_next = dc*f[t]\n", "dc_next = dc*f[t+1]\n", "dc"),
        ("loop", "dzf*x[t]", "dzf*x[t-1]", "dW_f"),
        ("torch", "dh * torch.tanh(c)\n", "dh * c\n", "do"),
        ("cs231n", "dnext_c * prev_c", "dnext_c * next_c", "dz_f"),
        ("handed down", "dc[t] * f[t]", "dc[t] * f[t-1]", "dc"),
    ],
)
def test_a_slip_in_code_is_wrong(name: str, right: str, wrong: str, symbol: str) -> None:
    report = marked(CODE[name].replace(right, wrong), "homework.py")
    assert symbol in {m.answer.symbol for m in report.marked if m.verdict is Verdict.WRONG}


def test_code_is_never_run(tmp_path: Path) -> None:
    target = tmp_path / "made"
    code = f"import os\ndc = dh*o\nopen({str(target)!r}, 'w')\nos.system('touch {target}')\n"
    marked(code, "homework.py")
    assert not target.exists()


NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["## t = 2\n", "$c_2 = 0.578$"]},
        {
            "cell_type": "code",
            "metadata": {},
            "execution_count": 1,
            "source": "%matplotlib inline\ndf = dc * c_prev\nprint('dc', dc)",
            "outputs": [
                {"output_type": "stream", "name": "stdout",
                 "text": ["dc [-0.2235  -0.09995 -0.1981 ]\n", "dW_f = 0.01628\n"]},
                {"output_type": "execute_result", "metadata": {}, "execution_count": 1,
                 "data": {"text/plain": "h = array([0.3, 0.2468, 0.3197, 0.149])"}},
            ],
        },
    ],
}  # fmt: skip


def test_a_notebook_with_text_code_and_output() -> None:
    report = marked(json.dumps(NOTEBOOK), "homework.ipynb")
    assert all_correct(report, 10)
    assert report.marked[0].answer.line == "cell 1, line 2"


TABLES = {
    "long": "symbol,t,value\ndc,3,-0.1981\ndc,2,-0.09995\ndW_f,,0.01628\n",
    "any case": "Quantity,Step,Value\ndc,3,-0.1981\ndc,2,-0.09995\ndW_f,,0.01628\n",
    "german": "Größe;Zeitschritt;Wert\ndc;3;-0,1981\ndc;2;-0,09995\ndW_f;;0,01628\n",
    "tabs": "value\tsymbol\tt\n-0.1981\tdc\t3\n-0.09995\tdc\t2\n0.01628\tdW_f\t\n",
    "time down": "t,dc,h\n3,-0.1981,0.1490\n2,-0.09995,\n",
    "time across": "t,1,2,3\ndc,,-0.09995,-0.1981\nh,0.2468,,\n",
    "across, named": ",t=2,t=3\nd_c,-0.09995,-0.1981\nh,0.3197,\n",
    "pandas": ",dc\n0,-0.2235\n1,-0.09995\n2,-0.1981\n",
    "floats": "t,dc\n1.0,-0.2235\n2.0,-0.09995\n3.0,-0.1981\n",
    "numpy": "# t,dc\n1.000000000000000000e+00,-2.235000000000000042e-01\n"
             "2.000000000000000000e+00,-9.994999999999999718e-02\n"
             "3.000000000000000000e+00,-1.980999999999999983e-01\n",
    "no steps": "f;dc\n0,7068;-0,2235\n0,6282;-0,09995\n0,4755;-0,1981\n",
    "pairs": "dc[3],-0.1981\ndc[2],-0.09995\ndW_f,0.01628\n",
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_every_shape(name: str) -> None:
    count = 6 if name == "no steps" else 3
    assert all_correct(marked(TABLES[name], "answers.csv"), count)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.cases(3)
def test_a_wrong_number_in_a_table_is_wrong(name: str) -> None:
    text = TABLES[name].replace("-0.1981", "-0.1891").replace("-0,1981", "-0,1891")
    text = text.replace("-1.980999999999999983e-01", "-1.890999999999999959e-01")
    report = marked(text, "answers.csv")
    wrong = {(m.answer.symbol, m.answer.t) for m in report.marked if m.verdict is Verdict.WRONG}
    assert ("dc", 3) in wrong


def workbook(rows: list[list[object]], title: str = "Sheet1", at: int = 1) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for r, row in enumerate(rows, at):
        for c, value in enumerate(row, 2):
            sheet.cell(r, c, value)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_sheet_of_ones_own() -> None:
    rows: list[list[object]] = [
        ["My homework"],
        ["t", 1, 2, 3],
        ["f", 0.7068, 0.6282, 0.4755],
        ["dc", -0.2235, -0.09995, -0.1981],
        [],
        ["quantity", "value"],
        ["dW_f", 0.01628],
    ]
    report = marked(workbook(rows, at=3), "mine.xlsx")
    assert all_correct(report, 7)
    assert report.marked[0].answer.line == "Sheet1!C5"


def test_an_opendocument_sheet() -> None:
    rows: list[list[object]] = [["t", "c", "dc"], [1, 0.3774, -0.2235], [2, 0.578, -0.09995]]
    assert all_correct(marked(as_ods(rows), "mine.ods"), 4)


JSON = {
    "lists": {"dc": [-0.2235, -0.09995, -0.1981], "f": [0.7068, 0.6282, 0.4755]},
    "from h0": {"h": [0.3, 0.2468, 0.3197, 0.149], "dc": [-0.09995, -0.1981]},
    "by step": [{"t": 3, "dc": -0.1981}, {"t": 2, "dc": -0.09995, "h": 0.3197}],
    "steps as keys": {"t=1": {"c": 0.3774}, "t=2": {"c": 0.578}, "step 3": {"c": 0.3175}},
    "nested": {"forward": {"c": [0.3774, 0.578, 0.3175]},
               "backward": {"dc": [-0.2235, -0.09995, -0.1981]}},
    "gradients": {"grads": {"W_f": 0.01628, "U_f": -0.008524, "b_f": -0.0281}},
    "new weights": {"W_f": 0.69837, "params": {"U_f": 0.10085}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "count"),
    [("lists", 6), ("by step", 3), ("steps as keys", 3), ("nested", 6), ("gradients", 3),
     ("new weights", 2)],
)  # fmt: skip
def test_json_of_any_shape(name: str, count: int) -> None:
    assert all_correct(marked(json.dumps(JSON[name]), "answers.json"), count)


def test_a_list_with_one_more_begins_with_the_start_and_others_are_not_read() -> None:
    report = marked(json.dumps(JSON["from h0"]), "answers.json")
    assert [m.answer.t for m in report.marked] == [0, 1, 2, 3]
    (unreadable,) = report.unreadable
    assert unreadable.why == "expected 3 numbers for dc, one a step, found 2"


def test_arrays_in_an_npz() -> None:
    file = io.BytesIO()
    np.savez(
        file,
        dc=np.array([-0.2235, -0.09995, -0.1981]),
        h=np.array([[0.3], [0.2468], [0.3197], [0.149]], dtype=np.float32),
        dW_f=np.array([0.01628]),
    )
    assert all_correct(marked(file.getvalue(), "answers.npz"), 8)


PRINTED = """\
dc = tensor([-0.2235, -0.0999, -0.1981], grad_fn=<StackBackward0>)
f: [0.7068 0.6282 0.4755]
h = np.array([0.3,
      0.2468, 0.3197,
      0.1490])
dW_f.grad tensor(0.0163)
dc_{3..1} = -0.1981, -0.09995, -0.2235
"""


def test_printed_arrays_and_tensors() -> None:
    text = PRINTED.replace("dW_f.grad", "W_f.grad")
    assert all_correct(marked(text), 14)


def test_a_state_dict_of_gradients_is_read_by_its_layout() -> None:
    window = TRACE.passes[0].windows[0]
    gates = "ifgo"
    text = "\n".join(
        f"{name} tensor({[[float(window.gradients[f'd{letter}_{gate}'])] for gate in gates]})"
        for name, letter in (("lstm.weight_ih_l0.grad", "W"), ("lstm.weight_hh_l0.grad", "U"))
    )
    bias = [float(window.gradients[f"db_{gate}"]) for gate in gates]
    both = "".join(f"\nlstm.{name}_l0.grad tensor({bias})" for name in ("bias_ih", "bias_hh"))
    assert all_correct(marked(text + both), 16)
    data = json.dumps({"grads": {"weight_hh_l0": [[window.gradients[f"dU_{g}"]] for g in gates]}})
    assert all_correct(marked(data, "a.json"), 4)


def test_weights_or_gradients_is_asked_where_nothing_says_so() -> None:
    report = marked("weight_hh_l0 tensor([[0.1], [0.2], [0.3], [0.4]])")
    (unreadable,) = report.unreadable
    assert "weight_hh_l0.grad" in unreadable.why


TEXT = "# Übung für später\ndc[3] = −0.1981\nh[1] = 0.2468\n"
CHINESE = "第2步：\nc＝０．５７８０\n细胞状态 = 0.578\n第三步\nc ≈ 0.3175\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_text_in_any_encoding(encoding: str) -> None:
    assert all_correct(marked(TEXT.encode(encoding)), 2)


def test_text_in_latin_1_and_windows() -> None:
    assert all_correct(marked(TEXT.replace("−", "-").encode("latin-1")), 2)
    assert all_correct(marked(TEXT.replace("−", "–").encode("cp1252")), 2)


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "gb18030", "utf-16"])
def test_chinese_text(encoding: str) -> None:
    assert all_correct(marked(CHINESE.encode(encoding)), 3)


def test_chinese_text_in_big5() -> None:
    text = "第2步：\nc＝0.5780\n細胞狀態 = 0.578\n"
    assert all_correct(marked(text.encode("big5")), 2)


@pytest.mark.parametrize(
    ("contents", "name", "found"),
    [
        (b"%PDF-1.7 ...", "a.pdf", "a PDF file"),
        (b"\x89PNG\r\n\x1a\n", "a.png", "a picture"),
        (b"\x80\x04\x95abc", "a.pkl", "a pickle"),
        (bytes(range(256)) * 4, "a.bin", "another kind of file"),
        (b"{\"a\": [1,", "a.json", "an error"),
        (b"{\"cells\": 3, \"nbformat\": 4}", "a.ipynb", "none"),
        (b"PK\x03\x04 nothing more", "a.xlsx", "damage"),
    ],
)  # fmt: skip
def test_other_files_are_refused_with_the_reason(contents: bytes, name: str, found: str) -> None:
    with pytest.raises(InputError, match=found):
        read_answers(contents, name)
