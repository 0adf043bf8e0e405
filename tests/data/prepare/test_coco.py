"""Splits of COCO as data sets of ours."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.data.builders import check_of, found, index_at, write_file, write_image
from yolozu.data.prepare.coco import CocoPlan, prepare_coco
from yolozu.errors import InputError, UsageError
from yolozu.progress import SilentProgress

CATEGORIES = [{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}]
CAT = {"id": 1, "image_id": 10, "category_id": 3, "bbox": [8, 12, 16, 24], "area": 100.5, "iscrowd": 0}
DOGS = {"id": 2, "image_id": 10, "category_id": 7, "bbox": [0, 0, 64, 48], "area": 900, "iscrowd": 1}


def write_split(root, split="val2017", *, images_at="{}", annotations=(CAT, DOGS), files=("a.png", "b.png"), **changes):
    """A COCO directory with one split: a.png (id 10) with a cat and a crowd of dogs, b.png (id 11) without objects."""
    for seed, name in enumerate(files):
        write_image(root / images_at.format(split) / name, seed=seed)
    rows = [{"id": 10 + n, "file_name": name, "width": 64, "height": 48} for n, name in enumerate(files)]
    document = {"images": rows, "annotations": list(annotations), "categories": CATEGORIES, **changes}
    write_file(root / f"annotations/instances_{split}.json", json.dumps(document))
    return root


def prepare(root, out, split="val2017", **changes):
    return prepare_coco(CocoPlan(root, split, out, **changes), SilentProgress())


def files_of(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def refused(root, out, **changes):
    """The findings' texts, once it is sure that nothing was written."""
    before = files_of(out)
    with pytest.raises((InputError, UsageError)) as error:
        prepare(root, out, **changes)
    assert files_of(out) == before
    return str(error.value).replace(f"{root.parent}/", "")


def test_a_split_is_described_where_it_lies(tmp_path):
    root = write_split(tmp_path / "coco")
    made = prepare(root, tmp_path / "out")
    assert (made.num_images, made.num_objects, made.num_crowds, made.num_classes) == (2, 1, 1, 2)
    assert json.loads((tmp_path / "out/dataset.json").read_text()) == {
        "format": "coco",
        "classes": ["cat", "dog"],
        "category_ids": [3, 7],
        "splits": {
            "val2017": {
                "images_dir": str(root / "val2017"),
                "instances_json": str(root / "annotations/instances_val2017.json"),
            }
        },
    }
    record = index_at(tmp_path / "out", "val2017").records[0]
    assert (record.is_crowd.tolist(), record.areas_px.tolist()) == ([False, True], [100.5, 900.0])
    assert files_of(tmp_path / "out").keys() == {"dataset.json"}


def test_yolo_labels_leave_crowds_out_and_name_every_image(tmp_path):
    root = write_split(tmp_path / "coco", images_at="images/{}")
    made = prepare(root, tmp_path / "out", label_format="yolo")
    assert (made.num_objects, made.num_crowds) == (1, 1)
    assert {name: text for name, text in files_of(tmp_path / "out").items() if name != "dataset.json"} == {
        "labels/val2017/a.txt": b"0 0.25000000 0.50000000 0.25000000 0.50000000\n",
        "labels/val2017/b.txt": b"",
    }
    assert json.loads((tmp_path / "out/dataset.json").read_text())["splits"] == {
        "val2017": {"images_dir": str(root / "images/val2017"), "labels_dir": "labels/val2017"}
    }
    assert found(check_of(tmp_path / "out"), tmp_path) == []


@pytest.mark.parametrize("label_format", ["coco", "yolo"])
def test_copied_images_make_a_data_set_that_can_be_moved(tmp_path, label_format):
    root = write_split(tmp_path / "coco")
    prepare(root, tmp_path / "out", label_format=label_format, copies_images=True)
    shutil.rmtree(root)
    moved = (tmp_path / "out").rename(tmp_path / "moved")
    assert found(check_of(moved), tmp_path) == []
    assert (moved / "images/val2017/a.png").is_file()


@pytest.mark.parametrize("label_format", ["coco", "yolo"])
@pytest.mark.parametrize("copies_images", [False, True])
def test_preparing_again_changes_nothing(tmp_path, label_format, copies_images):
    root = write_split(tmp_path / "coco")
    plan = {"label_format": label_format, "copies_images": copies_images}
    prepare(root, tmp_path / "out", **plan)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()}
    prepare(root, tmp_path / "out", **plan)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()} == before


def test_a_relative_root_gives_the_same_file(tmp_path, monkeypatch):
    root = write_split(tmp_path / "coco")
    prepare(root, tmp_path / "out")
    before = files_of(tmp_path / "out")
    monkeypatch.chdir(root)
    (tmp_path / "link").symlink_to("coco")
    prepare(tmp_path / "coco/../link", tmp_path / "out")
    assert files_of(tmp_path / "out") == before


def test_a_second_split_extends_the_description(tmp_path):
    root = write_split(write_split(tmp_path / "coco"), "train2017")
    prepare(root, tmp_path / "out")
    prepare(root, tmp_path / "out", "train2017", label_format="yolo")
    document = json.loads((tmp_path / "out/dataset.json").read_text())
    assert sorted(document["splits"]) == ["train2017", "val2017"]
    assert "format" not in document


def test_a_split_with_other_classes_is_refused(tmp_path):
    root = write_split(write_split(tmp_path / "coco"), "train2017", categories=CATEGORIES[1:], annotations=[CAT])
    prepare(root, tmp_path / "out")
    assert refused(root, tmp_path / "out", split="train2017") == (
        "out/dataset.json: YZ263 has other classes than the new split\n  fix: name another --out"
    )


def test_a_split_that_is_there_otherwise_is_refused(tmp_path):
    root = write_split(tmp_path / "coco")
    prepare(root, tmp_path / "out")
    assert refused(root, tmp_path / "out", copies_images=True) == (
        "out/dataset.json: YZ263 describes another split 'val2017'\n"
        "  fix: remove that split from the file, or name another --out"
    )


def test_missing_images_are_all_named_up_to_twenty(tmp_path):
    names = [f"{number:02d}.png" for number in range(25)]
    root = write_split(tmp_path / "coco", files=names, annotations=[])
    for name in names[:22]:
        (root / "val2017" / name).unlink()
    (root / "val2017/00.png").symlink_to("../elsewhere/00.png")
    lines = refused(root, tmp_path / "out").splitlines()
    assert lines[:4] == [
        "coco/val2017/00.png: YZ261 is a link to ../elsewhere/00.png, where no file is",
        "  fix: get the image, or remove it from the instances file",
        "coco/val2017/01.png: YZ261 is listed, and no such file",
        "  fix: get the image, or remove it from the instances file",
    ]
    assert (len(lines), lines[-2]) == (42, "coco/val2017: YZ261 and 2 more such files")


def test_relative_links_to_images_are_followed(tmp_path):
    root = write_split(tmp_path / "coco")
    (root / "val2017/a.png").rename(tmp_path / "a.png")
    (root / "val2017/a.png").symlink_to("../../a.png")
    prepare(root, tmp_path / "out", copies_images=True)
    assert not (tmp_path / "out/images/val2017/a.png").is_symlink()
    assert (tmp_path / "out/images/val2017/a.png").read_bytes() == (tmp_path / "a.png").read_bytes()


def test_annotations_under_another_name_can_be_named(tmp_path):
    root = write_split(tmp_path / "coco")
    (root / "annotations/instances_val2017.json").rename(root / "annotations/mine.json")
    assert refused(root, tmp_path / "out") == (
        "coco/annotations/instances_val2017.json: YZ260 no such instances file\n"
        "  fix: --instances FILE; annotations/ holds mine.json"
    )
    assert prepare(root, tmp_path / "out", instances=root / "annotations/mine.json").num_images == 2


def test_a_directory_without_the_split_s_images_is_refused(tmp_path):
    root = write_split(tmp_path / "coco", images_at="elsewhere")
    assert refused(root, tmp_path / "out") == (
        "coco: YZ260 has no images of 'val2017'\n  fix: put them in coco/val2017, or in coco/images/val2017"
    )
    (root / "val2017").mkdir()
    write_split(root, files=(), annotations=[])
    assert "YZ260 lists no image" in refused(root, tmp_path / "out")


@pytest.mark.parametrize("split", ["../up", "a/b", ".hidden", ""])
def test_a_split_s_name_stays_in_its_place(tmp_path, split):
    root = write_split(tmp_path / "coco")
    write_image(root / split / "a.png")
    write_image(root / split / "b.png")
    plan = {"split": split, "instances": root / "annotations/instances_val2017.json"}
    assert "YZ264 cannot name a split" in refused(root, tmp_path / "out", **plan)


def test_images_that_are_not_listed_would_become_empty_ones(tmp_path):
    root = write_split(tmp_path / "coco")
    write_image(root / "val2017/c.png", seed=9)
    assert refused(root, tmp_path / "out", label_format="yolo") == (
        "coco/val2017/c.png: YZ262 is not listed, and without a label file it would count as empty\n"
        "  fix: use --copy-images, or --format coco"
    )
    prepare(root, tmp_path / "copied", label_format="yolo", copies_images=True)
    assert found(check_of(tmp_path / "copied"), tmp_path) == []


def test_what_yolo_labels_cannot_say_is_refused(tmp_path):
    unknown, nowhere = {**CAT, "category_id": 5}, {**CAT, "image_id": 99}
    root = write_split(tmp_path / "coco", files=("a.png", "a.jpg"), annotations=[unknown, nowhere])
    assert refused(root, tmp_path / "out", label_format="yolo") == (
        "coco/annotations/instances_val2017.json: annotations[1]: YZ262 image_id 99 is no listed image\n"
        "  fix: mend the instances file, or use --format coco\n"
        "coco/annotations/instances_val2017.json: annotations[0]: YZ262 category_id 5 is no category\n"
        "  fix: mend the instances file, or use --format coco\n"
        "coco/val2017/a.png: YZ262 would share its label file with a.jpg\n"
        "  fix: mend the instances file, or use --format coco"
    )


def test_images_outside_their_directory_get_no_labels(tmp_path):
    root = write_split(tmp_path / "coco", files=("../a.png", "b.png"), annotations=[])
    assert "YZ262 is not inside" in refused(root, tmp_path / "out", label_format="yolo")
    assert "YZ262 is not inside" in refused(root, tmp_path / "out", copies_images=True)


def test_foreign_files_are_never_overwritten(tmp_path):
    root = write_split(tmp_path / "coco")
    write_file(tmp_path / "out/images/val2017/a.png", "mine")
    assert refused(root, tmp_path / "out", copies_images=True) == (
        "out/images/val2017/a.png: YZ905 is there already, and is not coco/val2017/a.png\n"
        "  fix: move it away, or name another --out"
    )
    write_file(tmp_path / "out/labels/val2017/a.txt", "0 .5 .5 .1 .1\n")
    write_file(tmp_path / "out/labels/val2017/z.txt", "")
    assert refused(root, tmp_path / "out", label_format="yolo") == (
        "out/labels/val2017/a.txt: YZ905 is there already, with other content\n"
        "  fix: move it away, or name another --out\n"
        "out/labels/val2017/b.txt: YZ905 is missing among files that are there already\n"
        "  fix: move it away, or name another --out\n"
        "out/labels/val2017/z.txt: YZ905 is there already, and not written here\n"
        "  fix: move it away, or name another --out"
    )


def test_a_file_where_the_data_set_should_be_is_said(tmp_path):
    root = write_split(tmp_path / "coco")
    write_file(tmp_path / "out", "")
    with pytest.raises(UsageError, match="YZ314 the system says"):
        prepare(root, tmp_path / "out")


def test_real_annotations_keep_their_ids_and_crowds(tmp_path, real_data):
    made = prepare(real_data / "coco128", tmp_path / "exact", "train2017")
    assert (made.num_images, made.num_objects, made.num_crowds, made.num_classes) == (128, 929, 10, 80)
    document = json.loads((tmp_path / "exact/dataset.json").read_text())
    assert (document["category_ids"][:12], document["category_ids"][-1]) == ([*range(1, 12), 13], 90)
    prepare(real_data / "coco128", tmp_path / "yolo", "train2017", label_format="yolo")
    for path in sorted((tmp_path / "yolo/labels/train2017").iterdir()):
        published = real_data / "coco128/labels/train2017" / path.name
        theirs = rows_of(published) if published.is_file() else []
        assert rows_of(path) == [pytest.approx(row, abs=2e-5) for row in theirs]


def rows_of(path):
    return sorted([float(word) for word in line.split()] for line in path.read_text().splitlines())


@pytest.mark.parametrize("label_format", ["coco", "yolo"])
def test_annotations_of_which_none_can_be_used_are_refused(tmp_path, label_format):
    rows = [{**CAT, "bbox": [1, 2]}, {**DOGS, "category_id": None}]
    lines = refused(write_split(tmp_path / "coco", annotations=rows), tmp_path / "out", label_format=label_format)
    place = "coco/annotations/instances_val2017.json"
    assert f"{place}: annotations[0]: YZ2" in lines
    assert f"{place}: annotations[1]: YZ2" in lines
    if label_format == "coco":
        assert lines.startswith(f"{place}: YZ289 none of its 2 annotations can be used\n")


def test_some_that_cannot_be_used_are_told(tmp_path):
    root = write_split(tmp_path / "coco", annotations=[CAT, {**DOGS, "bbox": None}])
    assert [defect.problem for defect in prepare(root, tmp_path / "out").unused] == [
        "bbox must be [x, y, width, height], is None"
    ]


@pytest.mark.parametrize("label_format", ["coco", "yolo"])
def test_fractions_do_not_become_tiny_boxes(tmp_path, label_format):
    root = write_split(tmp_path / "coco", annotations=[{**CAT, "bbox": [0.1, 0.2, 0.3, 0.4]}])
    assert "YZ290 the box lies within the first px" in refused(root, tmp_path / "out", label_format=label_format)


def test_what_roboflow_exports_is_prepared_and_passes_the_check(tmp_path):
    root, categories = tmp_path / "rf", [
        {"id": 0, "name": "fish", "supercategory": "none"},
        {"id": 1, "name": "fish", "supercategory": "fish"},
        {"id": 2, "name": "trap", "supercategory": "fish"},
    ]  # fmt: skip
    for seed, split in enumerate(("train", "valid")):
        write_image(root / split / "a.jpg", seed=seed)
        images = [{"id": 0, "file_name": "a.jpg", "height": 48, "width": 64}]
        rows = [{**CAT, "image_id": 0, "category_id": 1 + seed}]
        document = {"images": images, "annotations": rows, "categories": categories}
        write_file(root / split / "_annotations.coco.json", json.dumps(document))
    made = prepare(root, tmp_path / "out", "train")
    assert "category 0 'fish' is no class" in made.notes[0]
    prepare(root, tmp_path / "out", "valid", instances=root / "valid/_annotations.coco.json")
    prepare(root / "train", tmp_path / "again", "train", instances=root / "train/_annotations.coco.json")
    assert json.loads((tmp_path / "out/dataset.json").read_text())["category_ids"] == [1, 2]
    for out in ("out", "again"):
        assert found(check_of(tmp_path / out), tmp_path) == []


def test_a_list_of_images_is_described_and_becomes_no_label_files(tmp_path):
    root = tmp_path / "coco"
    write_image(root / "test2017/a.png")
    image = {"id": 1, "file_name": "a.png", "width": 64, "height": 48}
    write_file(root / "annotations/image_info_test2017.json", json.dumps({"images": [image], "categories": CATEGORIES}))
    assert prepare(root, tmp_path / "out", "test2017").num_images == 1
    assert not check_of(tmp_path / "out").survey.splits[0].labeled
    lines = refused(root, tmp_path / "yolo", split="test2017", label_format="yolo")
    assert "YZ262 has no annotations, and YOLO labels would say that its images show nothing" in lines
