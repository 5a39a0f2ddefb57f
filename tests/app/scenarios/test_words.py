"""Figures and times in sentences."""

import pytest

from app.scenarios.words import pace


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
