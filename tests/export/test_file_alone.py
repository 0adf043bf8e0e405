"""What an exported file says of itself is enough: the guide's reader knows nothing else, and predicts the same."""

from __future__ import annotations

import hashlib
import json
import random
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from tests.fixtures.exported import CLASSES, PREPROCESS
from yolozu.artifacts.onnx_metadata import OnnxMetadata, onnx_metadata_schema
from yolozu.artifacts.onnx_recipe import EPSILON_PX, RECIPE
from yolozu.data.images import read_image
from yolozu.data.placement import ROUNDING
from yolozu.export.onnx import write_onnx
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.onnxruntime import OnnxRuntimeAdapter
from yolozu.progress import SilentProgress
from yolozu.structures.image_record import ImageRecord

PAGE = Path(__file__).parents[2] / "docs/how-to/use-an-exported-file.md"
_random = random.Random(7)
SIZES = [
    (640, 479), (479, 640), (1, 1), (1, 500), (700, 2), (3, 7), (96, 64), (97, 65), (95, 63), (71, 96), (192, 128),
    (385, 3),
    *((_random.randint(5, 700), _random.randint(5, 700)) for _ in range(20)),
]  # fmt: skip


@pytest.fixture(scope="module")
def reader():
    """The functions of the guide."""
    code, *_ = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    return names


def pixels(width, height, channels=3):
    """A picture in which every pixel is another one, the same on every machine."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    return ((x * 7 + y * 13 + c * 59 + (x * y) % 31 * 5) % 256).astype(np.uint8)


def own(onnx_path, path):
    """Category id, score and corners in px of each detection, as yolozu predicts them."""
    height, width = read_image(path).shape[:2]
    none = np.empty(0)
    record = ImageRecord(
        path.name, path, width, height, "", none.astype(np.int64), none.reshape(0, 4), none.astype(bool), none
    )
    (entry,) = OnnxRuntimeAdapter.open(AdapterRequest(None, SilentProgress(), onnx=onnx_path)).predict([record])
    center, half = entry.boxes_cxcywh[:, :2], entry.boxes_cxcywh[:, 2:] / 2
    corners = np.concatenate([center - half, center + half], axis=1) * (width, height, width, height)
    return np.column_stack([entry.class_ids, entry.scores, corners])


def test_there_are_32_sizes():
    assert len(set(SIZES)) == 32


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_file_alone_gives_what_yolozu_predicts(exported, reader, tmp_path, size):
    path = tmp_path / "picture.png"
    Image.fromarray(pixels(*size)).save(path)
    found, expected = np.array(reader["predict"](str(exported.onnx), path)), own(exported.onnx, path)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-6 * max(size)


def exif(orientation):
    data = Image.Exif()
    data[0x0112] = orientation
    return data


KINDS = {
    "alpha.png": (Image.fromarray(pixels(37, 23, 4)), {}),
    "gray.png": (Image.fromarray(pixels(37, 23)[:, :, 0]), {}),
    "palette.png": (Image.fromarray(pixels(37, 23)).quantize(16), {}),
    "deep.png": (Image.fromarray(pixels(37, 23)[:, :, 0].astype(np.uint16) * 257), {}),
    "turned.jpg": (Image.fromarray(pixels(37, 23)), {"exif": exif(6)}),
    "flipped.png": (Image.fromarray(pixels(37, 23)), {"exif": exif(4)}),
    "cmyk.jpg": (Image.fromarray(pixels(37, 23)).convert("CMYK"), {}),
}


@pytest.mark.parametrize("name", KINDS)
def test_so_it_does_of_other_kinds_of_pictures(exported, reader, tmp_path, name):
    path = tmp_path / name
    picture, options = KINDS[name]
    picture.save(path, **options)
    found, expected = np.array(reader["predict"](str(exported.onnx), path)), own(exported.onnx, path)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-4


GOLDEN_INPUTS = {
    (37, 23): "143ae5f1de827cb1",
    (640, 479): "7f9d74f407a729f7",
    (71, 96): "eeb98bf50e255054",
    (3, 7): "c8027e0f208452da",
    (1, 500): "434f8769906b8142",
}
"""Size of a picture of `pixels` -> beginning of the SHA-256 of the network's input, in levels, of 96 by 64."""


@pytest.mark.parametrize("size", GOLDEN_INPUTS, ids=str)
def test_the_network_s_input_is_the_known_one(reader, size):
    recipe = {"preprocess": PREPROCESS.to_json(), **RECIPE}
    values = reader["network_input"](Image.fromarray(pixels(*size)), recipe)
    levels = np.rint(values[0].transpose(1, 2, 0) * 255).astype(np.uint8)
    assert np.array_equal(levels, PREPROCESS.letterbox(pixels(*size))[0])
    assert hashlib.sha256(levels.tobytes()).hexdigest()[:16] == GOLDEN_INPUTS[size]


LOGITS = [[2.0, -3.0, 0.5], [0.5, 0.5, -9.0], [4.0, -9.0, -9.0]]
BOXES = [[0.5, 0.5, 0.25, 0.5], [0.05, 0.95, 0.5, 0.5], [0.02, 0.5, 0.02, 0.1]]
GOLDEN_DETECTIONS = {
    # 96 by 64: s = min(96 / 48, 64 / 64) = 1, 24 columns at the left are free. The third query lies in them.
    (48, 64): [
        (1, 0.880797, 12.0, 16.0, 36.0, 48.0),
        (7, 0.622459, 12.0, 16.0, 36.0, 48.0),
        (1, 0.622459, 0.0, 44.8, 4.8, 64.0),
        (3, 0.622459, 0.0, 44.8, 4.8, 64.0),
        (3, 0.047426, 12.0, 16.0, 36.0, 48.0),
    ],
    # s = min(96 / 64, 64 / 40) = 1.5, 2 rows above are free.
    (64, 40): [
        (1, 0.982014, 0.64, 17.866667, 1.92, 22.133333),
        (1, 0.880797, 24.0, 9.333333, 40.0, 30.666667),
        (7, 0.622459, 24.0, 9.333333, 40.0, 30.666667),
        (1, 0.622459, 0.0, 28.533333, 19.2, 40.0),
        (3, 0.622459, 0.0, 28.533333, 19.2, 40.0),
        (3, 0.047426, 24.0, 9.333333, 40.0, 30.666667),
    ],
}


def test_known_outputs_become_known_detections(reader, tmp_path):
    """A graph that answers the same whatever it sees: what is left is the way back to the picture."""
    path = tmp_path / "constant.onnx"
    write_constant(path)
    picture = tmp_path / "picture.png"
    for size, expected in GOLDEN_DETECTIONS.items():
        Image.fromarray(pixels(*size)).save(picture)
        for found in (reader["predict"](str(path), picture), own(path, picture)):
            assert [tuple(row) for row in found] == [pytest.approx(row, abs=1e-5) for row in expected]


def write_constant(path):
    kinds, make = onnx.TensorProto, onnx.helper
    answers = {"pred_logits": LOGITS, "pred_boxes": BOXES}
    nodes = [make.make_node("ReduceMean", ["images", "axes"], ["mean"], keepdims=1)]
    nodes += [make.make_node("Mul", ["mean", "zero"], ["nothing"])]
    nodes += [make.make_node("Reshape", ["nothing", "shape"], ["rows"])]
    nodes += [make.make_node("Add", ["rows", f"{name}_of"], [name]) for name in answers]
    arrays = {f"{name}_of": np.array([values], np.float32) for name, values in answers.items()}
    arrays |= {"axes": np.array([1, 2, 3]), "zero": np.zeros((), np.float32), "shape": np.array([-1, 1, 1])}
    shapes = {name: ("batch", *np.shape(values)) for name, values in answers.items()}
    graph = make.make_graph(
        nodes,
        "constant",
        [make.make_tensor_value_info("images", kinds.FLOAT, ("batch", 3, 64, 96))],
        [make.make_tensor_value_info(name, kinds.FLOAT, shape) for name, shape in shapes.items()],
        [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    metadata = OnnxMetadata(
        yolozu_version="0",
        opset=18,
        input_shapes={"images": ("batch", 3, 64, 96)},
        output_shapes=shapes,
        classes=CLASSES,
        preprocess=PREPROCESS.to_json(),
        contract_digest="c",
        checkpoint_sha256="c",
    )
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 18)], ir_version=10)
    write_onnx(path, model, metadata)


def test_the_numbers_it_tells_are_those_of_the_code():
    assert EPSILON_PX == ROUNDING
    request = AdapterRequest(None, SilentProgress())
    told = RECIPE["detections"]
    assert (told["score_threshold"], told["max_detections"]) == (request.score_threshold, request.max_detections)


def test_the_json_beside_a_file_is_of_its_schema(exported, exported_pose):
    schema = onnx_metadata_schema()
    for files in (exported, exported_pose):
        meta = json.loads(files.meta.read_text())
        assert set(schema["required"]) | set(RECIPE) == set(meta)
        assert {name: meta[name] for name in RECIPE} == RECIPE
        for name, rule in schema["properties"].items():
            if "const" in rule:
                assert meta[name] == rule["const"]
