"""What several scenarios let the designer limit: costs of a cell, their total, symmetry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from app.scenarios.settings import Choice, DocumentChoice, Number, OptionalNumber, Whole, setting
from app.scenarios.translate import class_movement, crossed_walls
from engine.core.errors import ProblemError, SuggestedFix
from maps.document import Bounds, MapDocument
from maps.edits import apply_costs

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.scenarios.frame import Floats
    from engine.core.movement import Movement
    from engine.cost_maps.admissible import Admissible, Symmetry

SYMMETRIES: dict[Symmetry, str] = {
    "none": "None",
    "left_right": "Left–right mirror",
    "top_bottom": "Top–bottom mirror",
    "four_way": "Both mirrors",
    "half_turn": "Half turn",
    "quarter_turn": "Quarter turns",
    "diagonal": "Diagonal mirror",
}
PLAIN = "*"  # instead of a movement class
DEVICES = {"auto": "Automatic", "cpu": "CPU", "cuda": "GPU (CUDA)", "mps": "GPU (Apple)"}


class MapLimits(Protocol):
    """Settings with limits of the costs: bounds, where None takes the map's, and a symmetry."""

    @property
    def lower(self) -> float | None:
        """Least cost of a cell."""
        ...

    @property
    def upper(self) -> float | None:
        """Greatest cost of a cell."""
        ...

    @property
    def symmetry(self) -> Symmetry:
        """A symmetry that the optimised costs keep."""
        ...


def budget_setting() -> float | None:
    """Return the field of a total cost; None keeps the drawn one."""
    return setting(
        None,
        OptionalNumber(
            "Total cost",
            "What all walkable cells cost together; a run only moves it about",
            term="the budget",
            single_step=10.0,
            none="as drawn",
            stands_for=lambda document: document.total_cost,
        ),
    )


def lower_setting() -> float | None:
    """Return the field of the least cost of a cell; None takes the document's."""
    return setting(
        None,
        OptionalNumber(
            "Least cost",
            "No cell becomes easier to cross than this",
            term="lower bound",
            least=0.001,
            flag="--lo",
            none="the map's",
            stands_for=lambda document: document.bounds.lower,
        ),
    )


def upper_setting() -> float | None:
    """Return the field of the greatest cost of a cell; None takes the document's."""
    return setting(
        None,
        OptionalNumber(
            "Greatest cost",
            "No cell becomes harder to cross than this",
            term="upper bound",
            least=0.001,
            flag="--hi",
            none="the map's",
            stands_for=lambda document: document.bounds.upper,
        ),
    )


def symmetry_setting() -> Symmetry:
    """Return the field of a symmetry of the optimised costs."""
    return setting(
        "none",
        Choice("Symmetry", "The new costs are alike when mirrored or turned like this", choices=SYMMETRIES),
    )


def seed_setting(tip: str = "Of the run's noise; the same seed gives the same result, byte for byte") -> int:
    """Return the field of the seed of a run's random numbers."""
    return setting(0, Whole("Seed", tip, more=True))


def device_setting() -> str:
    """Return the field of the device that computes."""
    return setting(
        "auto", Choice("Device", "Which part of the computer does the work", choices=DEVICES, more=True)
    )


def keep_setting(unused: Callable[[Any], bool] = lambda _: False) -> float:
    """Return the field of how strongly the drawn map is kept. unused: where the setting has no effect."""
    return setting(
        0.5,
        Number(
            "Keep my map",
            "From 0, reshape it freely, to 1, leave it as it is; in the middle about nine tenths of its cost stay",
            most=1.0,
            single_step=0.05,
            unused=unused,
        ),
    )


def class_names(document: MapDocument) -> dict[str, str]:
    """Return who may walk: everybody alike, or a movement class of the document."""
    return {PLAIN: "Everybody alike", **{kind.name: kind.name for kind in document.classes}}


def class_setting(unused: Callable[[Any], bool] = lambda _: False) -> str:
    """Return the field of the movement class by whose ways distances are measured."""
    tip = "Who walks: distances are those of this movement class"
    kind = DocumentChoice("Walked by", tip, entries=class_names, flag="--class", unused=unused)
    return setting(PLAIN, kind)


def chosen_movement(document: MapDocument, name: str) -> Movement | None:
    """Return how the class of this name moves; None by the map's own movement.

    Raises ProblemError where the document has no such class.
    """
    if name in (PLAIN, ""):
        return None
    for kind in document.classes:
        if kind.name == name:
            return class_movement(document, kind)
    raise ProblemError(
        "walker",
        f"there is no movement class '{name}'; choose another one, or everybody",
        SuggestedFix("walker", PLAIN),
    )


def closeness_setting() -> float:
    """Return the field of the weight that holds a map to the drawn one."""
    tip = "How much large changes of single cells are avoided; 0 leaves it out"
    term = "penalty on squared differences from the drawn map"
    return setting(0.0, Number("Small changes", tip, term=term, most=1e3, more=True))


def steps_setting(default: int, single_step: int, unused: Callable[[Any], bool] = lambda _: False) -> int:
    """Return the field of how many steps Adam takes. unused: where the setting has no effect."""
    return setting(
        default,
        Whole(
            "Search for",
            "More steps take longer and find a better map",
            term="iterations of Adam",
            least=1,
            most=100_000,
            single_step=single_step,
            unit="steps",
            unused=unused,
        ),
    )


def learning_rate_setting(
    default: float,
    single_step: float = 0.05,
    least: float = 0.001,
    most: float = 10.0,
    unused: Callable[[Any], bool] = lambda _: False,
) -> float:
    """Return the field of the size of Adam's steps. unused: where the setting has no effect."""
    return setting(
        default,
        Number(
            "Step size",
            "How boldly each step changes what is searched for; larger is faster and rougher",
            term="learning rate of Adam",
            least=least,
            most=most,
            single_step=single_step,
            more=True,
            unused=unused,
        ),
    )


def drawn_costs(document: MapDocument) -> Floats:
    """Return the document's costs (H, W) as the engine computes with them."""
    return np.array(document.cost, np.float64)


def bounds_of(document: MapDocument, settings: MapLimits) -> tuple[float, float]:
    """Return the least and the greatest cost of a cell.

    Raises ProblemError where the least one is above the greatest one, with the fix of the one that the drawn
    costs contradict.
    """
    lower = document.bounds.lower if settings.lower is None else settings.lower
    upper = document.bounds.upper if settings.upper is None else settings.upper
    if lower <= upper:
        return lower, upper
    mean = document.total_cost / max(1, np.count_nonzero(document.passable))
    fix = None
    if settings.lower is not None and mean < lower and document.bounds.lower <= upper:
        fix = SuggestedFix("lower", None)
    elif settings.upper is not None and lower <= document.bounds.upper:
        fix = SuggestedFix("upper", None)
    raise ProblemError("bounds", f"the least cost {lower:g} is above the greatest cost {upper:g}; move one", fix)


def with_bounds(document: MapDocument, settings: MapLimits) -> MapDocument:
    """Return the document with the bounds of the settings. Raises MapError where they cross."""
    if settings.lower is None and settings.upper is None:
        return document
    bounds = document.bounds
    return document.replace(
        bounds=Bounds(
            bounds.lower if settings.lower is None else settings.lower,
            bounds.upper if settings.upper is None else settings.upper,
        )
    )


def admissible_of(document: MapDocument, settings: MapLimits, budget: float | None = None) -> Admissible:
    """Return the cost maps that the settings allow. budget: total cost; None keeps the drawn one.

    Raises ProblemError for bounds that cross and for a symmetry that needs a square map.
    """
    from engine.cost_maps.admissible import admissible_maps, symmetric_shape

    if not symmetric_shape(document.shape, settings.symmetry):
        raise ProblemError(
            "symmetry",
            f"the symmetry “{SYMMETRIES[settings.symmetry]}” needs a square map, this one is "
            f"{document.height} × {document.width}; choose another symmetry",
            SuggestedFix("symmetry", "none"),
        )
    lower, upper = bounds_of(document, settings)
    return admissible_maps(
        drawn_costs(document),
        document.passable,
        lower,
        upper,
        locked=document.locked,
        budget=budget,
        symmetry=settings.symmetry,
        crossed=crossed_walls(document),
    )


def apply_map(document: MapDocument, cost_map: Floats) -> MapDocument:
    """Return the document with these costs. Raises MapError where the map does not fit."""
    return apply_costs(document, cost_map).document
