"""Where a run computes: what is there, what is asked for, and what pays."""

import pytest
import torch

from engine.core import device
from engine.core.device import FUSED, TORCH, Placement, pick_device, place, placed_iterates
from engine.core.errors import ProblemError


@pytest.fixture
def two_cards(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.mark.parametrize("wish", ["cpu", "cpu:0"])
def test_the_cpu_may_be_asked_for_by_any_of_its_names(wish):
    assert pick_device(wish, "bregman", 100) == wish


@pytest.mark.parametrize("wish", ["cuda:2", "meta", "xpu", "gpu", ""])
def test_what_is_not_there_is_refused_by_name(wish, two_cards):
    with pytest.raises(ProblemError, match=f"device '{wish}' is not available; this machine has: cpu, cuda"):
        pick_device(wish, "bregman", 100)


def test_any_card_that_is_there_may_be_asked_for(two_cards):
    assert [pick_device(wish, "logit", 1) for wish in ("cuda", "cuda:0", "cuda:1")] == ["cuda", "cuda:0", "cuda:1"]


@pytest.mark.parametrize("method", sorted(FUSED))
@pytest.mark.parametrize("triton", [True, False])
def test_auto_takes_the_card_from_the_break_even_on(method, triton, two_cards, monkeypatch):
    monkeypatch.setattr(device, "has_triton", lambda: triton)
    needed = (FUSED if triton else TORCH)[method]
    assert [pick_device("auto", method, size) for size in (needed - 1, needed)] == ["cpu", "cuda"]
    assert f"the GPU is faster from {needed:,} on" in place("auto", method, needed - 1).reason


@pytest.mark.parametrize("method", ["logit", "exact"])
def test_methods_that_a_card_does_not_help_stay_on_the_cpu(method, two_cards):
    assert pick_device("auto", method, 10**9) == "cpu"
    assert "on the GPU run: bregman, optimum" in place("auto", method, 10**9).reason


def test_auto_is_the_cpu_where_there_is_no_card(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert place("auto", "bregman", 10**9) == Placement("cpu", "there is no CUDA device")


def counting(fails_at: dict[str, int], error: Exception):
    """A run that counts on from its state to five, and fails at a number of its device's."""

    def run(where, state):
        for number in range(state + 1, 6):
            if fails_at.get(where) == number:
                raise error
            yield number

    return run


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "the GPU's memory is too small"),
        (
            RuntimeError("CUDA error: an illegal memory access\nmore"),
            "failed (CUDA error: an illegal memory access)",
        ),
    ],
)
def test_where_the_card_fails_the_cpu_goes_on_from_the_last_step(error, reason):
    there = Placement("cuda", "chosen in the settings")
    steps = list(placed_iterates(counting({"cuda": 3}, error), there, 0, lambda number: number))
    assert [number for number, _ in steps] == [1, 2, 3, 4, 5]
    assert [placed.device for _, placed in steps] == ["cuda", "cuda", "cpu", "cpu", "cpu"]
    assert reason in steps[2][1].reason


def test_a_failure_on_the_cpu_and_one_of_the_problem_are_errors():
    with pytest.raises(torch.OutOfMemoryError):
        list(placed_iterates(counting({"cpu": 2}, torch.OutOfMemoryError()), Placement("cpu", ""), 0, int))
    refused = ProblemError("settings", "no")
    with pytest.raises(ProblemError):
        list(placed_iterates(counting({"cuda": 2}, refused), Placement("cuda", ""), 0, int))
