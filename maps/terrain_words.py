"""What terrains usually cost, guessed from their names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maps.tile_table import TileTable, with_cost, with_passable

if TYPE_CHECKING:
    from maps.tiles import MapTiles

# Cost, colour and words; 0 for what nobody walks through. The first line that knows a word of a name counts.
_WORDS = (
    (0.0, "#22242b", "wall walls rampart cliff cliffs void blocked obstacle solid fence building roof abyss"),
    (0.0, "#4f86b8", "water deepwater sea ocean river lake pond pool lava"),
    (0.5, "#cbbfa3", "road roads street path track trail lane bridge pavement cobblestone planks"),
    (0.5, "#c07f5e", "brick bricks"),
    (1.0, "#b9cf6a", "grass ground floor meadow plain plains field lawn soil earth empty"),
    (1.2, "#b08a5b", "dirt"),
    (1.5, "#e3c27a", "sand desert beach dune dunes gravel"),
    (2.0, "#8fb9c9", "shallows shallow ford snow"),
    (2.0, "#8fae5a", "bush bushes scrub shrub crops bracken"),
    (2.5, "#3f8f5f", "forest wood woods tree trees jungle"),
    (4.0, "#5d7f78", "swamp marsh mud bog mire"),
    (4.0, "#a3906b", "hill hills"),
    (5.0, "#8a8580", "rock rocks rubble mountain mountains stone stones ice"),
)  # fmt: skip


def cost_of_words(name: str) -> float | None:
    """Return what a terrain of this name usually costs; 0 where nobody walks, None where no word is known."""
    known = _known(name)
    return None if known is None else known[0]


def colour_of_words(name: str) -> str | None:
    """Return a colour "#rrggbb" in which a terrain of this name is known again; None where no word is known."""
    known = _known(name)
    return None if known is None else known[1]


def _known(name: str) -> tuple[float, str, str] | None:
    words = set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()))
    return next((line for line in _WORDS if words & set(line[2].split())), None)


def with_suggestions(table: TileTable, tiles: MapTiles) -> TileTable:
    """Return the table with costs and walls guessed from names, for terrains of which the file says neither.

    Terrains without a name of their own are left as they are, and so are those that are closed by now, or cost
    something else than 1.
    """
    for number, terrain in enumerate(table.terrains):
        kinds = [tiles.kinds[kind] for kind in table.kinds_of(number)]
        said = any(kind.cost is not None or kind.passable is False for kind in kinds)
        said |= terrain.name in {kind.label for kind in kinds if not kind.name}  # named by nobody
        cost = cost_of_words(terrain.name)
        if cost is None or said or terrain.cost != 1.0 or not terrain.passable:
            continue
        table = with_passable(table, number, False) if cost == 0.0 else with_cost(table, number, cost)
    return table
