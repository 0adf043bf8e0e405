from __future__ import annotations

import os

import pytest

from tests.data.builders import check_of, found, index_of, survey_of, write_file, write_yolo
from yolozu.artifacts.digest import DigestCache
from yolozu.data.fingerprint import fingerprint
from yolozu.data.layouts.layout import find_layout
from yolozu.errors import InputError

LATIN_1 = os.fsdecode(b"caf\xe9")


@pytest.mark.parametrize(("name", "shown"), [(LATIN_1, r"caf\xe9.png"), (f"{LATIN_1}/a", r"caf\xe9/a.png")])
def test_an_image_whose_name_is_no_utf_8_is_named_and_never_used(tmp_path, name, shown):
    root = write_yolo(tmp_path, {f"train/{name}": "0 .5 .5 .1 .1", "train/b": "0 .5 .5 .1 .1"})
    checked = check_of(root)
    assert found(checked, root) == [f"name_no_text images/train/{shown}: its name is no UTF-8"]
    checked.report("fail")
    (split,) = checked.survey.splits
    index = index_of(checked.survey, split, checked.usable(split, "warn"), root_base="cwd")
    assert [record.image for record in index.records] == ["images/train/b.png"]


def test_such_a_file_counts_in_the_fingerprint(tmp_path):
    root = write_yolo(tmp_path / "set", {"train/a": "", f"train/{LATIN_1}": ""})
    for name in ("images/train/a.png", f"labels/train/{LATIN_1}.txt"):
        os.utime(root / name, (1, 1))
    digests = []
    for _ in range(2):
        with DigestCache(tmp_path / "cache.sqlite") as cache:
            digests.append(fingerprint(str(root), ["train"], cache)["digest"])
    assert digests[0] == digests[1]
    write_file(root / f"labels/train/{LATIN_1}.txt", "0 .5 .5 .1 .1")
    assert fingerprint(str(root), ["train"], DigestCache(tmp_path / "cache.sqlite"))["digest"] != digests[0]


def test_control_characters_are_shown_escaped_and_warned_of(tmp_path):
    root = write_yolo(tmp_path, {"train/a\nb": "0 .5 .5 .1 .1"})
    checked = check_of(root)
    assert found(checked, root) == [
        r"control_character images/train/a\nb.png: its name holds the control character U+000A"
    ]
    assert checked.clean
    assert len(checked.usable(checked.survey.splits[0], "fail")) == 1


def test_a_data_set_whose_own_name_is_no_utf_8_is_refused(tmp_path):
    root = write_yolo(tmp_path / LATIN_1, {"train/a": ""})
    with pytest.raises(InputError) as refused:
        find_layout(root)
    assert str(refused.value) == f"{tmp_path}/caf\\udce9: YZ284 is no UTF-8\n  fix: rename the directory"


def test_letters_of_all_kinds_are_text(tmp_path):
    root = write_yolo(tmp_path, {"train/été 日本 ½": "0 .5 .5 .1 .1"})
    assert found(check_of(root), root) == []
    assert len(survey_of(root).splits[0].images) == 1
