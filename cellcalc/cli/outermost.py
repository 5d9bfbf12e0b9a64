"""What stands around every command: signals, broken streams, and errors that nobody foresaw.

Exit status 1 is for a check that found something. Whatever goes wrong with a command itself is 2,
so that no marker books it as a student's mistake. It stands apart from the commands, which need
know nothing of it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from errno import EAGAIN, EBADF, EFBIG, EINVAL, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC
from typing import Any

import click

from cellcalc.cli.group import Commands, nowhere
from cellcalc.errors import printable
from cellcalc.resources import sentence

TROUBLE = 2
INTERRUPTED = 130  # as shells have it: 128 and the number of the signal
CLOSED = 141
DEBUG = "--debug"
LAST = b"Error: expected memory enough to tell what is wrong, found too little\n"
# What click raises where a group without a command shows its help; it has it since 8.2.
HELP: type[click.UsageError] | tuple[()] = getattr(click.exceptions, "NoArgsIsHelpError", ())
# Those that end a process where nothing is said of them: from a terminal, a system that shuts down,
# or one that hands out time on machines. Windows has the last, of its own.
ENDING = ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGXCPU", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGBREAK")
STREAM_ERRORS = (ENOSPC, EFBIG, EIO, EBADF, EINVAL)
SCARCE = (
    EMFILE,
    ENFILE,
    EAGAIN,
    ENOMEM,
)  # what a system may run out of, or an account may not have


class Outermost(Commands):
    """The group of all commands."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and exit; without ``standalone_mode`` as click has it."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, False, **extra)
        given = list(sys.argv[1:] if args is None else args)
        options = given[: given.index("--")] if "--" in given else given
        debug = DEBUG in options
        if debug:
            given.remove(DEBUG)
        # Nothing here multiplies matrices: no memory is set aside for threads that would. Where
        # there is little of it, numpy ends the process without them, and with status 1.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        with ended_by_signals():
            try:
                status = self._status(given, prog_name, complete_var, debug, extra)
            except Exception:  # there is not even enough memory to tell what is wrong
                with suppress(Exception):
                    os.write(2, LAST)
                status = TROUBLE
        sys.exit(status)

    def _status(
        self,
        args: list[str],
        prog_name: str | None,
        complete_var: str | None,
        debug: bool,
        extra: dict[str, Any],
    ) -> int:
        """The exit status, after what there is to be said."""
        try:
            status = super().main(args, prog_name, complete_var, False, **extra)
            if sys.stdout is not None:
                sys.stdout.flush()
        except click.UsageError as error:
            if error.ctx is None or isinstance(error, HELP):
                error.show()
            else:  # of a group of commands, which stands before the command's own options
                from cellcalc.cli.usage import of_parser

                _say(f"Error: {of_parser(error, error.ctx.command, error.ctx.command_path)}")
            return TROUBLE
        except click.ClickException as error:
            error.show()
            return error.exit_code
        except (click.Abort, KeyboardInterrupt) as error:
            if isinstance(error.__context__, EOFError):
                _say(f"Error: {sentence('trouble', 'no_answer')}")
                return TROUBLE
            _say("\nInterrupted")
            return INTERRUPTED
        except MemoryError:
            _say(f"Error: {sentence('trouble', 'memory')}")
            return TROUBLE
        except BrokenPipeError:  # the reader has seen enough
            nowhere(sys.stdout)
            return CLOSED
        except Exception as error:
            if isinstance(error, OSError) and error.errno in STREAM_ERRORS:
                nowhere(sys.stdout)
                _say(f"Error: {sentence('trouble', 'output', found=os.strerror(error.errno))}")
            elif isinstance(error, OSError) and error.errno in SCARCE and not debug:
                found = os.strerror(error.errno)
                _say(f"Error: {sentence('trouble', 'scarce', found=found)}")
            else:
                _say(told(error, debug))
            return TROUBLE
        return status if isinstance(status, int) else 0


def told(error: Exception, debug: bool) -> str:
    """What is said of an error that nobody foresaw: one line, or with ``debug`` the traceback."""
    import traceback
    from pathlib import Path

    if debug:
        return "".join(traceback.format_exception(error)).rstrip()
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "cellcalc" in Path(frame.filename).parts] or frames
    where = f"{Path(own[-1].filename).name}, line {own[-1].lineno}" if own else "an unknown place"
    what = printable(f"{type(error).__name__}: {error}")[:200]
    return f"Error: {sentence('trouble', 'mistake', what=what, where=where)}"


def _say(line: str) -> None:
    with suppress(OSError, ValueError):  # nobody is there to be told
        click.echo(line, err=True)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let the signals that end a process pass through what cleans up behind it.

    Those that are ignored, as under nohup, stay so.
    """

    def end(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # a second one ends it at once
        raise SystemExit(128 + number)

    import threading

    changed = []
    in_main = threading.current_thread() is threading.main_thread()
    for name in ENDING:
        number = getattr(signal, name, None)
        if number is not None and in_main and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end)
            changed.append(number)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)
