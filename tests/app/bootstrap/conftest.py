"""A folder where a set-up may make its environment."""

from pathlib import Path

import pytest


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("LONGCUT_TORCH_INDEX", raising=False)
    return tmp_path / ".venv"
