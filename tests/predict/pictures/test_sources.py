"""What a source means, and what is said of one that means nothing."""

from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from tests.data.tars import write_tar
from tests.fixtures.videos import write_video
from yolozu.errors import UsageError
from yolozu.predict.pictures.picture import Picture
from yolozu.predict.pictures.sources import each_picture, sources_in
from yolozu.predict.pictures.video import Video


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a/1.jpg", "a/b/2.PNG", "a/.hidden/3.jpg", "c/1.jpg"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 6)).save(name)
    Path("a/notes.md").write_text("")
    return tmp_path


def found(*sources):
    return [(str(picture.path), picture.name) for picture in sources_in(sources)]


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


def test_tar_files_stand_for_the_pictures_in_them(folder):
    write_tar(Path("t/t.tar"), {"1.jpg": Path("a/1.jpg").read_bytes(), "1.txt": b""})
    assert found("t", "t/t.tar") == [("t/t.tar/1.jpg", "t.tar/1.jpg")]
    Path("list.txt").write_text("t/t.tar/1.jpg\n")
    (picture,) = sources_in(["list.txt"])
    assert isinstance(picture, Picture)
    assert picture.read().shape == (6, 8, 3)


def test_each_file_counts_once_and_names_differ_before_their_suffix(folder):
    Image.new("RGB", (8, 6)).save("a/1.png")
    assert found("a/1.jpg", "a", "c/1.jpg") == [
        ("a/1.jpg", "1.jpg"), ("a/1.png", "1-2.png"), ("a/b/2.PNG", "b/2.PNG"), ("c/1.jpg", "1-3.jpg"),
    ]  # fmt: skip


def test_all_sources_that_mean_nothing_are_told_together(folder):
    Path("empty").mkdir()
    Path("none.txt").write_text("\n")
    Path("gone.txt").write_text("a/1.jpg\nx.jpg\ny.jpg\n")
    with pytest.raises(UsageError) as caught:
        sources_in(["empty", "none.txt", "gone.txt", "*.jpg", "a/1.jpeg", "a/1.jpg", ""])
    suffixes = (
        "pictures end in .bmp, .jpeg, .jpg, .png, .tif, .tiff, .webp, "
        "videos in .avi, .m4v, .mkv, .mov, .mp4, .mpeg, .mpg, .webm, .wmv"
    )
    assert str(caught.value).splitlines() == [
        "empty: YZ635 no picture is in this folder",
        f"  fix: {suffixes}",
        "none.txt: YZ635 lists no picture",
        "  fix: write the path of a picture a line",
        "gone.txt:2: YZ635 x.jpg is not there, and 1 more of its files are not either",
        "  fix: write paths relative to the list, or absolute ones",
        "*.jpg: YZ635 no picture matches this pattern",
        f"  fix: {suffixes}",
        "a/1.jpeg: YZ635 is not there",
        "  fix: did you mean a/1.jpg?",
        "'': YZ635 names nothing",
        "  fix: name a picture, or . for this folder",
    ]


def test_videos_are_found_as_pictures_are(folder):
    Path("a/film.MP4").write_bytes(b"")
    Path("a/list.txt").write_text("film.MP4\n")
    film = [("a/film.MP4", "film.MP4")]
    assert found("a/film.MP4") == found("a/*.MP4") == found("a/list.txt") == film
    assert found("a") == [("a/1.jpg", "1.jpg"), ("a/b/2.PNG", "b/2.PNG"), *film]
    assert [type(source) for source in sources_in(["a"])] == [Picture, Picture, Video]


def test_frames_of_a_video_are_called_otherwise_than_pictures(folder):
    Path("a/1.mp4").write_bytes(b"")
    Path("a/film.mp4").write_bytes(b"")
    Path("a/1.jpg").rename("a/film-000012.jpg")
    assert found("a/film.mp4", "a/1.mp4", "a/film-000012.jpg", "c/1.jpg") == [
        ("a/film.mp4", "film-2.mp4"), ("a/1.mp4", "1.mp4"), ("a/film-000012.jpg", "film-000012.jpg"),
        ("c/1.jpg", "1-2.jpg"),
    ]  # fmt: skip


def test_without_what_reads_videos_it_is_told_how_to_get_it(folder, monkeypatch):
    monkeypatch.setattr("yolozu.predict.pictures.sources.lacks_reader", lambda: True)
    Path("a/film.mp4").write_bytes(b"")
    assert found("a/1.jpg") == [("a/1.jpg", "1.jpg")]
    with pytest.raises(UsageError) as caught:
        sources_in(["a", "a/film.mp4"])
    assert str(caught.value).splitlines() == [
        "a: YZ643 1 of 3 are videos, such as film.mp4, which PyAV reads; it is not installed",
        "  fix: pip install 'yolozu[video]', or name the pictures alone: '*.jpg'",
        "a/film.mp4: YZ643 videos are read by PyAV, which is not installed",
        "  fix: pip install 'yolozu[video]'",
    ]


def piped(monkeypatch, data, *, terminal=False):
    stream = SimpleNamespace(isatty=lambda: terminal, buffer=BytesIO(data))
    monkeypatch.setattr("sys.stdin", stream)


def test_a_dash_is_the_picture_that_is_piped_in(folder, monkeypatch):
    piped(monkeypatch, Path("a/1.jpg").read_bytes())
    (picture,) = sources_in(["-"])
    assert (picture.name, picture.read().shape) == ("stdin.jpg", (6, 8, 3))


@pytest.mark.parametrize(
    ("data", "terminal", "said"),
    [
        (b"", True, "-: YZ635 nothing is piped in\n  fix: cat kitchen.jpg | yolozu predict -"),
        (b"a.jpg\nb.jpg\n", False, "-: YZ635 image cannot be read: cannot identify image file"),
    ],
)
def test_what_is_no_picture_in_standard_input_is_told(monkeypatch, data, terminal, said):
    piped(monkeypatch, data, terminal=terminal)
    with pytest.raises(UsageError) as caught:
        sources_in(["-"])
    assert str(caught.value).startswith(said)


def test_frames_take_the_places_of_videos(folder):
    write_video(Path("a/film.mp4"), 3)
    names = [one.name for one in each_picture(sources_in(["a/film.mp4", "a/1.jpg"]), every=2)]
    assert names == ["film-000000.jpg", "film-000002.jpg", "1.jpg"]
