"""``python -m cellcalc``."""

from cellcalc.cli import main

main(prog_name="cellcalc")
