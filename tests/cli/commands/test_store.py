"""`yolozu store`, as it is typed."""

import json
import shutil
from dataclasses import replace

import pytest

from tests.engine.store.test_named import give, receipt
from yolozu.artifacts.digest import digest_file
from yolozu.cli.app import main
from yolozu.engine.store.keys import key_of_receipt
from yolozu.engine.store.remote import RemoteStore
from yolozu.engine.store.size import size_in_words
from yolozu.engine.store.store import Store
from yolozu.paths import RUNS_DIR, store_path

MADE = receipt("train", 1)
KEY = key_of_receipt(MADE)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = Store(store_path())
    give(RUNS_DIR / "a", made, MADE)
    return made


def test_ls_is_a_table(store, capsys):
    assert main(["store", "ls"]) == 0
    header, row, total = capsys.readouterr().out.splitlines()
    assert header.split() == ["key", "stage", "size", "age", "runs"]
    assert row.split()[:2] + row.split()[-1:] == [KEY[:12], "train", "a"]
    assert total == f"1 result, {size_in_words(store.size(KEY))}; no run has 0 of them, 0 B"


def test_an_empty_store_has_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["store", "ls"]) == 0
    assert capsys.readouterr().out == "0 results, 0 B; no run has 0 of them, 0 B\n"


def test_gc_deletes_what_no_run_has(store, capsys):
    assert main(["store", "gc"]) == 0
    assert capsys.readouterr().out == "0 results deleted, 0 B freed\n"
    shutil.rmtree(RUNS_DIR / "a")
    size = size_in_words(store.size(KEY))
    assert main(["store", "gc", "--dry-run"]) == 0
    assert main(["store", "gc", "--older-than", "1d"]) == 0
    assert main(["store", "gc", "--json"]) == 0
    out = capsys.readouterr().out.split("\n", 2)
    assert out[:2] == [f"1 result would be deleted, {size} freed", "0 results deleted, 0 B freed"]
    assert json.loads(out[2])["keys"] == [KEY]
    assert not store.has(KEY)


def test_verify_says_no_where_a_file_is_not_what_it_was(store, capsys):
    assert main(["store", "verify"]) == 1
    assert capsys.readouterr().out == f"{KEY[:12]}: out/a.txt\n1 damaged result\n"
    store.remove(KEY)
    assert main(["store", "verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"damaged": {}}


def test_a_length_of_time_that_is_none_is_refused(store, capsys):
    assert main(["store", "gc", "--older-than", "soon"]) == 2
    assert "YZ341" in capsys.readouterr().err


@pytest.fixture
def there(store, tmp_path):
    """URL of a remote store that has the result, and half an upload."""
    made = RemoteStore(f"file://{tmp_path}/there")
    whole = replace(MADE, outputs={"out/a.txt": digest_file(RUNS_DIR / "a/out/a.txt")})
    made.upload(KEY, whole, RUNS_DIR / "a", lambda: False)
    (tmp_path / "there/ab" / ("ab" + "1" * 62)).mkdir(parents=True)
    return made.url


def test_ls_shows_a_remote_store(there, capsys):
    assert main(["store", "ls", "--remote", there]) == 0
    _, row, total = capsys.readouterr().out.splitlines()
    assert row.split()[:4] + row.split()[-1:] == [KEY[:12], "train", "1", "B", "a"]
    assert total == "1 result, 1 B; no run has 0 of them, 0 B"


def test_verify_reads_a_remote_store(there, capsys, tmp_path):
    assert main(["store", "verify", "--remote", there]) == 0
    half = "1 upload without a record: cut short, or under way; not used\n"
    assert capsys.readouterr().out == f"{half}0 damaged results\n"
    (broken,) = (tmp_path / "there").glob(f"??/{KEY}/*")
    broken.write_text("2")
    assert main(["store", "verify", "--remote", there]) == 1
    assert capsys.readouterr().out == f"{half}{KEY[:12]}: out/a.txt\n1 damaged result\n"
    broken.parent.with_suffix(".json").write_text("{")
    assert main(["store", "verify", "--remote", there, "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "damaged": {KEY: [f"{KEY[:2]}/{KEY}.json"]},
        "unfinished": ["ab" + "1" * 62],
    }
    assert main(["store", "ls", "--remote", there]) == 0
    assert "unreadable" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("bucket", "--remote bucket: YZ744 is no URL of a store"),
        ("s3://a:b@c", "--remote: YZ744 holds a password, which would stand in plans and logs"),
        ("nosuch://a", "--remote nosuch://a: YZ741 fsspec knows no file system 'nosuch'"),
        ("file:///nowhere/at/all", "--remote file:///nowhere/at/all: YZ743 there is no such place, or nothing in it"),
    ],
)
def test_a_remote_store_that_cannot_be_read_is_a_finding(store, capsys, url, told):
    assert main(["store", "ls", "--remote", url]) == 2
    assert capsys.readouterr().err.splitlines()[0] == told


def test_gc_knows_no_remote_store(store, there, capsys):
    assert main(["store", "gc", "--remote", there]) == 2
