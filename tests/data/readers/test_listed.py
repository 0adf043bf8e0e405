from __future__ import annotations

import json

import pytest

from tests.data.builders import survey_of, write_coco, write_file, write_yolo
from tests.data.tars import pack_split, write_tar
from yolozu.artifacts.digest import DigestCache
from yolozu.data.fingerprint import fingerprint
from yolozu.errors import InputError


def write_listed(root, *lines):
    """Images a and b of an instances file, of which a list names some."""
    write_coco(root, [{"image_id": 20, "category_id": 7, "bbox": [16, 18, 32, 12]}])
    write_file(root / "part.txt", "".join(f"{line}\n" for line in lines))
    entry = {"images_dir": "pictures", "instances_json": "instances.json", "images_list": "part.txt"}
    write_file(root / "dataset.json", json.dumps({"splits": {"part": entry}}))
    return root


def test_only_listed_images_are_of_the_split(tmp_path):
    write_listed(tmp_path, "./pictures/a.png")
    (split,) = survey_of(tmp_path).splits
    assert [image.labeled.image for image in split.images] == ["pictures/a.png"]
    assert len(split.images[0].labeled.instances) == 1


def test_a_listed_image_that_the_labels_do_not_know_is_refused(tmp_path):
    write_listed(tmp_path, "pictures/a.png", "pictures/c.png")
    with pytest.raises(InputError) as refused:
        survey_of(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path}/part.txt: YZ253 lists {tmp_path}/pictures/c.png, which the labels do not know\n"
        "  fix: correct the list, or make it anew: yolozu data split"
    )


def test_a_list_that_is_gone_is_a_split_that_is_not_there(tmp_path):
    (write_listed(tmp_path) / "part.txt").unlink()
    with pytest.raises(InputError, match=r"part\.txt: YZ202 is no list of images, but split 'part' is there"):
        survey_of(tmp_path)


def test_another_list_is_another_fingerprint_and_another_unlisted_image_is_not(tmp_path):
    def digest():
        return fingerprint(str(tmp_path), ["part"], DigestCache(None))["digest"]

    write_listed(tmp_path, "pictures/a.png")
    before = digest()
    (tmp_path / "pictures/b.png").write_bytes(b"other")
    assert digest() == before
    write_file(tmp_path / "part.txt", "pictures/b.png\n")
    assert digest() != before


def test_a_list_may_name_what_lies_in_tar_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_yolo(tmp_path, {"t/1": "0 .5 .5 .1 .1", "t/2": None})
    pack_split(tmp_path, "t", shards=1)
    write_file(tmp_path / "part.txt", "images/t/t-000000.tar/2.png\n")
    entry = {"images_dir": "images/t", "labels_dir": "images/t", "images_list": "part.txt"}
    write_file(tmp_path / "dataset.json", json.dumps({"splits": {"part": entry}}))
    (split,) = survey_of(tmp_path).splits
    assert [image.labeled.image for image in split.images] == ["images/t/t-000000.tar/2.png"]
    counted = ["classes.txt", "dataset.json", "part.txt", "t-000000.tar"]
    assert fingerprint(str(tmp_path), ["part"], DigestCache(None))["files"] == len(counted)


def test_labels_that_need_files_are_refused_beside_tar_files(tmp_path):
    write_tar(tmp_path / "t/t.tar", {"1.png": b"", "1.xml": b""})
    write_file(tmp_path / "dataset.json", json.dumps({"splits": {"t": {"images_dir": "t", "annotations_dir": "t"}}}))
    with pytest.raises(InputError, match="t: YZ298 holds pictures in tar files"):
        survey_of(tmp_path)
