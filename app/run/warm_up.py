"""Prepare the engine in the background after the start, so that the first run begins without a delay."""

import threading

import numpy as np


def warm_up_in_background() -> threading.Thread:
    """Start a thread that compiles the engine's loops and imports torch's optimiser, and return it."""

    def work() -> None:
        import torch

        from app.canvas.line_raster import inked, line_opacity
        from engine.core.device import leave_a_core_free
        from engine.warmup import warm_up, warm_up_torch

        leave_a_core_free()
        opacity = line_opacity((4, 4), np.ones((1, 4)), np.ones(1))
        inked(opacity, opacity, np.zeros((256, 256), np.uint32))
        warm_up()
        warm_up_torch()
        # The first optimiser of a process imports some 800 modules.
        torch.optim.Adam([torch.zeros(1, requires_grad=True)])

    thread = threading.Thread(target=work, name="longcut warm-up", daemon=True)
    thread.start()
    return thread
