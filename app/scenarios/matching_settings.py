"""Settings of point matching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from app.scenarios.common_settings import SYMMETRIES, class_setting, device_setting, seed_setting
from app.scenarios.settings import Choice, DocumentChoice, Number, OpenFile, OptionalNumber, Toggle, Whole, setting

if TYPE_CHECKING:
    from engine.cost_maps.admissible import Symmetry
    from engine.matching.problem import Totals
    from maps.document import MapDocument

Ground = Literal["squared", "distance", "walking"]
Locked = Literal["stay", "avoid", "inside", "ignore"]
Move = Literal["positions", "weights", "both"]

ALL = "*"
COSTS, CHEAPNESS, HEAT = "costs", "cheapness", "heat"  # densities; a layout of this name would come first
DENSITIES = {COSTS: "Dear ground", CHEAPNESS: "Cheap ground", HEAT: "A heat map (file)"}
GROUNDS: dict[Ground, str] = {
    "squared": "Squared distance",
    "distance": "Straight distance",
    "walking": "Walking distance",
}
TOTALS: dict[Totals, str] = {
    "same": "Must be the same",
    "scale": "Scale the target's",
    "partial": "Partial: leave some",
    "unbalanced": "Unbalanced: give up",
}
LOCKED: dict[Locked, str] = {
    "stay": "Hold their points",
    "avoid": "Keep points out",
    "inside": "Keep points inside",
    "ignore": "Mean nothing here",
}
MOVES: dict[Move, str] = {"positions": "Positions", "weights": "Weights", "both": "Positions and weights"}


def source_names(document: MapDocument) -> dict[str, str]:
    """Return the layouts that may move: each, or all but the target."""
    names = {layout.name: layout.name for layout in document.layouts}
    return {**names, ALL: "All but the target"} if len(names) > 2 else names


def target_names(document: MapDocument) -> dict[str, str]:
    """Return what points may move to: each layout, the second one first, or a density."""
    names = [layout.name for layout in document.layouts]
    return {**{name: name for name in names[1:] + names[:1]}, **DENSITIES}


@dataclass(frozen=True)
class MatchingSettings:
    """Which layout moves towards what, what it must keep, and how to run."""

    source: str = setting(
        "", DocumentChoice("Move", "The layout whose points move", entries=source_names, flag="--from")
    )
    target: str = setting(
        CHEAPNESS,  # what every map has, whatever its layouts weigh
        DocumentChoice(
            "Towards",
            "What they spread over, by the painted costs, or the layout that they move to",
            entries=target_names,
            flag="--to",
        ),
    )
    heat: str = setting(
        "",
        OpenFile(
            "Heat map",
            "A map of the same size, painted for this: points gather where its costs are high",
            pattern="*.longcut *.npy *.csv *.png",
            unused=lambda settings: settings.target != HEAT,
        ),
    )
    ground: Ground = setting(
        "squared",
        Choice(
            "Distance",
            "What moving costs: squared straight distance, straight distance, or the cheapest way over the map",
            choices=GROUNDS,
        ),
    )
    walker: str = class_setting(unused=lambda settings: settings.ground != "walking")
    totals: Totals = setting(
        "same",
        Choice("Total weights", "What to do where the two layouts differ in total weight", choices=TOTALS),
    )
    mass: float | None = setting(
        None,
        OptionalNumber(
            "Mass to match",
            "How much weight is matched",
            none="as much as fits",
            unused=lambda settings: settings.totals != "partial",
        ),
    )
    give_up: float = setting(
        10.0,
        Number(
            "Give up beyond",
            "Distance beyond which a point had better stay alone",
            least=0.1,
            unit="cells",
            unused=lambda settings: settings.totals != "unbalanced",
        ),
    )
    spacing: float = setting(
        0.0,
        Number("Least spacing", "Least distance between two points; 0 for none", unit="cells", most=1000.0),
    )
    snap: bool = setting(False, Toggle("End on cell centres", "Every point ends on a cell centre of its own"))
    symmetry: Symmetry = setting(
        "none", Choice("Symmetry", "A symmetry that the moved points keep", choices=SYMMETRIES)
    )
    locked: Locked = setting("stay", Choice("Locked cells", "What locked cells mean for points", choices=LOCKED))
    steps: int = setting(200, Whole("Steps", "Steps of Adam", least=1, most=100_000, single_step=50))
    move: Move = setting("positions", Choice("Change", "What the run may change", choices=MOVES, more=True))
    blur: float = setting(
        0.25,
        Number(
            "Blur at the end",
            "Length over which the plan is blurred at the last step (√ε of the regularisation)",
            least=0.01,
            most=1000.0,
            single_step=0.05,
            unit="cells",
            more=True,
        ),
    )
    learning_rate: float | None = setting(
        None,
        OptionalNumber(
            "Farthest step",
            "The farthest that a point moves in one step, in cells",
            least=0.001,
            none="by the farthest way",
            stands_for=lambda _: 1.0,
            more=True,
        ),
    )
    tolerance: float = setting(
        0.001,
        Number("Stop below", "Stop when no point moves farther than this in a step", unit="cells", more=True),
    )
    seed: int = seed_setting("Of the noise that parts points in one place")
    device: str = device_setting()
