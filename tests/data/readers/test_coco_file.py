from __future__ import annotations

import json

import pytest

from yolozu.data.readers.coco_file import read_coco_file
from yolozu.errors import InputError

IMAGES = [{"id": 1, "file_name": "a.png", "width": 64, "height": 48}]


def written(path, **changes):
    document = {"images": IMAGES, "annotations": [], "categories": [{"id": 1, "name": "cat"}], **changes}
    path.write_text(json.dumps({key: value for key, value in document.items() if value is not ...}))
    return path


def problems(path):
    with pytest.raises(InputError) as refused:
        read_coco_file(path)
    assert {finding.code for finding in refused.value.findings} == {"YZ205"}
    return [finding.problem for finding in refused.value.findings]


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    rows = [
        *IMAGES,
        "text",
        {"id": 2},
        {"id": "x", "file_name": "b.png"},
        {"id": 3, "file_name": "c.png", "width": 0, "height": 4},
        {"id": 1, "file_name": "d.png", "width": 9, "height": 9},
        {"id": 5, "file_name": "a.png", "width": 9, "height": 9},
    ]
    categories = [{"name": "a"}, {"id": 1, "name": None}, {"id": 2, "name": "b"}, {"id": 2, "name": "c"}, 5]
    assert problems(written(tmp_path / "a.json", images=rows, categories=categories)) == [
        "images[1]: is no object",
        "images[2]: has no 'file_name'",
        "images[3]: 'x' is no whole number",
        "images[4]: size 0×4",
        "images[5]: id 1 is that of images[0], too",
        "images[6]: file_name 'a.png' is that of images[0], too",
        "categories[0]: has no 'id'",
        "categories[1]: None is no name",
        "categories[3]: id 2 is that of 'b', too",
        "categories[4]: is no object",
    ]


def test_more_than_twenty_are_counted(tmp_path):
    found = problems(written(tmp_path / "a.json", images=[{}] * 30))
    assert (len(found), found[-1]) == (21, "and 10 more such places")


@pytest.mark.parametrize("changes", [{"images": ...}, {"annotations": None}, {"categories": {}}])
def test_lists_are_lists(tmp_path, changes):
    assert problems(written(tmp_path / "a.json", **changes)) == [f"has no list {next(iter(changes))!r}"]


def test_a_row_that_is_repeated_word_for_word_counts_once(tmp_path):
    twice = [{"id": 1, "name": "cat"}] * 2
    file = read_coco_file(written(tmp_path / "a.json", images=IMAGES * 2, categories=twice))
    assert (list(file.images), file.classes.names) == ([1], ("cat",))


def test_numbers_as_names_are_read_as_texts_and_that_is_said(tmp_path):
    file = read_coco_file(written(tmp_path / "a.json", categories=[{"id": 1, "name": 7}]))
    assert (file.classes.names, file.notes) == (("7",), ("category 1 is called by the number 7, read as a text",))


def test_without_annotations_there_are_none_and_not_zero(tmp_path):
    assert read_coco_file(written(tmp_path / "a.json", annotations=...)).annotations is None


ROOT = {"id": 0, "name": "fish", "supercategory": "none"}
FISH = [{"id": 1, "name": "fish", "supercategory": "fish"}, {"id": 2, "name": "trap", "supercategory": "fish"}]


@pytest.mark.parametrize("used", [[1, 2], [2], []])
def test_a_group_of_categories_that_is_called_like_one_of_them_is_no_class(tmp_path, used):
    annotations = [{"category_id": key} for key in used]
    file = read_coco_file(written(tmp_path / "a.json", categories=[ROOT, *FISH], annotations=annotations))
    assert file.classes.category_ids == (1, 2)
    assert file.notes == ("category 0 'fish' is no class: no annotation is of it, and category 1 has its name",)


def test_two_categories_of_one_name_that_are_both_used_are_refused(tmp_path):
    annotations = [{"category_id": 0}, {"category_id": 1}]
    path = written(tmp_path / "a.json", categories=[ROOT, *FISH], annotations=annotations)
    assert problems(path) == ["categories: 0, 1 are all called 'fish'; rename them, or make them one"]


def test_a_group_with_a_name_of_its_own_stays_a_class(tmp_path):
    categories = [{**ROOT, "name": "animals"}, *FISH]
    assert read_coco_file(written(tmp_path / "a.json", categories=categories)).classes.category_ids == (0, 1, 2)


def test_annotations_of_one_id_are_all_read_and_told(tmp_path):
    file = read_coco_file(written(tmp_path / "a.json", annotations=[{"id": 1}, {"id": 1}, {"id": [2]}, {}, "text"]))
    assert file.annotations is not None
    assert len(file.annotations) == 5
    assert file.notes == ("1 of 5 annotations have the id of an earlier one; all are read",)
