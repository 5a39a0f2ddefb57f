"""What is in view: one map at one step, of which every figure in the window speaks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from maps.edits import apply_costs, apply_terrain, apply_walls
from maps.layout_edits import move_layouts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from app.run.measures import Measures
    from app.scenarios.frame import Frame, Plan
    from maps.document import MapDocument
    from maps.results import KeptResult


@dataclass(frozen=True)
class Headline:
    """A score in words.

    subject: of what, where that is not plain.  stale: it is not the score of what is in view.
    """

    words: str = ""
    subject: str = ""
    stale: bool = False


@dataclass(frozen=True, eq=False)
class Shown:
    """The map in view. `RunView` decides it; canvas, headline, routes, plan panel and status bar read it.

    document: walls, terrains, routes and points, and the costs from before the run; the walls and terrains are
    those of the frame, where it has any.
    frame: a step of the run, or the map of a kept result, whose costs lie over these; None for the drawn map.
    subject: what is in view, in words; empty for the drawn map.  moving: the next frame is under way.
    measures: the newest of this map; of an earlier state of it while those of this one are being worked out.
    compared: the plan of the plan panel, shown where the frame has none.  result: the kept result in view, if any.
    amount: how much of the result's change is in view, from 0 to 1.
    """

    document: MapDocument
    frame: Frame | None = None
    subject: str = ""
    moving: bool = False
    measures: Measures | None = None
    compared: Plan | None = None
    result: KeptResult | None = None
    amount: float = 1.0

    @property
    def has_run_costs(self) -> bool:
        """Whether the frame's costs, and the paths on them, stand in place of the drawn ones."""
        return self.frame is not None and self.frame.cost_map is not None

    @property
    def costs(self) -> NDArray[Any]:
        """The costs (H, W) in view."""
        run = None if self.frame is None else self.frame.cost_map
        return self.document.cost if run is None else run

    @cached_property
    def total_cost(self) -> float:
        """Sum of the costs of the passable cells."""
        return float(self.costs.sum(where=self.document.passable, dtype="float64"))

    @property
    def measured(self) -> bool:
        """Whether the measures are of exactly this map at this step."""
        of = None if self.measures is None else self.measures.of
        return of is not None and of.document is self.document and of.cost_map is self.costs

    @property
    def costs_subject(self) -> str:
        """Of what the measures are, in words; empty for the drawn map."""
        if self.measures is not None and not self.measured:
            return self.measures.of.subject
        return self.subject if self.has_run_costs else ""

    @property
    def plan(self) -> Plan | None:
        """The plan whose lines are drawn."""
        return self.compared if self.frame is None or self.frame.plan is None else self.frame.plan


def with_points(document: MapDocument, frame: Frame) -> MapDocument:
    """Return a document with its layouts where a frame has them. Raises MapError where they do not fit."""
    if not frame.layouts:
        return document
    return move_layouts(document, {name: (positions, None) for name, positions in frame.layouts.items()})


def with_frame(document: MapDocument, frame: Frame) -> MapDocument:
    """Return a document with all that a frame has of one. Raises MapError where it does not fit."""
    made = with_points(document, frame)
    if frame.terrain is not None:
        made = apply_terrain(made, frame.terrain).document
    if frame.cost_map is not None:
        made = apply_costs(made, frame.cost_map).document
    return made if frame.passable is None else apply_walls(made, frame.passable).document


def with_ground(document: MapDocument, frame: Frame) -> MapDocument:
    """Return a document with a frame's walls and terrains, for its costs to be shown on."""
    return document.replace(
        passable=document.passable if frame.passable is None else frame.passable,
        terrain=document.terrain if frame.terrain is None else frame.terrain,
    )
