"""The objects of a data set as arrays."""

from tests.data.builders import survey_of, write_coco, write_yolo
from yolozu.data.object_table import object_table


def test_objects_stand_in_the_order_of_splits_images_and_labels(tmp_path):
    root = write_yolo(tmp_path, {"train/a": "1 .5 .5 .25 .5\n0 .5 .5 1 1", "train/b": "", "val/c": "0 .5 .5 .5 .5"})
    table = object_table(survey_of(root, "train", "val"))
    assert len(table) == 3
    assert [instance.where.rpartition("/")[2] for _, _, instance in table.rows] == ["a.txt:1", "a.txt:2", "c.txt:1"]
    assert (table.split_O.tolist(), table.image_O.tolist(), table.class_O.tolist()) == ([0, 0, 1], [0, 0, 2], [1, 0, 0])
    assert table.box_sizes_px.tolist() == [[16, 24], [64, 48], [32, 24]]
    assert table.areas_px_O.tolist() == [384, 3072, 768]


def test_what_is_no_object_of_a_known_class_is_left_out(tmp_path):
    lines = ["2 .5 .5 .1 .1", "0 .5 .5 0 .1", "0 .5 .5 .1 -1", "0 .5 .5 inf .1", "1 .5 .5 .1 .1"]
    root = write_yolo(tmp_path, {"train/a": "\n".join(lines), "train/b": "0 .5 .5 .1 .1"})
    (root / "images/train/b.png").write_bytes(b"")
    assert [instance.where.rpartition(":")[2] for _, _, instance in object_table(survey_of(root)).rows] == ["5"]


def test_outlines_count_as_coco_counts_them_and_crowds_do_not(tmp_path):
    one = {"id": 1, "image_id": 20, "category_id": 3, "bbox": [0, 0, 20, 10], "area": 90.0, "iscrowd": 0}
    table = object_table(survey_of(write_coco(tmp_path, [one, {**one, "id": 2, "iscrowd": 1}])))
    assert table.areas_px_O.tolist() == [90.0]


def test_there_may_be_none(tmp_path):
    table = object_table(survey_of(write_yolo(tmp_path, {"train/a": ""})))
    assert (len(table), table.boxes_cxcywh_O4.shape, table.box_sizes_px.shape) == (0, (0, 4), (0, 2))
