"""What it costs that files are read to compare them with receipts, as shares of what stages do anyway.

``python -m benchmarks.input_digests`` prints ratios of processor time, each of medians over several rounds, both sides
in turn:

- reading a checkpoint of 100 MB for its digest, three times (by the builder, as the stage begins and as it ends), over
  ``import torch``, which every such stage does, and over loading the checkpoint once with its checksums;
- the digest of a picture over reading it, for JPEG of a camera's content in three sizes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from yolozu.artifacts.digest import digest_file
from yolozu.data.images import read_image

ROUNDS = 7
SIZES = ((640, 480), (1280, 720), (1920, 1080))
TENSORS, EDGE = 100, 512
"""Of 1 MB each."""


def seconds(call: Callable[[], object]) -> float:
    """Processor time of one call, of processes that it waits for, too."""
    began = time.process_time() + sum(os.times()[2:4])
    call()
    return time.process_time() + sum(os.times()[2:4]) - began


def ratio(digest: Callable[[], object], whole: Callable[[], object]) -> float:
    """Median of the first over that of the second, measured in turn."""
    digest(), whole()
    rows = [(seconds(digest), seconds(whole)) for _ in range(ROUNDS)]
    return median(row[0] for row in rows) / median(row[1] for row in rows)


def checkpoint(directory: Path) -> None:
    """The first figure."""
    import torch

    from yolozu.artifacts.torch_archive import read_archive, write_archive

    path = directory / "last.pt"
    write_archive(path, {str(place): torch.randn(EDGE, EDGE) for place in range(TENSORS)})
    import_torch = [sys.executable, "-c", "import torch"]
    imports = ratio(lambda: digest_file(path), lambda: subprocess.run(import_torch, check=True))
    loads = ratio(lambda: digest_file(path), lambda: read_archive(path, "checkpoint"))
    size = path.stat().st_size / 1e6
    print(f"checkpoint of {size:.0f} MB: three digests / import torch {3 * imports:.3f}; / loading it {3 * loads:.2f}")


def pictures(directory: Path) -> None:
    """The second figure."""
    generator = np.random.default_rng(0)
    for width, height in SIZES:
        coarse = Image.fromarray(generator.integers(0, 256, (height // 16, width // 16, 3), np.uint8))
        smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.int16)
        grain = generator.normal(0, 6, smooth.shape)
        path = directory / f"{width}.jpg"
        Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8)).save(path, quality=90)
        share = ratio(lambda p=path: hashlib.sha256(p.read_bytes()).hexdigest(), lambda p=path: read_image(p))
        print(f"JPEG of {width}x{height}, {path.stat().st_size / 1e3:.0f} kB: digest / reading it {share:.3f}")


def main() -> None:
    """Measure both."""
    with TemporaryDirectory() as directory:
        pictures(Path(directory))
        checkpoint(Path(directory))


if __name__ == "__main__":
    main()
