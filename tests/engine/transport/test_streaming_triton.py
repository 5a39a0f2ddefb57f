"""Transport without a matrix, interpreted: against stored kernels and the compiled loops; and compiled."""

import pytest

from engine.core.triton import has_triton
from engine.core.triton import interpreted as interprets
from tests.kernel_resources import CARDS, told_by

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not has_triton(), reason="Triton is not installed; the extra gpu-test has it"),
]


@pytest.fixture(scope="module")
def interpreted():
    if not interprets():
        pytest.skip("with a card, tests.benchmarks.gpu compares its kernels")
    from tests.engine.transport.triton_cases import results

    return results()


def test_streaming_products_are_those_of_a_stored_kernel(interpreted):
    errors = interpreted["products"]
    assert len(errors) == 4 * 8
    for name, error in errors.items():
        # Potentials of 300, as costs of as many ε, cost single arithmetic two digits.
        assert error < {"single": 3e-5, "mixed": 3e-7, "double": 1e-12}[name.split()[-1]], name


def test_fused_vectors_are_those_of_torch(interpreted):
    errors = interpreted["vectors"]
    assert len(errors) == 2 * 12
    for name, error in errors.items():
        assert error < 1e-11, name


def test_solutions_are_those_of_the_compiled_loops(interpreted):
    found = interpreted["solves"]
    assert len(found) == 7
    for name, differences in found.items():
        assert differences.pop("status") == "CONVERGED", name
        worst = max(differences, key=differences.__getitem__)
        assert differences[worst] < (1e-10 if name == "tight" else 3e-6), (name, worst)


@pytest.mark.parametrize("card", CARDS)
def test_kernels_keep_to_the_registers_of_every_card(card):
    rows = told_by("tests.engine.transport.triton_builds", card)
    assert {row["kernel"] for row in rows} == {
        *("maxima", "sums", "moments", "rows", "columns", "sweep", "begin_direction", "go_on")
    }
    for row in rows:
        assert row["spilled"] == 0, row
