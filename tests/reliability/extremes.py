"""Input made to take forever or all memory: each in a process of its own, with both limited."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.reliability import Outcome
from tests.reliability.faults import _env, command
from tests.support.hostile_books import HEAVY, HOSTILE

SECONDS, MEMORY = 60, 2_500_000_000  # for each; most take less than a second and 100 MB
HEAD = "[parameters]\nrandom = {seed = 1}\n"
ONE = "[[sequence]]\nx = [1]\ntarget = [1]\n"
TEMPLATE = """output = "h"
[parameters]
W = "input"
[state]
h = 0.0
[[equation]]
symbol = "h"
formula = "%s"
"""


def _series(steps: int, features: int = 1, more: str = "") -> str:
    row = "1" if features == 1 else f"[{'1,' * features}]"
    targets = f"[{'1,' * steps}]"
    return f"{HEAD}[[sequence]]\nx = [{f'{row},' * steps}]\ntarget = {targets}\n{more}"


def _formula(text: str) -> dict[str, str]:
    return {"p.toml": f'cell = "c.toml"\n{HEAD}{ONE}', "c.toml": TEMPLATE % text}


def _csv(write: Callable[[Path], None]) -> Callable[[Path], None]:
    def make(place: Path) -> None:
        (place / "p.toml").write_text(f'{HEAD}[[sequence]]\ncsv = "s.csv"\n')
        write(place / "s.csv")

    return make


def _sparse(path: Path) -> None:
    """Ten gigabytes of one line, that take no room on the disk."""
    with path.open("wb") as file:
        file.write(b"x,target\n1")
        file.truncate(10_000_000_000)


def _files(contents: dict[str, str]) -> Callable[[Path], None]:
    def make(place: Path) -> None:
        for name, text in contents.items():
            (place / name).write_text(text)

    return make


def _problem(text: str) -> Callable[[Path], None]:
    return _files({"p.toml": text})


# Each with what makes its files and what is said; an empty text where it is fine.
EXTREMES: dict[str, tuple[Callable[[Path], None], str]] = {
    "9**9**9": (_files(_formula("W @ x + h[t-1] + 9**9**9")), ""),
    "9**9**9**9**9**9": (_files(_formula("W @ x + h[t-1]*9**9**9**9**9**9")), ""),
    "h to the power of 1e308": (_files(_formula("(W @ x + h[t-1])**1e308")), ""),
    "exp of exp": (_files(_formula("exp(" * 20 + "W @ x + h[t-1]" + ")" * 20)), ""),
    "a million characters": (_files(_formula("W @ x + h[t-1]" + " + 1.0" * 170_000)), "expected a formula of at most 10,000 characters, found 1,020,014 characters"),
    "ten thousand characters": (_files(_formula("W @ x + h[t-1]" + " + 1" * 2_400)), ""),
    "a product of 100": (_files(_formula("W @ x" + "*h[t-1]" * 99)), ""),
    "a product of 1400": (_files(_formula("W @ x" + "*h[t-1]" * 1_400)), "expected products of at most 100 factors, found a longer one"),
    "a thousand brackets": (_files(_formula("(" * 1000 + "W @ x + h[t-1]" + ")" * 1000)), "expected brackets and signs nested at most 50 deep"),
    "a thousand signs": (_files(_formula("-" * 1000 + "h[t-1] + W @ x")), "expected brackets and signs nested at most 50 deep"),
    "a tower of powers": (_files(_formula("h[t-1]" + "**2" * 1000 + " + W @ x")), "nested at most 50 deep"),
    "a thousand divisions": (_files(_formula("W @ x + h[t-1]" + "/2" * 1000)), "expected a formula at most 100 levels deep"),
    "many equations": (_files({"p.toml": f'cell = "c.toml"\n{HEAD}{ONE}', "c.toml": TEMPLATE.replace("[[equation]]", "".join(f'[[equation]]\nsymbol = "a{k}"\nformula = "h[t-1] + {k}"\n' for k in range(2_000)) + "[[equation]]") % "W @ x + h[t-1]"}), "expected at most 200 equations, found 2,001"),
    "many inputs": (_problem(_series(1, 20_000)), "sequence[1].x[1]: expected at most 500 inputs, found 20,000"),
    "as many inputs as may be": (_problem(_series(2, 500)), ""),
    "many steps": (_problem(_series(1_000_001)), "sequence[1].x: expected at most 1,000,000 steps, found a list of 1000001"),
    "a window back to the start": (_problem(_series(20_000, more='[bptt]\nscheme = "realtime"\n')), "expected at most 100,000,000 steps to compute"),
    "an endless training": (_problem(f"{HEAD}{ONE}[update]\nepochs = 1000000000\n"), "expected at most 100,000,000 steps to compute"),
    "a long training kept": (_problem(f"{HEAD}{ONE}[update]\nepochs = 1000000\n"), "expected at most 60,000,000 numbers to keep"),
    "an integer of 4000 digits": (_problem(f"{HEAD}{ONE}[update]\nepochs = {'9' * 4000}\n"), "expected at most 100,000,000 steps to compute"),
    "an integer of a million digits": (_problem(f"{HEAD}{ONE}[update]\nepochs = {'9' * 1_000_000}\n"), "expected TOML, found an error"),
    "lists within lists": (_problem("x = " + "[" * 1_000_000), "tables nested too deep"),
    "tables within tables": (_problem("x = " + "{a = " * 100_000), "tables nested too deep"),
    "a key of many names": (_problem("a." * 100_000 + "a = 1"), "expected keys of at most 30 names joined by dots, found a longer one"),
    "a table of many names": (_problem("[" + "a." * 100_000 + "a]\n"), "expected keys of at most 30 names joined by dots, found a longer one"),
    "many unknown keys": (_problem("".join(f"k{k} = 1\n" for k in range(100_000))), "and at least 9,900 more mistakes"),
    "a key of a million letters": (_problem(f"{'k' * 1_000_000} = 1\n{HEAD}{ONE}"), "an unknown key"),
    "a title of a million letters": (_problem(f'title = "{"=" * 1_000_000}"\n{HEAD}{ONE}'), ""),
    "a problem of 100 MB": (lambda place: (place / "p.toml").write_bytes(b"#" * 100_000_000), "expected at most 16 MB, found a larger file") ,
    "zeros": (lambda place: (place / "p.toml").symlink_to("/dev/zero"), "expected at most 16 MB, found a larger file"),
    "a CSV line of 10 GB": (_csv(_sparse), "sequence[1].csv: expected at most 256 MB, found a larger file"),
    "a CSV line of 10 MB": (_csv(lambda path: path.write_bytes(b"x,target\n" + b"1" * 10_000_000)) , "expected a CSV table, found an error: field larger than field limit"),
    "a CSV of a million columns": (_csv(lambda path: path.write_bytes(b",".join(b"x%d" % k for k in range(1, 1_000_001)))), "line 1: expected at most 500 columns of inputs, found 1,000,000"),
    "a CSV of mistakes": (_csv(lambda path: path.write_bytes(b"x,target\n" + b"a,b\n" * 1_000_000)), "and at least 9,900 more mistakes"),
    "a CSV of quotes": (_csv(lambda path: path.write_bytes(b'x,target\n"' + b'""' * 1_000_000)), "expected a CSV table, found an error"),
}  # fmt: skip


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def run_limited(
    words: list[str], place: Path, stdin: bytes | None = None
) -> tuple[int, str, float]:
    """Status, messages and seconds of a command that has so much memory and time."""
    begun = time.perf_counter()
    try:
        done = subprocess.run(
            words, cwd=place, env=_env(), input=stdin, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, timeout=SECONDS, preexec_fn=limit,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return -1, f"more than {SECONDS} s", SECONDS
    return done.returncode, done.stderr.decode(errors="replace"), time.perf_counter() - begun


def as_expected(status: int, said: str, expected: str) -> bool:
    lines = said.splitlines()
    if not expected:
        return status == 0 and all(line.startswith("Warning: ") for line in lines)
    return status == 2 and expected in said and all(line.startswith("Error: ") for line in lines)


def extremes(count: int, _: int) -> Outcome:
    """The first ``count`` of the table above, each given to ``cellcalc table``."""
    outcome, slowest = Outcome(), (0.0, "")
    for name, (make, expected) in list(EXTREMES.items())[:count]:
        with TemporaryDirectory() as place:
            make(Path(place))
            status, said, seconds = run_limited(command("table", "p.toml"), Path(place))
        slowest = max(slowest, (seconds, name))
        outcome.expect(as_expected(status, said, expected), f"{name}: {status} {said[-300:]!r}")
    outcome.note = f"slowest {slowest[0]:.0f} s ({slowest[1]})"
    return outcome


def pipes(count: int, _: int) -> Outcome:
    """Endless standard input: read so far and no further."""
    outcome = Outcome()
    with TemporaryDirectory() as place:
        for k in range(count):
            source = ["yes", "tr '\\0' x < /dev/zero", "cat /dev/zero"][k % 3]
            words = " ".join(f"'{word}'" for word in command("table", "-"))
            limited = ["bash", "-c", f"{source} | {words}"]
            status, said, _ = run_limited(limited, Path(place))
            expected = "-: expected at most 16 MB, found more"
            outcome.expect(as_expected(status, said, expected), f"{source}: {status} {said!r}")
    return outcome


_READ = """
import sys
from pathlib import Path
from cellcalc.errors import InputError
from cellcalc.xlsx.reader import read_cells
try:
    read_cells(Path(sys.argv[1]), "workbook")
except InputError as error:
    print("Error:", *error.lines, file=sys.stderr)
    sys.exit(2)
"""


def workbooks(count: int, _: int) -> Outcome:
    """Workbooks made to do harm, read in a process with limited time and memory."""
    outcome, slowest = Outcome(), (0.0, "")
    for name, (make, expected) in [*HOSTILE.items(), *HEAVY.items()][:count]:
        with TemporaryDirectory() as place:
            path = Path(place) / "a.xlsx"
            path.write_bytes(make())
            words = [sys.executable, "-c", _READ, str(path)]
            status, said, seconds = run_limited(words, Path(place))
        slowest = max(slowest, (seconds, name))
        outcome.expect(as_expected(status, said, expected), f"{name}: {status} {said[-300:]!r}")
    outcome.note = f"slowest {slowest[0]:.0f} s ({slowest[1]})"
    return outcome
