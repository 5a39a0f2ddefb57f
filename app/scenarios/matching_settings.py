"""Settings of point matching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from app.scenarios.common_settings import SYMMETRIES, class_setting, device_setting, seed_setting, steps_setting
from app.scenarios.settings import Choice, DocumentChoice, Number, OpenFile, OptionalNumber, Toggle, setting

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
    "partial": "Leave some over",
    "unbalanced": "Give up far ones",
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
    spacing: float = setting(
        0.0,
        Number("Least spacing", "Least distance between two points; 0 for none", unit="cells", most=1000.0),
    )
    snap: bool = setting(False, Toggle("End on cell centres", "Every point ends on a cell centre of its own"))
    locked: Locked = setting("stay", Choice("Locked cells", "What locked cells mean for points", choices=LOCKED))
    symmetry: Symmetry = setting(
        "none", Choice("Symmetry", "The points stay mirrored or turned like this", choices=SYMMETRIES)
    )
    ground: Ground = setting(
        "squared",
        Choice(
            "Near means",
            "Near as the crow flies, or on foot over the map; squared, many short moves beat one long one",
            term="ground cost",
            choices=GROUNDS,
        ),
    )
    walker: str = class_setting(unused=lambda settings: settings.ground != "walking")
    totals: Totals = setting(
        "same",
        Choice(
            "If weights differ",
            "What to do where the two layouts do not weigh the same",
            term="balanced, partial or unbalanced transport",
            choices=TOTALS,
        ),
    )
    mass: float | None = setting(
        None,
        OptionalNumber(
            "Weight to match",
            "How much of the weight finds a place",
            term="mass of partial transport",
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
    steps: int = steps_setting(200, 50)
    move: Move = setting(
        "positions", Choice("May change", "Where points are, or how much they weigh", choices=MOVES, more=True)
    )
    blur: float = setting(
        0.25,
        Number(
            "Last softness",
            "Over what length points still share their places at the last step",
            term="blur of the plan, √ε of the entropic regularisation",
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
            term="learning rate",
            least=0.001,
            none="by the farthest way",
            stands_for=lambda _: 1.0,
            more=True,
        ),
    )
    tolerance: float = setting(
        0.001,
        Number(
            "Good enough",
            "Stop when no point moves farther than this in a step",
            term="tolerance",
            unit="cells",
            more=True,
        ),
    )
    seed: int = seed_setting("Of the noise that parts points in one place")
    device: str = device_setting()
