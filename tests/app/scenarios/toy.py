"""A scenario of the tests: costs move to their mean, step by step. Its own file, and one line in the table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.scenarios.common_settings import apply_map, drawn_costs, seed_setting
from app.scenarios.figures import curve
from app.scenarios.frame import Floats, Frame
from app.scenarios.report import Report
from app.scenarios.scenario import RunStep, Scenario
from app.scenarios.settings import Number, Whole, setting
from engine.core.errors import ProblemError, SuggestedFix
from engine.core.status import Status


@dataclass(frozen=True)
class ToySettings:
    """How far and in how many steps costs move."""

    share: float = setting(0.5, Number("Evenness", "How near to their mean costs come, as a share", most=1.0))
    steps: int = setting(4, Whole("Steps", "Steps on the way", least=1, most=100))
    seed: int = seed_setting()


@dataclass(frozen=True)
class ToyFigures:
    """Standard deviation of the costs."""

    deviation: float = curve("deviation of costs", "best")


@dataclass(frozen=True, eq=False)
class ToyReport(Report):
    """Standard deviation of the costs before and after; the ratio is infinite for a map made even."""

    deviation_before: float
    deviation_after: float
    ratio: float

    def summary_lines(self):
        return [f"Deviation {self.deviation_before:.3g} → {self.deviation_after:.3g}", f"{self.run.steps} steps"]

    def captions(self):
        return f"deviation {self.deviation_before:.3g}", f"deviation {self.deviation_after:.3g}"


class Toy(Scenario[ToySettings, ToyFigures, tuple[Floats, ...]]):
    """Make costs even. Result: the maps (H, W) of all steps."""

    name = "toy"
    title = "Even costs"
    summary = "Move all costs towards their mean."
    term = "contraction"
    axis = "deviation"
    needs_route = False
    makes_gallery = True
    settings = ToySettings
    figures = ToyFigures

    def steps(self, document, settings, state=None):
        if settings.share == 0.0:
            raise ProblemError("share", "costs that come no nearer need no run", SuggestedFix("share", 1.0))
        return self._steps(document, settings)

    def _steps(self, document, settings):
        drawn, maps = drawn_costs(document), ()
        for step in range(1, settings.steps + 1):
            done = settings.share * step / settings.steps
            cost_map = (1.0 - done) * drawn + done * drawn.mean()
            maps = (*maps, cost_map)
            over = step == settings.steps
            yield RunStep(
                step,
                ToyFigures(float(cost_map.std())),
                lambda step=step, cost_map=cost_map: Frame(step, cost_map),
                maps,
                status=Status.STEPS_DONE if over else None,
                message="As even as asked." if over else "",
            )

    def total_steps(self, settings):
        return settings.steps

    def headline(self, first, last):
        return f"Deviation {first.deviation:.3g} → {last.deviation:.3g}"

    def apply(self, document, result):
        return apply_map(document, result[-1])

    def gallery(self, document, result):
        return [(f"step {number}", apply_map(document, cost_map)) for number, cost_map in enumerate(result, 1)]

    def report(self, before, after, settings, last, facts):
        was, now = float(np.std(before.cost)), float(np.std(after.cost))
        return ToyReport(facts, was, now, was / now if now else np.inf)
