"""Both implementations of the solver."""

import pytest

from tests.engine.transport.problems import DEVICES


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param
