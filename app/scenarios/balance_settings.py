"""Settings of balance by rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from app.scenarios.common_settings import (
    budget_setting,
    class_setting,
    closeness_setting,
    keep_setting,
    learning_rate_setting,
    lower_setting,
    seed_setting,
    steps_setting,
    symmetry_setting,
    upper_setting,
)
from app.scenarios.settings import Choice, DocumentChoice, Number, Whole, setting

if TYPE_CHECKING:
    from engine.cost_maps.admissible import Symmetry
    from maps.document import MapDocument

Aim = Literal["equal", "nearest", "order"]

AIMS: dict[Aim, str] = {
    "equal": "Teams equally near",
    "nearest": "Site among nearest",
    "order": "Keep the sites in order",
}
LEFT_RIGHT, TOP_BOTTOM = "left_right", "top_bottom"
HALVES = {LEFT_RIGHT: "Left and right half", TOP_BOTTOM: "Upper and lower half"}


def layout_names(document: MapDocument) -> dict[str, str]:
    """Return the layouts that spawns may be: all, in order."""
    return {layout.name: layout.name for layout in document.layouts}


def site_names(document: MapDocument) -> dict[str, str]:
    """Return the layouts that sites may be: all, the second one first."""
    names = list(layout_names(document))
    return {name: name for name in names[1:] + names[:1]}


def team_names(document: MapDocument) -> dict[str, str]:
    """Return what teams may be: the halves of the map, or the spawns against another layout."""
    return {**HALVES, **{name: f"Against layout {name}" for name in layout_names(document)}}


def _not_equal(settings: BalanceSettings) -> bool:
    return settings.aim != "equal"


def _not_nearest(settings: BalanceSettings) -> bool:
    return settings.aim != "nearest"


@dataclass(frozen=True)
class BalanceSettings:
    """Who is ranked, what is wanted of the ranks, what the map must keep, and how to run."""

    spawns: str = setting(
        "", DocumentChoice("Spawns", "The layout that distances are measured from", entries=layout_names)
    )
    sites: str = setting(
        "", DocumentChoice("Sites", "The layout that distances are measured to", entries=site_names)
    )
    aim: Aim = setting(
        "equal", Choice("Aim", "Who shall be near to what", term="ranks of path costs", choices=AIMS)
    )
    teams: str = setting(
        "",
        DocumentChoice(
            "Teams",
            "Which spawns are a team: those of one half of the map against the other, or of another layout",
            entries=team_names,
            unused=_not_equal,
        ),
    )
    spawn: int = setting(
        1,
        Whole(
            "Spawn number",
            "Which of the spawns, counted from 1; 0 for every one of them",
            most=10_000,
            unused=lambda settings: settings.aim == "equal",
        ),
    )
    site: int = setting(
        1,
        Whole("Site number", "Which of the sites, counted from 1", least=1, most=10_000, unused=_not_nearest),
    )
    nearest: int = setting(
        1,
        Whole(
            "Among the nearest",
            "The site shall be one of so many nearest ones",
            term="k of the k nearest",
            least=1,
            most=10_000,
            unused=_not_nearest,
        ),
    )
    keep: float = keep_setting()
    walker: str = class_setting()
    symmetry: Symmetry = symmetry_setting()
    budget: float | None = budget_setting()
    lower: float | None = lower_setting()
    upper: float | None = upper_setting()
    steps: int = steps_setting(300, 50)
    margin: float = setting(
        0.01,
        Number(
            "Clearly by",
            "By how much nearer is nearer, as a share of the distances",
            term="margin of the ranks",
            most=1.0,
            single_step=0.01,
            more=True,
        ),
    )
    closeness: float = closeness_setting()
    learning_rate: float = learning_rate_setting(0.1)
    seed: int = seed_setting()
