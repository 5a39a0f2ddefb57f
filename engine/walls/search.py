"""Many chains side by side: replica exchange on small maps, annealing on large ones.

Replica exchange (Swendsen & Wang 1986; Geyer 1991): chains at fixed temperatures, of which neighbours trade their
placings. Every chain has random numbers of its own, from the seed, the step and the chain, and all are waited for
at the end of a step, so that the number of cores decides nothing but the time.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from engine.core.arrays import Flags, Floats, Integers
from engine.core.cancel import check, stop_byte
from engine.walls.anneal import anneal
from engine.walls.board import board_of
from engine.walls.chain import BEST, VALUE, chain_of
from engine.walls.placings import on_board, on_map, valid_placing
from engine.walls.problem import WallProblem
from engine.walls.proof import prove_longest, settle
from engine.walls.touched import workspace_of

# Maps of at most so many cells are searched by replicas that trade; larger ones by few chains that cool.
TRADES_UP_TO = 1600
REPLICAS, REPLICA_MOVES, COLDEST, HOTTEST = 8, 200, 0.25, 2.5
# Chains that cool, the cells times moves of a step of each, and their first and last temperature.
CHAINS, CHAIN_WORK, FIRST, LAST = 2, 3_000_000, 1.0, 0.15
# Most walls that a proof is tried with: its tree grows too fast.
MOST_PROVED = 16
# Most walls times cells for which all moves of single walls are tried.
MOST_SETTLED = 10_000_000


class Search:
    """Chains on one problem, and the best placing of all.

    value: the weighted sum of the lengths with the best walls.  proved: whether no other placing is better.
    """

    def __init__(self, problem: WallProblem, seed: int, placings: Sequence[Flags] = ()) -> None:
        """Begin with random placings, or with these (H, W), of which the last is offered as the best one."""
        self._problem, self._seed = problem, seed
        self._board = board = board_of(problem)
        self._room = workspace_of(board)
        size = problem.grid.passable.size
        self._trades = size <= TRADES_UP_TO
        self._moves = REPLICA_MOVES if self._trades else max(20, CHAIN_WORK // size)
        costs = problem.cost_map[problem.grid.passable]
        scales = [movement.scale for movement in problem.movements]
        weights = [route.weight * scale for route, scale in zip(problem.routes, scales, strict=True)]
        self._unit = float(costs.mean() * np.mean(weights))
        count = REPLICAS if self._trades else CHAINS
        starts = [*placings, *[np.zeros(problem.grid.shape, np.bool_)] * (count - len(placings))]
        self._chains = [
            chain_of(
                board,
                valid_placing(problem, board, self._room, on_board(board, start), self._random(0, number)),
            )
            for number, start in enumerate(starts)
        ]
        self._best, self.value = self._chains[0].walls.copy(), float(self._chains[0].figures[VALUE])
        self.proved = False
        self._take_best()
        del self._chains[count:]

    @property
    def walls(self) -> Flags:
        """The best placing (H, W)."""
        return on_map(self._board, self._best)

    @property
    def placings(self) -> tuple[Flags, ...]:
        """The placings (H, W) of all chains, and the best one: with these, another search goes on."""
        return (*(on_map(self._board, chain.walls) for chain in self._chains), self.walls)

    @property
    def current_value(self) -> float:
        """The value that the coldest chain is at."""
        return float(self._chains[0].figures[VALUE])

    def advance(self, step: int, progress: float, threads: ThreadPoolExecutor) -> None:
        """Let each chain try its moves. progress: 0 to 1, how much of the run is over."""
        count = len(self._chains)
        if self._trades:
            temperatures = np.geomspace(COLDEST, HOTTEST, count)
        else:
            temperatures = np.full(count, FIRST * (LAST / FIRST) ** progress)
        temperatures *= self._unit
        stop = stop_byte()
        seeds = [int(np.random.SeedSequence((self._seed, step, n)).generate_state(1)[0]) for n in range(count)]

        def run(number: int) -> None:
            anneal(
                self._board, self._chains[number], self._moves, float(temperatures[number]), seeds[number], stop
            )

        list(threads.map(run, range(count)))
        check()
        self._take_best()
        if self._trades:
            self._trade(temperatures, self._random(step, count))

    def prove(self, limit: int) -> bool:
        """Look at up to so many placings for a better one, and return whether none is left that could be."""
        if self._problem.count in (0, self._problem.free):
            self.proved = True  # there is only one
        elif self._problem.count <= MOST_PROVED and self._problem.aim == "longer":
            walls = self._best.copy()
            value, self.proved = prove_longest(
                self._board, walls.size, self.value, limit, walls, self._room, stop_byte()
            )
            check()
            self._offer(walls, value)
        return self.proved

    def settle(self) -> bool:
        """Move single walls of the best placing, and return whether no such move makes it better any more.

        The check takes a search for each wall and more; it is left out where it would take many seconds.
        """
        if self._best.size * self._board.closed.size > MOST_SETTLED:
            return False
        closed = self._board.closed.copy()
        closed[self._best] = 1
        self.value, settled = settle(self._board, closed, self._best, self.value, self._room, stop_byte())
        check()
        return settled

    def _take_best(self) -> None:
        for chain in self._chains:
            self._offer(chain.best, float(chain.figures[BEST]))

    def _offer(self, walls: Integers, value: float) -> None:
        if self._board.sign * (value - self.value) > self._board.tie:
            self._best, self.value = walls.copy(), value

    def _trade(self, temperatures: Floats, random: np.random.Generator) -> None:
        """Let neighbours in temperature trade, so that all keep their Boltzmann distributions."""
        chains, sign = self._chains, self._board.sign
        for cold in range(len(chains) - 1):
            gain = sign * (chains[cold + 1].figures[VALUE] - chains[cold].figures[VALUE])
            if np.log(random.random()) < gain * (1.0 / temperatures[cold] - 1.0 / temperatures[cold + 1]):
                chains[cold], chains[cold + 1] = chains[cold + 1], chains[cold]

    def _random(self, step: int, number: int) -> np.random.Generator:
        return np.random.default_rng((self._seed, step, number))


def thread_pool() -> ThreadPoolExecutor:
    """Return a thread for each core; compiled loops run in them side by side."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="longcut walls")
