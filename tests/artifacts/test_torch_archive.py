"""Archives of plain values and tensors; `test_checkpoint.py` holds all ways in which one can be broken."""

import pytest
import torch

from yolozu.artifacts.torch_archive import ArchiveError, plain, read_archive, write_archive


def test_what_is_written_comes_back(tmp_path):
    write_archive(tmp_path / "a.pt", {"text": "x", "tensors": {"t": plain(torch.arange(6.0).view(2, 3).t())}})
    found = read_archive(tmp_path / "a.pt", "archive")
    assert found["text"] == "x"
    assert found["tensors"]["t"].tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]


def test_what_cannot_be_read_says_of_which_kind_it_is(tmp_path):
    path = tmp_path / "a.pt"

    def told():
        with pytest.raises(ArchiveError) as caught:
            read_archive(path, "archive")
        return caught.value.kind, caught.value.detail

    assert told() == ("missing", "No such file or directory")
    path.write_bytes(b"something")
    assert told() == ("foreign", "is no archive")
    path.write_bytes(b"PK")
    assert told() == ("damaged", "it ends too early, or its table of contents is broken")
