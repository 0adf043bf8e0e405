"""`yolozu store`, as it is typed."""

import json
import shutil

import pytest

from tests.engine.store.test_named import give, receipt
from yolozu.cli.app import main
from yolozu.engine.store.keys import key_of_receipt
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
