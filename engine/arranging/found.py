"""An arrangement with its figures."""

from dataclasses import dataclass

from engine.arranging.prepared import Prepared
from engine.arranging.problem import loss, path_costs
from engine.core.arrays import Floats, Integers


@dataclass(frozen=True, eq=False)
class Found:
    """An arrangement within the limits.

    chosen: (U,) terrains of the units.  terrain: (H, W).  lengths: (R,) exact path costs.
    loss: smaller is better; infinite where a route is sealed.
    """

    chosen: Integers
    terrain: Integers
    lengths: Floats
    loss: float


def judged(prepared: Prepared, chosen: Integers, lengths: Floats | None = None) -> Found:
    """Return the arrangement of the terrains (U,) with its figures. lengths: (R,) where they are known."""
    terrain = prepared.choices.expand(chosen)
    if lengths is None:
        lengths = path_costs(prepared.problem, terrain)
    return Found(chosen, terrain, lengths, loss(prepared.problem, lengths))
