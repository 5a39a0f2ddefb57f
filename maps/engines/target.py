"""What an engine is to the rest of the program: which files it reads, and what of a map they can say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from maps.cost_classes import MOST_CLASSES, with_cost_classes
from maps.terrain import NO_TERRAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from maps.document import CostMap, MapDocument


@dataclass(frozen=True, eq=False)
class Seen:
    """A map as an engine will see it, from which its files are made.

    document: with the costs, walls and movement rule of the engine; costs in the map's own unit.
    classes: how many classes its costs are in; 0 where every cell has a cost of its own.
    greatest_error: of a passable cell's cost, in cost units.
    scale: the engine's costs are so many times the map's.
    """

    document: MapDocument
    classes: int
    greatest_error: float
    scale: float = 1.0


@dataclass(frozen=True, eq=False)
class EngineFiles:
    """files: the one that names the others last.  lost: what of the map they do not say, in sentences."""

    files: Mapping[Path, bytes]
    lost: Sequence[str]


@dataclass(frozen=True)
class EngineTarget:
    """One engine, or editor, that a map is written for.

    writes: one sentence.
    endings: of the files that it may write.
    see: document and number of classes -> the map as the engine will see it. Raises MapError.
    encode: that map, and a place without an ending -> the files. Raises MapError.
    refuses: why the target is not for a document; empty where it is.
    classes: whether costs go into classes, so that their number can be chosen.
    """

    name: str
    title: str
    writes: str
    endings: tuple[str, ...]
    see: Callable[[MapDocument, int], Seen]
    encode: Callable[[Seen, Path], EngineFiles]
    refuses: Callable[[MapDocument], str] = lambda _: ""
    classes: bool = True


def see_classes(document: MapDocument, most: int = MOST_CLASSES) -> Seen:
    """Return a map as an engine sees it that knows classes of costs: at most so many, with the least error."""
    coarse, classes = with_cost_classes(document, most)
    return Seen(coarse, len(classes.costs), classes.greatest_error)


def see_costs(document: MapDocument, costs: CostMap) -> Seen:
    """Return a map as an engine sees it that has a cost (H, W) for every cell, those of walls left aside."""
    passable = document.passable
    error = np.abs(costs.astype(np.float64) - document.cost)[passable].max(initial=0.0)
    seen = document if error == 0.0 else document.replace(cost=np.where(passable, costs, document.cost))
    return Seen(seen, 0, float(error))


def losses_of(
    document: MapDocument,
    *,
    places: bool = False,
    terrains: bool = False,
    rule: bool = False,
    classes: bool = False,
) -> list[str]:
    """Return what files lose that say costs, walls, and of the rest what is named.

    places: ends of routes, and points.  rule: that of movement.  classes: of movement.
    """
    lost: list[str] = []
    if document.routes and not places:
        lost.append("the routes")
    if document.layouts and not places:
        lost.append("the point layouts")
    if document.classes and not classes:
        lost.append("the movement classes: costs are those of the plain movement")
    if not terrains and (document.terrain != NO_TERRAIN).any():
        lost.append("which terrain each cell is")
    if document.locked.any():
        lost.append("which cells are locked")
    if not rule:
        lost.append("the movement rule: how anyone moves is up to the game")
    return lost


def with_ending(base: Path, ending: str) -> Path:
    """Return the place of a file of a target; `base` may have full stops in its name."""
    return base.with_name(base.name + ending)
