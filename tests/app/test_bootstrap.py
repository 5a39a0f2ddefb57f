"""The set-up's decisions, without network: every command goes to a recorder instead of the system."""

import ast
import ctypes
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import pytest

from app import bootstrap

PROJECT = bootstrap.read_project()


class Recorder:
    """Stands for the system: notes commands, makes what `-m venv` would make, fails where it is told to."""

    def __init__(self, fail_at: str = "never", raising: BaseException | None = None) -> None:
        self.commands: list[list[str]] = []
        self.fail_at, self.raising = fail_at, raising

    def __call__(self, command: Sequence[str]) -> int:
        self.commands.append(list(command))
        if self.fail_at in command:
            if self.raising:
                raise self.raising
            return 1
        if list(command[1:3]) == ["-m", "venv"]:
            python = bootstrap.venv_python(Path(command[3]))
            python.parent.mkdir(parents=True)
            python.touch()
        return 0


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("LONGCUT_TORCH_INDEX", raising=False)
    return tmp_path / ".venv"


def made(venv: Path, extras: Sequence[str] = ()) -> Recorder:
    recorder = Recorder()
    bootstrap.set_up(PROJECT, extras, recorder, venv)
    return recorder


def state(venv: Path, extras: Sequence[str] = ()) -> str:
    return bootstrap.plan(bootstrap.read_stamp(venv), PROJECT, extras, venv)


# An old Python.


@pytest.mark.parametrize("name", ["app/__init__.py", "app/__main__.py", "app/bootstrap.py", "tests/__main__.py"])
def test_python_3_8_can_read_the_files_that_run_before_set_up(name: str) -> None:
    ast.parse((bootstrap.ROOT / name).read_text(encoding="utf-8"), feature_version=(3, 8))


def test_an_old_python_is_told_so_in_one_sentence() -> None:
    sentence = bootstrap.too_old((3, 10))
    assert sentence is not None
    assert "needs Python 3.11 or newer, and this is Python 3.10" in sentence
    assert "\n" not in sentence
    assert bootstrap.too_old((3, 11)) is None
    assert bootstrap.too_old((3, 14)) is None


def test_oldest_python_is_the_one_in_pyproject() -> None:
    assert PROJECT["project"]["requires-python"] == ">=" + ".".join(map(str, bootstrap.OLDEST_PYTHON))


# What the running interpreter has.


def test_this_interpreter_has_what_the_tests_run_with() -> None:
    assert bootstrap.complete(PROJECT, [])
    assert not bootstrap.complete({"project": {"dependencies": ["numpy>=999"], "optional-dependencies": {}}}, [])
    assert not bootstrap.installed("numpy>=999")
    assert not bootstrap.installed("no-such-distribution>=1")


@pytest.mark.parametrize(
    ("limits", "version", "good"),
    [
        (">=2.6,<2.14", "2.13.0+cpu", True),
        (">=2.6,<2.14", "2.14.0", False),
        (">=2.6,<2.14", "2.5.1", False),
        (">=6.7,!=6.12.0", "6.12", False),
        (">=6.7,!=6.12.0", "6.12.1", True),
        (">=8", "8.0.0", True),
        ("", "0.0.1", True),
    ],
)
def test_versions_are_compared_as_numbers(
    limits: str, version: str, good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: version)  # pyright: ignore
    assert bootstrap.installed("thing" + limits) is good


def test_every_requirement_is_written_in_the_terms_that_installed_understands() -> None:
    for line in bootstrap.requirements(PROJECT, ["test"]):
        assert re.fullmatch(r"[\w.-]+((<|!=|>=)[\d.]+(,(?!$)|$))*", line), line


# The stamp.

INSTALLS = [["-m", "pip"], ["-m", "pip"], ["-m", "engine.warmup"]]


def test_a_first_start_makes_the_environment_and_the_second_finds_it_ready(venv: Path) -> None:
    commands = made(venv).commands
    assert [command[1:3] for command in commands] == [["-m", "venv"], *INSTALLS]
    assert state(venv) == "ready"
    assert made(venv).commands == []


def test_pytorch_comes_alone_and_first_with_its_requirement_from_pyproject(venv: Path) -> None:
    _, torch, rest, _ = made(venv, ["test"]).commands
    assert torch[-1] in PROJECT["project"]["dependencies"]
    assert torch[-1].startswith("torch>=")
    assert rest[-2:] == ["--editable", f"{bootstrap.ROOT}[test]"]


def test_a_killed_set_up_is_recognised_and_made_anew(venv: Path) -> None:
    with pytest.raises(SystemExit, match="interrupted"):
        bootstrap.set_up(PROJECT, [], Recorder("--editable", KeyboardInterrupt()), venv)
    (venv / "half-unpacked").touch()
    assert state(venv) == "make"
    assert made(venv).commands[0][1:3] == ["-m", "venv"]
    assert not (venv / "half-unpacked").exists()
    assert state(venv) == "ready"


def test_a_set_up_killed_before_the_environment_exists_is_ours_to_clear(venv: Path) -> None:
    with pytest.raises(SystemExit):
        bootstrap.set_up(PROJECT, [], Recorder("venv"), venv)
    made(venv)
    assert [path.name for path in venv.parent.glob(".venv-aside*")] == []


def test_loops_that_do_not_compile_leave_a_whole_environment(
    venv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bootstrap.set_up(PROJECT, [], Recorder("engine.warmup"), venv)
    assert "compiles each loop when it is used" in capsys.readouterr().err
    assert state(venv) == "ready"


def test_a_second_start_waits_for_the_first_and_says_so(
    venv: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = venv.with_name(".venv.lock")
    with lock.open("a+b") as first:
        assert bootstrap.locked(first)
        with lock.open("a+b") as second:
            assert not bootstrap.locked(second)
        # The first start ends while the second one sleeps.
        monkeypatch.setattr(bootstrap.time, "sleep", lambda seconds: first.close())  # pyright: ignore
        assert made(venv).commands != []
    assert "this one waits" in capsys.readouterr().err


def test_a_failed_step_ends_with_the_step_and_with_advice(venv: Path) -> None:
    with pytest.raises(SystemExit, match=r"stopped at this step(.|\n)*--editable(.|\n)*same command"):
        bootstrap.set_up(PROJECT, [], Recorder("--editable"), venv)
    assert state(venv) == "make"


def test_somebody_elses_environment_is_set_aside_not_lost(venv: Path) -> None:
    venv.mkdir()
    (venv / "precious").write_text("kept")
    made(venv)
    assert (venv.with_name(".venv-aside-1") / "precious").read_text() == "kept"
    assert state(venv) == "ready"


def test_changed_requirements_are_installed_into_the_same_environment(venv: Path) -> None:
    made(venv, ["test"])
    changed = {**PROJECT, "project": {**PROJECT["project"], "version": "999"}}
    assert bootstrap.plan(bootstrap.read_stamp(venv), changed, [], venv) == "update"
    recorder = Recorder()
    bootstrap.set_up(changed, [], recorder, venv)
    assert [command[1:3] for command in recorder.commands] == INSTALLS
    assert recorder.commands[-2][-1].endswith("[test]"), "what another command installed is kept up to date"


def test_an_update_that_fails_leaves_the_environment_to_a_later_try(venv: Path) -> None:
    made(venv)
    (venv / "installed").touch()
    with pytest.raises(SystemExit, match="stopped at this step"):
        bootstrap.set_up(PROJECT, ["test"], Recorder("--editable"), venv)
    assert state(venv) == "ready"
    assert state(venv, ["test"]) == "update"
    assert (venv / "installed").exists()


def test_tests_add_their_extra_and_the_program_needs_no_second_set_up(venv: Path) -> None:
    made(venv)
    assert state(venv, ["test"]) == "update"
    made(venv, ["test"])
    assert state(venv, ["test"]) == state(venv) == "ready"


@pytest.mark.parametrize("damage", ["another Python", "no interpreter", "no stamp", "torn stamp"])
def test_a_damaged_environment_is_made_anew(venv: Path, damage: str) -> None:
    made(venv)
    stamp = venv / bootstrap.STAMP
    if damage == "another Python":
        stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "python": "3.10"}))
    elif damage == "no interpreter":
        bootstrap.venv_python(venv).unlink()
    elif damage == "no stamp":
        stamp.unlink()
    else:
        stamp.write_text(stamp.read_text()[:20])
    assert state(venv) == "make"


def test_settings_of_the_checkers_do_not_ask_for_a_new_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (bootstrap.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)

    def fingerprint(text: str) -> str:
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
        return bootstrap.fingerprint(bootstrap.read_project())

    assert fingerprint(text) == fingerprint(text.replace("[tool.ruff]", "[tool.ruff]\npreview = true"))
    assert fingerprint(text) != fingerprint(text.replace("torch>=2.6", "torch>=2.7"))


# Commands for each platform.


def test_the_interpreter_of_an_environment_on_each_system() -> None:
    assert bootstrap.venv_python(Path("e"), "nt") == Path("e/Scripts/python.exe")
    assert bootstrap.venv_python(Path("e"), "posix") == Path("e/bin/python")


def test_only_linux_without_a_gpu_asks_the_cpu_index() -> None:
    assert bootstrap.CPU_INDEX in bootstrap.torch_options("linux", False, None)
    for platform, nvidia in [("linux", True), ("darwin", False), ("win32", False), ("win32", True)]:
        assert bootstrap.torch_options(platform, nvidia, None) == ["--no-deps"]


def test_a_gpu_is_known_by_its_tool_or_by_its_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = tmp_path / "version"
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)  # pyright: ignore
    assert not bootstrap.has_nvidia_gpu(driver)
    driver.touch()
    assert bootstrap.has_nvidia_gpu(driver)
    driver.unlink()
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")  # pyright: ignore
    assert bootstrap.has_nvidia_gpu(driver)


def test_an_index_that_was_asked_for_is_the_only_one_for_pytorch() -> None:
    for platform, nvidia in [("linux", False), ("linux", True), ("win32", True)]:
        assert bootstrap.torch_options(platform, nvidia, "https://a/rocm") == ["--index-url", "https://a/rocm"]


def test_the_announcement_names_the_folder_the_download_and_the_disk() -> None:
    cpu, cuda = (bootstrap.announcement("make", "linux", nvidia, None, False) for nvidia in (False, True))
    assert str(bootstrap.VENV) in cpu
    for text, download in [(cpu, "0.4 GB"), (cuda, "3.0 GB")]:
        assert f"downloads about {download}" in text
        assert re.search(r"about \d\.\d GB of disk; \d+\.\d GB are free", text)


# Packages of the system.


def refuse(*names: str):
    def load(name: str) -> None:
        if name in names:
            raise OSError(name)

    return load


def test_missing_libraries_are_found_and_named_by_their_package() -> None:
    table = bootstrap.WINDOW_LIBRARIES
    missing = bootstrap.missing_libraries(table, refuse("libEGL.so.1", "libxcb-cursor.so.0"))
    assert [table[name] for name in missing] == ["libegl1", "libxcb-cursor0"]
    assert bootstrap.missing_libraries(table, refuse()) == []


def test_the_loader_of_the_system_does_not_find_what_is_not_there() -> None:
    assert bootstrap.missing_libraries({"libno-such-library.so.9": "nothing"}, ctypes.CDLL) != []


def test_the_window_needs_more_than_the_tests() -> None:
    assert bootstrap.OFFSCREEN_LIBRARIES.items() < bootstrap.WINDOW_LIBRARIES.items()


@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")  # pyright: ignore
    monkeypatch.setattr(bootstrap, "has_japanese_font", lambda: True)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0, raising=False)
    return monkeypatch


def test_root_on_debian_installs_what_is_missing(debian: pytest.MonkeyPatch) -> None:
    lacking = iter([["libEGL.so.1"], []])
    debian.setattr(bootstrap, "missing_libraries", lambda table: next(lacking))  # pyright: ignore
    debian.setattr(bootstrap, "has_japanese_font", lambda: False)
    recorder = Recorder()
    bootstrap.ensure_libraries(bootstrap.OFFSCREEN_LIBRARIES, fresh=False, run=recorder)
    update, install = recorder.commands
    assert update[-1] == "update"
    assert install[:3] == ["env", "DEBIAN_FRONTEND=noninteractive", "/usr/bin/apt-get"]
    assert install[-5:] == ["install", "-y", "--no-install-recommends", "libegl1", bootstrap.JAPANESE_FONT]


def test_others_are_told_the_command(debian: pytest.MonkeyPatch) -> None:
    debian.setattr(bootstrap.os, "geteuid", lambda: 1000, raising=False)
    debian.setattr(bootstrap, "missing_libraries", lambda table: ["libEGL.so.1", "libGL.so.1"])  # pyright: ignore
    recorder = Recorder()
    with pytest.raises(SystemExit, match="sudo apt-get install -y --no-install-recommends libegl1 libgl1\n"):
        bootstrap.ensure_libraries(bootstrap.OFFSCREEN_LIBRARIES, fresh=True, run=recorder)
    assert recorder.commands == []


def test_a_missing_font_is_worth_one_try_and_a_line(
    debian: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    debian.setattr(bootstrap, "missing_libraries", lambda table: [])  # pyright: ignore
    debian.setattr(bootstrap, "has_japanese_font", lambda: False)
    for fresh, tries in [(True, 1), (False, 0)]:
        recorder = Recorder("update")
        bootstrap.ensure_libraries(bootstrap.OFFSCREEN_LIBRARIES, fresh, run=recorder)
        assert len(recorder.commands) == tries
        assert "No font with Japanese characters" in capsys.readouterr().err


def test_no_library_is_looked_for_where_qt_is_not_used_or_brings_its_own(debian: pytest.MonkeyPatch) -> None:
    debian.setattr(bootstrap, "missing_libraries", lambda table: pytest.fail("looked"))  # pyright: ignore
    bootstrap.ensure_libraries(None, fresh=True)
    debian.setattr(sys, "platform", "darwin")
    bootstrap.ensure_libraries(bootstrap.WINDOW_LIBRARIES, fresh=True)


# Going on inside the environment.


@pytest.mark.skipif(sys.platform == "win32", reason="an interpreter is made by a link")
@pytest.mark.parametrize("system", ["posix", "nt"])
def test_the_same_command_goes_on_inside_and_its_exit_code_comes_back(tmp_path: Path, system: str) -> None:
    inside = bootstrap.venv_python(tmp_path / ".venv")
    inside.parent.mkdir(parents=True)
    inside.symlink_to(sys.executable)
    program = (
        "import sys; from pathlib import Path; from app import bootstrap\n"
        f"inside = Path({str(inside)!r})\n"
        "if Path(sys.executable) == inside: print(*sys.argv[1:]); sys.exit(7)\n"
        f"bootstrap.venv_python = lambda: inside; bootstrap.os.name = {system!r}\n"
        "bootstrap.restart_inside()\n"
    )
    command = [sys.executable, "-c", program, "solve", "a map.csv", "--out=*"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=bootstrap.ROOT)
    assert (run.returncode, run.stdout) == (7, "solve a map.csv --out=*\n")
