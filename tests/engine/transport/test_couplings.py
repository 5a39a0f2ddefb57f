"""The largest couplings against a full sort."""

import numpy as np

from engine.transport.couplings import largest_couplings


def test_the_largest_entries_come_first():
    plan = np.random.default_rng(0).random((13, 7))
    rows, columns, mass = largest_couplings(plan, 20)
    np.testing.assert_array_equal(mass, np.sort(plan, axis=None)[::-1][:20])
    np.testing.assert_array_equal(plan[rows, columns], mass)


def test_there_are_no_more_than_entries_above_zero():
    plan = np.diag([3.0, 0.0, 5.0])
    rows, columns, mass = largest_couplings(plan, 400)
    assert (rows.tolist(), columns.tolist(), mass.tolist()) == ([2, 0], [2, 0], [5.0, 3.0])


def test_equal_entries_come_in_the_order_of_rows_and_columns():
    rows, columns, _ = largest_couplings(np.full((3, 2), 0.5), 6)
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == [(i, j) for i in range(3) for j in range(2)]
