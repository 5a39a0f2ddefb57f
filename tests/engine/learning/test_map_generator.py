"""Generated maps: admissible to the last digit, as long as asked, different from each other, reproducible."""

from collections.abc import Generator
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch

from engine.core.errors import ProblemError
from engine.core.grid import Grid
from engine.core.status import Status
from engine.cost_maps.admissible import admissible_maps
from engine.cost_maps.parametrisation import parametrisation
from engine.cost_maps.problem import Problem, Route
from engine.learning.map_generator import (
    GeneratorSettings,
    MapGenerator,
    differences,
    generator_loss,
    make_gallery,
    make_maps,
    train_generator,
)
from engine.optimum.length_range import length_range
from tests.oracles import distances, random_problem, table_problem
from tests.present import present

pytestmark = pytest.mark.slow  # a trained model serves all of them

SMALL = {"channels": 16, "lengths": 2, "maps_per_length": 4}
KINDS = [
    {},
    {"locked": 0.2, "neighbours": 4},
    {"symmetry": "half_turn"},
    {"cost_rule": "entered", "symmetry": "diagonal"},
]


@pytest.fixture(scope="module")
def trained():
    """A generator for a map of 12 × 12 cells."""
    return list(train_generator(table_problem(12, 8), GeneratorSettings(steps=150, **SMALL)))


def bytes_of(weights):
    return {name: values.numpy().tobytes() for name, values in weights.items()}


def middle(generator, share=0.5):
    lengths = generator.lengths
    return lengths.shortest + share * (lengths.longest - lengths.shortest)


def network_of(numbers: torch.Tensor) -> Any:
    """Return what stands in for a network: it gives these numbers whatever it is asked."""
    return lambda noise, asked: numbers


def test_the_gradient_of_the_loss_is_a_finite_difference():
    problem = random_problem(7, 6, symmetry="half_turn", locked=0.1)
    settings, lengths = GeneratorSettings(diversity=1.5), length_range(problem)
    shares, limits = np.array([0.3, 0.7]), parametrisation(problem.admissible)

    def loss(numbers):
        made = make_maps(network_of(numbers), limits, torch.zeros(4), np.repeat(shares, 2))
        return present(generator_loss(problem, settings, lengths, shares, made, 1e-3)).loss

    numbers = torch.tensor(np.random.default_rng(1).normal(0.0, 1.0, (4, *problem.grid.shape)), requires_grad=True)
    loss(numbers).backward()
    assert np.abs(present(numbers.grad).numpy()).max() > 0.1
    step = 1e-6
    for index in np.argwhere(np.broadcast_to(problem.grid.passable, numbers.shape))[::5]:
        moved = torch.zeros_like(numbers)
        moved[tuple(index)] = step
        slope = float(loss(numbers.detach() + moved) - loss(numbers.detach() - moved)) / (2.0 * step)
        assert float(present(numbers.grad)[tuple(index)]) == pytest.approx(slope, abs=1e-4)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_map_is_that_of_the_means_of_the_cells_that_stay_equal(kind):
    problem = random_problem(14, 8, **kind)
    limits, numbers = (
        parametrisation(problem.admissible),
        np.random.default_rng(2).normal(0.0, 2.0, problem.grid.shape),
    )
    (made,) = make_maps(network_of(torch.tensor(numbers[None])), limits, torch.zeros(1), np.zeros(1))
    expected = limits.cost_map(torch.tensor(problem.admissible.reduce(numbers)))
    assert torch.allclose(made, expected, rtol=1e-12, atol=0.0)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_map_is_admissible_at_every_step_and_in_the_gallery(kind):
    problem = random_problem(11, 9, **kind)
    iterates = list(train_generator(problem, GeneratorSettings(steps=8, **SMALL)))
    assert [iterate.status for iterate in iterates] == [None] * 7 + [Status.STEPS_DONE]
    for iterate in iterates:
        for cost_map in iterate.cost_maps:
            assert problem.admissible.contains(cost_map, 1e-12)
            assert np.array_equal(
                cost_map[problem.admissible.group < 0], problem.admissible.fixed[problem.admissible.group < 0]
            )
    end = iterates[-1].generator
    for refine in (False, True):
        shown = make_gallery(end, middle(end), 5, refine=refine)
        assert shown.cost_maps.shape == (5, *problem.grid.shape)
        assert np.allclose(shown.totals, problem.cost_map[problem.grid.passable].sum(), rtol=1e-12)
        for cost_map, cost in zip(shown.cost_maps, shown.path_costs, strict=True):
            assert problem.admissible.contains(cost_map, 1e-12)
            exact = distances(problem.grid, cost_map, problem.goals[0])[problem.starts[0]]
            assert cost == pytest.approx(exact, rel=1e-12)


def test_training_learns_the_length(trained):
    for share in (0.5, 0.7):
        before, after = (
            make_gallery(iterate.generator, middle(iterate.generator, share), refine=False)
            for iterate in (trained[0], trained[-1])
        )
        assert np.abs(before.deviations).mean() > 0.25
        assert np.abs(after.deviations).mean() < 0.08
        assert before.hits == 0
        assert after.hits > 0
        assert not after.blended.any()


def test_diversity_is_what_training_was_told(trained):
    same = GeneratorSettings(steps=100, diversity=0.0, **SMALL)
    *_, alike = train_generator(table_problem(12, 8), same)
    asked = middle(alike.generator, 0.3)
    assert (
        make_gallery(alike.generator, asked).diversity
        < 0.2
        < 0.3
        < make_gallery(trained[-1].generator, asked).diversity
    )


def test_refined_maps_have_the_length_whatever_the_network_makes(trained):
    for generator in (trained[0].generator, trained[-1].generator):
        for share in (0.0, 0.1, 0.5, 0.9, 1.0):
            shown = make_gallery(generator, middle(generator, share))
            assert shown.hits == 12
            assert np.abs(shown.deviations).max() < 1e-6


def test_refinement_mixes_in_little_where_the_network_is_good(trained):
    generator = trained[-1].generator
    for share in (0.3, 0.5):
        assert make_gallery(generator, middle(generator, share)).blended.max() < 0.02


def test_what_is_shown_is_what_is_there(trained):
    for iterate in trained[::30]:
        costs = [distances(iterate.generator.problem.grid, c, (6, 10))[6, 1] for c in iterate.cost_maps]
        assert np.allclose(iterate.path_costs, costs, rtol=1e-12)
        assert iterate.hits == np.mean(np.abs(iterate.path_costs / iterate.asked - 1.0) <= 0.02)
    shown = make_gallery(trained[-1].generator, 9.0, 4)
    flat = shown.cost_maps.reshape(4, -1)
    pairs = [np.abs(flat[i] - flat[j]).sum() / 144.0 for i in range(4) for j in range(i)]
    assert shown.diversity == pytest.approx(np.mean(pairs))
    assert make_gallery(trained[-1].generator, 9.0, 1).diversity == 0.0


def test_differences_of_known_maps():
    maps = torch.stack([torch.ones(2, 2), 2.0 * torch.eye(2), 2.0 * (1.0 - torch.eye(2))])
    assert differences(maps).tolist() == [1.0, 1.0, 2.0]


def test_the_same_seed_gives_the_same_bytes():
    problem = random_problem(12, 9)

    def made(seed):
        (*_, end) = train_generator(problem, GeneratorSettings(steps=5, seed=seed, **SMALL))
        return bytes_of(end.generator.weights), make_gallery(
            end.generator, middle(end.generator)
        ).cost_maps.tobytes()

    first = made(1)
    torch.manual_seed(99)
    assert made(1) == first
    other = made(2)
    assert other[0] != first[0]
    assert other[1] != first[1]


def test_other_noises_give_other_maps(trained):
    generator = trained[-1].generator
    one, two = (make_gallery(generator, 9.0, 3, seed).cost_maps for seed in (0, 1))
    assert np.abs(one - two).mean() > 0.05
    assert np.array_equal(one, make_gallery(generator, 9.0, 3, 0).cost_maps)


def test_an_iterate_is_not_changed_by_later_steps():
    steps = train_generator(table_problem(8, 8), GeneratorSettings(steps=10, **SMALL))
    first = next(steps)
    before = bytes_of(first.generator.weights), first.cost_maps.tobytes()
    for _ in islice(steps, 4):
        pass
    assert isinstance(steps, Generator)
    steps.close()  # stopped between two steps; what was yielded goes on working
    assert (bytes_of(first.generator.weights), first.cost_maps.tobytes()) == before
    assert make_gallery(first.generator, middle(first.generator), 2).hits == 2


def test_no_map_of_a_run_that_fails_has_numbers_missing():
    *_, end = train_generator(table_problem(8, 8), GeneratorSettings(steps=10, learning_rate=1e37, **SMALL))
    assert end.status is Status.NOT_A_NUMBER
    assert 1 < end.step < 10
    assert np.isfinite(end.cost_maps).all()
    assert np.isfinite(make_gallery(end.generator, middle(end.generator), 2, refine=False).cost_maps).all()


def test_training_goes_on_from_weights_also_on_an_edited_map(trained):
    weights = trained[-1].generator.weights
    again = next(train_generator(table_problem(12, 8), GeneratorSettings(steps=1, **SMALL), weights))
    made = MapGenerator(again.generator.problem, again.generator.lengths, again.generator.weights)
    assert (
        make_gallery(made, 9.0).cost_maps.tobytes() == make_gallery(trained[-1].generator, 9.0).cost_maps.tobytes()
    )
    edited = random_problem(3, 12)
    assert np.isfinite(next(train_generator(edited, GeneratorSettings(steps=1, **SMALL), weights)).cost_maps).all()


@pytest.mark.parametrize(
    ("shape", "channels", "per_length"), [((5, 7), 20, 1), ((9, 40), 28, 2), ((33, 17), 13, 2)]
)
def test_maps_of_any_shape_and_networks_of_any_width(shape, channels, per_length):
    grid, cost_map = Grid(np.ones(shape, dtype=bool)), np.ones(shape)
    route = Route((0, 0), (shape[0] - 1, shape[1] - 1))
    problem = Problem(grid, cost_map, (route,), admissible_maps(cost_map, grid.passable, 0.5, 2.0))
    settings = GeneratorSettings(steps=2, channels=channels, lengths=3, maps_per_length=per_length)
    *_, end = train_generator(problem, settings)
    assert end.status is Status.STEPS_DONE
    assert end.cost_maps.shape == (3 * per_length, *shape)
    assert np.isnan(end.diversity) == (per_length == 1)
    assert make_gallery(end.generator, middle(end.generator), 2).hits == 2


def test_refusals():
    generator = next(train_generator(table_problem(8, 8), GeneratorSettings(steps=1, **SMALL))).generator
    with pytest.raises(ProblemError, match="path 80 long is known"):
        make_gallery(generator, 80.0)
    with pytest.raises(ProblemError, match="keep one of them"):
        next(train_generator(random_problem(4, 8, routes=2)))
    with pytest.raises(ProblemError, match="does not fit the bounds"):
        next(train_generator(table_problem(8, 8, budget=10.0)))
    with pytest.raises(ValueError, match="not those of a map generator"):
        next(train_generator(table_problem(8, 8), start={"weight": torch.zeros(3)}))
    broken = {name: values * float("nan") for name, values in generator.weights.items()}
    with pytest.raises(ValueError, match="no map of finite numbers"):
        next(train_generator(table_problem(8, 8), start=broken))
