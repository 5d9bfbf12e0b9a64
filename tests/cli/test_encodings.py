"""What is printed can be read in every encoding, whole and without a question mark."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import cellcalc
from cellcalc.cli import main
from cellcalc.cli.console import SIGNS
from tests.support.paths import ROOT

ENCODINGS = (
    "utf-8", "utf-16", "utf-32", "ascii", "latin-1", "cp437", "cp850", "cp1250", "cp1251", "cp1252",
    "cp932", "cp936", "cp949", "cp950", "gb18030", "koi8-r",
)  # fmt: skip
COMMANDS: dict[str, list[list[str]]] = {
    "check": [["gomez", "-e", "c[1] = 0.78573", "--all"]],
    "class": [["--help"]],
    "compare": [["ten_steps", "tbptt(2,5)"]],
    "derive": [["gomez"], ["gru", "--notation", "greff"], ["gomez", "-f", "json"]],
    "draw": [["--help"]],
    "experiment": [["gomez", "--k1", "1", "--k2", "1,2", "--seeds", "1", "--epochs", "1"]],
    "explain": [["bptt"], ["notation"], []],
    "export": [["gomez", "--to", "numpy"]],
    "flow": [["ten_steps"]],
    "new": [["--steps", "2"]],
    "schedule": [["ten_steps"], ["ten_steps", "-f", "markdown"]],
    "table": [["gomez"], ["gomez", "--explain"], ["gomez", "--notation", "gomez", "-f", "json"]],
    "templates": [["lstm"], []],
    "workbook": [["--help"]],
}


class Console(io.TextIOWrapper):
    """A console of an encoding, or a file if it is no terminal."""

    terminal = True

    def isatty(self) -> bool:
        return self.terminal


@contextmanager
def console(encoding: str, terminal: bool = True) -> Iterator[Console]:
    """Standard output and standard error replaced by one such."""
    kept = sys.stdout, sys.stderr
    stream = Console(io.BytesIO(), encoding=encoding, newline="")
    stream.terminal = terminal
    sys.stdout = sys.stderr = stream
    try:
        yield stream
    finally:
        sys.stdout, sys.stderr = kept


def printed(words: list[str], encoding: str, terminal: bool = True) -> bytes:
    """What a command prints, in bytes."""
    with console(encoding, terminal) as stream:
        main.main([*words], prog_name="cellcalc", standalone_mode=False)
        stream.flush()
        assert isinstance(stream.buffer, io.BytesIO)
        return stream.buffer.getvalue()


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("NO_COLOR", "1"), ("PAGER", "cat"), ("COLUMNS", "80")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    # On a busy machine a command may take so long that it says it is working.
    monkeypatch.setattr("cellcalc.cli.common.SILENT", 1000.0)


def test_every_command_is_tried() -> None:
    assert set(COMMANDS) >= set(main.commands) - {"completion", "practice"}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.cases(3)
def test_a_console_shows_all_of_it(name: str) -> None:
    for options in COMMANDS[name]:
        for words in ([name, *options], [name, "--help"]):
            unicode, plain = (printed(words, e).decode(e) for e in ("utf-8", "ascii"))
            assert plain.count("?") == unicode.count("?") and len(plain) > 40
            for encoding in ENCODINGS:
                text = printed(words, encoding).decode(encoding)
                lacks = SIGNS.encode(encoding, "ignore").decode(encoding) != SIGNS
                wanted = plain if lacks and "--help" not in words else unicode
                if "--help" in words:  # where only what is lacking is replaced
                    assert text.count("?") == unicode.count("?"), encoding
                else:
                    assert text == wanted, encoding


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.cases(3)
def test_a_file_gets_utf8_and_is_read_back(name: str) -> None:
    for options in COMMANDS[name]:
        expected = printed([name, *options], "utf-8", terminal=False)
        for encoding in ENCODINGS:
            assert printed([name, *options], encoding, terminal=False) == expected, encoding
    assert expected.decode("utf-8")


def test_what_was_redirected_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(printed(["new", "--seed", "5"], "cp1252", terminal=False))
    first = cellcalc.load(path).run().loss
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))  # as Windows redirects
    assert cellcalc.load(path).run().loss == first
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())  # and PowerShell
    assert cellcalc.load(path).run().loss == first


def test_letters_that_the_console_has_stay(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(
        'title = "长短期记忆 Größe"\n[parameters]\nrandom = {seed = 1}\n[[sequence]]\nx = [1]\n',
        encoding="utf-8",
    )
    head = {e: printed(["table", str(path)], e).decode(e).splitlines()[0] for e in ENCODINGS}
    assert head["utf-8"] == head["gb18030"] == "长短期记忆 Größe"
    assert head["cp936"] == "长短期记忆 Grosse"
    assert head["cp1252"] == head["ascii"] == "\\u957f\\u77ed\\u671f\\u8bb0\\u5fc6 Grosse"


def test_json_for_a_plain_console_has_the_same_data() -> None:
    words = ["table", "gomez", "--notation", "gomez", "--explain", "--format", "json"]
    text = printed(words, "cp1252").decode("ascii")
    assert json.loads(text)["title"] == json.loads(printed(words, "utf-8"))["title"]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii:strict", "utf-8", "cp936"])
@pytest.mark.cases(2)
def test_pythonioencoding_is_obeyed(encoding: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "cellcalc", "flow", "ten_steps"]
    result = subprocess.run(command, capture_output=True, env=environment, check=True)
    text = result.stdout.decode(encoding.partition(":")[0])
    assert ("∂E/∂h" if encoding == "utf-8" else "dE/dh") in text
    assert "?\n\n" not in text and "?" not in text


def test_a_message_for_a_plain_console_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "Größe–∂.toml"
    with console("cp437") as stream:
        with pytest.raises(SystemExit) as raised:
            main.main(["table", str(path)], prog_name="cellcalc")
        stream.flush()
        assert isinstance(stream.buffer, io.BytesIO)
        text = stream.buffer.getvalue().decode("cp437")
    assert raised.value.code == 2
    assert "Größe-d.toml: " in text and "?" not in text
