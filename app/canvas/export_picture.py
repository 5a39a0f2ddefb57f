"""Draw pictures of maps without a window: before and after, with paths, ends and a legend."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from app.canvas.colouring import SURROUND, WALL_EDGE, colour_table, cost_pixels
from maps.document import MapDocument
from maps.safe_save import save_bytes

MARGIN, GAP, CAPTION, FOOT = 28, 36, 64, 64
PANEL = 560
WHITE, SOFT = (240, 240, 244), (168, 172, 184)


@dataclass(frozen=True, eq=False)
class Panel:
    """One map in a picture: its document, the paths to draw (n, 2) each, and two lines above it."""

    document: MapDocument
    paths: tuple[npt.NDArray[np.int64], ...]
    title: str
    subtitle: str


def save_picture(path: Path, panels: list[Panel]) -> None:
    """Draw the panels side by side on one colour scale, with a legend, and save them as PNG.

    Raises MapSaveError; the file that was there before is then unchanged.
    """
    lo = min(float(panel.document.cost[panel.document.passable].min()) for panel in panels)
    hi = max(float(panel.document.cost[panel.document.passable].max()) for panel in panels)
    drawn = [_draw_map(panel, lo, hi) for panel in panels]
    width = 2 * MARGIN + sum(image.width for image in drawn) + GAP * (len(drawn) - 1)
    height = CAPTION + max(image.height for image in drawn) + FOOT + MARGIN
    canvas = Image.new("RGB", (width, height), tuple(SURROUND.tolist()))
    draw = ImageDraw.Draw(canvas)
    left = MARGIN
    for panel, image in zip(panels, drawn, strict=True):
        draw.text((left, 14), panel.title, WHITE, _font(22))
        draw.text((left, 42), panel.subtitle, SOFT, _font(14))
        canvas.paste(image, (left, CAPTION + 4))
        left += image.width + GAP
    _draw_legend(draw, MARGIN, height - FOOT - MARGIN + 26, min(420, width - 2 * MARGIN), lo, hi)
    data = io.BytesIO()
    canvas.save(data, "PNG")
    save_bytes(path, data.getvalue())


def _draw_map(panel: Panel, lo: float, hi: float) -> Image.Image:
    document = panel.document
    scale = max(2, PANEL // max(document.shape))
    pixels = cost_pixels(document.cost, document.passable, lo, hi)
    pixels = np.repeat(np.repeat(pixels, scale, axis=0), scale, axis=1)
    walls = np.repeat(np.repeat(~document.passable, scale, axis=0), scale, axis=1)
    open_below = np.zeros_like(walls)
    open_below[:-1] = ~walls[1:]
    pixels[walls & open_below] = WALL_EDGE
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


def _draw_legend(draw: ImageDraw.ImageDraw, left: int, top: int, width: int, lo: float, hi: float) -> None:
    table = colour_table(width)
    for x in range(width):
        # The bar is linear in cost; colours follow the square root, as on the map.
        colour = tuple(table[round((x / max(1, width - 1)) ** 0.5 * (width - 1))].tolist())
        draw.line((left + x, top, left + x, top + 14), colour)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        text = f"{lo + share * (hi - lo):.3g}"
        draw.text((left + share * width - (0 if share == 0.0 else 12), top + 20), text, SOFT, _font(13))
    draw.text((left + width + 16, top - 1), "cost to cross a cell", SOFT, _font(14))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
