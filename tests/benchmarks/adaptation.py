"""Tileset adaptation, before and after: `python -m tests.benchmarks.adaptation` (about five minutes).

A pricing network is trained on one tileset, from drawn paths, and adapted to another: with the costs of some
maps in its own look, and pictures of other maps in the new one. Accuracy is on maps that neither has seen, in
the new look: the share whose cheapest path under the network's prices has the least true cost, and the mean
error of a tile's price as a share of the mean cost. "Colours" is the start of adaptation: colours with the same
mean and spread, and no transport yet. Tiles and maps are this project's own, drawn and laid out by
`engine.learning.tilesets`; they are no data set that others report on.
"""

import time
from collections import deque
from itertools import permutations

import numpy as np

from engine.core.device import use_few_threads
from engine.learning.adaptation import Accuracy, accuracy, adapt
from engine.learning.terrain import TrainingSettings, example_pictures, train_terrain
from engine.learning.tilesets import TILESETS, examples
from tests.benchmarks.table import print_table
from tests.present import present

SIZE, TRAINING, ADAPTING, HELD_OUT = 12, 3000, 256, 200
# Settings were chosen on other maps than these, but on the same four looks.
DRAWN_SEED, SEEN_SEED, HELD_OUT_SEED = 0, 201, 202


def figures(found: Accuracy) -> str:
    return f"{100.0 * found.optimal:.1f} %, {100.0 * found.price_error:.1f} %"


def main() -> None:
    use_few_threads()
    drawn, seen, held_out = (
        examples(count, SIZE, SIZE, seed)
        for count, seed in zip((TRAINING, ADAPTING, HELD_OUT), (DRAWN_SEED, SEEN_SEED, HELD_OUT_SEED), strict=True)
    )
    models, rows = {}, []
    for source, target in permutations(TILESETS, 2):
        if source not in models:
            (end,) = deque(train_terrain(drawn, TrainingSettings(tilesets=(source,), width=32)), maxlen=1)
            models[source] = end.model
        model = models[source]
        at_home = accuracy(model, held_out, example_pictures(held_out, (source,), np.arange(HELD_OUT)))
        began = time.perf_counter()
        steps = list(adapt(model, seen, source, target, held_out=held_out))
        seconds = time.perf_counter() - began
        start, end = steps[0], steps[-1]
        figured = (at_home, end.before, start.now, end.now)
        rows.append((f"{source} → {target}", *map(figures, map(present, figured)), f"{seconds:.0f}"))
    print_table(
        f"Held-out maps of {SIZE} × {SIZE} tiles: paths of least cost, and error of a price",
        ("tilesets", "trained look", "new look, before", "colours", "after", "seconds"),
        rows,
    )


if __name__ == "__main__":
    main()
