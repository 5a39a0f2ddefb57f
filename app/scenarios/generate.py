"""Generate maps: a small network is trained through the path solver, and asked for maps of one path length."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from app.scenarios.common_settings import (
    admissible_of,
    apply_map,
    budget_setting,
    drawn_costs,
    lower_setting,
    seed_setting,
    symmetry_setting,
    upper_setting,
    with_bounds,
)
from app.scenarios.figures import curve
from app.scenarios.frame import Floats, Frame
from app.scenarios.report import Report, RunFacts, Score
from app.scenarios.scenario import RunStep, Scenario, state_of
from app.scenarios.settings import Number, OptionalNumber, Toggle, Whole, setting
from app.scenarios.translate import class_movements, movement_grid, path_cells
from app.scenarios.words import figure
from engine.core.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.cost_maps.admissible import Symmetry
    from engine.cost_maps.problem import Problem
    from engine.learning.map_generator import Gallery, GeneratorIterate
    from engine.learning.map_generator_network import WeightTensors
    from maps.document import MapDocument


@dataclass(frozen=True)
class GenerateSettings:
    """What is asked of the maps, what they must keep, and how to train."""

    length: float | None = setting(
        None,
        OptionalNumber(
            "Trip length",
            "How long the best way through every map should be",
            term="target path cost",
            least=0.001,
            single_step=5.0,
            none="half way to the longest",
        ),
    )
    count: int = setting(12, Whole("Variants", "How many maps to make", least=1, most=100))
    diversity: float = setting(
        0.8,
        Number(
            "How different",
            "How far two variants should differ, in units of the mean cost",
            term="diversity",
            most=5.0,
        ),
    )
    refine: bool = setting(
        True,
        Toggle(
            "Exact length",
            "Bring every trip to the length after training, by mixing in as little as needed",
            term="refinement",
        ),
    )
    symmetry: Symmetry = symmetry_setting()
    budget: float | None = budget_setting()
    lower: float | None = lower_setting()
    upper: float | None = upper_setting()
    steps: int = setting(
        1100,
        Whole(
            "Train for",
            "More steps take longer and make better variants",
            term="iterations of Adam",
            least=1,
            most=100_000,
            single_step=100,
            unit="steps",
        ),
    )
    smoothness: float = setting(
        0.3,
        Number(
            "Smooth ground",
            "How much jumps between neighbouring cells are avoided",
            term="penalty on differences of neighbours",
            most=1e3,
            more=True,
        ),
    )
    seed: int = seed_setting()


@dataclass(frozen=True)
class GenerateFigures:
    """Figures of a step of training. length: that is asked for.  path_cost: of the map that is shown.

    diversity: mean difference of two maps of one length.  made, made_hits: maps of the gallery, and those of
    them within 2 % of the length; none before the end.
    """

    length: float
    path_cost: float
    diversity: float
    made: int = 0
    made_hits: int = 0
    hits: float = curve("% of maps within 2 % of the asked length", "best")
    loss: float = curve("loss", "value", log=True)


@dataclass(frozen=True, eq=False)
class Generated:
    """What a run leaves: the map (H, W) to show and, at its end, the whole gallery."""

    cost_map: Floats
    gallery: Gallery | None


@dataclass(frozen=True, eq=False)
class GenerateState:
    """From where training goes on: after so many steps, with these weights."""

    step: int
    weights: WeightTensors


@dataclass(frozen=True, eq=False)
class GenerateReport(Report):
    """Figures of the gallery; no maps where training was stopped before its end.

    path_costs: exact, of each map.  blended: share of another map that was mixed in.  training_steps: asked for.
    """

    length: float
    maps: int
    hits: int
    path_costs: tuple[float, ...]
    blended: tuple[float, ...]
    diversity: float
    budget: float
    refined: bool
    training_steps: int

    def score(self) -> Score:
        """Return how many maps have the length."""
        return Score("maps of the length", None, self.hits)

    def summary_lines(self) -> list[str]:
        """Return how many maps have the length, their paths, and how different they are."""
        if not self.maps:
            return [
                f"Stopped while training, at step {self.run.steps} of {self.training_steps}: no maps yet",
                f"{self.run.seconds:.1f} s · {self.run.movement}",
            ]
        refined = ", refined after training" if self.refined else ""
        return [
            f"{self.hits} of {self.maps} maps have a path of {self.length:.4g} ± 2 %{refined}",
            f"Paths: {', '.join(f'{cost:.4g}' for cost in self.path_costs)}",
            f"Diversity {self.diversity:.2f} of the mean cost · total {self.budget:.6g} each · "
            f"{self.run.steps} steps in {self.run.seconds:.1f} s · {self.run.movement}",
        ]

    def captions(self) -> tuple[str, str]:
        """Return what the pictures are: the map that the run began with, and the first of the gallery."""
        return "as drawn", f"one of {self.maps}, path {self.path_costs[0]:.4g}" if self.maps else ""


GenerateStep: TypeAlias = RunStep[GenerateFigures, Generated]


class MapGeneration(Scenario[GenerateSettings, GenerateFigures, Generated]):
    """Train a network that makes maps of an asked path length. Result: `Generated`."""

    name = "generate"
    title = "Many variants"
    summary = "Many different maps whose way through is as long as you ask."
    term = "generative network trained through a shortest-path solver"
    axis = "maps that hit, %"
    makes_gallery = True
    preparing = "finding the shortest and the longest path"
    finishing = "Making the maps"
    settings = GenerateSettings
    figures = GenerateFigures

    def steps(
        self, document: MapDocument, settings: GenerateSettings, state: object = None
    ) -> Iterator[GenerateStep]:
        """See `Scenario.steps`. On an edited map training begins with the weights that it had."""
        from engine.cost_maps.problem import check_problem
        from engine.optimum.length_range import length_range

        problem = generate_problem(document, settings)
        check_problem(problem)
        lengths = length_range(problem)
        length = (lengths.shortest + lengths.longest) / 2.0 if settings.length is None else settings.length
        lengths.share(length)  # refuses what is out of range before any training
        return _steps(problem, settings, length, state_of(GenerateState, state))

    def total_steps(self, settings: GenerateSettings) -> int | None:
        """Return the steps of training."""
        return settings.steps

    def headline(self, first: GenerateFigures, last: GenerateFigures) -> str:
        """Return how many maps have the asked length; while training, how near the one that is shown comes."""
        length = figure(last.length)
        if last.made:
            return f"{last.made_hits} of {last.made} maps have a path of {length} ± 2\u00a0%"
        hits = f"training, {last.hits:.0f}\u00a0% of the maps hit"
        return f"Path {figure(last.path_cost)}, asked for {length} · {hits}"

    def stopped(self, last: GenerateFigures) -> str:
        """Return how near the newest map comes to what was asked."""
        return (
            f"the newest map of the training is kept. Its path is {figure(last.path_cost)}, where "
            f"{figure(last.length)} was asked. Maps for the gallery are made when the training ends"
        )

    def apply(self, document: MapDocument, result: Generated) -> MapDocument:
        """Return the document with the costs of the map that is shown."""
        return apply_map(document, result.cost_map)

    def gallery(self, document: MapDocument, result: Generated) -> list[tuple[str, MapDocument]]:
        """Return every map, with its path cost and by how much that is off."""
        made = result.gallery
        if made is None:
            return []
        entries = zip(made.cost_maps, made.path_costs.tolist(), made.deviations.tolist(), strict=True)
        return [
            (
                f"path {figure(cost)}\n{_signed(100.0 * deviation)}\u00a0% off",
                apply_map(document, cost_map).replace(name=f"{document.name} {number}".strip()),
            )
            for number, (cost_map, cost, deviation) in enumerate(entries, 1)
        ]

    def report(
        self,
        before: MapDocument,
        after: MapDocument,
        settings: GenerateSettings,
        last: GenerateStep,
        facts: RunFacts,
    ) -> GenerateReport:
        """Return the figures of the gallery."""
        made = None if last.result is None else last.result.gallery
        return GenerateReport(
            facts,
            length=last.figures.length,
            maps=last.figures.made,
            hits=last.figures.made_hits,
            path_costs=() if made is None else tuple(made.path_costs.tolist()),
            blended=() if made is None else tuple(made.blended.tolist()),
            diversity=last.figures.diversity,
            budget=after.total_cost,
            refined=settings.refine,
            training_steps=settings.steps,
        )

    def prepared(self, document: MapDocument, settings: GenerateSettings) -> MapDocument:
        """Return the document with the bounds of the settings."""
        return with_bounds(document, settings)


def generate_problem(document: MapDocument, settings: GenerateSettings) -> Problem:
    """Return the engine's problem, of the map's first route. Raises ProblemError where it cannot be."""
    from engine.cost_maps.problem import Problem, Route

    return Problem(
        movement_grid(document),
        drawn_costs(document),
        tuple(
            Route(route.start, route.goal, route.weight, movement=movement)
            for route, movement in zip(document.routes[:1], class_movements(document)[:1], strict=True)
        ),
        admissible_of(document, settings, settings.budget),
    )


def _steps(
    problem: Problem, settings: GenerateSettings, length: float, state: GenerateState | None
) -> Iterator[GenerateStep]:
    from engine.learning.map_generator import GeneratorSettings, make_gallery, train_generator

    done = 0 if state is None else state.step
    how = GeneratorSettings(
        steps=max(1, settings.steps - done),
        diversity=settings.diversity,
        smoothness=settings.smoothness,
        seed=settings.seed,
    )
    for iterate in train_generator(problem, how, None if state is None else state.weights):
        step = done + iterate.step
        if iterate.status is None or iterate.status is Status.NOT_A_NUMBER:
            yield _training_step(problem, iterate, step, length)
            continue
        yield replace(_training_step(problem, iterate, step, length), status=None, message="")
        made = make_gallery(iterate.generator, length, settings.count, settings.seed, settings.refine)
        paths = path_cells(problem.movements, made.cost_maps[0], problem.routes)
        frame = Frame(step, made.cost_maps[0], None, paths)
        figures = GenerateFigures(
            length,
            float(made.path_costs[0]),
            made.diversity,
            len(made.cost_maps),
            made.hits,
            100.0 * iterate.hits,
            iterate.loss,
        )
        yield RunStep(
            step,
            figures,
            lambda frame=frame: frame,
            Generated(made.cost_maps[0], made),
            GenerateState(step, iterate.generator.weights),
            iterate.status,
            f"{made.hits} of {settings.count} maps are within 2 % of a path of {length:.4g}. They are in the "
            f"gallery; each opens as a map of its own.",
        )


def _training_step(problem: Problem, iterate: GeneratorIterate, step: int, length: float) -> GenerateStep:
    """Return a step that shows, of its maps, the one whose asked length is nearest to `length`."""
    nearest = int(np.argmin(np.abs(iterate.asked - length)))
    cost_map, path_cost = iterate.cost_maps[nearest], float(iterate.path_costs[nearest])

    def frame() -> Frame:
        return Frame(step, cost_map, None, path_cells(problem.movements, cost_map, problem.routes))

    return RunStep(
        step,
        GenerateFigures(length, path_cost, iterate.diversity, hits=100.0 * iterate.hits, loss=iterate.loss),
        frame,
        Generated(cost_map, None),
        GenerateState(step, iterate.generator.weights),
        iterate.status,
        "" if iterate.status is None else iterate.status.message,
    )


def _signed(value: float) -> str:
    """Return a number with one decimal and a sign; nothing is +0.0, from whichever side it is rounded."""
    return f"{round(value, 1) + 0.0:+.1f}"
