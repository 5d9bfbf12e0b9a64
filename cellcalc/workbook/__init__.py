"""The live Excel workbook: every computed cell a formula, with its value stored beside it."""

from cellcalc.workbook.build import build_workbook

__all__ = ["build_workbook"]
