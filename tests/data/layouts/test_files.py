from __future__ import annotations

import pytest

from tests.data.builders import write_file
from tests.data.tars import write_tar
from yolozu.data.layouts.files import (
    IMAGE_SUFFIXES,
    LABEL_SUFFIXES,
    by_stem,
    files_below,
    glimpse,
    holds_tars,
    is_folder,
    labels_on_disk,
    listing_below,
    listing_in,
    others_below,
    pictures_on_disk,
    refuse_compressed,
    stem_of,
)
from yolozu.errors import InputError


def test_files_are_found_in_nested_folders_in_order_of_path(tmp_path):
    for name in ("b.PNG", "a/z.jpg", "a/b/c.jpeg", "notes.txt", ".hidden.png", ".cache/x.png"):
        write_file(tmp_path / name, "")
    assert files_below(tmp_path, IMAGE_SUFFIXES) == ["a/b/c.jpeg", "a/z.jpg", "b.PNG"]


def test_a_listing_has_the_same_files_with_their_sizes(tmp_path):
    for name in ("b.PNG", "a/z.jpg", "a/b/c.jpeg", "notes.txt", ".hidden.png"):
        write_file(tmp_path / name, name)
    (tmp_path / "link.png").symlink_to("b.PNG")
    (tmp_path / "gone.png").symlink_to("nowhere")
    found = listing_below(tmp_path, IMAGE_SUFFIXES)
    assert sorted(found.names) == files_below(tmp_path, IMAGE_SUFFIXES)
    assert dict(zip(found.names, found.sizes, strict=True)) == {
        "a/b/c.jpeg": 10, "a/z.jpg": 7, "b.PNG": 5, "link.png": 5,
    }  # fmt: skip
    in_itself = listing_in(tmp_path, lambda name: "." in name).names
    assert sorted(in_itself) == [".hidden.png", "b.PNG", "link.png", "notes.txt"]


def test_links_are_followed_once_and_never_in_circles(tmp_path):
    write_file(tmp_path / "elsewhere/x.png", "")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path / "elsewhere")
    (inside / "again").symlink_to(inside)
    assert files_below(inside, IMAGE_SUFFIXES) == ["link/x.png"]


def test_a_folder_counts_once_however_many_links_lead_to_it(tmp_path):
    write_file(tmp_path / "images/train/b/x.png", "")
    (tmp_path / "images/train/a").symlink_to(tmp_path / "images/train/b")
    (tmp_path / "images/train/up").symlink_to(tmp_path / "images")
    assert files_below(tmp_path / "images/train", IMAGE_SUFFIXES) == ["b/x.png"]
    write_file(tmp_path / "images/val/y.png", "")
    assert files_below(tmp_path / "images/train", IMAGE_SUFFIXES) == ["b/x.png", "up/val/y.png"]


def test_other_files_and_links_that_lead_nowhere_are_counted(tmp_path):
    for name in ("a.png", "b.HEIC", "c/d.heic", "c/e.gif", ".hidden.gif", "README"):
        write_file(tmp_path / name, "")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "self.png").symlink_to("self.png")
    assert files_below(tmp_path, IMAGE_SUFFIXES) == ["a.png"]
    assert listing_in(tmp_path, lambda name: name.endswith(".png")).names == ["a.png"]
    assert list(others_below(tmp_path, IMAGE_SUFFIXES).items()) == [
        (".heic", 2),
        ("link(s) to nowhere", 2),
        ("", 1),
        (".gif", 1),
    ]


def test_endings_in_capitals_are_the_same_endings():
    paths = ["a/1.txt", "a/1.TXT", "a/2.Txt", "a/3.json"]
    assert by_stem(paths, {".txt"}) == {"a/1": ["a/1.txt", "a/1.TXT"], "a/2": ["a/2.Txt"]}


def test_a_stem_keeps_its_folder_and_its_inner_dots():
    assert stem_of("a.b/c.d.jpg") == "a.b/c.d"


def test_tar_files_stand_for_folders(tmp_path):
    members = {"7.JPG": b"", "deep/8.png": b"", "7.txt": b"", "7.seg.png": b"", "a.b.jpg": b""}
    write_tar(tmp_path / "b/train-0.tar", members)
    write_tar(tmp_path / "a.tar", {"1.jpg": b""})
    assert files_below(tmp_path, IMAGE_SUFFIXES) == ["a.tar/1.jpg", "b/train-0.tar/7.JPG", "b/train-0.tar/deep/8.png"]
    assert files_below(tmp_path / "a.tar", IMAGE_SUFFIXES) == ["1.jpg"]
    assert others_below(tmp_path, IMAGE_SUFFIXES | LABEL_SUFFIXES) == {".b.jpg": 1, ".seg.png": 1}
    assert files_below(tmp_path, LABEL_SUFFIXES, packed=False) == []
    tars = [f"{tmp_path}/a.tar", f"{tmp_path}/b/train-0.tar"]
    assert sorted(pictures_on_disk(tmp_path).paths()) == tars
    assert pictures_on_disk(tmp_path / "a.tar").paths() == tars[:1]
    for place, packed, expected in (
        (tmp_path, True, tars),
        (tmp_path, False, []),
        (tmp_path / "a.tar", True, tars[:1]),
    ):
        found = labels_on_disk(place, LABEL_SUFFIXES, listing_below, packed=packed)
        assert sorted(path for listing in found for path in listing.paths()) == expected
    assert list(glimpse(tmp_path)) == [("a.tar", ".tar"), ("b/train-0.tar", ".tar"), ("a.tar/1.jpg", ".jpg")]
    assert [holds_tars(tmp_path / name) for name in ("", "b", "a.tar", "c")] == [True, True, True, False]
    assert [is_folder(tmp_path / name) for name in ("b", "a.tar", "c")] == [True, True, False]


def test_a_tar_file_beside_pictures_is_a_file_that_nothing_reads(tmp_path):
    write_file(tmp_path / "a.png", "")
    (tmp_path / "backup.tar").write_bytes(b"whatever")
    assert files_below(tmp_path, IMAGE_SUFFIXES) == ["a.png"]
    assert others_below(tmp_path, IMAGE_SUFFIXES) == {".tar": 1}
    assert pictures_on_disk(tmp_path).paths() == [f"{tmp_path}/a.png"]
    assert not holds_tars(tmp_path)


def test_compressed_tar_files_are_refused_where_nothing_else_is_to_be_read(tmp_path):
    write_tar(tmp_path / "a.tar", {"1.jpg": b""})
    write_file(tmp_path / "b.tar.gz", "")
    with pytest.raises(InputError, match=r"b\.tar\.gz: YZ277 is compressed \(\.gz\)"):
        refuse_compressed(tmp_path)
    write_file(tmp_path / "a.png", "")
    refuse_compressed(tmp_path)
    refuse_compressed(tmp_path / "a.tar")
