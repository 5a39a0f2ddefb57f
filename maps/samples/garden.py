"""The sample map for placing walls: a garden that waits for its hedges."""

from __future__ import annotations

import numpy as np

from maps.document import Layout, MapDocument, Route
from maps.movement import MovementRule
from maps.samples.landscape import Sketch, from_point, noise, warped
from maps.terrain import Terrain


def garden() -> MapDocument:
    """A walled garden with ponds, oaks and flower beds, between a gate and a pavilion; two fountains."""
    shape = (32, 32)
    sketch = Sketch(
        shape,
        (
            Terrain("lawn", 1.0, "#b7cf7c"),
            Terrain("gravel", 0.8, "#eadfc0"),
            Terrain("flower bed", 1.6, "#b0708f"),
            Terrain("pond", 5.0, "#1f3f66", passable=False),
            Terrain("oak", 3.0, "#24402a", passable=False),
            Terrain("garden wall", 1.0, "#29252b", passable=False),
        ),
    )
    for row, column, radius in ((8, 22, 2.6), (24, 10, 3.1)):
        around = warped(from_point(shape, (row, column)), 0.8, 4.0, row)
        sketch.lay("flower bed", around < radius + 1.6)
        sketch.lay("pond", around < radius)
    sketch.lay("oak", noise(shape, 2.0, 203) > 0.965)
    gate, pavilion = (16, 1), (15, 30)
    fountains = ((6, 9), (25, 22))
    for cell in (gate, pavilion, *fountains):
        sketch.lay("gravel", from_point(shape, cell) < 2.3)
    edge = np.ones(shape, np.bool_)
    edge[1:-1, 1:-1] = False
    sketch.lay("garden wall", edge)
    sketch.close("oak", gate)
    return sketch.document(
        locked=sketch.find("gravel", "garden wall", "pond"),
        rule=MovementRule(neighbours=4),
        routes=(Route("gate to pavilion", gate, pavilion),),
        layouts=(Layout("fountains", np.array(fountains, np.float64), np.ones(2), "#0072b2"),),
        cell_size=2.0,
    )
