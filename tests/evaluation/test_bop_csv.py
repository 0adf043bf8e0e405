from __future__ import annotations

import numpy as np
import pytest

from tests.evaluation.pose.scenes import BOTTLE, BOX, MODELS, Guess, Thing, View, index_of, predictions_of, turn
from yolozu.errors import InputError
from yolozu.evaluation.bop_csv import image_keys, read_bop_csv, write_bop_csv
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


def test_ids_are_those_of_bops_paths_and_else_by_order():
    assert image_keys(index_of(VIEWS, names=BOP_NAMES)) == [(48, 0), (48, 1), (48, 2)]
    assert image_keys(index_of(VIEWS)) == [(0, 0), (0, 1), (0, 2)]
    prepared = index_of(VIEWS, names="images/test/000048/{:06d}.png".format)
    assert image_keys(prepared) == [(48, 0), (48, 1), (48, 2)]
    assert image_keys(index_of(VIEWS, names="images/test/48/{:06d}.png".format)) == [(0, 0), (0, 1), (0, 2)]
    assert image_keys(index_of(VIEWS, names=lambda place: f"{place}/000001/rgb/000007.png")) == [(0, 0), (0, 1), (0, 2)]
    for name in (
        "test/000048/rgb_cam1/{:06d}.png",
        "test/000048/gray1/{:06d}.png",
        "images/test/000048_cam1/{:06d}.png",
    ):
        assert image_keys(index_of(VIEWS, names=name.format)) == [(48, 0), (48, 1), (48, 2)]
    assert image_keys(index_of(VIEWS[:1], names="val/000003/gray/000011.tif".format)) == [(3, 11)]


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
    back = read_bop_csv(tmp_path / "r.csv", index)
    assert [entry.image for entry in back] == [names(1), names(2)]
    assert [entry.class_ids.tolist() for entry in back] == [[7], [3]]
    assert [entry.scores.tolist() for entry in back] == [[0.9], [0.25]]
    np.testing.assert_allclose(back[0].extras[0]["R"], R, rtol=0, atol=0)
    np.testing.assert_allclose(back[0].extras[0]["t_xyz"], [0.01, 0.02, 1.03], atol=1e-15)
    before, after = (evaluate_pose(index, MODELS, entries).metrics for entries in (predictions, back))
    assert after == pytest.approx(before)


def test_the_line_of_names_may_be_missing(tmp_path):
    (tmp_path / "r.csv").write_text(GOOD + "\n\n")
    assert len(read_bop_csv(tmp_path / "r.csv", index_of(VIEWS))) == 1


def test_every_line_that_cannot_be_used_is_named(tmp_path):
    fix = f"  fix: write {HEADER}: nine numbers of R by rows, three of t in mm, separated by spaces"
    assert refused(
        tmp_path,
        GOOD,
        GOOD[:-3],
        GOOD.replace("0,1,7", "0,one,7"),
        GOOD.replace("1 0 0 0 1", "1 0 0 0"),
        GOOD.replace("0 0 1000", "0 0 nan"),
        GOOD.replace("0.5", "high"),
        GOOD.replace("1 0 0 0 1", "0 0 0 0 1"),
        GOOD.replace("0,1,7", "0,9,7"),
        GOOD.replace("0,1,7", "0,1,8"),
    ) == "\n".join(
        [
            f"r.csv:3: YZ811 has 6 cells, not 7\n{fix}",
            f"r.csv:4: YZ811 'one' is no id\n{fix}",
            f"r.csv:5: YZ811 '1 0 0 0 0 0 0 1' holds 8 numbers, not 9\n{fix}",
            f"r.csv:6: YZ811 '0 0 nan' is not finite\n{fix}",
            f"r.csv:7: YZ811 'high' holds no numbers\n{fix}",
            f"r.csv:8: YZ811 '0 0 0 0 1 0 0 0 1' is no rotation\n{fix}",
            "r.csv:9: YZ812 split 'val' has no image 9 in scene 0\n"
            "  fix: name another split, or other ids: images count from 0 in order of path, in scene 0",
            "r.csv:10: YZ803 no class has the id 8\n  fix: write the data set's category ids as object ids",
        ]
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
