"""A remote store by itself."""

import pytest

from yolozu.artifacts.digest import DigestCache, digest_file
from yolozu.engine.store.remote import DamagedRemote, RemoteStore, Stopped
from yolozu.engine.store.store import Store
from yolozu.planning.receipt import Receipt

KEY = "ab" + "0" * 62


def go_on() -> bool:
    return False


@pytest.fixture
def root(tmp_path):
    (tmp_path / "run/out/empty").mkdir(parents=True)
    (tmp_path / "run/out/a.txt").write_text("12345")
    return tmp_path / "run"


@pytest.fixture
def receipt(root):
    outputs = {"out/a.txt": digest_file(root / "out/a.txt"), "left_out.txt": None}
    outputs["out/empty"] = DigestCache(None).tree(root / "out/empty")
    return Receipt("train", 1, {}, {}, outputs, {}, "2026-01-01T00:00:00+00:00", 1.0, {})


@pytest.fixture
def remote(tmp_path):
    return RemoteStore(f"file://{tmp_path}/there/")


def test_what_is_uploaded_is_fetched_with_its_receipt(remote, root, receipt, tmp_path):
    made = remote.upload(KEY, receipt, root, go_on)
    assert remote.record(KEY) == made
    assert (list(remote.all_keys()), remote.unfinished(), remote.damage(KEY, made)) == ([KEY], [], [])
    store = Store(tmp_path / "store")
    remote.fetch(KEY, made, store, go_on)
    assert store.receipt(KEY) == receipt
    assert (store.files(KEY) / "out/a.txt").read_text() == "12345"
    assert (store.files(KEY) / "out/empty").is_dir()


def test_a_file_that_is_there_is_not_uploaded_again_unless_anew(remote, root, receipt, tmp_path):
    remote.upload(KEY, receipt, root, go_on)
    (there,) = (tmp_path / "there/ab" / KEY).iterdir()
    there.write_text("54321")
    record = remote.upload(KEY, receipt, root, go_on)
    assert remote.damage(KEY, record) == ["out/a.txt"]
    remote.upload(KEY, receipt, root, go_on, anew=True)
    assert remote.damage(KEY, record) == []


def test_an_upload_that_is_cut_short_is_not_there(remote, root, receipt, tmp_path):
    asked = iter([False, True])
    (root / "out/b.txt").write_text("b")
    both = Receipt(**{**vars(receipt), "outputs": {**receipt.outputs, "out/b.txt": digest_file(root / "out/b.txt")}})
    with pytest.raises(Stopped):
        remote.upload(KEY, both, root, lambda: next(asked))
    assert remote.record(KEY) is None
    assert (list(remote.all_keys()), remote.unfinished()) == ([], [KEY])


def test_what_changes_while_it_is_uploaded_gets_no_record(remote, root, receipt):
    (root / "out/a.txt").write_text("54321")
    with pytest.raises(OSError, match=r"a\.txt changed while it was uploaded"):
        remote.upload(KEY, receipt, root, go_on)
    assert remote.record(KEY) is None


def test_nothing_is_left_of_a_fetch_that_fails(remote, root, receipt, tmp_path):
    record = remote.upload(KEY, receipt, root, go_on)
    (there,) = (tmp_path / "there/ab" / KEY).iterdir()
    there.write_text("1")
    store = Store(tmp_path / "store")
    with pytest.raises(DamagedRemote, match=r"^out/a\.txt is cut short: 4 of 5 bytes are missing$"):
        remote.fetch(KEY, record, store, go_on)
    assert (store.has(KEY), list((store.directory / "ab").iterdir())) == (False, [])


def test_what_others_keep_there_is_passed_over(remote, root, receipt, tmp_path):
    remote.upload(KEY, receipt, root, go_on)
    for name in ("README", "ab/.json", "ab/x.json", f"ab/{'0' * 64}.json", "zz/x"):
        (tmp_path / "there" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "there" / name).write_text("")
    assert (list(remote.all_keys()), remote.unfinished()) == ([KEY], [])
