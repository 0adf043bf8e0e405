"""What a checkpoint says of images, query by query, to be stored for a later training."""

# Shapes: B images of a batch, Q queries, C classes.

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from yolozu.artifacts.checkpoint import read_checkpoint
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.stored_outputs import StoredOutputs
from yolozu.data.preprocess import Preprocess
from yolozu.errors import InputError
from yolozu.model.device import device_named
from yolozu.model.loading import detector_from
from yolozu.predict.adapters.rtdetr_pose import network_input
from yolozu.predict.batches import image_batches
from yolozu.system import available_cores

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from yolozu.progress import Progress
    from yolozu.structures.image_record import ImageRecord

BATCH_SIZE = 8
"""Images at a time: fixed, because the last bits of a product of matrices may depend on it."""


def outputs_of(
    records: Sequence[ImageRecord], checkpoint: Path, *, device: str, progress: Progress
) -> Iterator[StoredOutputs]:
    """The outputs for each image, in their order: of the whole picture, letterboxed as the checkpoint's training did.

    Raises:
        InputError: the checkpoint or an image cannot be used, YZ403 an output is not a finite number.
        UsageError: YZ501, there is no such device.
    """
    read, place = read_checkpoint(checkpoint), device_named(device)
    detector = detector_from(read).to(place)
    preprocess = Preprocess.from_json(read.preprocess, where=str(checkpoint))
    teacher = digest_file(checkpoint)
    batches = image_batches(records, preprocess, batch_size=BATCH_SIZE, threads=available_cores())
    with progress.bar("stored outputs", total=len(records)) as bar:
        for batch in batches:
            with torch.inference_mode():
                said = detector(network_input(batch.own.pixels_BHW3, preprocess, place))
            logits_BQC, boxes_BQ4 = said.pred_logits.float().cpu().numpy(), said.pred_boxes.float().cpu().numpy()
            for row, (record, placement) in enumerate(zip(batch.records, batch.own.placements, strict=True)):
                boxes_Q4 = placement.boxes_to_original(boxes_BQ4[row], clip=False).astype(np.float32)
                if not (np.isfinite(logits_BQC[row]).all() and np.isfinite(boxes_Q4).all()):
                    raise InputError.one(
                        "YZ403",
                        where=f"{checkpoint}: {record.image}",
                        problem="the detector gives numbers that are not finite",
                        fix="train again; a training that went wrong teaches nothing",
                    )
                sha256 = record.sha256 or digest_file(record.path)
                yield StoredOutputs(logits_BQC[row], boxes_Q4, read.classes.names, teacher, sha256)
            bar.advance(len(batch.records))
