"""Golden vectors: what ONNX Runtime makes of pictures that follow from whole numbers alone."""

from __future__ import annotations

import hashlib
import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from tests.export.test_file_alone import own
from tests.fixtures.exported import PREPROCESS
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.golden_vectors import GOLDEN, read_golden
from yolozu.artifacts.record import schema_of
from yolozu.data.images import read_image
from yolozu.errors import InputError
from yolozu.export.golden import MOST, pixels_of_integers, synthetic_pictures, widest_gap, write_golden_vectors


@pytest.fixture(scope="module")
def golden(exported_pose, tmp_path_factory):
    directory = tmp_path_factory.mktemp("golden") / "golden"
    return write_golden_vectors(exported_pose.onnx, directory), directory


def test_pictures_follow_from_whole_numbers_and_are_of_every_kind(golden):
    told, directory = golden
    assert [(picture.file, picture.width, picture.height) for picture in told.pictures] == [
        ("wide.png", 129, 33),
        ("tall.png", 33, 81),
        ("small.png", 37, 23),
        ("alpha.png", 47, 59),
        ("gray16.png", 53, 41),
    ]
    modes = []
    for picture in told.pictures:
        with Image.open(directory / picture.file) as image:
            modes.append(image.mode)
    assert modes == ["RGB", "RGB", "RGB", "RGBA", "I;16"]
    assert {path.name for path in directory.iterdir()} == {GOLDEN, *(picture.file for picture in told.pictures)}


def test_levels_are_the_known_ones():
    digests = {
        picture.name: hashlib.sha256(pixels_of_integers(picture).astype("<u2").tobytes()).hexdigest()[:8]
        for picture in synthetic_pictures(PREPROCESS)
    }
    assert digests == KNOWN


KNOWN = {"wide": "b4c4f378", "tall": "72c8203c", "small": "9ffa3db6", "alpha": "7dcb797c", "gray16": "8ec0e165"}


def test_the_input_is_that_of_yolozu(golden):
    told, directory = golden
    for picture in told.pictures:
        canvas, placement = PREPROCESS.letterbox(read_image(directory / picture.file))
        images = PREPROCESS.to_network(canvas[None])
        assert picture.input.levels_sha256 == hashlib.sha256(canvas.tobytes()).hexdigest()
        assert picture.input.images_sha256 == hashlib.sha256(images.tobytes()).hexdigest()
        assert picture.input.pad_px == [placement.pad_x_px, placement.pad_y_px]
        assert len(picture.input.samples) == 9
        for row, column, *levels in picture.input.samples:
            assert canvas[row, column].tolist() == levels


def test_detections_are_those_of_the_adapter(golden, exported_pose):
    told, directory = golden
    for picture in told.pictures:
        expected = own(exported_pose.onnx, directory / picture.file)
        expected = expected[expected[:, 1] >= picture.score_threshold]
        listed = np.array([[one.class_id, one.score, *one.box_xyxy_px] for one in picture.detections])
        assert 1 <= len(listed) <= MOST
        assert listed == pytest.approx(expected, abs=1e-6 * max(picture.width, picture.height))
        R = np.array([one.R for one in picture.detections])
        assert R @ R.swapaxes(1, 2) == pytest.approx(np.broadcast_to(np.eye(3), R.shape), abs=1e-9)
        assert all(one.t_m is not None and one.t_m[2] > 0.0 for one in picture.detections)


def test_the_file_is_bound_to_the_exported_one_and_of_its_schema(golden, exported_pose):
    told, directory = golden
    assert told.onnx_sha256 == digest_file(exported_pose.onnx)
    assert read_golden(directory) == told
    assert set(json.loads((directory / GOLDEN).read_text())) == set(schema_of(type(told))["properties"])


def test_without_pose_heads_there_are_no_poses(exported, tmp_path):
    told = write_golden_vectors(exported.onnx, tmp_path / "golden")
    assert {picture.camera for picture in told.pictures} == {None}
    assert {(one.R, one.t_m) for picture in told.pictures for one in picture.detections} == {(None, None)}


@pytest.mark.parametrize(
    ("scores", "threshold"),
    [
        ([0.9, 0.8, 0.3, 0.2], 0.55),
        ([0.9], 0.45),
        ([0.9, 0.9 - 1e-9, 0.8], 0.4),
        ([0.9] * MOST + [0.5], 0.7),
        ([0.9, *[0.2] * MOST, 0.0], 0.55),
    ],
)
def test_lists_end_where_scores_fall_most(scores, threshold):
    assert widest_gap(np.array(scores[: MOST + 1])) == pytest.approx(threshold)


def test_a_damaged_one_is_told_with_every_place(golden, tmp_path):
    _, directory = golden
    shutil.copytree(directory, tmp_path / "golden")
    path = tmp_path / "golden" / GOLDEN
    path.write_text(re.sub(r'"(camera|kind)":', r'"\1s":', path.read_text(), count=2))
    with pytest.raises(InputError) as refused:
        read_golden(tmp_path / "golden")
    assert {finding.code for finding in refused.value.findings} == {"YZ652"}
    assert len(refused.value.findings) == 4
