from tests.data.builders import write_file, write_ply
from yolozu.data.layouts.model_files import ModelFiles, mesh_names


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
