"""Words of the scenario that makes maps."""

from types import SimpleNamespace

import numpy as np
import pytest

from app.scenarios import SCENARIOS
from app.scenarios.generate import GenerateFigures, GenerateSettings
from app.scenarios.translate import path_costs
from maps.document import Route, new_document


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


def test_a_stopped_training_says_how_near_its_map_comes_and_claims_no_best():
    generate = SCENARIOS["generate"]
    step = GenerateFigures(62.4, 39.5, 0.1, hits=0.0)
    headline = generate.headline(step, step)
    assert headline.startswith("Path 39.5, asked for 62.4 · ")
    stopped = generate.stopped(step)
    assert "39.5" in stopped
    assert "62.4" in stopped
    assert "best" not in stopped


@pytest.mark.slow
def test_the_path_that_training_tells_is_that_of_the_map_it_shows():
    document = new_document(8, 8).replace(routes=(Route("route", (4, 0), (4, 7)),))
    generate = SCENARIOS["generate"]
    step = next(generate.steps(document, GenerateSettings(steps=3), None))
    assert step.result is not None
    (path,) = path_costs(generate.apply(document, step.result))
    assert step.figures.path_cost == pytest.approx(path, rel=1e-5)
