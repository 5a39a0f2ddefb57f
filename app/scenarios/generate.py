"""Generate maps: a small network is trained through the path solver, and asked for maps of one path length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from app.scenarios.common_settings import (
    admissible_of,
    apply_map,
    budget_setting,
    lower_setting,
    seed_setting,
    symmetry_setting,
    upper_setting,
)
from app.scenarios.frame import Frame
from app.scenarios.scenario import Curve, Report, Scenario, Seen
from app.scenarios.settings import setting
from app.scenarios.translate import exact_paths, movement_grid, movement_words
from app.scenarios.words import figure
from maps.document import MapDocument
from maps.edits import apply_costs

if TYPE_CHECKING:
    from engine.cost_maps.problem import Problem
    from engine.learning.map_generator import Gallery, GeneratorIterate, MapGenerator


@dataclass(frozen=True)
class Generate:
    """What is asked of the maps, what they must keep, and how to train."""

    length: float | None = setting(
        None,
        "Path length",
        "How long the shortest path of every map should be",
        least=0.001,
        single_step=5.0,
        as_is=lambda _: ("half way to the longest", 0.0),
    )
    count: int = setting(12, "Maps", "How many maps to make", least=1, most=100, single_step=1)
    budget: float | None = budget_setting()
    lower: float | None = lower_setting()
    upper: float | None = upper_setting()
    symmetry: str = symmetry_setting()
    steps: int = setting(1100, "Steps", "Steps of training", least=1, most=100_000, single_step=100)
    refine: bool = setting(
        True, "Refine", "Bring every path to the asked length after training, by mixing in as little as needed"
    )
    diversity: float = setting(
        0.8,
        "Diversity",
        "How different two maps of one length should be, in units of the mean cost",
        most=5.0,
        more=True,
    )
    smoothness: float = setting(
        0.3, "Smoothness", "Penalty on jumps between neighbouring cells", most=1e3, more=True
    )
    seed: int = seed_setting()


@dataclass(frozen=True, eq=False)
class Generated:
    """What a run leaves: the map to show and, at its end, the whole gallery."""

    cost_map: Any
    generator: MapGenerator
    gallery: Gallery | None


def generate_problem(document: MapDocument, settings: Generate) -> Problem:
    """The engine's problem: the map's first route. Raises ProblemError where it cannot be."""
    from engine.cost_maps.problem import Problem, Route

    return Problem(
        movement_grid(document),
        np.array(document.cost, np.float64),
        tuple(Route(route.start, route.goal, route.weight) for route in document.routes[:1]),
        admissible_of(document, settings),
    )


def steps(document: MapDocument, settings: Generate, state: Any) -> Iterator[Seen]:
    """See `Scenario.steps`. An edited map begins with the weights that it had."""
    from engine.cost_maps.problem import check_problem
    from engine.optimum.length_range import length_range

    problem = generate_problem(document, settings)
    check_problem(problem)
    lengths = length_range(problem)
    length = (lengths.shortest + lengths.longest) / 2.0 if settings.length is None else settings.length
    lengths.share(length)  # refuses what is out of range before any training
    return _steps(problem, settings, length, state)


def _steps(problem: Problem, settings: Generate, length: float, state: Any) -> Iterator[Seen]:
    from engine.learning.map_generator import GeneratorSettings, make_gallery, train_generator

    done, start = state or (0, None)
    how = GeneratorSettings(
        steps=max(1, settings.steps - done),
        diversity=settings.diversity,
        smoothness=settings.smoothness,
        seed=settings.seed,
    )
    for iterate in train_generator(problem, how, start):
        step = done + iterate.step
        if iterate.status is None:
            yield _seen(problem, iterate, step, length, None)
            continue
        if iterate.status.value == "not_a_number":
            yield _seen(problem, iterate, step, length, iterate.status.sentence)
            return
        made = make_gallery(iterate.generator, length, settings.count, settings.seed, settings.refine)
        figures = _figures(iterate, length, made)
        paths = exact_paths(problem.grid, made.cost_maps[0], problem.routes)
        frame = Frame(step, made.cost_maps[0], None, paths)
        sentence = (
            f"{made.hits} of {settings.count} maps are within 2 % of a path of {length:.4g}. They are in the "
            f"gallery; each opens as a map of its own."
        )
        result = Generated(made.cost_maps[0], iterate.generator, made)
        state = (step, iterate.generator.weights)
        yield Seen(step, figures, lambda frame=frame: frame, result, state, iterate.status.value, sentence)


def _seen(problem: Problem, iterate: GeneratorIterate, step: int, length: float, ending: str | None) -> Seen:
    nearest = int(np.argmin(np.abs(iterate.asked - length)))
    cost_map = iterate.cost_maps[nearest]

    def frame() -> Frame:
        return Frame(step, cost_map, None, exact_paths(problem.grid, cost_map, problem.routes))

    result = Generated(cost_map, iterate.generator, None)
    status = "" if ending is None else "not_a_number"
    state = (step, iterate.generator.weights)
    return Seen(step, _figures(iterate, length, None), frame, result, state, status, ending)


def _figures(iterate: GeneratorIterate, length: float, made: Gallery | None) -> dict[str, float]:
    return {
        "hits": 100.0 * iterate.hits,
        "loss": iterate.loss,
        "diversity": iterate.diversity if made is None else made.diversity,
        "length": length,
        "gallery_hits": np.nan if made is None else float(made.hits),
        "gallery_count": np.nan if made is None else float(len(made.cost_maps)),
    }


def apply(document: MapDocument, result: Any) -> MapDocument:
    """The document with the costs of the map that is shown."""
    return document if result is None else apply_map(document, result.cost_map)


def gallery_of(document: MapDocument, result: Any) -> list[tuple[str, MapDocument]]:
    """Every map with its figures."""
    made = None if result is None else result.gallery
    if made is None:
        return []
    entries = zip(made.cost_maps, made.path_costs, made.deviations, strict=True)
    return [
        (
            f"path {figure(float(cost))}\n{_signed(100.0 * float(deviation))}\u00a0% off",
            apply_costs(document, cost_map).document.replace(name=f"{document.name} {number}".strip()),
        )
        for number, (cost_map, cost, deviation) in enumerate(entries, 1)
    ]


def _signed(value: float) -> str:
    """With one decimal and a sign; nothing is +0.0, from whichever side it is rounded."""
    return f"{round(value, 1) + 0.0:+.1f}"


def headline(first: Mapping[str, float], last: Mapping[str, float]) -> str:
    """The run in one line."""
    if np.isfinite(last["gallery_hits"]):
        return (
            f"{last['gallery_hits']:.0f} of {last['gallery_count']:.0f} maps have a path of "
            f"{figure(last['length'])} ± 2\u00a0%"
        )
    return f"Training: {last['hits']:.0f}\u00a0% of the maps hit what was asked"


def report(before: MapDocument, after: MapDocument, settings: Generate, last: Seen) -> Report:
    """Figures of the gallery."""
    made = last.result.gallery
    return {
        "length": float(last.figures["length"]),
        "maps": 0 if made is None else len(made.cost_maps),
        "hits": 0 if made is None else made.hits,
        "path_costs": [] if made is None else made.path_costs.tolist(),
        "blended": [] if made is None else made.blended.tolist(),
        "diversity": float(last.figures["diversity"]),
        "budget": float(after.cost[after.passable].sum(dtype=np.float64)),
        "refined": settings.refine,
        "steps": last.step,
        "seed": settings.seed,
        "movement": movement_words(before.rule),
    }


def words(report: Report) -> list[str]:
    """The report as lines."""
    refined = ", refined after training" if report["refined"] else ""
    return [
        f"[bold]{report['hits']} of {report['maps']} maps have a path of {report['length']:.4g} ± 2 %{refined}[/]",
        f"Paths: {', '.join(f'{cost:.4g}' for cost in report['path_costs'])}",
        f"Diversity {report['diversity']:.2f} of the mean cost · total {report['budget']:.6g} each · "
        f"{report['steps']} steps in {report['seconds']:.1f} s · {report['movement']}",
    ]


def captions(report: Report) -> tuple[str, str]:
    """The map that the run began with, and the first of the gallery."""
    return "as drawn", f"one of {report['maps']}, path {report['path_costs'][0]:.4g}" if report["maps"] else ""


SCENARIO = Scenario(
    title="Generate maps",
    summary="Train a small network through the path solver; it makes many maps whose path is as long as you ask.",
    settings=Generate,
    steps=steps,
    total_steps=lambda settings: settings.steps,
    apply=apply,
    headline=headline,
    curves=(
        Curve("hits", "% of maps within 2 % of the asked length", "best"),
        Curve("loss", "loss", "value", log=True),
    ),
    axis="maps that hit, %",
    report=report,
    words=words,
    captions=captions,
    gallery=gallery_of,
)
