"""A Tiled map as large as one may be: 64 MB of tile ids in words."""

from pathlib import Path

import numpy as np

from maps.origin import MOST_BYTES
from tests.maps.formats.tiled import made

SIDE, LAYERS = 1636, 5


def write_large(path: Path) -> int:
    """Write the map, just under the most that is read; return its bytes."""
    gids = np.random.default_rng(0).integers(1000, 1016, (SIDE, SIDE)).astype(np.uint32)
    text = made.data_text(gids, "csv", "")
    size = f'width="{SIDE}" height="{SIDE}"'
    more = "".join(f'\n <layer id="{9 + n}" name="over {n}" {size}>{text}</layer>' for n in range(LAYERS - 1))
    data = made.tmx(text, more=more, objects="", width=SIDE, height=SIDE)
    assert 0.99 * MOST_BYTES < len(data) <= MOST_BYTES
    path.write_bytes(data)
    return len(data)
