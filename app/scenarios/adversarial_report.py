"""What a run of the scenario Adversarial path reports."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from app.scenarios.report import Report, Score
from app.scenarios.words import compared, kept_share, within

if TYPE_CHECKING:
    from app.scenarios.adversarial_settings import Method
    from app.scenarios.route_report import RouteReport
    from engine.cost_maps.problem import Aim


@dataclass(frozen=True, eq=False)
class AdversarialReport(Report):
    """Exact path costs of both documents, whose costs are float32. Bounds and gaps are NaN where there are none.

    upper_bound, gap: of all maps.  keeping_bound, keeping_gap: of those that keep as much of the drawn one.
    keep: the setting.  kept: the share of the drawn cost that stayed in its cell.

    quantity: of what path_cost_before and path_cost_after are, in words.
    """

    quantity: str
    path_cost_before: float
    path_cost_after: float
    upper_bound: float
    gap: float
    keep: float
    kept: float
    keeping_bound: float
    keeping_gap: float
    budget: float
    method: Method
    device: str
    aim: Aim
    routes: tuple[RouteReport, ...]

    def score(self) -> Score:
        """Return the cost of the paths."""
        return Score(self._what, self.path_cost_before, self.path_cost_after)

    def summary_lines(self) -> list[str]:
        """Return path costs and gap, each route's where there are several, and how the run computed."""
        line = f"{self.quantity} {self.path_cost_before:.4g} → {self.path_cost_after:.4g}"
        line += f" · {compared(self.path_cost_before, self.path_cost_after)}, {kept_share(self.kept)}"
        if isfinite(self.keeping_gap):
            line += f" · within {within(self.keeping_gap)} % of {best_of_all(True)} ({self.keeping_bound:.6g})"
        elif isfinite(self.gap):
            line += f" · within {within(self.gap)} % of {best_of_all(False)} ({self.upper_bound:.6g})"
        lines = [line]
        routes = self.routes if len(self.routes) > 1 else ()
        lines += [route.line for route in routes]
        lines.append(
            f"Total cost {self.budget:.6g} · {self.run.steps} steps of {self.method} on {self.device} in "
            f"{self.run.seconds:.2f} s · {self.run.movement}"
        )
        if self.keep > 0.0 and isfinite(self.upper_bound):
            lines.append(f"With --keep 0 the map is reshaped freely, to at most {self.upper_bound:.4g}.")
        elif self.gap > 0.02 and self.method != "optimum" and self.aim == "longer":
            lines.append("More --steps come nearer; --method optimum finds the longest possible itself.")
        return lines

    def captions(self) -> tuple[str, str]:
        """Return path costs, and how much is kept or how near it comes."""
        near = f", {kept_share(self.kept)}"
        if not isfinite(self.keeping_gap) and isfinite(self.gap):
            near = f", within {within(self.gap)} % of {best_of_all(False)}"
        return f"{self._what} {self.path_cost_before:.4g}", f"{self._what} {self.path_cost_after:.4g}{near}"

    @property
    def _what(self) -> str:
        return "path cost" if self.quantity == "Path" else self.quantity.lower()


def best_of_all(keeping: bool) -> str:
    """Return what a bound is of: maps that keep as much of the drawn one, or all maps."""
    return "the best that keeps as much" if keeping else "the longest possible"
