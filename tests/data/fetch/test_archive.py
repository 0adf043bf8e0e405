"""Archives unpack where they should, or not at all."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from tests.data.prepare.zips import data_set, link, zip_of
from yolozu.data.fetch import archive as module
from yolozu.data.fetch.archive import unpack
from yolozu.errors import InputError
from yolozu.progress import SilentProgress


def unpacked(tmp_path, content):
    (tmp_path / "x.zip").write_bytes(content)
    into = tmp_path / "deep/er"
    into.mkdir(parents=True)
    unpack(tmp_path / "x.zip", into, SilentProgress())
    return {path.relative_to(into).as_posix(): path.read_bytes() for path in into.rglob("*") if path.is_file()}


def refused(tmp_path, content):
    with pytest.raises(InputError) as error:
        unpacked(tmp_path, content)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["x.zip"]
    return str(error.value).replace(f"{tmp_path}/", "")


def test_a_directory_around_everything_and_hidden_files_are_left_away(tmp_path):
    names = set(unpacked(tmp_path, zip_of(data_set(2))))
    assert names == {"LICENSE", "images/train2017/0.png", "images/train2017/1.png", "labels/train2017/0.txt"}


def test_several_directories_at_the_top_stay(tmp_path):
    assert set(unpacked(tmp_path, zip_of({"images/a": b"1", "labels/a": b"2"}))) == {"images/a", "labels/a"}


@pytest.mark.parametrize(
    "name", ["../evil", "a/../../evil", "/etc/evil", "C:/evil", "a\\..\\..\\evil", "../../evil", "..\\evil"]
)
def test_names_that_lead_out_are_refused(tmp_path, name):
    assert refused(tmp_path, zip_of({"a/b": b"", name: b""})) == (
        f"x.zip: {name}: YZ267 leads out of the archive's directory\n  fix: fetch it again, or from somewhere else"
    ).replace("\\", "\\")


def test_links_and_names_that_are_there_twice_are_refused(tmp_path):
    assert "x.zip: a/link: YZ267 is a link" in refused(tmp_path, link("a/link", "/etc/passwd"))
    for path in [*tmp_path.rglob("*.zip"), *sorted(tmp_path.glob("deep/*")), tmp_path / "deep"]:
        path.rmdir() if path.is_dir() else path.unlink()
    assert "x.zip: a/B: YZ267 is there twice" in refused(tmp_path, zip_of({"a/b": b"1", "a/B": b"2"}))


def test_encrypted_members_are_refused(tmp_path):
    content = bytearray(zip_of({"a/b": b"text"}))
    central = content.index(b"PK\x01\x02")
    content[central + 8] |= 1
    assert "x.zip: a/b: YZ267 is encrypted" in refused(tmp_path, bytes(content))


@pytest.mark.parametrize(
    "content", [b"", b"<html>log in</html>", zip_of(data_set())[:-40]], ids=["nothing", "a page", "cut short"]
)
def test_what_is_no_zip_is_refused(tmp_path, content):
    assert "x.zip: YZ267 is no zip, or damaged" in refused(tmp_path, content)


def test_an_empty_zip_is_refused(tmp_path):
    assert "x.zip: YZ267 holds no file" in refused(tmp_path, zip_of({"__MACOSX/a": b""}))


def test_a_damaged_member_is_noticed(tmp_path):
    content = zip_of({"a/b": b"0123456789" * 100})
    with pytest.raises(InputError, match="YZ267 is no zip, or damaged: Bad CRC-32"):
        unpacked(tmp_path, content.replace(b"0123456789", b"0123456780", 1))


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_is_noticed_however_a_member_is_packed(tmp_path, method):
    content = np.random.default_rng(0).bytes(4000)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as made:
        made.writestr("a/b", content)
    damaged = bytearray(packed.getvalue())
    damaged[200:2000] = bytes(1800)
    with pytest.raises(InputError, match="YZ267 is no zip, or damaged"):
        unpacked(tmp_path, bytes(damaged))


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    assert "YZ267 unpacks to more than" in refused(tmp_path, zip_of({"a/b": b"x" * 1001}))


def test_many_problems_are_cut_at_twenty(tmp_path):
    assert refused(tmp_path, zip_of({f"../{n}": b"" for n in range(30)})).count("YZ267") == 20
