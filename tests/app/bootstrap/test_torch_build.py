"""The choice of a PyTorch for the machine."""

import re
from pathlib import Path

import pytest

from app.bootstrap import torch_build
from app.bootstrap.project import read_project
from app.bootstrap.torch_build import CPU_INDEX, has_nvidia_gpu, torch_options, torch_requirement

PROJECT = read_project()


def test_only_the_set_up_has_an_upper_limit_of_torch() -> None:
    """Who installs with pip chooses a newer torch freely; and an interpreter that has one is complete."""
    assert "<" not in next(line for line in PROJECT["project"]["dependencies"] if line.startswith("torch"))
    assert re.fullmatch(r"torch>=[\d.]+,<[\d.]+", torch_requirement(PROJECT))
    assert torch_requirement(PROJECT).endswith("<2.14")


def test_only_linux_without_a_gpu_asks_the_cpu_index() -> None:
    assert CPU_INDEX in torch_options("linux", False, None)
    for platform, nvidia in [("linux", True), ("darwin", False), ("win32", False), ("win32", True)]:
        assert torch_options(platform, nvidia, None) == ["--no-deps"]


def test_a_gpu_is_known_by_its_tool_or_by_its_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = tmp_path / "version"
    monkeypatch.setattr(torch_build.shutil, "which", lambda name: None)  # pyright: ignore
    assert not has_nvidia_gpu(driver)
    driver.touch()
    assert has_nvidia_gpu(driver)
    driver.unlink()
    monkeypatch.setattr(torch_build.shutil, "which", lambda name: f"/usr/bin/{name}")  # pyright: ignore
    assert has_nvidia_gpu(driver)


def test_an_index_that_was_asked_for_is_the_only_one_for_pytorch() -> None:
    for platform, nvidia in [("linux", False), ("linux", True), ("win32", True)]:
        assert torch_options(platform, nvidia, "https://a/rocm") == ["--index-url", "https://a/rocm"]
