"""Files appear whole or not at all, and never in place of somebody else's."""

from __future__ import annotations

import errno

import pytest

from tests.data.builders import write_file
from tests.data.tars import write_tar
from yolozu.artifacts import atomic_files as writing
from yolozu.artifacts.atomic_files import (
    atomic_directory,
    copy_file,
    copy_files,
    explaining_write_errors,
    is_taken,
    refuse_first_of,
    write_files,
)
from yolozu.errors import UsageError


class Counting:
    """A bar that counts."""

    done = 0

    def advance(self, count=1):
        self.done += count


def test_a_directory_takes_its_place_when_all_went_well(tmp_path):
    with atomic_directory(tmp_path / "deep/out") as aside:
        (aside / "a").write_text("1")
        assert not (tmp_path / "deep/out").exists()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]
    assert oct((tmp_path / "deep/out").stat().st_mode & 0o777) == "0o755"


def test_a_directory_that_failed_leaves_nothing(tmp_path):
    def stopped():
        with atomic_directory(tmp_path / "deep/out") as aside:
            (aside / "a").write_text("1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert list(tmp_path.iterdir()) == []


def test_what_counts_as_taken(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    write_file(tmp_path / "full/a", "")
    taken = {name: is_taken(tmp_path / name) for name in ("missing", "empty", "link", "full", "full/a")}
    assert taken == {"missing": False, "empty": False, "link": True, "full": True, "full/a": True}


def test_files_and_links_are_written_once(tmp_path):
    contents = {"a/b.txt": b"1\n", "c.png": tmp_path / "elsewhere.png"}
    write_files(tmp_path / "out", contents)
    assert (tmp_path / "out/a/b.txt").read_bytes() == b"1\n"
    assert (tmp_path / "out/c.png").readlink() == tmp_path / "elsewhere.png"
    before = (tmp_path / "out/a/b.txt").stat().st_mtime_ns
    write_files(tmp_path / "out", contents)
    assert (tmp_path / "out/a/b.txt").stat().st_mtime_ns == before


def test_files_may_be_written_by_functions_into_a_new_directory(tmp_path):
    contents = {"a/b.txt": lambda path: path.write_text("b", encoding="utf-8"), "c": b"c"}
    write_files(tmp_path / "out", contents)
    assert (tmp_path / "out/a/b.txt").read_text() == "b"
    with pytest.raises(UsageError, match=r"out/a/b.txt: YZ905 is there already, with other content"):
        write_files(tmp_path / "out", contents)


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        ({"a": b"2"}, "out/a: YZ905 is there already, with other content"),
        ({"a": b"1", "b": b""}, "out/b: YZ905 is missing among files that are there already"),
        ({}, "out/a: YZ905 is there already, and not written here"),
    ],
)
def test_other_files_stay(tmp_path, contents, said):
    write_file(tmp_path / "out/a", "1")
    with pytest.raises(UsageError) as error:
        write_files(tmp_path / "out", contents)
    assert str(error.value).replace(f"{tmp_path}/", "") == f"{said}\n  fix: move it away, or name another --out"
    assert (tmp_path / "out/a").read_text() == "1"


def test_a_file_in_place_of_a_directory_stays(tmp_path):
    write_file(tmp_path / "out", "1")
    with pytest.raises(UsageError, match="YZ905 is there already, and is no directory"):
        write_files(tmp_path / "out", {"a": b""})


def test_a_file_is_written_once(tmp_path):
    writing.write_file(tmp_path / "x/a", b"1")
    writing.write_file(tmp_path / "x/a", b"1")
    with pytest.raises(UsageError, match="YZ905 is there already, with other content"):
        writing.write_file(tmp_path / "x/a", b"2")
    (tmp_path / "link").symlink_to("x/a")
    with pytest.raises(UsageError, match="YZ905"):
        writing.write_file(tmp_path / "link", b"1")


def test_a_copy_goes_on_where_it_was_stopped(tmp_path):
    sources = {tmp_path / f"out/{name}": write_file(tmp_path / f"in/{name}", name) for name in "abc"}
    write_file(tmp_path / "out/a", "a")
    before = (tmp_path / "out/a").stat().st_mtime_ns
    bar = Counting()
    copy_files(sources, tmp_path / "out", bar)
    assert (bar.done, "".join(path.read_text() for path in sorted((tmp_path / "out").iterdir()))) == (3, "abc")
    assert (tmp_path / "out/a").stat().st_mtime_ns == before


def test_nothing_is_copied_where_something_else_is(tmp_path):
    sources = {tmp_path / f"out/{name}": write_file(tmp_path / f"in/{name}", name) for name in "ab"}
    write_file(tmp_path / "out/b", "mine")
    with pytest.raises(UsageError, match="YZ905 is there already, and is not"):
        copy_files(sources, tmp_path / "out", Counting())
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b"]


def test_twenty_are_named_and_the_others_counted(tmp_path):
    refuse_first_of("YZ905", {}, "fix", tmp_path)
    with pytest.raises(UsageError) as error:
        refuse_first_of("YZ905", {tmp_path / f"{n}": "is wrong" for n in range(23)}, "mend it", tmp_path)
    assert len(error.value.findings) == 21
    assert error.value.findings[-1].problem == "and 3 more such files"


def test_only_what_the_system_says_is_passed_on(tmp_path):
    with pytest.raises(UsageError, match="YZ314 the system says: No space left"), explaining_write_errors(tmp_path):
        raise OSError(errno.ENOSPC, "No space left")
    with pytest.raises(OSError, match="bad"), explaining_write_errors(tmp_path):
        raise OSError(errno.EBADF, "bad")


def test_what_lies_in_a_tar_file_is_copied_where_others_are_linked_to(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tar = write_tar(tmp_path / "t.tar", {"a": b"1", "b": b"2"})
    for _ in range(2):
        write_files(tmp_path / "linked", {"a": tar / "a"})
    assert (tmp_path / "linked/a").read_bytes() == b"1"
    assert not (tmp_path / "linked/a").is_symlink()
    with pytest.raises(UsageError, match="linked/a: YZ905 is there already, with other content"):
        write_files(tmp_path / "linked", {"a": tar / "b"})
    for _ in range(2):
        copy_files({tmp_path / "copied/b": tar / "b"}, tmp_path, Counting())
    copy_file(tar / "a", tmp_path / "copied/a")
    assert [(tmp_path / "copied" / name).read_bytes() for name in "ab"] == [b"1", b"2"]
