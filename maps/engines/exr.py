"""OpenEXR with one channel of floats: costs for any engine, exactly; 0 is a wall.

The plainest of what the format allows (OpenEXR, "File Layout"): scan lines, not compressed, the channel "Y".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from maps.engines.target import EngineFiles, EngineTarget, Seen, losses_of, see_costs, with_ending

if TYPE_CHECKING:
    from pathlib import Path

    from maps.document import CostMap

_MAGIC_AND_VERSION = bytes((0x76, 0x2F, 0x31, 0x01, 2, 0, 0, 0))
_FLOAT = 2  # a pixel type


def encode_exr(values: CostMap) -> bytes:
    """Return values (H, W) float32 as an OpenEXR file with the one channel "Y"."""
    height, width = values.shape
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channel = b"Y\0" + struct.pack("<iB3x2i", _FLOAT, 0, 1, 1)
    attributes = (
        ("channels", "chlist", channel + b"\0"),
        ("compression", "compression", b"\0"),
        ("dataWindow", "box2i", window),
        ("displayWindow", "box2i", window),
        ("lineOrder", "lineOrder", b"\0"),
        ("pixelAspectRatio", "float", struct.pack("<f", 1.0)),
        ("screenWindowCenter", "v2f", struct.pack("<2f", 0.0, 0.0)),
        ("screenWindowWidth", "float", struct.pack("<f", 1.0)),
    )
    head = b"".join(
        name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value
        for name, kind, value in attributes
    )
    begin = len(_MAGIC_AND_VERSION) + len(head) + 1
    row_size = 4 * width
    lines = np.empty(height, np.dtype([("y", "<i4"), ("size", "<i4"), ("row", "<f4", (width,))]))
    lines["y"], lines["size"], lines["row"] = np.arange(height), row_size, values
    offsets = begin + 8 * height + np.arange(height, dtype="<u8") * (8 + row_size)
    return _MAGIC_AND_VERSION + head + b"\0" + offsets.astype("<u8").tobytes() + lines.tobytes()


def _files(seen: Seen, base: Path) -> EngineFiles:
    document = seen.document
    values = np.where(document.passable, document.cost, np.float32(0.0))
    return EngineFiles({with_ending(base, ".exr"): encode_exr(values)}, losses_of(document))


EXR = EngineTarget(
    "exr",
    "OpenEXR, for any engine",
    "The costs, exactly, as the one float channel Y of an .exr image; 0 is a wall.",
    (".exr",),
    lambda document, _: see_costs(document, document.cost),
    _files,
    classes=False,
)
