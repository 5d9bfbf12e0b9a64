"""The equations of the cells, written out by hand from the textbooks, in two styles.

``every row`` has each path and each inner derivative as a row of its own; ``textbook`` has the
equations as they are printed, one for each quantity that people write down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

GATES = "figo"
STYLES = ("every row", "textbook")


@dataclass(frozen=True)
class Shape:
    """What kind of problem it is: everything but its numbers."""

    features: int = 1
    readout: str = "linear"
    loss: str = "half-squared"
    cell: str = "lstm"

    @cached_property
    def inputs(self) -> list[str]:
        return ["x"] if self.features == 1 else [f"x{k}" for k in range(1, self.features + 1)]

    @cached_property
    def parts(self) -> dict[str, str]:
        """Each parameter, and its contribution of one step to the gradient."""
        found: dict[str, str] = {}
        for k, recurrent in self.net_inputs.items():
            for x in self.inputs:
                found[f"W_{k}{x[1:]}"] = f"dz_{k}*{x}"
            found[f"U_{k}"] = f"dz_{k}*{recurrent}"
            if self.cell == "lstm-peephole" and k in "fio":
                found[f"p_{k}"] = f"dz_{k}*{'c' if k == 'o' else 'c[t-1]'}"
            found[f"b_{k}"] = f"dz_{k}"
        if self.readout != "identity":
            slope = {"linear": "dy", "logistic": "dy*y*(1 - y)"}[self.readout]
            found |= {"V": f"{slope}*h", "b_y": slope}
        return found

    @property
    def via(self) -> str:
        """The row of what this step's loss gives to dh."""
        return "dh_via_z_y" if self.readout == "logistic" else "dh_via_y"

    @property
    def net_inputs(self) -> Mapping[str, str]:
        """The net inputs, and what the recurrent weight of each is multiplied by."""
        if self.cell == "gru-reset-before":
            return {"r": "h[t-1]", "u": "h[t-1]", "g": "r*h[t-1]"}
        return dict.fromkeys(GATES, "h[t-1]")

    @property
    def parameters(self) -> list[str]:
        return list(self.parts)

    @property
    def state(self) -> list[str]:
        return ["h"] if self.cell == "gru-reset-before" else ["h", "c"]

    def net(self, k: str) -> str:
        terms = [f"W_{k}{x[1:]}*{x}" for x in self.inputs]
        terms.append(f"U_{k}*{self.net_inputs[k]}")
        if self.cell == "lstm-peephole" and k in "fio":
            terms.append(f"p_{k}*{'c' if k == 'o' else 'c[t-1]'}")
        return " + ".join([*terms, f"b_{k}"])

    def forward(self, style: str) -> dict[str, str]:
        """Each row of the forward pass, in the order of computation."""
        if self.cell == "gru-reset-before":
            rows = {
                "z_r": self.net("r"), "r": "sigmoid(z_r)",
                "z_u": self.net("u"), "u": "sigmoid(z_u)",
                "z_g": self.net("g"), "g": "tanh(z_g)",
                "h": "u*h[t-1] + (1 - u)*g",
            }  # fmt: skip
        else:
            first = "fig" if self.cell == "lstm-peephole" else GATES
            rows = {f"z_{k}": self.net(k) for k in first}
            rows |= {k: f"{'tanh' if k == 'g' else 'sigmoid'}(z_{k})" for k in first}
            rows["c"] = "f*c[t-1] + i*g"
            if first == "fig":
                rows |= {"z_o": self.net("o"), "o": "sigmoid(z_o)"}
            if style == "every row":
                rows |= {"tanh_c": "tanh(c)", "h": "o*tanh_c"}
            else:
                rows["h"] = "o*tanh(c)"
        if self.readout == "logistic" and style == "every row":
            rows["z_y"] = "V*h + b_y"
        rows["y"] = (
            "sigmoid(z_y)"
            if "z_y" in rows
            else {
                "identity": "h",
                "linear": "V*h + b_y",
                "logistic": "sigmoid(V*h + b_y)",
            }[self.readout]
        )
        rows["E"] = {
            "half-squared": "(y - target)**2/2",
            "squared": "(y - target)**2",
            "cross-entropy": "-(target*log(y) + (1 - target)*log(1 - y))",
        }[self.loss]
        return rows

    def backward(self, style: str) -> dict[str, str]:
        """Each row of the backward pass, in the order of computation."""
        error = {
            "half-squared": "dE*(y - target)",
            "squared": "dE*2*(y - target)",
            "cross-entropy": "dE*(y - target)/(y*(1 - y))",
        }[self.loss]
        own = {"identity": "dy", "linear": "dy*V", "logistic": "dy*y*(1 - y)*V"}[self.readout]
        rows = {"dy": error}
        if self.readout == "logistic" and style == "every row":
            rows["dz_y"] = "dy*y*(1 - y)"
            own = "dz_y*V"
        if self.cell == "gru-reset-before":
            paths = {
                "u": "dh[t+1]*u[t+1]",
                "z_r": "dz_r[t+1]*U_r",
                "z_u": "dz_u[t+1]*U_u",
                "z_g": "dz_g[t+1]*U_g*r[t+1]",
            }
            rows["dh"] = " + ".join([own, *paths.values()])
            rows |= {
                "dz_g": "dh*(1 - u)*(1 - g**2)",
                "dz_u": "dh*(h[t-1] - g)*u*(1 - u)",
                "dz_r": "dz_g*own_U_g*h[t-1]*r*(1 - r)",
            }
        else:
            carried = "dc[t+1]*f[t+1]"
            paths = {f"z_{k}": f"dz_{k}[t+1]*U_{k}" for k in GATES}
            peephole = self.cell == "lstm-peephole"
            out = {"z_o": "p_o*dz_o"} if peephole else {}
            later = {f"z_{k}": f"p_{k}*dz_{k}[t+1]" for k in "if"} if peephole else {}
            if style == "every row":
                rows[self.via] = own
                rows |= {f"dh_via_{k}": path for k, path in paths.items()}
                rows["dh"] = " + ".join([self.via, *(f"dh_via_{k}" for k in paths)])
                rows["do"] = "dh*tanh_c"
                rows["dz_o"] = "do*o*(1 - o)"
                rows["dtanh_c"] = "dh*o"
                rows["dc_via_tanh_c"] = "dtanh_c*(1 - tanh_c**2)"
                rows["dc_via_c"] = carried
                rows |= {f"dc_via_{k}": path for k, path in {**out, **later}.items()}
                vias = ["tanh_c", "c", *out, *later]
                rows["dc"] = " + ".join(f"dc_via_{k}" for k in vias)
                rows |= {"dg": "dc*i", "di": "dc*g", "df": "dc*c[t-1]"}
                rows |= {
                    "dz_g": "dg*(1 - g**2)",
                    "dz_i": "di*i*(1 - i)",
                    "dz_f": "df*f*(1 - f)",
                }
            else:
                rows["dh"] = " + ".join([own, *paths.values()])
                rows["dz_o"] = "dh*tanh(c)*o*(1 - o)"
                through = [*out.values(), carried, *later.values()]
                rows["dc"] = " + ".join(["dh*o*(1 - tanh(c)**2)", *through])
                rows |= {
                    "dz_g": "dc*i*(1 - g**2)",
                    "dz_i": "dc*g*i*(1 - i)",
                    "dz_f": "dc*c[t-1]*f*(1 - f)",
                }
        if style == "every row":
            for x in self.inputs:
                paths = {k: f"dz_{k}*W_{k}{x[1:]}" for k in self.net_inputs}
                rows[f"d{x}"] = " + ".join(paths.values())
        return rows

    def entering(self) -> dict[str, str]:
        """The derivatives by the state that enters a window, of which ``t`` is the first step."""
        if self.cell == "gru-reset-before":
            return {}
        found = {"dh0": " + ".join(f"dz_{k}*own_U_{k}" for k in GATES), "dc0": "dc*f"}
        if self.cell == "lstm-peephole":
            found["dc0"] += " + dz_f*own_p_f + dz_i*own_p_i"
        return found

    @cached_property
    def rows(self) -> frozenset[str]:
        """Everything that has a value at each step."""
        found = {*self.inputs, "target", "dE", *self.forward("every row"), "tanh_c", "dtanh_c"}
        found |= {*self.backward("every row"), *self.backward("textbook")}
        return frozenset(found | {f"d{x}" for x in self.inputs} | {"do", "dg", "di", "df"})
