from tests.data.builders import write_bop, write_cameras, write_file, write_image, write_mask
from yolozu.data.layouts.bop_files import MM, bop_models, image_id, left_out, scenes_of, split_folders
from yolozu.data.layouts.mesh_files import ModelFiles


def _files(scene):
    return [path for listing in scene.listings() for path in listing.paths()]


def test_a_scene_has_images_by_number_and_files(tmp_path):
    root = write_bop(tmp_path, {}, {})
    write_mask(root / "train/000001/mask_visib/000000_000000.png", (0, 0, 1, 1))
    write_mask(root / "train/000001/mask/000000_000000.png", (0, 0, 1, 1))
    write_image(root / "train/000001/depth/000000.png")
    write_image(root / "train/000001/rgb/preview.png")
    (scene,) = scenes_of(root / "train")
    assert scene.images() == {number: f"{scene.pictures}/{number:06d}.png" for number in (0, 1)}
    assert [path.removeprefix(f"{scene.directory}/") for path in sorted(_files(scene))] == [
        "mask_visib/000000_000000.png",
        "rgb/000000.png",
        "rgb/000001.png",
        "scene_camera.json",
        "scene_gt.json",
        "scene_gt_info.json",
    ]


def test_folders_without_scenes_are_no_splits(tmp_path):
    root = write_bop(tmp_path, {}, scene="train/000001")
    write_file(root / "train/README", "")
    write_file(root / "notes/000001/a.txt", "")
    write_bop(root, {}, scene=".cache/000001")
    assert split_folders(root) == [root / "train"]
    assert [scene.directory.name for scene in scenes_of(root / "train")] == ["000001"]


def test_color_is_preferred_and_a_scene_without_images_is_none(tmp_path):
    root = write_bop(tmp_path, {}, scene="train/000001")
    write_image(root / "train/000001/gray/000000.png")
    write_bop(tmp_path, {}, scene="train/000002")
    (root / "train/000002/rgb").rename(root / "train/000002/depth")
    (scene,) = scenes_of(root / "train")
    assert scene.pictures.name == "rgb"


def test_models_are_in_mm(tmp_path):
    assert bop_models(tmp_path) is None
    assert bop_models(write_bop(tmp_path, {})) == ModelFiles(tmp_path / "models", MM)
    (tmp_path / "models").rename(tmp_path / "models_cad")
    assert bop_models(tmp_path) == ModelFiles(tmp_path / "models_cad", MM)


def test_an_image_id_is_a_number_however_it_is_written():
    assert [image_id(key) for key in ("12", "000012", " 12 ", "12.0")] == [12] * 4
    assert [image_id(key) for key in ("", "12.5", "-1", "1e1", "rgb/12", "٣", "1" * 5000)] == [None] * 7


def test_every_camera_of_a_scene_has_images_and_files_of_its_own(tmp_path):
    root = write_cameras(tmp_path, "train/000001", {"cam1": "rgb_cam1", "photoneo": "gray_photoneo", "gray1": "gray1"})
    write_mask(root / "train/000001/mask_visib_cam1/000000_000000.png", (0, 0, 1, 1))
    assert split_folders(root) == [root / "train"]
    scenes = {scene.camera: scene for scene in scenes_of(root / "train")}
    assert {name: scene.pictures.name for name, scene in scenes.items()} == {
        "cam1": "rgb_cam1",
        "gray1": "gray1",
        "photoneo": "gray_photoneo",
    }
    assert scenes["cam1"].name == "000001_cam1"
    assert [path.removeprefix(f"{root}/train/000001/") for path in sorted(_files(scenes["cam1"]))] == [
        "mask_visib_cam1/000000_000000.png",
        "rgb_cam1/000000.png",
        "rgb_cam1/000001.png",
        "scene_camera_cam1.json",
        "scene_gt_cam1.json",
        "scene_gt_info_cam1.json",
    ]


def test_what_is_no_scene_is_named_with_the_reason(tmp_path):
    root = write_bop(tmp_path, {}, scene="train/000001")
    for number in (2, 3):
        write_bop(root, {}, scene=f"train/00000{number}")
    (root / "train/000002/rgb").rename(root / "train/000002/depth")
    (root / "train/000003/scene_camera.json").unlink()
    write_cameras(root, "train/000004", {"cam1": "rgb_cam1"})
    write_file(root / "train/000004/scene_camera_cam2.json", "{}")
    assert left_out(root / "train") == [
        "000002 has cameras and no images (rgb or gray)",
        "000003 has no scene_camera.json",
        "000004 has no images of the camera cam2",
    ]


def test_of_two_pictures_with_one_number_the_first_counts(tmp_path):
    root = write_bop(tmp_path, {})
    write_image(root / "train/000001/rgb/0.png")
    (scene,) = scenes_of(root / "train")
    assert scene.images()[0] == f"{scene.pictures}/0.png"
    assert [path for _, path in scene.numbered()][:2] == [f"{scene.pictures}/0.png", f"{scene.pictures}/000000.png"]
