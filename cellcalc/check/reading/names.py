"""What a name may stand for in one problem: our keys, an author's symbols, and everybody's own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from cellcalc.check.reading.conventions import (
    ABSENT,
    BAR,
    DERIVATIVE,
    NET,
    OPEN,
    STACKED,
    TILDE,
    VALUE,
    Conventions,
)
from cellcalc.check.reading.each_gate import sums_spelled_out
from cellcalc.check.reading.mathematics import (
    LAST,
    SeveralReadingsError,
    Style,
    Written,
    of_one_step,
    parse_formula,
)
from cellcalc.check.reading.own_letters import KINDS
from cellcalc.check.reading.slopes import slopes
from cellcalc.check.reading.vocabulary import called, words
from cellcalc.check.world import STEPS
from cellcalc.errors import ExpressionError, did_you_mean
from cellcalc.language.arithmetic.decimals import MEAN, SUM
from cellcalc.language.keys import path_key
from cellcalc.language.letters import MARK, RAISED, composed
from cellcalc.language.notation import LANGUAGE
from cellcalc.language.tree import (
    ONE,
    ZERO,
    Call,
    Dot,
    Expression,
    Mul,
    Symbol,
    add,
    children,
    multiply,
    number,
    rebuilt,
    rename,
    shifted,
    spelled_out,
    symbols,
    walk,
)
from cellcalc.model.model import TOTAL_LOSS, Model
from cellcalc.problems.templates import RATE

MAX_NAME = 60
# How a setting of an update may be called, where the problem's optimizer has one of that name.
_SETTINGS: Mapping[str, tuple[str, ...]] = {
    "epsilon": ("ε", "ϵ", "eps"),
    "beta1": ("β1", "b1"),
    "beta2": ("β2", "b2"),
    "momentum": ("β", "beta", "μ", "mu", "γ", "gamma", "ρ", "rho"),
    RATE: ("lr", "eta", "η", "alpha", "α", "rate", "learningrate", "ε", "epsilon"),
}
_HAT, _BAR, _TILDE = "\u0302", "\u0304", "\u0303"
_ACCENT = {"hat": _HAT, "bar": _BAR, "tilde": _TILDE}

# How people call the gates; ours come first.
_GATES: Mapping[str, tuple[str, ...]] = {
    "f": ("f", "forget", "F", "fg", "φ"),
    "i": ("i", "in", "inp", "input", "I", "ig", "ι"),
    "o": ("o", "out", "output", "O", "og", "ω"),
    "g": ("g", "c", "C", "cand", "candidate", "G", "j", "a", "c̃", "C̃", "g̃", "ctilde",
          "c_tilde", "Ctilde", "C_tilde", "cell", "n"),
    "u": ("u", "z", "update"),
    "r": ("r", "reset"),
}  # fmt: skip
# Names of whole quantities that are more than a respelling.
_OTHERS: Mapping[str, tuple[str, ...]] = {
    "g": ("c̃", "C̃", "ctilde", "c_tilde", "tilde_c", "C_tilde", "Ctilde", "cand", "candidate",
          "cct", "c_cand", "g̃", "ct_tilde", "c_bar", "cbar", "c̄", "C̄", "h̃"),
    "f": ("Γ_f", "Γf"),
    "i": ("Γ_i", "Γi", "Γ_u", "Γu"),
    "o": ("Γ_o", "Γo"),
    "y": ("scores", "score", "logits", "ŷ", "yhat", "y_hat",
          "pred", "prediction", "y_pred", "ypred", "yp", "out_y"),
    "target": ("targets", "y_true", "ytrue", "label", "labels", "tgt", "Target"),
    "tanh_c": ("tanhc", "tanhC", "tanh_C", "tc", "tanhct", "c_tanh", "tanh_ct"),
    "V": ("W_y", "Wy", "Why", "W_hy", "W_yh", "w_y", "W_out", "v", "Wya", "W_ya"),
    "b_y": ("by", "bhy", "b_hy", "b_out"),
    "E": ("loss_t", "e_t"),
    "L": ("loss", "Loss", "total_loss", "L_total", "E_total", "J", "loss_total", "totalloss"),
    "u": ("z", "Γ_u", "Γu"),
    "r": ("Γ_r", "Γr"),
    "h": ("hidden", "hidden_state"),
    "c": ("cell_state",),
    "W": ("W_x", "Wx", "W_xh", "Wxh", "W_hx", "Whx", "W_ih", "Wih", "W_ax", "Wax", "W_in"),
    "U": ("W_h", "Wh", "W_hh", "Whh", "W_rec", "W_aa", "Waa", "U_h", "Uh", "U_hh"),
    "b": ("b_h", "bh", "b_a", "ba", "bias"),
    "z": ("a", "net", "z_h", "zh", "hraw"),
    "dz": ("dhraw", "dh_raw", "dtanh", "da"),
    "dy": words("loss")["errors"],
}  # fmt: skip
# What a GRU calls the weights of its candidate, beside W_r and W_z.
_OF_RESET: Mapping[str, tuple[str, ...]] = {
    "g": ("ĥ", "h_hat", "hhat", "h_cand", "hcand", "h_tilde", "htilde", "hh", "ñ"),
    "W_g": ("W", "W_in", "Win"),
    "U_g": ("U", "W_hn", "Whn"),
    "b_g": ("b", "b_in", "bin", "b_n"),
    "b_gh": ("b_hn", "bhn", "b̂", "b_hat"),
}
_DERIVED = re.compile(
    r"(?:d(?:L|E|J|loss|Loss)_?d|delta_|Delta_|grad_|grad|gradient_|d_|D|d)(?P<name>.+)"
)
_DERIVED_BEHIND = re.compile(r"(?P<name>.+?)(?:\.grad|_grad|_gradient)")
_ANGLED = re.compile(r"[⟨<]")
FROM_LATER = "__from_later"  # behind a key: what later steps send back to it
_PART = re.compile(r"(d[A-Za-z]\w*?)__(from_later|from_here)")
# Words that mean one of several quantities, and which.
_WORDS_OF_SEVERAL: Mapping[str, tuple[str, ...]] = {
    "output": ("o", "h", "y"),
    "out": ("o", "h", "y"),
    "input": ("i", "x"),
    "in": ("i", "x"),
    **dict.fromkeys(words("loss")["errors"], ("E", "dy")),
}
_START_OF_A = re.compile(r"(d?)a_?0")
_HEADS = ("W", "w", "U", "R", "b", "p", "z", "a", "net")
_SMALL_E = re.compile(r"e(?:_?[0-9]{1,5})?")
_WITH_HAT = re.compile(r"(d?)[ĉĈ]((?:_?[0-9]+)?)")
_FROM_MEMORY = re.compile(r"W_?([a-z])c")
_ENDS_IN_N = re.compile(r"_\{?n\}?$")
_RAISED_LETTERS = {letter: raised for raised, letter in RAISED.items()}
_TRAILING = re.compile(r"(.*?)[_,]?([0-9]{1,6})")
_T_BEHIND = re.compile(r"(d?)(f|i|o|g|c|cc|h|x|y|a|dh|dc|df|di|do|dg|z_f|z_i|z_o|z_g|C|u|r|s)t")


@dataclass(frozen=True)
class Names:
    """What the symbols of an answer may mean, for one model.

    ``author`` are the symbols of the author's notation with our keys (those that mean something
    else to the author marked). ``steps`` is the number of steps; ``first_step`` what the writer
    calls the first, ``settings`` are the numbers of the problem's update, which a formula may name
    (the learning rate), ``moments`` what the optimizer keeps for each parameter. ``aliases`` are
    names that mean another key in this document, ``apart`` tells that its δz_f are apart from its
    δf, ``gates_bare`` that gates are called "forget" and "output" in it, ``gates_told`` which of
    "input" and "output" stand before "gate" in it, and "cand" if the candidate has its own name,
    ``losses_told`` that losses have a name of their own, ``passes`` how many passes the problem
    has, ``local`` are names that the writer has defined. ``conventions`` are what the document
    says of its notation.
    """

    model: Model
    steps: int = 0
    author: Mapping[str, str] | None = None
    first_step: int = 1
    settings: Mapping[str, float] = field(default_factory=dict)
    moments: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)
    apart: bool = False
    gates_bare: bool = False
    gates_told: frozenset[str] = frozenset()
    losses_told: bool = False
    passes: int = 1
    conventions: Conventions = field(default_factory=Conventions)
    local: dict[str, Expression] = field(default_factory=dict, compare=False)
    found: dict[tuple[str, bool], str | None] = field(default_factory=dict, compare=False)

    @cached_property
    def varying(self) -> frozenset[str]:
        """The quantities that have a value at each step."""
        skipped = {row.symbol for row in (*self.model.parameters, *self.model.gradients)}
        skipped |= {row.symbol for row in self.model.coefficients}
        return frozenset(name for name in self.model.quantities if name not in skipped)

    @cached_property
    def gradients(self) -> frozenset[str]:
        """The gradients, each step's contributions to which have an index as well."""
        return frozenset(row.symbol for row in self.model.gradients)

    @cached_property
    def parameters(self) -> frozenset[str]:
        return frozenset(row.symbol for row in self.model.parameters)

    @cached_property
    def coefficients(self) -> frozenset[str]:
        """Numbers of the templates, which are given and so no answers."""
        return frozenset(row.symbol for row in self.model.coefficients)

    @cached_property
    def has_reset(self) -> bool:
        """Whether it is a GRU, whose candidate PyTorch calls n."""
        return {"r", "u", "g"} <= self.varying

    @cached_property
    def _has_peepholes(self) -> bool:
        return any(name.startswith("p_") for name in self.parameters)

    @cached_property
    def gates(self) -> tuple[str, ...]:
        """The letters of the gates and the candidate."""
        return tuple(gate for gate in _GATES if f"z_{gate}" in self.varying)

    @cached_property
    def constant(self) -> frozenset[str]:
        names = {row.symbol for row in (*self.model.parameters, *self.model.gradients)}
        names |= {row.symbol for row in self.model.coefficients}
        states = {f"{lead}{state}0" for state in self.model.state for lead in ("", "d")}
        return frozenset(names | states | self.moments | {STEPS, TOTAL_LOSS})

    @cached_property
    def vectors(self) -> dict[str, int]:
        """The weights and inputs that stand for one element a feature, and how many."""
        features = self.model.features
        if features == 1:
            return {}
        parts = (self.model.cell, self.model.readout)
        weights = [n for p in parts for n, kind in p.parameters.items() if kind == "input"]
        return dict.fromkeys(("x", *weights), features)

    @cached_property
    def known(self) -> frozenset[str]:
        """Every name of ours, elements and vectors."""
        vectors = {f"{lead}{name}" for name in self.vectors for lead in ("", "d")}
        return self.varying | self.constant | vectors

    # From what was written to a symbol.

    def quantity(self, written: Written) -> Expression:
        """The symbol for a name; the vocabulary of :func:`.mathematics.parse_formula`.

        Raises :class:`~cellcalc.errors.ExpressionError` for a name that means nothing here.
        """
        if written.by is not None:
            return self._slope(written, written.by)
        if written.of_step:
            return self._of_one_step(written)
        written = self._with_hat(self._adjoint(self._unmarked(written)))
        if written.lead in self.aliases and written.stem == "t":  # δ_t, no derivative by t
            written = replace(written, stem=written.lead, lead="", derivative=False, shift=0)
        elif written.lead in self.aliases and written.stem.isdecimal():  # d_3
            below = (int(written.stem[:6]), *written.numbers)
            written = replace(written, stem=written.lead, lead="", derivative=False, numbers=below)
        plainly = not written.derivative and not written.numbers and not written.primes
        if plainly and written.stem in self.local:
            return self._defined(written)
        if plainly and written.stem in ("T", "N", "Tx") and written.stem not in self.known:
            return Symbol(STEPS)
        if (value := self._setting(written)) is not None:
            return number(value)
        if (part := self.part(written)) is not None:
            return self._paths(*part, written)
        if written.stem == "a" and self.author is None and _ANGLED.search(written.text):
            written = replace(written, stem="h")  # Ng's a^{<t>}
        elif written.stem == "da" and self.author is None and _ANGLED.search(written.text):
            written = replace(written, stem="dh")
        if self.author is None and "h0" in self.constant:
            if start := _START_OF_A.fullmatch(written.stem):  # Ng's a0, and da0
                written = replace(written, stem=f"{start[1]}h0")
            elif written.stem == "a" and written.numbers == (0,):
                written = replace(written, stem="h0", numbers=())
        if _SMALL_E.fullmatch(written.stem) and self._is_error_or_loss(written):
            both = "E (the loss of the step) or y - target (the error)"
            raise SeveralReadingsError(f'"{written.text or "e"}"', both)
        written = self._named_n(self._one_of_several(written))
        numbers = list(written.numbers)
        key = self._key(written.stem, written.derivative, written.lead)
        if key is None and not written.derivative and (match := _TRAILING.fullmatch(written.stem)):
            key = self._key(match[1].rstrip("_"), False)
            if key is not None:
                return self._placed(written, key, [int(match[2]), *numbers], match[2])
        elif key is None and (match := _TRAILING.fullmatch(written.stem)):
            key = self._key(match[1].rstrip("_"), True, written.lead)
            if key is not None:
                return self._placed(written, key, [int(match[2]), *numbers], match[2])
        if key is None and numbers:  # an author's x₁ is a name of its own
            first = f"{written.stem}{numbers[0]}"
            key = self._key(first, written.derivative, written.lead)
            if key is not None:
                return self._placed(written, key, numbers[1:], "")
        if key is None:
            hint = _hint(written.stem, self.known)
            shown = written.text or written.stem
            raise ExpressionError("a symbol of this problem", f'"{shown}"{hint}')
        return self._placed(written, key, numbers, "")

    def _adjoint(self, written: Written) -> Written:
        """A name with a bar, where the document has that for the derivative of the loss.

        Where it may be that as well as a value, it is neither.
        """
        if written.derivative or self.author is not None:
            return written
        bare, accent = _accent_of(written.stem)
        means = self.conventions.of(accent)
        if means == DERIVATIVE:
            return replace(written, stem=bare, derivative=True, lead="∂")
        if means == OPEN:
            name, stem = (re.sub(r"_?[0-9]+$", "", one) for one in (bare, written.stem))
            slope, value = self._key(name, True), self._key(stem, False)
            if slope is not None and value is not None:
                both = f"{value} or {slope} (the derivative)"
                raise SeveralReadingsError(f'"{written.text or written.stem}"', both)
        return written

    def _with_hat(self, written: Written) -> Written:
        """ĉ, which may be the candidate or its net input."""
        match = _WITH_HAT.fullmatch(_accented(written.stem))
        if match is None or self.author is not None:
            return written
        if not self.conventions.hat and "z_g" in self.varying:
            raise SeveralReadingsError(f'"{written.text or written.stem}"', "g or z_g")
        stem = ("g" if self.conventions.hat == VALUE else "z_g") + match[2]
        if match[1]:
            return replace(written, stem=stem, derivative=True, lead="d")
        return replace(written, stem=stem)

    def _named_n(self, written: Written) -> Written:
        """W_n is no W at the last step n: it has no steps, and PyTorch calls the candidate n."""
        if written.from_end != 0 or not _ENDS_IN_N.search(written.text):
            return written
        named = replace(written, stem=f"{written.stem}_n", from_end=None)
        if self._key(written.stem, written.derivative, written.lead) in self.varying:
            weight = re.match(r"d?[WUbRw](?![^\W_])", written.stem)
            if weight is None:
                return written
        found = self._key(named.stem, written.derivative, written.lead)
        return written if found is None else named

    def _unmarked(self, written: Written) -> Written:
        """Signs that stand above a name (Uᶠ, E°) put where the name has them."""
        stem = written.stem
        if "\1" not in stem and "\2" not in stem:
            return written
        parts = stem.split("_")
        raised = "".join(p[1:] for p in parts if p[:1] == "\2")
        mark = MARK if any(p[:1] == "\1" for p in parts) else ""
        first, *rest = [p for p in parts if p[:1] not in "\1\2" or not p]
        above = "".join(_RAISED_LETTERS.get(letter, letter) for letter in raised)
        has_raised = self.author is not None and any(
            symbol.endswith(above) for symbol in self.author if above != raised
        )
        if raised and not has_raised:  # z^f_t is z_f at step t
            return replace(written, stem="_".join([first, *rest, raised]) + mark)
        return replace(written, stem="_".join([first + above, *rest]) + mark)

    def _is_error_or_loss(self, written: Written) -> bool:
        """Whether a small e is that of a step, where nothing of ours is called so."""
        is_placed = written.numbers or written.step is not None or written.shift is not None
        if written.derivative or not (is_placed or written.stem != "e"):
            return False
        is_free = "e" not in self.known and "e" not in self.aliases
        return self.author is None and "E" in self.known and is_free

    def _one_of_several(self, written: Written) -> Written:
        """A word that means one of several quantities is not guessed.

        "Output" beside an "output gate" is no gate.
        """
        stem = re.sub(r"_?[0-9]+$", "", written.stem)
        is_told = stem in self.known or stem in self.aliases or stem in (self.author or ())
        word = stem.lower()
        if word not in _WORDS_OF_SEVERAL or is_told:
            return written
        of_gate = _WORDS_OF_SEVERAL[word][0] in ("o", "i")
        if not of_gate and self.conventions.error_is_loss and not written.derivative:
            return replace(written, stem=written.stem.replace(stem, "E", 1))
        if self.gates_bare if of_gate else self.losses_told or written.derivative:
            return written
        known = [key for key in _WORDS_OF_SEVERAL[word] if key in self.known or key == "x"]
        if of_gate and word in self.gates_told:
            known = [key for key in known if key not in ("o", "i")]
            if known == ["h", "y"] and not self.model.readout.parameters:
                known = ["h"]  # which is the prediction as well
            if len(known) == 1:
                return replace(written, stem=written.stem.replace(stem, known[0], 1))
        if len(known) > 1:
            lead = "d" if written.derivative else ""
            both = " or ".join(lead + key for key in known)
            shown = written.text or stem
            raise SeveralReadingsError(f'"{shown}"', both, tuple(known))
        return written

    def _setting(self, written: Written) -> float | None:
        """The number of the problem's update that a name stands for: 0.1 for the learning rate."""
        if written.derivative or written.primes or self._key(written.stem, False) is not None:
            return None
        name = "".join([written.stem.replace("_", ""), *map(str, written.numbers)])
        if written.stem in self.settings:
            return self.settings[written.stem]
        for setting, spelled in _SETTINGS.items():
            if name == setting.replace("_", "") or name in spelled:
                if setting in self.settings:
                    return self.settings[setting]
                if setting == RATE:
                    raise ExpressionError("a number for the learning rate", f'"{written.stem}"')
        return None

    def _of_one_step(self, written: Written) -> Expression:
        """∂L_t/∂h_t beside ∂L/∂h_t: the path through the prediction of the step."""
        whole = self.quantity(replace(written, of_step=""))
        if not isinstance(whole, Symbol) or not self.conventions.beside:
            raise of_one_step(written)
        step = whole.step if written.of_step != "t" else whole.shift
        is_own = step == 0 if written.of_step == "t" else step == int(written.of_step[:6])
        row = self.model.quantities.get(whole.name)
        own = [term.via for term in row.terms if not term.later] if row is not None else []
        key = path_key(whole.name, own[0]) if len(own) == 1 else ""
        if not is_own or own not in (["y"], ["z_y"]) or key not in self.known:
            raise of_one_step(written)
        return replace(whole, name=key)

    def _slope(self, written: Written, by: Written) -> Expression:
        """The derivative of one quantity by another that it is made of: ∂c_t/∂f_t is c[t-1]."""
        found = self._slopes(written, by)
        if not found:
            raise ExpressionError("a quantity by one that it is made of", f'"{written.text}"')
        if len(found) > 1:
            both = " or ".join(map(LANGUAGE, found))
            raise SeveralReadingsError(f'"{written.text}"', both)
        return found[0]

    def _slopes(self, written: Written, by: Written) -> list[Expression]:
        of = self.quantity(replace(written, by=None, derivative=False, lead=""))
        return slopes(self.model, of, self.quantity(by))

    def meanings(self, text: str) -> list[Expression]:
        """What a slope that stands alone may be: ∂c_t/∂f_t.

        Raises :class:`~cellcalc.errors.ExpressionError` where there is no such, or more than one.
        """
        found: list[Expression] = []

        def slope(written: Written) -> Expression:
            if written.by is None or found:
                raise ExpressionError("the derivative of one quantity by another", f'"{text}"')
            found.extend(self._slopes(written, written.by))
            return ONE

        whole = parse_formula(text, slope, Style(slope=True))
        if whole != ONE or not found:
            raise ExpressionError("a quantity by one that it is made of", f'"{text}"')
        return found

    def _paths(self, name: str, part: str, step: int | None, written: Written) -> Expression:
        """What reaches a quantity from later steps, or from its own: the sum of those paths.

        So a program has it: what one step hands to the one before, and what comes from the loss.
        """
        key = self._key(name, False)
        row = self.model.quantities.get(key or "")
        if row is None or not row.terms:
            raise ExpressionError("a symbol of this problem", f'"{name}"')
        shift = written.shift or 0
        found = [
            shifted(term.formula, shift)
            for term in row.terms
            if (term.later > 0) == (part == "from_later")
        ]
        total = add(*found) if found else ZERO
        if step is None:
            return total
        first = step + 1 - self.first_step
        return rename(
            total, lambda s: s if s.shift is None else Symbol(s.name, step=first + s.shift)
        )

    def part(self, written: Written) -> tuple[str, str, int | None] | None:
        """What a name for some of the paths is for: those of dh from later steps, Gomez's Δout.

        With the step that is written at it.
        """
        stem, number = written.stem, next(iter(written.numbers), written.step)
        if self.author and not written.derivative:
            if match := _TRAILING.fullmatch(stem):
                stem, number = match[1].rstrip("_"), int(match[2])
            stem = self.author.get(composed(stem), written.stem)
        match = _PART.fullmatch(stem)
        return (match[1], match[2], number) if match else None

    def _defined(self, written: Written) -> Expression:
        meant = self.local[written.stem]
        return shifted(meant, written.shift) if written.shift else meant

    def _placed(self, written: Written, key: str, numbers: list[int], digits: str) -> Expression:
        """The symbol for a key, with the feature and the step that stand at it."""
        shown = written.text or written.stem
        is_placed = numbers or written.step is not None or written.shift is not None
        if key == STEPS and is_placed and self.has_reset:
            key = "g"  # PyTorch's n, the candidate of a GRU
        if written.primes or written.new:
            if key not in self.parameters and key not in self.vectors:
                raise ExpressionError("a quantity without a stroke", f'"{shown}"')
            if written.primes > 1:
                raise ExpressionError("a quantity with one stroke at most", f'"{shown}"')
        is_vector = self.is_vector(key)
        if is_vector and digits and len(digits) > 1 and len(numbers) == 1:
            numbers = self._feature_and_step(key, digits, shown)
        if is_vector and numbers:
            element = f"{key}{numbers[0]}"
            if element not in self.known:
                count = self.model.features
                raise ExpressionError(f"a feature from 1 to {count}", f'"{shown}"')
            key, numbers = element, numbers[1:]
        elif is_vector and written.step is not None and key not in ("x", "dx"):
            return self._element_or_step(key, written.step, shown)
        elif self.model.features == 1 and numbers[:1] == [1] and self._takes_input(key):
            # Of a single feature: x1 and W_f1 are x and W_f, unless x1 is x at step 1.
            timed = written.step is not None or written.shift is not None or len(numbers) > 1
            is_total = key in self.gradients and not self.conventions.by_steps
            if timed or key in self.parameters or is_total:
                numbers = numbers[1:]
        is_start = numbers == [0] and written.step is None and self.first_step == 1
        if is_start and f"{key}0" in self.constant:
            return Symbol(key, step=0) if key in self.model.state else Symbol(f"{key}0")
        step = written.step
        if numbers:
            if len(numbers) > 1 or step is not None:
                raise ExpressionError("one step", f'"{shown}"')
            step = numbers[0]
        return self._timed(written, key, step, shown)

    def _element_or_step(self, key: str, index: int, shown: str) -> Expression:
        """``dW_f[2]``: an element; also one step's part of the gradient, if there is that step."""
        element = f"{key}{index}"
        if element not in self.known:
            raise ExpressionError(f"a feature from 1 to {self.model.features}", f'"{shown}"')
        return Symbol(element)

    def _feature_and_step(self, key: str, digits: str, shown: str) -> list[int]:
        """``x12`` is feature 1 at step 2, or feature 12: whichever there is."""
        found = []
        if f"{key}{int(digits)}" in self.known:
            found.append([int(digits)])
        for cut in range(1, len(digits)):
            feature, step = int(digits[:cut]), int(digits[cut:])
            is_there = f"{key}{feature}" in self.known and key in (*self.varying, "x", "dx")
            if is_there and digits[cut] != "0" and step <= max(self.steps, 1):
                found.append([feature, step])
        if len(found) > 1:
            both = " or ".join(f"{key}{n[0]}" + (f"[{n[1]}]" if n[1:] else "") for n in found[:2])
            raise SeveralReadingsError(f'"{shown}"', both)
        return found[0] if found else [int(digits)]

    def _takes_input(self, key: str) -> bool:
        base = key.removeprefix("d")
        kinds = {**self.model.cell.parameters, **self.model.readout.parameters}
        return base == "x" or kinds.get(base) == "input"

    def _timed(self, written: Written, key: str, step: int | None, shown: str) -> Expression:
        if key.endswith("0") and key[:-1] in self.model.state:
            return Symbol(key[:-1], step=0)  # h0 is h at step 0
        shift = written.shift
        at_end = written.from_end
        varies = key in self.varying or self.is_varying_vector(key)
        if at_end is not None and step is None:
            negative = "-1" in written.text and "T" not in written.text and "n" not in written.text
            if negative and key in self.model.state:
                if self.first_step == 0:
                    return Symbol(key, step=0)
                both = f"{key}[{self.steps}] or {key}[0]"
                raise SeveralReadingsError(f'"{shown}"', both)
            if not varies and key not in self.gradients:
                return Symbol(key)
            step = self.steps + at_end + (0 if negative else 1 - self.first_step)
            return Symbol(key, step=step)
        if step is not None:
            if not varies and key not in self.gradients:
                if key.endswith("0") and key[:-1] in self.model.state and step == 0:
                    return Symbol(key)
                if key == TOTAL_LOSS and "E" in self.varying:
                    key = "E"
                elif key in self.parameters or key in self.vectors:
                    raise ExpressionError(
                        f"{key} without a step, for it is the same at each", f'"{shown}"'
                    )
                else:
                    raise ExpressionError(f"{key} without a step", f'"{shown}"')
            return Symbol(key, step=step + 1 - self.first_step)
        if key == TOTAL_LOSS and shift is not None and "E" in self.varying:
            return Symbol("E", shift)
        if varies:
            return Symbol(key, shift or 0)
        if key in self.gradients or (key[:1] == "d" and key[1:] in self.vectors):
            return Symbol(key, shift)
        return Symbol(key)

    def _key(self, stem: str, derivative: bool, lead: str = "") -> str | None:
        if len(stem) > MAX_NAME:
            return None
        place = (f"{lead}\0{stem}", derivative)
        if place not in self.found:
            self.found[place] = self._looked_up(stem, derivative, lead)
        return self.found[place]

    def _looked_up(self, stem: str, derivative: bool, lead: str) -> str | None:
        if not stem:
            return None
        if self.author is not None:
            found = self._authors(stem, derivative, lead)
            if found is not None:
                return found
        if derivative:
            return self._derivative(stem, lead)
        if stem in self.aliases and self.aliases[stem] not in KINDS:
            return self.aliases[stem]
        if (composed_of := self._in_letters(stem)) is not None:
            return composed_of
        if stem in self.known:
            return stem
        if stem == "cell" and "cand" in self.gates_told and "c" in self.known:
            return "c"  # beside a candidate of its own name
        if stem[:1] in "δ∇Δ" and len(stem) > 1:
            return self._derivative(stem[1:].removeprefix("_"), stem[0])
        found = self._respelled(stem) or self._derived(stem) or self._by_case(stem)
        return found or self._word(stem)

    def _in_letters(self, stem: str) -> str | None:
        """What a name is that has letters of the document's own in it: w_φ, uK, γ_ρ."""
        if not (self.aliases or self.author) or len(stem) > MAX_NAME:
            return None
        bare, accent = _accent_of(stem)
        if accent == BAR and self.aliases.get(bare) in self.gates:
            return f"z_{self.aliases[bare]}"
        if accent == BAR and self.conventions.bar == DERIVATIVE and bare != stem:
            inner = self._in_letters(bare)  # n̄^f, where n^f are the net inputs
            return f"d{inner}" if inner is not None and f"d{inner}" in self.known else None
        cuts = [stem.split("_")] if "_" in stem else [[stem[:k], stem[k:]] for k in (1, 2)]
        for parts in cuts:
            if len(parts) != 2 or not all(parts):
                continue
            head, tail = parts
            if (of_author := self._in_author(head, tail)) is not None:
                return of_author
            kind = self.aliases.get(head, head if head in _HEADS else "")
            kind = {"a": "z", "net": "z", "w": "W", "R": "U"}.get(kind, kind)
            digits = re.fullmatch(r"(.*?[^\W\d])([0-9]{0,3})", tail)
            below = digits[1] if digits else ""
            gate = self.aliases.get(f"_{below}") or self._gate_below(below)
            is_own = head in self.aliases or below in self.aliases or f"_{below}" in self.aliases
            is_own = is_own or (self.author or {}).get(below, below) != below
            if kind in KINDS and gate in self.gates and is_own and digits is not None:
                key = f"{kind}_{gate}{digits[2]}"
                if key in self.known or f"{kind}_{gate}" in self.vectors:
                    return key
        return None

    def _gate_below(self, name: str) -> str:
        """The gate whose letter stands below another, if it is one: no h that is an author's."""
        try:
            return self._key(name, False) or ""
        except ExpressionError:
            return ""

    def _in_author(self, head: str, tail: str) -> str | None:
        """Graves's w_cι where nothing leads from the state: from the output b_c; and β_ι."""
        is_bias = head in ("β", "beta")
        if self.author is None or not (is_bias or (head in ("w", "W") and tail[0] == "c")):
            return None
        if not is_bias and self._has_peepholes:
            return None
        letter = tail if is_bias else tail[1:]
        gate = "g" if letter == "c" else self._gate_below(f"b_{letter}") if letter else ""
        key = f"{'b' if is_bias else 'U'}_{gate}"
        return key if gate in self.gates and gate != letter and key in self.known else None

    def _word(self, stem: str) -> str | None:
        """What a word of some language in a formula means: (y - objetivo)^2, потери."""
        key = called("quantities").get(stem.lower()) if len(stem) > 1 else None
        return key if key in self.known else None

    def _authors(self, stem: str, derivative: bool, lead: str) -> str | None:
        assert self.author is not None
        forms = [stem]
        if derivative:
            forms = [f"∂L/∂{stem}"]
            forms = [f"{lead}{stem}", f"{lead}_{stem}", *forms] if lead in ("δ", "∇") else forms
            forms += [f"d{stem}"] if lead in ("d", "D") else []
            forms += [f"delta_{stem}"] if lead == "delta" else []
        for form in forms:
            found = self.author.get(composed(form))
            if found is not None:
                if found.endswith(MARK):
                    raise ExpressionError("a quantity of the cell", f'"{form}"')
                return found
        return None

    def _derivative(self, stem: str, lead: str) -> str | None:
        """The derivative by a name: ∂L/∂c, δc."""
        base = self._key(stem, False)
        if base == STEPS and self.has_reset:
            base = "g"  # PyTorch's n
        if base is None:
            other = self._bias_of_two(stem)
            return f"d{other}" if other and f"d{other}" in self.known else None
        key = f"d{base}"
        if key not in self.known:
            return None
        is_authors = self.author is not None and not self.conventions.delta
        if lead not in ("δ", "Δ", "delta") or is_authors or self.apart:
            return key
        is_cell = base == ("h" if self.has_reset else "c")
        if is_cell and self.conventions.cell_delta == NET and "dz_g" in self.known:
            base = "g"
        elif is_cell and self.conventions.cell_delta == OPEN and "dz_g" in self.known:
            raise SeveralReadingsError(f'"{lead}_{stem}"', f"{key} or dz_g (of the candidate)")
        if f"dz_{base}" in self.known:
            if not self.conventions.delta:
                both = f"d{base} (by the gate) or dz_{base} (by its net input)"
                raise SeveralReadingsError(f'"{lead}_{stem}"', both)
            return f"dz_{base}" if self.conventions.delta == NET else f"d{base}"
        return key

    def _of_gamma(self, stem: str) -> str | None:
        """dΓ_f and dc̃, which in Ng's course are the derivatives by the net inputs."""
        gamma, key = self.conventions.gamma, self._key(stem, False)
        if self.author is not None or gamma == ABSENT or f"dz_{key}" not in self.known:
            return None
        if not gamma:
            both = f"d{key} (by the gate) or dz_{key} (by its net input)"
            raise SeveralReadingsError(f'"d{stem}"', both)
        return f"dz_{key}" if gamma == NET else f"d{key}"

    def _bias_of_two(self, stem: str) -> str | None:
        """PyTorch's two biases of a gate have the same gradient as the one of ours."""
        match = re.fullmatch(r"b(?:ias)?_?[ih]_?([figo])", stem)
        return f"b_{match[1]}" if match and f"b_{match[1]}" in self.parameters else None

    def _derived(self, stem: str) -> str | None:
        for match in (_DERIVED_BEHIND.fullmatch(stem), _DERIVED.fullmatch(stem)):
            if match is not None:
                lead = "delta" if stem.lower().startswith("delta") else ""
                rest = match["name"]
                if stem[:2] in ("dΓ", "dc") and (own := self._of_gamma(rest)) is not None:
                    return own
                key = self._derivative(rest, lead)
                if key is not None:
                    return key
                if stem.startswith("d") and (again := _T_BEHIND.fullmatch(rest)):
                    return self._derivative(again[1] + again[2], "")
        return None

    def _respelled(self, stem: str) -> str | None:
        """The key that a name is another spelling of; none where it could be two."""
        found = list(dict.fromkeys(k for k in self._spellings(stem) if k in self.known))
        if len(found) > 1 and not stem.startswith("d"):
            if self.conventions.of_torch:
                return found[-1]  # W_ig leads from the input to g; W_ig beside W_fg to i
            raise SeveralReadingsError(f'"{stem}"', " or ".join(found[:2]))
        return found[0] if found else None

    def _spellings(self, stem: str) -> Iterator[str]:
        compact = stem.replace("_", "")
        yield from (k for k in self._compact.get(compact, ()))
        if "\u0302" in (apart := unicodedata.normalize("NFD", stem)):
            yield apart.replace("\u0302", "_hat")
        stem = _accented(stem)
        for key, others in _OTHERS.items():
            if stem in others:
                yield key
        if match := _T_BEHIND.fullmatch(stem):
            base = match[1] + match[2]
            if base == "cc":
                yield "g"
            elif match[2] != "a" or "a" in self.known:
                yield from (k for k in (base, self._key(base, False)) if k)
        if self.has_reset:
            yield from (k for k, others in _OF_RESET.items() if stem in others)
        if self.has_reset and (recurrent := _FROM_MEMORY.fullmatch(stem)):
            gate = "g" if recurrent[1] == "c" else self._key(recurrent[1], False)
            yield f"U_{gate}"  # Ng's W_rc, where the state is called c
        for gate, spelled in _GATES.items():
            for name in (*spelled, *self._more_letters(gate)):
                yield from _of_gate(stem, gate, name)
        if stem.endswith("_via_y"):  # through the net input, where the prediction has one
            yield stem.removesuffix("y") + "z_y"
        for name in ("_old", "_before"):
            if stem.endswith(name):
                yield stem.removesuffix(name)
        if stem.endswith("_new") or stem.startswith("new_"):
            meant = self._key(stem.removesuffix("_new").removeprefix("new_"), False)
            if meant in self.parameters and meant is not None:
                yield meant

    def _more_letters(self, gate: str) -> tuple[str, ...]:
        """Letters of a gate that mean it in some cells only."""
        if gate == "g" and self.has_reset:
            return ("h", "ĥ", "h̃")
        if gate == "i" and "u" not in self.varying:
            return ("u",)  # Ng's Γ_u and W_u
        return ()

    @cached_property
    def _compact(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for key in sorted(self.known):
            compact = key.replace("_", "")
            found[compact] = (*found.get(compact, ()), key)
        return found

    def _by_case(self, stem: str) -> str | None:
        """The key that differs in case only, where there is one such."""
        if stem in ("U", "W", "V", "B", "P"):
            return None  # a weight of somebody's: U is not the update gate u
        lower = stem.replace("_", "").lower()
        found = [k for k in self.known if k.replace("_", "").lower() == lower]
        return found[0] if len(found) == 1 else None

    # From a formula to one of this problem.

    def resolve(self, formula: Expression) -> Expression:
        """The formula with every product of vectors made a sum over features."""

        def replacement(e: Expression) -> Expression | None:
            if isinstance(e, Call) and e.others[:1] == (ZERO,) and self._begins_at_1(e.argument):
                limits = () if e.others[1:] == (Symbol(LAST),) else (ONE, *e.others[1:])
                return rebuilt(Call(e.function, e.argument, limits), replacement)
            if isinstance(e, Dot):
                ordered = self._ordered(e)
                return ordered if ordered is not None else multiply(e.weights, e.inputs)
            if isinstance(e, Mul) and (dot := self._as_dot(e)):
                return rebuilt(dot, replacement)
            return None

        return rebuilt(formula, replacement)

    def _begins_at_1(self, summed: Expression) -> bool:
        """Whether a summand has a derivative that step 0 has not, as in Σ_{t=0}^T δ_f,t x_t."""
        now = {s.name for s in symbols(summed) if s.shift == 0} - self.gradients
        return any(n[:1] == "d" and n in self.varying and f"{n}0" not in self.constant for n in now)

    def _over_features(self, weights: Symbol, inputs: Symbol) -> Expression:
        """``W @ x``; at a certain step it is written out."""
        if inputs.step is None or "x" not in self.vectors:
            return Dot(weights, inputs)
        products = [
            multiply(Symbol(f"{weights.name}{k}"), replace(inputs, name=f"{inputs.name}{k}"))
            for k in range(1, self.model.features + 1)
        ]
        return add(*products)

    def _ordered(self, dot: Dot) -> Expression | None:
        """``W @ x``, also where it stands as ``x @ W``; None where it is no sum over features."""
        weights, inputs = dot.weights, dot.inputs
        if weights.name == "x":
            weights, inputs = inputs, weights
        kinds = {**self.model.cell.parameters, **self.model.readout.parameters}
        is_weight = kinds.get(weights.name) == "input"
        is_dot = is_weight and inputs.name == "x"
        return self._over_features(weights, inputs) if is_dot else None

    def _as_dot(self, product: Mul) -> Expression | None:
        """``W_f*x`` over several features is the sum ``W_f @ x``."""
        found = [f for f in product.factors if isinstance(f, Symbol)]
        vectors = self.vectors
        weight = next((f for f in found if f.name in vectors and f.name != "x"), None)
        inputs = next((f for f in found if f.name == "x"), None)
        if weight is None or inputs is None or "x" not in vectors:
            return None
        rest = list(product.factors)
        rest.remove(weight)
        rest.remove(inputs)
        return multiply(*rest, self._over_features(weight, inputs))

    def elements(self, formula: Expression) -> list[str]:
        """The vectors that stand by themselves in a formula, outside of ``W @ x``."""
        inside: set[Symbol] = set()
        for node in walk(formula):
            if isinstance(node, Dot):
                inside |= {node.weights, node.inputs}
        alone = [n for n in walk(formula) if isinstance(n, Symbol) and n not in inside]
        return [symbol.name for symbol in alone if self.is_vector(symbol.name)]

    def check(self, formula: Expression) -> None:
        """Raise :class:`~cellcalc.errors.ExpressionError` for a symbol that has no value."""
        for symbol in symbols(spelled_out(formula, self.model.features)):
            if symbol == Symbol(LAST):
                continue
            known = self.varying | self.gradients if symbol.has_time else self.constant
            is_constant = symbol.has_time and symbol.name in self.constant
            if symbol.name not in known and not is_constant:
                shown = symbol.name if symbol.step is None else f"{symbol.name}[{symbol.step}]"
                raise ExpressionError("a symbol of this problem", f'"{shown}"')

    def is_vector(self, stem: str) -> bool:
        """Whether a name stands for one element a feature: ``x``, ``W_f``, or ``dW_f``."""
        return stem in self.vectors or (stem[:1] == "d" and stem[1:] in self.vectors)

    def is_varying_vector(self, stem: str) -> bool:
        return stem in ("x", "dx") and "x" in self.vectors

    def element(self, formula: Expression, feature: int) -> Expression:
        """The formula for one feature: ``x`` becomes x2, ``W_f`` W_f2."""

        def put(e: Expression) -> Expression | None:
            if isinstance(e, Dot):
                return e
            if isinstance(e, Symbol):
                return replace(e, name=f"{e.name}{feature}") if self.is_vector(e.name) else None
            return None

        return rebuilt(formula, put)

    def _function(self, match: re.Match[str]) -> str:
        """A function by its name, where the document has a letter for it."""
        function = self.conventions.functions.get(match[1])
        return match[0] if function is None else f"{function}{match[2]}"

    def parsed(self, text: str, style: Style | None = None) -> Expression:
        """A formula, in our own symbols or in an author's."""
        if self.conventions.functions:
            text = _CALLED.sub(self._function, text)
        if self.conventions.stacked:
            text = _OF_STACKED.sub(r"(\1_\2 x_t + U_\2 h_{t-1})", text)
        text = _STEP_AS_ARGUMENT.sub(r"\1[\2])", text) if "," in text else text
        if "D[" in text:
            text = _OPERATOR_D.sub(lambda m: f"∂L/∂{m[1].replace('.', '_')}", text)
        if self.moments:
            text = _MOMENT_OF.sub(_moment, text)
        text = _BY_SQUASHED.sub(r"\1tanh_c\2", sums_spelled_out(text, self.gates))
        return self.resolve(parse_formula(text, self.quantity, style))


# f'(a_t), where f is said to be the sigmoid; but f(t) is f at step t
_CALLED = re.compile(
    r"(?<![^\W_])(?<![\u0300-\u036f∂δ∇^{])([fghφ])('?)\s?(?=\(\s?(?!t\s?(?:[-+]\s?[0-9]\s?)?\)|[0-9]+\s?\))[^\s()])"
)
# W_f·[h_{t-1}, x_t]
_OF_STACKED = re.compile(rf"(W)_?\{{?([^\W\d_]{{1,2}})\}}?\s?[*·@]?\s?{STACKED.pattern}")
# D[M], where D takes the derivative by what stands in the brackets; no step is called so
_OPERATOR_D = re.compile(
    r"(?<!\w)D\[\s?((?![tkn]\s?\])[A-Za-zα-ωΑ-Ω][\w.]{0,6}(?:\([^()\[\]]{1,8}\))?)\s?\](?!\s?\()"
)
# m̂_{W_f}, v^{(W_f)}, \hat m(W_f): what an optimizer keeps for a parameter
_MOMENT_OF = re.compile(
    r"(?<![\w.])([mv])(\u0302|_?hat)?(?:[_^]\{\s?\(?|[_^]\(|\()\s?([WUVbp](?:_?\{?\w{1,3}\}?)?)\s?(?:\)?\s?\}|\))"
)


def _moment(match: re.Match[str]) -> str:
    whose = re.sub(r"[{}]", "", match[3])
    return f"{match[1]}{'_hat' if match[2] else ''}_{whose}"


def moments_of(text: str, whose: str) -> str:
    """A text whose m, v, m̂ and v̂ alone are those of one parameter."""
    return _MOMENT_ALONE.sub(lambda m: f"{m[1]}{'_hat' if m[2] else ''}_{whose}", text)


_MOMENT_ALONE = re.compile(r"(?<![\w.])([mv])(\u0302|_?hat)?(?![\w\u0300-\u036f({\[]|[_^])")
# ∂L/∂tanh(c_t)
_BY_SQUASHED = re.compile(
    r"(∂\s?[LEJ]\s?/\s?∂|d[LEJ]/d)\s?tanh\s?\(\s?[cC]([^()]{0,12}(?:\([^()]{1,8}\)\}?)?)\)"
)
# σ(z_f,2): no second argument, but the step of the first
_STEP_AS_ARGUMENT = re.compile(
    r"((?:σ|sigma|sigmoid|tanh|exp)\s*\(\s*[A-Za-z]{1,4}_\{?[A-Za-z]\}?),\s?([0-9]{1,6}|t(?:\s*[-+]\s*1)?)\s*\)"
)


@lru_cache(maxsize=1_000)
def _hint(word: str, known: frozenset[str]) -> str:
    """The nearest known name, which is looked for once: a text may have a name again and again."""
    return did_you_mean(word, sorted(known))


def _accent_of(stem: str) -> tuple[str, str]:
    """A name without its bar or tilde, and which of them it has."""
    first, *rest = _accented(stem).split("_")
    letters = unicodedata.normalize("NFD", first)
    for accent in (BAR, TILDE):
        if accent in letters[1:2]:
            return "_".join([composed(letters[0] + letters[2:]), *rest]), accent
    for word, accent in (("bar", BAR), ("tilde", TILDE)):
        bare = stem.removesuffix(word).rstrip("_")
        if bare != stem and len(bare) > 1:  # W_f_bar
            return bare, accent
    return stem, ""


def _accented(stem: str) -> str:
    """``f_bar`` and ``tilde_c`` with the accent itself."""
    for word, accent in _ACCENT.items():
        for pattern in (rf"([A-Za-z])_?{word}", rf"{word}_?([A-Za-z])"):
            if match := re.fullmatch(pattern, stem):
                return composed(match[1] + accent)
    return stem


def _of_gate(stem: str, gate: str, name: str) -> Iterator[str]:
    """What a name may be with ``name`` for a gate: the net input, a weight, a bias, a peephole."""
    if stem == name and (name == gate or len(name) > 2):
        yield gate
    if gate in "fiogur":
        if stem in [composed(name + accent) for accent in _ACCENT.values()] and gate != "g":
            yield f"z_{gate}"
        if gate == "g" and stem in (composed(f"g{_HAT}"), composed(f"g{_BAR}")):
            yield "z_g"
    for lead in ("z", "a", "net", "pre", "zh", "s"):
        behind = () if name in ("a", "z", "s", "h", "n", "u") else (f"{name}_{lead}",)
        if stem in (f"{lead}_{name}", lead + name, *behind):
            yield f"z_{gate}"
    if stem in (f"{name}_raw", f"{name}_lin", f"{name}_pre", f"{name}_preact"):
        yield f"z_{gate}"
    if stem in (f"gate_{name}", f"{name}_gate", f"{name}gate"):
        yield gate
    w = ("W", "w")
    short = len(name) == 1
    yield from (f"W_{gate}" for k in w if stem in (f"{k}_{name}", k + name))
    yield from (f"W_{gate}" for k in w if stem in (
        f"{k}_x{name}", f"{k}x{name}", f"{k}_{name}x", f"{k}{name}x", f"{k}x_{name}",
        f"{k}_{name}_x", f"{k}{name}_x", f"{k}_x_{name}"))  # fmt: skip
    if stem in (f"kernel_{name}", f"W_ih_{name}", f"weight_ih_{name}"):
        yield f"W_{gate}"
    if name in ("f", "i", "g", "o") and stem in (f"W_i{name}", f"Wi{name}"):
        yield f"W_{gate}"
    yield from (f"U_{gate}" for k in ("U", "R") if stem in (
        f"{k}_{name}", k + name, f"{k}_h{name}", f"{k}h{name}",
        f"{k}_{name}h") and (short or stem == f"{k}_{name}"))  # fmt: skip
    is_matrix = name == "i" and stem in ("W_ih", "w_ih", "Wih", "wih")
    yield from (f"U_{gate}" for k in w if not is_matrix and stem in (
        f"{k}_h{name}", f"{k}h{name}", f"{k}_{name}h", f"{k}{name}h", f"{k}h_{name}",
        f"{k}_{name}_h", f"{k}{name}_h", f"{k}_h_{name}", f"{k}_{name}a",
        f"{k}{name}a"))  # fmt: skip
    if stem in (f"recurrent_kernel_{name}", f"W_hh_{name}", f"weight_hh_{name}"):
        yield f"U_{gate}"
    yield from (f"b_{gate}" for k in ("b", "B", "bias") if stem in (f"{k}_{name}", k + name))
    yield from (f"p_{gate}" for k in ("p", "P") if stem in (f"{k}_{name}", k + name))
    yield from (f"p_{gate}" for k in w if stem in (f"{k}_c{name}", f"{k}c{name}", f"{k}_{name}c"))


def has_free_time(formula: Expression) -> bool:
    """Whether a formula depends on the step t: whether it has a [t] outside of every sum."""
    if isinstance(formula, Symbol):
        return formula.shift is not None
    if isinstance(formula, Call) and formula.function in (SUM, MEAN):
        return False
    return any(map(has_free_time, children(formula)))


def mentioned(formula: Expression) -> set[str]:
    """The quantities that a formula speaks of."""
    return {symbol.name for symbol in symbols(formula)}
