"""Marking measured on work that cellcalc had no part in: ``python -m tests.marking``.

A person is imitated: the equations are written out by hand (:mod:`tests.marking.equations`), worked
step by step with every value rounded (:mod:`tests.marking.working`), and handed in as an answers
file (:mod:`tests.marking.sheets`), rightly or with a slip (:mod:`tests.marking.slips`). What comes
back from ``cellcalc check --format json`` is compared with what was done
(:mod:`tests.marking.judging`), and counted (:mod:`tests.marking.campaign`). Nothing of cellcalc but
its command line is used.
"""
