"""Quick variants of the harnesses `stop`, `close` and `heartbeat`: small maps, few tries, generous limits."""

import pytest

from tests.benchmarks.close import DURING, close_after
from tests.benchmarks.heartbeat import measure
from tests.benchmarks.stop import CASES, Case, measured


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_run_stops_at_once_whatever_it_is_doing(qapp, case: Case):
    # On a busy machine; alone it takes some 30 ms.
    assert max(each.window for each in measured(case, 128, 2, latest=0.6)) < 500.0


@pytest.mark.slow
@pytest.mark.parametrize("during", DURING)
def test_a_window_closed_at_any_moment_ends_in_good_order(during: str):
    closed = close_after(0.0 if during == "warm-up" else 1.0, during, 128)
    assert closed.code == 0, closed.errors
    assert "terminate" not in closed.errors
    assert closed.gone < 1000.0, "on a busy machine; alone it takes some 50 ms"


@pytest.mark.slow
def test_the_window_beats_while_files_are_loaded_and_runs_begin():
    late = measure("load, each with a run", 128, maps=1)
    assert late.p99 < 100.0, "on a busy machine; alone it takes some 10 ms"
