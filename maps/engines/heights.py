"""Costs as 16-bit heights: 0 is a wall, 1 … 65535 run from the least cost to the greatest, a sample for each cell.

Terrains of engines have sides that no map has. A map keeps its cells one by one, never blended: it lies in the
corner, and what the terrain has beyond it is wall.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from maps.formats.image import LEVELS, quantise

if TYPE_CHECKING:
    from maps.document import CostMap, MapDocument

Samples = NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Heights:
    """samples: (H, W), 0 for a wall.  low, high: the costs that 1 and 65535 stand for."""

    samples: Samples
    low: float
    high: float

    @property
    def costs(self) -> CostMap:
        """The costs (H, W) that the samples stand for; meaningless in walls."""
        share = (np.maximum(self.samples, 1).astype(np.float64) - 1.0) / LEVELS
        return (self.low + share * (self.high - self.low)).astype(np.float32)

    @property
    def step(self) -> float:
        """What one level is, in cost units."""
        return (self.high - self.low) / LEVELS


def heights_of(document: MapDocument) -> Heights:
    """Return the costs of a document as heights; their total is kept to within one level."""
    return Heights(*quantise(document))


def padded(samples: Samples, rows: int, columns: int) -> Samples:
    """Return samples in the upper left corner of so many rows and columns, the rest wall."""
    height, width = samples.shape
    whole = np.zeros((rows, columns), np.uint16)
    whole[:height, :width] = samples
    return whole


def grey_png(samples: Samples) -> bytes:
    """Return samples as a grey PNG of 16 bits."""
    buffer = io.BytesIO()
    Image.fromarray(samples).save(buffer, "PNG")
    return buffer.getvalue()


def raw16(samples: Samples) -> bytes:
    """Return samples as bytes, row by row, the low byte first."""
    return samples.astype("<u2").tobytes()


def note(document: MapDocument, heights: Heights, rows: int, columns: int, **more: str) -> bytes:
    """Return what a file of heights cannot say, as JSON: what its values mean, and where the map lies in it."""
    said = {
        "cost_of_1": heights.low,
        "cost_of_65535": heights.high,
        "value_of_walls": 0,
        "map_rows": document.height,
        "map_columns": document.width,
        "rows": rows,
        "columns": columns,
        "byte_order": "little endian",
        **more,
    }
    return (json.dumps(said, indent=2) + "\n").encode()
