from __future__ import annotations

import json
import sys

import pytest
from PIL import Image

from yolozu.app.datasets import checked_splits, known_in, open_evaluated
from yolozu.errors import InputError, UsageError
from yolozu.progress import progress_for


def make_split(root, split, labels=("0 0.5 0.5 0.2 0.2\n",)):
    (root / "images" / split).mkdir(parents=True)
    (root / "labels" / split).mkdir(parents=True)
    (root / "classes.txt").write_text("cat\n")
    for number, text in enumerate(labels):
        Image.new("RGB", (64, 48), (number, 40, 40)).save(root / "images" / split / f"{number}.png")
        (root / "labels" / split / f"{number}.txt").write_text(text)


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


def test_the_only_split_needs_no_name(root):
    make_split(root, "holdout")
    index = open_evaluated(root, None, progress_for(sys.stderr)).index
    assert (index.split, [record.image for record in index.records]) == ("holdout", ["images/holdout/0.png"])


def test_val_is_the_usual_split(root):
    make_split(root, "train")
    make_split(root, "val")
    assert open_evaluated(root, None, progress_for(sys.stderr)).index.split == "val"
    assert open_evaluated(root, "train", progress_for(sys.stderr)).index.split == "train"


def test_several_splits_without_a_val_are_not_chosen_from(root):
    make_split(root, "a")
    make_split(root, "b")
    with pytest.raises(UsageError) as caught:
        open_evaluated(root, None, progress_for(sys.stderr))
    assert str(caught.value) == f"{root}: YZ805 has the splits a, b\n  fix: say which with --split"


def test_labels_that_name_no_box_are_left_out_and_said(root, capsys):
    make_split(root, "val", ["0 0.5 0.5 0.2 0.2\n", "0 0.5 0.5\nx 0.5 0.5 0.2 0.2\n"])
    opened = open_evaluated(root, "val", progress_for(sys.stderr))
    assert [len(record.class_indices) for record in opened.index.records] == [1, 0]
    said = "1 × malformed_label, 1 × non_integer_class"
    assert f"warning: {root}: {said}; see yolozu data check {root}\n" in capsys.readouterr().err
    assert opened.said == [f"2 labels are no objects and are left out: {said}"]


def test_objects_that_cannot_be_trained_on_can_be_missed(root):
    make_split(root, "val", ["0 0.5 0.5 0 0.2\n", "0 0.5 0.5 0.2 0.2\n"])
    turned = {"R_gt": [[-1, 0, 0], [0, 1, 0], [0, 0, 1]], "t_gt": [0, 0, 1], "K_gt": [50, 50, 32, 24]}
    image = sorted((root / "images/val").iterdir())[1]
    (root / f"labels/val/{image.stem}.json").write_text(json.dumps({"instances": [turned]}))
    opened = open_evaluated(root, "val", progress_for(sys.stderr))
    assert [len(record.class_indices) for record in opened.index.records] == [1, 1]
    assert (opened.index.num_poses, opened.said) == (0, [])


def test_a_missing_data_set_is_an_input_error(root):
    with pytest.raises(InputError, match="YZ201 no such directory"):
        open_evaluated(root, None, progress_for(sys.stderr))


def test_a_data_set_without_models_has_none(root):
    make_split(root, "val")
    opened = open_evaluated(root, None, progress_for(sys.stderr))
    index, models = opened.index, opened.models
    assert (index.split, models.by_class) == ("val", {})


def test_all_splits_are_checked_each_for_what_it_is_for(root):
    for split in ("train", "val"):
        make_split(root, split, ["9 0.5 0.5 0.2 0.2\n"])
    progress = progress_for(sys.stderr)
    survey = checked_splits(root, [], progress).survey
    assert (survey.training, survey.validation) == ({"train"}, {"val"})
    checked = checked_splits(root, ["val"], progress)
    assert [finding.render() for finding in checked.findings()] == [
        f"{root}/labels/val/0.txt:1: YZ225 class 9 is outside 0 to 0\n  fix: correct the label, or name the class"
    ]


def test_predictions_are_checked_against_the_images_of_a_data_set(root):
    make_split(root, "val", ["0 0.5 0.5 0.2 0.2\n"] * 3)
    known = known_in(root, None, 2, progress_for(sys.stderr))
    assert known is not None
    assert (len(known.images), known.expected) == (3, 2)
    assert known_in(None, None, None, progress_for(sys.stderr)) is None
