"""What each round of a run does: a quick pass for a first map, a thorough pass, exchanges, tidying."""

from dataclasses import dataclass
from typing import Literal

from engine.arranging.ascent import Rate
from engine.arranging.exchanges import Heat

Kind = Literal["ascent", "exchanges", "tidying"]

# Steps of an ascent in one round, and batches of tidying; how many exchanges, more on a map of few tiles.
STEPS, TIDYINGS = 10, 4
LEAST_TRIES, MOST_TRIES, TRIES_TIMES_TILES = 16, 128, 16 * 32**2
# Shares of a run's rounds, the rest are exchanges; and limits, since an ascent gains little from more. A run that
# goes on from another only melts its map a little.
QUICK, THOROUGH, TIDYING = 0.15, 0.5, 0.06
MELT = 0.4
WORTH_A_QUICK_PASS, MOST_QUICK, MOST_THOROUGH, MOST_TIDYING = 40, 45, 400, 40
# Share of a pass that solves the relaxed problem, from the drawn map and from the map of an earlier run.
RELAXED, RELAXED_AGAIN = 0.4, 0.05
# First and last value over each part of a pass; in between they change geometrically, the push linearly.
# Searches take turns with the last softness of the relaxed problem: which one proves more depends on the map.
RELAXED_EPSILON, RELAXED_RATE = 0.3, (0.5, 0.03)
LAST_RELAXED_EPSILON = (0.05, 0.02)
PUSHED_EPSILON, PUSHED_RATE, LAST_PUSH = (0.1, 0.05), (0.5, 0.2), 0.6
EXCHANGE_EPSILON = (0.05, 0.02)
# The first temperature of the exchanges, for each try that a tile gets; the last one is a share of it. Heat leaves
# the map that the ascent has made, which only pays where there is time to find a better one.
HEAT, COOLEST, HOTTEST, COOLED = 0.1, 0.04, 3.0, 0.05


@dataclass(frozen=True)
class Round:
    """One round of a run.

    kind: of work.  place: its place in a pass of `of` rounds, from 0.  tiles: of the map that may change.
    again: whether the pass starts from a map that was arranged before.
    """

    kind: Kind
    place: int
    of: int
    tiles: int
    again: bool = False

    def rate(self, step: int, search: int) -> Rate:
        """Return the rate of one of the round's steps, for the search of this number."""
        done = (self.place * STEPS + step) / max(1, self.of * STEPS - 1)
        relaxed = RELAXED_AGAIN if self.again else RELAXED
        if done < relaxed:
            part = done / relaxed
            last = LAST_RELAXED_EPSILON[search % len(LAST_RELAXED_EPSILON)]
            return Rate(_between((RELAXED_EPSILON, last), part), _between(RELAXED_RATE, part), 0.0)
        part = (done - relaxed) / (1.0 - relaxed)
        return Rate(_between(PUSHED_EPSILON, part), _between(PUSHED_RATE, part), LAST_PUSH * part)

    @property
    def rounds_off(self) -> bool:
        """Whether mixtures are far enough apart for arrangements to be made from them."""
        return self.again or (self.place + 1) / self.of >= 0.5 * RELAXED

    @property
    def heat(self) -> Heat:
        """Return the softness and temperature of the round's exchanges."""
        done = self.place / max(1, self.of - 1)
        hottest = min(max(HEAT * self.tries * self.of / self.tiles, COOLEST), HOTTEST)
        return Heat(_between(EXCHANGE_EPSILON, done), _between((hottest, COOLED * hottest), done))

    @property
    def tries(self) -> int:
        """Return how many exchanges are tried in the round."""
        return min(max(TRIES_TIMES_TILES // self.tiles, LEAST_TRIES), MOST_TRIES)


def rounds(number: int, tiles: int, again: bool) -> list[Round]:
    """Return what a run of so many rounds does. again: from a map that was arranged before."""
    quick = 0 if again or number < WORTH_A_QUICK_PASS else min(round(QUICK * number), MOST_QUICK)
    thorough = min(max(1, round((MELT if again else THOROUGH) * number)), MOST_THOROUGH)
    tidying = min(round(TIDYING * number), MOST_TIDYING)
    passes: list[tuple[Kind, int]] = [
        ("ascent", quick),
        ("ascent", thorough),
        ("exchanges", number - quick - thorough - tidying),
        ("tidying", tidying),
    ]
    return [Round(kind, place, of, tiles, again) for kind, of in passes for place in range(of)]


def _between(ends: tuple[float, float], part: float) -> float:
    return ends[0] * (ends[1] / ends[0]) ** part
