"""Wrong calls are told in one line, as mistakes in files are: which option, expected, found."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellcalc.cli import main
from tests.support.command import Run


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("table gomez --k1 x", '--k1: expected a whole number, found "x"'),
        ("table gomez --k1", "--k1: expected a whole number, found nothing"),
        ("table gomez --clip-norm a", '--clip-norm: expected a number, found "a"'),
        ("table gomez --inject som", '--inject: expected one of new, all, last, found "som"'),
        ("schedule gomez -f latex", '--format: expected one of text, markdown, html, json, found "latex"'),
        ("flow gomez -f cvs", '--format: expected one of'),
        ("check gomez -e c[1]=1 --figures 99", '--figures: expected a whole number from 1 to 15, found "99"'),
        ("check gomez -e c[1]=1 --tolerance -1", '--tolerance: expected a number of at least 0, found "-1"'),
        ("table gomez --pass forward --pass q",
         '--pass: expected one of forward, backward, gradients, update, found "q"'),
        ("table gomez --windows a,b",
         '--windows: expected lengths, whole numbers of at least 1, as in 3,5,2, found "a,b"'),
        ("table gomez --forc",
         "--forc: expected an option that cellcalc table --help lists, found no such option; did you mean --force?"),
        ("table gomez --force=1", "--force: expected no value, found one"),
        ("table gomez more", 'cellcalc table: expected no more than PROBLEM, found "more"'),
        ("check gomez a b", 'cellcalc check: expected no more than PROBLEM [ANSWERS], found "b"'),
        ("table", "PROBLEM: expected a problem file, or the name of an example "
         "(cellcalc templates examples lists them), found nothing"),
        ("export gomez", "--to: expected one of pytorch, keras, numpy, found nothing"),
        ("class make gomez", "--output: expected a path, found nothing"),
        ("class mark a b -o r --due soon",
         '--due: expected a date, or a date and a time as in 2026-11-30T09:00, found "soon"'),
        ("tabel gomez", 'cellcalc: expected a command ('),
        ("class mak", 'cellcalc class: expected a command (export, make, mark), found "mak"'),
        ("table gomez --format docx",
         "--format: expected one of text, markdown, html, latex, csv, json, or a format of tabulate, found "),
        ("--foo", "--foo: expected an option that cellcalc --help lists, found no such option"),
        ("class --foo", "--foo: expected an option that cellcalc class --help lists, found no such option"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_one_line(
    arguments: str, line: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {line}") and result.stderr.count("\n") == 1


def test_a_scheme_without_its_numbers_is_told_with_them(run: Run) -> None:
    for name, form in (
        ("tbptt", "tbptt(k1,k2)"),
        ("block", "block(k)"),
        ("tbptt(5)", "tbptt(k1,k2)"),
    ):
        assert f"did you mean {form}?" in run("table", "gomez", "--scheme", name).stderr


def test_every_choice_of_every_command_is_told(run: Run) -> None:
    told = 0
    for name, command in main.commands.items():
        for parameter in command.params:
            option = max(parameter.opts, key=len)
            may_stand_alone = option == "--hints"  # what follows it may be PROBLEM
            if getattr(parameter.type, "choices", None) and not may_stand_alone:
                of_option = [option] if option.startswith("-") else []
                result = run(name, *of_option, "no-such-thing")
                label = option if of_option else parameter.human_readable_name
                assert result.stderr.startswith(f"Error: {label}: expected one of "), result.stderr
                assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
                told += 1
    assert told > 20
