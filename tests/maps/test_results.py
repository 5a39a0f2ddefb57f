"""How many results a map keeps."""

import numpy as np

from maps.document import new_document
from maps.results import MOST_RESULTS, KeptResult, newest_results


def results(count, side=64):
    """Results of one map, each with costs of its own."""
    before = new_document(side, side)
    afters = [before.replace(cost=np.full((side, side), 1.0 + number, np.float32)) for number in range(count)]
    return [KeptResult(f"r {number}", "", "adversarial", before, after) for number, after in enumerate(afters)]


def test_the_newest_stay_within_the_bytes_and_what_they_share_counts_once():
    made = results(10)
    before = sum(array.nbytes for array in made[0].before.arrays)
    one = made[0].after.cost.nbytes
    assert newest_results(made, before + 4 * one) == tuple(made[-4:])
    assert newest_results(made, before + 4 * one - 1) == tuple(made[-3:])
    assert newest_results(made) == tuple(made)


def test_the_newest_stays_however_large_and_small_ones_have_a_number():
    made = results(MOST_RESULTS + 2, side=4)
    assert newest_results(made, 1) == (made[-1],)
    assert newest_results(made) == tuple(made[2:])
    assert newest_results([]) == ()
