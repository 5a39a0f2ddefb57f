"""What terrains usually cost, guessed from their names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maps.tile_table import TileTable, with_cost, with_passable

if TYPE_CHECKING:
    from maps.tiles import MapTiles

# Cost, and words; 0 for what nobody walks through. The first line that knows a word of a name counts.
_WORDS = (
    (0.0, "wall walls rampart cliff cliffs void blocked obstacle solid fence building house roof pit chasm abyss"),
    (0.0, "water deepwater sea ocean river lake pond pool lava"),
    (0.5, "road roads street path track trail lane bridge pavement cobblestone brick bricks planks flagstones"),
    (1.0, "grass ground floor meadow plain plains field lawn soil earth empty"),
    (1.2, "dirt"),
    (1.5, "sand desert beach dune dunes gravel"),
    (2.0, "shallows shallow ford bush bushes scrub shrub crops"),
    (2.5, "forest wood woods tree trees jungle snow"),
    (4.0, "swamp marsh mud bog mire"),
    (4.0, "hill hills"),
    (5.0, "rock rocks rubble mountain mountains stone stones ice"),
)  # fmt: skip


def cost_of_words(name: str) -> float | None:
    """Return what a terrain of this name usually costs; 0 where nobody walks, None where no word is known."""
    words = set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()))
    return next((cost for cost, known in _WORDS if words & set(known.split())), None)


def with_suggestions(table: TileTable, tiles: MapTiles) -> TileTable:
    """Return the table with costs and walls guessed from names, for terrains of which the file says neither.

    Terrains that cost something else than 1, or are closed, by now are left as they are.
    """
    for number, terrain in enumerate(table.terrains):
        kinds = [tiles.kinds[kind] for kind in table.kinds_of(number)]
        said = any(kind.cost is not None or kind.passable is False for kind in kinds)
        cost = cost_of_words(terrain.name)
        if cost is None or said or terrain.cost != 1.0 or not terrain.passable:
            continue
        table = with_passable(table, number, False) if cost == 0.0 else with_cost(table, number, cost)
    return table
