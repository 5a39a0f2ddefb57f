"""Results that a designer keeps: what a run made of a map, beside the map itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from maps.checks import check_text
from maps.errors import MapError
from maps.metadata import JSON, frozen_metadata

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maps.document import Layout, MapDocument

MOST_RESULTS = 64  # in one file
RESULT_BYTES = 384 << 20  # of memory that the results of a map may take together


@dataclass(frozen=True, eq=False)
class KeptResult:
    """What a run made of a map.

    name: given by the program or the designer.  headline: the score in words.  scenario: its name in the
    program's table.  settings: of the run, as JSON.  made: date and time, ISO 8601.
    before: the map that the run worked on.  after: the same map with the result in it.
    """

    name: str
    headline: str
    scenario: str
    before: MapDocument
    after: MapDocument
    made: str = ""
    settings: Mapping[str, JSON] = field(default_factory=dict[str, JSON])

    def __post_init__(self) -> None:
        for label, text in (
            ("name", self.name),
            ("headline", self.headline),
            ("scenario", self.scenario),
            ("made", self.made),
        ):
            check_text(f"result: {label}", text)
        object.__setattr__(self, "settings", frozen_metadata(self.settings, f"result {self.name!r}: settings"))


def changes_costs_only(result: KeptResult) -> bool:
    """Return whether a result differs from its map in costs alone, so that less of its change is a map too."""
    before, after = result.before, result.after
    return (
        before.shape == after.shape
        and np.array_equal(before.passable, after.passable)
        and np.array_equal(before.terrain, after.terrain)
        and len(before.layouts) == len(after.layouts)
        and all(map(same_points, before.layouts, after.layouts))
        and not np.array_equal(before.cost, after.cost)
    )


def same_points(one: Layout, other: Layout) -> bool:
    """Return whether two layouts have the same name, colour, positions and weights."""
    return one is other or (
        (one.name, one.colour) == (other.name, other.colour)
        and np.array_equal(one.positions, other.positions)
        and np.array_equal(one.weights, other.weights)
    )


def with_amount(result: KeptResult, amount: float) -> MapDocument:
    """Return the map of a result that `changes_costs_only` with so much of its change, from 0 to 1.

    Costs between two admissible ones are admissible: bounds, total, locked cells and symmetry hold. A shortest
    path gets at least this share of what it gained.
    """
    before, after = result.before.cost.astype(np.float64), result.after.cost.astype(np.float64)
    mixed = np.where(result.after.passable, before + amount * (after - before), after)
    return result.after if amount == 1.0 else result.after.replace(cost=mixed.astype(np.float32))


def newest_results(results: Sequence[KeptResult], byte_budget: int = RESULT_BYTES) -> tuple[KeptResult, ...]:
    """Return as many of the newest results as may be kept, at least one; a shared array counts once."""
    seen: set[int] = set()
    total, kept = 0, list[KeptResult]()
    for result in reversed(results):
        for array in (*result.before.arrays, *result.after.arrays):
            if id(array) not in seen:
                seen.add(id(array))
                total += array.nbytes
        if kept and (total > byte_budget or len(kept) == MOST_RESULTS):
            break
        kept.insert(0, result)
    return tuple(kept)


@dataclass(frozen=True, eq=False)
class MapFile:
    """What a map file holds: the map, and the results that were kept with it."""

    document: MapDocument
    results: tuple[KeptResult, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "results", tuple(self.results))
        if len(self.results) > MOST_RESULTS:
            raise MapError(f"{len(self.results)} results are too many for one file; keep at most {MOST_RESULTS}")
