"""Writing files while things go wrong: kills, full disks, rivals, broken pipes, Ctrl-C."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from cellcalc.cli.outermost import ENDING
from cellcalc.errors import OutputError
from cellcalc.files import write_file
from cellcalc.xlsx.reader import read_cells
from tests.reliability import Missing, Outcome

OLD = b"what was there before\n" * 1000
LARGE = """[parameters]
random = {seed = 1}
[[sequence]]
x = [%s]
target = [%s]
[update]
epochs = 200000
"""


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "cellcalc", *map(str, words)]


def names_in(place: str | Path) -> list[str]:
    return sorted(path.name for path in Path(place).iterdir())


def _env() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[2])
    quiet = "1"  # that it goes on is told on a busy machine now and then, but before a terminal
    return {**os.environ, "COLUMNS": "80", "PYTHONPATH": root, "CELLCALC_QUIET": quiet}


def start(*words: str | Path, **more: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_env(),
        **more,
    )  # type: ignore[call-overload,no-any-return]


def kills(count: int, seed: int) -> Outcome:
    """SIGKILL at a random moment while a workbook replaces another: the old file, or the new."""
    outcome, generator = Outcome(), random.Random(seed)
    new = 0
    with TemporaryDirectory() as place:
        path = Path(place) / "a.xlsx"
        begun = time.perf_counter()
        start("workbook", "ten_steps", "-o", path).communicate()
        whole = path.read_bytes()
        duration = time.perf_counter() - begun
        for _ in range(count):
            path.write_bytes(OLD)
            process = start("workbook", "ten_steps", "-o", path, "--force")
            time.sleep(generator.uniform(0.3, 1.05) * duration)
            process.kill()
            process.communicate()
            contents = path.read_bytes()
            new += contents == whole
            outcome.expect(contents in (OLD, whole), f"{len(contents)} bytes of neither file")
    outcome.note = f"old file kept {count - new} times, new one whole {new} times"
    return outcome


def kills_while_writing(count: int, seed: int) -> Outcome:
    """The same, but killed by the file itself after a given number of bytes: never too late."""
    outcome, generator = Outcome(), random.Random(seed)
    script = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom cellcalc.files import write_file\n"
        "def write(file):\n    file.write(b'x' * int(sys.argv[2])); file.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_file(Path(sys.argv[1]), write, force=True)\n"
    )
    with TemporaryDirectory() as place:
        path = Path(place) / "a.xlsx"
        for _ in range(count):
            path.write_bytes(OLD)
            size = str(generator.choice([0, 1, 100, 10**6]))
            done = subprocess.run([sys.executable, "-c", script, path, size], env=_env())
            fine = done.returncode == -signal.SIGKILL and path.read_bytes() == OLD
            outcome.expect(fine, f"killed after {size} bytes: {done.returncode}")
    return outcome


def failing_writes(count: int, seed: int) -> Outcome:
    """Each kind of failure at each call: the old file stays, nothing else is left."""
    outcome, generator = Outcome(), random.Random(seed)
    errors = [OSError(28, "No space left on device"), OSError(5, "Input/output error"),
              OSError(122, "Disk quota exceeded"), KeyboardInterrupt(), MemoryError()]  # fmt: skip
    with TemporaryDirectory() as place:
        path = Path(place) / "a.xlsx"
        for _ in range(count):
            error, pieces = generator.choice(errors), generator.randrange(20)
            exists = generator.random() < 0.5
            path.unlink(missing_ok=True)
            if exists:
                path.write_bytes(OLD)

            def write(file: BinaryIO, pieces: int = pieces, error: BaseException = error) -> None:
                for _ in range(pieces):
                    file.write(b"x" * 5000)
                raise error

            raised: BaseException | None = None
            try:
                write_file(path, write, force=True)
            except BaseException as caught:
                raised = caught
            expected = OutputError if isinstance(error, OSError) else type(error)
            left = {p.name: p.read_bytes() for p in Path(place).iterdir()}
            fine = isinstance(raised, expected) and left == ({"a.xlsx": OLD} if exists else {})
            outcome.expect(fine, f"{error!r} after {pieces} pieces: {raised!r}, {list(left)}")
    return outcome


@contextmanager
def small_disk(kilobytes: int, options: str = "") -> Iterator[Path]:
    """A file system of its own, in memory. Raises Missing where one cannot be mounted."""
    with TemporaryDirectory() as place:
        words = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k{options}", "tmpfs", place]
        if (
            os.name != "posix"
            or os.geteuid() != 0
            or subprocess.run(words, capture_output=True).returncode
        ):
            raise Missing("the right to mount a small disk")
        try:
            yield Path(place)
        finally:
            subprocess.run(["umount", place], check=True)


def full_disk(count: int, _: int) -> Outcome:
    """A disk with less and less room: the old file is whole, the message says what happened."""
    outcome = Outcome()
    full = 'expected a place to write to, found "No space left on device"'
    with small_disk(200) as disk:
        path, filler = disk / "a.xlsx", disk / "filler"
        path.write_bytes(OLD)
        for k in range(count):
            filler.write_bytes(b"x" * (170_000 - 40_000 * k // max(count - 1, 1)))
            done = start("workbook", "ten_steps", "-o", path, "--force")
            _, said = done.communicate()
            fine = (done.returncode, said) == (2, f"Error: {path}: {full}\n")
            fine = fine and path.read_bytes() == OLD and len(names_in(disk)) == 2
            outcome.expect(fine, f"{done.returncode} {said!r} {names_in(disk)}")
            path.write_bytes(OLD)
    return outcome


def limited_size(count: int, _: int) -> Outcome:
    """A limit on the size of files, as some systems set it: like a full disk."""
    outcome = Outcome()

    def limit(most: int) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    with TemporaryDirectory() as place:
        path = Path(place) / "a.xlsx"
        path.write_bytes(OLD[:9000])
        for k in range(count):
            most = (10_000, 1_000)[k % 2]  # the lesser: not even what is written on the way fits
            done = start("workbook", "gomez", "-o", path, "--force",
                         preexec_fn=partial(limit, most))  # fmt: skip
            _, said = done.communicate()
            fine = done.returncode == 2 and 'found "File too large"' in said
            fine = fine and path.read_bytes() == OLD[:9000] and len(names_in(place)) == 1
            outcome.expect(fine, f"{done.returncode} {said!r} {names_in(place)}")
    return outcome


def read_only(count: int, _: int) -> Outcome:
    """A disk that may only be read."""
    outcome = Outcome()
    with small_disk(1000) as disk:
        path = disk / "a.xlsx"
        path.write_bytes(OLD)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        for k in range(count):
            words = ("workbook", "gomez") if k % 2 else ("flow", "gomez")
            done = start(*words, "-o", path, "--force")
            out, said = done.communicate()
            expected = (
                f'Error: {path}: expected a place to write to, found "Read-only file system"\n'
            )
            fine = (done.returncode, out, said) == (2, "", expected) and path.read_bytes() == OLD
            outcome.expect(fine, f"{done.returncode} {said!r}")
    return outcome


def rivals(count: int, seed: int) -> Outcome:
    """Two writers of one file at the same time: one of the two, whole; unforced, only the first."""
    outcome, generator = Outcome(), random.Random(seed)
    texts = [bytes([65 + k]) * (200_000 + k) for k in range(2)]
    with TemporaryDirectory() as place:
        for k in range(count):
            path, force = Path(place) / f"{k}", k % 2 == 0
            results: list[object] = []

            def write(text: bytes, path: Path = path, force: bool = force) -> None:
                pause = generator.uniform(0, 0.003)

                def pieces(file: BinaryIO) -> None:
                    for at in range(0, len(text), 50_000):
                        file.write(text[at : at + 50_000])
                        time.sleep(pause)

                try:
                    write_file(path, pieces, force)
                    results.append(text)  # noqa: B023 - joined before the next turn
                except OutputError as error:
                    results.append(error)  # noqa: B023

            writers = [threading.Thread(target=write, args=(text,)) for text in texts]
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join()
            wrote = [result for result in results if isinstance(result, bytes)]
            fine = path.read_bytes() in wrote and len(wrote) == (2 if force else 1)
            outcome.expect(fine, f"{len(wrote)} writers succeeded")
        left = [p.name for p in Path(place).iterdir() if p.name.startswith(".")]
        outcome.expect(not left, f"left behind: {left}")
    return outcome


def rival_commands(count: int, _: int) -> Outcome:
    """Two commands that write one workbook: it is one of the two, and can be read."""
    outcome = Outcome()
    with TemporaryDirectory() as place:
        path = Path(place) / "a.xlsx"
        for _ in range(count):
            path.unlink(missing_ok=True)
            both = [start("workbook", name, "-o", path, "--sheets", "BPTT")
                    for name in ("gomez", "ten_steps")]  # fmt: skip
            said = [process.communicate()[1] for process in both]
            statuses = sorted(process.returncode for process in both)
            fine = statuses == [0, 2] and any("found one" in text for text in said)
            outcome.expect(fine and "BPTT" in read_cells(path), f"{statuses} {said}")
    return outcome


def places(count: int, _: int) -> Outcome:
    """Where nothing can be written, or nothing should be."""
    outcome = Outcome()
    with TemporaryDirectory() as place:
        folder = Path(place)
        problem = folder / "p.toml"
        text = "[parameters]\nrandom = {seed = 1}\n[[sequence]]\nx = [1, 2]\ntarget = [1, 2]\n"
        problem.write_text(text)
        (folder / "link").symlink_to(folder / "loop")
        (folder / "loop").symlink_to(folder / "link")
        cases: list[tuple[Path, tuple[str, ...], str]] = [
            (folder, ("--force",), "found a folder"),
            (folder / "none" / "a", (), 'found "No such file or directory"'),
            (problem / "a", (), 'found "Not a directory"'),
            (problem, (), "found the input itself"),
            (folder / ("x" * 300), (), 'found "File name too long"'),
            (problem, ("--force",), "found the input itself"),
        ]  # fmt: skip
        tried = [(name, *case) for name in ("table", "workbook", "derive", "schedule")
                 for case in cases]  # fmt: skip
        for name, path, more, said in tried[:: len(tried) // count]:
            done = start(name, problem, "-o", path, *more)
            out, err = done.communicate()
            fine = done.returncode == 2 and out == "" and err.startswith("Error: ") and said in err
            fine = fine and err.count("\n") == 1 and problem.read_text() == text
            outcome.expect(fine, f"{name} -o {path.name[:20]} {more}: {done.returncode} {err!r}")
            problem.write_text(text)
    return outcome


def broken_pipes(count: int, _: int) -> Outcome:
    """A reader that goes away: no traceback, no message, nothing but an end."""
    outcome = Outcome()
    commands = [("table", "ten_steps"), ("derive", "gomez"), ("schedule", "ten_steps", "--compare"),
                ("table", "ten_steps", "-f", "json"), ("--help",), ("table", "--help")]  # fmt: skip
    for k in range(count):
        words = commands[k % len(commands)]
        process = start(*words)
        assert process.stdout and process.stderr
        if k % 2:
            process.stdout.read(10)
        process.stdout.close()
        said = process.stderr.read()
        process.stderr.close()
        status = process.wait(60)
        outcome.expect(not said and status in (0, 1, 141), f"{words}: {status} {said!r}")
    return outcome


def full_output(count: int, _: int) -> Outcome:
    """Standard output on a full device, or one that takes the beginning: a message and status 2."""
    outcome = Outcome()
    if not Path("/dev/full").exists():
        raise Missing("/dev/full")

    def little() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))

    said = 'Error: standard output: expected room to write to, found "%s"\n'
    for k in range(count):
        words = [("table", "gomez"), ("derive", "gomez"), ("schedule", "ten_steps")][k % 3]
        bare = {"PYTHONUNBUFFERED": "1"} if k // 2 % 2 else {}
        with TemporaryDirectory() as place:
            path = Path("/dev/full") if k % 2 else Path(place) / "out.txt"
            with path.open("w") as full:
                done = subprocess.run(
                    command(*words), stdout=full, stderr=subprocess.PIPE, text=True,
                    env=_env() | bare, preexec_fn=None if k % 2 else little,
                )  # fmt: skip
        expected = said % ("No space left on device" if k % 2 else "File too large")
        fine = (done.returncode, done.stderr) == (2, expected)
        outcome.expect(fine, f"{words} {bare} {path.name}: {done.returncode} {done.stderr!r}")
    return outcome


def _heed_interrupts() -> None:
    """A shell starts background jobs deaf to Ctrl-C, and so would be what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupts(count: int, seed: int) -> Outcome:
    """Ctrl-C in a long run: one word, status 130, and the old file whole."""
    outcome, generator = Outcome(), random.Random(seed)
    with TemporaryDirectory() as place:
        problem, path = Path(place) / "p.toml", Path(place) / "out"
        problem.write_text(LARGE % ("0.5", "0.25"))
        path.write_bytes(OLD)
        for k in range(count):
            words: list[tuple[str | Path, ...]] = [
                ("table", problem, "--pass", "update", "-o", path, "--force"),
                ("table", problem, "--pass", "update"),
            ]
            process = start(*words[k % 2], preexec_fn=_heed_interrupts)
            time.sleep(generator.uniform(1.0, 2.0))
            process.send_signal(signal.SIGINT)
            out, said = process.communicate(timeout=60)
            fine = (process.returncode, out, said.strip()) == (130, "", "Interrupted")
            fine = fine and path.read_bytes() == OLD and len(names_in(place)) == 2
            outcome.expect(fine, f"{process.returncode} {said!r} {names_in(place)}")
    return outcome


Fault = Callable[[int, int], Outcome]


def signals(count: int, seed: int) -> Outcome:
    """Every signal that ends a process, in a long run: its status, and nothing left behind."""
    outcome, generator = Outcome(), random.Random(seed)
    known = [number for name in ENDING if (number := getattr(signal, name, None))]
    with TemporaryDirectory() as place:
        problem, path = Path(place) / "p.toml", Path(place) / "out.xlsx"
        values = ", ".join(["0.5"] * 4_000)
        problem.write_text(
            f"[parameters]\nrandom = {{seed = 1}}\n[[sequence]]\nx = [{values}]\ntarget = [{values}]\n"
        )
        for k in range(count):
            path.write_bytes(OLD)
            number = known[k % len(known)]
            process = start("workbook", problem, "-o", path, "--force", preexec_fn=_heed_signals)
            _until_it_writes(Path(place), process)
            time.sleep(generator.uniform(0, 0.2))
            process.send_signal(number)
            _, said = process.communicate(timeout=60)
            fine = process.returncode == 128 + number and path.read_bytes() == OLD
            fine = fine and len(names_in(place)) == 2 and "Traceback" not in said
            name = signal.Signals(number).name
            outcome.expect(fine, f"{name}: {process.returncode} {said!r} {names_in(place)}")
    return outcome


def _heed_signals() -> None:
    """Of those that nohup and shells in the background keep from what they start, each again."""
    for name in ENDING:
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_DFL)


def _until_it_writes(place: Path, process: subprocess.Popen[str]) -> None:
    """Wait for the file that is not yet there under its name."""
    while len(names_in(place)) < 3 and process.poll() is None:
        time.sleep(0.01)
