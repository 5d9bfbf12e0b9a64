"""One measurement in a process of its own: ``python -m benchmarks.child KEY``; prints JSON.

Time is processor time, of this process and those that it starts: what else the machine does
counts little. Memory is the most that was resident at once.
"""

from __future__ import annotations

import json
import resource
import sys

from benchmarks.problems import MissingError
from benchmarks.tasks import TASKS


def _seconds() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def main(key: str) -> None:
    task = TASKS[key]
    try:
        work = task.prepare()
    except MissingError as reason:
        print(json.dumps({"missing": str(reason)}))
        return
    times, size = [], None
    for _ in range(task.repeats + (task.repeats > 1)):
        start = _seconds()
        result = work()
        times.append(_seconds() - start)
        size = result if isinstance(result, int) else None
        del result  # it is not to take memory while the next is made
    times = times[1:] or times  # the first of several warms up
    who = resource.RUSAGE_CHILDREN if task.group in ("Export", "Start") else resource.RUSAGE_SELF
    peak = resource.getrusage(who).ru_maxrss / 1024
    print(json.dumps({"times": times, "peak": peak, "size": size}))


if __name__ == "__main__":
    main(sys.argv[1])
