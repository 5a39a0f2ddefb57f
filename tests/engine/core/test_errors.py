"""Suggested fixes of refused problems."""

from dataclasses import dataclass

import pytest

from engine.core.errors import SuggestedFix, apply_fix


@dataclass(frozen=True)
class Settings:
    mass: float = 8.0
    totals: str = "partial"


def test_a_fix_changes_its_own_field_and_no_other():
    assert apply_fix(Settings(), SuggestedFix("mass", 6.0)) == Settings(6.0, "partial")


def test_a_fix_of_a_field_that_there_is_not_fails_loudly():
    with pytest.raises(LookupError, match="Settings has no setting 'weight'"):
        apply_fix(Settings(), SuggestedFix("weight", 6.0))
