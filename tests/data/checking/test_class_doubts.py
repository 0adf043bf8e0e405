"""Classes of which too little is labeled."""

from tests.data.builders import write_yolo
from tests.data.checking.doubtful import doubted, looked_at

CLASSES = "cat\ndog\nemu\n"


def labels(**counts):
    """``cat=3`` -> three lines of class 0."""
    names = CLASSES.split()
    return "".join(f"{names.index(name)} .5 .5 .{place + 10} .1\n" for name, n in counts.items() for place in range(n))


def of(tmp_path, name, train, val, classes=CLASSES):
    root = write_yolo(tmp_path / "set", {"train/a": train, "val/b": val}, classes)
    return doubted(name, looked_at(root))


def test_a_name_that_no_label_uses(tmp_path):
    assert of(tmp_path, "unused_class", labels(cat=12), labels(emu=10)) == [
        "classes.txt: class 1 'dog' has no object in train and val"
    ]


def test_made_up_names_and_sets_without_objects_are_not_told_so(tmp_path):
    assert of(tmp_path, "unused_class", "2 .5 .5 .1 .1", "", classes=None) == []
    (tmp_path / "set/labels/train/a.txt").unlink()
    assert of(tmp_path, "unused_class", "", "") == []


def test_a_class_in_one_split_only(tmp_path):
    assert of(tmp_path, "class_missing_in_split", labels(cat=12, dog=1), labels(cat=12, emu=2)) == [
        "labels/train: class 2 'emu' has no object in train and 2 in val: it cannot be learned",
        "labels/val: class 1 'dog' has no object in val and 1 in train: it is not measured",
    ]


def test_a_split_without_any_object_misses_no_class(tmp_path):
    assert of(tmp_path, "class_missing_in_split", labels(cat=12), "") == []


def test_few_objects_by_split_the_fewest_first(tmp_path):
    assert of(tmp_path, "few_objects", labels(cat=9, dog=1, emu=10), labels(cat=2)) == [
        "labels/train: class 1 'dog' has 1 object in train",
        "labels/train: class 0 'cat' has only 9 objects in train",
        "labels/val: class 0 'cat' has only 2 objects in val",
    ]
