"""Reading what people hand in: from bytes of any kind to entries, and from entries to answers.

:mod:`.documents` is the way in: it finds out what kind of document it is, and a module a kind
cuts it into entries (a quantity, and what was written for it). :mod:`.mathematics` is the only
parser of formulas, and :mod:`.names` the only place that knows what a name may stand for.
"""
