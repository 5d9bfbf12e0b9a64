"""Whole programs are followed statement by statement, and none of them is run."""

from __future__ import annotations

import ast
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

import cellcalc

HERE = Path(__file__).parent / "programs"
PROGRAMS: dict[str, Any] = {
    one["name"]: one
    for file in ("programs", "hands", "windows", "languages")
    for one in tomllib.loads((HERE / f"{file}.toml").read_text(encoding="utf-8"))["program"]
}


def marked(name: str, text: str, folder: Path) -> Any:
    problem = PROGRAMS[name]["problem"]
    own = HERE / f"{problem}.toml"
    path = folder / f"mine{PROGRAMS[name].get('ending', '.py')}"
    path.write_text(text, encoding="utf-8")
    return cellcalc.load(own if own.exists() else problem).check(path)


def faults(report: Any) -> list[tuple[Any, str]]:
    return [(a["line"], a["verdict"]) for a in report.answers if a["verdict"] != "correct"]


@pytest.mark.cases(6)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_right_program_is_right(name: str, tmp_path: Path) -> None:
    report = marked(name, PROGRAMS[name]["text"], tmp_path)
    assert len(report.answers) >= PROGRAMS[name].get("least", 9)
    assert faults(report) == []


@pytest.mark.cases(2)
@pytest.mark.parametrize("name", [k for k, p in PROGRAMS.items() if "ending" not in p])
def test_functions_without_what_calls_them_are_not_called_wrong(name: str, tmp_path: Path) -> None:
    text = PROGRAMS[name]["text"]
    kept = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    parts = [node for node in ast.parse(text).body if isinstance(node, kept)]
    report = marked(name, "\n\n".join(map(ast.unparse, parts)) + "\n", tmp_path)
    assert {verdict for _, verdict in faults(report)} <= {"unreadable"}


# A right program, what is edited in it, the line that is wrong then, and the cause that is named.
EDITS = [
    ("append", "dc=dh*o[t]*(1-np", "dc=dh*(1-np", "dc",
     "dh[t]*(1 - tanh_c[t]**2) + dc[t+1]*f[t+1]"),
    ("onebased", "dzi[t]=dc[t]*g[t]*i", "dzi[t]=dc[t]*i", "di", "dc[t]"),
    ("netnames", "dg=dc*i*(1-g*g)", "dg=dc*i", "dh",
     "dy[t] + dz_f[t+1]*U_f + dz_i[t+1]*U_i + dg[t+1]*U_g + dz_o[t+1]*U_o"),
    ("gomez", "d_state_next=d_state*Fg[t]", "d_state_next=d_state", "dc",
     "dtanh_c[t]*(1 - tanh_c[t]**2) + dc[t+1]"),
    ("hw class", "ai = dc*g*i*(1-i)", "ai = dc*g*i", "dz_i", "di[t]*i[t]"),
    ("hw class", "dc = dc*f", "dc = dc", "dc", "dtanh_c[t]*(1 - tanh_c[t]**2) + dc[t+1]"),
    ("hw vector", "dc*g*i*(1-i)", "dc*i*i*(1-i)", "dz_i", "dg[t]*i[t]*(1 - i[t])"),
    ("hw scatter", "+ ui*dzi + ug", "- ui*dzi + ug", "dh",
     "dy[t] + dz_f[t+1]*U_f - dz_i[t+1]*U_i + dz_g[t+1]*U_g + dz_o[t+1]*U_o"),
    ("hw functions", "dc_next = dc*f", "dc_next = dc", "dc",
     "dtanh_c[t]*(1 - tanh_c[t]**2) + dc[t+1]"),
    ("lin mask", "2*(y - Y[t])", "2*(y + Y[t])", "dy", "dE[t]*2*(y[t] + target[t])"),
    ("hw3 epochs", "self.duf += af*self.h[t]", "self.duf += af*self.h[t+1]", "dU_f",
     "dz_f[t]*h[t]"),
    ("hw3 epochs", "wf -= lr*net.dwf", "wf += lr*net.dwf", "W_f", "W_f + learning_rate*dW_f"),
    ("rnn plain", "dhraw = (1-hs[t]**2)*dh", "dhraw = (1-hs[t])*dh", "dz", "dh[t]*(1 - h[t])"),
    ("matlab script", "(1-g(t)^2)", "(1-g(t))", "dz_g", "dg[t]*(1 - g[t])"),
    ("matlab functions", "dcnext = dc * f(t)", "dcnext = dc", "dc",
     "dtanh_c[t]*(1 - tanh_c[t]**2) + dc[t+1]"),
    ("r vectors", "dz_f * hp[t]", "dz_f * h[t]", "dU_f", "dz_f[t]*h[t]"),
    ("r lists", "(1 - k$g^2)", "(1 - k$g)", "dz_g", "dg[t]*(1 - g[t])"),
    ("julia vectors", "Ug * dzg + ", "", "dh",
     "dy[t] + dz_f[t+1]*U_f + dz_i[t+1]*U_i + dz_o[t+1]*U_o"),
    ("julia functions", "dc * g * i * (1 - i)", "dc * g * i", "dz_i", "di[t]*i[t]"),
    ("c arrays", "* (1 - o[t]);", "* o[t];", "dz_o", "do[t]*o[t]*o[t]"),
    ("javascript", "dcNext = dc * f[t]", "dcNext = dc", "dc",
     "dtanh_c[t]*(1 - tanh_c[t]**2) + dc[t+1]"),
    ("rnn short", "W * x[t] +", "W +", "z", "W + U*h[t-1] + b"),
    ("karpathy", "dcnext = f_s[t] * dc", "dcnext = dc", "dc",
     "dtanh_c[t]*(1 - tanh_c[t]**2) + dc[t+1]"),
    ("c pointers", "duf += dzf * hp", "duf += dzi * hp", "dU_f", "dz_i[t]*h[t-1]"),
    ("c pointers", "*h = s->o * s->tc", "*h = s->o * *c", "h", "o[t]*c[t]"),
    ("c++ struct", "net.Ui * dzi + ", "", "dh",
     "dy[t] + dz_f[t+1]*U_f + dz_g[t+1]*U_g + dz_o[t+1]*U_o"),
    ("javascript class", "1 - s.g ** 2", "1 - s.g", "dz_g", "dg[t]*(1 - g[t])"),
    ("java classes", "s.h = s.o * Math.tanh(s.c)", "s.h = s.o * s.c", "h", "o[t]*c[t]"),
    ("matlab matrices", "dcn = dc*a(2)", "dcn = dc", "dc",
     "dtanh_c[t]*(1 - tanh_c[t]**2) + dc[t+1]"),
    ("step functions", "dh*o*(1 - tc**2)", "dh*(1 - tc**2)", "dc",
     "dh[t]*(1 - tanh_c[t]**2) + dc[t+1]*f[t+1]"),
    ("step functions", 'p["Ui"]*dzi + ', "", "dh",
     "dy[t] + dz_f[t+1]*U_f + dz_g[t+1]*U_g + dz_o[t+1]*U_o"),
    ("step class", "return dh_prev, dc * self.f", "return dh_prev, dc * self.i", "dc",
     "dtanh_c[t]*(1 - tanh_c[t]**2) + dc[t+1]*i[t+1]"),
    ("step class", "dc * self.c_prev", "dc * self.c", "df", "dc[t]*c[t]"),
    ("no data", "dh*tc*o[t]*(1-o[t])", "dh*tc*(1-o[t])", "dz_o", "do[t]*(1 - o[t])"),
    ("gates in mappings", "h_new = o*tanh(c_new)", "h_new = o*c_new", "h", "o[t]*c[t]"),
    ("gru torchnames", "hn * r * (1 - r)", "hn * (1 - r)", "dz_r", "dr[t]*(1 - r[t])"),
]  # fmt: skip


@pytest.mark.cases(5)
@pytest.mark.parametrize(("name", "old", "new", "symbol", "formula"), EDITS)
def test_an_edit_is_found_and_nothing_else(
    name: str, old: str, new: str, symbol: str, formula: str, tmp_path: Path
) -> None:
    right = PROGRAMS[name]["text"]
    assert old in right
    report = marked(name, right.replace(old, new, 1), tmp_path)
    assert [(slip["symbol"], slip["formula"]) for slip in report.slips] == [(symbol, formula)]
    assert {verdict for _, verdict in faults(report)} == {"wrong"}
    assert len({line for line, _ in faults(report)}) == 1


# What is handed over the edge of a window or a sequence, or is not: the lines that are edited, the
# first number that is wrong then, and its step, window and sequence.
EDGES = [
    ("chunks", {"    dh_next = dc_next = 0.0\n": "",
                "lr = 0.1\n": "lr = 0.1\ndh_next = dc_next = 0.0\n"}, ("dh", 4, 2, 1)),
    ("chunks", {"    h_state, c_state = h[end-1], c[end-1]\n": ""}, ("f", 3, None, 1)),
    ("chunks", {"Wf -= lr*dWf": "Wf += lr*dWf"}, ("W_f", None, 1, 1)),
    ("chunk functions", {"params[name] -= lr*grads[name]": "pass"}, ("f", 3, None, 1)),
    ("chunk functions", {"(1-g**2)": "(1-g)"}, ("dz_g", None, 1, 1)),
    ("k1k2", {"duf += df*hp": "duf += df*h"}, ("dU_f", 1, 1, 1)),
    ("two sequences", {"    h, c = [0.34], [0.48]\n": "    h, c = [h[-1]], [c[-1]]\n",
                       "total_loss = 0.0\n": "total_loss = 0.0\nh, c = [0.34], [0.48]\n"},
     ("f", 1, None, 2)),
    ("two sequences", {"    dh_next = dc_next = 0.0\n": "",
                       "total_loss = 0.0\n": "dh_next = dc_next = total_loss = 0.0\n"},
     ("dh", 3, 1, 2)),
    ("epochs", {"theta - lr*grad": "theta - 2*lr*grad"}, ("z_f", 1, None, 2)),
]  # fmt: skip


@pytest.mark.cases(3)
@pytest.mark.parametrize(("name", "edits", "place"), EDGES)
def test_what_goes_over_an_edge_is_found(
    name: str, edits: dict[str, str], place: tuple[Any, ...], tmp_path: Path
) -> None:
    text = PROGRAMS[name]["text"]
    for old, new in edits.items():
        assert old in text
        text = text.replace(old, new, 1)
    report = marked(name, text, tmp_path)
    wrong = [a for a in report.answers if a["verdict"] != "correct"]
    found = [(a["symbol"], a["t"], a["window"], a["sequence"]) for a in wrong]
    assert found == [place]


HOSTILE = [
    "return 5*W_f\n",
    "def back(dh, dc, c_prev):\n    break\n",
    "import os\nos.system('touch {0}')\nopen('{0}', 'w').write('x')\n",
    "import numpy as np\nx = np.array([1, 2])\nx.tofile('{0}')\ngetattr(x, 'tofile')('{0}')\n",
    "a = [0]\nfor t in range(60):\n    a = a + a\n",
    "x = 2\nfor t in range(60):\n    x = x*x\n",
    "x = 9\ny = x.pow(999999999)\n",
    "def f(n):\n    return f(n-1) + f(n-2)\ndh = f(50)\n",
    "x = [[[[[0]*20]*20]*20]*20]*20\nimport numpy as np\ny = np.array(x)\n",
    "import numpy as np\nA = np.zeros((140, 140))\nfor t in range(1000):\n    A = A @ A\n",
    "for a in range(100):\n  for b in range(100):\n    for c in range(100):\n      dh = a*b*c\n",
    "W_f = 0.7\nfor t in range(20000):\n    W_f = W_f*W_f + 0.1\n",
]


@pytest.mark.cases(4)
@pytest.mark.parametrize("text", HOSTILE)
def test_no_program_is_run_and_none_takes_long(text: str, tmp_path: Path) -> None:
    started = time.process_time()
    marked("append", f"dc = 5*W_f\n{text.format(tmp_path / 'made')}", tmp_path)
    assert not (tmp_path / "made").exists()
    assert time.process_time() - started < 3


def test_a_program_in_cells_is_followed_as_one(tmp_path: Path) -> None:
    first, _, second = PROGRAMS["append"]["text"].partition("\ndWf=")
    text = f"# Mine\n\n```python\n{first}\n```\n\nBackward:\n\n```python\ndWf={second}\n```\n"
    path = tmp_path / "mine.md"
    path.write_text(text, encoding="utf-8")
    report = cellcalc.load("gomez").check(path)
    assert faults(report) == []
    assert {"dc", "dh", "dU_f"} <= {answer["symbol"] for answer in report.answers}
