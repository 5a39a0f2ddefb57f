"""How a transport problem is solved: regularisation, accuracy, device."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.core.errors import ProblemError, SuggestedFix
from engine.transport.problem import TransportProblem, check_problem

Precision = Literal["float64", "float32"]
Kernel = Literal["auto", "stored"]

# Marginal errors that the two precisions reach on every problem.
SMALLEST_TOLERANCE = {"float64": 1e-12, "float32": 3e-5}
# Below this share of the largest cost, exponents cannot be told apart in float64.
SMALLEST_EPSILON = 1e-9


@dataclass(frozen=True)
class TransportSettings:
    """Settings of a solve.

    epsilon: entropic regularisation, in cost units.
    tolerance: L1 error of the marginals at which to stop, as a share of s, for `Partial` of the mass.
    max_iterations: passes over the kernel at most; a sweep and a step of conjugate gradients are one each.
    device: "cpu" for compiled loops, or any torch device ("cuda"; "cpu:0" is torch's CPU).
    precision: "float32" stops at an error of 3e-5 even if the tolerance is smaller, because single precision
        reaches no less. On the CPU, potentials and sums are float64 in either case, and the kernel is stored in
        float32 where its rounding, some 1e-7 of the marginals, is well below the tolerance.
    kernel: "auto" computes the kernel's entries from the positions in every pass where Triton runs, on CUDA
        devices, so that memory grows with n + m; "stored" keeps the matrix (n, m), as everywhere else.
    """

    epsilon: float
    tolerance: float = 1e-6
    max_iterations: int = 5_000
    device: str = "cpu"
    precision: Precision = "float64"
    kernel: Kernel = "auto"

    @property
    def reachable_tolerance(self) -> float:
        """The tolerance, but no smaller than the precision allows."""
        return max(self.tolerance, SMALLEST_TOLERANCE[self.precision])


def check(problem: TransportProblem, settings: TransportSettings) -> None:
    """Refuse, by ProblemError, what a solve cannot start on: it names the weight, point or setting, and a remedy.

    Its subject is one of `check_problem`, "epsilon" or "settings".
    """
    check_problem(problem)
    for name, value in (("epsilon", settings.epsilon), ("tolerance", settings.tolerance)):
        if not (np.isfinite(value) and value > 0.0):
            subject = "epsilon" if name == "epsilon" else "settings"
            raise ProblemError(subject, f"{name} is {value}; it must be a number above 0")
    if settings.max_iterations < 1:
        raise ProblemError("settings", f"max_iterations is {settings.max_iterations}; it must be at least 1")
    if settings.precision not in SMALLEST_TOLERANCE:
        raise ProblemError(
            "settings", f"precision is {settings.precision!r}; choose {' or '.join(SMALLEST_TOLERANCE)}"
        )
    if settings.kernel not in ("auto", "stored"):
        raise ProblemError("settings", f"kernel is {settings.kernel!r}; choose auto or stored")
    smallest = SMALLEST_EPSILON * problem.cost.largest()
    if settings.epsilon < smallest:
        raise ProblemError(
            "epsilon",
            f"epsilon is {settings.epsilon:g}, too small beside costs of up to {problem.cost.largest():g}: "
            f"choose at least {smallest:g}, or the exact plan",
            SuggestedFix("epsilon", smallest),
        )
