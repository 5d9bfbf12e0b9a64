"""What a problem names is read where it is a file, and of a confined one in its own folder only."""

import os
from pathlib import Path

import pytest

from cellcalc.api import load
from cellcalc.errors import InputError
from cellcalc.problems.specification import read_specification
from tests.support.command import run

DATA = "x,target\n1,2\n2,3\n"
SECRET = "root:x:0:0:SECRET:/root:/bin/bash\nSECRET=1\n"
BEGIN = 'cell = "rnn"\n[parameters]\nrandom = {seed = 1}\n'
ONE = "[[sequence]]\nx = [1, 2]\ntarget = [1, 2]\n"
# Each way in which a problem names a file.
NAMED = {
    "csv": BEGIN + '[[sequence]]\ncsv = "FILE"\n',
    "columns": BEGIN + '[[sequence]]\ncsv = "FILE"\ncolumns = {x = "a"}\n',
    "weights": 'cell = "rnn"\n[parameters]\nfrom = "FILE.csv"\n' + ONE,
    "state": BEGIN + ONE + '[update]\nfrom = "FILE"\n',
    "cell": BEGIN.replace("rnn", "FILE.toml") + ONE,
    "readout": 'readout = "FILE.toml"\n' + BEGIN + ONE,
    "loss": 'loss = "FILE.toml"\n' + BEGIN + ONE,
    "optimizer": BEGIN + ONE + '[update]\noptimizer = "FILE.toml"\n',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    own = tmp_path / "own"
    own.mkdir()
    for name in ("secret", "secret.csv", "secret.toml"):
        (tmp_path / name).write_text(SECRET)
    return own


def problem(text: str, folder: Path, confined: bool) -> str:
    """The message about a problem."""
    with pytest.raises(InputError) as caught:
        read_specification(text, "p.toml", folder, confined=confined)
    return str(caught.value)


@pytest.mark.parametrize("way", ["..", "absolute", "link", "folder"])
@pytest.mark.parametrize("kind", NAMED)
def test_confined_problem_reads_nothing_elsewhere(folder: Path, kind: str, way: str) -> None:
    name = {"..": "../secret", "absolute": f"{folder.parent}/secret", "link": "link",
            "folder": "above/secret"}[way]  # fmt: skip
    for ending in ("", ".csv", ".toml"):
        (folder / f"link{ending}").symlink_to(f"../secret{ending}")
    (folder / "above").symlink_to("..")
    text = NAMED[kind].replace("FILE", name)
    told = problem(text, folder, confined=True)
    assert "expected a file in the problem's own folder, found one elsewhere" in told
    assert "SECRET" not in told


@pytest.mark.parametrize("kind", NAMED)
def test_no_message_quotes_what_another_file_holds(folder: Path, kind: str) -> None:
    told = problem(NAMED[kind].replace("FILE", "../secret"), folder, confined=False)
    assert "SECRET" not in told and "/bin/bash" not in told


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize("confined", [True, False])
def test_pipe_is_refused_without_waiting(folder: Path, kind: str, confined: bool) -> None:
    for ending in ("", ".csv", ".toml"):
        os.mkfifo(folder / f"pipe{ending}")
    told = problem(NAMED[kind].replace("FILE", "./pipe"), folder, confined)
    assert "expected a regular file, found a device or a pipe" in told


@pytest.mark.parametrize("kind", ["csv", "weights", "state"])
def test_name_of_a_file_is_not_empty(folder: Path, kind: str) -> None:
    text = NAMED[kind].replace("FILE.csv", "").replace("FILE", "")
    assert "expected the name of a file, found an empty text" in problem(text, folder, False)


def test_confined_problem_reads_its_own_folder(folder: Path) -> None:
    (folder / "deeper").mkdir()
    (folder / "deeper" / "data.csv").write_text(DATA)
    (folder / "link.csv").symlink_to("deeper/data.csv")
    (folder / "p.toml").write_text(BEGIN + '[[sequence]]\ncsv = "link.csv"\n')
    found = load(folder / "p.toml", confined=True)
    assert found.specification.sequences[0].steps == 2
    assert [path.name for path in found.specification.files] == ["link.csv"]


def test_option_of_the_command_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder.parent / "data.csv").write_text(DATA)
    (folder / "p.toml").write_text(BEGIN + '[[sequence]]\ncsv = "../data.csv"\n')
    assert run("table", "p.toml").exit_code == 0
    result = run("table", "p.toml", "--confined")
    assert result.exit_code == 2
    assert "own folder" in result.stderr


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ("inptu,target\n1,2\n", "found inptu, target"),
        ("Wind speed (m/s),target\n1,2\n", "found Wind speed (m/s), target"),
        ("x,target\n1;5,2\n", 'line 2, x: expected a number, found "1;5"'),
        ("x,target\nn/a,2\n", 'line 2, x: expected a number, found "n/a"'),
        ("x,target\npassword7,2\n", "line 2, x: expected a number, found a text"),
        ("-----BEGIN KEY-----\nabc\n", "found no such name"),
        ("A=1\nB=2\n", "found no such name"),
    ],
)
def test_what_is_like_a_column_or_a_number_is_quoted(folder: Path, table: str, found: str) -> None:
    (folder / "data.csv").write_text(table)
    told = problem(NAMED["csv"].replace("FILE", "data.csv"), folder, False)
    assert found in told
