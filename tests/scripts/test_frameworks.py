"""``cellcalc export``: a framework's own autograd, or complex steps, gives the trace's numbers.

The scripts of one framework are run in one other process, since importing PyTorch takes longer
than all of them.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from cellcalc import api
from cellcalc.api import Problem
from cellcalc.cli.export import FRAMEWORKS
from cellcalc.language.functions import FUNCTIONS
from cellcalc.problems.specification import read_specification
from cellcalc.resources import names
from cellcalc.scripts import frameworks
from cellcalc.scripts.frameworks import script
from cellcalc.views.export import to_json
from tests.support.command import Run
from tests.support.oracles import REQUIRED, parameters_of
from tests.support.paths import EXPECTED
from tests.support.problems import Data, random_data

TOLERANCE = 1e-12
ENTROPY = random_data(31, 2, 6, "logistic", "cross-entropy")
LOGISTIC = random_data(8, 2, 6, "logistic", "half-squared")
LINEAR = random_data(5, 1, 7, "linear", "squared", missing=True)
MORE = [([[0.3], [-0.2]], [0.4, 0.1]), ([[0.5], [0.7]], [math.nan, math.nan])]
CASES: dict[str, Data] = {
    "missing_target": random_data(30, 3, 4, missing=True),
    "many_features": random_data(30, 6, 3),
    "current_weights": replace(LOGISTIC, bptt='scheme = "tbptt(2,5)"'),
    "stored_weights": replace(ENTROPY, bptt='scheme = "tbptt(2,5)"\nweights = "stored"'),
    "state_reset": replace(ENTROPY, bptt='scheme = "naive-split(4)"'),
    "once_a_sequence": replace(ENTROPY, bptt='scheme = "per-error(3)"',
                               update='optimizer = "momentum"\nepochs = 2'),
    "adam_clipped": replace(ENTROPY, bptt='scheme = "block(4)"\nclip_norm = 0.1',
                            update='optimizer = "adam"\nepochs = 2', frozen=["W_f"]),
    "adam_current": replace(LOGISTIC, bptt='scheme = "realtime"', update='optimizer = "adam"'),
    "inject_all": replace(LINEAR, update='optimizer = "momentum"\nepochs = 2',
                          bptt='k1 = 1\nk2 = 4\ninject = "all"\nreduction = "mean"\n'
                               "clip_value = 0.05"),
    "inject_last": replace(LINEAR, bptt='scheme = "forum-last(2,3)"\ntail = "discard"'),
    "drops_losses": replace(LOGISTIC, bptt='k1 = 3\nk2 = 1\nstate = "reset"'),
    "two_sequences": replace(random_data(4, 1, 3), more=MORE, update="epochs = 2"),
    "short_mean": replace(LOGISTIC, bptt='scheme = "keras-stateful(4)"',
                          update='optimizer = "adamw"'),
    "short_sliding": replace(LOGISTIC, bptt='k1 = 4\nk2 = 5\ntail = "short"'),
    "blocks": replace(LOGISTIC, bptt='windows = [1, 3, 2]\nstate = "reset"',
                      update='optimizer = "rmsprop"'),
    "epoch": replace(random_data(4, 1, 3), more=[([[0.2], [0.4]], [0.3, -0.2]), *MORE],
                     bptt='k1 = 1\nk2 = 2\nupdate = "epoch"\nreduction = "mean"',
                     update='optimizer = "nesterov"\nepochs = 2'),
    "pieces": replace(LOGISTIC, bptt='scheme = "keras-stateless(4)"\nupdate = "sequence"',
                      update='optimizer = "adagrad"\nepochs = 2'),
    "skipped": replace(LINEAR, bptt='scheme = "block(1)"\nempty = "skip"',
                       update='optimizer = "momentum-decay"\nepochs = 2'),
    "all_frozen": replace(LINEAR, bptt='scheme = "tbptt(1,3)"',
                          frozen=[*LINEAR.parameters]),
}  # fmt: skip

# A cell with every kind of node and function that the language has, and an awkward title.
ODD_EQUATIONS = {
    "one": "1",
    "a": "hard_sigmoid(W @ x + U*out[t-1] + k*stop(m[t-1])) + sigmoid(0.3)*one",
    "b": "relu(a*k + 0.2) + abs(W @ x)/(1 + exp(U*0.1)) - sqrt(k**2 + 2)",
    "q": "tanh(k*b + out[t-1])*sign(m[t-1]) + step(a)*0.3",
    "same": "q",
    "m": "m[t-1]/2 + same*stop(a*out[t-1]) - (b - 0.3)**3 + log(2 + k**2) - stop(2)",
    "numbers": "-sigmoid(k*m)*numbers[t-1]",
    "out": "2*sigmoid(m*U) - 1 + hard_sigmoid_slope(m)*numbers",
}
ODD_CELL = """\
output = "out"
parameters = {W = "input", U = "scalar", k = "scalar"}
state = {out = 0.1, m = 0.2, numbers = 1}
"""
ODD_PROBLEM = """\
title = "Odd \\"\\"\\" cell $title {x}"
cell = "odd.toml"
readout = "logistic"
[parameters]
random = {seed = 3}
[[sequence]]
x = [[1, 2], [0.3, -0.5], [0.2, 0.6], [0.4, 0.3], [-0.4, 0.3]]
"""
ODD_SCHEME = """\
target = [0.5, 1.25, nan, 0.3, 0.1]
[bptt]
k1 = 1
k2 = 3
"""


def odd_problem(folder: Path, more: str = "") -> Problem:
    equations = "".join(
        f'[[equation]]\nsymbol = "{symbol}"\nformula = "{formula}"\n'
        for symbol, formula in ODD_EQUATIONS.items()
    )
    (folder / "odd.toml").write_text(ODD_CELL + equations, encoding="utf-8")
    return Problem.of(read_specification(ODD_PROBLEM + more, "odd_problem.toml", folder))


@cache
def problems() -> dict[str, Problem]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        odd = {
            "odd_cell": odd_problem(Path(folder), ODD_SCHEME),
            "odd_cell_stored": odd_problem(Path(folder), ODD_SCHEME + 'weights = "stored"'),
            "no_targets": odd_problem(Path(folder)),
        }
    bundled = {name: api.load(name) for name in ("gomez", "ten_steps")}
    published = api.load("statquest", "block(2)")
    return {
        **bundled,
        "two_biases": few_epochs(published),
        **{name: data.problem() for name, data in CASES.items()},
        **odd,
        "saturated": far_out(api.loads(SATURATED + SEQUENCE)),
        **bundled_templates(),
    }


def far_out(problem: Problem) -> Problem:
    """The same with predictions that are 0 and 1 in floats."""
    s = problem.specification
    return Problem.of(replace(s, parameters={**s.parameters, "V": 900.0, "b_y": -700.0}))


def few_epochs(problem: Problem) -> Problem:
    s = problem.specification
    return Problem.of(replace(s, update=replace(s.update, epochs=3)))


SATURATED = 'readout = "logistic"\nloss = "cross-entropy"'
SEQUENCE = """
[parameters]
random = {seed = 11}
[[sequence]]
x = [0.5, -0.3, 0.8, 0.2]
target = [0.1, 0.7, 0.2, 0.4]
[bptt]
k1 = 1
k2 = 3
"""
# Every bundled cell, readout and loss, each beside others that fit; where gradients reach back.
TEMPLATES = {
    **{f"cell_{n}": f'cell = "{n}"\nreadout = "linear"' for n in names("templates/cells")},
    **{f"readout_{n}": f'readout = "{n}"' for n in names("templates/readouts")},
    **{f"loss_{n}": f'readout = "logistic"\nloss = "{n}"' for n in names("templates/losses")},
}
PROBLEMS = (
    "gomez", "ten_steps", "two_biases", *CASES, "odd_cell", "odd_cell_stored", "no_targets",
    "saturated", *TEMPLATES,
)  # fmt: skip


def bundled_templates() -> dict[str, Problem]:
    return {
        name: Problem.of(read_specification(text + SEQUENCE, f"{name}.toml", Path()))
        for name, text in TEMPLATES.items()
    }


# Runs each script named on the command line as "python script.py --json", one after the other.
DRIVER = """
import contextlib, io, json, runpy, sys
printed = {}
for path in sys.argv[1:]:
    sys.argv = [path, "--json"]
    streams = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        try:
            runpy.run_path(path, run_name="__main__")
        except SystemExit as end:
            status = end.code
    text, said = (stream.getvalue() for stream in streams)
    printed[path] = {**json.loads(text), "status": status, "said": said}
print(json.dumps(printed))
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Any:
    """What the scripts for a framework print, by the problem's name; skips where it is absent.

    Of the problems that tests of this run ask for.
    """
    asked = {name for (name,) in parameters_of(request.session, "printed", "name")} | {"gomez"}

    @cache
    def run_all(to: str) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp(to)
        paths = {}
        for name, problem in problems().items():
            if name not in asked:
                continue
            paths[name] = str(folder / f"{name}.py")
            text = script(problem.specification, problem.model, to, trace=problem.run())
            Path(paths[name]).write_text(text, encoding="utf-8")
        strict = ("-W", "error") if to != "keras" else ()  # its own imports warn
        result = python(to, *strict, "-c", DRIVER, *paths.values())
        if result.returncode:
            return dict.fromkeys(paths, result.stderr[-2000:])
        values = json.loads(result.stdout)
        return {name: values[path] for name, path in paths.items()}

    return run_all


def python(to: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run Python without cellcalc, with the framework or not at all."""
    module = {"pytorch": "torch"}.get(to, to)
    if find_spec(module) is None:
        if REQUIRED and to != "keras":
            pytest.fail(f"{module} is not installed")
        pytest.skip(f"{module} is not installed")
    if to == "keras" and find_spec("torch") is None:
        pytest.skip("Keras has no backend: torch is not installed")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *arguments], input=stdin, capture_output=True, text=True, check=False,
        env={**environment, "KERAS_BACKEND": "torch"},
    )  # fmt: skip


def differences(ours: Any, theirs: Any, place: str = "") -> list[str]:
    """Where two trees of numbers differ by more than the tolerance; theirs may lack branches."""
    if isinstance(theirs, dict):
        ours = {**ours, "nn.LSTM": 0.0}
        parts = [(k, ours[k], theirs[k]) for k in theirs]
    elif isinstance(theirs, list):
        parts = list(zip(range(len(theirs)), ours, theirs, strict=True))
    elif theirs is None or ours is None:
        return [] if theirs is ours else [f"{place}: {ours} {theirs}"]
    else:
        close = abs(ours - theirs) <= TOLERANCE * max(1.0, abs(ours))
        return [] if close else [f"{place}: {ours} {theirs}"]
    return [d for k, a, b in parts for d in differences(a, b, f"{place}/{k}")]


@pytest.mark.parametrize("to", FRAMEWORKS)
@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.cases(3)
def test_the_script_prints_the_numbers_of_the_trace(name: str, to: str, printed: Any) -> None:
    theirs = printed(to)[name]
    assert isinstance(theirs, dict), theirs
    theirs = dict(theirs)
    status, said = theirs.pop("status"), theirs.pop("said")
    assert status == 0 and "largest difference" in said
    trace = problems()[name].run()
    assert differences(json.loads("".join(to_json(trace))), theirs) == []
    for one, other in zip(trace.passes, theirs["passes"], strict=True):
        assert set(other["forward"]) == set(one.forward)
        assert len(other["windows"]) == len(one.windows)
        for window, shown in zip(one.windows, other["windows"], strict=True):
            assert set(shown["gradients"]) == set(window.gradients)
            if to == "pytorch":  # every derivative; cellcalc has paths and shares of steps too
                whole = {row.symbol for row in trace.model.backward}
                assert set(shown["backward"]) == whole
    assert theirs["parameters"]["final"].keys() == trace.final.keys()


@pytest.mark.parametrize(
    "name", ["gomez", "two_biases", "missing_target", "state_reset", "once_a_sequence"]
)
def test_pytorch_s_own_layer_agrees(name: str, printed: Any) -> None:
    windows = [w for one in printed("pytorch")[name]["passes"] for w in one["windows"]]
    assert windows
    assert all(0.0 <= window["nn.LSTM"] < TOLERANCE for window in windows)


@pytest.mark.parametrize("name", ["current_weights", "stored_weights", "odd_cell"])
def test_pytorch_s_layer_is_left_out_where_it_cannot_tell(name: str, printed: Any) -> None:
    windows = [w for one in printed("pytorch")[name]["passes"] for w in one["windows"]]
    assert not any("nn.LSTM" in window for window in windows)


def test_the_test_sees_a_wrong_number(printed: Any) -> None:
    theirs = {k: v for k, v in printed("numpy")["gomez"].items() if k not in ("status", "said")}
    ours = json.loads("".join(to_json(api.load("gomez").run())))
    ours["passes"][0]["windows"][0]["gradients"]["dU_o"] += 1e-11
    assert len(differences(ours, theirs)) == 1


@pytest.mark.parametrize("to", FRAMEWORKS)
def test_every_function_of_the_language_is_spelled(to: str) -> None:
    spelled = frameworks.framework(to).functions
    assert set(FUNCTIONS) <= set(spelled)


@pytest.mark.parametrize("to", FRAMEWORKS)
def test_scripts_are_code_that_fits_the_page(to: str) -> None:
    for problem in problems().values():
        text = script(problem.specification, problem.model, to)
        compile(text, to, "exec")
        for line in text.partition("import")[2].splitlines():  # it is mentioned, never called
            assert "cellcalc" not in line or line.strip()[0] in '#"p', line
        lines = text.splitlines()
        assert max(map(len, lines[1:])) <= 100
        assert len(lines) <= 400


def test_a_script_is_read_by_people_too(run: Run) -> None:
    result = run("export", "gomez", "--to", "numpy")
    assert result.exit_code == 0
    shown = python("numpy", "-", stdin=result.stdout)
    assert shown.stderr == ""
    assert shown.stdout == (EXPECTED / "export_gomez.txt").read_text(encoding="utf-8")


def test_a_script_tells_when_the_numbers_differ(run: Run, tmp_path: Path) -> None:
    path, other = tmp_path / "check.py", tmp_path / "run.json"
    run("export", "gomez", "--to", "numpy", "-o", path)
    run("table", "gomez", "-f", "json", "-o", other)
    agreeing = python("numpy", str(path), "--against", str(other))
    assert agreeing.returncode == 0 and "largest difference" in agreeing.stdout.splitlines()[-1]
    run("table", "gomez", "-f", "json", "--reduction", "mean", "-o", other, "--force")
    assert python("numpy", str(path), "--against", str(other)).returncode == 1
    path.write_text(path.read_text().replace('"U_o": 0.25', '"U_o": 0.2501', 1))
    assert python("numpy", str(path)).returncode == 1


def test_what_a_script_cannot_do_is_refused(run: Run) -> None:
    result = run("export", "ten_steps", "--to", "numpy", "--scheme", "random-block(3)")
    assert result.exit_code == 2 and "windows are not drawn" in result.stderr


def test_a_script_is_written_to_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    result = run("export", "ten_steps", "--to", "pytorch", "-o", path, "--scheme", "block(5)")
    assert (result.exit_code, result.stdout) == (0, "")
    text = path.read_text(encoding="utf-8")
    assert "python mine.py --json" in text
    assert "k1, k2 = 5, 5" in text


def test_an_unknown_framework_is_refused(run: Run) -> None:
    result = run("export", "gomez", "--to", "caffe")
    assert result.exit_code == 2
    line = 'Error: --to: expected one of pytorch, keras, numpy, found "caffe"\n'
    assert result.stderr == line
