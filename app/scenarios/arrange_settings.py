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
    "longer": "Longer trips",
    "shorter": "Shorter trips",
    "fair": "All longer alike",
    "target": "As long as I say",
}


@dataclass(frozen=True)
class ArrangeSettings:
    """What is asked for, what has to stay, and how long to run."""

    aim: Aim = setting(
        "longer",
        Choice("Aim", "What shall become of the trips, as tiles change places", choices=AIMS),
    )
    targets: tuple[float, ...] = setting(
        (),
        Numbers(
            "Trip lengths",
            "How long each route should be, in the routes' order",
            term="target path costs",
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
            unit="cells",
        ),
    )
    free_zone: float = setting(
        3.0,
        Number(
            "Free zone",
            "Tiles within so many cells of a start or goal stay as drawn",
            most=1e4,
            single_step=1.0,
            unit="cells",
        ),
    )
    most_changed: float = setting(
        1.0,
        Number(
            "May change",
            "Share of the tiles that may differ from the drawn map",
            most=1.0,
            single_step=0.05,
        ),
    )
    symmetry: Symmetry = symmetry_setting()
    steps: int = setting(
        120,
        Whole(
            "Search for",
            "More rounds take longer and find a better map",
            term="iterations of mirror ascent",
            least=1,
            most=100_000,
            single_step=40,
            unit="rounds",
        ),
    )
    tolerance: float = setting(
        0.0,
        Number(
            "Good enough",
            "Stop when so near to the best possible, as a share; 0 uses all rounds",
            term="tolerance, a relative duality gap",
            most=1.0,
            single_step=0.005,
            more=True,
        ),
    )
    seed: int = seed_setting()
