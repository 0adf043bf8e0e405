"""Results in a directory, whole or not there."""

import shutil

import pytest

from yolozu.engine.store.store import Store, bytes_below
from yolozu.planning.receipt import Receipt

KEY = "ab" + "0" * 62


def receipt(outputs):
    return Receipt("train", 1, {}, {}, outputs, {}, "2026-01-01T00:00:00+00:00", 1.0, {})


@pytest.fixture
def root(tmp_path):
    (tmp_path / "run/out").mkdir(parents=True)
    (tmp_path / "run/out/a.txt").write_text("12345")
    return tmp_path / "run"


def test_what_is_put_is_there_with_its_receipt_and_can_be_filled_into_a_run(root, tmp_path):
    store, kept = Store(tmp_path / "store"), receipt({"out/a.txt": "x", "out/left_out.txt": None})
    store.put(KEY, kept, root)
    assert list(store.all_keys()) == [KEY]
    assert store.has(KEY)
    assert store.receipt(KEY) == kept
    store.fill(KEY, kept, tmp_path / "other")
    assert [path.name for path in (tmp_path / "other/out").iterdir()] == ["a.txt"]
    assert store.size(KEY) == 5 + (store.entry(KEY) / "receipt.json").stat().st_size


def test_half_a_result_is_never_there(root, tmp_path):
    store = Store(tmp_path / "store")
    with pytest.raises(FileNotFoundError):
        store.put(KEY, receipt({"out/a.txt": "x", "out/missing.txt": "y"}), root)
    assert list(store.all_keys()) == []
    assert list((tmp_path / "store/ab").iterdir()) == []


def test_the_first_one_stays(root, tmp_path):
    store = Store(tmp_path / "store")
    store.put(KEY, receipt({"out/a.txt": "x"}), root)
    store.put(KEY, receipt({"out/a.txt": "y"}), root)
    assert store.receipt(KEY).outputs == {"out/a.txt": "x"}


def test_what_is_removed_or_moved_away_is_gone_and_what_runs_hold_stays(root, tmp_path):
    store = Store(tmp_path / "store")
    store.put(KEY, receipt({"out/a.txt": "x"}), root)
    place = store.move_away(KEY)
    assert not store.has(KEY)
    assert (place / "files/out/a.txt").read_text() == "12345"
    store.put(KEY, receipt({"out/a.txt": "x"}), root)
    store.remove(KEY)
    assert list(store.all_keys()) == []
    assert (root / "out/a.txt").read_text() == "12345"


def test_a_store_that_is_not_there_has_nothing(tmp_path):
    assert list(Store(tmp_path / "none").all_keys()) == []
    assert bytes_below(tmp_path / "none") == 0


def test_an_unreadable_receipt_is_none(root, tmp_path):
    store = Store(tmp_path / "store")
    store.put(KEY, receipt({"out/a.txt": "x"}), root)
    (store.entry(KEY) / "receipt.json").write_text("{")
    assert store.receipt(KEY) is None
    shutil.rmtree(store.directory)
    assert store.receipt(KEY) is None
