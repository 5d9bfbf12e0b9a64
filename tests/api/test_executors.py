"""Experiments in other processes, on a cluster, and after an interruption: the same rows."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

import pytest

import cellcalc
from tests.support.command import Run
from tests.support.oracles import module
from tests.support.paths import ROOT

HAS_MPI = which("mpiexec") is not None and find_spec("mpi4py") is not None
NAMES = ["full", "tbptt(5,5)", "tbptt(1,4)"]
DESIGN: dict[str, Any] = {"epochs": (2, 4), "rates": (0.1, 0.02), "seeds": 2}


@pytest.fixture(scope="module")
def alone() -> list[Any]:
    return cellcalc.load("echo").experiment(NAMES, **DESIGN)


def test_processes_and_threads_give_the_same_rows(alone: list[Any]) -> None:
    assert len(alone) == 12
    for kind in (ProcessPoolExecutor, ThreadPoolExecutor):
        with kind(2) as pool:
            assert cellcalc.load("echo").experiment(NAMES, executor=pool, **DESIGN) == alone


@pytest.mark.filterwarnings("ignore")
@pytest.mark.cases(1)
@pytest.mark.parametrize("processes", [False, True])
def test_a_cluster_of_dask_gives_the_same_rows(processes: bool, alone: list[Any]) -> None:
    distributed = module("distributed")
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(**settings, processes=processes) as cluster,
        distributed.Client(cluster) as client,
    ):
        rows = cellcalc.load("echo").experiment(NAMES, executor=client.get_executor(), **DESIGN)
    assert rows == alone


@pytest.mark.cases(0)
@pytest.mark.skipif(not HAS_MPI, reason="there is no mpiexec with mpi4py")
def test_processes_of_mpi_give_the_same_rows(tmp_path: Path, alone: list[Any]) -> None:
    (tmp_path / "work.py").write_text(
        "import pickle, sys, cellcalc\n"
        "from mpi4py.futures import MPIPoolExecutor\n"
        "if __name__ == '__main__':\n"
        "    with MPIPoolExecutor(2) as pool:\n"
        f"        rows = cellcalc.load('echo').experiment({NAMES!r}, executor=pool, **{DESIGN!r})\n"
        "    pickle.dump(rows, open(sys.argv[1], 'wb'))\n",
        encoding="utf-8",
    )
    program = [sys.executable, "-m", "mpi4py.futures", "work.py", "rows"]
    as_root = ["--allow-run-as-root", "--oversubscribe"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        ["mpiexec", *as_root, "-n", "3", *program], cwd=tmp_path, env=environment, check=True
    )
    assert pickle.loads((tmp_path / "rows").read_bytes()) == alone


def test_an_interrupted_experiment_goes_on_with_its_rows(alone: list[Any]) -> None:
    p, kept = cellcalc.load("echo"), []

    class StoppedError(Exception):
        pass

    def keep(row: Any) -> None:
        kept.append(row)
        if len(kept) == 6:
            raise StoppedError

    with pytest.raises(StoppedError):
        p.experiment(NAMES, each=keep, **DESIGN)
    again: list[Any] = []
    assert p.experiment(NAMES, done=kept, each=again.append, **DESIGN) == alone == again
    untouched = [row for row in alone if row.scheme != "tbptt(5,5)"]
    marked = [_marked(row) for row in untouched]
    found = p.experiment(NAMES, done=marked, **DESIGN)
    assert [row.updates for row in found if row.scheme == "full"] == [-1] * 4  # not run again
    assert [row for row in found if row.scheme == "tbptt(5,5)"] == alone[4:8]


def _marked(row: Any) -> Any:
    from dataclasses import replace

    return replace(row, updates=-1)


def test_numbers_may_stand_alone() -> None:
    p = cellcalc.load("echo")
    one = p.experiment("full", epochs=2, rates=0.1, seeds=2)
    assert one == p.experiment(["full"], epochs=[2], rates=[0.1], seeds=2)
    assert [r.scheme for r in p.experiment(k1=3, k2=(3, 6), epochs=1, seeds=1)] == [
        "tbptt(3,3)", "tbptt(3,6)",
    ]  # fmt: skip


def test_jobs_of_the_command_give_the_same_table(run: Run) -> None:
    command = ["experiment", "echo", "--k1", "3,6", "--k2", "6", "--epochs", "2", "--seeds", "2"]
    one, two = run(*command, "-f", "csv"), run(*command, "-f", "csv", "--jobs", "2")
    assert one.exit_code == two.exit_code == 0
    assert one.stdout == two.stdout and one.stdout.count("\n") == 3
