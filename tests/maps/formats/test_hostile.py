"""Files that are meant to do harm, or were harmed: every one is refused in words, soon, with little memory."""

import io
import random
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maps.document import Layout, MapDocument, Route, new_document
from maps.errors import MapFormatError
from maps.formats import FORMATS, Format, read_as, read_map, write_map
from maps.formats.movingai import read_scenarios
from maps.formats.options import ReadOptions
from tests.maps.formats.bombs import BOMBS
from tests.maps.strategies import MUTATIONS

ROOT = Path(__file__).parents[3]
WRITTEN = [kind for kind in FORMATS if kind.encode is not None and not kind.only_back]
SPLICES = (b"\0", b"\xff", b"0", b"9" * 30, b"nan", b"-", b"1e999", b"\n", b'"', b"[[[[", b"{", b"(" * 40, b"PK")


def victim(seed: int) -> MapDocument:
    """A map with something of everything."""
    generator = np.random.default_rng(seed)
    height, width = (int(side) for side in generator.integers(3, 12, 2))
    layout = Layout("camps", generator.uniform(0, 2, (3, 2)), generator.random(3))
    return new_document(height, width, name="victim").replace(
        cost=generator.uniform(0.2, 5.0, (height, width)),
        passable=generator.random((height, width)) < 0.8,
        routes=(Route("way", (0, 0), (height - 1, width - 1), expected_cost=3.5),),
        layouts=(layout,),
        metadata={"a": {"b": [1, 2.5, None, "x"]}},
    )


def mutated(data: bytes, generator: random.Random) -> bytes:
    """One to four small changes anywhere: bits, bytes, splices, cuts, repeats."""
    changed = bytearray(data)
    for _ in range(generator.randint(1, 4)):
        at = generator.randrange(len(changed) + 1)
        to = min(len(changed), at + generator.randint(1, 24))
        kind = generator.randrange(7)
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << generator.randrange(8)
        elif kind == 1:
            changed[at:to] = generator.randbytes(to - at)
        elif kind == 2:
            changed[at:at] = generator.choice(SPLICES)
        elif kind == 3:
            changed[at:to] = generator.choice(SPLICES)
        elif kind == 4:
            del changed[at:to]
        elif kind == 5:
            changed[at:at] = changed[at:to]
        else:
            del changed[at:]
    return bytes(changed)


def repacked(data: bytes, generator: random.Random) -> bytes:
    """An archive one entry of which is mutated and packed again, so that all sums are right."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    name = generator.choice(sorted(entries))
    entries[name] = mutated(entries[name], generator)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for entry, content in entries.items():
            archive.writestr(entry, content)
    return buffer.getvalue()


def assert_survives(path: Path, read: Callable[[Path], object]) -> bool:
    """Whether a file is refused; refused or read, it is in the one way that readers may, and soon."""
    began = time.process_time()  # not the wall's clock: other programs may keep the processor
    refusal = None
    try:
        read(path)
    except MapFormatError as error:
        refusal = str(error)
    assert time.process_time() - began < 1.0
    assert refusal is None or path.name in refusal
    return refusal is not None


@pytest.mark.slow
@pytest.mark.parametrize("kind", WRITTEN, ids=lambda kind: kind.name)
def test_mutated_files_are_read_or_refused(tmp_path: Path, kind: Format) -> None:
    name = kind.name
    victims: list[bytes] = []
    for seed in range(8):
        write_map(victim(seed), tmp_path / f"victim{kind.endings[0]}")
        victims.append((tmp_path / f"victim{kind.endings[0]}").read_bytes())
    for path in tmp_path.iterdir():
        path.unlink()
    generator = random.Random(f"{name} {MUTATIONS}")
    target = tmp_path / f"mutant{kind.endings[0]}"
    refused = 0
    for number in range(MUTATIONS):
        data = generator.choice(victims)
        inside = name in ("longcut", "npz") and number % 2
        target.write_bytes(repacked(data, generator) if inside else mutated(data, generator))
        refused += assert_survives(target, kind.read)
        if number % 8 == 0:  # the first bytes may be damaged, which settle the format
            assert_survives(target, read_map)
    assert refused > MUTATIONS / 10, "the mutations hardly do anything"


@pytest.mark.parametrize("ending", ["asc", "npy", "npz", "csv", "r16"])
def test_mutated_grids_whose_meaning_is_told_are_read_or_refused(tmp_path: Path, ending: str) -> None:
    data = np.arange(64, dtype="<u2").tobytes()
    if ending != "r16":
        write_map(victim(0), tmp_path / f"victim.{ending}")
        data = (tmp_path / f"victim.{ending}").read_bytes()
    generator = random.Random(f"{ending} told")
    target = tmp_path / f"mutant.{ending}"
    order: dict[str, Any] = {"byte_order": "big"} if ending == "r16" else {}
    for number in range(MUTATIONS // 6):
        damaged = repacked(data, generator) if ending == "npz" and number % 2 else mutated(data, generator)
        target.write_bytes(damaged)
        meaning = ReadOptions(slope=2.0, **order) if number % 3 else ReadOptions(scale=(1.0, 3.0), **order)
        assert_survives(target, lambda path, meaning=meaning: read_as(path, meaning))


@pytest.mark.slow
def test_mutated_scenarios_are_read_or_refused(tmp_path: Path) -> None:
    document = victim(0)
    write_map(document, tmp_path / "victim.map")
    data = (tmp_path / "victim.map.scen").read_bytes() * 2
    generator = random.Random(MUTATIONS)
    target = tmp_path / "mutant.scen"
    for _ in range(MUTATIONS):
        target.write_bytes(mutated(data, generator))
        assert_survives(target, lambda path: read_scenarios(path, document))


def test_mutated_notes_beside_pictures_are_read_or_refused(tmp_path: Path) -> None:
    write_map(victim(0), tmp_path / "victim.png")
    note = (tmp_path / "victim.png.json").read_bytes()
    plain = io.BytesIO()
    Image.fromarray(np.arange(12, dtype=np.uint16).reshape(3, 4)).save(plain, "PNG")
    (tmp_path / "victim.png").write_bytes(plain.getvalue())
    generator = random.Random(MUTATIONS)
    for _ in range(MUTATIONS // 3):
        (tmp_path / "victim.png.json").write_bytes(mutated(note, generator))
        assert_survives(tmp_path / "victim.png", read_map)


# Every file is read by a process of its own; all are copies of one that has everything imported already.
READER = """
import os, sys, time
from pathlib import Path
from maps.document import new_document
from maps.errors import MapFormatError
from maps.formats import read_as, read_map
from maps.formats.movingai import read_scenarios
from maps.formats.options import ReadOptions
from maps.formats.points import read_layout
def peak():  # megabytes; getrusage would give the larger one of ours and our parent's
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
def measure(path):
    before = peak()
    began = time.process_time()  # the time of this process: others may keep the machine busy
    try:
        if path.name.startswith("points_"):
            read_layout(path, new_document(4, 4))
        elif path.name.startswith("colours_"):
            read_as(path, ReadOptions(colours="terrains"))
        elif path.suffix == ".scen":
            read_scenarios(path, new_document(4, 4))
        else:
            read_map(path)
    except MapFormatError as error:
        assert path.name in str(error)
        print(time.process_time() - began, peak() - before, end="", flush=True)
        os._exit(0)
read_map(Path(sys.argv[1]))  # so that everything is imported before the clock and the scales are read
for line in sys.stdin:
    if os.fork() == 0:
        measure(Path(line.rstrip()))
        os._exit(1)
    os.wait()
    print(flush=True)
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], str]]:
    """Returns what a reader says of a file: seconds and megabytes that it took to refuse it."""
    usual = tmp_path_factory.mktemp("usual") / "usual.png"
    write_map(victim(0), usual)
    words = [sys.executable, "-c", READER, str(usual)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, bufsize=1) as reader:

        def read(path: Path) -> str:
            assert reader.stdin is not None
            assert reader.stdout is not None
            reader.stdin.write(f"{path}\n")
            return reader.stdout.readline().strip()

        yield read


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux counts it")
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_soon_and_with_little_memory(
    tmp_path: Path, measured: Callable[[Path], str], name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(BOMBS[name]())
    said = measured(path)
    assert said, "the file was read, or refused otherwise than in words"
    seconds, megabytes = (float(number) for number in said.split())
    assert seconds < 1.0
    assert megabytes < 256
    path.unlink()  # some are large
