"""Draw pictures of maps without a window: before and after, with paths, ends and a legend."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from app.canvas.colouring import SURROUND, colour_table
from app.canvas.terrain_colours import map_pixels, rgb
from maps.document import MapDocument
from maps.safe_save import save_bytes
from maps.terrain import NO_TERRAIN, Terrain

MARGIN, GAP, CAPTION, FOOT, LINE = 28, 36, 64, 64, 26
PANEL = 560
EDGE_SHARE = 0.25  # of white in the lower edge of a wall
WHITE, SOFT = (240, 240, 244), (168, 172, 184)


@dataclass(frozen=True, eq=False)
class Panel:
    """One map in a picture: its document, the paths to draw (n, 2) each, and two lines above it."""

    document: MapDocument
    paths: tuple[npt.NDArray[np.int64], ...]
    title: str
    subtitle: str


def save_picture(path: Path, panels: list[Panel]) -> None:
    """Draw the panels side by side with a legend, and save them as PNG.

    Maps of terrains are in the colours of these, others on one scale of costs.

    Raises MapSaveError; the file that was there before is then unchanged.
    """
    lo = min(float(panel.document.cost[panel.document.passable].min()) for panel in panels)
    hi = max(float(panel.document.cost[panel.document.passable].max()) for panel in panels)
    drawn = [_draw_map(panel, lo, hi) for panel in panels]
    width = 2 * MARGIN + sum(image.width for image in drawn) + GAP * (len(drawn) - 1)
    below = CAPTION + max(image.height for image in drawn) + 26
    terrains, free = _kinds(panels)
    places, height = _placed(terrains, width, below)
    if free:
        height += FOOT
    canvas = Image.new("RGB", (width, height), tuple(SURROUND.tolist()))
    draw = ImageDraw.Draw(canvas)
    left = MARGIN
    for panel, image in zip(panels, drawn, strict=True):
        draw.text((left, 14), panel.title, WHITE, _font(22))
        draw.text((left, 42), panel.subtitle, SOFT, _font(14))
        canvas.paste(image, (left, CAPTION + 4))
        left += image.width + GAP
    _draw_terrains(draw, terrains, places)
    if free:
        words = "free cost" if terrains else "cost to cross a cell"
        room = width - 2 * MARGIN - 32 - round(_font(14).getlength(words))
        _draw_scale(draw, MARGIN, height - FOOT - MARGIN + 22, min(420, room), lo, hi, words)
    data = io.BytesIO()
    canvas.save(data, "PNG")
    save_bytes(path, data.getvalue())


def _draw_map(panel: Panel, lo: float, hi: float) -> Image.Image:
    document = panel.document
    scale = max(2, PANEL // max(document.shape))
    pixels = map_pixels(document, lo, hi)
    pixels = np.repeat(np.repeat(pixels, scale, axis=0), scale, axis=1)
    walls = np.repeat(np.repeat(~document.passable, scale, axis=0), scale, axis=1)
    open_below = np.zeros_like(walls)
    open_below[:-1] = ~walls[1:]
    edge = walls & open_below
    pixels[edge] = np.rint(pixels[edge] + EDGE_SHARE * (255.0 - pixels[edge]))
    # Drawn at twice the size and reduced, so that lines are smooth.
    image = Image.fromarray(pixels).resize((pixels.shape[1] * 2, pixels.shape[0] * 2), Image.Resampling.NEAREST)
    draw, unit = ImageDraw.Draw(image), 2 * scale

    def centre(cell: tuple[float, float]) -> tuple[float, float]:
        return (cell[1] + 0.5) * unit, (cell[0] + 0.5) * unit

    for path in panel.paths:
        points = [centre((int(row), int(column))) for row, column in path]
        for colour, thickness in (((20, 20, 24), 11), ((255, 255, 255), 6)):
            draw.line(points, colour, thickness, joint="curve")
    for layout in document.layouts:
        mean = max(float(layout.weights.mean()), 1e-12) if len(layout.weights) else 1.0
        for (row, column), weight in zip(layout.positions.tolist(), layout.weights.tolist(), strict=True):
            x, y = centre((row, column))
            radius = 9.0 * min(max(weight / mean, 0.25), 4.0) ** 0.5  # areas are weights
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), layout.colour, (20, 20, 24), 3)
    for number, route in enumerate(document.routes, 1):
        x, y = centre(route.start)
        draw.ellipse((x - 13, y - 13, x + 13, y + 13), (20, 20, 24))
        draw.ellipse((x - 10, y - 10, x + 10, y + 10), None, (255, 255, 255), 5)
        _flag(draw, centre(route.goal), route.colour)
        if len(document.routes) > 1:
            draw.text(
                (x + 16, y - 12), str(number), (255, 255, 255), _font(24), stroke_width=3, stroke_fill=(20, 20, 24)
            )
    return image.resize((pixels.shape[1], pixels.shape[0]), Image.Resampling.LANCZOS)


def _flag(draw: ImageDraw.ImageDraw, foot: tuple[float, float], colour: str) -> None:
    x, y = foot
    draw.line((x, y, x, y - 40), (20, 20, 24), 9)
    draw.polygon(((x, y - 44), (x + 30, y - 32), (x, y - 20)), colour, (20, 20, 24), 3)
    draw.line((x, y, x, y - 40), (255, 255, 255), 4)
    draw.ellipse((x - 7, y - 7, x + 7, y + 7), (255, 255, 255), (20, 20, 24), 2)


def _kinds(panels: list[Panel]) -> tuple[list[Terrain], bool]:
    """Return the terrains on the maps, in the palettes' order, and whether any cell has a cost of its own only."""
    terrains: list[Terrain] = []
    free = False
    for document in (panel.document for panel in panels):
        here = np.unique(document.terrain).tolist()
        kinds = [kind for number, kind in enumerate(document.palette) if number in here]
        terrains += [kind for kind in kinds if kind not in terrains]
        free |= bool((document.passable & (document.terrain == NO_TERRAIN)).any())
    return terrains, free


def _placed(terrains: list[Terrain], width: int, top: int) -> tuple[list[tuple[int, int]], int]:
    """Return where each terrain stands, row by row, and the height of a picture that ends below them."""
    places: list[tuple[int, int]] = []
    left = MARGIN
    for terrain in terrains:
        wide = 58 + round(_font(14).getlength(_words(terrain)))
        if left > MARGIN and left + wide > width - MARGIN:
            left, top = MARGIN, top + LINE
        places.append((left, top))
        left += wide
    return places, top + MARGIN + (LINE if terrains else 0)


def _words(terrain: Terrain) -> str:
    return f"{terrain.name}  {terrain.cost:.3g}" if terrain.passable else terrain.name


def _draw_terrains(draw: ImageDraw.ImageDraw, terrains: list[Terrain], places: list[tuple[int, int]]) -> None:
    for terrain, (left, top) in zip(terrains, places, strict=True):
        draw.rounded_rectangle((left, top, left + 16, top + 16), 3, rgb(terrain.colour), SOFT)
        draw.text((left + 24, top - 1), _words(terrain), SOFT, _font(14))


def _draw_scale(
    draw: ImageDraw.ImageDraw, left: int, top: int, width: int, lo: float, hi: float, words: str
) -> None:
    table = colour_table(width)
    for x in range(width):
        # The bar is linear in cost; colours follow the square root, as on the map.
        colour = tuple(table[round((x / max(1, width - 1)) ** 0.5 * (width - 1))].tolist())
        draw.line((left + x, top, left + x, top + 14), colour)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        text = f"{lo + share * (hi - lo):.3g}"
        draw.text((left + share * width - (0 if share == 0.0 else 12), top + 20), text, SOFT, _font(13))
    draw.text((left + width + 16, top - 1), words, SOFT, _font(14))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
