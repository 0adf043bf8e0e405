"""What a checkpoint says of images, in the frame of the images."""

import numpy as np
import pytest

from yolozu.artifacts.checkpoint import read_checkpoint, write_checkpoint
from yolozu.artifacts.digest import digest_file
from yolozu.data.images import read_image
from yolozu.data.preprocess import Preprocess
from yolozu.errors import InputError
from yolozu.model.loading import detector_from
from yolozu.predict.adapters.rtdetr_pose import network_input
from yolozu.predict.stored_outputs import outputs_of
from yolozu.progress import SilentProgress


def said(exported, checkpoint=None):
    path = exported.checkpoint if checkpoint is None else checkpoint
    return list(outputs_of(exported.index.records, path, device="cpu", progress=SilentProgress()))


def test_they_are_the_networks_own_with_boxes_in_the_image(exported):
    found = said(exported)
    checkpoint, records = read_checkpoint(exported.checkpoint), exported.index.records
    detector, preprocess = detector_from(checkpoint), Preprocess.from_json(checkpoint.preprocess, where="here")
    assert len(found) == len(records)
    for record, stored in zip(records, found, strict=True):
        canvas, placement = preprocess.letterbox(read_image(record.path))
        output = detector(network_input(canvas[None], preprocess, next(detector.parameters()).device))
        np.testing.assert_allclose(stored.logits_QC, output.pred_logits[0].detach().numpy(), atol=1e-4)
        np.testing.assert_allclose(
            placement.boxes_to_input(stored.boxes_Q4), output.pred_boxes[0].detach().numpy(), atol=1e-4
        )
        assert (stored.image_sha256, stored.teacher_sha256) == (record.sha256, digest_file(exported.checkpoint))
        assert stored.class_names == checkpoint.classes.names


def test_they_are_the_same_each_time(exported):
    for first, second in zip(said(exported), said(exported), strict=True):
        assert np.array_equal(first.logits_QC, second.logits_QC)
        assert np.array_equal(first.boxes_Q4, second.boxes_Q4)


def test_numbers_that_are_not_finite_are_not_stored(exported, tmp_path):
    checkpoint = read_checkpoint(exported.checkpoint)
    for name, tensor in checkpoint.weights.items():
        if name.endswith("heads.logits.1.bias"):
            tensor.fill_(float("nan"))
    write_checkpoint(tmp_path / "bad.pt", checkpoint)
    with pytest.raises(InputError, match="YZ403"):
        said(exported, tmp_path / "bad.pt")
