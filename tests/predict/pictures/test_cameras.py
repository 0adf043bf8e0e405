"""Which camera a picture has, and which it cannot have."""

from pathlib import Path

import numpy as np
import pytest

from yolozu.artifacts.camera_file import StatedCamera
from yolozu.errors import Finding
from yolozu.predict.pictures.cameras import ASSUMED_FOV_DEG, PictureCameras
from yolozu.predict.pictures.picture import Picture

K = (600.0, 610.0, 310.0, 250.0)


def of(cameras, width=640, height=480, focal_px=None):
    picture = Picture(Path("x"), "x", np.zeros((1, 1, 3), np.uint8), focal_px)
    found = cameras.of(picture, width, height)
    return found if found is None or isinstance(found, Finding) else (found.K_4.tolist(), found.origin)


def test_what_is_given_counts_before_exif_and_that_before_what_is_assumed():
    given = PictureCameras(StatedCamera(K, None), assumed_fov_deg=90)
    assert of(given, focal_px=500) == (list(K), "given")
    assert of(PictureCameras(assumed_fov_deg=90), focal_px=500) == ([500, 500, 320, 240], "exif")
    assert of(PictureCameras(assumed_fov_deg=90)) == ([pytest.approx(320)] * 2 + [320, 240], "assumed")
    assert of(PictureCameras()) is None
    assert of(PictureCameras(reads_exif=False), focal_px=500) is None


@pytest.mark.parametrize("size", [(640, 480), (480, 640)])
def test_the_assumed_focal_length_is_as_long_as_the_longer_side(size):
    assert of(PictureCameras(assumed_fov_deg=ASSUMED_FOV_DEG), *size)[0][0] == pytest.approx(640)


@pytest.mark.parametrize(
    ("stated", "size", "said"),
    [
        (
            (640, 480), (320, 240),
            "YZ645 is the camera of pictures of 640x480 px, this one has 320x240\n"
            "  fix: if they are such pictures, resized, it is 300,305,155,125",
        ),
        (
            (640, 480), (480, 640),
            "YZ645 is the camera of pictures of 640x480 px, this one has 480x640\n"
            "  fix: predict pictures of its size, as the camera took them",
        ),
        (
            None, (1280, 960),
            "YZ645 has its principal point at 310, 250, far from the middle of this picture of 1280x960 px\n"
            "  fix: give that for pictures of this size; of cropped ones in a file that states width and height",
        ),
    ],
)  # fmt: skip
def test_a_camera_of_pictures_of_another_size_is_a_finding(stated, size, said):
    found = of(PictureCameras(StatedCamera(K, stated), "K.json"), *size)
    assert found.render() == f"K.json: {said}"


def test_a_stated_size_allows_any_principal_point():
    cropped = StatedCamera((600, 600, 20, 30), (640, 480))
    assert of(PictureCameras(cropped))[1] == "given"


def test_it_is_told_for_the_record():
    assert PictureCameras(StatedCamera(K, None)).describe() == {"from": "given", "K": list(K)}
    assert PictureCameras().describe() == {"from": "exif", "otherwise_assumed_fov_deg": None}
