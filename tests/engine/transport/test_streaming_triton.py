"""Transport without a matrix, interpreted: against stored kernels and the compiled loops; and compiled."""

import numpy as np
import pytest
import torch

from engine.core.triton import has_triton
from engine.transport.semidual_triton import FusedSemiDual
from engine.transport.streaming_triton import StreamingKernel
from tests.engine.transport.triton_cases import normalised
from tests.interpreted import in_interpreter
from tests.kernel_resources import CARDS, resources

pytestmark = [pytest.mark.skipif(not has_triton(), reason="Triton is not installed"), pytest.mark.slow]


@pytest.fixture(scope="module")
def interpreted():
    return in_interpreter("tests.engine.transport.triton_cases", "results")


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
@pytest.mark.parametrize("arithmetic", ["single", "mixed", "double"])
def test_kernels_keep_to_the_registers_of_every_card(card, arithmetic, monkeypatch):
    """The most that any of them needs: three dimensions, slack points, square roots."""
    from engine.transport import semidual_kernels, streaming_kernels

    problems = [normalised(0, 3, "distance", True)]
    kernel = StreamingKernel(problems, arithmetic, "cpu:0")
    compiled = []

    class Launch:
        def __init__(self, kernel):
            self._kernel = kernel

        def __getitem__(self, grid):
            return self

        def __call__(self, *arguments, **constants):
            types = dict(zip(self._kernel.arg_names, map(_type_of, arguments), strict=False))
            warps = constants.pop("num_warps", 4)
            name = self._kernel.fn.__name__
            compiled.append((name, resources(self._kernel, types, constants, card, warps)))

    for module, names in (
        (streaming_kernels, ("maxima", "sums", "moments")),
        (semidual_kernels, ("rows", "columns", "sweep", "begin_direction", "go_on")),
    ):
        for name in names:
            monkeypatch.setattr(module, name, Launch(getattr(module, name)))
    semidual = FusedSemiDual(problems, kernel, "cpu:0")
    semidual.form(kernel.formed_at)
    now = semidual.evaluate(kernel.formed_at, kernel.formed_at)
    if arithmetic == "single":  # vectors are float64 in any case
        monkeypatch.setattr(FusedSemiDual, "effort", 1)
        semidual.swept(now)
        semidual._system.state.fill_(1.0)
        semidual.direction(now, np.array([True]), np.array([1e-3]))
    kernel.moments(now.scale, now.v)
    assert {name for name, _ in compiled} >= {"maxima", "sums", "moments", "rows", "columns"}
    assert arithmetic != "single" or {name for name, _ in compiled} >= {"sweep", "begin_direction", "go_on"}
    for name, found in compiled:
        assert found.spilled == 0, name
        assert 0 < found.registers < 256


def _type_of(argument):
    names = {torch.float32: "*fp32", torch.float64: "*fp64"}
    return names[argument.dtype] if isinstance(argument, torch.Tensor) else "i32"
