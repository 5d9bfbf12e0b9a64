"""Command lines: of random words, and of words that mean something."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from click.testing import Result

from cellcalc import resources
from cellcalc.cli import main
from tests.reliability import Outcome
from tests.reliability.inputs import inside, invoke, trouble_of

WORDS = [
    *(name for name in main.commands), "gomez", "ten_steps", "statquest", "nothing", "-", "--", "-o",
    "--format", "-f", "json", "csv", "html", "latex", "grid", "nonsense", "--pass", "backward", "update",
    "--symbols", "dc,c", "dW_f1", ",", "--steps", "1:2", "2:1", ":", "99:", "--step", "1", "--epoch",
    "--sequence", "--precision", "17", "18", "-1", "--width", "0", "5", "--hand-rounding", "--layout",
    "steps", "--explain", "--scheme", "tbptt(2,5)", "tbptt(0,0)", "realtime", "--k1", "--k2", "2",
    "999999999", "1e9", "nan", "--compare", "--practice", "all", "forward", "--sheets", "BPTT,Step",
    "--blank", "--force", "--help", "-h", "--version", "", " ", "\x1b[31m", "é\u202e", "..", "/dev/null/x",
]  # fmt: skip


def options(count: int, seed: int) -> Outcome:
    """Give ``count`` random command lines, most of them nearly right."""
    outcome, generator = Outcome(), random.Random(seed)
    with TemporaryDirectory() as place, inside(Path(place)):
        for _ in range(count):
            words = [generator.choice(WORDS) for _ in range(generator.randrange(1, 6))]
            if generator.random() < 0.8:
                words = [*generator.choice(list(_LIKELY)), *words]
            trouble = trouble_of(partial(invoke, *words))
            outcome.expect(not trouble, f"{words}: {trouble}")
    return outcome


_LIKELY = [(name, example) for name in main.commands for example in ("gomez", "ten_steps")]


EXAMPLES = resources.names("examples")
CELLS = resources.names("templates/cells")
SOURCES = {
    "derive": [*EXAMPLES, *CELLS],
    "explain": ["", "tbptt", "carousel", "unrolling", "frameworks"],
    "templates": ["", "cells", "examples", "notations", *CELLS],
    "experiment": ["echo"],
    "new": [""],
}
SCHEMES = ["full", "tbptt(1,1)", "tbptt(2,5)", "tbptt(3,2)", "realtime", "naive-split(2)",
           "per-error(2)", "keras-stateless(3)", "keras-stateful(2)"]  # fmt: skip
# What options take, where neither a choice nor a number says so.
VALUES: dict[str, list[str]] = {
    "scheme": SCHEMES, "sheets": ["Start,Windows", "Unrolled,Checks", "Step,Gradients", "Equations", "BPTT"],
    "practice": ["all", "backward", "forward", "c,dc"], "symbols": ["c,dc", "dW_f1", "h"],
    "steps": ["1:2", "2:", ":1", "1"], "notation": resources.names("templates/notations"),
    "readout": resources.names("templates/readouts"), "loss": resources.names("templates/losses"),
    "cell": CELLS, "example": EXAMPLES, "answers": ["answers.txt"], "format": [
        "csv", "json", "html", "latex", "grid", "github", "tsv", "plain", "text"],
    "rate": ["0.1", "0.5,1"], "epochs": ["1", "1,2"], "k1": ["1", "2"], "k2": ["1", "3", "4"],
    "csv": ["a.csv"], "workbook": ["b.xlsx"], "output": ["out.txt", "out.xlsx"], "tolerance": ["1e-3"],
    "inline": ["h[1] = 0.5", "dc[1] = dh*o"], "epoch": ["1", "2"], "sequence": ["1", "2"],
    "step": ["1", "2"], "width": ["40", "80", "200"], "precision": ["2", "7", "17"],
}  # fmt: skip


def meaningful(count: int, seed: int) -> Outcome:
    """Give ``count`` command lines of options that exist, with values that they may have."""
    outcome, generator, done = Outcome(), random.Random(seed), 0
    with TemporaryDirectory() as place, inside(Path(place)):
        Path("answers.txt").write_text("c[1] = 0.5\ndc[2] = dh*o\nh[1] = 0.1\n")
        for _ in range(count):
            words = _drawn(generator)
            status: list[int] = []

            def run(words: list[str] = words, status: list[int] = status) -> Result:
                result = invoke(*words)
                status.append(result.exit_code)
                return result

            trouble = trouble_of(run)
            done += status[:1] in ([0], [1])
            outcome.expect(not trouble, f"{words}: {trouble}")
    outcome.note = f"{done / count:.0%} with a result"
    return outcome


def _drawn(generator: random.Random) -> list[str]:
    name = generator.choice(list(main.commands))
    words = [name, *filter(None, [generator.choice(SOURCES.get(name, EXAMPLES))])]
    parameters = main.commands[name].params
    options = [p for p in parameters if isinstance(p, click.Option) and not p.is_eager]
    options = [p for p in options if "--open" not in p.opts]  # no viewer is to be started
    for argument in parameters:
        if argument.name == "answers":
            words += VALUES["answers"]
    for option in generator.sample(options, min(len(options), generator.randrange(6))):
        words += _given(option, generator)
    for option in options:
        needed = option.required or (name, option.name) == ("experiment", "epochs")
        if needed and option.opts[0] not in words:  # an experiment of many epochs takes long
            words += _given(option, generator)
    return [*words, "--force"] if "--force" not in words and "-o" in words else words


def _given(option: click.Option, generator: random.Random) -> list[str]:
    if option.is_flag:
        return [option.opts[0]]
    if isinstance(option.type, click.Choice):
        return [option.opts[0], generator.choice(list(option.type.choices))]
    values = VALUES.get(max(option.opts, key=len).lstrip("-"), ["1", "2", "3"])
    return [option.opts[0], generator.choice(values)]
