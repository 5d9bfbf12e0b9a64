"""Tables and derivations in an author's letters."""

from __future__ import annotations

import json
import re
import subprocess
import unicodedata
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

import pytest

import cellcalc
import cellcalc.language.parser
from cellcalc import resources
from cellcalc.api import Problem
from cellcalc.language.authors import FOLDER
from cellcalc.language.authors import load as load_author
from cellcalc.language.letters import latex_text
from cellcalc.views.derivation import derive
from cellcalc.views.table import render
from tests.support.command import Run
from tests.support.paths import EXPECTED, PUBLISHED
from tests.support.problems import random_data

AUTHORS = resources.names(FOLDER)
PRINTED = json.loads((PUBLISHED / "gomez_2016.json").read_text(encoding="utf-8"))["printed"]


class TestGomez:
    """Each number that he printed, in the table, under his own symbol."""

    @staticmethod
    @cache
    def rows(by_hand: bool) -> dict[str, list[str]]:
        """The rows of the printed tables: by label, the cells from left to right."""
        trace = cellcalc.load("gomez", notation="gomez").run(5 if by_hand else None)
        text = render(trace, "tsv", decimals=5 if by_hand else 14)
        found: dict[str, list[str]] = {}
        section = ""
        for line in text.splitlines():
            if line in ("Gradients", "Update"):
                section = line
            label, *cells = line.split("\t")
            if cells:
                name = f"new {label.strip()}" if section == "Update" else label.strip()
                found.setdefault(name, [cell.strip() for cell in cells])
        return found

    def value(self, symbol: str, t: int | None, by_hand: bool) -> Decimal:
        rows = self.rows(by_hand)
        name = symbol.replace("delta_", "δ").removesuffix(" new")
        name = re.sub(r"\[([01])\]", lambda m: "₁₂"[int(m[1])], name)
        if symbol.endswith(" new"):
            return Decimal(rows[f"new {name}"][-1])
        if t is None:
            return Decimal(rows[name][0])
        if symbol == "Delta_out passed to t-1":
            if t == 0:
                return Decimal(rows["δout"][0])
            return sum((Decimal(rows[f"δout via {net}"][t]) for net in ("f̂", "î", "â", "ô")),
                       Decimal(0))  # fmt: skip
        name = "Δ" if symbol == "Delta (dE/dout)" else name
        return Decimal(rows[name][t + 1])  # the first column is the initial state

    @pytest.mark.parametrize(("symbol", "t", "printed", "verdict"), PRINTED)
    def test_printed_number(self, symbol: str, t: int | None, printed: str, verdict: str) -> None:
        rounding = ROUND_DOWN if verdict == "ok_trunc" else ROUND_HALF_UP
        got = self.value(symbol, t, verdict == "ok_chain").quantize(Decimal(printed), rounding)
        assert got == Decimal(printed)

    def test_the_whole_table(self, run: Run) -> None:
        result = run("table", "gomez", "--notation", "gomez")
        assert result.exit_code == 0
        assert result.stdout == (EXPECTED / "table_gomez_in_his_letters.txt").read_text("utf-8")

    def test_his_backward_pass_line_by_line(self, run: Run) -> None:
        result = run(
            "table", "gomez", "--notation", "gomez", "--explain", "--step", "1",
            "--symbols", "δstate,delta_a",
        )  # fmt: skip
        assert "δstate   how the loss changes with state (memory cell)\n" in result.stdout
        assert "    δstate₁ = ∂L/∂tanh_state,₁·(1 − tanh_state,₁²) + δstate₂·f₂\n" in result.stdout
        assert "    δa₁ = ∂L/∂a₁·(1 − a₁²)\n" in result.stdout
        legend = " ".join(result.stdout.split())
        assert "symbols (keys): δstate (dc), δa (dz_g), a (g) no symbol" in legend


class TestOutput:
    def test_letters_with_accents_of_their_own_keep_columns_straight(self, run: Run) -> None:
        text = run("table", "gomez", "--notation", "greff", "-f", "grid").stdout
        lines = [line for line in text.splitlines() if line[:1] in ("|", "+")]
        assert any("f̄" in line for line in lines)
        widths = {len([c for c in line if not unicodedata.combining(c)]) for line in lines}
        assert len(widths) == 4  # one for each of the four tables

    @pytest.mark.parametrize("format", ["json", "csv"])
    def test_data_for_scripts_keep_the_keys(self, format: str, run: Run) -> None:
        plain = run("table", "gomez", "-f", format).stdout
        assert run("table", "gomez", "-f", format, "--notation", "goodfellow").stdout == plain

    def test_the_script_is_the_same(self, run: Run) -> None:
        plain = run("derive", "gomez", "-f", "python").stdout
        assert run("derive", "gomez", "-f", "python", "--notation", "ng").stdout == plain

    def test_an_unknown_author_suggests_the_nearest(self, run: Run) -> None:
        for command in ("table", "derive", "workbook"):
            result = run(command, "gomez", "--notation", "gomes")
            assert result.exit_code == 2
            assert result.stderr == (
                "Error: --notation: expected one of cs231n, gomez, goodfellow, graves, greff, "
                'hochreiter, keras, ng, olah or pytorch, found "gomes"; did you mean gomez?\n'
            )

    def test_help_names_every_author(self, run: Run) -> None:
        text = " ".join(run("table", "--help").stdout.split())
        for author in AUTHORS:
            assert re.search(rf"\b{author}\b", text)

    def test_markdown_has_the_legend_as_a_list(self, run: Run) -> None:
        text = run("table", "gomez", "-f", "github", "--notation", "ng", "--symbols", "da").stdout
        assert text.endswith(
            "| t   |        0 |       1 |        2 |\n"
            "|-----|----------|---------|----------|\n"
            "| da  | -0.00343 | 0.01804 | -0.47802 |\n\n"
            "Symbols as in Ng (deeplearning.ai) (Andrew Ng, deeplearning.ai, Sequence Models)\n\n"
            "- symbols (keys): `da` (`dh`)\n"
            "- Γ_u is the update gate (the input gate here), Γ_f the forget gate, Γ_o the output "
            "gate; a is the hidden output.\n"
            "- dΓ and dc̃ are the derivatives by the net inputs, without letters there and z_u and "
            "so on here; da, dc and dx those by the values.\n"
            "- He multiplies one matrix with a and x together; W_ux is the part of his W_u for x, "
            "W_ua that for a.\n"
        )

    def test_html_has_the_legend_as_a_list(self, run: Run) -> None:
        text = run("table", "gomez", "-f", "html", "--notation", "gomez", "--symbols", "y").stdout
        assert "<tr><td>y  </td>" in text
        assert "<li>symbols (keys): y (<code>target</code>)</li>" in text

    @pytest.mark.parametrize("author", AUTHORS)
    def test_the_legend_is_below_every_derivation(self, author: str, run: Run) -> None:
        title = load_author(author).title
        for format in ("text", "markdown", "latex"):
            text = run("derive", "gomez", "-f", format, "--notation", author).stdout
            shown = latex_text(title) if format == "latex" else title
            assert f"Symbols as in {shown}" in text


@pytest.mark.parametrize("author", AUTHORS)
@pytest.mark.cases(2)
def test_latex_of_derivation_and_tables_compiles(
    author: str, tmp_path: Path, pdflatex: str
) -> None:
    """Both in one document."""
    problem = random_data(1, 2, 4, "logistic", "cross-entropy").problem()
    problem = Problem.of(problem.specification, load_author(author))
    text = derive(problem.specification, problem.model, "latex")
    tables = render(problem.run(), "latex", decimals=3)
    end = "\\end{document}\n"
    assert text.endswith(end)
    text = text.removesuffix(end) + tables.partition("\\begin{document}")[2]
    (tmp_path / "d.tex").write_text(text, encoding="utf-8")
    command = [pdflatex, "-interaction=nonstopmode", "-halt-on-error", "d.tex"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert result.returncode == 0, result.stdout.decode(errors="replace")[-2000:]
    log = (tmp_path / "d.log").read_text(encoding="utf-8", errors="replace")
    assert "Missing character" not in log
    assert "?" not in re.sub(r"\\documentclass.*\n", "", text)
