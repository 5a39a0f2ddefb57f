"""Networks as files: a hostile one is refused soon and with little memory, a save keeps the old one or the new."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.scenarios.priced_map import check_place, read_network, saved
from engine.core.errors import ProblemError
from engine.learning.terrain import PricingModel, build_network
from engine.learning.terrain_bytes import LARGEST_FILE, LONGEST_HEADER, model_to_bytes

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def model() -> PricingModel:
    weights = {name: tensor.numpy().copy() for name, tensor in build_network("direct", 8).state_dict().items()}
    return PricingModel(weights, "direct", 8, 1.0, ("meadow",))


def test_a_saved_network_is_read_again(model: PricingModel, tmp_path: Path) -> None:
    path = str(tmp_path / "n.safetensors")
    assert saved(model, path) == " Saved as n.safetensors."
    assert np.array_equal(read_network(path).weights["0.bias"], model.weights["0.bias"])


def test_a_save_that_fails_leaves_the_old_network(
    model: PricingModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "n.safetensors"
    path.write_bytes(b"old")

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    said = saved(model, str(path))
    assert "NOT saved" in said
    assert "No space left on device" in said
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_without_a_place_is_refused_before_the_run() -> None:
    with pytest.raises(ProblemError, match="there is no folder"):
        check_place("/nowhere/n.safetensors")


CHILD = """
import sys, time
from pathlib import Path
from app.scenarios.priced_map import read_network
from engine.core.errors import ProblemError
def peak():  # megabytes
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
usual, *paths = sys.argv[1:]
read_network(usual)  # so that everything is imported
for path in paths:
    before, began = peak(), time.process_time()
    try:
        read_network(path)
    except ProblemError as error:
        assert path in str(error)
        print(Path(path).stem, time.process_time() - began, peak() - before)
"""
HEAD = b'{"__metadata__": {"format": "longcut pricing network 1"}}'
HOSTILE = {
    "sparse": (2 << 30, b""),
    "sparse_with_a_header": (2 << 30, len(HEAD).to_bytes(8, "little") + HEAD),
    "zeros": (LARGEST_FILE, b""),
    "header_of_all": (LARGEST_FILE, (LARGEST_FILE - 8).to_bytes(8, "little")),
    "deep": (LARGEST_FILE, LONGEST_HEADER.to_bytes(8, "little") + b"[" * LONGEST_HEADER),
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux counts it")
def test_hostile_networks_are_refused_soon_and_with_little_memory(model: PricingModel, tmp_path: Path) -> None:
    usual, paths = tmp_path / "usual.safetensors", [tmp_path / f"{name}.safetensors" for name in HOSTILE]
    usual.write_bytes(model_to_bytes(model))
    for path, (size, start) in zip(paths, HOSTILE.values(), strict=True):
        with open(path, "wb") as file:
            file.write(start)
            file.truncate(size)
    call = [sys.executable, "-c", CHILD, str(usual), *map(str, paths)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True)
    refused = [line.split() for line in done.stdout.splitlines()]
    assert [name for name, *_ in refused] == list(HOSTILE), "a file was read"
    for name, seconds, megabytes in refused:
        assert float(seconds) < 1.0, name
        assert float(megabytes) < 256, name
