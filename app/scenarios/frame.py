"""What the window shows of one step of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maps.terrain import TerrainMap

Floats = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Plan:
    """Couplings of a plan. lines: (k, 4) from (row, col) to (row, col).  mass: (k,).  rows: (k,) of the plan.

    ground: what it goes to where that is no layout of points but ground, in words; empty for a layout.
    """

    lines: Floats
    mass: Floats
    rows: npt.NDArray[np.int64]
    ground: str = ""


@dataclass(frozen=True, eq=False)
class Scatter:
    """Points (n, 2) in a plane. groups: (n,) which colour; second: (n,) which are rings; words: what they are."""

    points: Floats
    groups: npt.NDArray[np.int64]
    second: npt.NDArray[np.bool_]
    words: str


@dataclass(frozen=True, eq=False)
class Frame:
    """What the canvas shows of one step; None where a scenario has no such thing.

    cost_map, traffic: (H, W).  paths: cells (n, 2) per route; walks: the same, of agents.
    passable: (H, W), of a run that places or removes walls.
    terrain: (H, W) numbers in the palette, of a run that arranges terrain.
    layouts: name to positions (n, 2).
    plan: its largest couplings; rows are the points that they begin at.
    device, device_reason: where it was computed, and why there, in words.
    """

    step: int
    cost_map: Floats | None = None
    traffic: Floats | None = None
    paths: tuple[Cells, ...] = ()
    walks: tuple[Cells, ...] = ()
    passable: npt.NDArray[np.bool_] | None = None
    terrain: TerrainMap | None = None
    layouts: Mapping[str, Floats] | None = None
    plan: Plan | None = None
    scatter: Scatter | None = None
    device: str = "cpu"
    device_reason: str = ""
