"""LDtk: back into the file that a map came from. Its IntGrid says terrains, and the game what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maps.engines.target import EngineFiles, EngineTarget, Seen, with_ending
from maps.formats import ldtk
from maps.terrain import of_each_cell, on_impassable_terrain, palette_costs

if TYPE_CHECKING:
    from pathlib import Path

    from maps.document import MapDocument


def _see(document: MapDocument, _: int) -> Seen:
    """What a game reads that prices each value of the IntGrid as the palette does its terrain."""
    costs = of_each_cell(document.terrain, palette_costs(document.palette), np.nan, np.float32)
    costs = np.where(np.isnan(costs), document.cost, costs)
    passable = ~on_impassable_terrain(document.terrain, document.palette)
    seen = document.replace(cost=costs, passable=passable)
    error = np.abs(costs.astype(np.float64) - document.cost)[document.passable & passable].max(initial=0.0)
    return Seen(seen, 0, float(error))


def _files(seen: Seen, base: Path) -> EngineFiles:
    document = seen.document
    assert document.origin is not None  # or it was refused
    kind = next(each for each in ldtk.FORMATS if each.name == document.origin.format)
    assert kind.encode is not None
    files = kind.encode(document, with_ending(base, f".{kind.name}"))
    return EngineFiles(files, (*kind.losses(document), "what its values cost, which the game has to know"))


def _refuses(document: MapDocument) -> str:
    if document.origin is None or document.origin.format not in (ldtk.PROJECT, ldtk.LEVEL):
        return (
            "a project of LDtk holds far more than a map (layers, tilesets, rules), so a map is only given back "
            "to the .ldtk or .ldtkl file that it came from; Tiled, Bevy and Unity take it as .tmx"
        )
    return ""


LDTK = EngineTarget(
    "ldtk",
    "LDtk",
    "The project or level that the map came from, with the IntGrid as its terrains are now; costs are the game's.",
    (".ldtk", ".ldtkl"),
    _see,
    _files,
    _refuses,
    classes=False,
)
