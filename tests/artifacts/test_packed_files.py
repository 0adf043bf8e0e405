"""Files in tar files, read as if the tar file were a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.data.tars import LONG_AGO, write_tar
from yolozu.artifacts import packed_files
from yolozu.artifacts.digest import DigestCache, digest_file
from yolozu.artifacts.packed_files import (
    file_on_disk,
    is_file,
    is_packed,
    is_tar,
    members_of,
    opened,
    read_bytes,
    readable,
)
from yolozu.errors import InputError


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_member_is_read_like_a_file(tmp_path):
    tar = write_tar(tmp_path / "shards.tar/real/T.TAR", {"7.jpg": b"picture", "deep/7.txt": b"0 1"})
    assert tar.parent.parent.is_dir()
    assert is_tar(tar)
    assert not is_tar(tmp_path / "shards.tar")
    assert read_bytes(tar / "7.jpg") == b"picture"
    assert read_bytes(tar / "deep/../deep/7.txt") == b"0 1"
    assert [is_file(tar / name) for name in ("7.jpg", "deep", "8.jpg")] == [True, False, False]
    assert file_on_disk(tar / "7.jpg") == str(tar)
    assert is_packed(tar / "7.jpg")
    assert not is_packed(tar)
    with opened(tar / "7.jpg") as file:
        assert file.read(4) == b"pict"
    assert digest_file(tar / "7.jpg") == DigestCache(None).file(tar / "7.jpg")


def test_other_paths_mean_what_they_always_do(tmp_path):
    plain = tmp_path / "a.tar/b.jpg"
    plain.parent.mkdir()
    plain.write_bytes(b"plain")
    assert file_on_disk(plain) == str(plain)
    assert read_bytes(plain) == b"plain"
    assert readable(plain) == plain
    assert is_file(plain)
    assert not is_file(tmp_path / "gone.tar/b.jpg")
    with opened(plain) as file:
        assert file.read() == b"plain"


def test_a_member_that_is_not_there_is_no_file(tmp_path):
    tar = write_tar(tmp_path / "t.tar", {"7.jpg": b""})
    with pytest.raises(FileNotFoundError, match=r"no such member of the tar file.*t\.tar/8\.jpg"):
        read_bytes(tar / "8.jpg")


def test_what_lies_where_is_remembered_until_the_tar_file_changes(tmp_path, monkeypatch):
    tar = write_tar(tmp_path / "t.tar", {"7.jpg": b"old"})
    assert members_of(tar) == {"7.jpg": (512, 3)}
    packed_files._members.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(packed_files, "read_places", None)
        assert members_of(tar) == {"7.jpg": (512, 3)}
    write_tar(tar, {"7.jpg": b"newer", "8.jpg": b""})
    os.utime(tar, (LONG_AGO, LONG_AGO + 1))
    assert read_bytes(tar / "7.jpg") == b"newer"


def test_damage_of_what_is_remembered_costs_only_time(tmp_path):
    tar = write_tar(tmp_path / "t.tar", {"7.jpg": b"old"})
    members_of(tar)
    packed_files._members.cache_clear()
    cache = packed_files.DiskCache(packed_files.digest_cache_path(), (packed_files.TABLE,))
    cache.write(("update tars set places = ?", [("[1]",)]))
    cache.close()
    assert members_of(tar) == {"7.jpg": (512, 3)}


def test_a_tar_file_that_shrinks_while_it_is_open_is_an_error(tmp_path):
    tar = write_tar(tmp_path / "t.tar", {"7.jpg": b"x" * 5000})
    stamp = packed_files._stamp(str(tar))
    places = packed_files._members(str(tar), stamp)
    packed_files._open_tar(str(tar), stamp)
    os.truncate(tar, 1000)
    assert places == {"7.jpg": (512, 5000)}
    assert len(packed_files._open_tar(str(tar), stamp).read(512, 5000)) == 488


def test_more_tar_files_than_are_kept_open_are_read(tmp_path):
    tars = [
        write_tar(tmp_path / f"{number}.tar", {"a": bytes([number])}) for number in range(packed_files.MOST_OPEN + 6)
    ]
    before = len(list(Path("/dev/fd").iterdir()))
    assert [read_bytes(tar / "a")[0] for tar in (*tars, *tars)] == [*range(len(tars))] * 2
    assert len(list(Path("/dev/fd").iterdir())) <= before + packed_files.MOST_OPEN


def test_findings_name_tar_files_as_they_lie_from_here(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/t.tar").write_bytes(b"\x1f\x8bno")
    for spelled in ("parts/t.tar", tmp_path / "parts/t.tar"):
        with pytest.raises(InputError) as caught:
            members_of(spelled)
        assert [finding.where for finding in caught.value.findings] == ["parts/t.tar"]
