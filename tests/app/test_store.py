"""What `yolozu store` decides."""

import os
import shutil

import pytest

from tests.engine.store.test_named import give, receipt
from yolozu.app.store import collect, damaged_results, seconds_in, stored_results
from yolozu.engine.store.keys import key_of_receipt
from yolozu.engine.store.store import Store
from yolozu.errors import UsageError
from yolozu.paths import RUNS_DIR, store_path

FIRST, SECOND = receipt("train", 1), receipt("train", 2)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Two results, of which a run below ``runs/`` has the first, and one elsewhere the second."""
    monkeypatch.chdir(tmp_path)
    made = Store(store_path())
    give(RUNS_DIR / "a", made, FIRST)
    give(tmp_path / "elsewhere/b", made, SECOND)
    return made


def test_results_are_listed_with_who_has_them(store):
    found = {one.key: one for one in stored_results()}
    assert found[key_of_receipt(FIRST)].runs == ("a",)
    other = found[key_of_receipt(SECOND)]
    assert (other.stage, other.made_by, other.runs) == ("train", "first", ())
    assert other.size == store.size(other.key)
    assert 0 <= other.age_s < 60


def test_what_a_run_elsewhere_holds_is_deleted_and_the_run_keeps_it(store, tmp_path):
    assert collect().keys == (key_of_receipt(SECOND),)
    assert (tmp_path / "elsewhere/b/out/a.txt").read_text() == "2"


def test_what_is_still_linked_frees_nothing(store, tmp_path):
    size = store.size(key_of_receipt(SECOND))
    assert collect(dry_run=True).freed == size - 1
    shutil.rmtree(tmp_path / "elsewhere")
    assert collect().freed == size


def test_a_dry_run_deletes_nothing(store):
    assert collect(dry_run=True).keys == (key_of_receipt(SECOND),)
    assert len(list(store.all_keys())) == 2


def test_what_is_young_stays_where_an_age_is_given(store):
    assert collect(older_than_s=60).keys == ()
    os.utime(store.entry(key_of_receipt(SECOND)), (1, 1))
    assert collect(older_than_s=60).keys == (key_of_receipt(SECOND),)


def test_what_was_damaged_or_left_behind_goes_too(store):
    store.move_away(key_of_receipt(FIRST))
    old, young = store.directory / "ab/.old", store.directory / "ab/.young"
    for place in (old, young):
        place.mkdir(parents=True)
    os.utime(old, (1, 1))
    collect()
    assert list((store.directory / "damaged").iterdir()) == []
    assert (old.exists(), young.exists()) == (False, True)


def test_all_files_are_read_again(store):
    broken, key = key_of_receipt(FIRST), key_of_receipt(SECOND)
    assert damaged_results() == {broken: ["out/a.txt"], key: ["out/a.txt"]}  # their digests are played
    (store.entry(key) / "receipt.json").write_text("{")
    assert damaged_results()[key] == ["receipt.json"]


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800), ("12h", 43200), ("7d", 604800)])
def test_lengths_of_time(text, seconds):
    assert seconds_in(text) == seconds


@pytest.mark.parametrize("text", ["7", "d", "7 d", "-1d", "1w", ""])
def test_what_is_no_length_of_time_is_refused(text):
    with pytest.raises(UsageError, match="YZ341 is no length of time"):
        seconds_in(text)
