"""Labels of some images, format by format."""

from __future__ import annotations

import json

from tests.data.builders import write_coco, write_file, write_image
from yolozu.data.layouts.layout import find_layout
from yolozu.data.prepare.subset_labels import labels_of, written_name
from yolozu.data.registry import READERS

CAT = {"id": 1, "image_id": 10, "category_id": 3, "bbox": [1, 1, 9, 9], "area": 50, "iscrowd": 1, "score": 0.5}
DOG = {"id": 2, "image_id": 20, "category_id": 7, "bbox": [1, 1, 9, 9], "area": 81, "iscrowd": 0}


def opened(root, split="train"):
    layout = find_layout(root)
    found = layout.split(split)
    reader = READERS.load(found.label_format)(layout, found)
    return labels_of(layout, found, reader.read(reader.stated_classes()).images)


def test_instances_files_lose_other_images_only(tmp_path):
    labels = opened(write_coco(tmp_path / "set", [CAT, DOG], info={"year": 2017}))
    labels.write(tmp_path / "out", ["b.png"])
    written = json.loads((tmp_path / "out/annotations/instances_train.json").read_text())
    assert written["annotations"] == [CAT]
    assert [row["file_name"] for row in written["images"]] == ["b.png"]
    assert (written["info"], len(written["categories"])) == ({"year": 2017}, 2)
    assert labels.digest("a.png") != labels.digest("b.png")
    entry = labels.entry(tmp_path / "out")
    assert (entry.images_dir, entry.instances_json) == (
        str(tmp_path / "set/pictures"),
        "annotations/instances_train.json",
    )


def test_ids_and_names_of_an_instances_file_may_be_written_in_several_ways(tmp_path):
    images = [
        {"id": "0010", "file_name": "pictures/b.png", "width": 64, "height": 48},
        {"id": 20, "file_name": "./a.png", "width": 64, "height": 48},
    ]
    rows = [{**CAT, "image_id": 10.0}, {**DOG, "image_id": "20"}, {"image_id": None}, "text"]
    labels = opened(write_coco(tmp_path / "set", rows, images=images))
    labels.write(tmp_path / "out", ["b.png"])
    written = json.loads((tmp_path / "out/annotations/instances_train.json").read_text())
    assert (written["images"], written["annotations"]) == (images[:1], rows[:1])


def test_of_a_list_of_images_without_annotations_some_are_chosen(tmp_path):
    root = write_coco(tmp_path / "set", [])
    document = json.loads((root / "instances.json").read_text())
    del document["annotations"]
    write_file(root / "instances.json", json.dumps(document))
    opened(root).write(tmp_path / "out", ["b.png"])
    written = json.loads((tmp_path / "out/annotations/instances_train.json").read_text())
    assert ("annotations" in written, len(written["images"])) == (False, 1)


def test_sidecars_get_absolute_paths(tmp_path):
    root = tmp_path / "set"
    write_image(root / "images/train/a.png")
    write_image(root / "masks/a.png")
    write_file(root / "labels/train/a.txt", "0 .5 .5 .2 .2\n1 .4 .4 .2 .2\n")
    rows = [{"mask_path": "masks/a.png", "mask_value": 1, "mine": 1.25}, None]
    write_file(root / "labels/train/a.json", json.dumps({"instances": rows, "K_gt": [9.5, 9.5, 4, 4]}))
    opened(root).write(tmp_path / "out", ["a.png"])
    written = json.loads((tmp_path / "out/labels/train/a.json").read_text())
    assert written == {
        "instances": [{"mask_path": str(root / "masks/a.png"), "mask_value": 1, "mine": 1.25}, None],
        "K_gt": [9.5, 9.5, 4, 4],
    }


def test_sidecars_that_are_malformed_stay_as_they_are(tmp_path):
    root = tmp_path / "set"
    for name, text in (("a", "{"), ("b", "3"), ("c", '{"instances": 3}'), ("d", '[{"mask_path": "m.png"}]')):
        write_image(root / f"images/train/{name}.png")
        write_file(root / f"labels/train/{name}.json", text)
    opened(root).write(tmp_path / "out", ["a.png", "b.png", "c.png", "d.png"])
    texts = [(tmp_path / f"out/labels/train/{name}.json").read_text() for name in "abcd"]
    assert texts == ["{", "3\n", '{"instances": 3}\n', json.dumps([{"mask_path": str(root / "m.png")}]) + "\n"]


def test_images_of_a_data_yaml_keep_their_labels(tmp_path):
    root = tmp_path / "set"
    write_image(root / "images/one/a.png")
    write_file(root / "labels/one/a.txt", "0 .5 .5 .2 .2\n")
    write_file(root / "data.yaml", "train: images/one\nval: images/one\nnames: [cat]\n")
    labels = opened(root)
    labels.write(tmp_path / "out", ["a.png"])
    assert (tmp_path / "out/labels/train/a.txt").read_text() == "0 .5 .5 .2 .2\n"
    assert (tmp_path / "out/images/train/a.png").readlink() == root / "images/one/a.png"


def test_scenes_are_cut_down(tmp_path):
    scene = tmp_path / "set/train/000001"
    for number in (3, 12):
        write_image(scene / f"rgb/{number:06d}.png")
        write_image(scene / f"mask_visib/{number:06d}_000000.png")
    write_file(scene / "scene_camera.json", json.dumps({"3": {"cam_K": [1]}, "12": {"cam_K": [2]}}))
    write_file(scene / "scene_gt.json", json.dumps({"3": [], "12": []}))
    write_file(tmp_path / "set/models/models_info.json", '{"1": {"diameter": 1.0}}')
    labels = opened(tmp_path / "set")
    labels.write(tmp_path / "out", ["000001/rgb/000012.png"])
    out = tmp_path / "out/scenes/train/000001"
    assert json.loads((out / "scene_camera.json").read_text()) == {"12": {"cam_K": [2]}}
    assert [path.relative_to(out).as_posix() for path in sorted(out.rglob("*.*"))] == [
        "mask_visib/000012_000000.png",
        "rgb/000012.png",
        "scene_camera.json",
        "scene_gt.json",
    ]
    assert labels.entry(tmp_path / "out").scenes_dir == "scenes/train"
    assert labels.digest("000001/rgb/000012.png") != labels.digest("000001/rgb/000003.png")


def test_images_are_written_inside_wherever_they_are():
    names = ("a/b.jpg", "../a.jpg", "/data/a.jpg", "a/../../b.c.jpg")
    assert [written_name(name, None) for name in names] == ["a/b.jpg", "a.jpg", "data/a.jpg", "a/b.c.jpg"]
    painted = [written_name(name, lambda *_: None) for name in names]
    assert painted == ["a/b.png", "a.png", "data/a.png", "a/b.c.png"]


def test_listed_images_outside_the_data_set_are_linked_to_inside(tmp_path):
    picture = write_image(tmp_path / "elsewhere/images/a.png")
    write_file(tmp_path / "elsewhere/labels/a.txt", "0 .5 .5 .2 .2\n")
    write_file(tmp_path / "set/list.txt", f"{picture}\n")
    write_file(tmp_path / "set/data.yaml", "train: list.txt\nnames: [cat]\n")
    labels = opened(tmp_path / "set")
    labels.write(tmp_path / "out", list(labels.images))
    (link,) = (path for path in (tmp_path / "out/images").rglob("*.png"))
    assert link.readlink() == picture
    assert [path.stem for path in (tmp_path / "out/labels").rglob("*.txt")] == ["a"]
