"""Pictures in tar files beside pictures in files: the first look, the look whether anything changed, and reading.

    python benchmarks/tar_shards.py [--pictures 10000] [--in-each 1000]

Writes JPEGs and empty label files below a temporary directory, and puts the same into tar files. Prints a table.
"""

from __future__ import annotations

import argparse
import io
import os
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.packed_files import read_bytes
from yolozu.artifacts.tar_index import read_places
from yolozu.data.fingerprint import fingerprint
from yolozu.data.images import read_image
from yolozu.data.layouts.files import IMAGE_SUFFIXES, files_below

LONG_AGO = 1_700_000_000
SIDE_PX = 320
READ = 1000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--in-each", type=int, default=1000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        _write(asked.pictures, asked.in_each)
        print(f"{asked.pictures} pictures, {asked.in_each} in each tar file; seconds\n")
        print(f"{'':30} {'files':>9} {'tar files':>9}")
        rows = [_figures(Path(name)) for name in ("files", "tars")]
        for name in rows[0]:
            print(f"{name:30} {rows[0][name]:9.3f} {rows[1][name]:9.3f}")


def _write(pictures: int, in_each: int) -> None:
    noise, picture = np.random.default_rng(0).integers(0, 256, (SIDE_PX // 8, SIDE_PX // 8, 3), np.uint8), io.BytesIO()
    Image.fromarray(noise).resize((SIDE_PX, SIDE_PX)).save(picture, "JPEG")
    for kind in ("images", "labels"):
        Path(f"files/{kind}/train").mkdir(parents=True)
    Path("tars/images/train").mkdir(parents=True)
    for root in ("files", "tars"):
        Path(f"{root}/classes.txt").write_text("cat\n")
    for first in range(0, pictures, in_each):
        with tarfile.open(f"tars/images/train/train-{first // in_each:06}.tar", "w") as tar:
            for number in range(first, min(first + in_each, pictures)):
                content = picture.getvalue() + number.to_bytes(8, "big")  # behind the picture's end: each is its own
                Path(f"files/images/train/{number:08}.jpg").write_bytes(content)
                Path(f"files/labels/train/{number:08}.txt").touch()
                for name, data in ((f"{number:08}.jpg", content), (f"{number:08}.txt", b"")):
                    member = tarfile.TarInfo(name)
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
    for path in Path().rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))


def _figures(root: Path) -> dict[str, float]:
    paths = [root / "images/train" / name for name in files_below(root / "images/train", IMAGE_SUFFIXES)]
    chosen = [paths[place] for place in np.random.default_rng(1).permutation(len(paths))[:READ]]
    tars = sorted(root.rglob("*.tar"))
    for path in chosen:
        read_bytes(path)  # so that both come from memory
    return {
        "fingerprint, first look": _seconds(lambda: _look(root)),
        "fingerprint, up to date": min(_seconds(lambda: _look(root)) for _ in range(5)),
        "where members lie, first look": _seconds(lambda: [*map(read_places, tars)]) if tars else float("nan"),
        f"bytes of {len(chosen)}, any order": min(_seconds(lambda: list(map(read_bytes, chosen))) for _ in range(5)),
        f"pixels of {len(chosen)}, any order": min(_seconds(lambda: list(map(read_image, chosen))) for _ in range(3)),
    }


def _look(root: Path) -> None:
    with DigestCache(Path("cache.sqlite")) as cache:
        fingerprint(str(root), ["train"], cache)


def _seconds(act: Callable[[], Any]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
