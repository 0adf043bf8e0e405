"""What a look at data costs: the rules that a build applies, and all that `yolozu data check` looks for.

    python benchmarks/data_check.py [--images 20000] [--data ROOT]

Without ``--data``, that many small JPEGs with a label file each (eight objects of ten classes) are made below the
temporary directory. *cold* is the first look, *warm* a second one, which knows digests and small pictures of files by
path, size and time. Each look is a process of its own, so that import times count for both.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

RULES = "checked_splits(Path(sys.argv[1]), [], SilentProgress())"
ALL = "examine(Path(sys.argv[1]), [], 640, SilentProgress()).kinds()"
CODE = """
import sys
from pathlib import Path
from yolozu.app.data_check import examine
from yolozu.app.datasets import checked_splits
from yolozu.progress import SilentProgress
{}
"""
SETTLE_S = 1.5
"""Younger files are not remembered."""


def make_data(root: Path, count: int) -> None:
    """A fifth is held out; pictures have structure at the scale of objects, so that none is like another."""
    random = np.random.default_rng(0)
    for number in range(count):
        split = "val" if number % 5 == 4 else "train"
        for kind in ("images", "labels"):
            (root / kind / split).mkdir(parents=True, exist_ok=True)
        rough = Image.fromarray(random.integers(0, 256, (6, 8, 3), dtype=np.uint8))
        picture = rough.resize((160, 120), Image.Resampling.BICUBIC)
        picture.save(root / f"images/{split}/{number:06}.jpg", quality=80)
        boxes = np.column_stack([random.uniform(0.3, 0.7, (8, 2)), random.uniform(0.05, 0.5, (8, 2))])
        lines = (f"{random.integers(10)} {' '.join(f'{value:.6f}' for value in box)}\n" for box in boxes)
        (root / f"labels/{split}/{number:06}.txt").write_text("".join(lines))
    (root / "classes.txt").write_text("".join(f"class{number}\n" for number in range(10)))


def seconds(what: str, root: Path, directory: Path) -> float:
    """Of one look, in a directory whose ``runs/.cache`` it may fill and use."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", CODE.format(what), str(root)], cwd=directory, env=environment, check=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        root = Path(made) / "data" if options.data is None else options.data.absolute()
        if options.data is None:
            make_data(root, options.images)
            time.sleep(SETTLE_S)
        print(f"{'':8}{'rules':>9}{'all':>9}{'ratio':>7}")
        places = {name: Path(made) / name for name in ("rules", "all")}
        for place in places.values():
            place.mkdir()
        for state in ("cold", "warm"):
            rules, everything = seconds(RULES, root, places["rules"]), seconds(ALL, root, places["all"])
            print(f"{state:8}{rules:8.2f}s{everything:8.2f}s{everything / rules:7.2f}")


if __name__ == "__main__":
    main()
