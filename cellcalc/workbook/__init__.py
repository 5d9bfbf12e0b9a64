"""The live Excel workbook: every computed cell a formula, with its value stored beside it."""

from cellcalc.workbook.build import build_workbook
from cellcalc.workbook.experiment import build_results

__all__ = ["build_results", "build_workbook"]
