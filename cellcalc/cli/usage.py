"""What is said of a command that was called wrongly: one line, as of any other trouble.

click's own messages are of several lines, and each kind has its own form. Here they say which
option or argument, what was expected and what was found, as mistakes in files do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from cellcalc.errors import OptionError, describe, did_you_mean, printable, unknown

A_PROBLEM = "a problem file, or the name of an example (cellcalc templates examples lists them)"


def of_parser(error: click.UsageError, command: click.Command, called: str) -> OptionError:
    """The mistake that made a command line unreadable: an unknown option, or one without a value.

    Parameters
    ----------
    error : click.UsageError
        As click's parser raised it.
    command : click.Command
        Whose options are known.
    called : str
        How the command is called, as in ``cellcalc table``.

    Returns
    -------
    OptionError
    """
    if isinstance(error, click.NoSuchOption):
        known = [name for parameter in command.params for name in parameter.opts]
        expected = f"an option that {called} --help lists"
        found = "no such option" + did_you_mean(error.option_name, known)
        return OptionError(printable(error.option_name), expected, found)
    if isinstance(error, click.BadOptionUsage):
        option = next((p for p in command.params if error.option_name in p.opts), None)
        if option is not None and isinstance(option, click.Option) and option.is_flag:
            return OptionError(error.option_name, "no value", "one")
        expected = _expected(option.type) if option is not None else "a value"
        return OptionError(error.option_name, expected, "nothing")
    return OptionError(called, f"what {called} --help shows", printable(error.format_message()))


def of_value(
    error: click.BadParameter, values: Mapping[str, Any], context: click.Context
) -> OptionError:
    """The mistake in the value of an option or an argument, or that there is none.

    Parameters
    ----------
    error : click.BadParameter
        As click raised it.
    values : mapping of str to object
        What was typed, by the parameter's name.
    context : click.Context
        Of the command.

    Returns
    -------
    OptionError
    """
    parameter = error.param
    if parameter is None or parameter.name is None:  # which click knows of all but odd ones
        return OptionError(context.command_path, "another value", printable(error.format_message()))
    if isinstance(error, click.MissingParameter):
        is_problem = parameter.name == "problem"
        expected = A_PROBLEM if is_problem else _expected(parameter.type)
        return OptionError(parameter.name, expected, "nothing")
    given = values.get(parameter.name)
    each = given if isinstance(given, Sequence) and not isinstance(given, str) else [given]
    wrong = next((value for value in each if _is_refused(value, parameter, context)), given)
    if isinstance(parameter.type, click.Choice):
        found = unknown(wrong, parameter.type.choices)
    else:
        found = describe(wrong)
    return OptionError(parameter.name, _expected(parameter.type), found)


def _is_refused(value: Any, parameter: click.Parameter, context: click.Context) -> bool:
    try:
        parameter.type.convert(value, parameter, context)
    except click.UsageError:
        return True
    return False


def _expected(kind: object) -> str:
    match kind:
        case click.Choice(choices=choices):
            return f"one of {', '.join(map(str, choices))}"
        case click.IntRange(min=least, max=most) | click.FloatRange(min=least, max=most):
            number = "a whole number" if isinstance(kind, click.IntRange) else "a number"
            bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
            return f"{number} {bounds}"
        case click.types.IntParamType():
            return "a whole number"
        case click.types.FloatParamType():
            return "a number"
        case click.DateTime():
            return "a date, or a date and a time as in 2026-11-30T09:00"
        case click.Path():
            return "a path"
    return "a value"
