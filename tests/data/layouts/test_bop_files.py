from tests.data.builders import write_bop, write_file, write_image, write_mask
from yolozu.data.layouts.bop_files import MM, bop_models, scenes_of, split_folders
from yolozu.data.layouts.model_files import ModelFiles


def test_a_scene_has_images_by_number_and_files(tmp_path):
    root = write_bop(tmp_path, {}, {})
    write_mask(root / "train/000001/mask_visib/000000_000000.png", (0, 0, 1, 1))
    write_mask(root / "train/000001/mask/000000_000000.png", (0, 0, 1, 1))
    write_image(root / "train/000001/depth/000000.png")
    write_image(root / "train/000001/rgb/preview.png")
    (scene,) = scenes_of(root / "train")
    assert scene.images() == {number: f"{scene.pictures}/{number:06d}.png" for number in (0, 1)}
    assert [path.removeprefix(f"{scene.directory}/") for path in scene.files()] == [
        "scene_camera.json",
        "scene_gt.json",
        "scene_gt_info.json",
        "rgb/000000.png",
        "rgb/000001.png",
        "mask_visib/000000_000000.png",
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
