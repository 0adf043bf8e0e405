from __future__ import annotations

import json

from tests.data.builders import write_file
from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.listing import FileSet, listing_of
from yolozu.data.layouts.sidecar_files import named_masks


def _set_of(*paths):
    return FileSet((listing_of(paths),))


def test_masks_that_exist_are_named_once_in_order(tmp_path):
    sidecar = write_file(
        tmp_path / "a.json",
        json.dumps(
            [{"mask_path": "b.png"}, {"mask_path": "a.png"}, {"mask_path": "b.png"}, {"mask_path": "c.png"}, {}]
        ),
    )
    for name in ("a.png", "b.png"):
        write_file(tmp_path / name, "")
    found = named_masks(_set_of(sidecar), tmp_path, DigestCache(None))
    assert found.paths() == [f"{tmp_path}/a.png", f"{tmp_path}/b.png"]


def test_sidecars_are_read_again_only_where_one_changed(tmp_path, monkeypatch):
    sidecar = write_file(tmp_path / "a.json", json.dumps({"instances": [{"mask_path": str(tmp_path / "a.json")}]}))
    with DigestCache(tmp_path / "digests.sqlite") as cache:
        first = named_masks(_set_of(sidecar), tmp_path, cache).paths()
    monkeypatch.setattr("yolozu.data.layouts.sidecar_files._names", None)
    with DigestCache(tmp_path / "digests.sqlite") as cache:
        assert named_masks(_set_of(sidecar), tmp_path, cache).paths() == first == [str(sidecar)]


def test_without_sidecars_there_are_no_masks(tmp_path):
    assert named_masks(FileSet(()), tmp_path, DigestCache(None)).paths() == []
