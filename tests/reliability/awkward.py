"""Problems that lack something, or have it in excess, under every command.

No target, no window, no epoch that changes anything, equal weights, one step: each is allowed, and
what a command needs and such a problem lacks is to be said in one line.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from tempfile import TemporaryDirectory

from cellcalc import resources
from tests.reliability import Outcome
from tests.reliability.inputs import count_accepted, inside, invoke, trouble_of
from tests.reliability.sizes import COMMANDS

MORE: tuple[tuple[str, ...], ...] = (
    ("check", "-e", "dh[t] = 0"), ("check", "-e", "L = 0"), ("check", "-e", "new W_f = 0.1"),
    ("check", "-e", "window = 2", "-e", "dW_f = 0.3"), ("table", "--step", "1", "--explain"),
    ("table", "--all"), ("compare", "full", "block(2)", "realtime"), ("export", "--to", "jax"),
    ("workbook", "--practice", "forward", "--level", "1", "-o", "FILE.xlsx"), ("derive", "-f", "latex"),
)  # fmt: skip
_CELLS = tuple(resources.names("templates/cells"))
_LOSSES = tuple(resources.names("templates/losses"))
_READOUTS = tuple(resources.names("templates/readouts"))
_BPTT = (
    "", "", "k1 = 1\nk2 = 1", "k1 = 2\nk2 = 1", 'k1 = 9\nk2 = 9\ntail = "discard"', "k1 = 9\nk2 = 2",
    'k1 = 2\nk2 = 5\ntail = "short"', 'k1 = 1\nk2 = 3\ninject = "last"\nweights = "stored"',
    'k1 = 2\nk2 = 2\nupdate = "epoch"', 'k1 = 2\nk2 = 2\nstate = "reset"\nreduction = "mean"', "windows = [1]",
    'windows = [1, 1, 1]', "clip_norm = 1e-300", "clip_value = 1e300", 'k1 = 2\nk2 = 3\nempty = "skip"',
    'scheme = "per-error(2)"', 'scheme = "forum-last(2)"', 'scheme = "realtime"',
)  # fmt: skip
_UPDATE = (
    "", "", "learning_rate = 0.0", "epochs = 3", 'optimizer = "adam"', 'optimizer = "momentum"', "FROZEN",
    "epochs = 2\nFROZEN", "learning_rate = 1e300",
)  # fmt: skip


def drawn(generator: random.Random) -> str:
    """A problem that is sound, and odd in some ways."""
    choice = generator.choice
    features, rest = choice([1, 1, 2]), []
    cell = choice([*_CELLS, "lstm", "lstm"])
    for _ in range(choice([1, 1, 2, 3])):
        steps = choice([1, 1, 2, 3, 5])
        one = choice(["0", "0.5", "-0.0", f"{generator.uniform(-1, 1):.2f}"])
        row = f"[{', '.join([one] * features)}]" if features > 1 else one
        rest += ["[[sequence]]", f"x = [{', '.join([row] * steps)}]"]
        match choice(["none", "nan", "last", "first", "some", "all", "all"]):
            case "none":
                continue
            case "nan":
                targets = ["nan"] * steps
            case "last":
                targets = ["nan"] * (steps - 1) + ["0.25"]
            case "first":
                targets = ["0.25"] + ["nan"] * (steps - 1)
            case "some":
                targets = [choice(["nan", "1", "0"]) for _ in range(steps)]
            case _:
                targets = [f"{generator.uniform(0, 1):.2f}" for _ in range(steps)]
        rest.append(f"target = [{', '.join(targets)}]")
    weights = choice(
        [
            "random = {seed = 1}",
            "random = {seed = 1, scale = 0}",
            "random = {seed = 1, scale = 1e3}",
        ]
    )
    update = choice(_UPDATE)
    frozen = f"frozen = {_parameters(cell)}"
    head = [
        f'cell = "{cell}"',
        f'readout = "{choice(_READOUTS)}"',
        f'loss = "{choice([*_LOSSES, "half-squared"])}"',
    ]
    return "\n".join([*head, "[parameters]", weights, *rest, "[bptt]", choice(_BPTT), "[update]",
                      update.replace("FROZEN", frozen)]) + "\n"  # fmt: skip


def _parameters(cell: str) -> str:
    """Every parameter of a cell with one input, as a list of TOML."""
    names = resources.read_toml(f"templates/cells/{cell}.toml")["parameters"]
    return json.dumps(list(names))


def every_command(count: int, seed: int) -> Outcome:
    """``count`` problems, each under as many commands as take a second."""
    outcome, generator, done = Outcome(), random.Random(f"awkward {seed}"), [0]
    commands = [
        words for words in (*COMMANDS, *MORE) if not {"right.txt", "wrong.txt", "class"} & {*words}
    ]
    commands += [("class", "make", "--count", "1", "-o", "class")]  # more would start processes
    commands += [(*commands[-1], "--solutions", "--text", "tex")]
    with TemporaryDirectory() as place, inside(Path(place)):
        for _ in range(count):
            text = drawn(generator)
            Path("p.toml").write_text(text)
            for words in generator.sample(commands, 8):
                typed = [word.replace("FILE", "out") for word in words]
                at = 2 if words[0] == "class" else 1
                typed = [*typed[:at], "p.toml", *typed[at:]]
                if "-o" in typed:
                    typed.append("--force")
                trouble = trouble_of(lambda typed=typed: count_accepted(invoke(*typed), done))  # type: ignore[misc]
                outcome.expect(not trouble, f"{' '.join(typed)}: {trouble}\n{text}")
    outcome.note = f"{done[0] / max(outcome.tried, 1):.0%} with a result"
    return outcome
