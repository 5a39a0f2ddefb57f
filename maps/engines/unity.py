"""Unity: a Tiled map for SuperTiled2Unity, and a raw height map of the costs for a terrain.

Read in the importers' sources: SuperTiled2Unity reads XML, CSV, gzip and zlib, and refuses Zstandard. Unity's own
raw import takes the first row for the terrain's near (south) edge, so rows go from the bottom up, and a side of
2ⁿ + 1 samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from maps.engines.heights import heights_of, note, padded, raw16
from maps.engines.target import EngineFiles, EngineTarget, Seen, see_classes, with_ending
from maps.engines.tiled_maps import PICTURE, tiled_files

if TYPE_CHECKING:
    from pathlib import Path

    from maps.document import MapDocument

SIDES = tuple(2**power + 1 for power in range(5, 13))  # 33 … 4097


def _files(seen: Seen, base: Path) -> EngineFiles:
    document = seen.document
    tiled = tiled_files("tmx", document, with_ending(base, ".tmx"))
    side = next((side for side in SIDES if side >= max(document.shape)), None)
    if side is None:
        lost = f"the terrain: its side may have {SIDES[-1]} samples, and the map has {max(document.shape)} cells"
        return EngineFiles(tiled.files, (*tiled.lost, lost))
    heights = heights_of(document)
    # The map's last row, its south, comes first, and lies on the terrain's edge.
    samples = padded(heights.samples[::-1], side, side)
    first = "south: the map's last row; leave Flip Vertically off"
    terrain = {
        with_ending(base, ".raw.json"): note(document, heights, side, side, depth="16 bit", first_row=first),
        with_ending(base, ".raw"): raw16(samples),
    }
    lost = list(tiled.lost)
    if heights.step:
        lost.append(f"in the terrain, differences of costs below {heights.step:.2g}")
    if document.shape != (side, side):
        lost.append(f"the terrain's edge: it has {side} × {side} samples, walls beyond the map")
    return EngineFiles({**terrain, **tiled.files}, lost)


def _refuses(document: MapDocument) -> str:
    origin = document.origin
    if origin is not None and origin.format == "tmx" and b'compression="zstd"' in origin.data:
        return (
            "the map's layers are packed by Zstandard, which SuperTiled2Unity does not read: "
            "choose another tile layer format in Tiled's map properties, and save it"
        )
    return ""


UNITY = EngineTarget(
    "unity",
    "Unity",
    "A Tiled map for SuperTiled2Unity with a layer of costs, and the costs as 16-bit raw heights for a terrain.",
    (".tmx", PICTURE, ".raw", ".raw.json"),
    see_classes,
    _files,
    _refuses,
)
