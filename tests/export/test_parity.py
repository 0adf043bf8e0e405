from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest
from PIL import Image

from tests.fixtures.exported import random_checkpoint
from tests.fixtures.perturbed import replace_tensor
from yolozu.artifacts.checkpoint import read_checkpoint, write_checkpoint
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.onnx_metadata import OnnxMetadata
from yolozu.artifacts.parity_report import Thresholds
from yolozu.data.index import DataIndex
from yolozu.errors import InputError
from yolozu.export.onnx import write_onnx
from yolozu.export.parity import check_parity
from yolozu.progress import SilentProgress

LIMITS = Thresholds(score_atol=1e-4, bbox_atol=1e-4)


def parity(checkpoint, onnx_path, index, *, images=8, policy="fail"):
    return check_parity(
        checkpoint, onnx_path, index, thresholds=LIMITS, policy=policy, images=images, progress=SilentProgress()
    )


def test_a_correct_export_passes_on_every_image_at_both_batch_sizes(exported):
    report = parity(exported.checkpoint, exported.onnx, exported.index)
    assert report.passed
    assert report.reason == (
        "all outputs within tolerance on 5 images at batch sizes 1 and 3 (the split has no more; 8 were asked for)"
    )
    assert report.inputs.images == [f"images/val/{number}.png" for number in range(5)]
    assert (report.inputs.images_requested, report.inputs.batch_sizes) == (8, [1, 3])
    assert max(report.outputs["pred_logits"].max, report.outputs["pred_boxes"].max) < 1e-5
    # 5 images alone, and in two batches of three: the second one is filled up.
    assert report.matched.pairs == (5 + 6) * 20
    assert (report.matched.unmatched, report.matched.label_flips, report.selection.other) == (0, 0, 0)
    assert report.matched.iou_min > 0.999
    assert report.onnx_sha256 == digest_file(exported.onnx)
    assert report.checkpoint_sha256 == digest_file(exported.checkpoint)
    assert report.onnxruntime.providers == ["CPUExecutionProvider"]


def test_one_image_is_enough(exported):
    report = parity(exported.checkpoint, exported.onnx, exported.index, images=1)
    assert report.reason == "all outputs within tolerance on 1 image at batch sizes 1 and 3"


@pytest.mark.parametrize(
    "name",
    [
        "encoder.attention.layers.0.attention.v_proj.weight",
        "selector.logits.weight",
        "decoder.heads.boxes.1.layers.2.bias",
    ],
)
def test_a_weight_that_is_slightly_wrong_fails(exported, tmp_path, name):
    value = read_checkpoint(exported.checkpoint).weights[name].numpy()
    noise = np.random.default_rng(0).standard_normal(value.shape).astype(np.float32)
    replace_tensor(exported.onnx, tmp_path / "model.onnx", value, value + 0.02 * noise)
    report = parity(exported.checkpoint, tmp_path / "model.onnx", exported.index, policy="warn")
    assert not report.passed
    assert "differ by" in report.reason
    assert report.policy == "warn"


def test_a_correct_export_passes_whichever_of_tied_proposals_each_network_chooses(exported, tmp_path):
    """A score head without weights ranks all proposals alike, and the two networks break ties differently."""
    checkpoint = read_checkpoint(exported.checkpoint)
    head = {name: checkpoint.weights[name] for name in ("selector.logits.weight", "selector.logits.bias")}
    tied = replace(checkpoint, weights={**checkpoint.weights, **{name: 0 * value for name, value in head.items()}})
    write_checkpoint(tmp_path / "best.pt", tied)
    path = tmp_path / "model.onnx"
    path.write_bytes(exported.onnx.read_bytes())
    for value in head.values():
        replace_tensor(path, path, value.numpy(), 0 * value.numpy())
    _relabel(path, checkpoint_sha256=digest_file(tmp_path / "best.pt"))

    report = parity(tmp_path / "best.pt", path, exported.index)
    assert report.passed, report.reason
    assert report.selection.tied + report.selection.reordered > 0
    assert (report.selection.other, report.matched.unmatched) == (0, 0)


def _relabel(path, **changes):
    model = onnx.load(path)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    write_onnx(path, model, replace(OnnxMetadata.from_properties(properties, where=str(path)), **changes))


def test_a_network_that_gives_no_numbers_fails(exported, tmp_path):
    model = onnx.load(exported.onnx)
    largest = max(model.graph.initializer, key=lambda entry: len(entry.raw_data))
    value = onnx.numpy_helper.to_array(largest)
    replace_tensor(exported.onnx, tmp_path / "model.onnx", value, np.full_like(value, np.nan))
    report = parity(exported.checkpoint, tmp_path / "model.onnx", exported.index, images=1)
    assert not report.passed
    assert report.reason.startswith("pred_logits are not finite on images/val/0.png at batch size 1; ")
    assert report.outputs["pred_logits"].max is None


def test_a_file_of_another_checkpoint_is_refused(exported, tmp_path):
    other = tmp_path / "other.pt"
    write_checkpoint(other, random_checkpoint(1))
    with pytest.raises(InputError) as refused:
        parity(other, exported.onnx, exported.index)
    assert str(refused.value) == (
        f"{exported.onnx}: YZ604 exported from another checkpoint than {other} (its checkpoint differ)\n"
        "  fix: export this checkpoint, or compare with the one the file came from"
    )


def test_a_split_without_images_is_refused(exported):
    index = exported.index
    with pytest.raises(InputError) as refused:
        parity(exported.checkpoint, exported.onnx, DataIndex(index.root, "val", index.classes, ()))
    assert str(refused.value) == (
        f"{index.root}: val: YZ606 the split has no images to compare the exported file on\n"
        "  fix: choose a val_split with images"
    )


@pytest.mark.parametrize("content", [b"", b"no model", None])
def test_a_file_that_is_no_onnx_file_is_refused(exported, tmp_path, content):
    path = tmp_path / "model.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        parity(exported.checkpoint, path, exported.index)
    assert refused.value.findings[0].code == "YZ602"


def test_an_image_that_cannot_be_read_is_named(exported, tmp_path):
    record = exported.index.records[0]
    broken = tmp_path / "broken.png"
    Image.new("RGB", (64, 64)).save(broken)
    broken.write_bytes(broken.read_bytes()[:60])
    index = replace(exported.index, records=(replace(record, path=broken),))
    with pytest.raises(InputError) as refused:
        parity(exported.checkpoint, exported.onnx, index)
    assert refused.value.findings[0].where == str(broken)
