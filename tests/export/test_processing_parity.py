"""The gate of files with processing inside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest

from tests.fixtures.perturbed import save_changed
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.parity_report import Thresholds
from yolozu.data.detections import camera_of
from yolozu.export.processing_parity import ProcessingNetwork, compare_processing, stand_in_cameras
from yolozu.export.with_processing import write_with_processing
from yolozu.model.onnx_network import OnnxNetwork
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.onnxruntime import OnnxRuntimeAdapter
from yolozu.progress import SilentProgress

LIMITS = Thresholds(score_atol=1e-4, bbox_atol=1e-4, rot_deg=0.1, t_mm=0.1)


@pytest.fixture
def processed(exported_pose, tmp_path):
    path = tmp_path / "model.with_processing.onnx"
    write_with_processing(exported_pose.onnx, path)
    return path


def compared(files, path, expected=None):
    records = stand_in_cameras(files.index.records)
    request = AdapterRequest(None, SilentProgress(), onnx=files.onnx, batch_size=1)
    return compare_processing(
        path,
        OnnxNetwork(files.onnx, threads=1).metadata if expected is None else expected,
        records,
        OnnxRuntimeAdapter.open(request).predict(records),
        thresholds=LIMITS,
        threads=1,
        progress=SilentProgress(),
    )


def test_a_file_as_it_is_written_passes_with_its_poses(exported_pose, processed):
    found = compared(exported_pose, processed)
    assert (found.passed, found.reason) == (True, "the same detections on 5 images")
    assert found.pairs > 100
    assert (found.unmatched, found.tied) == (0, 0)
    assert max(found.score_max, found.box_max, found.rot_deg_max) < 1e-4
    assert 0.0 < found.t_mm_max < 1e-2
    assert found.onnx_sha256 == digest_file(processed)


def test_so_does_one_without_pose_heads(exported, tmp_path):
    path = tmp_path / "model.with_processing.onnx"
    write_with_processing(exported.onnx, path)
    found = compared(exported, path)
    assert found.passed
    assert (found.rot_deg_max, found.t_mm_max) == (None, None)


CHANGES = {
    "levels": (np.array(114, np.uint8), np.array(90, np.uint8), "differ by "),
    "categories": (
        np.array([1, 3, 7]),
        np.array([1, 3, 9]),
        " detections have no counterpart, most of them on images/",
    ),
    "sides": (np.array([96.0, 64.0] * 2), np.array([96.0, 65.0] * 2), "boxes differ by 0.0"),
    "threshold": (np.array(0.001), np.array(0.3), " detections have no counterpart"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_graph_that_processes_otherwise_is_named_with_what_differs(exported_pose, processed, name):
    old, new, sentence = CHANGES[name]
    model, changed = onnx.load(processed), 0
    for entry in model.graph.initializer:
        value = onnx.numpy_helper.to_array(entry)
        if entry.name.startswith("processing/") and value.dtype == old.dtype and np.array_equal(value, old):
            entry.CopyFrom(onnx.numpy_helper.from_array(new.astype(old.dtype), entry.name))
            changed += 1
    assert changed == 1
    save_changed(model, processed)
    found = compared(exported_pose, processed)
    assert not found.passed
    assert sentence in found.reason
    assert found.reason.endswith("; compared on 5 images")


def test_a_changed_bit_does_not_pass_whatever_it_finds(exported_pose, processed):
    model = onnx.load(processed)
    model.graph.name = "other"
    onnx.save(model, processed)
    found = compared(exported_pose, processed)
    assert found.reason.startswith("its graph, weights or metadata are not those that were exported")


def test_a_file_of_another_network_is_told(exported_pose, processed):
    network = ProcessingNetwork(processed, threads=1)
    found = compared(exported_pose, processed, replace(network.metadata, processing=False, checkpoint_sha256="0"))
    assert found.reason.startswith("it tells of another network than the exported file beside it; ")


def test_images_without_a_camera_get_one(exported_pose):
    records = exported_pose.index.records
    (*known, stand_in) = stand_in_cameras(records)
    assert [camera_of(one) for one in known] == [camera_of(one) for one in records[:-1]]
    assert camera_of(stand_in).tolist() == [200.0, 200.0, 100.0, 50.0]
