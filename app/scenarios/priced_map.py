"""Price a map by a network that sees its picture, and read and write networks as files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from app.scenarios.common_settings import drawn_costs
from app.scenarios.frame import Floats, Frame, Scatter
from app.scenarios.translate import path_cells, route_movements
from engine.core.errors import ProblemError
from maps.errors import MapFormatError, MapSaveError
from maps.formats.limits import read_file
from maps.safe_save import save_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.learning.terrain import PricingModel
    from maps.document import MapDocument

TILESETS = {"meadow": "Meadow", "winter": "Winter", "desert": "Desert", "night": "Night"}

Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class PricedMap:
    """A document, its picture (8·H, 8·W, 3) and the network that prices it, which it does when first asked."""

    document: MapDocument
    picture: Picture
    model: PricingModel

    @cached_property
    def cost_map(self) -> Floats:
        """(H, W) prices, scaled to the map's mean cost; locked cells and walls as drawn.

        Raises ProblemError for a network that makes no finite prices.
        """
        drawn = drawn_costs(self.document)
        prices = self.model.price(self.picture[None])[0]
        if not np.isfinite(prices).all():
            message = "the network makes prices that are no finite numbers; train it anew, at a smaller rate"
            raise ProblemError("network", message)
        free = self.document.passable & ~self.document.locked
        if free.any():
            prices = prices * (drawn[free].mean() / prices[free].mean())
        return np.where(free, prices, drawn)

    def framing(self, step: int, scatter: Scatter | None = None) -> Callable[[], Frame]:
        """Return what makes the frame of a step: the priced map and its paths."""

        def frame() -> Frame:
            paths = path_cells(route_movements(self.document), self.cost_map, self.document.routes)
            return Frame(step, self.cost_map, None, paths, scatter=scatter)

        return frame


def terrain_classes(document: MapDocument) -> npt.NDArray[np.uint8]:
    """Return the (H, W) index of the engine's terrain that each cell is nearest to: by cost, at the same mean."""
    from engine.learning.tilesets import COSTS

    costs = np.array(list(COSTS.values()))
    drawn = drawn_costs(document)
    mean = float(drawn[document.passable].mean()) if document.passable.any() else 1.0
    scaled = np.log(drawn / mean * costs.mean())
    return np.abs(scaled[..., None] - np.log(costs)).argmin(axis=-1).astype(np.uint8)


def drawn_picture(document: MapDocument, tileset: str, seed: int) -> Picture:
    """Return the map (8·H, 8·W, 3) drawn with a tileset."""
    from engine.learning.tilesets import TILESETS as LOOKS
    from engine.learning.tilesets import picture

    return picture(LOOKS[tileset], terrain_classes(document), seed)


def read_network(name: str) -> PricingModel:
    """Return a trained network from its file. Raises ProblemError, with what is wrong with it."""
    from engine.learning.terrain_bytes import LARGEST_FILE, model_from_bytes

    try:
        return model_from_bytes(read_file(name, LARGEST_FILE))
    except MapFormatError as error:
        raise ProblemError("network", f"{name} cannot be used: it {error.why}") from error
    except ValueError as error:
        raise ProblemError("network", f"{name} cannot be used: {error}") from error


def check_place(name: str) -> None:
    """Refuse a place where a network cannot be saved, with ProblemError; an empty name saves nothing."""
    folder = Path(name).absolute().parent
    if name and not folder.is_dir():
        raise ProblemError("save_as", f"there is no folder for {name}; choose another place")
    if name and not os.access(folder, os.W_OK):
        raise ProblemError("save_as", f"nothing can be written in the folder of {name}; choose another place")


def saved(model: PricingModel, name: str) -> str:
    """Save a network, unless the name is empty, and return a sentence about it, behind a space."""
    from engine.learning.terrain_bytes import model_to_bytes

    if not name:
        return ""
    try:
        warning = save_bytes(name, model_to_bytes(model))
    except MapSaveError as error:
        return f" The network was NOT saved: {error}."
    return f" Saved as {Path(name).name}{f', but: {warning}' if warning else ''}."
