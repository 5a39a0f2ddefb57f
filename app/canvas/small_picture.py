"""Small pictures of maps with their paths and points as PNG, without Qt."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from app.canvas.terrain_colours import map_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.scenarios.frame import Cells
    from maps.document import MapDocument

_DARK, _LIGHT = (20, 20, 24), (250, 250, 252)
_COLOURS = 256  # of the palette: a tenth of a difference that nobody sees for a third of the bytes


def small_picture(document: MapDocument, paths: Sequence[Cells], scale: tuple[float, float], side: int) -> bytes:
    """Return a map in its colours with paths, cells (n, 2), and its points on it, as the bytes of a PNG.

    scale: least and greatest cost of the colours.  side: pixels of its longer edge.
    """
    image = Image.fromarray(map_pixels(document, *scale))
    share = side / max(image.size)
    size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
    resampling = Image.Resampling.NEAREST if share >= 1.0 else Image.Resampling.BOX
    # Drawn at twice the size and reduced, so that lines are smooth.
    image = image.resize((2 * size[0], 2 * size[1]), resampling)
    draw = ImageDraw.Draw(image)
    unit = image.width / document.width

    def place(cell: Sequence[float]) -> tuple[float, float]:
        return (cell[1] + 0.5) * unit, (cell[0] + 0.5) * unit

    for path in paths:
        points = [place(cell) for cell in path.tolist()]
        for colour, thickness in ((_DARK, 9), (_LIGHT, 5)):
            draw.line(points, colour, thickness, joint="curve")
    for layout in document.layouts:
        for x, y in map(place, layout.positions.tolist()):
            draw.ellipse((x - 6, y - 6, x + 6, y + 6), layout.colour, _DARK, 2)
    for route in document.routes:
        for (x, y), fill in ((place(route.start), _LIGHT), (place(route.goal), route.colour)):
            draw.ellipse((x - 8, y - 8, x + 8, y + 8), fill, _DARK, 3)
    small = image.resize(size, Image.Resampling.LANCZOS).quantize(_COLOURS, dither=Image.Dither.NONE)
    data = io.BytesIO()
    small.save(data, "PNG", optimize=True)
    return data.getvalue()
