import pytest

from tests.data.builders import write_file, write_ply
from yolozu.data.layouts.mesh_files import ModelFiles, mesh_names, object_id


def test_meshes_and_their_description_are_the_files(tmp_path):
    write_ply(tmp_path / "b.PLY", [])
    write_ply(tmp_path / "a.ply", [])
    for name in ("models_info.json", "texture.png", "other.json"):
        write_file(tmp_path / name, "")
    assert ModelFiles(tmp_path, 1.0).paths() == [
        f"{tmp_path}/{name}" for name in ("a.ply", "b.PLY", "models_info.json")
    ]
    assert ModelFiles(tmp_path / "nowhere", 1.0).paths() == []


def test_a_mesh_is_called_by_its_class_or_its_category():
    assert mesh_names("mug", 7) == ("obj_000007.ply", "mug.ply")


@pytest.mark.parametrize("name", ["obj_000007.ply", "mug.ply", "obj_07.ply", "obj_7.PLY"])
def test_the_mesh_of_a_class_is_found_however_its_number_is_written(tmp_path, name):
    write_ply(tmp_path / name, [])
    write_ply(tmp_path / "obj_17.ply", [])
    files = ModelFiles(tmp_path, 1.0)
    assert files.mesh_of("mug", 7) == tmp_path / name
    assert files.mesh_of("cup", 8) is None


def test_an_object_id_is_a_number_however_it_is_written():
    assert [object_id(text) for text in ("7", "000007", "7.0", "obj_000007")] == [7] * 4
    assert [object_id(text) for text in ("mug", "7.5", "obj_", "obj_7b", "1" * 5000)] == [None] * 5
