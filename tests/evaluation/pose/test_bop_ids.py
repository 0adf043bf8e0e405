from __future__ import annotations

import pytest

from tests.evaluation.pose.scenes import BOX, Thing, View, index_of
from yolozu.errors import UsageError
from yolozu.evaluation.pose.bop_ids import image_keys, of_camera, require_one_camera, stated_keys

VIEWS = [View([Thing(BOX)])] * 3
BOP_NAMES = "test/000048/rgb/{:06d}.png".format
CAMERAS = ["000001/rgb_cam1/000007", "000001/rgb_cam2/000007", "000001/gray1/000007"]


def of_cameras():
    return index_of(VIEWS, names=lambda place: f"test/{CAMERAS[place]}.png")


def test_ids_are_those_of_bops_paths_and_else_by_order():
    assert image_keys(index_of(VIEWS, names=BOP_NAMES)) == [(48, 0), (48, 1), (48, 2)]
    assert image_keys(index_of(VIEWS)) == [(0, 0), (0, 1), (0, 2)]
    prepared = index_of(VIEWS, names="images/test/000048/{:06d}.png".format)
    assert image_keys(prepared) == [(48, 0), (48, 1), (48, 2)]
    assert image_keys(index_of(VIEWS, names="images/test/48/{:06d}.png".format)) == [(0, 0), (0, 1), (0, 2)]
    assert image_keys(index_of(VIEWS, names=lambda place: f"{place}/000001/rgb/000007.png")) == [(0, 0), (0, 1), (0, 2)]
    for name in (
        "test/000048/rgb_cam1/{:06d}.png",
        "test/000048/gray1/{:06d}.png",
        "images/test/000048_cam1/{:06d}.png",
    ):
        assert image_keys(index_of(VIEWS, names=name.format)) == [(48, 0), (48, 1), (48, 2)]
    assert image_keys(index_of(VIEWS[:1], names="val/000003/gray/000011.tif".format)) == [(3, 11)]


def test_images_of_several_cameras_share_their_ids():
    index = of_cameras()
    assert stated_keys(index) == [(1, 7)] * 3
    assert image_keys(index) == [(0, 0), (0, 1), (0, 2)]
    for camera, place in (("cam1", 0), ("cam2", 1), ("gray1", 2)):
        chosen = of_camera(index, camera)
        assert [record.image for record in chosen.records] == [index.records[place].image]
        assert image_keys(chosen) == [(1, 7)]
    assert of_camera(index, None) is index


def test_results_without_a_camera_are_refused_where_there_are_several():
    require_one_camera(index_of(VIEWS, names=BOP_NAMES), "r.csv")
    require_one_camera(index_of(VIEWS), "r.csv")
    with pytest.raises(UsageError) as caught:
        require_one_camera(of_cameras(), "r.csv")
    assert str(caught.value) == (
        "r.csv: YZ806 BOP results name scene and image, and each was taken by several cameras: cam1, cam2, gray1\n"
        "  fix: say which with --camera cam1"
    )


def test_a_camera_that_took_no_image_is_refused():
    with pytest.raises(UsageError) as caught:
        of_camera(of_cameras(), "cam3")
    assert str(caught.value) == (
        "--camera: YZ806 split 'val' has no image of a camera 'cam3'\n  fix: choose one of: cam1, cam2, gray1"
    )
    with pytest.raises(UsageError, match="leave it out: the images' paths name no camera"):
        of_camera(index_of(VIEWS), "cam1")
