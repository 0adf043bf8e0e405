from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest

from tests.fixtures.exported import CLASSES
from tests.fixtures.perturbed import save_changed
from yolozu.errors import InputError, UsageError
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.onnxruntime import OnnxRuntimeAdapter
from yolozu.predict.adapters.rtdetr_pose import RtdetrPoseAdapter
from yolozu.progress import SilentProgress
from yolozu.structures.classes import ClassTable


@pytest.fixture
def options(exported):
    return AdapterRequest(
        classes=CLASSES,
        progress=SilentProgress(),
        checkpoint=exported.checkpoint,
        onnx=exported.onnx,
        batch_size=2,
        score_threshold=0.0,
        max_detections=20,
    )


def test_torch_and_onnx_runtime_agree(exported, options):
    records = exported.index.records
    torch_found = RtdetrPoseAdapter.open(options).predict(records)
    onnx_found = OnnxRuntimeAdapter.open(options).predict(records)
    for first, second in zip(torch_found, onnx_found, strict=True):
        assert (first.image, first.width, first.height) == (second.image, second.width, second.height)
        assert len(first) > 0
        assert first.class_ids.tolist() == second.class_ids.tolist()
        assert np.abs(first.scores - second.scores).max() <= 1e-3
        assert _iou(first.boxes_cxcywh, second.boxes_cxcywh).min() >= 0.99


def test_torch_and_onnx_runtime_agree_on_poses(exported_pose, options):
    files = replace(options, checkpoint=exported_pose.checkpoint, onnx=exported_pose.onnx)
    records = exported_pose.index.records
    torch_found = RtdetrPoseAdapter.open(files).predict(records)
    onnx_found = OnnxRuntimeAdapter.open(files).predict(records)
    for first, second in zip(torch_found, onnx_found, strict=True):
        assert first.intrinsics == second.intrinsics
        assert first.class_ids.tolist() == second.class_ids.tolist()
        assert len(first.fields()) == len(first) > 0
        for one, other in zip(first.fields(), second.fields(), strict=True):
            assert list(one) == list(other)
            assert np.array(one["R"]) == pytest.approx(np.array(other["R"]), abs=1e-4)
            for name in one.keys() - {"R"}:
                assert one[name] == pytest.approx(other[name], abs=1e-3), name
    assert all("t_xyz" in entry.fields()[0] for entry in onnx_found[:-1])
    assert "t_xyz" not in onnx_found[-1].fields()[0]


@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_the_batch_size_does_not_matter(exported, options, batch_size):
    reference = OnnxRuntimeAdapter.open(options).predict(exported.index.records)
    found = OnnxRuntimeAdapter.open(replace(options, batch_size=batch_size)).predict(exported.index.records)
    for first, second in zip(reference, found, strict=True):
        assert second.scores == pytest.approx(first.scores, abs=1e-6)


def test_all_but_the_path_comes_from_the_file(exported):
    """No checkpoint, no contract: preprocessing and classes are in the metadata."""
    bare = AdapterRequest(classes=None, progress=SilentProgress(), onnx=exported.onnx)
    found = OnnxRuntimeAdapter.open(bare).predict(exported.index.records)
    assert {class_id for entry in found for class_id in entry.class_ids.tolist()} <= {1, 3, 7}
    assert all(len(entry) for entry in found)


def test_a_model_of_other_classes_is_refused(options):
    with pytest.raises(InputError) as refused:
        OnnxRuntimeAdapter.open(replace(options, classes=ClassTable(("cup",), (1,))))
    assert refused.value.findings[0].code == "YZ611"


def test_a_file_of_another_checkpoint_is_refused(exported_pose, options):
    with pytest.raises(InputError) as refused:
        OnnxRuntimeAdapter.open(replace(options, checkpoint=exported_pose.checkpoint))
    assert str(refused.value) == (
        f"{options.onnx}: YZ604 exported from another checkpoint than {exported_pose.checkpoint}\n"
        "  fix: export this checkpoint again, or predict with the checkpoint that the file came from"
    )


def edited(exported, tmp_path, key, old, new):
    """The exported file with other words in its metadata."""
    model = onnx.load(exported.onnx)
    entry = next(entry for entry in model.metadata_props if entry.key == f"yolozu.{key}")
    assert old in entry.value
    entry.value = entry.value.replace(old, new)
    path = tmp_path / "edited.onnx"
    save_changed(model, path)
    return path


AGAIN = "  fix: export the model again from its checkpoint with this version of yolozu"


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (
            ("preprocess", '"height":64', '"height":32'),
            "holds metadata that contradicts itself: preprocessing gives images of 32x96 px, the input takes 64x96",
        ),
        (
            ("classes", ',{"id":7,"index":2,"name":"box"}', ""),
            "holds metadata that contradicts itself: the class table has 2 classes, the network 3",
        ),
        (
            ("schema_version", "2", "9"),
            "holds metadata that cannot be read (ValueError: schema_version 9, expected 2)",
        ),
    ],
)
def test_metadata_that_is_not_true_is_refused(exported, options, tmp_path, edit, problem):
    path = edited(exported, tmp_path, *edit)
    with pytest.raises(InputError) as refused:
        OnnxRuntimeAdapter.open(replace(options, onnx=path, checkpoint=None))
    assert str(refused.value) == f"{path}: YZ603 {problem}\n{AGAIN}"


def test_preprocessing_that_this_version_cannot_do_is_refused(exported, options, tmp_path):
    path = edited(exported, tmp_path, "preprocess", '"color":"rgb"', '"color":"bgr"')
    with pytest.raises(InputError) as refused:
        OnnxRuntimeAdapter.open(replace(options, onnx=path, checkpoint=None))
    said = str(refused.value)
    assert said.startswith(f"{path}: YZ208 its preprocessing is not done by this version: {{'color': 'bgr', ")
    assert said.endswith("\n  fix: use the file with the yolozu that wrote it, or make it again")


def test_what_is_no_exported_file_is_refused(exported, options, tmp_path):
    missing, text, cut, foreign = (tmp_path / name for name in ("missing", "text", "cut", "foreign"))
    text.write_text("no graph")
    cut.write_bytes(exported.onnx.read_bytes()[:1000])
    model = onnx.load(exported.onnx)
    del model.metadata_props[:]
    onnx.save(model, foreign)
    said = {}
    for path in (missing, text, cut, foreign):
        with pytest.raises(InputError) as refused:
            OnnxRuntimeAdapter.open(replace(options, onnx=path, checkpoint=None))
        (said[path],) = [(found.code, found.problem, found.fix) for found in refused.value.findings]
    again = "check the path, or export the model again from its checkpoint"
    assert said[missing] == ("YZ602", "no such file", again)
    for code, problem, fix in (said[text], said[cut]):
        assert (code, problem.partition(": ")[0], fix) == ("YZ602", "ONNX Runtime cannot load it", again)
    problem = "is an ONNX file without yolozu's metadata (classes, preprocessing)"
    assert said[foreign] == ("YZ603", problem, AGAIN.removeprefix("  fix: "))


def test_there_is_no_model_to_adapt(exported, options):
    adapter = OnnxRuntimeAdapter.open(options)
    assert not adapter.supports_ttt()
    with pytest.raises(UsageError) as refused:
        adapter.get_model()
    assert str(refused.value) == (
        "adapter 'onnxruntime': YZ613 it has no torch model\n  fix: use the adapter rtdetr_pose with a checkpoint"
    )
    with pytest.raises(UsageError):
        adapter.build_loader(exported.index.records, 2)


def test_a_device_that_onnx_runtime_was_not_built_for_is_refused(options, monkeypatch):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(UsageError) as refused:
        OnnxRuntimeAdapter.open(replace(options, device="cuda:1"))
    assert str(refused.value) == (
        f"device: cuda:1: YZ615 the installed ONNX Runtime {onnxruntime.__version__} has no CUDAExecutionProvider\n"
        "  fix: install onnxruntime-gpu, or predict with adapter: rtdetr_pose or device: cpu"
    )


def _iou(first_cxcywh, second_cxcywh):
    low = np.maximum(*(boxes[:, :2] - boxes[:, 2:] / 2 for boxes in (first_cxcywh, second_cxcywh)))
    high = np.minimum(*(boxes[:, :2] + boxes[:, 2:] / 2 for boxes in (first_cxcywh, second_cxcywh)))
    shared = np.prod(np.maximum(high - low, 0.0), axis=1)
    return shared / (np.prod(first_cxcywh[:, 2:], axis=1) + np.prod(second_cxcywh[:, 2:], axis=1) - shared)
