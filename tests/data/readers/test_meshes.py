from __future__ import annotations

import json

import numpy as np
import pytest

from tests.data.builders import TETRAHEDRON, write_file, write_ply
from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.data.layouts.mesh_files import ModelFiles
from yolozu.data.readers.meshes import read_models, with_stated_symmetries
from yolozu.errors import InputError
from yolozu.structures.classes import ClassTable

CLASSES = ClassTable(("cup", "duck", "tin"), (3, 7, 9))


def test_meshes_are_found_by_id_or_by_name_in_their_unit(tmp_path):
    write_ply(tmp_path / "obj_000003.ply", TETRAHEDRON)
    write_ply(tmp_path / "duck.ply", TETRAHEDRON)
    models = read_models(ModelFiles(tmp_path, 0.001), CLASSES)
    assert sorted(models) == [0, 1]
    for model in models.values():
        np.testing.assert_allclose(model.points_V3, np.array(TETRAHEDRON) / 1000)
        assert model.diameter == pytest.approx(0.05)
        assert model.symmetries.trivial


def test_a_stated_diameter_counts_and_an_entry_without_mesh_is_a_model_too(tmp_path):
    write_ply(tmp_path / "cup.ply", TETRAHEDRON)
    axis = {"symmetries_continuous": [{"axis": [0, 0, 1], "offset": [0, 0, 0]}]}
    write_file(tmp_path / "models_info.json", json.dumps({"cup": {"diameter": 51}, "9": axis}))
    models = read_models(ModelFiles(tmp_path, 1.0), CLASSES)
    assert models[0].diameter == 51.0
    assert (models[2].diameter, models[2].points_V3.shape) == (None, (0, 3))
    assert models[2].symmetries.axis_3.tolist() == [0, 0, 1]


def test_a_directory_without_anything_of_ours_holds_no_models(tmp_path):
    assert read_models(ModelFiles(tmp_path / "nowhere", 1.0), CLASSES) == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "models_info.json: YZ242 is no object"),
        ("{", "models_info.json: YZ242 cannot be read as JSON"),
        ('{"3": 7}', "models_info.json: 3: YZ242 is no object"),
        ('{"3": {}, "000003": {}}', "models_info.json: YZ242 '3' and '000003' both mean object 3"),
        ('{"3": {"diameter": 0}}', "models_info.json: 3: YZ242 has diameter 0"),
        ('{"3": {"diameter": "5"}}', "models_info.json: 3: YZ242 '5' is no finite number"),
        ('{"3": {"symmetries_discrete": [[1]]}}', "models_info.json: 3: YZ242 a symmetry is a 3×3 rotation or a 4×4"),
    ],
)
def test_a_malformed_entry_is_refused_at_its_place(tmp_path, text, problem):
    write_file(tmp_path / "models_info.json", text)
    with pytest.raises(InputError) as refused:
        read_models(ModelFiles(tmp_path, 1.0), CLASSES)
    assert problem in str(refused.value)


def test_stated_symmetries_take_the_place_of_the_files():
    models = ObjectModels({0: ObjectModel(np.ones((1, 3)), 0.5)})
    found = with_stated_symmetries(models, {"cup": "z", "tin": "x/2"}, CLASSES, where="symmetries").by_class
    assert (found[0].diameter, found[0].symmetries.axis_3.tolist()) == (0.5, [0, 0, 1])
    assert (found[2].diameter, len(found[2].symmetries.rotations_S33)) == (None, 2)
    assert sorted(found) == [0, 2]


def test_every_statement_that_means_nothing_is_told():
    with pytest.raises(InputError) as refused:
        with_stated_symmetries(
            ObjectModels(), {"cupp": "z", "mug": "z", "tin": "z/64 x/2"}, CLASSES, where="symmetries"
        )
    assert str(refused.value) == (
        "symmetries.cupp: YZ245 no class has this name\n"
        "  fix: did you mean 'cup'?\n"
        "symmetries.mug: YZ245 no class has this name\n"
        "  fix: choose among cup, duck, tin\n"
        "symmetries.tin: YZ245 'z/64 x/2' stands for more than 64 turns; name fewer, or any turn about one axis\n"
        "  fix: write z, z/2, z/2 x/2 or none"
    )
