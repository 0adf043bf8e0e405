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
from yolozu.artifacts.onnx_metadata import POSE_OUTPUTS, SIGMA_OUTPUTS, OnnxMetadata
from yolozu.artifacts.parity_report import Thresholds
from yolozu.data.index import DataIndex
from yolozu.errors import InputError
from yolozu.export.onnx import write_onnx
from yolozu.export.parity import check_parity
from yolozu.progress import SilentProgress

LIMITS = Thresholds(score_atol=1e-4, bbox_atol=1e-4, rot_deg=0.1, t_mm=0.1)


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


def test_a_model_without_pose_has_no_differences_of_poses(exported):
    report = parity(exported.checkpoint, exported.onnx, exported.index, images=1)
    assert (report.matched.rot_deg_max, report.matched.t_mm_max) == (None, None)
    assert report.inputs.images_without_camera is None


def test_poses_are_compared_through_each_image_s_camera_or_a_stand_in(exported_pose):
    report = parity(exported_pose.checkpoint, exported_pose.onnx, exported_pose.index)
    assert report.passed, report.reason
    assert report.reason.endswith(", 1 of them with a stand-in for the camera, which is not known")
    assert report.inputs.images_without_camera == 1
    assert set(report.outputs) == {"pred_logits", "pred_boxes", *POSE_OUTPUTS, *SIGMA_OUTPUTS}
    assert 0.0 < report.matched.rot_deg_max < 1e-2
    assert 0.0 < report.matched.t_mm_max < 5e-2


@pytest.mark.parametrize(
    ("head", "change", "sentence"),
    [
        ("decoder.pose_heads.rot6d.1.mlp", lambda value: np.roll(value, 3, axis=0), "pred_rot6d turn an object by 1"),
        ("decoder.pose_heads.offsets.1.mlp", lambda value: 1.01 * value, "pred_offsets move an object by "),
        ("decoder.pose_heads.log_z.1.mlp", lambda value: 1.001 * value, "pred_log_z move an object by "),
        ("k_head.mlp", lambda value: 1.001 * value, "pred_k_delta move an object by "),
        ("decoder.pose_heads.log_sigma_z.1.mlp", lambda value: 1.01 * value, "pred_log_sigma_z differ by 0.00"),
    ],
)
def test_a_pose_head_that_is_slightly_wrong_is_named_with_what_it_does(exported_pose, tmp_path, head, change, sentence):
    weights, path = read_checkpoint(exported_pose.checkpoint).weights, tmp_path / "model.onnx"
    path.write_bytes(exported_pose.onnx.read_bytes())
    for name in ("weight", "bias"):
        value = weights[f"{head}.layers.2.{name}"].numpy()
        replace_tensor(path, path, value, change(value).astype(np.float32))
    report = parity(exported_pose.checkpoint, path, exported_pose.index)
    assert not report.passed
    assert report.reason.startswith(sentence)
    assert " (tolerance 0." in report.reason


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
