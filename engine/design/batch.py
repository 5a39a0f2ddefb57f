"""Many designs at once: a gallery's or a sweep's maps, on all cores, or on one device beside each other.

Each design runs in a thread of its own: compiled loops run without the interpreter's lock, and on a CUDA device a
thread's launches go into a stream of their own, so that the small kernels of several maps run side by side while
the host looks at others. What a design yields does not depend on its neighbours.
"""

import os
import queue
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch

from engine.core.cancel import Cancelled, StopFlag, check, stoppable_by
from engine.core.device import pick_device
from engine.cost_maps.problem import Problem
from engine.design.adversarial import DesignIterate, DesignSettings, optimise_costs

# Iterates that wait for the caller at most, per thread; and seconds between two looks at the caller's stop flag.
WAITING, PATIENCE = 2, 0.1


def design_batch(
    problems: Sequence[Problem], settings: DesignSettings | None = None, threads: int | None = None
) -> Generator[tuple[int, DesignIterate]]:
    """Yield (number of the problem, iterate) as they come; those of one problem are those of `optimise_costs`.

    threads: designs under way at once; by default one for each core. What one problem is refused for, or breaks
    off with, ends all. Raises Cancelled when this thread's stop flag is raised, and stops all where it is closed.
    """
    settings = settings or DesignSettings()
    threads = threads or os.cpu_count() or 1
    done: queue.Queue[tuple[int, DesignIterate] | BaseException | None] = queue.Queue(WAITING * threads)
    flag = StopFlag()

    def design(number: int) -> None:
        try:
            with stoppable_by(flag), _own_stream(settings, problems[number]):
                for iterate in optimise_costs(problems[number], settings):
                    _hand_over(done, (number, iterate), flag)
        except Cancelled:
            pass
        except BaseException as error:
            _hand_over(done, error, flag)
        _hand_over(done, None, flag)

    with ThreadPoolExecutor(threads, "design") as pool:
        try:
            for number in range(len(problems)):
                pool.submit(design, number)
            left = len(problems)
            while left:
                check()
                try:
                    told = done.get(timeout=PATIENCE)
                except queue.Empty:
                    continue
                if isinstance(told, BaseException):
                    raise told
                if told is None:
                    left -= 1
                else:
                    yield told
        finally:
            flag.set()


def _hand_over(
    done: "queue.Queue[tuple[int, DesignIterate] | BaseException | None]",
    told: tuple[int, DesignIterate] | BaseException | None,
    flag: StopFlag,
) -> None:
    """Put what is told into the queue; once nobody waits for it, drop it."""
    while not flag.raised:
        try:
            done.put(told, timeout=PATIENCE)
        except queue.Full:
            continue
        return


def _own_stream(settings: DesignSettings, problem: Problem) -> torch.cuda.StreamContext:
    """Return a context with a stream of its own on the run's CUDA device; elsewhere it does nothing."""
    device = pick_device(settings.device, settings.method, problem.size)
    stream = torch.cuda.Stream(device) if device.startswith("cuda") and torch.version.cuda else None
    return torch.cuda.stream(stream)
