"""Memory of predicting in one go and in parts, against the number of images.

    python benchmarks/predict_shards.py [--images 1000 10000 100000] [--shards 16] [--detections 0 100]

The adapter is the dummy; with detections, one that gives so many random ones for every image stands in its place. What
is measured is the largest resident memory of each process: of one that predicts all images, of the largest part, of the
one that puts the parts together, and of one that only reads the index of all images, as the first of these does. The
predictions files and the columns of both ways are compared byte by byte. Linux only.
"""

from __future__ import annotations

import argparse
import filecmp
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from yolozu.contract.sections.operations import OperationsSection
from yolozu.contract.sections.predict import CorruptionSection, PredictSection, TtaSection, TttSection
from yolozu.contract.sections.train import DeviceSection
from yolozu.data.index import DataIndex
from yolozu.predict.adapters.dummy import DummyAdapter
from yolozu.progress import SilentProgress
from yolozu.stages import predict
from yolozu.stages.base import FinishedShard, StageContext
from yolozu.stages.predict_shard import NAME, PredictShardOutputs, PredictShardSpec, ShardSection, shard_stage
from yolozu.structures.classes import ClassTable
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.predictions import ImagePredictions

if TYPE_CHECKING:
    from collections.abc import Sequence

SECTIONS = {
    "predict": PredictSection(adapter="dummy"),
    "corruption": CorruptionSection(),
    "tta": TtaSection(),
    "ttt": TttSection(),
    "device": DeviceSection(device="cpu"),
}


def make(directory: Path, images: int) -> None:
    """Write an index of images with a few objects each."""
    rng = np.random.default_rng(0)
    records = tuple(
        ImageRecord(
            image=f"images/val/{number:07d}.jpg",
            path=directory / f"{number:07d}.jpg",
            width=640,
            height=480,
            sha256=f"{number:064x}",
            class_indices=rng.integers(0, 3, 7),
            boxes_cxcywh=rng.uniform(0.2, 0.4, (7, 4)),
            is_crowd=np.zeros(7, np.bool_),
            areas_px=rng.uniform(100, 1000, 7),
        )
        for number in range(images)
    )
    classes = ClassTable(("a", "b", "c"), (0, 1, 2))
    DataIndex(directory, "val", classes, records).write(directory / "index.json")


def find(detections: int) -> None:
    """Let the dummy find so many things in every image."""

    def found(self: DummyAdapter, records: Sequence[ImageRecord]) -> list[ImagePredictions]:  # noqa: ARG001
        return [random_detections(record, detections) for record in records]

    DummyAdapter.predict = found  # type: ignore[method-assign]


def random_detections(record: ImageRecord, count: int) -> ImagePredictions:
    rng = np.random.default_rng(int(record.sha256, 16))
    scores = np.sort(rng.random(count))[::-1]
    boxes = rng.uniform(0.2, 0.4, (count, 4))
    return ImagePredictions(record.image, 640, 480, rng.integers(0, 3, count), scores, boxes)


def inputs_in(directory: Path) -> predict.PredictInputs:
    nothing = directory / "nothing"
    return predict.PredictInputs(nothing, nothing, nothing, directory / "index.json", nothing, nothing)


def run_part(part: str, directory: Path, shards: int) -> None:
    """Do one part in this process."""
    inputs = inputs_in(directory)
    results = [directory / str(number) / "predictions.json" for number in range(1, shards + 1)]
    context = context_in(directory)
    if part == "index":
        DataIndex.read(inputs.images)
        return
    if part in {"whole", "join"}:
        if part == "join":
            done = {"detections": 0, "seconds": 0.0}
            context = context_in(directory, tuple(FinishedShard(path, done) for path in results))
        path = directory / part / "predictions.json"
        outputs = predict.PredictOutputs(path, path.with_suffix(".npz"), directory / "ttt.json")
        predict.run(predict.PredictSpec(**SECTIONS), inputs, outputs, context)
        return
    path, stage = results[int(part) - 1], shard_stage(f"{NAME}{part}")
    assert stage is not None
    spec = PredictShardSpec(**SECTIONS, shard=ShardSection(number=int(part), shards=shards))
    stage.run(spec, inputs, PredictShardOutputs(path, path.with_suffix(".npz")), context)


def context_in(directory: Path, shards: tuple[FinishedShard, ...] = ()) -> StageContext:
    return StageContext(
        scratch=directory,
        evidence=directory,
        operations=OperationsSection(),
        provenance={},
        state_digest="",
        progress=SilentProgress(),
        stopping=lambda: False,
        shards=shards,
    )


def peak_mib(part: str, directory: Path, shards: int, detections: int) -> float:
    """Largest resident memory of a process that does one part."""
    command = [sys.executable, __file__, "--part", part, "--directory", str(directory), "--shards", str(shards)]
    command += ["--detections", str(detections)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def own_peak_mib() -> float:
    """Largest resident memory of this process; what the system tells its parent counts the parent's, too."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found.group(1)) / 1024


def measure(images: int, shards: int, detections: int) -> None:
    """Print a row."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        make(directory, images)
        index, whole = (peak_mib(part, directory, shards, detections) for part in ("index", "whole"))
        largest = max(peak_mib(str(number), directory, shards, detections) for number in range(1, shards + 1))
        joining = peak_mib("join", directory, shards, detections)
        names = [f"predictions{suffix}" for suffix in (".json", ".npz")]
        same = all(filecmp.cmp(directory / "whole" / name, directory / "join" / name, shallow=False) for name in names)
        row = f"{images:>8}{detections:>12}{index:>8.0f}{whole:>12.0f}{largest:>16.0f}{joining:>12.0f}"
        print(f"{row}  {same}", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--images", type=int, nargs="+", default=[1000, 10_000, 100_000])
    arguments.add_argument("--detections", type=int, nargs="+", default=[0, 100], help="per image")
    arguments.add_argument("--shards", type=int, default=16)
    arguments.add_argument("--part", help=argparse.SUPPRESS)
    arguments.add_argument("--directory", type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.part:
        if options.detections[0]:
            find(options.detections[0])
        run_part(options.part, options.directory, options.shards)
        print(own_peak_mib())
        return
    print(f"largest resident memory in MiB; {options.shards} shards")
    titles = ("images", "detections", "index", "in one go", "largest shard", "joining")
    widths = (8, 12, 8, 12, 16, 12)
    print("".join(f"{title:>{width}}" for title, width in zip(titles, widths, strict=True)) + "  same bytes")
    for detections in options.detections:
        for images in options.images:
            measure(images, options.shards, detections)


if __name__ == "__main__":
    main()
