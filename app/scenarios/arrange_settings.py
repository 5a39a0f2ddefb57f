"""Settings of arranging terrain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.scenarios.common_settings import seed_setting, symmetry_setting
from app.scenarios.settings import Choice, Number, Numbers, Whole, setting

if TYPE_CHECKING:
    from engine.arranging.problem import Aim
    from engine.cost_maps.admissible import Symmetry

AIMS: dict[Aim, str] = {
    "longer": "Longer paths",
    "shorter": "Shorter paths",
    "fair": "Every route longer alike",
    "target": "A target for each route",
}


@dataclass(frozen=True)
class ArrangeSettings:
    """What is asked for, what has to stay, and how long to run."""

    aim: Aim = setting(
        "longer",
        Choice("Aim", "What becomes of the routes' costs, as tiles change places", choices=AIMS),
    )
    targets: tuple[float, ...] = setting(
        (),
        Numbers(
            "Targets",
            "The path cost that each route should have, in the routes' order",
            flag="--target",
            unused=lambda settings: settings.aim != "target",
        ),
    )
    district: int = setting(
        16,
        Whole(
            "District size",
            "Each district of about so many cells a side keeps its own tiles: small keeps the map, 0 makes the "
            "whole map one district",
            most=10_000,
            single_step=4,
            unit=" cells",
        ),
    )
    free_zone: float = setting(
        3.0,
        Number(
            "Free zone",
            "Tiles within so many cells of a start or goal stay as drawn",
            most=1e4,
            single_step=1.0,
            unit=" cells",
        ),
    )
    most_changed: float = setting(
        1.0,
        Number(
            "Most changed",
            "Share of the tiles that may differ from the drawn map",
            most=1.0,
            single_step=0.05,
        ),
    )
    symmetry: Symmetry = symmetry_setting()
    steps: int = setting(
        120,
        Whole("Steps", "Rounds of the search; more make a better map", least=1, most=100_000, single_step=40),
    )
    tolerance: float = setting(
        0.0,
        Number(
            "Stop within",
            "Stop at this gap to the best possible, as a share; 0 uses all steps",
            most=1.0,
            single_step=0.005,
            more=True,
        ),
    )
    seed: int = seed_setting()
