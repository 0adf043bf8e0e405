"""Tar files of the same bytes, with an index of their members."""

import tarfile

from yolozu.artifacts.tar_index import read_places
from yolozu.artifacts.tar_writer import packed_size, write_tar

SAMPLES = [{"a.jpg": b"x" * 700, "a.txt": b""}, {f"{'deep/' * 30}é.jpg": b"1"}]


def test_members_are_where_the_index_says(tmp_path):
    write_tar(tmp_path / "t.tar", SAMPLES)
    head, *rows = (tmp_path / "t.idx").read_text().splitlines()
    assert head == "v1.2 2"
    assert rows[0] == "jpg 512 700 a.jpg txt 2048 0 a.txt"
    told = {}
    for row in rows:
        words = row.split(" ")
        told |= {words[at + 3]: (int(words[at + 1]), int(words[at + 2])) for at in range(0, len(words), 4)}
    assert told == read_places(tmp_path / "t.tar")
    whole = (tmp_path / "t.tar").read_bytes()
    for sample in SAMPLES:
        for name, content in sample.items():
            offset, size = told[name]
            assert whole[offset : offset + size] == content


def test_equal_samples_are_equal_bytes_of_nobody(tmp_path):
    for name in ("one.tar", "two.tar"):
        write_tar(tmp_path / name, SAMPLES)
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    with tarfile.open(tmp_path / "one.tar") as tar:
        assert {(member.uid, member.gid, member.uname, member.mtime, member.mode) for member in tar} == {
            (0, 0, "", 0, 0o644)
        }


def test_what_a_sample_takes_is_known_before():
    assert packed_size(SAMPLES[0]) == 512 + 1024 + 512
