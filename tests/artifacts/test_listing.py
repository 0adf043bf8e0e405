"""What one look at many files finds."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.artifacts.listing import LATEST_NS, FileSet, Listing, Row, all_files, files_among, has_ending, listing_of


def status(size, mtime_ns):
    return SimpleNamespace(st_size=size, st_mtime_ns=mtime_ns)


def write(path, text="", seconds=1000):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (seconds, seconds))
    return path


def test_all_files_of_a_directory_are_found_with_size_and_time(tmp_path):
    write(tmp_path / "a/b.txt", "hello", 5)
    write(tmp_path / ".c", "", 6)
    found = all_files(str(tmp_path))
    assert sorted(zip(found.names, found.sizes, found.mtimes_ns, strict=True)) == [
        (".c", 0, 6_000_000_000),
        ("a/b.txt", 5, 5_000_000_000),
    ]
    assert sorted(found.paths()) == [f"{tmp_path}/.c", f"{tmp_path}/a/b.txt"]


def test_a_time_beyond_64_bits_is_the_latest():
    assert FileSet((Listing("", [("a", status(0, 2**63)), ("b", status(0, 0))]),)).newest_ns == LATEST_NS


def test_what_is_no_file_is_left_out(tmp_path):
    path = write(tmp_path / "a")
    assert files_among([str(tmp_path), f"{tmp_path}/b", "\0", "\udcff\udcff/x", str(path)]).names == [str(path)]
    with pytest.raises(FileNotFoundError):
        listing_of([tmp_path / "b"])


def test_files_are_chosen_by_their_ending_whatever_its_case(tmp_path):
    for name in ("a.txt", "b.TXT", "c.json", "d.txt.bak", "txt"):
        write(tmp_path / name)
    assert sorted(all_files(str(tmp_path)).ending_in({".txt"}).names) == ["a.txt", "b.TXT"]
    assert not has_ending("a", (".txt",))


def test_a_path_that_is_listed_twice_counts_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "data/b/c", "123", 7)
    write(tmp_path / "data/a", "12", 8)
    write(tmp_path / "x", "1", 9)
    files = FileSet((listing_of(["data/b/c", Path("x")]), all_files("data"), Listing("none")))
    assert files.paths() == ["data/b/c", "x", *(path for path in all_files("data").paths() if path != "data/b/c")]
    assert files.extent() == (3, 6)
    assert files.newest_ns == 9_000_000_000
    assert files.rows(f"{tmp_path}/data") == [
        Row("../x", f"{tmp_path}/x", 1, 9_000_000_000),
        Row("a", f"{tmp_path}/data/a", 2, 8_000_000_000),
        Row("b/c", f"{tmp_path}/data/b/c", 3, 7_000_000_000),
    ]
    assert (FileSet(()).newest_ns, FileSet(()).extent()) == (None, (0, 0))


def test_names_are_relative_to_where_one_is(tmp_path, monkeypatch):
    stamps = []
    for name in ("a", "b"):
        write(tmp_path / name / "x")
        monkeypatch.chdir(tmp_path / name)
        stamps.append(FileSet((listing_of(["x"]),)).stamp)
    assert stamps[0] != stamps[1]


ROWS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "a\n", "ab", "1", "\udcff"]), st.integers(0, 2), st.integers(-1, 1))
)
SETS = st.lists(st.tuples(st.sampled_from(["", "d", "d/a"]), ROWS), max_size=3)


@given(SETS, SETS)
def test_sets_are_told_apart_by_all_there_is_to_know_of_their_files(one, other):
    stamps = [
        FileSet(tuple(Listing(folder, [(name, status(*rest)) for name, *rest in rows]) for folder, rows in found)).stamp
        for found in (one, other)
    ]
    assert (stamps[0] == stamps[1]) is (one == other)
