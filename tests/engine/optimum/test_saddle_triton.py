"""The fused iterations without a card: against compiled loops, on a pretended device, compiled for cards."""

from typing import Any

import pytest

from engine.core.triton import has_triton, interpreted
from tests.kernel_resources import CARDS, told_by

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not has_triton(), reason="Triton is not installed; the extra gpu-test has it"),
]


@pytest.fixture(scope="module")
def found() -> Any:
    if not interpreted():
        pytest.skip("with a card, tests.benchmarks.gpu compares its kernels")
    from tests.engine.optimum.triton_cases import found as find

    return find()


def test_fused_iterations_are_those_of_the_compiled_loops(found: Any) -> None:
    assert len(found["differences"]) == 4
    for kind, fields in found["differences"].items():
        for field, difference in fields.items():
            assert difference < 1e-11, (kind, field)


def test_a_step_onto_the_admissible_maps_is_their_projection_whatever_the_bounds_and_the_total(found: Any) -> None:
    """From cold, and with values a hundred times as wide as the bounds, some steps are needed."""
    assert len(found["projections"]) == 4
    for share, errors in found["projections"].items():
        assert errors[-1] < 1e-10, (share, errors)


def test_iterations_bring_nothing_to_the_host_and_a_whole_run_stays_on_its_device(found: Any) -> None:
    assert found["mixed"] == {}
    assert found["reads in 3 iterations"] == {}
    assert found["reads of a step's length"] == 1


def test_an_iteration_is_thirteen_launches(found: Any) -> None:
    """With one sparse product; two more for each level of a larger map, 19 in all at 1024²."""
    assert sum(found["launches in 3 iterations"].values()) == 3 * 13


@pytest.mark.parametrize("card", CARDS)
def test_the_kernels_need_no_memory_beyond_their_registers(card: int) -> None:
    rows = told_by("tests.engine.optimum.triton_builds", card)
    assert len(rows) == 12
    for row in rows:
        assert row["spilled"] == 0, row
        assert row["registers"] <= 128, row
