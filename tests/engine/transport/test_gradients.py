"""Every gradient rule of transport against finite differences, against the unrolled reference, and in training."""

import numpy as np
import pytest
import torch

from engine.core.errors import ProblemError
from engine.transport.gradients import PointTensors, transport_cost, transport_plan
from engine.transport.problem import Balanced, Partial, Unbalanced
from engine.transport.settings import TransportSettings

RELAXATIONS = [Balanced(), Unbalanced(0.3), Partial(0.6)]
KINDS = ["squared", "distance", "matrix"]
SETTINGS = TransportSettings(0.1, 1e-12, max_iterations=20_000)
STEP = 1e-5


def tensors(seed, relaxation, kind, batch=(), without_weight=False):
    """Weights and what makes the cost, in float64: a, b, and sources and targets or a matrix."""
    generator = torch.Generator().manual_seed(seed)

    def random(*shape):
        return torch.rand(*batch, *shape, generator=generator, dtype=torch.float64)

    a, b = random(5) + 0.1, random(6) + 0.1
    if without_weight:
        a[..., 1] = 0.0
        b[..., [0, 4]] = 0.0
    a, b = a / a.sum(-1, keepdim=True), b / b.sum(-1, keepdim=True)
    if not isinstance(relaxation, Balanced):
        b = 1.5 * b
    places = (random(5, 6),) if kind == "matrix" else (random(5, 2), random(6, 2))
    return [a, b, *places]


def arguments(parts, kind):
    a, b, *places = parts
    return a, b, places[0] if kind == "matrix" else PointTensors(places[0], places[1], kind)


def loss_of_plan(plan):
    weights = torch.linspace(-1.0, 1.0, plan.numel(), dtype=torch.float64).reshape(plan.shape)
    return (weights * plan).sum() + (plan**2).sum()


def value(function, rule, relaxation, kind, parts):
    result, _ = function(*arguments(parts, kind), SETTINGS, relaxation, rule)
    return result.sum() if function is transport_cost else loss_of_plan(result)


def gradients(function, rule, relaxation, kind, parts):
    leaves = [part.clone().requires_grad_() for part in parts]
    return torch.autograd.grad(value(function, rule, relaxation, kind, leaves), leaves)


def admissible(gradient, number, relaxation):
    """Of a derivative by weights, what matters for changes that keep the totals equal."""
    fixed = isinstance(relaxation, Balanced) and number < 2
    return gradient - gradient.mean(-1, keepdim=True) if fixed else gradient


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("relaxation", RELAXATIONS, ids=str)
@pytest.mark.parametrize(
    ("function", "rule"),
    [
        (transport_cost, "envelope"),
        (transport_cost, "unrolled"),
        (transport_plan, "implicit"),
        (transport_plan, "unrolled"),
    ],
)
def test_gradients_are_finite_differences(function, rule, relaxation, kind):
    parts = tensors(1, relaxation, kind)
    found = gradients(function, rule, relaxation, kind, parts)
    generator = torch.Generator().manual_seed(2)
    for number, gradient in enumerate(found):
        direction = torch.randn(parts[number].shape, generator=generator, dtype=torch.float64)
        direction = admissible(direction, number, relaxation)
        either_way = []
        for sign in (1.0, -1.0):
            moved = [part + sign * STEP * direction if k == number else part for k, part in enumerate(parts)]
            # The rule does not matter to the value; solve by the fast one.
            fast = "envelope" if function is transport_cost else "implicit"
            either_way.append(float(value(function, fast, relaxation, kind, moved)))
        difference = (either_way[0] - either_way[1]) / (2.0 * STEP)
        assert float((gradient * direction).sum()) == pytest.approx(difference, rel=1e-6, abs=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("without_weight", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("relaxation", RELAXATIONS, ids=str)
def test_gradients_are_those_of_the_unrolled_reference(relaxation, kind, without_weight):
    """Points without weight included, where other programs give NaN."""
    parts = tensors(3, relaxation, kind, without_weight=without_weight)
    for function, rule in ((transport_cost, "envelope"), (transport_plan, "implicit")):
        found = gradients(function, rule, relaxation, kind, parts)
        reference = gradients(function, "unrolled", relaxation, kind, parts)
        for number, (one, other) in enumerate(zip(found, reference, strict=True)):
            assert bool(torch.isfinite(one).all())
            one, other = (admissible(gradient, number, relaxation) for gradient in (one, other))
            assert one.numpy() == pytest.approx(other.numpy(), abs=1e-8)


@pytest.mark.parametrize("kind", ["squared", "distance"])
def test_a_small_epsilon_gives_no_nan(kind):
    parts = [part.requires_grad_() for part in tensors(4, Balanced(), kind, without_weight=True)]
    settings = TransportSettings(1e-4)
    cost, _ = transport_cost(*arguments(parts, kind), settings)
    plan, _ = transport_plan(*arguments(parts, kind), settings)
    for gradient in torch.autograd.grad(cost + loss_of_plan(plan), parts):
        assert bool(torch.isfinite(gradient).all())


def test_points_in_one_place_give_no_nan():
    points = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0]], dtype=torch.float64, requires_grad=True)
    weights = torch.full((3,), 1.0 / 3.0, dtype=torch.float64)
    cloud = PointTensors(points, points.detach(), "distance")
    cost, _ = transport_cost(weights, weights, cloud, SETTINGS)
    plan, _ = transport_plan(weights, weights, cloud, SETTINGS)
    (gradient,) = torch.autograd.grad(cost + loss_of_plan(plan), points)
    assert bool(torch.isfinite(gradient).all())


@pytest.mark.slow
@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
@pytest.mark.parametrize("kind", ["squared", "matrix"])
@pytest.mark.parametrize("relaxation", RELAXATIONS, ids=str)
def test_batches_are_single_problems_side_by_side(relaxation, kind, device):
    parts = tensors(5, relaxation, kind, batch=(3,))
    settings = TransportSettings(0.1, 1e-12, device=device)
    for function in (transport_cost, transport_plan):
        leaves = [part.clone().requires_grad_() for part in parts]
        batch, results = function(*arguments(leaves, kind), settings, relaxation)
        assert len(results) == 3
        assert batch.shape[0] == 3
        found = torch.autograd.grad((batch**2).sum(), leaves)
        for k in range(3):
            alone = [part[k].clone().requires_grad_() for part in parts]
            single, _ = function(*arguments(alone, kind), SETTINGS, relaxation)
            assert batch[k].detach().numpy() == pytest.approx(single.detach().numpy(), abs=1e-10)
            for one, other in zip(found, torch.autograd.grad((single**2).sum(), alone), strict=True):
                assert one[k].numpy() == pytest.approx(other.numpy(), abs=1e-9)


def test_weights_may_be_shared_by_a_batch():
    a, b, _, _ = tensors(6, Balanced(), "squared")
    _, _, sources, targets = tensors(6, Balanced(), "squared", batch=(3,))
    a.requires_grad_()
    costs, _ = transport_cost(a, b, PointTensors(sources, targets[0]), SETTINGS)
    assert costs.shape == (3,)
    (gradient,) = torch.autograd.grad(costs.sum(), a)
    assert gradient.shape == (5,)


def trained(*which, steps=100):
    """Last share of the first loss: a network makes the cost from features of points whose match another reads.

    Right is what the partner of each point, a hidden permutation, has in a hidden linear reading.
    """
    torch.manual_seed(7)
    kind = torch.float64
    left, right = torch.randn(8, 3, dtype=kind), torch.randn(8, 3, dtype=kind)
    wanted = right[torch.randperm(8)] @ torch.randn(3, 2, dtype=kind)
    nets = {
        "cost": torch.nn.Sequential(
            torch.nn.Linear(6, 32, dtype=kind), torch.nn.Tanh(), torch.nn.Linear(32, 1, bias=False, dtype=kind)
        ),
        "reading": torch.nn.Linear(3, 2, dtype=kind),
    }
    pairs = torch.cat([left[:, None].expand(8, 8, 3), right[None].expand(8, 8, 3)], dim=2)
    weights = torch.full((8,), 1 / 8, dtype=kind)
    adam = torch.optim.Adam([p for name in which for p in nets[name].parameters()], lr=0.02)
    losses, warm_starts = [], None
    for _ in range(steps):
        plan, results = transport_plan(
            weights, weights, nets["cost"](pairs)[..., 0], SETTINGS, warm_starts=warm_starts
        )
        warm_starts = [result.warm_start for result in results]
        loss = ((nets["reading"](8.0 * plan @ right) - wanted) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return losses[-1] / losses[0]


@pytest.mark.slow
def test_modules_before_and_after_train_through_the_plan():
    both = trained("cost", "reading")
    assert both < 0.2
    assert both < 0.5 * min(trained("cost"), trained("reading"))


def test_a_loss_on_the_plan_alone_trains_the_cost():
    torch.manual_seed(8)
    wanted = torch.eye(6, dtype=torch.float64)[torch.randperm(6)] / 6
    cost = torch.rand(6, 6, dtype=torch.float64, requires_grad=True)
    weights = torch.full((6,), 1 / 6, dtype=torch.float64)
    adam = torch.optim.Adam([cost], lr=0.05)
    plan = torch.zeros(6, 6)
    for _ in range(80):
        plan, _ = transport_plan(weights, weights, cost, SETTINGS)
        loss = ((plan - wanted) ** 2).sum()
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert bool((plan.argmax(dim=1) == wanted.argmax(dim=1)).all())


def test_autograd_stays_on_after_a_refusal():
    a, b, sources, targets = tensors(9, Balanced(), "squared")
    a[0] = float("nan")
    for function in (transport_cost, transport_plan):
        with pytest.raises(ProblemError, match="weight nan"):
            function(a, b, PointTensors(sources, targets), SETTINGS)
        assert torch.is_grad_enabled()


def test_a_warm_start_is_used():
    parts = tensors(10, Balanced(), "squared")
    _, cold = transport_cost(*arguments(parts, "squared"), SETTINGS)
    _, warm = transport_cost(*arguments(parts, "squared"), SETTINGS, warm_starts=[cold[0].warm_start])
    assert warm[0].iterations < 5 < cold[0].iterations


def test_rules_that_do_not_apply_are_refused():
    parts = arguments(tensors(11, Balanced(), "squared"), "squared")
    with pytest.raises(ValueError, match="'envelope', or 'unrolled'"):
        transport_cost(*parts, SETTINGS, rule="implicit")
    with pytest.raises(ValueError, match="'implicit', or 'unrolled'"):
        transport_plan(*parts, SETTINGS, rule="envelope")


def test_the_derivative_by_positions_is_not_doubled():
    """One point each: the cost is |x − y|², its derivative 2 (x − y)."""
    source = torch.tensor([[1.0, 2.0]], dtype=torch.float64, requires_grad=True)
    target = torch.tensor([[0.5, -1.0]], dtype=torch.float64)
    one = torch.ones(1, dtype=torch.float64)
    cost, _ = transport_cost(one, one, PointTensors(source, target), SETTINGS)
    (gradient,) = torch.autograd.grad(cost, source)
    assert cost.item() == pytest.approx(9.25)
    assert gradient.numpy() == pytest.approx(np.array([[1.0, 6.0]]))
