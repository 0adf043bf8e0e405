"""What grows with the number of files of a data set, and with the number of runs beside each other.

    python benchmarks/large_data.py [--most 1000000] [--runs 1000] [--keep DIR]

Half of the files are pictures of 16x16 px, half their labels; a fifth is held out. Every look is a process of its own.
Two numbers stand for each, seconds by the clock and of processor. *bare* is this machine's own ceiling: `os.scandir`
and one `stat` of each file, in one process, with nothing done about what they say. *first* reads every file, *again*
finds that nothing has changed; *one changed* finds one file with other content. `--keep DIR` makes the data below DIR
and leaves them there, for another time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import NamedTuple

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
        files *= 10
    print(f"looks are without start-up and imports, which take {started.processor:.2f} s; plan is the whole command")


def against_runs(place: Path, most: int) -> None:
    """The table of the up-to-date check against runs beside each other."""
    root, directory = place / "data1000", place / "runs-beside"
    make_data(root, 1000)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    (directory / "exp.yaml").write_text(CONTRACT.format(root=root))
    taken_by([sys.executable, "-m", "yolozu", "run", "prepare_data", "config=exp.yaml"], directory)
    runs = directory / "runs"
    print(f"{'runs':>9}{'plan':>17}{'run':>17}")
    count = 1
    while count <= most:
        for number in range(len(list(runs.glob("[!.]*"))), count):
            shutil.copytree(runs / "exp", runs / f"exp{number}")
        plan = taken_by([sys.executable, "-m", "yolozu", "plan", "run_id=exp", "prepare_data"], directory, REPEATS)[0]
        doit = taken_by([sys.executable, "-m", "yolozu", "run", "prepare_data", "run_id=exp"], directory, REPEATS)[0]
        print(f"{count:>9}{plan.beyond(Taken(0.0, 0.0))}{doit.beyond(Taken(0.0, 0.0))}", flush=True)
        count *= 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=1_000_000, help="files; 0 leaves the table out")
    parser.add_argument("--runs", type=int, default=1000, help="runs; 0 leaves the table out")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        place = Path(made) if options.keep is None else options.keep.absolute()
        if options.most:
            against_files(place, options.most)
        if options.runs:
            against_runs(place, options.runs)


if __name__ == "__main__":
    main()
