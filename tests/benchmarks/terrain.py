"""Terrain costs learned from drawn paths: `python -m tests.benchmarks.terrain` (about ten minutes).

`small` as an argument trains on the small set only (about a minute).
"""

import sys
import time
from dataclasses import replace

from engine.core.device import use_few_threads
from engine.learning.terrain import METHODS, PricingModel, TrainingSettings, optimal_share, train_terrain
from engine.learning.tilesets import TILESETS, Examples, examples
from tests.benchmarks.table import print_table

# Numbers of training maps of 12 × 12 tiles, and how to train on them.
SMALL, SMALL_MAPS = TrainingSettings(epochs=6), 4_000
FULL, FULL_MAPS = TrainingSettings(epochs=10), 10_000
HELD_OUT = {12: 1000, 30: 500}
# The baseline looks far around each tile, which is dear: fewer channels, and fewer maps where they are large.
DIRECT = {"method": "direct", "width": 32}
DIRECT_MAPS_AT_30 = 1_600


def trained(training: Examples, settings: TrainingSettings) -> tuple[PricingModel, float]:
    began = time.perf_counter()
    *_, end = train_terrain(training, settings)
    return end.model, time.perf_counter() - began


def main() -> None:
    use_few_threads()
    held_out = {size: examples(count, size, size, 2) for size, count in HELD_OUT.items()}
    rows = []

    def report(name: str, training: Examples, settings: TrainingSettings) -> None:
        model, seconds = trained(training, settings)
        shares = [f"{100.0 * optimal_share(model, maps):.1f}" for maps in held_out.values()]
        size = training.grid.shape[0]
        rows.append((name, settings.method, f"{len(training):,} of {size}²", f"{seconds:.0f}", *shares))
        print(*rows[-1], sep="  ", flush=True)

    report("small", examples(SMALL_MAPS, 12, 12, 1), SMALL)
    if "small" not in sys.argv:
        training = examples(FULL_MAPS, 12, 12, 1)
        for method in METHODS[:-1]:
            report("full", training, replace(FULL, method=method))
        report("full", training, replace(FULL, **DIRECT))
        report("four looks", training, replace(FULL, tilesets=tuple(TILESETS)))
        large = examples(DIRECT_MAPS_AT_30, 30, 30, 1)
        report("at its size", large, replace(FULL, **DIRECT))
    print_table(
        "Share of held-out maps whose predicted path has the least true cost",
        ("training", "method", "maps", "s", *(f"% at {size}²" for size in held_out)),
        rows,
    )
    print("The data are this project's own tiles and layouts, not the Warcraft set that published figures are")
    print('about. "direct" is the baseline without a solver: it marks the path in the picture, and the path')
    print("compared is the one through its most likely cells.")


if __name__ == "__main__":
    main()
