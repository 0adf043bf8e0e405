from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.fixtures.exported import CLASSES, PREPROCESS
from yolozu.artifacts.onnx_metadata import InputSizes, OnnxMetadata
from yolozu.contract.sections.predict import TtaSection
from yolozu.errors import InputError, UsageError
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.exported_file import ExportedFileAdapter
from yolozu.progress import SilentProgress
from yolozu.structures.classes import ClassTable
from yolozu.structures.image_record import ImageRecord

METADATA = OnnxMetadata(
    yolozu_version="0",
    opset=18,
    input_shapes={"images": ("batch", 3, 64, 96)},
    output_shapes={"pred_logits": ("batch", 1, 3), "pred_boxes": ("batch", 1, 4)},
    classes=CLASSES,
    preprocess=PREPROCESS.to_json(),
    contract_digest="c",
    checkpoint_sha256="c",
)


class Constant:
    """A runtime that answers the same to every picture, and keeps the sizes that it was shown."""

    def __init__(self, metadata):
        self.metadata = metadata
        self.shown = []

    def __call__(self, images):
        self.shown.append(images.shape[2:])
        count = len(images)
        logits, boxes = np.array([[[2.0, -9.0, -9.0]]]), np.array([[[0.5, 0.5, 0.25, 0.5]]])
        return {"pred_logits": np.repeat(logits, count, 0), "pred_boxes": np.repeat(boxes, count, 0)}

    def describe(self):
        return {"constant": "1"}


def opened(path, metadata=METADATA, **options):
    network = Constant(metadata)

    class Adapter(ExportedFileAdapter):
        @classmethod
        def load(cls, path, request):
            assert request.onnx == path
            return network

    path.write_bytes(b"")
    return network, Adapter.open(AdapterRequest(options.pop("classes", None), SilentProgress(), onnx=path, **options))


def record():
    none, pixels = np.empty(0), np.zeros((64, 96, 3), np.uint8)
    return replace(
        ImageRecord("p", None, 96, 64, "", none.astype(np.int64), none.reshape(0, 4), none.astype(bool), none),
        pixels_HW3=pixels,
    )


def test_what_the_runtime_answers_becomes_detections(tmp_path):
    _, adapter = opened(tmp_path / "m.onnx")
    (found,) = adapter.predict([record()])
    assert found.class_ids.tolist() == [1]
    assert found.boxes_cxcywh == pytest.approx(np.array([[0.5, 0.5, 0.25, 0.5]]))
    assert adapter.describe()["constant"] == "1"


def test_a_file_for_other_classes_is_refused(tmp_path):
    with pytest.raises(InputError) as refused:
        opened(tmp_path / "m.onnx", classes=ClassTable(("tree",), (0,)))
    assert {finding.code for finding in refused.value.findings} == {"YZ611"}


LARGER = TtaSection(tta=True, tta_mode="model", tta_scales=(1.0, 1.5), tta_rotations_deg=(0.0,))
FREE = replace(
    METADATA, input_shapes={"images": ("batch", 3, "height", "width")}, input_sizes=InputSizes(32, 32, multiple_of=32)
)


def test_larger_views_are_for_files_of_free_height_and_width(tmp_path):
    with pytest.raises(UsageError) as refused:
        opened(tmp_path / "m.onnx", views=LARGER)
    assert refused.value.findings[0].code == "YZ622"
    network, adapter = opened(tmp_path / "m.onnx", FREE, views=LARGER)
    adapter.predict([record()])
    assert sorted(network.shown) == [(64, 96), (96, 160)]
