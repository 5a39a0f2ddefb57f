"""Prepare the engine in the background after the start, so that the first run begins without a delay."""

import threading
from contextlib import suppress

import numpy as np

from app.base.loading import load_torch_library, without_collecting
from engine.core.cancel import Cancelled, StopFlag, check, stoppable_by

_under_way = threading.Event()


def warming_up() -> bool:
    """Return whether loops are being compiled, for which a run may have to wait."""
    return _under_way.is_set()


def warm_up_in_background(stop: StopFlag | None = None) -> threading.Thread:
    """Start a thread that compiles the engine's loops and imports torch's optimiser, and return it.

    It ends early once `stop` is raised: after the loop that is being compiled, or the import under way.
    """

    def work() -> None:
        try:
            with suppress(Cancelled), without_collecting(), stoppable_by(stop or StopFlag()):
                _warm_up()
        finally:
            _under_way.clear()

    _under_way.set()
    thread = threading.Thread(target=work, name="longcut warm-up", daemon=True)
    thread.start()
    return thread


def _warm_up() -> None:
    load_torch_library()
    import torch

    from app.canvas.contour_raster import contour_pixels
    from app.canvas.line_raster import inked, line_opacity
    from app.canvas.walkers import Stream, flow_streaks
    from engine.core.device import use_few_threads
    from engine.core.grid import Grid
    from engine.warmup import warm_up, warm_up_torch

    check()
    use_few_threads()
    opacity = line_opacity((4, 4), np.ones((1, 4)), np.ones(1))
    inked(opacity, opacity, np.zeros((256, 256), np.uint32))
    contour_pixels(np.ones((4, 4), np.float32), 1.0, np.arange(4.0), np.arange(4.0))
    flow_streaks(np.ones((4, 4)), [Stream(Grid(np.ones((4, 4), np.bool_)), (0, 0), (3, 3), np.zeros((4, 4)))])
    warm_up()
    warm_up_torch()
    check()
    # The first optimiser of a process imports some 800 modules.
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])
