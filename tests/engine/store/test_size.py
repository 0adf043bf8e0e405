"""How much is held for nobody."""

import shutil

import pytest

from tests.engine.store.test_named import give, receipt
from yolozu.engine.store.size import held_for_nobody, size_in_words
from yolozu.engine.store.store import Store
from yolozu.paths import RunLayout


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_960, "1.0 MB"), (12_345_678_901, "12.3 GB")]
)
def test_sizes_read_easily(size, words):
    assert size_in_words(size) == words


def test_it_is_told_where_much_is_of_no_run(tmp_path):
    store = Store(tmp_path / ".store")
    give(tmp_path / "a", store, receipt("train", 1))
    give(tmp_path / "b", store, receipt("train", 2))
    assert held_for_nobody(store, tmp_path, above=900) is None
    shutil.rmtree(tmp_path / "b")
    said = held_for_nobody(store, tmp_path, above=100)
    assert said is not None
    assert said.endswith(f" in {store.directory} are of no run any more: yolozu store gc deletes them")
    RunLayout(tmp_path / "a").receipt_path("train").write_text("{")
    assert held_for_nobody(store, tmp_path, above=100) is None
