"""Published data sets: fetched, compared, unpacked, described."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil

import pytest

from tests.data.builders import check_of, found, write_file
from tests.data.prepare.server import Served, serving
from tests.data.prepare.zips import data_set, zip_of
from yolozu.artifacts.coco_classes import COCO_CLASSES
from yolozu.data.fetch import archive
from yolozu.data.fetch.published import PUBLISHED, FetchPlan, fetch
from yolozu.errors import InputError, UsageError
from yolozu.progress import SilentProgress

ZIP = zip_of(data_set())
SHA256 = hashlib.sha256(ZIP).hexdigest()
OTHER = zip_of(data_set(4))


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "data/coco128"


def fetch_from(out, files, **changes):
    with serving(files) as base:
        return fetch(FetchPlan("coco128", out, tuple(f"{base}{name}" for name in files), **changes), SilentProgress())


def refused(out, files, **changes):
    """What is said, addresses as ``URL/``; nothing is installed."""
    with pytest.raises((InputError, UsageError)) as error, serving(files) as base:
        fetch(FetchPlan("coco128", out, tuple(f"{base}{name}" for name in files), **changes), SilentProgress())
    assert not out.exists()
    return str(error.value).replace(base, "URL/").replace(f"{out.parent}/", "")


def beside(out):
    return sorted(path.name for path in out.parent.iterdir())


def test_a_data_set_is_fetched_described_and_its_digest_recorded(out):
    done = fetch_from(out, {"a.zip": Served(ZIP)})
    assert (done.sha256, done.compared_with, done.splits) == (SHA256, None, ("train2017",))
    assert beside(out) == ["coco128", "coco128.lock.json"]
    lock = json.loads((out.parent / "coco128.lock.json").read_text())
    assert (lock["name"], lock["sha256"], lock["origin"][-5:]) == ("coco128", SHA256, "a.zip")
    assert json.loads((out / "dataset.json").read_text()) == {
        "format": "yolo",
        "classes": list(COCO_CLASSES.names),
        "category_ids": list(COCO_CLASSES.category_ids),
        "splits": {"train2017": {"images_dir": "images/train2017", "labels_dir": "labels/train2017"}},
    }
    assert found(check_of(out), out) == []


def test_fetching_again_does_nothing(out):
    fetch_from(out, {"a.zip": Served(ZIP)})
    write_file(out / "labels/train2017/0.txt", "mine")
    served = Served(ZIP)
    assert fetch_from(out, {"a.zip": served}).splits == ()
    assert served.asked == []
    assert (out / "labels/train2017/0.txt").read_text() == "mine"


def test_the_lock_outlives_the_data_and_is_compared_with(out):
    fetch_from(out, {"a.zip": Served(ZIP)})
    shutil.rmtree(out)
    other = hashlib.sha256(OTHER).hexdigest()
    assert refused(out, {"a.zip": Served(OTHER)}) == (
        f"URL/a.zip: YZ266 has SHA-256 {other}, expected was {SHA256}\n"
        f"  fix: repeat to go on, or get the zip elsewhere and: yolozu data fetch coco128 --out coco128 --from FILE"
    )
    assert fetch_from(out, {"a.zip": Served(ZIP)}).compared_with == str(out.parent / "coco128.lock.json")


def test_a_given_digest_is_compared_with(out):
    assert "YZ266 has SHA-256" in refused(out, {"a.zip": Served(OTHER)}, sha256=SHA256)
    assert beside(out) == []
    assert fetch_from(out, {"a.zip": Served(ZIP)}, sha256=SHA256).compared_with == "--sha256"
    with pytest.raises(UsageError, match=r"coco128\.lock\.json: YZ266 says"):
        fetch_from(out, {"a.zip": Served(ZIP)}, sha256="0" * 64)


def test_addresses_are_tried_in_order_and_wrong_bytes_are_passed_over(out):
    page = Served(b"<html>log in</html>")
    files = {"gone": Served(ZIP, status=503), "page": page, "other.zip": Served(OTHER), "a.zip": Served(ZIP)}
    done = fetch_from(out, files, sha256=SHA256)
    assert (done.sha256, [len(served.asked) for served in files.values()]) == (SHA256, [1, 1, 1, 1])


def test_when_no_address_helps_each_says_why(out):
    hint = "  fix: repeat to go on, or get the zip elsewhere and: yolozu data fetch coco128 --out coco128 --from FILE"
    other = hashlib.sha256(OTHER).hexdigest()
    files = {"gone": Served(ZIP, status=503), "page": Served(b"<html>"), "other.zip": Served(OTHER)}
    assert refused(out, files, sha256=SHA256) == (
        f"URL/gone: YZ265 answers 503 Service Unavailable\n{hint}\n"
        f"URL/page: YZ267 is no zip\n{hint}\n"
        f"URL/other.zip: YZ266 has SHA-256 {other}, expected was {SHA256}\n{hint}"
    )


def test_a_stopped_fetch_goes_on_with_the_address_it_began(out):
    begun = Served(ZIP, cuts=[300, 0])
    with serving({"none": Served(ZIP, status=404), "a.zip": begun}) as base:
        plan = FetchPlan("coco128", out, (f"{base}none", f"{base}a.zip"))
        with pytest.raises(InputError):
            fetch(plan, SilentProgress())
        assert beside(out) == ["coco128.zip.part", "coco128.zip.part.json"]
        assert fetch(plan, SilentProgress()).sha256 == SHA256
    assert begun.asked == [(None, None), ("bytes=300-", '"one"'), ("bytes=300-", '"one"')]
    assert beside(out) == ["coco128", "coco128.lock.json"]


def test_a_zip_that_is_at_hand_needs_no_network(out, tmp_path):
    (tmp_path / "mine.zip").write_bytes(ZIP)
    plan = FetchPlan("coco128", out, ("http://127.0.0.1:9/",), archive=tmp_path / "mine.zip")
    assert fetch(plan, SilentProgress()).sha256 == SHA256
    assert (tmp_path / "mine.zip").is_file()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "YZ267 is no zip"),
        (b"", "YZ267 is no zip"),
        (zip_of({"a/b": b""}), "YZ267 holds no images/<split>/"),
        (zip_of({"a/images/x.png": b"", "a/../../y": b""}), "YZ267 leads out"),
    ],
    ids=["missing", "nothing", "no images", "unsafe"],  # bytes of a zip tell when it was made
)
def test_another_file_is_refused_and_leaves_nothing(out, tmp_path, content, said):
    if content is not None:
        (tmp_path / "mine.zip").write_bytes(content)
    assert said in refused(out, {}, archive=tmp_path / "mine.zip")
    assert not out.parent.exists() or beside(out) == []


def test_a_damaged_zip_is_not_kept_for_the_next_try(out):
    broken = ZIP.replace(b"terms", b"TERMS", 1)
    assert "Bad CRC-32" in refused(out, {"a.zip": Served(broken)})
    assert beside(out) == []
    assert fetch_from(out, {"a.zip": Served(ZIP)}).sha256 == SHA256


def test_what_is_at_its_place_is_never_touched(out):
    write_file(out / "mine.txt", "mine")
    with pytest.raises(UsageError, match="YZ905 is there already, and"):
        fetch_from(out, {"a.zip": Served(ZIP)})
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_an_empty_directory_is_filled(out):
    out.mkdir(parents=True)
    assert fetch_from(out, {"a.zip": Served(ZIP)}).splits == ("train2017",)


@pytest.mark.parametrize("text", ["{", "[]", '{"sha256": 1}'])
def test_a_lock_that_cannot_be_read_is_no_licence(out, text):
    write_file(out.parent / "coco128.lock.json", text)
    assert "coco128.lock.json: YZ268" in refused(out, {"a.zip": Served(ZIP)})


def test_a_full_disk_is_said_and_the_download_kept(out, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "somewhere")

    with monkeypatch.context() as patched:
        patched.setattr(archive, "_write", full)
        assert refused(out, {"a.zip": Served(ZIP)}) == (
            "somewhere: YZ314 the system says: No space left on device\n"
            "  fix: make room or give permission and run the same command again"
        )
    assert beside(out) == ["coco128.zip.part", "coco128.zip.part.json"]


def test_addresses_are_those_that_were_found():
    assert [url.rpartition("/")[2] for url in PUBLISHED["coco128"].urls] == ["coco128.zip"] * 2
    assert all(url.startswith("https://github.com/ultralytics/") for url in PUBLISHED["coco128"].urls)
