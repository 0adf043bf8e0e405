"""What a source means, and what is said of one that means nothing."""

from pathlib import Path

import pytest
from PIL import Image

from yolozu.errors import UsageError
from yolozu.predict.pictures.sources import pictures_in


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a/1.jpg", "a/b/2.PNG", "a/.hidden/3.jpg", "c/1.jpg"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 6)).save(name)
    Path("a/notes.md").write_text("")
    return tmp_path


def found(*sources):
    return [(str(picture.path), picture.name) for picture in pictures_in(sources)]


def test_a_file_is_called_by_its_name_whatever_its_suffix(folder):
    Path("a/1.jpg").rename("a/1.weird")
    assert found("a/1.weird") == [("a/1.weird", "1.weird")]


def test_a_folder_stands_for_the_pictures_below_it_that_are_not_hidden(folder):
    assert found("a") == [("a/1.jpg", "1.jpg"), ("a/b/2.PNG", "b/2.PNG")]


@pytest.mark.parametrize("pattern", ["*/*.jpg", "**/1.jpg", "{}/*/1.jp?"])
def test_a_pattern_stands_for_the_pictures_that_match(folder, pattern):
    prefix = f"{folder}/" if "{}" in pattern else ""
    assert found(pattern.format(folder)) == [(f"{prefix}a/1.jpg", "1.jpg"), (f"{prefix}c/1.jpg", "1-2.jpg")]


def test_a_list_names_files_relative_to_itself(folder):
    Path("a/list.txt").write_text(f"\ufeff1.jpg\n\n b/2.PNG \n{folder}/c/1.jpg\n", encoding="utf-8")
    assert found("a/list.txt") == [("a/1.jpg", "1.jpg"), ("a/b/2.PNG", "2.PNG"), (f"{folder}/c/1.jpg", "1-2.jpg")]


def test_each_file_counts_once_and_names_differ_before_their_suffix(folder):
    Image.new("RGB", (8, 6)).save("a/1.png")
    assert found("a/1.jpg", "a", "c/1.jpg") == [
        ("a/1.jpg", "1.jpg"), ("a/1.png", "1-2.png"), ("a/b/2.PNG", "b/2.PNG"), ("c/1.jpg", "1-3.jpg"),
    ]  # fmt: skip


def test_all_sources_that_mean_nothing_are_told_together(folder):
    Path("empty").mkdir()
    Path("film.MP4").write_bytes(b"")
    Path("none.txt").write_text("\n")
    Path("gone.txt").write_text("a/1.jpg\nx.jpg\ny.jpg\n")
    with pytest.raises(UsageError) as caught:
        pictures_in(["empty", "film.MP4", "none.txt", "gone.txt", "*.jpg", "a/1.jpeg", "a/1.jpg", "-", ""])
    suffixes = "pictures end in .bmp, .jpeg, .jpg, .png, .tif, .tiff, .webp"
    assert str(caught.value).splitlines() == [
        "empty: YZ635 no picture is in this folder",
        f"  fix: {suffixes}",
        "film.MP4: YZ635 videos are not read",
        "  fix: write its frames as pictures first: ffmpeg -i film.MP4 frames/%06d.jpg",
        "none.txt: YZ635 lists no picture",
        "  fix: write the path of a picture a line",
        "gone.txt:2: YZ635 x.jpg is not there, and 1 more of its files are not either",
        "  fix: write paths relative to the list, or absolute ones",
        "*.jpg: YZ635 no picture matches this pattern",
        f"  fix: {suffixes}",
        "a/1.jpeg: YZ635 is not there",
        "  fix: did you mean a/1.jpg?",
        "-: YZ635 is not there",
        "  fix: name a picture, a folder, a pattern in quotes or a .txt list",
        "'': YZ635 names nothing",
        "  fix: name a picture, or . for this folder",
    ]
