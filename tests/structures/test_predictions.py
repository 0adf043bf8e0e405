import math

import numpy as np
import pytest

from yolozu.artifacts.predictions.fields import POSE_FIELDS
from yolozu.structures.predictions import POSE_COLUMNS, ImagePredictions


def entry_of(count, **more):
    scores, boxes = np.linspace(0.9, 0.5, count), np.zeros((count, 4))
    return ImagePredictions("a.jpg", 1, 1, np.arange(count), scores, boxes, **more)


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"a.jpg: 2 scores, class_ids \(1,\), boxes \(2, 4\)"):
        ImagePredictions("a.jpg", 1, 1, np.zeros(1, np.int64), np.zeros(2), np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"a\.jpg: 2 scores, 1 extras"):
        entry_of(2, extras=({},))
    with pytest.raises(ValueError, match=r"a\.jpg: 2 scores, R \(2, 9\)"):
        entry_of(2, poses={"R": np.zeros((2, 9))})
    with pytest.raises(ValueError, match=r"a\.jpg: 't' is no column of poses: R, t_xyz, "):
        entry_of(2, poses={"t": np.zeros((2, 3))})


def test_columns_have_the_shapes_of_the_file():
    assert {**{field.name: field.shape for field in POSE_FIELDS}, "sigma_z": (), "sigma_rot": ()} == POSE_COLUMNS


def test_fields_of_poses_among_the_extras_become_columns():
    maps = ({"offsets": [1, 2.5], "track": 7}, {}, {"offsets": [0.1, 0.2], "log_z": 3})
    entry = entry_of(3, extras=maps)
    assert list(entry.poses) == ["offsets", "log_z"]
    np.testing.assert_array_equal(entry.poses["offsets"], [[1, 2.5], [math.nan] * 2, [0.1, 0.2]])
    np.testing.assert_array_equal(entry.poses["log_z"], [math.nan, math.nan, 3])
    assert entry.extras == ({"track": 7}, {}, {})
    assert entry.fields() == list(maps)


@pytest.mark.parametrize("value", [[0.1, 0.2], "far", None, math.nan, {"m": 1.0}])
def test_a_field_that_is_no_such_column_stays_where_it_is(value):
    entry = entry_of(2, extras=({"sigma_z": value}, {"sigma_z": 0.5}))
    assert (entry.poses, entry.extras) == ({}, ({"sigma_z": value}, {"sigma_z": 0.5}))


def test_a_pose_is_a_rotation_and_a_translation():
    R, t_xyz = np.eye(3).tolist(), [0.0, 0.0, 1.0]
    entry = entry_of(3, extras=({"R": R}, {"R": R, "t_xyz": t_xyz}, {"t_xyz": t_xyz}))
    assert entry.has_pose.tolist() == [False, True, False]
    assert entry_of(2, extras=({"R": R},) * 2).has_pose.tolist() == [False, False]
    assert entry_of(0).has_pose.tolist() == []


@pytest.mark.parametrize("rows", [np.array([2, 0]), np.array([True, False, True])])
def test_some_detections_keep_what_is_theirs(rows):
    entry = entry_of(3, extras=tuple({"log_z": float(place), "note": place} for place in range(3)))
    places = np.arange(3)[rows].tolist()
    found = entry.of(rows)
    assert (found.image, found.class_ids.tolist()) == ("a.jpg", places)
    assert found.fields() == [{"log_z": float(place), "note": place} for place in places]
