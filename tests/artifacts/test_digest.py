import hashlib
import os
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yolozu.artifacts import digest as digest_module
from yolozu.artifacts.digest import DigestCache, UnseenChange, digest_file, digest_of
from yolozu.artifacts.listing import FileSet, all_files, listing_of
from yolozu.progress import SilentProgress

PARTS = st.lists(st.sampled_from(["a", "b", "ä", "a.b", "A", "\udcff"]), min_size=1, max_size=3)
NAMES = PARTS.map(".d/".join)  # no file is called as a folder is


def write(path, content, seconds):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (seconds, seconds))


@pytest.fixture
def old_file(tmp_path):
    path = tmp_path / "data" / "a.bin"
    path.parent.mkdir()
    path.write_bytes(b"hello")
    os.utime(path, (1000, 1000))
    return path


@pytest.fixture
def reads(monkeypatch):
    """Names of the files whose bytes were read."""
    names = []

    def counted(path):
        names.append(Path(path).name)
        return digest_file(path)

    monkeypatch.setattr(digest_module, "digest_file", counted)
    return names


def test_a_digest_is_the_sha256_of_the_bytes(old_file):
    with DigestCache(None) as cache:
        assert cache.file(old_file) == hashlib.sha256(b"hello").hexdigest()


def test_key_order_does_not_matter():
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})


def test_a_known_file_is_not_read_again_by_another_process(old_file, tmp_path, reads):
    for _ in range(2):
        with DigestCache(tmp_path / "cache.sqlite") as cache:
            cache.file(old_file)
            cache.file(old_file)
    assert reads == ["a.bin"]


def test_a_touched_file_is_read_again_and_has_the_same_digest(old_file, tmp_path, reads):
    with DigestCache(tmp_path / "cache.sqlite") as cache:
        before = cache.file(old_file)
        os.utime(old_file, (2000, 2000))
        assert cache.file(old_file) == before
    assert reads == ["a.bin", "a.bin"]


def test_a_file_written_just_now_is_never_remembered(tmp_path, reads):
    path = tmp_path / "fresh"
    path.write_bytes(b"one")
    now = time.time_ns()
    with DigestCache(tmp_path / "cache.sqlite") as cache:
        first = cache.file(path)
        path.write_bytes(b"two")
        os.utime(path, ns=(now, now))
        assert cache.file(path) != first


def test_a_tree_changes_with_names_and_contents_and_not_with_times(old_file, tmp_path):
    root = old_file.parent
    with DigestCache(None) as cache:
        before = cache.path(root)
        os.utime(old_file, (5, 5))
        assert cache.path(root) == before
        old_file.rename(root / "b.bin")
        renamed = cache.path(root)
        (root / "b.bin").write_bytes(b"other")
        assert len({before, renamed, cache.path(root)}) == 3


def test_a_known_tree_is_one_look_at_names_sizes_and_times(old_file, tmp_path, reads):
    root, cache_path = old_file.parent, tmp_path / "cache.sqlite"
    with DigestCache(cache_path) as cache:
        before = cache.tree(root)
    with DigestCache(cache_path) as cache:
        assert cache.tree(root) == before
        assert cache._known == {}
    (root / "b.bin").write_bytes(b"new")
    with DigestCache(cache_path) as cache:
        assert cache.tree(root) != before
    assert reads == ["a.bin", "b.bin"]


def test_the_digest_of_a_tree_is_that_of_names_and_digests_in_order_of_name(tmp_path):
    for name in ("b", "a/z", "a/ä", "a.b/c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    rows = (f"{name}\0{hashlib.sha256(name.encode()).hexdigest()}\n" for name in ("a.b/c", "a/z", "a/ä", "b"))
    assert DigestCache(None).tree(tmp_path) == hashlib.sha256("".join(rows).encode()).hexdigest()


def test_files_of_one_set_may_lie_elsewhere_and_count_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("data/a", "other/b"):
        Path(name).parent.mkdir()
        Path(name).write_text(name)
    files = FileSet((listing_of(["data/a", "other/b"]), listing_of([Path("data/a")]), all_files("other")))
    rows = (
        f"{name}\0{hashlib.sha256(text).hexdigest()}\n" for name, text in (("../other/b", b"other/b"), ("a", b"data/a"))
    )
    assert DigestCache(None).tree(Path("data"), files) == hashlib.sha256("".join(rows).encode()).hexdigest()


@given(
    st.dictionaries(NAMES, st.binary(max_size=3), min_size=1, max_size=6),
    st.sampled_from(["change", "add", "remove", "rename", "replace"]),
    st.randoms(use_true_random=False),
)
@settings(max_examples=25, deadline=None)
def test_whatever_happens_to_a_file_of_a_known_tree_is_noticed(files, what, random):
    with TemporaryDirectory() as place:
        root, cache_path = Path(place) / "data", Path(place) / "c.sqlite"
        for name, content in files.items():
            write(root / name, content, 1000)
        with DigestCache(cache_path) as cache:
            before = cache.tree(root)
        chosen = root / random.choice(sorted(files))
        if what == "add":
            write(root / "other", b"", 1000)
        elif what == "remove":
            chosen.unlink()
        elif what == "rename":
            chosen.rename(root / "other")
        elif what == "replace":  # by a file of the same size
            write(root / "other", bytes(byte ^ 1 for byte in chosen.read_bytes()) or b"1", 1001)
            (root / "other").replace(chosen)
        else:
            write(chosen, chosen.read_bytes() + b"+", 1000)
        with DigestCache(cache_path) as cache:
            assert cache.tree(root) == DigestCache(None).tree(root) != before


def test_many_files_are_read_in_the_order_of_their_names_and_written_before_all_are_known(tmp_path, monkeypatch):
    monkeypatch.setattr(digest_module, "MOST_UNWRITTEN", 100)
    for number in range(300):
        write(tmp_path / f"data/{number:03}", b"%d" % number, 1000)
    alone = DigestCache(None)
    wanted = "".join(f"{path.name}\0{alone.file(path)}\n" for path in sorted((tmp_path / "data").iterdir()))
    with DigestCache(tmp_path / "c.sqlite") as cache:
        assert cache.tree(tmp_path / "data") == hashlib.sha256(wanted.encode()).hexdigest()
        with DigestCache(tmp_path / "c.sqlite") as other:
            other._recall("path > ?", "")
            assert len(other._known) == 300


def test_a_first_look_that_ends_early_keeps_what_it_has_read(tmp_path, reads, monkeypatch):
    for number in range(10):
        write(tmp_path / f"data/{number}", b"", 1000)

    def stopping(path):
        if path.endswith("7"):
            raise KeyboardInterrupt
        return digest_file(path)

    counted = digest_module.digest_file
    monkeypatch.setattr(digest_module, "digest_file", stopping)
    with pytest.raises(KeyboardInterrupt), DigestCache(tmp_path / "c.sqlite") as cache:
        cache.tree(tmp_path / "data")
    monkeypatch.setattr(digest_module, "digest_file", counted)
    with DigestCache(tmp_path / "c.sqlite") as cache:
        cache.tree(tmp_path / "data")
    assert reads == ["7", "8", "9"]


def test_some_files_of_a_tree_are_another_tree(old_file):
    (old_file.parent / "b.bin").write_bytes(b"new")
    with DigestCache(None) as cache:
        assert cache.tree(old_file.parent, FileSet((listing_of([old_file]),))) != cache.tree(old_file.parent)


def test_a_tree_written_just_now_is_never_remembered(tmp_path):
    root = tmp_path / "fresh"
    root.mkdir()
    (root / "a").write_bytes(b"one")
    now = time.time_ns()
    os.utime(root / "a", ns=(now, now))
    with DigestCache(tmp_path / "cache.sqlite") as cache:
        first = cache.tree(root)
    (root / "a").write_bytes(b"two")
    os.utime(root / "a", ns=(now, now))
    with DigestCache(tmp_path / "cache.sqlite") as cache:
        assert cache.tree(root) != first


def test_a_value_is_computed_once_for_its_key(tmp_path):
    computed = []

    def compute():
        computed.append(1)
        return {"names": ["ä"]}

    for _ in range(2):
        with DigestCache(tmp_path / "digests.sqlite") as cache:
            assert [cache.recalled("key", compute) for _ in range(2)] == [{"names": ["ä"]}] * 2
    assert len(computed) == 1
    with DigestCache(tmp_path / "digests.sqlite") as cache:
        assert cache.recalled("other", compute) == {"names": ["ä"]}
    assert len(computed) == 2


def test_without_a_file_values_are_remembered_as_long_as_the_cache():
    cache = DigestCache(None)
    assert [cache.recalled("key", iter([[7], [8]]).__next__) for _ in range(2)] == [[7], [7]]


@given(st.floats(0, 1), st.integers(1, 3000), st.sampled_from([b"", b"\0"]))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cache_with_lost_bytes_costs_time_and_never_a_wrong_digest(tmp_path, share, length, put):
    root, path = tmp_path / "data", tmp_path / "digests.sqlite"
    root.mkdir(exist_ok=True)
    for number in range(12):
        (root / f"{number}.bin").write_bytes(b"%d" % number)
        os.utime(root / f"{number}.bin", (1000, 1000))
    path.unlink(missing_ok=True)

    def all_of_it():
        with DigestCache(path) as cache:
            one_by_one = [cache.file(file) for file in sorted(root.iterdir())]
            return one_by_one, cache.tree(root), cache.recalled("key", lambda: {"a": [1, 2]})

    right = all_of_it()
    content = path.read_bytes()
    start = int(share * len(content))
    path.write_bytes(content[:start] + put * length + (content[start + length :] if put else b""))
    assert all_of_it() == right
    assert all_of_it() == right


def test_of_many_values_only_those_not_remembered_are_computed_each_once(tmp_path):
    asked = []

    def squares(places):
        asked.append(places)
        return [place * place for place in places]

    with DigestCache(tmp_path / "c.sqlite") as cache:
        assert cache.recalled_each(["a", "b", "b"], squares) == [0, 4, 4]
        assert cache.recalled_each(["b", "c", "a"], squares) == [4, 1, 0]
    with DigestCache(tmp_path / "c.sqlite") as cache:
        assert cache.recalled_each(["c", "d"], squares) == [1, 1]
    assert asked == [[0, 2], [1], [1]]


def test_what_is_no_file_has_no_digest(tmp_path):
    (tmp_path / "a").write_text("a")
    with DigestCache(None) as cache:
        assert cache.file_if_readable(tmp_path / "a") == digest_file(tmp_path / "a")
        assert [cache.file_if_readable(tmp_path / name) for name in ("b", "\0", "\udcff")] == [None, None, None]


class Shown(SilentProgress):
    """Notes titles, totals and steps of bars."""

    def __init__(self):
        self.bars = []

    @contextmanager
    def bar(self, title, total, **_):
        self.bars.append(steps := [title, total])

        class Bar:
            def advance(self, count):
                steps.append(count)

        yield Bar()


@pytest.mark.parametrize(("limit", "most"), [("MANY_FILES", 130), ("MANY_BYTES", 650)])
def test_how_far_much_reading_is_can_be_seen_and_little_reading_shows_nothing(tmp_path, monkeypatch, limit, most):
    for number in range(130):
        write(tmp_path / f"data/{number:03}.txt", b"12345", 1000 + number)
    shown = Shown()
    with DigestCache(tmp_path / "cache.sqlite", lambda: shown) as cache:
        cache.tree(tmp_path / "data")
    assert shown.bars == []
    monkeypatch.setattr(digest_module, limit, most)
    for name in ("other.sqlite", "other.sqlite"):
        with DigestCache(tmp_path / name, lambda: shown) as cache:
            cache.tree(tmp_path / "data")
    assert shown.bars == [["reading data", 130, 64, 64, 2]]


def change_unseen(path):
    """Turn over the last bit of a file whose size and modification time stay as they are."""
    status, content = path.stat(), bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_who_reads_all_finds_what_size_and_time_hide_and_tells_everybody(old_file, tmp_path):
    kept = tmp_path / "cache.sqlite"
    with DigestCache(kept) as cache:
        before = [cache.file(old_file), cache.tree(tmp_path / "data")]
    change_unseen(old_file)
    with DigestCache(kept) as cache:
        assert [cache.file(old_file), cache.tree(tmp_path / "data")] == before
    with DigestCache(kept, reads_all=True) as cache:
        now = cache.file(old_file)
    assert now == digest_file(old_file)
    assert cache.unseen == [UnseenChange(str(old_file), before[0], now)]
    with DigestCache(kept) as cache:
        assert cache.file(old_file) == now
        assert cache.tree(tmp_path / "data") != before[1]


def test_who_reads_all_of_a_tree_finds_it_too(old_file, tmp_path):
    kept = tmp_path / "cache.sqlite"
    with DigestCache(kept) as cache:
        before = cache.tree(tmp_path / "data"), cache.tree(tmp_path)
    change_unseen(old_file)
    with DigestCache(kept, reads_all=True) as cache:
        now = cache.tree(tmp_path / "data")
    assert [change.path for change in cache.unseen] == [str(old_file)]
    with DigestCache(kept) as cache:
        assert cache.tree(tmp_path / "data") == now != before[0]
        assert cache.tree(tmp_path) != before[1]


def test_who_reads_all_reads_a_file_once(old_file, tmp_path, reads):
    for _ in range(2):
        with DigestCache(tmp_path / "cache.sqlite", reads_all=True) as cache:
            cache.file(old_file)
            cache.tree(tmp_path / "data")
            cache.tree(tmp_path / "data")
    assert (reads, cache.unseen) == (["a.bin", "a.bin"], [])
