"""Adapters on real pictures: merged, beside their layers and in an exported file they are one function."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from tests.fixtures.exported import LORA_CONFIG, OPSET, POSE_CONFIG, random_checkpoint
from yolozu.artifacts.checkpoint import read_checkpoint, write_checkpoint
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.parity_report import Thresholds
from yolozu.data.images import read_image
from yolozu.data.index import DataIndex
from yolozu.data.preprocess import Preprocess
from yolozu.export.onnx import export_onnx
from yolozu.export.parity import check_parity
from yolozu.model.loading import detector_from
from yolozu.model.lora import has_lora, merge_lora
from yolozu.model.onnx_network import OnnxNetwork
from yolozu.progress import SilentProgress
from yolozu.structures.classes import ClassTable
from yolozu.structures.image_record import ImageRecord

pytestmark = pytest.mark.slow

PHOTOS = 6
LIMITS = Thresholds(score_atol=1e-5, bbox_atol=1e-5, rot_deg=1e-2, t_mm=1e-2)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A checkpoint whose adapters are not zero, and the file exported from it."""
    root = tmp_path_factory.mktemp("adapted")
    saved = random_checkpoint(0, config=LORA_CONFIG)
    write_checkpoint(root / "best.pt", saved)
    export_onnx(root / "best.pt", onnx_path=root / "model.onnx", meta_path=root / "meta.json", opset=OPSET)
    return root / "best.pt", root / "model.onnx"


def photos(real_data, classes: ClassTable) -> DataIndex:
    records = []
    for path in sorted((real_data / "coco128/images/train2017").glob("*.jpg"))[:PHOTOS]:
        with Image.open(path) as image:
            width, height = image.size
        records.append(
            ImageRecord(
                image=path.name, path=path, width=width, height=height, sha256=digest_file(path),
                class_indices=np.empty(0, dtype=np.int64), boxes_cxcywh=np.empty((0, 4)),
                is_crowd=np.empty(0, dtype=np.bool_), areas_px=np.empty(0),
            )
        )  # fmt: skip
    return DataIndex(real_data / "coco128", "train2017", classes, tuple(records))


def network_inputs(index: DataIndex, preprocess: Preprocess) -> np.ndarray:
    canvases = [preprocess.letterbox(read_image(record.path))[0] for record in index.records]
    return preprocess.to_network(np.stack(canvases))


def test_on_real_pictures_merged_unmerged_and_exported_agree_to_1e_5(files, real_data):
    checkpoint = read_checkpoint(files[0])
    images = network_inputs(photos(real_data, checkpoint.classes), Preprocess.from_json(checkpoint.preprocess))
    adapted, merged = detector_from(checkpoint), detector_from(checkpoint)
    assert merge_lora(merged)
    with torch.inference_mode():
        beside = {name: values.numpy() for name, values in adapted(torch.from_numpy(images)).named().items()}
        within = {name: values.numpy() for name, values in merged(torch.from_numpy(images)).named().items()}
    exported = OnnxNetwork(files[1], threads=1)(images)
    assert has_lora(adapted)
    assert set(beside) == set(within) == set(exported) > {"pred_logits", "pred_boxes"}
    for others in (within, exported):
        for name, values in beside.items():
            assert np.abs(values - others[name]).max() <= 1e-5 * max(1.0, np.abs(values).max()), name


def test_the_parity_gate_compares_the_file_with_adapters_beside_their_layers(files, real_data):
    index = photos(real_data, read_checkpoint(files[0]).classes)
    report = check_parity(
        files[0], files[1], index, thresholds=LIMITS, policy="fail", images=PHOTOS, progress=SilentProgress()
    )
    assert report.passed, report.reason
    assert report.matched.label_flips == 0


def test_an_exported_file_shows_nothing_of_adapters(files, tmp_path):
    plain = random_checkpoint(0, config=POSE_CONFIG)
    write_checkpoint(tmp_path / "plain.pt", plain)
    export_onnx(
        tmp_path / "plain.pt", onnx_path=tmp_path / "plain.onnx", meta_path=tmp_path / "plain.json", opset=OPSET
    )
    ours, theirs = (onnx.load(path).graph for path in (files[1], tmp_path / "plain.onnx"))
    assert [node.op_type for node in ours.node] == [node.op_type for node in theirs.node]
    shapes = [sorted(tuple(tensor.dims) for tensor in graph.initializer) for graph in (ours, theirs)]
    assert shapes[0] == shapes[1]


def test_adapters_that_were_forgotten_fail_the_gate(files, tmp_path):
    """The gate is no tautology: without what the adapters learned, the file is another."""
    checkpoint = read_checkpoint(files[0])
    zeroed = {name: value * 0 if "lora_up" in name else value for name, value in checkpoint.weights.items()}
    write_checkpoint(tmp_path / "zero.pt", replace(checkpoint, weights=zeroed))
    export_onnx(tmp_path / "zero.pt", onnx_path=tmp_path / "m.onnx", meta_path=tmp_path / "m.json", opset=OPSET)
    images = np.random.default_rng(0).random((1, 3, 64, 96), dtype=np.float32)
    ours, theirs = (OnnxNetwork(path, threads=1)(images)["pred_logits"] for path in (files[1], tmp_path / "m.onnx"))
    assert np.abs(ours - theirs).max() > 1e-2
