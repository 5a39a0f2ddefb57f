"""A run without a window: the same seed gives the same bytes, whatever the machine would do in parallel."""

import dataclasses

import numpy as np
import pytest
import torch

from app.run.headless import solve
from app.scenarios import SCENARIOS
from maps.document import Route, new_document


@pytest.fixture(autouse=True)
def threads_of_torch(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def solved(name: str, side: int, steps: int):
    scenario = SCENARIOS[name]
    document = new_document(side, side).replace(routes=(Route("r", (side // 2, 1), (side // 2, side - 2)),))
    return solve(document, scenario, dataclasses.replace(scenario.settings(), steps=steps), lambda _: None)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "side", "steps"), [("adversarial", 192, 12), ("generate", 24, 2)])
def test_the_bytes_do_not_depend_on_the_number_of_cores(name, side, steps):
    costs = []
    for cores in (1, 3):  # torch begins with as many threads
        torch.set_num_threads(cores)
        done = solved(name, side, steps)
        assert done.report.run.threads == 1
        costs.append(done.document.cost)
    assert np.ptp(costs[0]) > 0.1
    assert np.array_equal(*costs)


def test_more_threads_are_taken_where_asked_for_and_the_report_says_so(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert solved("adversarial", 8, 1).report.as_json()["threads"] == 2
