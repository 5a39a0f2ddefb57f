"""The set-up's steps, without network: every command goes to a recorder instead of the system."""

import re
from pathlib import Path

import pytest

from app.bootstrap import installation
from app.bootstrap.environment import plan, read_stamp
from app.bootstrap.installation import announcement, locked, set_up
from app.bootstrap.project import ROOT, requirements
from app.bootstrap.torch_build import BELOW, torch_requirement
from tests.app.bootstrap.simulated import PROJECT, Recorder, made, state

INSTALLS = [["-m", "pip"], ["-m", "pip"], ["-m", "engine.warmup"]]


def test_a_first_start_makes_the_environment_and_the_second_finds_it_ready(venv: Path) -> None:
    commands = made(venv).commands
    assert [command[1:3] for command in commands] == [["-m", "venv"], *INSTALLS]
    assert state(venv) == "ready"
    assert made(venv).commands == []


def test_pytorch_comes_alone_and_first_with_its_requirement_from_pyproject(venv: Path) -> None:
    _, torch, rest, _ = made(venv, ["test"]).commands
    assert torch[-1] in {f"{line},<{BELOW}" for line in PROJECT["project"]["dependencies"]}
    assert torch[-1].startswith("torch>=")
    assert rest[-2:] == ["--editable", f"{ROOT}[test]"]


def test_a_killed_set_up_is_recognised_and_made_anew(venv: Path) -> None:
    with pytest.raises(SystemExit, match="interrupted"):
        set_up(PROJECT, [], venv, Recorder("--editable", KeyboardInterrupt()))
    (venv / "half-unpacked").touch()
    assert state(venv) == "make"
    assert made(venv).commands[0][1:3] == ["-m", "venv"]
    assert not (venv / "half-unpacked").exists()
    assert state(venv) == "ready"


def test_a_set_up_killed_before_the_environment_exists_is_ours_to_clear(venv: Path) -> None:
    with pytest.raises(SystemExit):
        set_up(PROJECT, [], venv, Recorder("venv"))
    made(venv)
    assert [path.name for path in venv.parent.glob(".venv-aside*")] == []


def test_loops_that_do_not_compile_leave_a_whole_environment(
    venv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(PROJECT, [], venv, Recorder("engine.warmup"))
    assert "compiles each loop when it is used" in capsys.readouterr().err
    assert state(venv) == "ready"


def test_a_second_start_waits_for_the_first_and_says_so(
    venv: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = venv.with_name(".venv.lock")
    with lock.open("a+b") as first:
        assert locked(first)
        with lock.open("a+b") as second:
            assert not locked(second)
        # The first start ends while the second one sleeps.
        monkeypatch.setattr(installation.time, "sleep", lambda seconds: first.close())  # pyright: ignore
        assert made(venv).commands != []
    assert "this one waits" in capsys.readouterr().err


def test_a_failed_step_ends_with_the_step_and_with_advice(venv: Path) -> None:
    with pytest.raises(SystemExit, match=r"stopped at this step(.|\n)*--editable(.|\n)*same command"):
        set_up(PROJECT, [], venv, Recorder("--editable"))
    assert state(venv) == "make"


def test_an_environment_that_cannot_be_written_ends_with_advice(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"cannot write(.|\n)*Make the checkout writable, or set XDG_CACHE_HOME"):
        set_up(PROJECT, [], tmp_path / "file" / ".venv", Recorder())


def test_somebody_elses_environment_is_set_aside_not_lost(venv: Path) -> None:
    venv.mkdir()
    (venv / "precious").write_text("kept")
    made(venv)
    assert (venv.with_name(".venv-aside-1") / "precious").read_text() == "kept"
    assert state(venv) == "ready"


def test_changed_requirements_are_installed_into_the_same_environment(venv: Path) -> None:
    made(venv, ["test"])
    changed = {**PROJECT, "project": {**PROJECT["project"], "version": "999"}}
    assert plan(read_stamp(venv), changed, [], venv) == "update"
    recorder = Recorder()
    set_up(changed, [], venv, recorder)
    assert [command[1:3] for command in recorder.commands] == INSTALLS
    assert recorder.commands[-2][-1].endswith("[test]"), "what another command installed is kept up to date"


def test_an_update_that_fails_leaves_the_environment_to_a_later_try(venv: Path) -> None:
    made(venv)
    (venv / "installed").touch()
    with pytest.raises(SystemExit, match="stopped at this step"):
        set_up(PROJECT, ["test"], venv, Recorder("--editable"))
    assert state(venv) == "ready"
    assert state(venv, ["test"]) == "update"
    assert (venv / "installed").exists()


def test_tests_add_their_extra_and_the_program_needs_no_second_set_up(venv: Path) -> None:
    made(venv)
    assert state(venv, ["test"]) == "update"
    made(venv, ["test"])
    assert state(venv, ["test"]) == state(venv) == "ready"


def test_pip_writes_nothing_into_a_read_only_checkout(venv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "writable", lambda folder: False)  # pyright: ignore
    _, torch, rest, _ = made(venv, ["test"]).commands
    assert torch[-1] == torch_requirement(PROJECT)
    assert rest[rest.index("install") + 1 :] == requirements(PROJECT, ["test"])


def test_the_announcement_names_the_folder_the_download_and_the_disk(venv: Path) -> None:
    cpu, cuda = (announcement("make", "linux", nvidia, None, False, venv) for nvidia in (False, True))
    assert str(venv) in cpu
    for text, download in [(cpu, "0.4 GB"), (cuda, "3.0 GB")]:
        assert f"downloads about {download}" in text
        assert re.search(r"about \d\.\d GB of disk; \d+\.\d GB are free", text)
