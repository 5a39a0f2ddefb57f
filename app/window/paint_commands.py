"""Commands of the Edit menu for what to paint with: terrains, and a symmetry."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from app.tools import MIRRORS
from app.tools.tool import TERRAIN_KEYS
from app.window.menus import Command
from maps.symmetry import NEEDS_SQUARE

if TYPE_CHECKING:
    from app.canvas.canvas import Canvas
    from app.document.model import DocumentModel
    from app.window.tool_choice import ToolChoice
    from maps.symmetry import Symmetry


def terrain_commands(model: DocumentModel, tools: ToolChoice, canvas: Canvas) -> list[Command]:
    """Return one for each terrain of the palette."""

    def taken(number: int) -> bool:
        return canvas.options.painted_terrain == number

    return [
        Command(
            terrain.name.replace("&", "&&") or _tr("Terrain {}").format(number + 1),
            partial(tools.take_terrain, number),
            TERRAIN_KEYS[number : number + 1],
            checked=partial(taken, number),
        )
        for number, terrain in enumerate(model.document.palette)
    ]


def mirror_commands(model: DocumentModel, tools: ToolChoice, canvas: Canvas) -> list[Command]:
    """Return one for each symmetry to paint in, and one for none."""

    def taken(symmetry: Symmetry) -> bool:
        return canvas.options.mirror == symmetry

    return [
        Command(
            _tr("No mirror") if symmetry == "none" else _tr("Mirror: {}").format(title),
            partial(tools.take_mirror, symmetry),
            enabled=partial(_fits, symmetry, model),
            checked=partial(taken, symmetry),
        )
        for symmetry, title in MIRRORS.items()
    ]


def _fits(symmetry: Symmetry, model: DocumentModel) -> bool:
    return symmetry not in NEEDS_SQUARE or model.document.height == model.document.width


def _tr(words: str) -> str:
    return QCoreApplication.translate("Commands", words)
