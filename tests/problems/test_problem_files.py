"""Problem files: what is read, and what is said of each mistake."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from cellcalc.api import load
from cellcalc.errors import InputError
from cellcalc.problems.specification import read_specification, redrawn
from cellcalc.resources import folder
from tests.support.command import Run

GOOD = (folder("examples") / "gomez.toml").read_text(encoding="utf-8")
KEYS = "title, cell, readout, loss, parameters, coefficients, initial, sequence, bptt or update"
PARAMETERS = "W_f, U_f, b_f, W_i, U_i, b_i, W_g, U_g, b_g, W_o, U_o or b_o"
FORMS = "full, realtime, bptt(h), bptt(h;h'), tbptt(k1,k2), block(k), keras-stateful(k), keras-stateless(k), naive-split(k), per-error(h), tail(k), forum-last(k1,k2), windows(a,b,…), random-block(k) or random-block(k;seed)"
DATA = "x = [[1, 2], [0.5, 3]]\ntarget = [0.5, 1.25]\n"
MISSING = [
    f"parameters.{kind}_{gate}: expected "
    + ("finite numbers, one for each input" if kind == "W" else "a finite number")
    + ", found nothing"
    for gate in "figo"
    for kind in "WUb"
]
HINT = "; default = 0 gives a number to all that are left out"

# What is replaced in a good file, by what, and what is said of it.
BROKEN: dict[str, tuple[str, str, list[str]]] = {
    "unknown key": ("title =", "titel =", [f"titel: expected one of the keys {KEYS}, found an unknown key; did you mean title?"]),
    "unknown cell": ('"lstm"', '"lstn"', ['cell: expected the name of a cell (cellcalc templates cells lists them), or the path of a .toml file, found "lstn"; did you mean lstm?']),
    "cell is a number": ('"lstm"', "3", ["cell: expected the name of one of the templates/cells, or a path, found 3"]),
    "cell file missing": ('"lstm"', '"mine.toml"', ["cell: expected a file, found nothing there (mine.toml)"]),
    "unknown readout": ('"identity"', '"linaer"', ['readout: expected identity, linear, linear-no-bias or logistic, or the path of a .toml file, found "linaer"; did you mean linear?']),
    "unknown loss": ('"half-squared"', '"mse"', ['loss: expected absolute, cross-entropy, cross-entropy-logits, half-squared, huber, signed-error, squared or upstream, or the path of a .toml file, found "mse"']),
    "title is a number": ('title = "Back', 'title = 7 # "Back', ["title: expected a text, found 7"]),
    "parameter missing": ("U_f = 0.1\n", "", ["parameters.U_f: expected a finite number, found nothing; default = 0 gives a number to all that are left out"]),
    "parameter is text": ("U_f = 0.1", 'U_f = "0.1"', ['parameters.U_f: expected a finite number, found "0.1"']),
    "parameter is true": ("U_f = 0.1", "U_f = true", ["parameters.U_f: expected a finite number, found true"]),
    "parameter is nan": ("U_f = 0.1", "U_f = nan", ["parameters.U_f: expected a finite number, found nan"]),
    "parameter is inf": ("U_f = 0.1", "U_f = inf", ["parameters.U_f: expected a finite number, found inf"]),
    "parameter is a date": ("U_f = 0.1", "U_f = 2020-01-01", ["parameters.U_f: expected a finite number, found a date or time"]),
    "parameter too large": ("U_f = 0.1", "U_f = 1" + "0" * 400, ["parameters.U_f: expected a finite number, found a number too large"]),
    "parameter is a list": ("U_f = 0.1", "U_f = [0.1]", ["parameters.U_f: expected a finite number, found a list of 1"]),
    "too many weights": ("[0.7, 0.45]", "[0.7, 0.45, 1]", ["parameters.W_f: expected 2 finite numbers, one for each input, found a list of 3"]),
    "too few weights": ("[0.7, 0.45]", "0.7", ["parameters.W_f: expected 2 finite numbers, one for each input, found 0.7"]),
    "unknown parameter": ("U_f = 0.1", "U_f = 0.1\nU_ff = 1", [f"parameters.U_ff: expected a parameter of lstm with identity ({PARAMETERS}), found an unknown key; did you mean U_f?"]),
    "parameters is a number": ("[parameters]", "parameters = 3\n[initial.x]", ["parameters: expected a table, as in [parameters], found 3", "initial.x: expected a state of lstm (h or c), found an unknown key"]),
    "random is a number": ("[parameters]", "[parameters]\nrandom = 7", ["parameters.random: expected a table, as in [parameters.random], found 7"]),
    "random with a wrong key": ("[parameters]", "[parameters]\nrandom = {sed = 7}", ["parameters.random.sed: expected one of the keys seed or scale, found an unknown key; did you mean seed?"]),
    "unknown state": ("h = 0.0", "hh = 0.0", ["initial.hh: expected a state of lstm (h or c), found an unknown key; did you mean h?"]),
    "state is text": ("c = 0.0", 'c = "zero"', ['initial.c: expected a finite number, found "zero"']),
    "no sequence": ("[[sequence]]\n" + DATA, "", ["sequence: expected at least one [[sequence]], found nothing"]),
    "sequence is a table": ("[[sequence]]", "[sequence]", ["sequence: expected at least one [[sequence]], found a table"]),
    "x missing": ("x = [[1, 2], [0.5, 3]]\n", "", ["sequence[1].x: expected a list with one row of inputs a step, found nothing"]),
    "x empty": ("[[1, 2], [0.5, 3]]", "[]", ["sequence[1].x: expected a list with one row of inputs a step, found an empty list"]),
    "x of empty rows": ("[[1, 2], [0.5, 3]]", "[[], []]", ["sequence[1].x[1]: expected at least one input, found an empty list"]),
    "x ragged": ("[0.5, 3]]", "[0.5]]", ["sequence[1].x[2]: expected a list of 2, as in the first row, found a list of 1"]),
    "x mixed": ("[0.5, 3]]", "3]", ["sequence[1].x[2]: expected a list of 2, as in the first row, found 3"]),
    "x holds text": ("[0.5, 3]]", '[0.5, "3"]]', ['sequence[1].x[2]: expected a number, found "3"']),
    "targets too few": ("[0.5, 1.25]", "[0.5]", ["sequence[1].target: expected a list of 2, one number a step (nan where there is none), found a list of 1"]),
    "target is a number": ("[0.5, 1.25]", "0.5", ["sequence[1].target: expected a list of 2, one number a step (nan where there is none), found 0.5"]),
    "target holds text": ("[0.5, 1.25]", '[0.5, "a"]', ['sequence[1].target[2]: expected a number, found "a"']),
    "x is nan": ("[0.5, 3]", "[nan, 3]", ["sequence[1].x[2]: expected a finite number, found nan"]),
    "x is infinite": ("[1, 2]", "[1, -inf]", ["sequence[1].x[1]: expected a finite number, found -inf"]),
    "target is infinite": ("[0.5, 1.25]", "[0.5, inf]", ["sequence[1].target[2]: expected a finite number, found inf"]),
    "unknown key in sequence": ("target = [", "targets = [", ["sequence[1].targets: expected one of the keys x, target, csv, columns, rows or standardize, found an unknown key; did you mean target?"]),
    "csv missing": (DATA, 'csv = "none.csv"', ["sequence[1].csv: expected a file, found nothing there (none.csv)"]),
    "csv and x": ("target = [0.5, 1.25]", 'csv = "none.csv"', ["sequence[1].x: expected either csv or x and target, found both", "sequence[1].csv: expected a file, found nothing there (none.csv)"]),
    "features differ": ("[bptt]", "[[sequence]]\nx = [1, 2]\n[bptt]", ["sequence[2].x: expected 2 inputs a step, as in the first sequence, found 1"]),
    "unknown scheme": ('"full"', '"ful"', [f'bptt.scheme: expected {FORMS}, found "ful"; did you mean full?']),
    "scheme without its numbers": ('"full"', '"tbptt(2)"', [f'bptt.scheme: expected {FORMS}, found "tbptt(2)"; did you mean tbptt(k1,k2)?']),
    "scheme of nothing": ('"full"', '"block(0)"', [f'bptt.scheme: expected {FORMS}, found "block(0)"; did you mean block(k)?']),
    "scheme is a number": ('"full"', "3", ["bptt.scheme: expected a text, found 3"]),
    "scheme and k1": ('"full"', '"full"\nk1 = 2', ["bptt.k1: expected either a scheme or k1 and k2, found 2"]),
    "k1 without k2": ('scheme = "full"', "k1 = 2", ["bptt.k2: expected a whole number of at least 1, found nothing"]),
    "k1 is zero": ('scheme = "full"', "k1 = 0\nk2 = 2.5", ["bptt.k1: expected a whole number of at least 1, found 0", "bptt.k2: expected a whole number of at least 1, found 2.5"]),
    "unknown option": ('"full"', '"full"\ninject = "some"', ['bptt.inject: expected new, all or last, found "some"']),
    "option against the scheme": ('"full"', '"naive-split(3)"\nstate = "carry"', ['bptt.state: expected reset, as naive-split(3) has it, found "carry"']),
    "clipping at nothing": ('"full"', '"full"\nclip_norm = 0\nclip_value = "x"', ["bptt.clip_norm: expected a number above 0, found 0", 'bptt.clip_value: expected a number above 0, found "x"']),
    "unknown key in bptt": ('"full"', '"full"\ninjekt = "new"', ["bptt.injekt: expected one of the keys scheme, k1, k2, windows, inject, tail, state, weights, update, empty, reduction, clip_norm or clip_value, found an unknown key; did you mean inject?"]),
    "setting of another optimizer": ("learning_rate = 0.1", "momentum = 0.9", ["update.momentum: expected one of the keys optimizer, epochs, frozen, from or learning_rate, found an unknown key"]),
    "setting out of bounds": ('optimizer = "sgd"', 'optimizer = "adam"\nbeta1 = 1.0\nepsilon = 0', ["update.beta1: expected a number from 0 to below 1, found 1", "update.epsilon: expected a number above 0 and below 1, found 0"]),
    "unknown optimizer": ('"sgd"', '"sdg"', ['update.optimizer: expected adagrad, adam, adamw, momentum, momentum-decay, nesterov, rmsprop, sgd or sgd-decay, or the path of a .toml file, found "sdg"; did you mean sgd?']),
    "rate is text": ("learning_rate = 0.1", 'learning_rate = "fast"', ['update.learning_rate: expected a finite number, found "fast"']),
    "no epochs": ("learning_rate = 0.1", "epochs = 0", ["update.epochs: expected a whole number of at least 1, found 0"]),
    "part of an epoch": ("learning_rate = 0.1", "epochs = 1.5", ["update.epochs: expected a whole number of at least 1, found 1.5"]),
    "frozen is text": ("learning_rate = 0.1", 'frozen = "W_f"', ['update.frozen: expected a list of parameters, found "W_f"']),
    "unknown frozen": ("learning_rate = 0.1", 'frozen = ["W_x", 3]', ['update.frozen[1]: expected a parameter, found "W_x"; did you mean W_o?', "update.frozen[2]: expected a parameter, found 3"]),
    "not TOML": ("title =", "title ==", ["expected TOML, found an error: Invalid value (at line 9, column 8)"]),
    "key twice": ("U_f = 0.1", "U_f = 0.1\nU_f = 0.2", ["expected TOML, found an error: Cannot overwrite a value (at line 17, column 10)"]),
    "nested too deep": ("title =", "deep = " + "[" * 5000 + "\ntitle =", ["expected TOML, found an error: tables nested too deep"]),
    "control characters in a key": ("title =", '"a\\n\\u001b[31mb" = 1\ntitle =', [f"a [31mb: expected one of the keys {KEYS}, found an unknown key"]),
    "several mistakes": ("[0.7, 0.45]\nU_f = 0.1", '[0.7]\nU_f = "x"\nfoo = 1', [f"parameters.foo: expected a parameter of lstm with identity ({PARAMETERS}), found an unknown key", "parameters.W_f: expected 2 finite numbers, one for each input, found a list of 1", 'parameters.U_f: expected a finite number, found "x"']),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("command", ["table", "workbook"])
def test_every_mistake_is_one_line_and_nothing_is_written(
    case: str, command: str, run: Run, tmp_path: Path
) -> None:
    old, new, expected = BROKEN[case]
    assert old in GOOD
    problem = tmp_path / "bad.toml"
    problem.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    output = tmp_path / "out.xlsx"
    output.write_bytes(b"precious")
    result = run(command, problem, "-o", output, "--force")
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = [f"Error: {problem}: {line}" for line in expected]
    assert result.stderr.splitlines() == lines
    assert output.read_bytes() == b"precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.toml", "out.xlsx"]


def test_an_empty_file_lists_all_that_is_missing(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "empty.toml"
    path.write_text("")
    result = run("table", path)
    expected = [
        "sequence: expected at least one [[sequence]], found nothing",
        MISSING[0] + HINT,
        *MISSING[1:],
    ]
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [f"Error: {path}: {line}" for line in expected]


CSV = {
    "wrong columns": ("x1,x3,target\n1,2,3\n", "line 1: expected the columns x (or x1, x2, …) and target, or others by columns = {x = …}, found x1, x3, target"),
    "misspelled target": ("x1,x2,tarqet\n1,2,3\n", "line 1: expected the columns x (or x1, x2, …) and target, or others by columns = {x = …}, found x1, x2, tarqet; did you mean target?"),
    "short row": ("x1,x2,target\n\n1,2\n", "line 3: expected 3 values, found 2"),
    "text": ("x1,x2,target\n1,b,3\n", 'line 2, x2: expected a number, found "b"'),
    "empty input": ("x1,x2,target\n1,,3\n", "line 2, x2: expected a number, found an empty text"),
    "empty file": ("", "line 1: expected the columns x (or x1, x2, …) and target, or others by columns = {x = …}, found nothing"),
    "header only": ("x1,x2,target\n", "expected at least one step below the header, found none"),
}  # fmt: skip


@pytest.mark.parametrize("case", CSV)
def test_mistakes_in_a_csv_file_name_its_line(case: str, run: Run, tmp_path: Path) -> None:
    text, expected = CSV[case]
    (tmp_path / "series.csv").write_text(text)
    problem = tmp_path / "bad.toml"
    problem.write_text(GOOD.replace(DATA, 'csv = "series.csv"\n'), encoding="utf-8")
    result = run("table", problem)
    place = f"series.csv: {expected}"
    if case == "header only":
        place = f"{problem}: sequence[1].csv: {expected} (series.csv)"
    assert (result.exit_code, result.stderr) == (2, f"Error: {place}\n")


def test_a_csv_file_gives_the_same_as_lists(tmp_path: Path) -> None:
    (tmp_path / "series.csv").write_text("\ufeffx2, x1 ,target\n2,1,0.5\n3,0.5,\n")
    (tmp_path / "p.toml").write_text(GOOD.replace(DATA, 'csv = "series.csv"\n'), encoding="utf-8")
    sequence = load(tmp_path / "p.toml").specification.sequences[0]
    assert sequence.inputs == ((1.0, 0.5), (2.0, 3.0))
    assert sequence.targets is not None
    assert sequence.targets[0] == 0.5 and math.isnan(sequence.targets[1])


@pytest.mark.parametrize("header", ["x", "x1"])
def test_a_csv_file_with_one_input_calls_it_x(header: str, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(f"{header}\n1\n2\n")
    text = "[parameters]\nrandom = {seed = 1}\n[[sequence]]\ncsv = 's.csv'\n"
    specification = read_specification(text, "p.toml", tmp_path)
    assert specification.features == 1 and specification.loss is None
    assert "W_f" in specification.parameters


def test_files_that_cannot_be_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes('title = "é"'.encode("latin-1"))
    cases = {
        tmp_path / "latin.toml": "expected text in UTF-8, found another encoding (byte 10)",
        tmp_path: "expected a file, found a folder",
        tmp_path / "none.toml": "expected a file, found nothing there",
        "gomze": "expected a file, or the name of an example (cellcalc templates examples lists them), found neither; did you mean gomez?",
    }  # fmt: skip
    for path, expected in cases.items():
        result = run("table", path)
        assert (result.exit_code, result.stderr) == (2, f"Error: {path}: {expected}\n")


def test_defaults_fill_what_is_left_out() -> None:
    text = "[parameters]\nrandom = {seed = 7, scale = 0.5}\n[[sequence]]\nx = [1, 2]\ntarget = [1, nan]\n"
    s = read_specification(text, "lesson.toml", Path())
    assert (s.title, s.cell.name, s.readout.name, s.scheme.name) == (
        "lesson",
        "lstm",
        "identity",
        "full",
    )
    assert s.loss is not None and s.loss.name == "half-squared"
    assert (s.update.learning_rate, s.update.epochs, s.update.frozen) == (0.1, 1, ())
    assert s.initial == {"h": 0.0, "c": 0.0}
    assert all(0 < abs(value) <= 0.5 for value in s.parameters.values())
    assert len(set(s.parameters.values())) == 12


def test_random_parameters_do_not_depend_on_those_given() -> None:
    text = "[parameters]\nU_f = 0.3\nrandom = {seed = 7}\n[[sequence]]\nx = [1]\n"
    some = read_specification(text, "p.toml", Path()).parameters
    every = read_specification(text.replace("U_f = 0.3\n", ""), "p.toml", Path()).parameters
    assert some == {**every, "U_f": 0.3}
    with pytest.raises(InputError):
        read_specification(text.replace("random = {seed = 7}\n", ""), "p.toml", Path())


def test_frozen_names_a_whole_vector_or_one_weight() -> None:
    text = GOOD.replace("learning_rate = 0.1", 'frozen = ["W_f", "W_i2", "b_o"]')
    frozen = read_specification(text, "p.toml", Path()).update.frozen
    assert frozen == ("W_f1", "W_f2", "W_i2", "b_o")


def test_standard_input_is_a_problem_too(run: Run) -> None:
    result = run("table", "-", "--symbols", "c", "--pass", "forward", stdin=GOOD)
    assert result.exit_code == 0 and "c    0.00000  0.78573  1.51763" in result.stdout
    result = run("table", "-", stdin="x = 1")
    assert result.exit_code == 2 and result.stderr.startswith("Error: -: x: expected one of the")


def test_a_title_from_a_file_cannot_write_escapes_to_the_terminal(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(GOOD.replace('title = "Back', 'title = "\\u001b[31m\\nBack'), encoding="utf-8")
    assert run("table", path).stdout.startswith("[31m Backpropagating")


def test_what_is_drawn_can_be_drawn_anew() -> None:
    text = "[parameters]\nrandom = {seed = 3, scale = 0.2}\nW_f = [1, 2]\nb_o = 0\n[[sequence]]\nx = [[1, 2]]\n"
    first = read_specification(text, "drawn.toml", Path())
    assert first.drawn is not None and first.drawn.scale == 0.2
    assert set(first.parameters) - first.drawn.names == {"W_f1", "W_f2", "b_o"}
    again = read_specification(text.replace("seed = 3", "seed = 8"), "drawn.toml", Path())
    assert redrawn(first, 3).items() <= first.parameters.items()
    assert {**first.parameters, **redrawn(first, 8)} == again.parameters
    given = read_specification(GOOD, "gomez.toml", Path())
    assert given.drawn is None and redrawn(given, 8) == {}


def test_a_problem_without_a_parameter_is_refused(tmp_path: Path, run: Run) -> None:
    (tmp_path / "own.toml").write_text(
        '[state]\nh = 1.0\n[[equation]]\nsymbol = "h"\nformula = "h[t-1]/2"\n'
    )
    problem = tmp_path / "p.toml"
    problem.write_text('cell = "own.toml"\n[[sequence]]\nx = [1]\n')
    expected = "parameters: expected a cell or readout that has a parameter, found none"
    assert run("table", problem).stderr == f"Error: {problem}: {expected}\n"
