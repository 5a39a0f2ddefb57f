"""Direct top-k accuracy against cross-entropy: `python -m tests.benchmarks.topk_classifier` (about two minutes).

A small classifier is trained so that the true class is among its k best scores: the loss is 1 − membership of
the true class in the soft top-k of the scores, after a start with cross-entropy in common. Data of our own:
classes of several Gaussian clusters each in few dimensions, overlapping, with a share of wrong labels, and too
many for the network to part them all: a case where what is optimised matters. Both losses get the same network,
the same start, the same batches and the same number of steps. Accuracy is on test data with true labels; ± is
the standard deviation over seeds.
"""

import time

import numpy as np
import torch
from torch import Tensor, nn

from engine.core.device import use_few_threads
from engine.ranking.operators import soft_top_k
from tests.benchmarks.table import print_table

CLASSES, CLUSTERS, DIMENSIONS, HIDDEN = 30, 4, 6, 10
TRAIN, TEST, BATCH = 6000, 6000, 200
WARM_STEPS, STEPS, WRONG_LABELS = 500, 1500, 0.2
SOFTNESS = 1.0
SEEDS, SIZES = 5, (1, 3, 5)


def samples(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training features, training labels (some wrong), test features, test labels (all true)."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(CLASSES, CLUSTERS, DIMENSIONS)) * 1.5
    labels = generator.integers(0, CLASSES, TRAIN + TEST)
    clusters = generator.integers(0, CLUSTERS, TRAIN + TEST)
    features = centres[labels, clusters] + generator.normal(size=(TRAIN + TEST, DIMENSIONS)) * 0.7
    given = labels[:TRAIN].copy()
    wrong = generator.random(TRAIN) < WRONG_LABELS
    given[wrong] = generator.integers(0, CLASSES, int(wrong.sum()))
    return (
        torch.tensor(features[:TRAIN], dtype=torch.float32),
        torch.tensor(given),
        torch.tensor(features[TRAIN:], dtype=torch.float32),
        torch.tensor(labels[TRAIN:]),
    )


def top_k_loss(scores: Tensor, labels: Tensor, k: int) -> Tensor:
    """1 − mean membership of the true classes: the top-k error itself, softened."""
    return 1.0 - soft_top_k(scores, k, SOFTNESS).gather(1, labels[:, None]).mean()


def train(network: nn.Module, features: Tensor, labels: Tensor, loss, steps: int, seed: int) -> None:
    optimiser = torch.optim.Adam(network.parameters(), lr=0.005)
    order = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        batch = torch.randint(0, len(features), (BATCH,), generator=order)
        optimiser.zero_grad()
        loss(network(features[batch]), labels[batch]).backward()
        optimiser.step()


def accuracy(network: nn.Module, features: Tensor, labels: Tensor, k: int) -> float:
    with torch.no_grad():
        best = network(features).topk(k, dim=1).indices
    return float((best == labels[:, None]).any(dim=1).float().mean())


def main() -> None:
    use_few_threads()
    cross_entropy = nn.functional.cross_entropy
    found = {k: [] for k in SIZES}
    seconds = {"cross-entropy": 0.0, "top-k": 0.0}
    for seed in range(SEEDS):
        features, labels, test_features, test_labels = samples(seed)
        torch.manual_seed(seed)
        network = nn.Sequential(nn.Linear(DIMENSIONS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, CLASSES))
        train(network, features, labels, cross_entropy, WARM_STEPS, seed)
        start = {name: value.clone() for name, value in network.state_dict().items()}
        began = time.perf_counter()
        train(network, features, labels, cross_entropy, STEPS, seed + 1000)
        seconds["cross-entropy"] += time.perf_counter() - began
        usual = {k: accuracy(network, test_features, test_labels, k) for k in SIZES}
        for k in SIZES:
            network.load_state_dict(start)
            began = time.perf_counter()
            train(network, features, labels, lambda s, y, k=k: top_k_loss(s, y, k), STEPS, seed + 1000)
            seconds["top-k"] += (time.perf_counter() - began) / len(SIZES)
            found[k].append((usual[k], accuracy(network, test_features, test_labels, k)))

    rows = []
    for k, pairs in found.items():
        usual, direct = 100.0 * np.array(pairs).T
        gain = direct - usual
        rows.append(
            (
                k,
                f"{usual.mean():.1f} ± {usual.std():.1f} %",
                f"{direct.mean():.1f} ± {direct.std():.1f} %",
                f"{gain.mean():+.1f} ± {gain.std():.1f}",
                f"{int((gain > 0).sum())} of {SEEDS}",
            )
        )
    columns = ("k", "cross-entropy", "soft top-k", "difference, points", "seeds where better")
    print_table("Top-k accuracy on test data", columns, rows)
    steps = 1e3 / (STEPS * SEEDS)
    print(", ".join(f"{name} {total * steps:.2f} ms a step" for name, total in seconds.items()))


if __name__ == "__main__":
    main()
