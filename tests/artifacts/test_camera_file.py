"""Every form in which a camera is stated, and what is none."""

import json

import pytest

from yolozu.artifacts.camera_file import StatedCamera, read_camera_file

K = (600.0, 610.0, 310.0, 250.0)
MATRIX = [600, 0, 310, 0, 610, 250, 0, 0, 1]
OPENCV = """%YAML:1.0
---
calibration_time: "Sun 29 Nov 2026"
image_width: 640
image_height: 480
camera_matrix: !!opencv-matrix
   rows: 3
   cols: 3
   dt: d
   data: [ 600., 0., 309.5, 0., 610., 249.5, 0., 0., 1. ]
distortion_coefficients: !!opencv-matrix
   rows: 5
   cols: 1
   dt: d
   data: [ 0., 0., 0., 0., 0. ]
"""


def read(tmp_path, text):
    path = tmp_path / "camera"
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    return read_camera_file(path)


@pytest.mark.parametrize(
    "text",
    [
        list(K), {"fx": 600, "fy": 610, "cx": 310, "cy": 250}, MATRIX, [MATRIX[:3], MATRIX[3:6], MATRIX[6:]],
        "600 0 310\n0 610 250\n0 0 1\n", "600, 610, 310, 250", {"cam_K": [600, 0, 309.5, 0, 610, 249.5, 0, 0, 1]},
    ],
)  # fmt: skip
def test_forms_without_a_size(tmp_path, text):
    assert read(tmp_path, text) == StatedCamera(K, None)


@pytest.mark.parametrize(
    "text",
    [
        {"fx": 600, "fy": 610, "cx": 309.5, "cy": 249.5, "depth_scale": 0.1, "width": 640, "height": 480},
        OPENCV, OPENCV.replace("!!opencv-matrix", "").partition("---\n")[2],
        {"image_width": 640, "image_height": 480, "camera_matrix": {"type_id": "opencv-matrix", "rows": 3, "cols": 3,
         "dt": "d", "data": [600, 0, 309.5, 0, 610, 249.5, 0, 0, 1]}},
    ],
)  # fmt: skip
def test_calibrations_of_bop_opencv_and_ros_have_a_size_and_count_from_the_middle_of_a_px(tmp_path, text):
    assert read(tmp_path, text) == StatedCamera(K, (640, 480))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OPENCV.replace("data: [ 0.,", "data: [ .1,"), "has lens distortion"),
        ({"fx": 600, "fy": 610}, "is no camera: write"),
        (
            {**dict(zip(("fx", "fy", "cx", "cy"), K, strict=True)), "width": 640.5, "height": 480},
            "which no picture has",
        ),
        ("{", "is neither JSON nor YAML: "),
        ("600 0 x", "could not convert"),
        ("", "is no camera"),
    ],
)
def test_what_is_no_camera_is_told(tmp_path, text, said):
    with pytest.raises(ValueError, match=said):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ValueError, match="No such file or directory"):
        read_camera_file(tmp_path / "gone.json")
