"""Transport without a matrix, interpreted: against stored kernels and the compiled loops; and compiled."""

import pytest
import torch

from engine.core.triton import has_triton
from engine.transport.streaming_triton import StreamingKernel
from tests.engine.transport.triton_cases import normalised
from tests.interpreted import in_interpreter
from tests.kernel_resources import CARDS, resources

pytestmark = [pytest.mark.skipif(not has_triton(), reason="Triton is not installed"), pytest.mark.slow]

CASES = "tests.engine.transport.triton_cases"


def test_streaming_products_are_those_of_a_stored_kernel():
    errors = in_interpreter(CASES, "product_errors")
    assert len(errors) == 4 * 8
    for name, error in errors.items():
        assert error < (1e-13 if "float64" in name else 1e-6), name


def test_solutions_are_those_of_the_compiled_loops():
    found = in_interpreter(CASES, "solves")
    assert len(found) == 8
    for name, differences in found.items():
        assert differences.pop("status") == "CONVERGED", name
        worst = max(differences, key=differences.__getitem__)
        assert differences[worst] < (1e-10 if name == "tight" else 3e-6), (name, worst)


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("wide", [False, True], ids=["float32", "float64"])
def test_kernels_keep_to_the_registers_of_every_card(card, wide, monkeypatch):
    """The most that any of them needs: three dimensions, slack points, square roots."""
    from engine.transport import streaming_kernels

    kernel = StreamingKernel([normalised(0, 3, "distance", True)], wide, "cpu:0")
    compiled = []

    class Launch:
        def __init__(self, name):
            self._kernel = getattr(streaming_kernels, name)

        def __getitem__(self, grid):
            return self

        def __call__(self, *arguments, **constants):
            types = dict(zip(self._kernel.arg_names, map(_type_of, arguments), strict=False))
            warps = constants.pop("num_warps")
            compiled.append(resources(self._kernel, types, constants, card, warps))

    launches = {name: Launch(name) for name in ("maxima", "sums", "moments")}
    for name, launch in launches.items():
        monkeypatch.setattr(streaming_kernels, name, launch)
    kernel.form(torch.zeros_like(kernel.formed_at), torch.ones((1, 1), dtype=torch.float64))
    kernel.transposed_with_squares(kernel.shift, kernel.shift)
    kernel.moments(kernel.shift, kernel.formed_at)
    assert len(compiled) == 4
    for found in compiled:
        assert found.spilled == 0
        assert 0 < found.registers < 256


def _type_of(argument):
    names = {torch.float32: "*fp32", torch.float64: "*fp64"}
    return names[argument.dtype] if isinstance(argument, torch.Tensor) else "i32"
