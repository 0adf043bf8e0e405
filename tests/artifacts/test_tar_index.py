"""What lies where in a tar file, and every way in which one cannot be used."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.tars import member, write_tar
from yolozu.artifacts.tar_index import first_members, read_places
from yolozu.errors import InputError

WHOLE = "  fix: copy or make it again; tar -tf FILE.tar says whether it is whole"
PLAIN = "  fix: make it again, of plain files: tar -cf FILE.tar --hard-dereference --dereference FOLDER"


def refusal(path):
    with pytest.raises(InputError) as refused:
        read_places(path)
    return str(refused.value)


def test_each_member_is_found_where_it_lies_and_hidden_ones_are_left_out(tmp_path):
    long = f"{'d' * 90}/{'n' * 120}.txt"
    members = {"./a/7.jpg": b"picture", "a/7.txt": b"", long: b"x" * 600, "a/._7.jpg": b"Apple's", ".git/b": b"hidden"}
    path = write_tar(tmp_path / "t.tar", members)
    places = read_places(path)
    data = path.read_bytes()
    assert {name: data[offset : offset + size] for name, (offset, size) in places.items()} == {
        "a/7.jpg": b"picture", "a/7.txt": b"", long: b"x" * 600,
    }  # fmt: skip


def test_folders_are_passed_over(tmp_path):
    with tarfile.open(tmp_path / "t.tar", "w") as tar:
        tar.addfile(member("a", kind=tarfile.DIRTYPE))
        tar.addfile(member("a/b.jpg"))
    assert list(read_places(tmp_path / "t.tar")) == ["a/b.jpg"]


def test_members_that_are_no_plain_files_are_findings_all_at_once(tmp_path):
    with tarfile.open(tmp_path / "t.tar", "w") as tar:
        for made in (
            member("a.jpg"),
            member("link.jpg", kind=tarfile.SYMTYPE, to="/etc/passwd"),
            member("hard.jpg", kind=tarfile.LNKTYPE, to="a.jpg"),
            member("pipe", kind=tarfile.FIFOTYPE),
            member("sda", kind=tarfile.BLKTYPE),
            member("../up.jpg"),
            member("/etc/top.jpg"),
            member("b/../a.jpg"),
        ):
            tar.addfile(made)
    place = tmp_path / "t.tar"
    problems = {
        "link.jpg": "is a link",
        "hard.jpg": "is a link",
        "pipe": "is no plain file",
        "sda": "is no plain file",
        "../up.jpg": "lies outside of the tar file by its name",
        "/etc/top.jpg": "lies outside of the tar file by its name",
        "b/../a.jpg": "is in it twice",
    }
    lines = [f"{place}: {name}: YZ278 {problem}\n{PLAIN}" for name, problem in problems.items()]
    assert refusal(place) == "\n".join(lines)


def test_of_many_such_members_twenty_are_named(tmp_path):
    with tarfile.open(tmp_path / "t.tar", "w") as tar:
        for number in range(25):
            tar.addfile(member(f"{number}.jpg", kind=tarfile.SYMTYPE, to="x"))
    assert refusal(tmp_path / "t.tar").count("is a link") == 20
    assert f"{tmp_path}/t.tar: YZ278 and 5 more such members" in refusal(tmp_path / "t.tar")


def test_a_sparse_member_is_a_finding(tmp_path):
    made = member("hole.jpg", kind=tarfile.GNUTYPE_SPARSE)
    (tmp_path / "t.tar").write_bytes(made.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    assert "hole.jpg: YZ278 is a sparse file, of which the tar file holds parts" in refusal(tmp_path / "t.tar")


def test_a_compressed_tar_file_is_refused_with_the_reason(tmp_path):
    path = tmp_path / "t.tar"
    path.write_bytes(gzip.compress(write_tar(tmp_path / "plain.tar", {"a.jpg": b"1"}).read_bytes()))
    assert refusal(path) == (
        f"{path}: YZ277 is compressed (gzip): no picture in it can be read without all that lies before it\n"
        "  fix: unpack it to a plain .tar (gunzip, unxz): pictures hardly shrink"
    )


@pytest.mark.parametrize(
    ("kept", "problem"),
    [
        (0, "is no tar file that can be read: empty file"),
        (100, "is no tar file that can be read: truncated header"),
        (700, "is no tar file that can be read: unexpected end of data"),
        (1536, "is cut short: it has no end mark"),
        (1700, "is cut short: it has no end mark"),
    ],
)
def test_a_tar_file_that_was_cut_short_is_one_finding(tmp_path, kept, problem):
    path = write_tar(tmp_path / "t.tar", {"a.jpg": b"x" * 1000})
    path.write_bytes(path.read_bytes()[:kept])
    assert refusal(path) == f"{path}: YZ276 {problem}\n{WHOLE}"


def test_what_is_behind_damage_or_behind_the_end_is_not_passed_over(tmp_path):
    path = write_tar(tmp_path / "t.tar", {"a.jpg": b"1", "b.jpg": b"2"})
    whole = path.read_bytes()
    path.write_bytes(whole[:1024] + b"damaged!" + whole[1032:])
    assert refusal(path) == f"{path}: YZ276 is damaged at byte 1024: no member begins there\n{WHOLE}"
    path.write_bytes(whole + whole)
    assert refusal(path) == (
        f"{path}: YZ276 goes on behind its end mark at byte 2048: it is several tar files in a row\n{WHOLE}"
    )


def test_a_header_that_would_fill_the_memory_is_refused(tmp_path):
    path = tmp_path / "t.tar"
    made = member("huge", size=1 << 30, kind=tarfile.GNUTYPE_LONGNAME)
    path.write_bytes(made.tobuf(tarfile.GNU_FORMAT) + b"n" * 4096)
    assert "the header of a member has more than 1048576 bytes" in refusal(path)


def test_a_file_that_is_not_there_is_a_finding(tmp_path):
    assert refusal(tmp_path / "t.tar") == (
        f"{tmp_path}/t.tar: YZ276 cannot be read: No such file or directory\n{WHOLE}"
    )


def test_the_first_members_are_seen_even_of_a_tar_file_that_is_cut_short(tmp_path):
    path = write_tar(tmp_path / "t.tar", {f"{number}.jpg": b"x" for number in range(9)})
    assert first_members(path, most=3) == ["0.jpg", "1.jpg", "2.jpg"]
    path.write_bytes(path.read_bytes()[:2000])
    assert first_members(path) == ["0.jpg", "1.jpg"]
    assert first_members(tmp_path / "none.tar") == []


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damage_of_any_kind_is_a_finding_or_leaves_every_place_inside_the_file(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.tar"
    kind = data.draw(st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT]))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as tar:
        for name in ("a.jpg", "ü" * 40 + ".txt", "b.jpg"):
            tar.addfile(member(name, 3), io.BytesIO(b"abc"))
    whole = bytearray(buffer.getvalue())
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 255)), max_size=6)):
        whole[at % len(whole)] = value
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        places = read_places(path)
    except InputError:
        return
    assert all(0 <= offset <= offset + size <= path.stat().st_size for offset, size in places.values())
