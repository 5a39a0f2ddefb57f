"""How many threads of the CPU compute. Without torch, so that it can be asked before anything is loaded."""

import os


def asked_threads() -> int:
    """Return the number of threads that OMP_NUM_THREADS asks for; 1 where it says nothing."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdigit() and int(asked) > 0 else 1
