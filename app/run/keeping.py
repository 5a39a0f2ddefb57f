"""Make an entry for the list of results out of a run."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from app.scenarios.settings import settings_as_words
from maps.results import KeptResult, same_points

if TYPE_CHECKING:
    from app.run.model import RunModel
    from maps.document import MapDocument


def kept_result(run: RunModel, name: str) -> KeptResult | None:
    """Return the best that a run has found so far under this name.

    None where there is none yet, where it fits the map no more, or where it leaves the map as it is, as that of a
    run that only trains a network does.
    """
    scenario, settings, before, after = run.scenario, run.settings, run.taken, run.best_map()
    if scenario is None or settings is None or before is None or after is None:
        return None
    if same_map(before, after):
        return None
    made = datetime.now().astimezone().isoformat(timespec="seconds")
    return KeptResult(name, run.headline(), scenario.name, before, after, made, settings_as_words(settings))


def same_map(one: MapDocument, other: MapDocument) -> bool:
    """Return whether two documents have the same cells, routes, points and rules, whatever they are called."""
    if one is other:
        return True
    layers = (
        (one.cost, other.cost),
        (one.passable, other.passable),
        (one.locked, other.locked),
        (one.terrain, other.terrain),
    )
    return (
        all(mine is its or np.array_equal(mine, its) for mine, its in layers)
        and (one.rule, one.bounds, one.routes) == (other.rule, other.bounds, other.routes)
        and (one.palette, one.classes) == (other.palette, other.classes)
        and len(one.layouts) == len(other.layouts)
        and all(map(same_points, one.layouts, other.layouts))
    )
