"""Words of the scenario that makes maps."""

from types import SimpleNamespace

import numpy as np
import pytest

from app.scenarios import SCENARIOS
from maps.document import new_document


@pytest.mark.parametrize(
    ("deviation", "words"), [(-0.0004, "+0.0"), (0.0004, "+0.0"), (-0.0006, "-0.1"), (0.0213, "+2.1")]
)
def test_the_caption_of_a_map_says_how_far_its_path_is_off(deviation, words):
    made = SimpleNamespace(
        cost_maps=np.ones((1, 4, 4)), path_costs=np.array([12.5]), deviations=np.array([deviation])
    )
    ((caption, document),) = SCENARIOS["generate"].gallery(new_document(4, 4), SimpleNamespace(gallery=made))
    assert caption == f"path 12.5\n{words}\u00a0% off"
    assert document.shape == (4, 4)
