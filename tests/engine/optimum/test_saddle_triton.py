"""The fused iterations without a card: against compiled loops, on a pretended device, compiled for cards."""

import importlib.util
from typing import Any

import pytest

from tests.interpreted import in_interpreter
from tests.kernel_resources import CARDS, resources

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="Triton is not installed"),
]

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


@pytest.fixture(scope="module")
def found() -> Any:
    return in_interpreter("tests.engine.optimum.triton_cases", "found")


def test_fused_iterations_are_those_of_the_compiled_loops(found: Any) -> None:
    assert len(found["differences"]) == 4
    for kind, fields in found["differences"].items():
        for field, difference in fields.items():
            assert difference < 1e-11, (kind, field)


def test_iterations_bring_nothing_to_the_host_and_a_whole_run_stays_on_its_device(found: Any) -> None:
    assert found["mixed"] == {}
    assert found["reads in 3 iterations"] == {}
    assert found["reads of a step's length"] == 1


def test_an_iteration_is_fifteen_launches(found: Any) -> None:
    """With one sparse product; two more for each level of a larger map, 21 in all at 1024²."""
    assert sum(found["launches in 3 iterations"].values()) == 3 * 15


@pytest.mark.parametrize("card", CARDS)
def test_the_kernels_need_no_memory_beyond_their_registers(card: int) -> None:
    from engine.cost_maps import projection_kernels as projection
    from engine.cost_maps import projection_triton
    from engine.optimum import multigrid_kernels as cycle
    from engine.optimum import multigrid_triton, saddle_triton
    from engine.optimum import saddle_kernels as saddle

    cells = {"MOVES": 8, "BLOCK": saddle_triton.BLOCK}
    step = {**cells, "HALPERN": True}
    strides = {"SIZE_STRIDE": 1, "BOUND_STRIDE": 1, "BLOCK": projection_triton.BLOCK}
    parts = projection_triton.MOST_PROGRAMS
    kinds: list[tuple[Any, dict[str, object], dict[str, str]]] = [
        (saddle.step_flow, {**step, "MEAN": True}, {}),
        (saddle.step_flow, {**step, "MEAN": False}, {}),
        (saddle.squared_distances, cells, {}),
        (cycle.relax, cells, {}),
        (cycle.restrict, {"MOVES": 8, "PIECES": multigrid_triton.PIECES}, {}),
        (cycle.times, {"ROWS": 16, "ENTRIES": multigrid_triton.TILE // 16}, {"target": "i32"}),
        (cycle.times, {"ROWS": 1, "ENTRIES": multigrid_triton.TILE}, {"target": "i32"}),
        (cycle.prolong, cells, {"begin": "i32"}),
        (cycle.step_potentials, step, {}),
        (projection.want, {**strides, "SHARED": 4}, {}),
        (projection.newton, {**strides, "PARTS": parts}, {}),
        (
            projection.step_cost,
            {"BOUND_STRIDE": 1, "PARTS": parts, "HALPERN": True, "BLOCK": projection_triton.BLOCK},
            {},
        ),
    ]
    for kernel, constants, types in kinds:
        needed = resources(kernel, TYPES | types, constants, card, saddle_triton.WARPS)
        assert needed.spilled == 0, (kernel, needed)
        assert needed.registers <= 128, (kernel, needed)
