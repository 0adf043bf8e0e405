"""Folders that two processes look through."""

import io
import os

import pytest

from tests.data.builders import write_file
from yolozu.data.layouts import look
from yolozu.data.layouts.files import IMAGE_SUFFIXES, LABEL_SUFFIXES, listing_below
from yolozu.data.layouts.look import Folder, answer, look_through

NAMES = ("a/b/1.png", "a/2.PNG", "a/\udcff.png", "c/1.txt", "c/d/ä.txt", "e/none")


def folders_below(root):
    for name in NAMES:
        write_file(root / name, name[2:3].strip("\udcff"))
    return [
        Folder(root / "a", IMAGE_SUFFIXES),
        Folder(root / "c", LABEL_SUFFIXES),
        Folder(root / "e", IMAGE_SUFFIXES),
    ]


@pytest.fixture
def large(monkeypatch):
    """Any folder is large, and there are two cores."""
    monkeypatch.setattr(look, "LARGE_BYTES", 0)
    monkeypatch.setattr(look, "available_cores", lambda: 2)


def rows(listing):
    return listing.directory, sorted(zip(listing.names, listing.sizes, listing.mtimes_ns, strict=True))


def test_two_processes_find_what_one_does(tmp_path, large, monkeypatch):
    folders = folders_below(tmp_path)
    looked = []
    monkeypatch.setattr(look, "listing_below", lambda *folder: looked.append(folder) or listing_below(*folder))
    found = look_through([*folders, *folders])
    assert {folder: rows(listing) for folder, listing in found.items()} == {
        folder: rows(listing_below(*folder)) for folder in folders
    }
    assert 0 < len(looked) < len(folders)


def test_small_folders_need_no_second_process(tmp_path, monkeypatch):
    monkeypatch.setattr(look.subprocess, "Popen", None)
    folders = folders_below(tmp_path)
    assert list(look_through(folders)) == folders


def test_what_the_second_process_does_not_say_is_looked_for_here(tmp_path, large, monkeypatch):
    monkeypatch.setattr(look.sys, "executable", "/bin/true")
    folders = folders_below(tmp_path)
    assert len(look_through(folders)[folders[0]]) == 3


def test_half_an_answer_is_none(tmp_path):
    folders = folders_below(tmp_path)
    request = f'[["{folders[0].directory}", [".png"]]]'
    said = io.BytesIO()
    answer(request, said)
    whole = said.getvalue()
    assert rows(look.Listing.decoded(io.BytesIO(whole))) == rows(listing_below(*folders[0]))
    assert [look.Listing.decoded(io.BytesIO(whole[:length])) for length in range(len(whole))] == [None] * len(whole)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_an_error_in_either_process(tmp_path, large):
    folders = folders_below(tmp_path)
    folders[0].directory.chmod(0)
    with pytest.raises(PermissionError):
        look_through(folders)
