"""Tiled maps for the engines that read them: Tiled itself, Bevy, and Phaser, which wants one file with all in it.

All have the layer "Longcut cost", whose tiles are classes of costs with the properties `cost` and `solid`. It is
hidden, as it lies over everything else; importers read hidden layers all the same.
Read in their sources: Phaser skips compressed layers and knows no tilesets in files of their own; the Rust crate
behind Bevy's importer takes every encoding, and a tile's class from the attribute `type`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from maps.engines.target import EngineFiles, EngineTarget, Seen, see_classes, with_ending
from maps.formats.tiled.format import picture_beside, with_costs

if TYPE_CHECKING:
    from pathlib import Path

    from maps.document import MapDocument

PICTURE = ".longcut.png"
_OTHER_PICTURES = "the pictures of the map's own tiles: terrains are squares of their colours"


def tiled_files(kind: Literal["tmx", "tmj"], document: MapDocument, path: Path) -> EngineFiles:
    """Return a Tiled map with its layer of costs, and the picture of that layer's tiles. Raises MapError."""
    written = with_costs(kind, document, path)
    drawn_elsewhere = document.origin is not None and document.origin.format != kind
    lost = (*written.told, _OTHER_PICTURES) if drawn_elsewhere else written.told
    return EngineFiles({picture_beside(path): written.picture, path: written.data}, lost)


def _tiled(seen: Seen, base: Path) -> EngineFiles:
    origin = seen.document.origin
    if origin is not None and origin.format == "tmj":
        return tiled_files("tmj", seen.document, with_ending(base, ".tmj"))
    return tiled_files("tmx", seen.document, with_ending(base, ".tmx"))


def _bevy(seen: Seen, base: Path) -> EngineFiles:
    return tiled_files("tmx", seen.document, with_ending(base, ".tmx"))


def _phaser(seen: Seen, base: Path) -> EngineFiles:
    document = seen.document if seen.document.origin is None else seen.document.replace(origin=None)
    made = tiled_files("tmj", document, with_ending(base, ".json"))
    return made if document is seen.document else EngineFiles(made.files, (*made.lost, _OTHER_PICTURES))


TILED = EngineTarget(
    "tiled",
    "Tiled",
    "The map for the Tiled editor, in its own file with what has changed where it came from one, "
    "and a layer of costs.",
    (".tmx", ".tmj", PICTURE),
    see_classes,
    _tiled,
)
BEVY = EngineTarget(
    "bevy",
    "Bevy",
    "A Tiled map for bevy_ecs_tiled; tiles of its layer of costs have the properties cost (float), solid (bool).",
    (".tmx", PICTURE),
    see_classes,
    _bevy,
)
PHASER = EngineTarget(
    "phaser",
    "Phaser 3",
    "One Tiled JSON with its tileset in it and its layers as plain lists, and the tileset's picture beside it.",
    (".json", PICTURE),
    see_classes,
    _phaser,
)
