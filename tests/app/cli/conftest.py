"""What the tests of the command line share."""

from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    np.save(tmp_path / "plain.npy", np.ones((16, 16)))
    return tmp_path / "plain.npy"
