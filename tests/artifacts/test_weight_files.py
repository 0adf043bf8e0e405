"""Which files a path to weights stands for."""

import torch
from safetensors.torch import save_file

from yolozu.artifacts.weight_files import is_safetensors, weight_files


def test_a_file_stands_for_itself_and_nothing_for_nothing(tmp_path):
    torch.save({"a": torch.ones(1)}, tmp_path / "w.pth")
    (tmp_path / "config.json").write_text("{}")
    assert weight_files(tmp_path / "w.pth") == {"w.pth": tmp_path / "w.pth"}
    assert weight_files(tmp_path / "other.pth") == {}
    assert weight_files(tmp_path) == {}


def test_safetensors_bring_their_config(tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({"a": torch.ones(1)}, path)
    assert weight_files(path) == weight_files(tmp_path) == {"model.safetensors": path}
    (tmp_path / "config.json").write_text("{}")
    both = {"model.safetensors": path, "config.json": tmp_path / "config.json"}
    assert weight_files(path) == weight_files(tmp_path) == both
    assert list(both) == list(weight_files(path))


def test_content_tells_safetensors_not_the_name(tmp_path):
    save_file({"a": torch.ones(1)}, tmp_path / "a")
    torch.save({"a": torch.ones(1)}, tmp_path / "b.safetensors")
    (tmp_path / "c.safetensors").write_bytes(b"\xff" * 8 + b"{")
    (tmp_path / "d.safetensors").write_bytes(b"")
    assert [is_safetensors(tmp_path / name) for name in ("a", "b.safetensors", "c.safetensors", "d.safetensors")] == [
        True,
        False,
        False,
        False,
    ]
