"""Settings of the adversarial path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from app.scenarios.common_settings import (
    budget_setting,
    closeness_setting,
    device_setting,
    keep_setting,
    learning_rate_setting,
    lower_setting,
    seed_setting,
    steps_setting,
    symmetry_setting,
    upper_setting,
)
from app.scenarios.settings import Choice, Number, Numbers, OptionalNumber, setting

if TYPE_CHECKING:
    from engine.cost_maps.admissible import Symmetry
    from engine.cost_maps.problem import Aim

Method = Literal["logit", "bregman", "exact", "optimum"]

AIMS: dict[Aim, str] = {
    "longer": "Longer trips",
    "shorter": "Shorter trips",
    "longer_minimum": "Shortest trip longer",
    "target": "As long as I say",
}
METHODS: dict[Method, str] = {
    "logit": "Soft paths (logit)",
    "bregman": "Entropic flow (Bregman)",
    "exact": "Exact path",
    "optimum": "True optimum",
}


def _without_adam(settings: AdversarialSettings) -> bool:
    return settings.method == "optimum"


@dataclass(frozen=True)
class AdversarialSettings:
    """What is asked for, beyond what the document says, and how to run.

    None takes what the document has (budget, lower, upper) or what suits the method.
    """

    aim: Aim = setting(
        "longer",
        Choice("Aim", "What shall become of the trips along the routes", choices=AIMS),
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
    keep: float = keep_setting(_without_adam)
    symmetry: Symmetry = symmetry_setting()
    budget: float | None = budget_setting()
    lower: float | None = lower_setting()
    upper: float | None = upper_setting()
    steps: int = steps_setting(400, 100, _without_adam)
    method: Method = setting(
        "logit",
        Choice(
            "Method",
            "Soft paths are fastest on a CPU, entropic flow suits GPUs, exact follows the path itself; the true "
            "optimum serves the aim “Longer trips” alone, and keeps nothing of the map",
            term="logit recursion, Bregman projections, subgradients, linear programme",
            choices=METHODS,
            more=True,
        ),
    )
    smoothness: float = setting(
        0.0,
        Number(
            "Smooth ground",
            "How much jumps between neighbouring cells are avoided; 0 leaves it out",
            term="penalty on squared differences of neighbours",
            most=1e3,
            more=True,
        ),
    )
    closeness: float = closeness_setting()
    epsilon: float | None = setting(
        None,
        OptionalNumber(
            "Last softness",
            "How far traffic still spreads around the path at the last step, as a share of the mean cost",
            term="entropic regularisation ε",
            least=0.0005,
            most=1.0,
            single_step=0.005,
            none="suits the method",
            stands_for=lambda _: 0.01,
            more=True,
            unused=_without_adam,
        ),
    )
    learning_rate: float = learning_rate_setting(0.45, unused=_without_adam)
    tolerance: float = setting(
        0.0,
        Number(
            "Good enough",
            "Stop when so near to the longest possible, as a share; 0 uses all steps, and 0.0005 for the optimum",
            term="tolerance, a relative duality gap",
            most=1.0,
            single_step=0.005,
            more=True,
        ),
    )
    seed: int = seed_setting()
    device: str = device_setting()
