"""What the plan panel says of a comparison: what the plans cost, and where a point's mass goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from app.panels.plan.comparison import Comparison
    from app.panels.plan.pixels import Values
    from maps.document import Layout

_NAMED = 3  # targets of a row that are named one by one
_tr = QCoreApplication.translate


def too_few_layouts(layouts: tuple[Layout, ...]) -> str:
    """Ask for a second layout, or for two, where a map has only these."""
    if not layouts:
        return _tr("PlanPanel", "The map has no layouts of points. Add two in the Points panel to compare plans.")
    only = _tr("PlanPanel", "“{}” is the only layout. Add a second one in the Points panel to compare plans.")
    return only.format(layouts[0].name)


def over_ground(ground: str) -> str:
    """Say that a run's spread over ground has no plan that could be compared here."""
    told = _tr(
        "PlanPanel",
        "The run in view spreads points over “{}”. Its plan is none between two layouts: the lines on the map "
        "show which ground each point stands for.",
    )
    return told.format(ground)


def cost(value: float) -> str:
    """Name a plan's cost with five figures, never with an exponent."""
    before = len(f"{value:.0f}")
    return _tr("PlanPanel", "Cost {}").format(f"{value:,.{max(0, 5 - before)}f}")


def excess(comparison: Comparison) -> str:
    """Say by how much the entropic plan costs more than the exact one; empty without an exact plan."""
    share = comparison.excess
    if share is None:
        return "" if comparison.pair.exact_cost is None else _tr("PlanPanel", "exact is 0")
    digits = 2 if abs(share) < 0.1 else 1 if abs(share) < 1.0 else 0
    percent = round(100.0 * share, digits) or 0.0  # no minus before a zero
    return _tr("PlanPanel", "{} over exact").format(f"{percent:+,.{digits}f} %".replace("-", "−"))


def marginal_error(comparison: Comparison) -> str:
    """Say how far the entropic plan's marginals are off; empty where the solver reached its tolerance."""
    if not comparison.unsettled:
        return ""
    return _tr("PlanPanel", "weights off by {}").format(f"{100.0 * comparison.marginal_error:.2g} %")


def scaling(comparison: Comparison) -> str:
    """Say by what the target's weights were scaled for the view; empty where they are as drawn."""
    pair = comparison.pair
    if pair.scale == 1.0:
        return ""
    told = _tr("PlanPanel", "“{}” is scaled by {:.4g} for this view; the map keeps its weights.")
    return told.format(pair.target.name, pair.scale)


def advice(comparison: Comparison) -> str:
    """Pass on the solver's advice in the panel's words; empty where it reached its tolerance."""
    if not comparison.unsettled:
        return ""
    return f"{comparison.unsettled} {_tr('PlanPanel', 'Here, more blur is a larger epsilon.')}"


def axes(comparison: Comparison, points_per_pixel: tuple[int, int]) -> str:
    """Explain what the rows and columns of the pictures are, and how many points share a pixel."""
    pair = comparison.pair
    told = _tr("PlanPanel", "Rows are points of “{}”, columns of “{}”. Point at a row to see where it goes.")
    told = told.format(pair.source.name, pair.target.name)
    down, across = points_per_pixel
    if down * across > 1:
        told += " " + _tr("PlanPanel", "A pixel is the mean of {} × {} points.").format(down, across)
    return told


def row(comparison: Comparison, point: int) -> str:
    """Say where a point of the source lies, and where its mass goes in both plans."""
    pair = comparison.pair
    line, column = pair.source.positions[point]
    told = _tr("PlanPanel", "Point {} of “{}” at row {:.4g}, col {:.4g}: {}.").format(
        point, pair.source.name, line, column, _targets(comparison.plan[point])
    )
    if pair.exact is not None:
        told += " " + _tr("PlanPanel", "Exact plan: {}.").format(_targets(pair.exact[point]))
    return told


def _targets(couplings: Values) -> str:
    """Say where a row's mass (m,) goes, the largest part first."""
    total = float(couplings.sum())
    if not total > 0.0:
        return _tr("PlanPanel", "it weighs nothing")
    share = 100.0 * couplings / total
    if float(share.max()) >= 99.5:
        return _tr("PlanPanel", "all of it to point {}").format(int(share.argmax()))
    first = [int(at) for at in np.argsort(-share, kind="stable")[:_NAMED] if share[at] >= 0.5]
    parts = [_tr("PlanPanel", "{:.0f} % to point {}").format(share[at], at) for at in first]
    rest = 100.0 - float(share[first].sum())
    others = int(np.count_nonzero(couplings > 1e-9 * total)) - len(first)
    if others > 0 and rest >= 0.5:
        parts.append(_tr("PlanPanel", "{:.0f} % to {} others").format(rest, others))
    return ", ".join(parts)
