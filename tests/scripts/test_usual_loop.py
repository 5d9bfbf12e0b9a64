"""The loop that everybody writes, with PyTorch's own layers and detach(), ends where cellcalc ends.

All scripts are run in one other process, since importing PyTorch takes longer than all of them.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

import cellcalc
from cellcalc.api import Problem
from cellcalc.scripts.frameworks import framework, script
from cellcalc.views.export import to_json
from tests.support.oracles import module, sample

PARAMETERS = {
    "lstm": [f"{letter}_{gate}" for gate in "figo" for letter in "WUb"],
    "lstm-two-biases": [f"{letter}_{gate}" for gate in "figo" for letter in "WUbr"],
    "gru": ["W_r", "U_r", "b_r", "W_u", "U_u", "b_u", "W_g", "U_g", "b_gh", "b_g"],
    "rnn": ["W", "U", "b"],
}
HEADS = [
    ("identity", "half-squared"), ("linear", "squared"), ("logistic", "cross-entropy"),
    ("linear", "huber"), ("linear-no-bias", "absolute"),
]  # fmt: skip
SCHEMES = [
    'scheme = "block(3)"', 'scheme = "keras-stateful(2)"', 'scheme = "keras-stateless(3)"',
    'scheme = "naive-split(2)"', 'scheme = "full"', 'k1 = 3\nk2 = 3\ntail = "discard"',
    'k1 = 3\nk2 = 3\nstate = "reset"',
]  # fmt: skip


def drawn(seed: int) -> Problem:
    """A problem of two features, remainders, three sequences and missing targets."""
    rng = random.Random(f"usual loop {seed}")

    def number() -> float:
        return round(rng.uniform(0.1, 1.0) * rng.choice([-1, 1]), 4)

    cell = list(PARAMETERS)[seed % len(PARAMETERS)]
    readout, loss = rng.choice(HEADS)
    given = {k: [number(), number()] if k[0] == "W" else number() for k in PARAMETERS[cell]}
    given |= {"V": number()} if readout != "identity" else {}
    given |= {"b_y": number()} if readout in ("linear", "logistic") else {}
    lines = [f'cell = "{cell}"', f'readout = "{readout}"', f'loss = "{loss}"', "[parameters]"]
    lines += [f"{name} = {value}" for name, value in given.items()]
    lines += ["[initial]", f"h = {number()}", *([f"c = {number()}"] if "lstm" in cell else [])]
    for steps in (7, 5, 3):
        x = [[number(), number()] for _ in range(steps)]
        target = ["nan" if rng.random() < 0.35 else str(abs(number())) for _ in range(steps)]
        lines += ["[[sequence]]", f"x = {x}", f"target = [{', '.join(target)}]"]
    limits = ["clip_norm = 0.2"] * (rng.random() < 0.4) + ["clip_value = 0.1"] * (
        rng.random() < 0.3
    )
    empty = ['empty = "skip"'] * (rng.random() < 0.5)
    lines += ["[bptt]", rng.choice(SCHEMES), *empty, *limits]
    optimizer = rng.choice(list(framework("pytorch").optimizers))
    lines += ["[update]", f'optimizer = "{optimizer}"', "learning_rate = 0.07", "epochs = 2"]
    return cellcalc.loads("\n".join(lines))


DRIVER = """
import contextlib, io, json, runpy, sys
found = {}
for path in sys.argv[1:]:
    sys.argv, text, status = [path], io.StringIO(), 0
    try:
        with contextlib.redirect_stdout(text):
            runpy.run_path(path, run_name="__main__")
    except SystemExit as end:
        status = end.code
    found[path] = [status, text.getvalue()]
print(json.dumps(found))
"""


def run_all(scripts: dict[str, str], folder: Path) -> dict[str, tuple[int, str]]:
    paths = {name: str(folder / f"{name}.py") for name in scripts}
    for name, text in scripts.items():
        Path(paths[name]).write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", DRIVER, *paths.values()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr[-2000:]
    found = json.loads(done.stdout)
    return {name: tuple(found[path]) for name, path in paths.items()}


def test_the_usual_loop_ends_with_the_same_parameters(tmp_path: Path) -> None:
    module("torch")
    problems = {f"s{seed}": drawn(seed) for seed in sample(range(60), 15)}
    scripts = {
        name: script(p.specification, p.model, "pytorch", trace=p.run())
        for name, p in problems.items()
    }
    for name, (status, text) in run_all(scripts, tmp_path).items():
        assert "def usual_loop" in scripts[name] and ".detach()" in scripts[name]
        assert "the usual loop, with torch.nn." in text
        assert status == 0, text[-300:]


def going_on(seed: int, folder: Path) -> Problem:
    """A problem with frozen parameters, trained on from where another has ended."""
    rng = random.Random(f"going on {seed}")
    text = drawn(seed).to_toml()
    given = text.partition("[parameters]\n")[2].partition("\n\n")[0].splitlines()
    frozen = rng.sample([line.partition(" = ")[0] for line in given], 3)
    first = text.replace("frozen = []", f"frozen = {frozen!r}")
    run = cellcalc.loads(first).run()
    file = folder / f"run{seed}.json"
    file.write_text("".join(to_json(run)), encoding="utf-8")
    head, _, rest = first.partition("\n[parameters]\n")
    rest = rest.partition("\n[")[2]
    onward = f'{head}\n[parameters]\nfrom = "{file.name}"\n[{rest}'
    onward = onward.replace("\n[update]\n", f'\n[update]\nfrom = "{file.name}"\n', 1)
    path = folder / f"onward{seed}.toml"
    path.write_text(onward, encoding="utf-8")
    problem = cellcalc.load(path)
    assert problem.specification.update.count == run.updates > 0
    assert problem.specification.update.frozen
    return problem


@pytest.mark.parametrize("to", ["pytorch", "numpy"])
@pytest.mark.cases(1)
def test_scripts_go_on_from_a_run_and_keep_what_is_frozen(to: str, tmp_path: Path) -> None:
    module("torch")
    scripts = {}
    for seed in sample(range(60), 15):
        problem = going_on(seed, tmp_path)
        trace = problem.run()
        frozen = problem.specification.update.frozen
        assert all(trace.final[name] == trace.initial[name] for name in frozen)
        text = script(problem.specification, problem.model, to, trace=trace)
        # Where nothing is left to train there is no loop.
        is_trained = not {*trace.initial} <= {*frozen}
        assert to == "numpy" or ("def usual_loop" in text) == is_trained
        scripts[f"s{seed}"] = text
    for name, (status, text) in run_all(scripts, tmp_path).items():
        assert status == 0, (name, text[-300:])


@pytest.mark.parametrize("seed", [0, 2, 3])
@pytest.mark.cases(0)
def test_a_loop_that_goes_wrong_is_found(seed: int, tmp_path: Path) -> None:
    """With another rate, or the state forgotten between blocks, the exit status is 1."""
    module("torch")
    problem = drawn(seed)
    text = script(problem.specification, problem.model, "pytorch", trace=problem.run())
    wrong = {
        "rate": text.replace("lr=learning_rate", "lr=2 * learning_rate", 2).replace(
            "lr=2 * learning_rate", "lr=learning_rate", 1
        ),
        "mask": text.replace(".grad *= mask", ".grad *= 0.5 * mask"),
        "right": text,
    }
    assert len(set(wrong.values())) == 3
    statuses = {name: status for name, (status, _) in run_all(wrong, tmp_path).items()}
    assert statuses["right"] == 0 and statuses["rate"] == 1


@pytest.mark.parametrize(
    ("example", "options"),
    [
        ("gomez", {"scheme": "tbptt(1,2)"}),
        ("gomez", {"scheme": "block(1)", "update": "sequence"}),
        ("gomez", {"scheme": "forum-last(1,1)"}),
        ("peephole", {"scheme": "block(2)"}),
        ("gru_chung", {"scheme": "block(2)"}),
    ],
)
def test_it_is_left_out_where_it_would_be_another_training(
    example: str, options: dict[str, str]
) -> None:
    problem = cellcalc.load(example, **options)  # type: ignore[arg-type]
    assert "usual_loop" not in script(problem.specification, problem.model, "pytorch")


@pytest.mark.parametrize(("example", "layer"), [("gomez", "LSTM"), ("gru_reset_after", "GRU")])
def test_the_layer_is_the_cell_s(example: str, layer: str) -> None:
    problem = cellcalc.load(example, scheme="block(2)")
    text = script(problem.specification, problem.model, "pytorch")
    assert f"torch.nn.{layer}(" in text


KERAS = [("lstm", "LSTM"), ("gru", "GRU"), ("rnn", "SimpleRNN")]


@pytest.mark.cases(0)
def test_keras_s_layers_give_the_gradients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    module("torch")
    module("keras")
    scripts, layers = {}, {}
    for cell, layer in KERAS:
        problem = drawn(list(PARAMETERS).index(cell))
        text = script(problem.specification, problem.model, "keras", trace=problem.run())
        scripts |= {cell: text, f"{cell}_wrong": text.replace("ys[0, s - first, 0]", "ys[0, 0, 0]")}
        layers |= {cell: layer, f"{cell}_wrong": layer}
    for name, (status, text) in run_all(scripts, tmp_path).items():
        assert f"keras.layers.{layers[name]} gives the same gradients to within" in text
        assert status == int(name.endswith("_wrong")), name
