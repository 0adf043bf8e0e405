"""What a checkpoint says of the images of a split, written for a training that is to be held to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolozu.app.images_to_predict import surveyed
from yolozu.app.outputs import require_makeable
from yolozu.artifacts.earlier_runs import teacher_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.progress import Progress


@dataclass(frozen=True)
class WrittenOutputs:
    """What was written.

    Attributes:
        split: name of the split.
        images: how many it has.
        files: how many there are of them; less where images are copies of each other.
        checkpoint: whose outputs they are.
    """

    split: str
    images: int
    files: int
    checkpoint: Path


def write_teachers(
    checkpoint: str, dataset: Path, split: str | None, output: Path, *, device: str, progress: Progress
) -> WrittenOutputs:
    """Write the outputs for every image of a split, a file each, called by the content of its image.

    Args:
        checkpoint: a checkpoint file, or the id or directory of a run, whose best one is meant.
        dataset: its directory.
        split: the split; None means the only one, or ``val``.
        output: directory of the files; what is there for other images stays.
        device: where the detector runs.
        progress: where it is shown.

    Raises:
        InputError: YZ313 there is no such checkpoint or run; the data set or the checkpoint cannot be read.
        UsageError: YZ727 the directory cannot be made, YZ805 which split is meant cannot be told, YZ501 there is no
            such device.
    """
    from yolozu.artifacts.stored_outputs import file_of, write_stored_outputs
    from yolozu.predict.stored_outputs import outputs_of

    require_makeable("--output", output)
    path = teacher_checkpoint(checkpoint, where="--checkpoint")
    index = surveyed(dataset, split, progress).index
    written = set()
    for stored in outputs_of(index.records, path, device=device, progress=progress):
        name = file_of(stored.image_sha256)
        write_stored_outputs(output / name, stored)
        written.add(name)
    return WrittenOutputs(index.split, len(index), len(written), path)
