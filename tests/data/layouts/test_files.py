from __future__ import annotations

from tests.data.builders import write_file
from yolozu.data.layouts.files import IMAGE_SUFFIXES, files_below, stem_of


def test_files_are_found_in_nested_folders_in_order_of_path(tmp_path):
    for name in ("b.PNG", "a/z.jpg", "a/b/c.jpeg", "notes.txt", ".hidden.png", ".cache/x.png"):
        write_file(tmp_path / name, "")
    assert files_below(tmp_path, IMAGE_SUFFIXES) == ["a/b/c.jpeg", "a/z.jpg", "b.PNG"]


def test_links_are_followed_once_and_never_in_circles(tmp_path):
    write_file(tmp_path / "elsewhere/x.png", "")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path / "elsewhere")
    (inside / "again").symlink_to(inside)
    assert files_below(inside, IMAGE_SUFFIXES) == ["link/x.png"]


def test_a_stem_keeps_its_folder_and_its_inner_dots():
    assert stem_of("a.b/c.d.jpg") == "a.b/c.d"
