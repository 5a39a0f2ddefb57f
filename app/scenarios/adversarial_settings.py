"""Settings of the adversarial path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from app.scenarios.common_settings import (
    budget_setting,
    closeness_setting,
    device_setting,
    keep_setting,
    lower_setting,
    seed_setting,
    symmetry_setting,
    upper_setting,
)
from app.scenarios.settings import Choice, Number, Numbers, OptionalNumber, Whole, setting

if TYPE_CHECKING:
    from engine.cost_maps.admissible import Symmetry
    from engine.cost_maps.problem import Aim

Method = Literal["logit", "bregman", "exact", "optimum"]

AIMS: dict[Aim, str] = {
    "longer": "Longer paths",
    "shorter": "Shorter paths",
    "longer_minimum": "The shortest route longer",
    "target": "A target for each route",
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

    keep: float = keep_setting(_without_adam)
    aim: Aim = setting(
        "longer",
        Choice("Aim", "What becomes of the weighted sum of the routes' costs, or of each of them", choices=AIMS),
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
    budget: float | None = budget_setting()
    lower: float | None = lower_setting()
    upper: float | None = upper_setting()
    symmetry: Symmetry = symmetry_setting()
    method: Method = setting(
        "logit",
        Choice(
            "Method",
            "logit: fastest on a CPU; bregman: smooth, for GPUs; exact: the path itself; optimum: the true "
            "optimum of the aim “Longer paths”",
            choices=METHODS,
        ),
    )
    steps: int = setting(
        400, Whole("Steps", "Steps of Adam", least=1, most=100_000, single_step=100, unused=_without_adam)
    )
    smoothness: float = setting(
        0.0,
        Number("Smoothness", "Penalty on jumps between neighbouring cells; 0 leaves it out", most=1e3, more=True),
    )
    closeness: float = closeness_setting()
    epsilon: float | None = setting(
        None,
        OptionalNumber(
            "Last spread",
            "How spread the traffic still is at the last step, as a share of the mean cost (regularisation ε)",
            least=0.0005,
            most=1.0,
            single_step=0.005,
            none="suits the method",
            stands_for=lambda _: 0.01,
            more=True,
            unused=_without_adam,
        ),
    )
    learning_rate: float = setting(
        0.45,
        Number(
            "Learning rate",
            "Size of Adam's steps",
            least=0.001,
            most=10.0,
            single_step=0.05,
            more=True,
            unused=_without_adam,
        ),
    )
    tolerance: float = setting(
        0.0,
        Number(
            "Stop within",
            "Stop at this gap to the longest possible, as a share; 0 uses all steps, and 0.0005 for the optimum",
            most=1.0,
            single_step=0.005,
            more=True,
        ),
    )
    seed: int = seed_setting()
    device: str = device_setting()
