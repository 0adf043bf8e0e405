from __future__ import annotations

import json

import numpy as np
import pytest

from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.errors import InputError
from yolozu.geometry.symmetry import Symmetries

HALF_TURN = np.diag([-1.0, -1.0, 1.0])


def test_models_come_back_from_their_file(tmp_path):
    symmetries = Symmetries(
        np.stack([np.eye(3), HALF_TURN]), np.array([[0.0, 0, 0], [0.1, 0, 0]]), np.array([0.0, 1, 0]), np.ones(3)
    )
    bare, full = ObjectModel(np.zeros((0, 3)), None), ObjectModel(np.array([[0.1, 0.2, 0.3]]), 0.5, symmetries)
    ObjectModels({4: full, 0: bare}).write(tmp_path / "models.json")
    back = ObjectModels.read(tmp_path / "models.json").by_class
    assert sorted(back) == [0, 4]
    assert (back[0].points_V3.shape, back[0].diameter, back[0].symmetries.trivial) == ((0, 3), None, True)
    assert (back[4].points_V3.tolist(), back[4].diameter) == ([[0.1, 0.2, 0.3]], 0.5)
    assert back[4].symmetries.to_json() == symmetries.to_json()
    assert not back[4].symmetries.trivial


def test_only_a_ball_has_more_than_one_axis_in_the_file(tmp_path):
    ball = Symmetries(axis_3=np.array([0.0, 1, 0]), more_axes_A23=np.array([[[1.0, 0, 0], [0.5, 0, 0]]]))
    ObjectModels({0: ObjectModel(np.ones((1, 3)), 1.0, ball), 1: ObjectModel(np.ones((1, 3)), 1.0)}).write(
        tmp_path / "models.json"
    )
    rows = json.loads((tmp_path / "models.json").read_text())["models"]
    assert [sorted(row["symmetries"]) for row in rows.values()] == [
        ["axis", "more_axes", "offset", "rotations", "translations"],
        ["axis", "offset", "rotations", "translations"],
    ]
    back = ObjectModels.read(tmp_path / "models.json").by_class[0].symmetries
    np.testing.assert_allclose(back.ball_center_3, [0, 0, 0], atol=1e-12)
    assert (len(back.axes), back.trivial) == (2, False)


def test_the_same_models_give_the_same_bytes(tmp_path):
    models = {1: ObjectModel(np.ones((2, 3)), 1.0), 0: ObjectModel(np.zeros((1, 3)), 0.0)}
    ObjectModels(models).write(tmp_path / "a.json")
    ObjectModels(dict(reversed(models.items()))).write(tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"schema_version": 2, "models": {}},
        {"schema_version": 1, "models": []},
        {"schema_version": 1, "models": {"a": 7}},
    ],
)
def test_a_file_that_holds_no_models_is_refused(tmp_path, document):
    path = tmp_path / "models.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"models\.json: YZ240 holds no object models: "):
        ObjectModels.read(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="YZ240 cannot be read as JSON"):
        ObjectModels.read(tmp_path / "models.json")
