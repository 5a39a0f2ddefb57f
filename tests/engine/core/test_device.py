"""Where a run computes: what is there, what is asked for, and what pays."""

import pytest
import torch

from engine.core.device import BREAK_EVENS, pick_device
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


@pytest.mark.parametrize("method", sorted(BREAK_EVENS))
def test_auto_takes_the_card_from_the_break_even_on(method, two_cards):
    sizes = BREAK_EVENS[method] - 1, BREAK_EVENS[method]
    assert [pick_device("auto", method, size) for size in sizes] == ["cpu", "cuda"]


@pytest.mark.parametrize("method", ["logit", "exact"])
def test_methods_that_a_card_does_not_help_stay_on_the_cpu(method, two_cards):
    assert pick_device("auto", method, 10**9) == "cpu"


def test_auto_is_the_cpu_where_there_is_no_card(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto", "bregman", 10**9) == "cpu"
