"""The library's front door: load a problem, run it, look at its trace.

>>> import cellcalc
>>> trace = cellcalc.load("gomez").run()
>>> trace["c"]
array([0.78572615, 1.5176331 ])
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self, Unpack

from cellcalc import resources
from cellcalc.engine.run import run_model
from cellcalc.engine.trace import Trace as Trace
from cellcalc.errors import (
    InputError,
    Mistake,
    OptionError,
    OutputError,
    PackageError,
    check_positive,
    check_whole,
    describe,
    did_you_mean,
    unknown,
)
from cellcalc.files import Folder, exists, is_regular, read_standard_input
from cellcalc.model.derivation import build, model_of
from cellcalc.model.model import Model
from cellcalc.problems import templates
from cellcalc.problems.arguments import from_arguments
from cellcalc.problems.reserved import check_names
from cellcalc.problems.schemes import Options, Override, Scheme, forms
from cellcalc.problems.specification import (
    Specification,
    read_specification,
)
from cellcalc.problems.updates import read_update
from cellcalc.records import record
from cellcalc.resources import sentence
from cellcalc.toml import (
    Reader,
    Section,
    decode,
    listed,
    parse_toml,
    read_bytes,
)

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from cellcalc.engine.batch import Trained
    from cellcalc.language.authors import Author
    from cellcalc.studies.compare import Comparison
    from cellcalc.studies.experiment import Result
    from cellcalc.studies.flow import Flow
    from cellcalc.views.drawing import Drawing


def _as_html(trace: Trace) -> str:
    from cellcalc.views.notebook_page import trace_as_html

    return trace_as_html(trace)


def _flow_as_text(found: Flow) -> str:
    from cellcalc.views.flow import to_text

    return to_text(found, sentence("notebook", "flow"))


def _comparison_as_text(found: Comparison) -> str:
    from cellcalc.views.compare import to_text

    return to_text(found)


Trace.as_html = staticmethod(_as_html)


class Shown(str):
    """A text that a terminal shows as it is, and a notebook as Markdown where it has some."""

    markdown: str = ""

    def __new__(cls, text: str, markdown: str = "") -> Self:
        shown = super().__new__(cls, text)
        shown.markdown = markdown
        return shown

    def __repr__(self) -> str:
        return str(self).rstrip("\n")

    def _repr_markdown_(self) -> str:
        return self.markdown or f"```\n{str(self).rstrip()}\n```"


@record
class Marks:
    """What marking came to.

    ``answers``, ``slips`` and ``summary`` are as ``cellcalc check --format json`` prints them;
    ``text`` is what it prints for people.
    """

    answers: tuple[dict[str, Any], ...]
    slips: tuple[dict[str, Any], ...]
    summary: dict[str, int]
    text: str

    @property
    def ok(self) -> bool:
        """Whether every answer is correct, and there is one."""
        return bool(self.answers) and all(a["verdict"] == "correct" for a in self.answers)

    def to_frame(self) -> Any:
        """The answers as a table of pandas.

        Returns
        -------
        pandas.DataFrame
            A row an answer.

        Raises
        ------
        PackageError
            pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise PackageError("to_frame", "pandas") from None
        return pandas.DataFrame(
            [{**a, "slip": (a["slip"] or {}).get("says")} for a in self.answers]
        )

    def __repr__(self) -> str:
        return self.text.rstrip("\n")

    def _repr_html_(self) -> str:
        from cellcalc.views.notebook_page import marks_as_html

        return marks_as_html(self.answers, self.slips)


class Problem:
    """A problem, checked and ready to run.

    Parameters
    ----------
    cell, readout, loss : str
        Names of templates, or paths of one's own (``"my_cell.toml"``).
    parameters : mapping of str to number or array
        Every parameter of cell and readout: of shape (inputs,) for an input weight, else a number.
        ``{"random": {"seed": 7, "scale": 0.5}}`` draws those that are left out.
    x : array of shape (n,), (n, inputs) or (sequences, n, inputs)
        The inputs, a row a step.
    target : array of shape (n,) or (sequences, n), optional
        nan where a step has none; without it there is a forward pass only.
    sequences : iterable of (x, target), optional
        Several sequences of different lengths, in place of ``x`` and ``target``.
    initial, coefficients : mapping of str to number, optional
        The state before the first step (else as the template says); numbers that are not learned.
    scheme, k1, k2, inject, tail, state, weights, update, reduction : optional
        The truncation; ``clip_norm`` and ``clip_value`` as well: as in ``[bptt]`` of a file.
    optimizer, learning_rate, epochs, frozen and an optimizer's own settings : optional
        The update, as in ``[update]``.
    title, notation : str, optional
        What it is called, and the author in whose symbols it is shown.

    Raises
    ------
    InputError
        With all that is wrong, each mistake at the name of its argument.
    OptionError
        Arguments that do not go together.

    Examples
    --------
    >>> parameters = {"random": {"seed": 1}}
    >>> p = Problem(cell="rnn", parameters=parameters, x=[1, 0.5, -1], target=[0, 1, 0])
    >>> p.run()["h"].shape
    (3,)
    """

    specification: Specification
    author: Author | None
    ascii: bool

    def __init__(
        self,
        specification: Specification | None = None,
        author: Author | None = None,
        /,
        *,
        cell: str | Path = "lstm",
        readout: str | Path = "identity",
        loss: str | Path = "half-squared",
        parameters: Mapping[str, Any] | None = None,
        x: ArrayLike | None = None,
        target: ArrayLike | None = None,
        sequences: Iterable[Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        coefficients: Mapping[str, Any] | None = None,
        title: str | None = None,
        notation: str | None = None,
        **options: Any,
    ) -> None:
        if specification is None and {"specification", "author"} & set(
            options
        ):  # as 1.0 named them
            specification, author = options.get("specification"), options.get("author")
        if specification is not None or author is not None:
            if not isinstance(specification, Specification):
                expected = "arguments by their names: Problem(cell=…, x=…, target=…)"
                raise OptionError("Problem", expected, describe(specification))
            warnings.warn(sentence("notebook", "deprecated"), DeprecationWarning, stacklevel=2)
            self.specification, self.author, self.ascii = specification, author, False
            return
        given = {
            "cell": cell,
            "readout": readout,
            "loss": loss,
            "parameters": parameters,
            "x": x,
            "target": target,
            "sequences": sequences,
            "initial": initial,
            "coefficients": coefficients,
            "title": title,
            **options,
        }
        self.specification = from_arguments(given)
        self.author = _author(notation)
        self.ascii = False

    @classmethod
    def of(
        cls, specification: Specification, author: Author | None = None, ascii: bool = False
    ) -> Self:
        """The problem of a specification that is checked already.

        Parameters
        ----------
        specification : Specification
            As ``problem.specification``.
        author : Author, optional
            In whose symbols it is shown.
        ascii : bool
            Show it without Unicode.

        Returns
        -------
        Problem
        """
        made = cls.__new__(cls)
        made.specification, made.author, made.ascii = specification, author, ascii
        return made

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Problem):
            return NotImplemented
        return (self.specification, self.author) == (other.specification, other.author)

    def __hash__(self) -> int:
        s = self.specification
        return hash((s.title, s.cell.name, *s.parameters.items()))

    def __repr__(self) -> str:
        s = self.specification
        steps = ", ".join(str(sequence.steps) for sequence in s.sequences[:4])
        more = ", …" if len(s.sequences) > 4 else ""
        loss, title = s.loss or s.error, f' "{s.title}"' if s.title else ""
        return (
            f"<Problem{title}: cell {s.cell.name}, readout {s.readout.name}, "
            f"loss {loss.name if loss else 'none'}\n"
            f" {s.features} input{'s' if s.features > 1 else ''}, {steps}{more} steps, "
            f"scheme {s.scheme.name}, {s.update.optimizer.name}>"
        )

    @cached_property
    def model(self) -> Model:
        """The forward equations and the backward pass derived from them."""
        return model_of(self.specification, self.author, self.ascii)

    def run(
        self,
        hand_rounding: int | None = None,
        detail: bool = True,
        progress: Callable[[int], None] | None = None,
    ) -> Trace:
        """Compute every value of the forward and the backward pass, and the updates.

        Parameters
        ----------
        hand_rounding : int, optional
            Round each value to so many decimals, from 0 to 15, before it is used, as in a
            calculation by hand; None computes in float64.
        detail : bool
            Keep every value. A long training run needs losses, gradients and parameters only.
        progress : callable, optional
            Called with the number of passes done, after each.

        Returns
        -------
        Trace
            All that was computed.

        Raises
        ------
        OptionError
            The decimals are out of bounds.
        LimitError
            The problem would take too long, or more memory than there may be.
        """
        return run_model(self.specification, self.model, hand_rounding, detail, progress)

    def check(
        self,
        mine: Any,
        tolerance: float | None = None,
        *,
        epoch: int = 1,
        sequence: int = 1,
    ) -> Marks:
        """Mark work done by hand, or by one's own code.

        Parameters
        ----------
        mine : mapping, pandas.DataFrame, str or Path
            Arrays and numbers by symbol (``{"dc": my_dc, "dW_f1": 0.1}``) or in a framework's
            names (``weight_ih_l0``, which are gradients); a text with answers; or the path of a
            file with them. An array of a quantity has shape (n,), or (n + 1,) with t = 0 before
            or the 0 of t = n + 1 behind it, or (windows, n). In place of an array may be a text,
            as a line of answers has it behind the equals sign: ``{"dc": "dh[t]*o[t]*…"}``.
        tolerance : float, optional
            A relative one, in place of judging by the digits given.
        epoch, sequence : int
            Which pass the arrays are of, where there are several; a text says it itself.

        Returns
        -------
        Marks
            Verdicts and causes.

        Raises
        ------
        OptionError
            A name or a shape that the problem has no meaning for, or no such pass.
        InputError
            A file that cannot be read.
        """
        import json

        import numpy

        from cellcalc.check.answers import entries_of_text
        from cellcalc.check.handed_in import read_answers_file
        from cellcalc.check.marking import mark
        from cellcalc.check.words import to_json, to_text

        check_positive("tolerance", tolerance)
        _is_place("epoch", epoch)
        _is_place("sequence", sequence)
        trace = self.run()
        chosen = trace.only(epoch, sequence)
        if isinstance(mine, Path) or (isinstance(mine, str) and not set("=\n:") & set(mine)):
            entries = read_answers_file(Path(mine), trace)
        elif isinstance(mine, str):
            entries = entries_of_text(mine)
        else:
            from cellcalc.check.from_code import entries_of_arrays

            own = entries_of_arrays(mine, chosen)
            entries = [replace(entry, epoch=epoch, sequence=sequence) for entry in own]
        with numpy.errstate(all="ignore"):  # a nan of somebody's is an answer like others
            report = mark(trace, entries, tolerance=tolerance)
        data = json.loads(to_json(report, trace.model))
        text = to_text(report, trace.model)
        return Marks(tuple(data["answers"]), tuple(data.get("slips", ())), data["summary"], text)

    def explain(self, symbol: str, t: int | None = None) -> Shown:
        """A value worked out: its equation, with the numbers put in, and what it gives.

        Parameters
        ----------
        symbol : str
            A key, or a symbol of the author's.
        t : int, optional
            The step; every step where it is not said. A gradient has none.

        Returns
        -------
        str
            Shown as it is by a terminal, and as maths by a notebook.

        Raises
        ------
        OptionError
            There is no such symbol or step.
        """
        from cellcalc.views.table import select
        from cellcalc.views.worked import explained

        _is_text("symbol", symbol, "the key of a quantity")
        trace = self.run()
        check_whole("t", t, 0, max(one.steps for one in trace.passes))
        try:
            chosen = select(trace, symbols=symbol, steps="" if t is None else str(int(t)))
        except OptionError as error:
            name = {"symbols": "symbol", "steps": "t"}.get(error.argument, error.argument)
            raise OptionError(name, error.expected, error.found) from None
        return Shown(*explained(trace, chosen))

    def derive(self, format: str = "text") -> Shown:
        """The derivation: every equation, and the chain rule behind each term.

        Parameters
        ----------
        format : {"text", "markdown", "html", "latex", "json", "python"}
            ``"python"`` is a program that does the forward and the backward pass.

        Returns
        -------
        str
            Shown as it is by a terminal, and with its maths by a notebook.

        Raises
        ------
        OptionError
            There is no such format.
        """
        from cellcalc.views.derivation import derive

        s, model = self.specification, self.model
        return Shown(derive(s, model, format), derive(s, model, "markdown"))

    def schedule(self) -> Shown:
        """Which window sweeps which steps, and what it costs.

        Returns
        -------
        str
            A picture of the windows in text.

        Raises
        ------
        LimitError
            The windows sweep too many steps to be listed.
        """
        from cellcalc.views.schedule import to_text

        return Shown(to_text(self.specification, self.model))

    def compare(
        self, *schemes: str, k1: int | None = None, k2: int | None = None, sequence: int = 1
    ) -> Comparison:
        """Schemes side by side on one sequence, beside full BPTT and the problem's own.

        For the gradients nothing is updated on the way, so that what differs is the truncation
        alone. A problem of several epochs is trained with each scheme besides.

        Parameters
        ----------
        *schemes : str
            Names, as in ``"tbptt(2,5)"``; every named scheme where there is none.
        k1, k2 : int, optional
            What the names' parameters stand for where none is given: a quarter of the sequence
            and twice that.
        sequence : int
            Which sequence, from 1.

        Returns
        -------
        Comparison
            Full BPTT first; each scheme with its windows, its gradients (the sum over its windows,
            a number for each parameter) and their errors; of several epochs ``trained`` as well:
            losses, parameters at the end, and how far these are from those of full BPTT.

        Raises
        ------
        OptionError
            A name that is none; a sequence that is not there, or has no targets.
        """
        from cellcalc.studies import compare

        for name in schemes:
            _is_text("schemes", name, f"names of schemes ({listed(forms())})")
        _is_place("sequence", sequence)
        compare.Comparison.as_text = staticmethod(_comparison_as_text)
        return compare.compare(self.specification, self.model, schemes, k1, k2, sequence)

    def flow(self, sequence: int = 1) -> Flow:
        """How much each loss depends on each earlier state, in one sequence.

        Parameters
        ----------
        sequence : int
            Which sequence, from 1.

        Returns
        -------
        Flow
            For each state a matrix of shape (losses, n) of the derivatives ∂E[τ]/∂state[t].

        Raises
        ------
        OptionError
            There is no such sequence, or it has no target.
        """
        from cellcalc.studies.flow import Flow, flow

        _is_place("sequence", sequence)
        Flow.as_text = staticmethod(_flow_as_text)
        return flow(self.specification, self.model, sequence)

    def experiment(
        self,
        schemes: str | Iterable[str] = (),
        executor: Executor | None = None,
        *,
        k1: int | Iterable[int] = (),
        k2: int | Iterable[int] = (),
        rates: float | Iterable[float] = (),
        epochs: int | Iterable[int] = (),
        seeds: int | None = None,
        held_out: int | None = None,
        done: Iterable[Result] = (),
        each: Callable[[Result], None] | None = None,
    ) -> list[Result]:
        """Train under many schemes, learning rates and seeds.

        Parameters
        ----------
        schemes : str or iterable of str
            Names, as in ``"tbptt(2,5)"``.
        executor : concurrent.futures.Executor, optional
            What runs the schemes side by side, such as a ProcessPoolExecutor, or the executor of
            dask.distributed or mpi4py; the rows are the same without one, bit for bit.
        k1, k2 : int or iterable of int, optional
            Every pair of them is tried. Where neither these nor schemes are given: 1, a third and
            the whole of the sequence for k1; a quarter, half and the whole for k2.
        rates : float or iterable of float, optional
            Learning rates; the problem's where there is none.
        epochs : int or iterable of int, optional
            After how many the losses are wanted.
        seeds : int, optional
            How often what the problem leaves to chance is drawn.
        held_out : int, optional
            How many of the last sequences are not trained on; a quarter where it is not said.
        done : iterable of Result, optional
            Rows of an experiment that was interrupted: what they have is not run again.
        each : callable, optional
            Called with each row as soon as it is there, to keep it: ``done`` of the next try.

        Returns
        -------
        list of Result
            A row for each scheme, learning rate and number of epochs, always in this order.

        Raises
        ------
        OptionError
            A scheme that there is not, or a number that is out of bounds.
        """
        from cellcalc.studies import experiment

        if executor is not None and not callable(getattr(executor, "map", None)):
            raise OptionError("executor", "a concurrent.futures.Executor", describe(executor))
        if each is not None and not callable(each):
            raise OptionError("each", "a function of a row", describe(each))
        rows_done = _results(done)
        names = _several(schemes)
        chosen = experiment.design(
            self.specification,
            self.model,
            [_scheme(name, self.specification.scheme) for name in names],
            k1=_several(k1),
            k2=_several(k2),
            rates=_several(rates),
            epochs=_several(epochs),
            seeds=seeds,
            held_out=held_out,
        )
        rows = []
        for row in experiment.run(chosen, executor=executor, done=rows_done):
            rows.append(row)
            if each:
                each(row)
        return rows

    def workbook(
        self,
        file: str | Path,
        sheets: str | Iterable[str] = (),
        practice: str = "",
        blank: bool = False,
        force: bool = False,
        key: bool = False,
        level: int | None = None,
        seed: int | None = None,
    ) -> None:
        """Write the live workbook.

        Parameters
        ----------
        file : str or Path
            Where, ending in .xlsx; a file that is there already is kept, unless ``force``.
        sheets : str or iterable of str
            Which kinds of sheet, as ``"BPTT,Step"`` or a list; all where there is none.
        practice : str
            What is to be filled in: ``"backward"``, ``"all"``, or symbols as in ``"c,dc"``; with
            ``"paths"`` those of each sum as well.
        blank : bool
            The exercise on paper, alone.
        force : bool
            Write over a file that is there.
        key : bool
            The exercise for a teacher, with its answers on hidden sheets.
        level : int, optional
            Of the exercise. 1: the equations are shown; 2: they are not; 3: each is to be chosen
            among typical slips; 4: a mistake is to be found.
        seed : int, optional
            Draws other slips and another mistake, at levels 3 and 4.

        Raises
        ------
        OutputError
            The file has another ending, is there, cannot be written, or would be larger than a
            workbook can be.
        OptionError
            A symbol, a sheet or a level that there is not, or arguments that do not go together.
        """
        from cellcalc.check.assignments import exercise_of
        from cellcalc.files import write_file
        from cellcalc.workbook import build_workbook

        path = _path(file)
        if path.suffix.lower() != ".xlsx":
            ending = path.suffix or "no ending"
            raise OutputError(f"{path}: expected the ending .xlsx, found {ending}")
        names = sheets.split(",") if isinstance(sheets, str) else _several(sheets)
        for name in names:
            _is_text("sheets", name, "names of sheets")
        wanted = tuple(name.strip() for name in names)
        _is_text("practice", practice, "what is to be filled in, as backward or c,dc")
        trace = self.run()
        task = exercise_of(trace, practice, level, seed, key, blank)

        def write(out: BinaryIO) -> None:
            left_out = build_workbook(trace, out, wanted, practice, blank, key, assignment=task)
            for kind in left_out:
                warnings.warn(resources.sentence("sheet", "left_out", kind=kind), stacklevel=4)

        write_file(path, write, force)

    def draw(
        self,
        what: str = "unrolled",
        file: str | Path | None = None,
        *,
        ax: Axes | None = None,
        notation: str | None = None,
        step: int | None = None,
        steps: str | Sequence[int] | None = None,
        window: int | None = None,
        epoch: int | None = None,
        sequence: int | None = None,
        of: str | Sequence[str] | None = None,
        span: float | None = None,
        force: bool = False,
    ) -> Drawing:
        """Draw a picture for a slide or a paper; it needs matplotlib (``cellcalc[plot]``).

        Parameters
        ----------
        what : str
            ``"unrolled"``: the network over the steps of a window, with values and gradients;
            ``"cell"``: the cell at one step; ``"schedule"``: the windows of the scheme;
            ``"flow"``: how much each loss depends on each earlier state; ``"gradients"``: what
            each step adds to the gradient of each parameter; ``"training"``: the loss over the
            epochs; ``"sweep"``: the loss over one parameter or two.
        file : str or Path, optional
            Where to: ending in .svg or .pdf (vectors, their letters within) or .png.
        ax : matplotlib.axes.Axes, optional
            Axes of one's own to draw in.
        notation : str, optional
            The author in whose symbols; the problem's where it is not said.
        step : int, optional
            Of the cell; the middle of the window where it is not said.
        steps : str or sequence of int, optional
            Of the unrolled network, as ``"3:6"`` or ``range(3, 7)``.
        window, epoch, sequence : int, optional
            Whose values and gradients, from 1: the longest window, the first epoch and sequence
            where they are not said. The picture says which where there are several.
        of : str or sequence of str, optional
            Of a sweep: one parameter or two, as ``"U_f,b_f"``; those with the largest gradients
            where it is not said. Of the flow: the states, each in a panel of its own; all of them
            where it is not said, but for ``ax``, which holds one: that which is handed on by
            itself (``"c"``).
        span : float, optional
            Of a sweep: how far to either side of the problem's own value.
        force : bool
            Write over a file that is there.

        Returns
        -------
        Drawing
            Shown by a notebook; with ``figure``, ``axes`` and ``save(file)``.

        Raises
        ------
        OptionError
            There is no such picture, step, window or parameter, or the picture has no use
            for an argument that was given.
        OutputError
            The file's ending is another; or it is there, or cannot be written.
        PackageError
            matplotlib is not installed.
        """
        from cellcalc.views.drawing import Wanted, draw, format_of

        path = None if file is None else _path(file)
        if path is not None:
            format_of(path)
        shown = self if notation is None else self.of(self.specification, _author(notation))
        wanted = Wanted(step, steps, window, epoch, sequence, of, span)
        drawing = draw(self.specification, shown.model, shown.run, what, wanted, ax)
        if path is not None:
            drawing.save(path, force)
        return drawing

    def to_toml(self, file: str | Path | None = None, force: bool = False) -> str:
        """The problem file that says the same, every number written out.

        Parameters
        ----------
        file : str or Path, optional
            Where it is to be written as well. Templates of one's own go into files beside it,
            named ``own_cells.toml`` and so on.
        force : bool
            Write over files that are there.

        Returns
        -------
        str
            TOML, which :func:`loads` reads.

        Raises
        ------
        OutputError
            A file is there, or cannot be written.
        """
        from cellcalc.files import write_file
        from cellcalc.views.problem_text import PROBLEM, problem_files

        place = None if file is None else _path(file)
        files = problem_files(self.specification)
        for name, text in files.items() if place is not None else ():
            assert place is not None
            path = place if name == PROBLEM else place.parent / name
            contents = text.encode()
            write_file(path, lambda out, contents=contents: out.write(contents), force)  # type: ignore[misc]
        return files[PROBLEM]

    def train_batch(
        self, varied: Mapping[str, ArrayLike], progress: Callable[[int], None] | None = None
    ) -> Trained:
        """Train many sets of parameters, initial states or settings at once.

        Parameters
        ----------
        varied : mapping of str to array of shape (sets,)
            For a parameter, a coefficient, a state or a setting of the optimizer one number for
            each set, as in ``{"U_f": [0.1, 0.2], "learning_rate": [0.5, 1]}``.
        progress : callable, optional
            Called with the number of passes done, after each.

        Returns
        -------
        Trained
            ``losses`` of shape (epochs, sequences, sets), and ``parameters`` by name, of shape
            (sets,), as they are at the end.

        Raises
        ------
        OptionError
            A name that is none of these, or lists of different lengths.
        """
        from cellcalc.engine import batch  # here, since it needs numpy

        return batch.train(self.specification, self.model, varied, progress)


def load(
    source: str | Path,
    scheme: str | None = None,
    k1: int | None = None,
    k2: int | None = None,
    notation: str | None = None,
    ascii: bool = False,
    confined: bool = False,
    **options: Unpack[Options],
) -> Problem:
    """Load a problem.

    Parameters
    ----------
    source : str or Path
        The path of a problem file, ``"-"`` for standard input, or the name of a bundled example.
    scheme : str, optional
        A scheme of truncation in place of the file's, as in ``"tbptt(2,5)"``.
    k1, k2 : int, optional
        A window every ``k1`` steps, over the last ``k2``; in place of the file's.
    notation : str, optional
        The author in whose symbols the problem is shown, as in ``"gomez"``.
    ascii : bool
        Show it without Unicode.
    confined : bool
        Refuse paths in it that lead out of its own folder: for what others have handed in.
    **options : optional
        The other options of a scheme, in place of the file's: ``windows`` (a list of lengths),
        ``inject``, ``tail``, ``state``, ``weights``, ``update``, ``empty``, ``reduction``,
        ``clip_norm``, ``clip_value``; and ``epochs``.

    Returns
    -------
    Problem
        Checked, and ready to run.

    Raises
    ------
    InputError
        The file cannot be read; ``mistakes`` are all that is wrong in it.
    OptionError
        An argument is out of bounds, or does not fit the problem.
    """
    if not isinstance(source, str | Path):
        raise OptionError("source", "a path, or the name of an example", describe(source))
    name, override = str(source), Override.of(scheme=scheme, k1=k1, k2=k2, **options)
    author = _author(notation)
    if name == "-":
        text = decode(read_standard_input(), "-")
        specification = read_specification(text, "-", Path(), override, confined)
        return Problem.of(specification, author, ascii)
    path = Path(source)
    examples = resources.names("examples")
    there = exists(path)
    if not there and name in examples:
        path = resources.folder("examples") / f"{name}.toml"
    elif not there and path.name == name and not path.suffix:
        expected = "a file, or the name of an example (cellcalc templates examples lists them)"
        found = f"neither{did_you_mean(name, examples)}"
        raise InputError([Mistake(name, "", expected, found)])
    contents = read_bytes(path, name)
    text = decode(contents, name)
    specification = read_specification(text, name, path.parent, override, confined)
    return Problem.of(specification, author, ascii)


def loads(
    text: str,
    scheme: str | None = None,
    k1: int | None = None,
    k2: int | None = None,
    notation: str | None = None,
    **options: Unpack[Options],
) -> Problem:
    """The problem in a text: what :func:`load` reads from a file.

    Parameters
    ----------
    text : str
        TOML. Paths in it start at the current folder.
    scheme, k1, k2, notation, **options : optional
        As of :func:`load`.

    Returns
    -------
    Problem
        Checked, and ready to run.

    Raises
    ------
    InputError
        With all that is wrong in the text.
    OptionError
        An argument is out of bounds, or does not fit the problem.
    """
    _is_text("text", text, "the text of a problem file")
    override = Override.of(scheme=scheme, k1=k1, k2=k2, **options)
    specification = read_specification(text, "", Path(), override)
    return Problem.of(specification, _author(notation))


def from_torch(
    module: Any,
    x: ArrayLike,
    target: ArrayLike | None = None,
    *,
    readout: Any = None,
    layer: int = 0,
    direction: str = "forward",
    cell: str | None = None,
    **options: Any,
) -> Problem:
    """The problem that a recurrent layer of PyTorch computes.

    Parameters
    ----------
    module : torch.nn.LSTM, torch.nn.GRU or torch.nn.RNN
        Of hidden size 1.
    x : array of shape (n, inputs), or with a batch as the module has it
        What goes into the layer, in the order in which the direction reads it.
    target : array of shape (n,), or with a batch, optional
        nan where a step has none.
    readout : torch.nn.Linear, optional
        What makes the prediction of the hidden output; without one they are the same.
    layer : int
        Which layer, from 0.
    direction : {"forward", "reverse"}
        Of a bidirectional layer.
    cell : str, optional
        ``"lstm-two-biases"`` to train an LSTM as PyTorch does, which updates two biases a gate;
        by default they are one, as their sum is what counts.
    **options
        Whatever else :class:`Problem` takes.

    Returns
    -------
    Problem
        With the module's parameters in float64; a layer without biases has them frozen at 0.

    Raises
    ------
    OptionError
        The module is none of these, or has more than one hidden unit, or no such layer.
    InputError
        As of :class:`Problem`.
    """
    from cellcalc.problems.modules import check_inputs, from_module, sequences_of

    made = from_module(module, readout, layer, direction, cell)
    data = sequences_of(x, target, bool(getattr(module, "batch_first", False)))
    check_inputs(made, data, layer)
    return Problem(**{**made, **data, **options})


def from_keras(
    module: Any,
    x: ArrayLike,
    target: ArrayLike | None = None,
    *,
    readout: Any = None,
    layer: int = 0,
    direction: str = "forward",
    cell: str | None = None,
    **options: Any,
) -> Problem:
    """The problem that a recurrent layer of Keras computes.

    Parameters
    ----------
    module : keras.layers.LSTM, GRU or SimpleRNN, or a model with one of them
        Of one unit, and built. A GRU may reset before or after the recurrent weights.
    x : array of shape (n, inputs) or (batch, n, inputs)
        What goes into the layer, in the order in which the direction reads it.
    target : array of shape (n,) or (batch, n), optional
        nan where a step has none. Of a layer that gives out its last step only, one number a
        sequence.
    readout : keras.layers.Dense, optional
        Of one unit, linear or sigmoid. Of a model it is the Dense layer that follows.
    layer : int
        Which of the model's recurrent layers, from 0.
    direction : {"forward", "reverse"}
        Of a Bidirectional layer; ``"reverse"`` also of one that goes backwards.
    cell : str, optional
        Another cell than the layer's kind and activations say.
    **options
        Whatever else :class:`Problem` takes.

    Returns
    -------
    Problem
        With the layer's weights in float64; one without biases has them frozen at 0.

    Raises
    ------
    OptionError
        There is no such layer, or it has more than one unit, or an activation without a cell.
    InputError
        As of :class:`Problem`.
    """
    from cellcalc.problems.modules import check_inputs, from_keras_layer, sequences_of

    made, every_step = from_keras_layer(module, readout, layer, direction, cell)
    data = sequences_of(x, target, True, every_step)
    check_inputs(made, data, layer)
    return Problem(**{**made, **data, **options})


def _author(notation: str | None) -> Author | None:
    if notation is None:
        return None
    from cellcalc.language import authors  # here: most problems have no author

    _is_text("notation", notation, "the name of an author, or the path of a file")
    return authors.load(notation)


def _scheme(name: str, usual: Scheme) -> Scheme:
    """A named scheme, with the problem's options where the name leaves them open."""
    from cellcalc.studies.compare import with_options

    found = with_options(name, usual) if isinstance(name, str) else None
    if found is None:
        expected = f"names of schemes ({listed(forms())})"
        raise OptionError("schemes", expected, unknown(name, forms()))
    return found


def _results(done: object) -> tuple[Result, ...]:
    """Rows of an experiment, given as any iterable of them."""
    from cellcalc.studies.experiment import Result as Row

    rows = tuple(done) if isinstance(done, Iterable) else (done,)
    for row in rows:
        if not isinstance(row, Row):
            raise OptionError("done", "rows of an experiment, as it returns them", describe(row))
    return rows


def _several(given: Any) -> tuple[Any, ...]:
    """One number, or several."""
    return tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,)


def _is_text(argument: str, given: object, expected: str) -> None:
    """Raise :class:`OptionError` unless it is a text."""
    if not isinstance(given, str):
        raise OptionError(argument, expected, describe(given))


def _path(file: object) -> Path:
    """Where a file is to be, or :class:`OptionError`."""
    if not isinstance(file, str | os.PathLike) or isinstance(os.fspath(file), bytes):
        raise OptionError("file", "a path", describe(file))
    return Path(file)


def _is_place(argument: str, place: object) -> None:
    """Raise :class:`OptionError` unless it is a number, counted from 1; how many is for others."""
    if place is None:
        raise OptionError(argument, "a whole number of at least 1", describe(place))


KINDS = tuple(templates.SEEN)


def names_a_cell(source: str) -> bool:
    """Whether this is a cell and no problem: a template's file, or the name of a bundled cell.

    A file goes before an example's name, and that before a cell's. Raises
    :class:`~cellcalc.errors.InputError` for the name of another kind of template.
    """
    path = Path(source)
    if is_regular(path):
        data = parse_toml(decode(read_bytes(path, source), source), source)
        return "equation" in data and "sequence" not in data
    if exists(path) or source in resources.names("examples") or source == "-":
        return False
    for kind in KINDS:
        if source in resources.names(f"templates/{kind}") and kind != "cells":
            expected = "a problem, an example or a cell"
            option = {"readouts": " (`readout` takes it)", "losses": " (`loss` takes it)"}
            found = f"one of the {kind}{option.get(kind, '')}"
            raise InputError([Mistake(source, "", expected, found)])
    cells = resources.names("templates/cells")
    if source not in cells and path.name == source and not path.suffix:
        examples = resources.names("examples")
        hint = did_you_mean(source, [*examples, *cells])
        expected = "a file, an example or a cell (cellcalc templates lists them)"
        raise InputError([Mistake(source, "", expected, f"none of them{hint}")])
    return source in cells


def cell_alone(
    source: str,
    readout: str = "identity",
    loss: str = "half-squared",
    features: int = 1,
    notation: str | None = None,
    ascii: bool = False,
) -> tuple[Specification, Model]:
    """A cell with a readout and a loss, for so many inputs, as a problem without sequences.

    ``source`` is a bundled cell's name or the path of a template, ``notation`` an author's;
    ``ascii`` shows it without Unicode. Raises
    :class:`~cellcalc.errors.InputError` with all that is wrong in the file, and
    :class:`~cellcalc.errors.OptionError` for a readout, loss or author that there is not, and for
    fewer features than 1.
    """
    check_whole("features", features, 1)
    cell = templates.load("cells", source)
    chosen = Section(Reader(source), {"readout": readout, "loss": loss})
    out = templates.read(chosen, "readouts", "readout", readout, Folder())
    compared = templates.read(chosen, "losses", "loss", loss, Folder())
    for mistake in chosen.reader.mistakes:
        raise OptionError(mistake.key, mistake.expected, mistake.found)
    check_names(chosen, (cell, out, compared), features)
    chosen.reader.finish()
    assert out and compared  # else there was a mistake
    learned = compared if compared.learn else None
    error = None if compared.learn else compared
    specification = Specification(
        title=cell.title,
        cell=cell,
        readout=out,
        loss=learned,
        features=features,
        parameters={},
        initial=cell.state,
        sequences=(),
        scheme=Scheme("full", None, None),
        update=read_update(Section(Reader(source), {}), [cell, out], {}),
        coefficients={**cell.coefficients, **out.coefficients, **compared.coefficients},
        error=error,
    )
    author = _author(notation)
    model = build(cell, out, learned, features, error=error, author=author, ascii=ascii)
    return specification, model
