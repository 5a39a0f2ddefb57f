"""Tiled maps for Tiled itself, and for Bevy.

All have the layer "Longcut cost", whose tiles are classes of costs with the properties `cost` and `solid`. It is
hidden, as it lies over everything else; importers read hidden layers all the same. The Rust crate behind Bevy's
importer takes every encoding, and a tile's class from the attribute `type`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from maps.engines.target import EngineFiles, EngineTarget, Seen, see_classes, with_ending
from maps.formats.tiled.format import picture_beside, with_costs

if TYPE_CHECKING:
    from pathlib import Path

    from maps.document import MapDocument

PICTURE = ".longcut.png"
OTHER_PICTURES = "the pictures of the map's own tiles: terrains are squares of their colours"


def tiled_files(kind: Literal["tmx", "tmj"], document: MapDocument, path: Path) -> EngineFiles:
    """Return a Tiled map with its layer of costs, and the picture of that layer's tiles. Raises MapError."""
    own_file = document.origin is not None and document.origin.format == kind
    written = with_costs(kind, document if own_file else as_new(document), path)
    lost = list(written.told)
    if document.origin is not None and not own_file:
        lost.append(OTHER_PICTURES)
    absent = [name for name in written.names if not path.parent.joinpath(name).exists()]
    if absent:
        lost.append(f"{', '.join(absent)}, which the map names but which is not found from there")
    return EngineFiles({picture_beside(path): written.picture, path: written.data}, lost)


def as_new(document: MapDocument) -> MapDocument:
    """Return a document as if no other editor had made it."""
    if document.origin is None:
        return document
    return document.replace(origin=None, palette=tuple(replace(kind, tile="") for kind in document.palette))


def _tiled(seen: Seen, base: Path) -> EngineFiles:
    origin = seen.document.origin
    if origin is not None and origin.format == "tmj":
        return tiled_files("tmj", seen.document, with_ending(base, ".tmj"))
    return tiled_files("tmx", seen.document, with_ending(base, ".tmx"))


def _bevy(seen: Seen, base: Path) -> EngineFiles:
    return tiled_files("tmx", seen.document, with_ending(base, ".tmx"))


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
