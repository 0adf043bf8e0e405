"""What grows with the number of files of a data set, and with the number of runs beside each other.

    python -m benchmarks.large_data [--most 1000000] [--runs 100] [--peers-at 100] [--keep DIR]

Half of the files are pictures of 16x16 px, half their labels; a fifth is held out. Every look is a process of its own.
Two numbers stand for each, seconds by the clock and of processor. *bare* is this machine's own ceiling: `os.scandir`
and one `stat` of each file, in one process, with nothing done about what they say. *first* reads every file, *again*
finds that nothing has changed; *one changed* finds one file with other content. Then what an index costs that is
written and read, and what it costs to see that all runs of a sweep are up to date, as one graph, and one run of them
by itself. At 100 runs Snakemake and DVC are asked the same of a graph of as many stages; both come from PyPI into a
virtual environment of their own, and what cannot be installed is left out, saying why. `--keep DIR` makes the data
and environments below DIR and leaves them there, for another time.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import NamedTuple

from benchmarks.workflow_peers import Peer, peers

PROJECT = Path(__file__).resolve().parents[1]
SETTLE_S = 1.5
"""Younger files are not remembered."""

REPEATS = 3
"""Of looks that change nothing; the median counts."""

BARE = """
import os, sys
for folder, _, _ in os.walk(sys.argv[1]):
    with os.scandir(folder) as entries:
        for entry in entries:
            entry.stat()
"""
STARTED = "import yolozu.engine.open_session, resource, sys"
LOOK = f"""{STARTED}
from yolozu.artifacts.digest import DigestCache
from yolozu.data.fingerprint import fingerprint
from yolozu.paths import digest_cache_path
with DigestCache(digest_cache_path()) as cache:
    fingerprint(sys.argv[1], ["train", "val"], cache)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
CONTRACT = """config_version: 1
run_id: exp
dataset_root: {root}
seed: 0
device: cpu
ddp: false
amp: none
max_steps: 1
"""
SWEEP = """config_version: 1
run_id: s
set:
  dataset_root: {root}
  device: cpu
  amp: none
  max_steps: 1
  batch_size: 2
  image_size: 64
  scenarios: none
  model:
    backbone: {{name: tiny_cnn}}
    projector: {{d_model: 32}}
    encoder: {{num_heads: 2, ffn_dim: 32, expansion: 0.5, fusion_blocks: 1}}
    decoder: {{num_layers: 1, num_heads: 2, ffn_dim: 32}}
    denoising: {{num_queries: 0}}
    num_queries: 10
grid:
  require: [{values}]
max_runs: 10000
metric: map50
"""
STAGES_SAID = re.compile(r"\d+ runs?, (\d+) stages")

INDEX = """
import resource, sys, time
import numpy as np
from pathlib import Path
from yolozu.data.index import DataIndex
from yolozu.structures.classes import ClassTable
from yolozu.structures.image_record import ImageRecord
what, path, images, objects = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), 7
memory = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, began = memory(), time.process_time()
if what == "w":
    draw, none = np.random.default_rng(0), np.zeros(objects, dtype=bool)
    records = [
        ImageRecord(
            f"images/train/{number:08}.png", Path(), 640, 480, f"{number:064x}",
            draw.integers(0, 80, objects), draw.random((objects, 4)), none, draw.random(objects),
        )
        for number in range(images)
    ]
    classes = ClassTable.from_json([{"index": number, "id": number, "name": f"c{number}"} for number in range(80)])
    index, began = DataIndex(Path("data"), "train", classes, records), time.process_time()
    index.write(path)
    content = sum(len(record.image) + 64 + 16 + objects * (8 + 32 + 1 + 8) for record in records)
    print(time.process_time() - began, content / 1e6)
else:
    index = DataIndex.read(path)
    print(time.process_time() - began, memory() - before)
"""


def png(number: int) -> bytes:
    """A picture of 16x16 px that no other number gives."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    row = b"\0" + struct.pack(">I", number * 2654435761 % 2**32) * 4
    pixels = zlib.compress(row * 16, 1)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 0, 0, 0, 0)), chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    )


def make_data(root: Path, files: int) -> None:
    """Pictures and labels, ``files`` in all; nothing where they are there."""
    if (root / "classes.txt").is_file():
        return
    for kind in ("images", "labels"):
        for split in ("train", "val"):
            (root / kind / split).mkdir(parents=True, exist_ok=True)
    for number in range(files // 2):
        split = "val" if number % 5 == 4 else "train"
        (root / f"images/{split}/{number:08}.png").write_bytes(png(number))
        (root / f"labels/{split}/{number:08}.txt").write_text(f"{number % 10} .5 .5 .25 .25\n")
    (root / "classes.txt").write_text("".join(f"class{number}\n" for number in range(10)))
    time.sleep(SETTLE_S)


class Taken(NamedTuple):
    """What a command took: seconds by the clock, and of processor, which tell more on a machine that is shared."""

    clock: float
    processor: float

    def beyond(self, start: Taken) -> str:
        """In two words, without what ``start`` took."""
        return f"{max(0.0, self.clock - start.clock):9.2f}{max(0.0, self.processor - start.processor):8.2f}"


def taken_by(command: list[str], directory: Path, repeats: int = 1) -> tuple[Taken, str]:
    """What a command takes in a directory whose ``runs`` it may fill and use, the median; and what it said last."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    found = []
    for _ in range(repeats):
        began, before = time.perf_counter(), os.times()
        done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
        after = os.times()
        processor = after.children_user + after.children_system - before.children_user - before.children_system
        found.append(Taken(time.perf_counter() - began, processor))
        if done.returncode:
            raise SystemExit(f"{command[1:]}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return sorted(found)[len(found) // 2], done.stdout


def against_files(place: Path, most: int) -> None:
    """The table of looks against files."""
    print(
        f"{'files':>9}" + "".join(f"{name:>17}" for name in ("bare", "first", "again", "one changed", "plan")), end=""
    )
    print(f"{'MB':>7}{'cache MB':>10}")
    growth: list[tuple[int, Taken]] = []
    files = 1000
    while files <= most:
        root, directory = place / f"data{files}", place / f"work{files}"
        make_data(root, files)
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        (directory / "exp.yaml").write_text(CONTRACT.format(root=root))
        look = [sys.executable, "-c", LOOK, str(root)]
        started = taken_by([sys.executable, "-c", STARTED], directory, REPEATS)[0]
        bare = taken_by([sys.executable, "-c", BARE, str(root)], directory, REPEATS)[0]
        first, memory_kb = taken_by(look, directory)
        again = taken_by(look, directory, REPEATS)[0]
        plan = taken_by([sys.executable, "-m", "yolozu", "plan", "config=exp.yaml"], directory, REPEATS)[0]
        label = root / "labels/train/00000000.txt"
        label.write_text(label.read_text() + "\n")
        time.sleep(SETTLE_S)
        changed = taken_by(look, directory)[0]
        cache = sum(file.stat().st_size for file in (directory / "runs/.cache").iterdir()) / 1e6
        nothing = Taken(0.0, 0.0)
        print(f"{files:>9}{bare.beyond(nothing)}", end="")
        print("".join(found.beyond(started) for found in (first, again, changed)), end="")
        print(f"{plan.beyond(nothing)}{int(memory_kb) // 1024:7}{cache:10.1f}", flush=True)
        growth.append((files, Taken(0.0, max(0.0, again.processor - started.processor))))
        files *= 10
    print_growth("again", growth)
    print(f"looks are without start-up and imports, which take {started.processor:.2f} s; plan is the whole command")


def against_index(place: Path, most: int) -> None:
    """The table of reading an index against its images, each of seven objects."""
    print(f"{'images':>9}{'file MB':>10}{'content MB':>12}{'write s':>9}{'read s':>9}{'memory MB':>11}")
    images = 1000
    while images <= most:
        directory = place / "indices"
        directory.mkdir(exist_ok=True)
        path = directory / f"{images}.json"
        told = [taken_by([sys.executable, "-c", INDEX, what, str(path), str(images)], directory)[1] for what in "wr"]
        (write_s, content), (read_s, memory) = (words.split() for words in told)
        print(
            f"{images:>9}{path.stat().st_size / 1e6:>10.1f}{float(content):>12.1f}{float(write_s):>9.2f}"
            f"{float(read_s):>9.2f}{float(memory):>11.0f}",
            flush=True,
        )
        images *= 10
    print("seconds are of processor; memory is what the process has more at its peak than before it read")


def sweep_of(directory: Path, root: Path, runs: int) -> list[str]:
    """Build a sweep of so many runs, of one training and each with its gate; the command that says what is stale."""
    values = ", ".join(f'{{map50: ">= -{number + 1}"}}' for number in range(runs))
    (directory / "sweep.yaml").write_text(SWEEP.format(root=root, values=values))
    command = [sys.executable, "-m", "yolozu", "sweep", "sweep.yaml"]
    taken_by([*command, "--quiet", "--jobs", str(os.cpu_count())], directory)
    return [*command, "--plan"]


def against_runs(place: Path, most: int, peers_at: int) -> None:
    """The table of the up-to-date check against runs of one graph; other tools beside ours at one number of them."""
    root, directory = place / "data1000", place / "runs-beside"
    make_data(root, 1000)
    directory.mkdir(exist_ok=True)
    nothing = Taken(0.0, 0.0)
    print(f"{'runs':>9}{'stages':>9}{'sweep --plan':>17}{'plan of one':>17}")
    counts = {10**power for power in range(4)} | ({peers_at} if peers_at else set())
    found: list[tuple[int, Taken]] = []
    for runs in sorted(count for count in counts if count <= max(most, peers_at)):
        command = sweep_of(directory, root, runs)
        whole, said = taken_by(command, directory, REPEATS)
        stages, stale = STAGES_SAID.match(said), "none to run" not in said
        assert stages is not None, said
        assert not stale, said
        name = min(path.name for path in (directory / "runs").glob("[!.]*"))
        one = taken_by([sys.executable, "-m", "yolozu", "plan", f"run_id={name}"], directory, REPEATS)[0]
        print(f"{runs:>9}{stages[1]:>9}{whole.beyond(nothing)}{one.beyond(nothing)}", flush=True)
        found.append((runs, whole))
        if runs == peers_at:
            beside(peers(place, root, runs, int(stages[1]) // runs), command, directory)
    print_growth("sweep --plan", found)


def beside(others: list[Peer], ours: list[str], directory: Path) -> None:
    """Other tools' checks beside ours, in turns; the median of the ratios by the clock."""
    ratios: dict[str, list[float]] = {}
    for _ in range(REPEATS):
        own = taken_by(ours, directory)[0]
        for peer in others:
            ratios.setdefault(peer.name, []).append(taken_by(peer.check, peer.directory)[0].clock / own.clock)
    for name, each in ratios.items():
        print(f"{'':9}{name}: {statistics.median(each):.2f} times as long ({min(each):.2f} to {max(each):.2f})")


def print_growth(name: str, found: list[tuple[int, Taken]]) -> None:
    """How the last tenfold step grew: 1.0 is in proportion."""
    if len(found) < 2:
        return
    (few, before), (many, after) = found[-2:]
    power = math.log(max(after.processor, 1e-3) / max(before.processor, 1e-3)) / math.log(many / few)
    print(f"{name} grows with the power {power:.2f} from {few} to {many}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=1_000_000, help="files; 0 leaves the table out")
    parser.add_argument("--runs", type=int, default=100, help="runs; 0 leaves the table out; 1000 take hours")
    parser.add_argument("--indices", type=int, default=1_000_000, help="images; 0 leaves the table out")
    parser.add_argument("--peers-at", type=int, default=100, help="runs; 0 asks no other tool")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        place = Path(made) if options.keep is None else options.keep.absolute()
        place.mkdir(parents=True, exist_ok=True)
        if options.most:
            against_files(place, options.most)
        if options.indices:
            against_index(place, options.indices)
        if options.runs:
            against_runs(place, options.runs, options.peers_at)


if __name__ == "__main__":
    main()
