from __future__ import annotations

import pytest

from tests.data.builders import check_of, found, write_coco


def boxes(root, *rows):
    return write_coco(root, [{"image_id": 20, "category_id": 3, "bbox": list(row)} for row in rows])


def violations(root, *rows):
    return [line.removeprefix("box_units instances.json: ") for line in found(check_of(boxes(root, *rows)), root)]


@pytest.mark.parametrize("rows", [[(0.25, 0.25, 0.5, 0.5), (0, 0.5, 1, 0.5)], [(0.1, 0.1, 0.9, 0.9)], [(0.0, 0, 1, 1)]])
def test_fractions_are_named_whether_sizes_or_corners(tmp_path, rows):
    told = violations(tmp_path, *rows)
    end = f"lies within the first px of its image, like all {len(rows)} of this split: fractions of the image?"
    assert [line.partition("] ")[2] for line in told] == [end] * len(rows)


def test_two_corners_are_named_where_they_reach_out_of_the_image_as_a_size(tmp_path):
    checked = check_of(boxes(tmp_path, (2, 3, 20, 30), (30, 8, 60, 40)))
    assert found(checked, tmp_path) == [
        f"box_units instances.json: annotations[{number}]: box [{box}] may be two corners, like all 2 of this split; "
        "so read, none reaches out of its image"
        for number, box in enumerate(("2, 3, 20, 30", "30, 8, 60, 40"))
    ]
    assert {finding.fix for finding in checked.findings()} == {
        "write [x, y, width, height]: subtract the first corner from the second"
    }


def test_with_drop_none_of_them_is_used(tmp_path):
    checked = check_of(boxes(tmp_path, (2, 3, 20, 30), (30, 8, 60, 40)))
    assert [len(image.labeled.instances) for image in checked.usable(checked.survey.splits[0], "drop")] == [0, 0]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([(2, 3, 20, 30), (30, 8, 20, 20)], 0),  # inside as they are
        ([(30, 8, 20, 20), (50, 8, 40, 4)], 1),  # no corners: one reaches out
        ([(0.5, 0.5, 1, 1), (3, 3, 4, 4)], 0),  # one is in px
    ],
)
def test_boxes_that_may_be_meant_are_left_alone(tmp_path, rows, told):
    assert [line for line in violations(tmp_path, *rows) if "box_outside_image" not in line] == []
    assert len(violations(tmp_path, *rows)) == told
