"""Names of a batch's files: readable, never alike on any system, and ways to say how much of a map changed."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.batch.names import distinct, names_of_files, safe
from app.batch.plot import _ticks
from app.batch.task import change_of
from engine.cost_maps.change import share_kept
from maps.document import Layout, new_document


def test_names_take_what_they_need_of_their_folders() -> None:
    paths = ["a/one.tmx", "b/two.tmx", "b/deep/two.tmx", "c/two.tmx", "x/Map.tmx", "x/map.tmj"]
    assert names_of_files([Path(path) for path in paths]) == [
        "one", "b-two", "deep-two", "c-two", "x-Map-tmx", "x-map-tmj",
    ]  # fmt: skip
    assert names_of_files([Path("con.tmx"), Path("-x.tmx"), Path(".tmx")]) == ["_con", "_-x", "map"]


@given(st.lists(st.text("aA/.<é ", min_size=1, max_size=6), max_size=8))
def test_no_two_names_are_alike_in_letters_of_either_case(names: list[str]) -> None:
    made = distinct([safe(name) for name in names])
    assert len({name.casefold() for name in made}) == len(names)
    assert all("/" not in name and name not in ("", ".", "..") for name in made)


def test_change_is_what_is_not_kept_where_the_total_stays() -> None:
    rng = np.random.default_rng(1)
    before = new_document(5, 6)
    cost = rng.uniform(0.5, 2.0, (5, 6))
    after = before.replace(cost=cost * 30.0 / cost.sum())
    kept = share_kept(before.passable, *(each.cost.astype(np.float64) for each in (before, after)))
    assert np.isclose(change_of(before, after, of_points=False).value, 100.0 * (1.0 - kept), rtol=1e-6)
    walls = before.passable.copy()
    walls[0, :3] = False
    assert np.isclose(change_of(before, before.replace(passable=walls), of_points=False).value, 10.0)
    assert np.isclose(change_of(before.replace(passable=walls), before, of_points=False).value, 10.0)
    points = Layout("a", np.array([[0.0, 0.0], [1.0, 1.0]]), np.ones(2))
    moved = Layout("a", np.array([[3.0, 4.0], [1.0, 1.0]]), np.ones(2))
    placed, there = (before.replace(layouts=(layout,)) for layout in (points, moved))
    assert change_of(placed, there, of_points=True).value == 2.5
    assert change_of(placed, placed, of_points=True).value == 0.0


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=9))
def test_ticks_are_few_and_hold_all_values(values: list[float]) -> None:
    ticks = _ticks(values)
    assert 2 <= len(ticks) <= 9
    slack = 1e-6 * (ticks[-1] - ticks[0])
    assert ticks[0] - slack <= min(values)
    assert max(values) <= ticks[-1] + slack
