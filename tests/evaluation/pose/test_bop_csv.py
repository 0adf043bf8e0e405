from __future__ import annotations

import numpy as np
import pytest

from tests.evaluation.pose.scenes import BOTTLE, BOX, MODELS, Guess, Thing, View, index_of, predictions_of, turn
from yolozu.errors import InputError
from yolozu.evaluation.pose.bop_csv import read_bop_csv, write_bop_csv
from yolozu.evaluation.pose.evaluate import evaluate_pose

R = turn([1, 2, 3], 50.0)
VIEWS = [
    View([Thing(BOX)], []),
    View([Thing(BOX), Thing(BOTTLE)], [Guess(BOX, 0.9, (0.01, 0.02, 1.03), R), Guess(BOX, 0.5, None)]),
    View([Thing(BOTTLE)], [Guess(BOTTLE, 0.25, (0.0, -0.1, 0.7), R.T)]),
]
BOP_NAMES = "test/000048/rgb/{:06d}.png".format
HEADER = "scene_id,im_id,obj_id,score,R,t,time"
GOOD = "0,1,7,0.5,1 0 0 0 1 0 0 0 1,0 0 1000,-1"


def refused(tmp_path, *lines):
    path = tmp_path / "r.csv"
    path.write_text("\n".join([HEADER, *lines]))
    with pytest.raises(InputError) as caught:
        read_bop_csv(path, index_of(VIEWS))
    return str(caught.value).replace(f"{path}", "r.csv")


def test_a_line_holds_ids_score_rows_of_r_and_mm(tmp_path):
    views = [View([], [Guess(BOTTLE, 0.5, (0.25, 0.0, 1.0), turn([0, 0, 1], 90.0).round())])]
    index, predictions = index_of(views, names=BOP_NAMES), predictions_of(views, names=BOP_NAMES)
    assert write_bop_csv(tmp_path / "r.csv", index, predictions) == 1
    assert (tmp_path / "r.csv").read_text() == (
        f"{HEADER}\n48,0,3,0.5,0.0 -1.0 0.0 1.0 0.0 0.0 0.0 0.0 1.0,250.0 0.0 1000.0,-1\n"
    )


@pytest.mark.parametrize("names", [BOP_NAMES, "images/val/{:04d}.jpg".format])
def test_what_was_written_reads_as_the_same_poses(tmp_path, names):
    index, predictions = index_of(VIEWS, names=names), predictions_of(VIEWS, names=names)
    assert write_bop_csv(tmp_path / "r.csv", index, predictions) == 2
    back = read_bop_csv(tmp_path / "r.csv", index).images
    assert [entry.image for entry in back] == [names(1), names(2)]
    assert [entry.class_ids.tolist() for entry in back] == [[7], [3]]
    assert [entry.scores.tolist() for entry in back] == [[0.9], [0.25]]
    np.testing.assert_allclose(back[0].fields()[0]["R"], R, rtol=0, atol=0)
    np.testing.assert_allclose(back[0].fields()[0]["t_xyz"], [0.01, 0.02, 1.03], atol=1e-15)
    before, after = (evaluate_pose(index, MODELS, entries).metrics for entries in (predictions, back))
    assert after == pytest.approx(before)


def read(tmp_path, text):
    """(images, estimates, first pose, what was said) of a file."""
    path = tmp_path / "r.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    found = read_bop_csv(path, index_of(VIEWS))
    (entry,) = found.images
    pose = entry.fields()[0]
    said = [line.replace(f"{path}", "r.csv") for line in found.said]
    return entry.image, entry.class_ids.tolist(), np.array(pose["R"]), pose["t_xyz"], said


@pytest.mark.parametrize(
    "text",
    [
        GOOD + "\n\n",
        f"{HEADER}\r\n{GOOD}\r\n",
        "\ufeff" + f"{HEADER}\n{GOOD}",
        f"\n{HEADER.upper()}\n{GOOD}",
        f"{HEADER.replace(',', ', ')}\n{GOOD.replace(',', ' , ')}",
        f"{HEADER.removesuffix(',time')}\n{GOOD.removesuffix(',-1')}",
        GOOD.removesuffix(",-1"),
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        f"{HEADER.replace('im_id', 'img_id')}\n{GOOD}",
        GOOD.removesuffix("-1"),
        GOOD.replace("0,1,7,0.5", "000000,1.0,7e0,5e-1").replace("0 0 1000", "0e0  0 1E3"),
        GOOD.replace("1 0 0 0 1 0 0 0 1", '"[1, 0, 0, 0, 1, 0, 0, 0, 1]"'),
        "time,score,obj_id,im_id,scene_id,t,R\n-1,0.5,7,1,0,0 0 1000,1 0 0 0 1 0 0 0 1",
    ],
)
def test_one_estimate_however_it_is_written(tmp_path, text):
    image, classes, R_33, t_3, said = read(tmp_path, text)
    assert (image, classes, t_3, said) == ("images/val/0001.jpg", [7], [0.0, 0.0, 1.0], [])
    np.testing.assert_array_equal(R_33, np.eye(3))


def test_estimates_for_what_the_data_set_does_not_have_are_counted_and_left_out(tmp_path):
    lines = [
        HEADER,
        GOOD,
        GOOD.replace("0,1,7", "0,9,7"),
        GOOD.replace("0,1,7", "3,1,7"),
        GOOD.replace("0,1,7", "0,1,8"),
    ]
    _, classes, _, _, said = read(tmp_path, "\n".join(lines))
    assert classes == [7]
    assert said == [
        "2 estimates are left out, for images that split 'val' does not have (the first is line 3, image 9 in scene 0)",
        "1 estimate is left out, for objects that no class has the id of: 8 (the first is line 5)",
    ]


def rounded(decimals):
    """A line whose rotation has so many decimals."""
    R_33 = turn([1, 2, 3], 50.0).round(decimals)
    return R_33, GOOD.replace("1 0 0 0 1 0 0 0 1", " ".join(map(str, R_33.ravel())))


def test_a_rounded_rotation_is_taken_as_it_is(tmp_path):
    R_33, line = rounded(2)
    _, _, found_33, _, said = read(tmp_path, line)
    np.testing.assert_array_equal(found_33, R_33)
    assert said == [
        "r.csv: 1 rotations are rounded (R Rᵀ differs from the identity by up to 0.01) and taken as they are"
    ]
    assert read(tmp_path, rounded(3)[1])[-1] == []


def test_every_line_that_cannot_be_used_is_named(tmp_path):
    fix = f"  fix: write {HEADER}: nine numbers of R by rows, three of t in mm, separated by spaces"
    assert refused(
        tmp_path,
        GOOD,
        GOOD[:-12],
        GOOD.replace("0,1,7", "0,one,7"),
        GOOD.replace("0,1,7", "0,1.5,7"),
        GOOD.replace("1 0 0 0 1", "1 0 0 0"),
        GOOD.replace("0 0 1000", "0 0 nan"),
        GOOD.replace("0.5", "high"),
        GOOD.replace("1 0 0 0 1", "0 0 0 0 1"),
        GOOD.replace("1 0 0 0 1", "-1 0 0 0 1"),
        GOOD + ",5",
    ) == "\n".join(
        [
            f"r.csv:3: YZ811 has 5 cells, not 7\n{fix}",
            f"r.csv:4: YZ811 'one' is no id\n{fix}",
            f"r.csv:5: YZ811 '1.5' is no id\n{fix}",
            f"r.csv:6: YZ811 '1 0 0 0 0 0 0 1' holds 8 numbers, not 9\n{fix}",
            f"r.csv:7: YZ811 '0 0 nan' is not finite\n{fix}",
            f"r.csv:8: YZ811 'high' holds no numbers\n{fix}",
            f"r.csv:9: YZ811 '0 0 0 0 1 0 0 0 1' is no rotation\n{fix}",
            f"r.csv:10: YZ811 '-1 0 0 0 1 0 0 0 1' is no rotation\n{fix}",
            f"r.csv:11: YZ811 has 8 cells, not 7\n{fix}",
        ]
    )


def test_a_file_of_which_nothing_is_for_the_data_set_is_refused(tmp_path):
    assert refused(tmp_path, GOOD.replace("0,1,7", "0,9,7"), GOOD.replace("0,1,7", "0,1,8")) == (
        "r.csv: YZ812 1 estimate is left out, for images that split 'val' does not have "
        "(the first is line 2, image 9 in scene 0)\n"
        "  fix: name another split, or other ids: images count from 0 in order of path, in scene 0\n"
        "r.csv: YZ812 1 estimate is left out, for objects that no class has the id of: 8 (the first is line 3)\n"
        "  fix: name another split, or other ids: images count from 0 in order of path, in scene 0"
    )


def test_of_many_bad_lines_some_are_named(tmp_path):
    assert refused(tmp_path, *["1,2"] * 30).endswith(
        "r.csv: YZ811 10 more lines cannot be used\n  fix: mend the lines above; the others are probably alike"
    )


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "r.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="YZ810 cannot be read"):
        read_bop_csv(tmp_path / "r.csv", index_of(VIEWS))
    with pytest.raises(InputError, match="YZ810 cannot be read"):
        read_bop_csv(tmp_path / "missing.csv", index_of(VIEWS))
