"""Workers of a Dask scheduler, as processes of their own: the same bytes as in series, also when one is killed."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.cli.main import BAD_INPUT, DONE, main
from maps.document import Route, new_document
from maps.formats import write_map

ROOT = Path(__file__).parents[3]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
distributed = pytest.importorskip("distributed", reason="Dask is not installed; the extra `cluster` brings it")


def results(folder: Path) -> dict[str, bytes]:
    """All maps of a batch."""
    return {path.name: path.read_bytes() for path in sorted((folder / "results").iterdir())}


@pytest.fixture
def address(tmp_path: Path):
    """The address of a scheduler with two workers, all processes of their own, started as a user does."""
    port = tmp_path / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": ROOT}
    dask = [sys.executable, "-m", "dask"]
    local = ["--host", "127.0.0.1", "--no-dashboard"]
    scheduler = subprocess.Popen(
        [*dask, "scheduler", *local, "--port", "0", "--scheduler-file", str(port)], **quiet
    )
    worker = [*dask, "worker", "--scheduler-file", str(port), *local, "--nthreads", "1", "--no-nanny"]
    workers = [subprocess.Popen([*worker, "--local-directory", str(tmp_path)], **quiet) for _ in range(2)]
    try:
        deadline = time.monotonic() + 60
        while not (port.is_file() and (found := re.search(r"tcp://[\d.:]+", port.read_text()))):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield found[0]
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


@POSIX
@pytest.mark.slow
def test_a_cluster_makes_the_same_bytes_and_a_killed_worker_costs_nothing_but_time(
    address: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    write_map(new_document(12, 12).replace(routes=(Route("r", (6, 0), (6, 11)),)), tmp_path / "m.longcut")
    call = ["sweep", str(tmp_path / "m.longcut"), "--vary", "seed=1..6", "--steps", "60"]
    assert main([*call, "--out", str(tmp_path / "series")]) == DONE
    killed = []

    def kill_one(self, batch, row) -> None:
        """As the first result comes, kill a worker that computes."""
        if not killed:
            with distributed.Client(address, set_as_default=False) as client:
                busy = [worker for worker, tasks in client.processing().items() if tasks]
                (pid,) = client.run(os.getpid, workers=busy[:1]).values()
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    monkeypatch.setattr("app.cli.batch_progress.BatchProgress.told", kill_one)
    assert main([*call, "--scheduler", address, "--out", str(tmp_path / "cluster")]) == DONE
    assert killed
    assert len(results(tmp_path / "series")) == 6
    assert results(tmp_path / "cluster") == results(tmp_path / "series")
    assert "6 of 6 done" in capsys.readouterr().out


def test_where_no_scheduler_answers_it_is_said(tmp_path: Path, monkeypatch, capsys) -> None:
    write_map(new_document(3, 3).replace(routes=(Route("r", (0, 0), (2, 2)),)), tmp_path / "m.longcut")
    monkeypatch.setattr("app.batch.cluster.ANSWER_WITHIN", 0.2)
    call = ["batch", str(tmp_path / "m.longcut"), "--out", str(tmp_path / "out")]
    assert main([*call, "--scheduler", "tcp://127.0.0.1:1"]) == BAD_INPUT
    assert "no scheduler answers at tcp://127.0.0.1:1" in " ".join(capsys.readouterr().err.split())
    assert main([*call, "--scheduler", "nowhere://x"]) == BAD_INPUT
    assert "nowhere" in " ".join(capsys.readouterr().err.split())
