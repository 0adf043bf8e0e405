"""Numbers of a data set, counted by hand."""

from tests.data.builders import survey_of, write_image, write_yolo
from tests.data.posed import write_posed
from yolozu.data.object_table import object_table
from yolozu.data.statistics import ClassNumbers, SplitNumbers, statistics_of


def statistics_at(root, *splits):
    survey = survey_of(root, *splits)
    return statistics_of(survey, object_table(survey))


def test_splits_and_classes(tmp_path):
    root = write_yolo(
        tmp_path,
        {
            "train/a": "0 .5 .5 .1 .1\n0 .5 .5 .3 .1\n0 .5 .5 .5 .5",
            "train/b": "",
            "train/c": None,
            "val/d": "0 .5 .5 1 1",
        },
    )
    for name in ("train/a", "val/d"):
        write_image(root / f"images/{name}.png", 160, 100)
    found = statistics_at(root, "train", "val")
    assert found.splits == (SplitNumbers("train", 3, 1, 1, 3, 0), SplitNumbers("val", 1, 1, 0, 1, 0))
    cat, dog = found.classes
    # areas 160, 480, 4000 and 16000 px: COCO's small below 1024, large from 9216
    assert cat == ClassNumbers("cat", {"train": 3, "val": 1}, 2, 1.0, (0.03 + 0.25) / 2, 2, 1, 1)
    assert dog == ClassNumbers("dog", {"train": 0, "val": 0}, 0, 0.0, None, 0, 0, 0)
    assert found.to_json()["classes"][1]["objects"] == {"train": 0, "val": 0}


def test_a_set_without_objects_has_no_shares(tmp_path):
    found = statistics_at(write_yolo(tmp_path, {"train/a": ""}))
    assert [(one.total, one.share) for one in found.classes] == [(0, 0.0), (0, 0.0)]


def test_poses_are_counted(tmp_path):
    found = statistics_at(write_posed(tmp_path / "posed", images=3))
    assert [split.with_pose == split.objects > 0 for split in found.splits] == [True] * len(found.splits)
