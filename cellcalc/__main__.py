"""``python -m cellcalc``."""

import sys

try:
    from cellcalc.cli import main
except KeyboardInterrupt:  # while Python reads the modules
    print("\nInterrupted", file=sys.stderr)
    sys.exit(130)

main(prog_name="cellcalc")
