"""Work done by several processes, of which none can take the others with it.

It stands apart since making and marking both need it. A job that kills its process (by all of its
memory, say) is told as such, and the rest goes on; one that takes too long is stopped.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    as_completed,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any, Generic, TypeVar

from cellcalc import resources

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Done(Generic[Result]):
    """What came of a job: its result, or the reason why there is none."""

    number: int
    result: Result | None
    failed: str = ""


class TookTooLongError(BaseException):
    """A job was stopped; what handles any exception of a job does not handle this one."""


def processors() -> int:
    """How many processes may work side by side."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def each(
    work: Callable[[Job], Result],
    jobs: Sequence[Job],
    workers: int | Executor,
    seconds: float | None = None,
) -> Iterator[Done[Result]]:
    """The result of each job as it is done, in whichever order.

    ``workers`` is how many processes there are, or somebody's own executor: of other processes, or
    of other machines.

    ``work`` is a function of a module; ``seconds`` are what a job may take. Exceptions are not
    expected of it: one ends everything.
    """
    work = partial(_speaking, resources.language(), work)
    if not isinstance(workers, int):
        sent = [workers.submit(_guarded, work, k, job, seconds) for k, job in enumerate(jobs)]
        yield from (future.result() for future in as_completed(sent))
        return
    if workers <= 1 or len(jobs) <= 1:
        for number, job in enumerate(jobs):
            yield _guarded(work, number, job, seconds)
        return
    waiting = list(range(len(jobs)))
    while waiting:
        done: set[int] = set()
        for one in _pooled(work, jobs, waiting, workers, seconds):
            done.add(one.number)
            yield one
        waiting = [number for number in waiting if number not in done]
        if waiting:  # a process died: whichever job it was is found by doing them one by one
            suspects, waiting = waiting[: workers * 2], waiting[workers * 2 :]
            for number in suspects:
                alone = list(_pooled(work, jobs, [number], 1, seconds))
                yield alone[0] if alone else Done(number, None, "died")


def _pooled(
    work: Callable[[Job], Result],
    jobs: Sequence[Job],
    numbers: Sequence[int],
    workers: int,
    seconds: float | None,
) -> Iterator[Done[Result]]:
    """Those jobs that were done before a process died, if one did."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(numbers)), mp_context=context) as pool:
        ahead = iter(numbers)
        running: set[Future[Done[Result]]] = set()

        def start() -> None:
            while len(running) < 2 * workers:
                number = next(ahead, None)
                if number is None:
                    return
                running.add(pool.submit(_guarded, work, number, jobs[number], seconds))

        try:
            start()
            while running:
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                running -= finished
                for future in finished:
                    yield future.result()
                start()
        except BrokenProcessPool:
            return
        finally:
            for future in running:
                future.cancel()


def _speaking(language: str, work: Callable[[Job], Result], job: Job) -> Result:
    """A job done in the language of the process that asks for it."""
    resources.use(language)
    return work(job)


def _guarded(
    work: Callable[[Job], Result], number: int, job: Job, seconds: float | None
) -> Done[Result]:
    """A job done, and stopped if it takes too long where the system can do that."""
    has_clock = hasattr(signal, "setitimer") and (
        threading.current_thread() is threading.main_thread()
    )
    if seconds is None or not has_clock:
        return Done(number, work(job))

    def stop(_signal: int, _frame: FrameType | None) -> Any:
        raise TookTooLongError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return Done(number, work(job))
    except TookTooLongError:
        return Done(number, None, "slow")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
