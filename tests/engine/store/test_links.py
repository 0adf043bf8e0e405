"""The same bytes in two places."""

import os

import pytest

from yolozu.engine.store.links import link_path


def test_a_file_is_linked(tmp_path):
    (tmp_path / "a").write_text("a")
    link_path(tmp_path / "a", tmp_path / "below/b")
    assert (tmp_path / "a").samefile(tmp_path / "below/b")


def test_a_directory_is_made_anew_with_links_and_its_empty_directories(tmp_path):
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "a/b/one").write_text("1")
    link_path(tmp_path / "a", tmp_path / "z")
    assert (tmp_path / "z/b/c").is_dir()
    assert (tmp_path / "a/b/one").samefile(tmp_path / "z/b/one")


def test_what_cannot_be_linked_is_copied(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(18, "Invalid cross-device link")

    (tmp_path / "a").write_text("a")
    monkeypatch.setattr(os, "link", refuse)
    link_path(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "a"
    assert not (tmp_path / "a").samefile(tmp_path / "b")


def test_what_is_there_already_stays(tmp_path):
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    with pytest.raises(FileExistsError):
        link_path(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "b"
