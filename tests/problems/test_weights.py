"""Parameters from files: the arrays of four frameworks, against what these frameworks compute."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cellcalc.api import Problem
from cellcalc.errors import InputError
from cellcalc.problems import weights
from cellcalc.problems.specification import read_specification
from cellcalc.problems.weights import MAX_UNPACKED
from tests.support.command import Run
from tests.support.oracles import REQUIRED
from tests.support.paths import PUBLISHED, ROOT

LAYOUTS = json.loads((PUBLISHED / "layouts.json").read_text())
PEEPHOLES = "".join(
    f'[[equation]]\nsymbol = "{symbol}"\nformula = "{formula}"\n'
    for symbol, formula in {
        "z_f": "W_f @ x + U_f*h[t-1] + p_f*c[t-1] + b_f",
        "z_i": "W_i @ x + U_i*h[t-1] + p_i*c[t-1] + b_i",
        "z_g": "W_g @ x + U_g*h[t-1] + b_g",
        "c": "sigmoid(z_f)*c[t-1] + sigmoid(z_i)*tanh(z_g)",
        "z_o": "W_o @ x + U_o*h[t-1] + p_o*c + b_o",
        "h": "sigmoid(z_o)*tanh(c)",
    }.items()
)


def problem(
    folder: Path, parameters: str, cell: str = "lstm", x: Any = None, readout: str = "identity"
) -> Problem:
    x = LAYOUTS["x"] if x is None else x
    text = f"""\
cell = "{cell}"
readout = "{readout}"
initial = {{h = {LAYOUTS["h0"]}, c = {LAYOUTS["c0"]}}}
[parameters]
{parameters}
[[sequence]]
x = {x!r}
target = {[0.1] * len(x)!r}
"""
    return Problem.of(read_specification(text, "p.toml", folder))


def peephole_cell(folder: Path) -> str:
    kinds = [f'W_{k} = "input"\nU_{k} = "scalar"\nb_{k} = "scalar"' for k in "figo"]
    kinds += [f'p_{k} = "scalar"' for k in "fio"]
    head = 'output = "h"\n[parameters]\n' + "\n".join(kinds) + "\n[state]\nh = 0\nc = 0\n"
    (folder / "peepholes.toml").write_text(head + PEEPHOLES)
    return "peepholes.toml"


def save(folder: Path, arrays: dict[str, Any], ending: str) -> str:
    """The arrays as a file of weights."""
    path = folder / f"weights{ending}"
    if ending == ".npz":
        np.savez(path, **{name: np.array(a) for name, a in arrays.items()})
    elif ending == ".json":
        path.write_text(json.dumps(arrays))
    else:
        rows = [f"{n},{v!r}" for n, a in arrays.items() for v in np.ravel(a).tolist()]
        path.write_text("\n".join(["name,value", *rows]) + "\n")
    return path.name


@pytest.mark.parametrize("ending", [".npz", ".json", ".csv"])
@pytest.mark.parametrize("name", ["flax", "keras", "onnx", "onnx-peepholes"])
def test_a_framework_s_weights_give_its_own_outputs(name: str, ending: str, tmp_path: Path) -> None:
    case = LAYOUTS[name]
    file = save(tmp_path, case["arrays"], ending)
    layout = name.partition("-")[0]
    cell = peephole_cell(tmp_path) if "P" in case["arrays"] else "lstm"
    trace = problem(tmp_path, f'from = "{file}"\nlayout = "{layout}"', cell).run()
    np.testing.assert_allclose(trace["h"], case["h"], rtol=0, atol=1e-15)
    assert case["c"][-1] is not None
    np.testing.assert_allclose(trace["c"][-1], case["c"][-1], rtol=0, atol=1e-15)


def test_onnx_has_two_biases_too(tmp_path: Path) -> None:
    """Kept apart where the cell has both; a cell with one takes their sum (above)."""
    case = LAYOUTS["onnx"]
    file = save(tmp_path, case["arrays"], ".npz")
    made = problem(tmp_path, f'from = "{file}"\nlayout = "onnx"', "lstm-two-biases")
    parameters, b = made.specification.parameters, case["arrays"]["B"][0]
    assert [parameters[f"b_{k}"] for k in "iofg"] == b[:4]
    assert [parameters[f"r_{k}"] for k in "iofg"] == b[4:]
    np.testing.assert_allclose(made.run()["h"], case["h"], rtol=0, atol=1e-15)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("cell", ["lstm", "lstm-two-biases"])
def test_a_pytorch_state_dict_gives_pytorch_s_outputs(
    cell: str, bias: bool, tmp_path: Path
) -> None:
    if REQUIRED:
        import torch
    else:
        torch = pytest.importorskip("torch")
    torch.manual_seed(5)
    lstm = torch.nn.LSTM(2, 1, bias=bias, dtype=torch.float32)
    arrays = {f"model.lstm.{k}": v.numpy() for k, v in lstm.state_dict().items()}
    np.savez(tmp_path / "weights.npz", **arrays, **{"model.fc.weight": np.ones((3, 1))})
    text = 'from = "weights.npz"\nlayout = "pytorch"\nprefix = "model.lstm."'
    made = problem(tmp_path, text, cell)
    lstm = lstm.double()
    h0, c0 = (torch.tensor([[LAYOUTS[k]]], dtype=torch.float64) for k in ("h0", "c0"))
    with torch.no_grad():
        h, _ = lstm(torch.tensor(LAYOUTS["x"], dtype=torch.float64), (h0, c0))
    np.testing.assert_allclose(made.run()["h"], h[:, 0].numpy(), rtol=0, atol=1e-15)
    if cell == "lstm-two-biases" and bias:
        names = [f"{letter}_{k}" for letter in "br" for k in "ifgo"]
        given = [v for k in ("bias_ih_l0", "bias_hh_l0") for v in arrays[f"model.lstm.{k}"]]
        parameters = made.specification.parameters
        assert [parameters[name] for name in names] == [float(v) for v in given]


OWN = {f"{p}_{k}": 0.1 * n for n, (p, k) in enumerate((p, k) for p in "Ub" for k in "figo")}


@pytest.mark.parametrize("ending", [".npz", ".json", ".csv"])
def test_own_names_need_no_layout(ending: str, tmp_path: Path) -> None:
    own = {**OWN, "W_f": [0.5, -0.25], "W_i": [0.75, 2.0], "W_o": [1.0, 4.0]}
    file = save(tmp_path, {**own, "W_g1": 0.125, "W_g2": [8.0]}, ending)
    parameters = problem(tmp_path, f'from = "{file}"').specification.parameters
    assert (parameters["W_f1"], parameters["W_f2"]) == (0.5, -0.25)
    assert (parameters["W_g1"], parameters["W_g2"]) == (0.125, 8.0)
    assert parameters["b_o"] == OWN["b_o"]


def test_what_the_table_prints_can_be_read_again(run: Run, tmp_path: Path) -> None:
    """Train, print as JSON, and go on from the trained parameters."""
    trained = run("table", "gomez", "--pass", "update", "--format", "json", "-o",
                  tmp_path / "trained.json")  # fmt: skip
    assert trained.exit_code == 0
    parameters = problem(tmp_path, 'from = "trained.json"').specification.parameters
    final = json.loads((tmp_path / "trained.json").read_text())["parameters"]["final"]
    assert dict(parameters) == final
    assert final["W_f1"] == pytest.approx(0.70032, abs=5e-6)


def test_a_key_beside_the_file_goes_before_it_and_what_is_in_neither_is_drawn(
    tmp_path: Path,
) -> None:
    file = save(tmp_path, LAYOUTS["keras"]["arrays"], ".npz")
    text = (
        f'from = "{file}"\nlayout = "keras"\nb_f = 7\nW_o = [1, 2]\nV = 0.5\nrandom = {{seed = 1}}'
    )
    parameters = problem(tmp_path, text, readout="linear").specification.parameters
    kernel = LAYOUTS["keras"]["arrays"]["kernel"]
    assert (parameters["b_f"], parameters["W_o1"], parameters["W_o2"]) == (7.0, 1.0, 2.0)
    assert (parameters["W_i1"], parameters["W_i2"]) == (kernel[0][0], kernel[1][0])
    assert parameters["V"] == 0.5
    assert 0 < abs(parameters["b_y"]) <= 0.5


def test_keras_weights_by_position(tmp_path: Path) -> None:
    arrays = list(LAYOUTS["keras"]["arrays"].values())
    np.savez(tmp_path / "a.npz", *map(np.array, arrays))
    (tmp_path / "a.json").write_text(json.dumps(arrays))
    first, second = (
        problem(tmp_path, f'from = "a{ending}"\nlayout = "keras"').specification.parameters
        for ending in (".npz", ".json")
    )
    assert first == second
    assert first["U_o"] == LAYOUTS["keras"]["arrays"]["recurrent_kernel"][0][3]


def test_a_nested_flax_tree_from_json(tmp_path: Path) -> None:
    tree: dict[str, Any] = {}
    for name, array in LAYOUTS["flax"]["arrays"].items():
        gate, part = name.split("/")
        tree.setdefault(gate, {})[part] = array
    (tmp_path / "w.json").write_text(json.dumps({"params": {"LSTMCell_0": tree}}))
    trace = problem(tmp_path, 'from = "w.json"\nlayout = "flax"').run()
    np.testing.assert_allclose(trace["h"], LAYOUTS["flax"]["h"], rtol=0, atol=1e-15)


def test_every_layout_fills_every_parameter_of_the_lstm_once() -> None:
    own = [f"{p}_{k}" for p in "Ub" for k in "figo"] + [f"W_{k}{n}" for k in "figo" for n in "123"]
    for name in weights.layout_names():
        rows = weights.layout_rows(weights.load_layout(name), own, 3)
        filled = [element for row in rows.values() for element in row]
        if name != "onnx":  # its array of biases holds both, and so is not one of this cell's
            assert sorted(filled) == sorted(own)


def arrays_like(name: str, **changes: Any) -> dict[str, Any]:
    arrays = {k: np.array(a) for k, a in LAYOUTS[name]["arrays"].items()}
    return {k: v for k, v in {**arrays, **changes}.items() if v is not None}


MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    "hidden size": (
        arrays_like("keras", kernel=np.ones((2, 12))), "keras",
        "w.npz: kernel: expected 2 × 4 numbers (one hidden unit, 2 inputs), found 2 × 12 "
        "(hidden size 3)",
    ),
    "inputs": (
        arrays_like("keras", kernel=np.ones((3, 4))), "keras",
        "w.npz: kernel: expected 2 × 4 numbers (one hidden unit, 2 inputs), found 3 × 4",
    ),
    "missing": (
        arrays_like("keras", recurrent_kernel=None), "keras",
        "w.npz: recurrent_kernel: expected 1 × 4 numbers (one hidden unit), found no array of "
        "that name",
    ),
    "unknown": (
        arrays_like("keras", biass=np.ones(4)), "keras",
        "w.npz: biass: expected an array of layout keras (kernel, arr_0, recurrent_kernel, "
        "arr_1, bias or arr_2), found an unknown one; did you mean bias?",
    ),
    "two layers": (
        arrays_like("onnx", **{"a.R": np.ones((1, 4, 1))}), "onnx",
        "w.npz: R: expected one array of that name, found R and a.R; choose with prefix = …",
    ),
    "no such parameter": (
        arrays_like("onnx", P=np.array([[0.0, 0.25, 0.0]])), "onnx",
        "w.npz: P: expected 0, since the cell has no parameter p_o, found 0.25",
    ),
    "text": (
        arrays_like("keras", bias=np.array(["a", "b", "c", "d"])), "keras",
        "w.npz: bias: expected an array of real numbers, found one of type <U1",
    ),
    "complex": (
        arrays_like("keras", bias=np.ones(4) * 1j), "keras",
        "w.npz: bias: expected an array of real numbers, found one of type complex128",
    ),
    "objects": (
        arrays_like("keras", bias=np.array([print] * 4)), "keras",
        "w.npz: bias: expected an array of real numbers, found one of type object",
    ),
    "not finite": (
        arrays_like("keras", bias=np.array([1.0, np.nan, 1.0, 1.0])), "keras",
        "w.npz: bias: expected finite numbers, found one that is not",
    ),
    "own name": (
        {"W_x": np.ones(2)}, "",
        "w.npz: W_x: expected a parameter (W_f, U_f, b_f, W_i, U_i, b_i, W_g, U_g, b_g, W_o, U_o "
        "or b_o), or layout = …, found an unknown name; did you mean W_o?",
    ),
    "own length": ({"W_f": np.ones(3)}, "", "w.npz: W_f: expected 2 numbers, found 3"),
    "own twice": (
        {"W_f": np.ones(2), "W_f2": np.ones(1)}, "",
        "w.npz: W_f2: expected each number once, found W_f2 twice",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_one_line(name: str, tmp_path: Path) -> None:
    arrays, layout, message = MISTAKES[name]
    np.savez(tmp_path / "w.npz", **arrays)
    text = 'from = "w.npz"' + (f'\nlayout = "{layout}"' if layout else "")
    with pytest.raises(InputError) as error:
        problem(tmp_path, text)
    assert error.value.lines == (message,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('from = "w.pk"', "p.toml: parameters.from: expected a file of weights: .npz, .json, .csv or "
                          ".safetensors, found .pk (w.pk)"),
        ('from = "no.npz"', "p.toml: parameters.from: expected a file, found nothing there "
                            "(no.npz)"),
        ('from = "w.csv"\nlayout = "kerass"',
         'p.toml: parameters.layout: expected flax, keras, onnx, pytorch or tf1, found "kerass"; '
         "did you mean keras?"),
        ('layout = "keras"', 'p.toml: parameters.layout: expected from = "weights.npz" beside it, '
                             'or nothing here, found "keras"'),
        ('from = "w.csv"', "w.csv: line 3: expected a name and a number, found 3 values"),
        ('from = "w.json"', "w.json: U_f: expected rows of the same length, found rows of several"),
        ('from = "w.json"\nprefix = "lstm"',
         "p.toml: parameters.from: expected arrays whose names begin with lstm., found b_f (w.json)"),
        ('from = "text.json"', 'text.json: U_f: expected a number, or lists of numbers, found "1"'),
        ('from = "bad.npz"', "p.toml: parameters.from: expected an archive made by numpy.savez, "
                             "found an error: File is not a zip file (bad.npz)"),
    ],
)  # fmt: skip
def test_mistakes_about_the_file(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("name,value\nW_f,1\nW_f,1,2\n")
    json_text = '{"U_f": [[1], [2, 3]]}' if "prefix" not in text else '{"b_f": 1}'
    (tmp_path / "w.json").write_text(json_text)
    (tmp_path / "text.json").write_text('{"U_f": ["1"]}')
    (tmp_path / "bad.npz").write_text("no archive")
    (tmp_path / "w.pt").write_text("")
    with pytest.raises(InputError) as error:
        problem(tmp_path, text + "\nrandom = {seed = 1}")
    assert message in error.value.lines


def npz(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as package:
        for name, contents in members.items():
            package.writestr(name, contents)
    return file.getvalue()


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


HOSTILE = {
    "bomb": (npz({"a.npy": bytes(MAX_UNPACKED + 10)}), "at most 8 MB when unpacked, found more"),
    "giant": (
        npz({"a.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (10**12,), }")}),
        "expected an array of real numbers, found",
    ),
    "giant in digits": (
        npz({"a.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (9000000000,), }")}),
        "a header that announces 9000000000 numbers, and fewer of them",
    ),
    "pickle": (npz({"a.npy": b"\x80\x04cos\nsystem\n"}), "expected an array of real numbers"),
    "header": (npz({"a.npy": npy("__import__('os')")}), "expected an array of real numbers"),
    "open header": (npz({"a.npy": npy("{'descr': '<f8', 'shape': (3, ")}), "an error: "),
    "many": (npz({f"{k}.npy": b"" for k in range(1001)}), "at most 1000 arrays, found 1001"),
    "truncated": (npz({"a.npy": npy("{}")})[:40], "an archive made by numpy.savez"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused(name: str, tmp_path: Path) -> None:
    contents, message = HOSTILE[name]
    (tmp_path / "w.npz").write_bytes(contents)
    with pytest.raises(InputError) as error:
        problem(tmp_path, 'from = "w.npz"\nlayout = "keras"')
    assert len(error.value.lines) == 1
    assert message in error.value.lines[0]


@pytest.mark.parametrize("text", ["[" * 100_000, "{" * 5000, '{"a": {"a": 1}', "3", "[]", "{}"])
def test_strange_json_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "w.json").write_text(text)
    with pytest.raises(InputError) as error:
        problem(tmp_path, 'from = "w.json"')
    assert len(error.value.lines) == 1


def test_the_page_s_table_is_read(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "weights.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```toml\n\[parameters\]\n(.*?)```", page, re.S)
    arrays = {"weight_ih_l0": np.ones((4, 2)), "weight_hh_l0": np.full((4, 1), 0.25)}
    np.savez(tmp_path / "weights.npz", **{f"lstm.{k}": a for k, a in arrays.items()})
    parameters = problem(tmp_path, text).specification.parameters
    assert [parameters[k] for k in ("W_g2", "U_o", "b_f", "b_i")] == [1.0, 0.25, 1.5, 0.0]


def test_every_layout_is_on_the_page() -> None:
    page = (ROOT / "docs" / "weights.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in page for name in weights.layout_names())


@pytest.mark.parametrize("header", [b"{'shape': (4, 1)} SECRET", b"{'descr': 'SECRET'}", b"SECRET"])
def test_a_message_quotes_no_header_of_an_array(header: bytes, tmp_path: Path) -> None:
    array = b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little") + header + b"\n"
    with zipfile.ZipFile(tmp_path / "w.npz", "w") as file:
        file.writestr("weight_ih_l0.npy", array)
    problem = '[parameters]\nfrom = "w.npz"\n[[sequence]]\nx = [1]\ntarget = [1]\n'
    with pytest.raises(InputError, match="expected an array of real numbers") as caught:
        read_specification(problem, "p.toml", tmp_path)
    assert "SECRET" not in str(caught.value)
