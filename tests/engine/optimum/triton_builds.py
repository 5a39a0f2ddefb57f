"""The fused kernels of the iterations, compiled for a card: `python -m tests.engine.optimum.triton_builds 90`."""

import json
import sys
from dataclasses import asdict
from typing import Any

from engine.cost_maps import projection_kernels as projection
from engine.cost_maps import projection_triton
from engine.optimum import multigrid_kernels as cycle
from engine.optimum import multigrid_triton, saddle_triton
from engine.optimum import saddle_kernels as saddle
from tests.kernel_resources import resources

POINTERS = (
    "flow anchor new_flow potentials cost weight tau since next_since scaled load other_flow other_potentials "
    "other_cost partial values relaxed vectors solution value sigma new_potentials z size lower upper state sums "
    "before next_sums target first_state new_cost"
)
INDICES = "start goal piece block_of begin column members group"
NUMBERS = "height width count length groups routes cells parts"
TYPES = {
    **dict.fromkeys(POINTERS.split(), "*fp64"),
    **dict.fromkeys(INDICES.split(), "*i32"),
    **dict.fromkeys(NUMBERS.split(), "i32"),
    "legal": "*u8",
}

CELLS = {"MOVES": 8, "BLOCK": saddle_triton.BLOCK}
STEP = {**CELLS, "HALPERN": True}
STRIDES = {"SIZE_STRIDE": 1, "BOUND_STRIDE": 1, "BLOCK": projection_triton.BLOCK}
PARTS = projection_triton.MOST_PROGRAMS
TILE = multigrid_triton.TILE
# Kernels, their constants, and types of arguments that mean something else there.
BUILDS: list[tuple[Any, dict[str, Any], dict[str, str]]] = [
    (saddle.step_flow, {**STEP, "MEAN": True}, {}),
    (saddle.step_flow, {**STEP, "MEAN": False}, {}),
    (saddle.squared_distances, CELLS, {}),
    (cycle.relax, CELLS, {}),
    (cycle.restrict, {"MOVES": 8, "PIECES": multigrid_triton.PIECES}, {}),
    (cycle.times, {"ROWS": 16, "ENTRIES": TILE // 16}, {"target": "i32"}),
    (cycle.times, {"ROWS": 1, "ENTRIES": TILE}, {"target": "i32"}),
    (cycle.prolong, CELLS, {"begin": "i32"}),
    (cycle.step_potentials, STEP, {}),
    (projection.want, {**STRIDES, "SHARED": 4}, {}),
    (projection.newton, {**STRIDES, "PARTS": PARTS}, {}),
    (
        projection.step_cost,
        {"BOUND_STRIDE": 1, "PARTS": PARTS, "HALPERN": True, "BLOCK": projection_triton.BLOCK},
        {},
    ),
]


def main(card: int) -> None:
    """Print what each kernel needs, as JSON."""
    for kernel, constants, types in BUILDS:
        needed = resources(kernel, TYPES | types, constants, card, saddle_triton.WARPS)
        print(json.dumps({"kernel": kernel.__name__, **asdict(needed)}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
