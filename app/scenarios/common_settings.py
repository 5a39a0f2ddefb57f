"""What several scenarios let the designer limit: costs of a cell, their total, symmetry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from app.scenarios.settings import setting
from maps.document import MapDocument
from maps.edits import apply_costs

if TYPE_CHECKING:
    from engine.cost_maps.admissible import Admissible

SYMMETRIES = {
    "none": "None",
    "left_right": "Left–right mirror",
    "top_bottom": "Top–bottom mirror",
    "four_way": "Both mirrors",
    "half_turn": "Half turn",
    "quarter_turn": "Quarter turns",
    "diagonal": "Diagonal mirror",
}
DEVICES = {"auto": "Automatic", "cpu": "CPU", "cuda": "GPU (CUDA)", "mps": "GPU (Apple)"}


def budget_setting() -> Any:
    """Total cost; None keeps the drawn one."""
    return setting(
        None,
        "Total cost",
        "Total cost of all passable cells, which is only moved about",
        single_step=10.0,
        as_is=lambda document: ("as drawn", float(document.cost[document.passable].sum(dtype=np.float64))),
    )


def lower_setting() -> Any:
    """Least cost of a cell; None takes the document's."""
    return setting(
        None,
        "Least cost",
        "Least cost to cross a cell",
        least=0.001,
        flag="--lo",
        as_is=lambda document: ("the map's", document.bounds.lower),
    )


def upper_setting() -> Any:
    """Greatest cost of a cell; None takes the document's."""
    return setting(
        None,
        "Greatest cost",
        "Greatest cost to cross a cell",
        least=0.001,
        flag="--hi",
        as_is=lambda document: ("the map's", document.bounds.upper),
    )


def symmetry_setting() -> Any:
    """A symmetry of the optimised costs."""
    return setting("none", "Symmetry", "A symmetry that the optimised costs keep exactly", choices=SYMMETRIES)


def seed_setting() -> Any:
    """The seed of a run's noise."""
    return setting(0, "Seed", "Of the run's noise; the same seed gives the same result, byte for byte", more=True)


def admissible_of(document: MapDocument, settings: Any) -> Admissible:
    """The maps that settings with lower, upper, symmetry and perhaps budget allow.

    Raises ProblemError for a symmetry that needs a square map.
    """
    from engine.core.errors import ProblemError
    from engine.cost_maps.admissible import admissible_maps, symmetric_shape

    if not symmetric_shape(document.shape, settings.symmetry):
        raise ProblemError(
            "symmetry",
            f"the symmetry “{SYMMETRIES[settings.symmetry]}” needs a square map, this one is "
            f"{document.height} × {document.width}; choose another symmetry",
        )
    return admissible_maps(
        np.array(document.cost, np.float64),
        document.passable,
        document.bounds.lower if settings.lower is None else settings.lower,
        document.bounds.upper if settings.upper is None else settings.upper,
        locked=document.locked,
        budget=getattr(settings, "budget", None),
        symmetry=settings.symmetry,
    )


def apply_map(document: MapDocument, result: Any) -> MapDocument:
    """The document with a best map's costs. Raises MapError where the map does not fit."""
    return document if result is None else apply_costs(document, result).document
