"""The schedule of runs that change a map by `engine.adam.map_steps`."""

from collections.abc import Iterator

from engine.adam import Rate

# The learning rate falls over the last part of a run to this share.
FALLS_AFTER, FINAL_SHARE = 0.6, 0.1
# Gradients vanish far from the paths; with the usual 1e-8 Adam would still make full steps there.
ADAM_EPSILON = 0.007


def rates(
    first: int, last: int, learning_rate: float, epsilon_start: float, epsilon_end: float, finer: float = 1.0
) -> Iterator[Rate]:
    """From step `first` to `last`: epsilon falls geometrically, the learning rate towards the end.

    finer: what Adam's own epsilon is multiplied by, on maps finer than those that it was chosen on.
    """
    steps = last - first
    for step in range(steps):
        done = step / max(1, steps - 1)
        falling = max(0.0, (done - FALLS_AFTER) / (1.0 - FALLS_AFTER))
        epsilon = epsilon_start * (epsilon_end / epsilon_start) ** done
        yield Rate(learning_rate * FINAL_SHARE**falling, ADAM_EPSILON * finer, epsilon)
