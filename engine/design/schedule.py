"""What each step of a run uses: learning rates that fall towards the end, and a softness that falls all along."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# The learning rate falls over the last part of a run to this share.
FALLS_AFTER, FINAL_SHARE = 0.6, 0.1
# Gradients vanish far from the paths; with the usual 1e-8 Adam would still make full steps there.
ADAM_EPSILON = 0.007


@dataclass(frozen=True)
class Rate:
    """What one step uses.

    number: of the step, from 1.  adam_epsilon: added to Adam's denominator.
    epsilon: softness of the paths, in cost units.
    """

    number: int
    learning_rate: float
    adam_epsilon: float
    epsilon: float


def rates(
    numbers: Sequence[int],
    learning_rate: float,
    epsilon_start: float,
    epsilon_end: float,
    *,
    adam_epsilon: float = ADAM_EPSILON,
    falls_after: float = FALLS_AFTER,
    final_share: float = FINAL_SHARE,
) -> Iterator[Rate]:
    """Yield the rates of the steps with these numbers.

    epsilon falls geometrically from its start to its end. The learning rate stays for the share `falls_after` of
    the steps and then falls geometrically to the share `final_share` of itself.
    """
    for step, number in enumerate(numbers):
        done = step / max(1, len(numbers) - 1)
        falling = max(0.0, (done - falls_after) / (1.0 - falls_after))
        epsilon = epsilon_start * (epsilon_end / epsilon_start) ** done
        yield Rate(number, learning_rate * final_share**falling, adam_epsilon, epsilon)
