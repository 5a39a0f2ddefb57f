"""Keep my map: the path against the change, `python -m tests.benchmarks.keep [SAMPLE …]` (some minutes for all).

For every sample with a route: how much longer its paths get at each strength of `keep`, how much of the drawn cost
stays in its cell, and the proven limit of maps that change no more. `--picture FOLDER` draws the curves.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from app.scenarios.adversarial import adversarial_problem
from app.scenarios.adversarial_settings import AdversarialSettings
from engine.core.device import use_few_threads
from engine.cost_maps.objectives import score
from engine.cost_maps.problem import Objective, Problem, path_costs
from engine.design.adversarial import DesignSettings, optimise_costs
from maps.formats import read_map
from maps.samples import SAMPLES, sample_path
from tests.benchmarks.table import print_table
from tests.present import present

STRENGTHS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Point:
    """One strength: path cost and its limit, both over that of the drawn map, and the share of the cost kept."""

    keep: float
    times: float
    limit: float
    kept: float


def curve(problem: Problem, steps: int) -> list[Point]:
    """Return a point for each of the strengths."""
    drawn = score(problem, path_costs(problem, problem.cost_map))
    points = []
    for keep in STRENGTHS:
        asked = replace(problem, objective=Objective(keep=keep))
        *_, end = optimise_costs(asked, DesignSettings(steps=steps))
        limit = end.upper_bound if end.keeping_bound is None else min(end.keeping_bound, present(end.upper_bound))
        points.append(Point(keep, end.best_score / drawn, present(limit) / drawn, end.kept))
    return points


def draw(name: str, points: list[Point], file: Path) -> None:
    """Draw a curve and its limit: share kept to the right, path upwards."""
    from PIL import Image, ImageDraw

    width, height, edge = 480, 320, 40
    image = Image.new("RGB", (width, height), "#23272e")
    pen = ImageDraw.Draw(image)
    kept = np.array([point.kept for point in points])
    top = max(point.limit for point in points)

    def place(share: float, times: float) -> tuple[float, float]:
        along = (share - kept.min()) / (1.0 - kept.min())
        return edge + along * (width - 2 * edge), height - edge - (times - 1.0) / (top - 1.0) * (height - 2 * edge)

    for values, colour in (([p.limit for p in points], "#8a919c"), ([p.times for p in points], "#f2b134")):
        line = [place(share, times) for share, times in zip(kept.tolist(), values, strict=True)]
        pen.line([*line, place(1.0, 1.0)], fill=colour, width=2)
    pen.text((edge, 10), f"{name}: times as long ({top:.1f} at most) over the share kept", fill="#e6e6e6")
    pen.text((edge, height - 25), f"{100 * kept.min():.0f} %", fill="#e6e6e6")
    pen.text((width - edge - 30, height - 25), "100 %", fill="#e6e6e6")
    image.save(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", nargs="*", metavar="SAMPLE", help="all without one")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--picture", type=Path, metavar="FOLDER")
    asked = parser.parse_args()
    use_few_threads()
    rows = []
    for name in asked.samples or SAMPLES:
        document = read_map(sample_path(name))
        if not document.routes:
            continue
        points = curve(adversarial_problem(document, AdversarialSettings(keep=0.0)), asked.steps)
        rows += [
            (
                name,
                f"{point.keep:g}",
                f"{point.times:.2f}",
                f"{100.0 * point.kept:.1f} %",
                f"{100.0 * (point.limit / point.times - 1.0):.1f} %",
            )
            for point in points
        ]
        if asked.picture:
            asked.picture.mkdir(parents=True, exist_ok=True)
            draw(name, points, asked.picture / f"{name}.png")
    print_table(
        f"longer paths that keep the map, {asked.steps} steps",
        ("sample", "keep", "times as long", "cost kept in its cell", "below the proven limit"),
        rows,
    )


if __name__ == "__main__":
    main()
