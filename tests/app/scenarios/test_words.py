"""Figures and times in sentences."""

from math import inf

import pytest

from app.scenarios.words import compared, of_possible, pace


@pytest.mark.parametrize(
    ("done", "total", "elapsed", "left", "words"),
    [
        (0, None, 8.2, None, "8 s"),
        (0, 400, 61.0, None, "61 s"),
        (120, 400, 9.0, 20.4, "120 / 400 · 20 s left"),
        (120, 400, 9.0, 299.0, "120 / 400 · 5 min left"),
        (120, 400, 9.0, 7300.0, "120 / 400 · 2 h left"),
        (1, 400, 3.0, None, "1 / 400 · 3 s"),
        (12, None, 30.0, None, "12 · 30 s"),
    ],
)
def test_the_pace_of_a_run_has_its_total_and_the_time_left(done, total, elapsed, left, words):
    assert pace(done, total, elapsed, left) == words


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (10.0, 23.0, "2.3 × longer"),
        (10.0, 12.0, "1.20 × longer"),
        (14.0, 10.0, "1.40 × shorter"),
        (10.0, 10.01, "as long as before"),
        (inf, 10.0, "a way where there was none"),
        (inf, inf, "no way yet"),
        (0.0, 5.0, "longer"),
    ],
)
def test_a_length_is_compared_with_the_one_before(before, after, words):
    assert compared(before, after) == words


@pytest.mark.parametrize(
    ("gap", "words"), [(0.0, "100 %"), (0.0004, "99.9 %"), (0.03, "97 %"), (1.0 / 3.0, "75 %"), (0.49, "67 %")]
)
def test_what_is_possible_is_never_overstated(gap, words):
    assert of_possible(gap) == f"{words} of what is possible"
    said = float(of_possible(gap).partition(" ")[0]) / 100.0
    assert said <= 1.0 / (1.0 + gap) + 1e-9
