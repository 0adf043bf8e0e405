"""What a look at a data set finds that no rule of a build does."""

import shutil

import pytest
from PIL import Image

from tests.data.builders import write_yolo
from tests.data.test_near_duplicates import again, photo, saved
from yolozu.app.data_check import draw_findings, examine, require_sheet
from yolozu.errors import UsageError
from yolozu.progress import SilentProgress

LINES = "".join(f"{index} .{place}5 .{index + 2} .1 .1\n" for index in range(2) for place in range(10))


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = write_yolo(tmp_path / "set", dict.fromkeys(("train/a", "train/b", "train/c", "val/d", "val/e"), LINES))
    for seed, path in enumerate(sorted(root.glob("images/*/*.png"))):
        saved(photo(seed), path)
    return root


def kinds_of(root, *splits):
    return {kind.name: kind for kind in examine(root, splits, 640, SilentProgress()).kinds()}


def test_a_photo_that_was_saved_again_for_another_split_is_a_warning(root):
    again(photo(3), 30).resize((80, 60)).save(root / "images/train/b.png")
    kind = kinds_of(root)["near_duplicate"]
    ((fix, (found,)),) = kind.by_fix.items()
    assert (kind.code, kind.severity, len(kind)) == ("YZ214", "warning", 1)
    assert (found.where, found.problem) == (
        f"{root}/images/train/b.png", f"is nearly the same picture as {root}/images/val/d.png in split 'val'",
    )  # fmt: skip
    assert fix.startswith("remove it from one of the splits")
    assert kinds_of(root, "train") == {}


def test_copies_within_a_split_are_counted(root):
    for name in ("a", "c"):
        again(photo(1), 40).save(root / f"images/train/{name}.png")
    examined = examine(root, [], 640, SilentProgress())
    assert (examined.kinds(), examined.num_alike) == ([], {"train": 2, "val": 0})


def test_the_same_file_in_two_splits_is_the_error_it_was(root):
    shutil.copyfile(root / "images/train/a.png", root / "images/val/d.png")
    assert [(kind.name, kind.severity) for kind in kinds_of(root).values()] == [("leakage", "error")]


def test_a_build_does_not_look_for_doubts_and_they_drop_nothing(root):
    (root / "labels/train/a.txt").write_text(f"{LINES}0 .5 .8 .9 .01\n")
    examined = examine(root, [], 640, SilentProgress())
    assert [name for name, _ in examined.doubts] == ["extreme_aspect_ratio"]
    assert (examined.checked.clean, examined.checked.violations) == (True, ())
    assert examined.report("drop")["splits"]["train"]["instances_used"] == 61


def test_a_picture_that_cannot_be_read_is_like_no_other(root):
    for name in ("a", "b"):
        (root / f"images/train/{name}.png").write_bytes(b"no picture")
    Image.new("RGB", (64, 64)).save(root / "images/train/c.png")
    assert examine(root, [], 640, SilentProgress()).num_alike == {"train": 0, "val": 0}


def test_findings_are_drawn_a_few_of_each_kind(root):
    lines = "".join(f"0 .5 .{place:02d} .9 .01\n" for place in range(10, 20))
    (root / "labels/train/a.txt").write_text(f"{LINES}{lines}9 .5 .5 .2 .2\n")
    examined = examine(root, [], 640, SilentProgress())
    assert draw_findings(examined, root / "sheet.jpg") == (9, 11)
    with Image.open(root / "sheet.jpg") as sheet:
        assert (sheet.format, sheet.width) == ("JPEG", 1160)


def test_there_is_no_sheet_of_nothing(root):
    assert draw_findings(examine(root, [], 640, SilentProgress()), root / "sheet.jpg") is None
    assert not (root / "sheet.jpg").exists()


def test_a_sheet_takes_no_place_and_has_a_name_that_says_what_it_is(root):
    (root / "there.png").write_text("mine")
    assert refusal(root / "there.png") == (
        f"{root}/there.png: YZ905 is there already\n  fix: move it away, or name another file with --sheet"
    )
    assert refusal(root / "sheet.pdf") == (
        f"--sheet {root}/sheet.pdf: YZ274 is no name of a .jpg or .png file\n  fix: name it sheet.pdf.jpg"
    )
    assert refusal(root / "classes.txt/sheet.jpg").startswith(f"--sheet {root}/classes.txt/sheet.jpg: YZ727 ")
    require_sheet(None)
    require_sheet(root / "new/SHEET.JPG")


def refusal(sheet):
    with pytest.raises(UsageError) as caught:
        require_sheet(sheet)
    return str(caught.value)
