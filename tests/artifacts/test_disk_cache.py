import errno
import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yolozu.artifacts import disk_cache as time_saver
from yolozu.artifacts.disk_cache import DiskCache

TABLE = "facts (name text primary key, value text)"
INSERT = "insert or replace into facts values (?, ?)"
ROWS = [(f"name {number}", f"{number}" * 60) for number in range(200)]


def opened(path):
    return closing(DiskCache(path, [TABLE]))


def read(path):
    with opened(path) as file:
        return sorted(file.rows("select name, value from facts"), key=repr)


def write(path, rows=ROWS):
    with opened(path) as file:
        file.write((INSERT, rows))


@pytest.fixture(scope="module")
def intact(tmp_path_factory):
    path = tmp_path_factory.mktemp("saver") / "facts.sqlite"
    write(path)
    return path


def test_what_is_written_is_found_and_looking_makes_no_file(tmp_path):
    path = tmp_path / "new" / "facts.sqlite"
    assert read(path) == []
    assert not path.parent.exists()
    write(path)
    assert read(path) == sorted(ROWS, key=repr)


DAMAGE = {
    "garbage": b"garbage" * 1000,
    "zeros": b"\0" * 9000,
    "empty": b"",
    "no database": b"SQLite format 3\0" + b"\xff" * 5000,
}


@pytest.mark.parametrize("content", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_file_is_made_anew_with_a_line(tmp_path, caplog, content):
    path = tmp_path / "facts.sqlite"
    path.write_bytes(content)
    assert read(path) == []
    write(path)
    assert read(path) == sorted(ROWS, key=repr)
    if content.strip(b"\0"):
        assert [record.message.partition(" (")[0] for record in caplog.records] == [f"warning: {path} was damaged"]


def test_a_directory_in_its_place_is_moved_aside_and_kept(tmp_path, caplog):
    path = tmp_path / "facts.sqlite"
    path.mkdir()
    (path / "precious").touch()
    write(path)
    assert read(path) == sorted(ROWS, key=repr)
    assert (tmp_path / "facts.sqlite.damaged" / "precious").is_file()
    assert len(caplog.records) == 1


def test_other_tables_of_those_names_are_damage_too(tmp_path):
    path = tmp_path / "facts.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table facts (something)")
    write(path)
    assert read(path) == sorted(ROWS, key=repr)


def test_a_file_that_somebody_holds_is_waited_for_once_and_told_of_once(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(time_saver, "WAIT_S", 0.05)
    path = tmp_path / "facts.sqlite"
    write(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("pragma locking_mode=exclusive")
        holder.execute("begin exclusive")
        holder.execute("delete from facts")
        write(path)
        assert read(path) == []
        holder.execute("rollback")
    assert [record.message for record in caplog.records] == [
        f"warning: {path} cannot be used (database is locked); going on without it, which only costs time"
    ]


def test_a_place_where_nothing_can_be_made_is_gone_on_without(tmp_path, caplog):
    (tmp_path / "file").touch()
    write(tmp_path / "file" / "facts.sqlite")
    assert read(tmp_path / "file" / "facts.sqlite") == []
    assert len(caplog.records) == 1


def test_a_place_that_may_only_be_read_is_not_told_of(tmp_path, caplog, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(time_saver.os, "access", lambda *_: False)
    monkeypatch.setattr(time_saver.Path, "mkdir", refuse)
    write(tmp_path / "facts.sqlite")
    assert caplog.records == []


def test_a_table_whose_name_is_no_text_any_more_is_made_anew(tmp_path, intact):
    path = tmp_path / "facts.sqlite"
    path.write_bytes(intact.read_bytes().replace(b"CREATE TABLE facts", b"CREATE TABL\xa5 f\xa5cts"))
    assert read(path) == []
    write(path)
    assert read(path) == sorted(ROWS, key=repr)


@given(st.floats(0, 1), st.integers(1, 5000), st.sampled_from([b"", b"\0", b"\xa5"]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_to_the_bytes_nothing_is_raised_and_writing_works_again(tmp_path, intact, share, length, put):
    path, content = tmp_path / "facts.sqlite", intact.read_bytes()
    start = int(share * len(content))
    path.write_bytes(content[:start] + put * length + (content[start + length :] if put else b""))
    read(path)
    write(path)
    write(path, [("last", "word")])
    # By its name a row may be missed, where sqlite's index was hit: that costs time.
    assert dict(read(path))["last"] == "word"
    assert str(path) not in time_saver._given_up
