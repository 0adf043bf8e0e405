from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.app.test_datasets import make_split
from tests.artifacts.predictions.samples import detection, entry, wrapped
from yolozu.app.benchmark import Pins, benchmark, predictions_files
from yolozu.errors import UsageError
from yolozu.progress import SilentProgress

BOX = {"cx": 0.5, "cy": 0.5, "w": 0.2, "h": 0.2}
META = {"max_detections": 300, "score_threshold": 0.001}
FILE = Path("pred.json")


def predicted(path, found, **meta):
    path.parent.mkdir(exist_ok=True)
    size = {"width": 64, "height": 48}
    entries = [
        entry(
            f"images/val/{place}.png", image_size=size, detections=[detection(class_id=0, bbox=BOX)] * (place < found)
        )
        for place in range(2)
    ]
    path.write_text(json.dumps(wrapped(*entries, meta={**META, **meta})))


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_split(tmp_path / "data", "val", ["0 0.5 0.5 0.2 0.2\n", "0 0.5 0.5 0.2 0.2\n"])
    predicted(tmp_path / FILE, 2)
    return tmp_path


def digest(*, pins=(), dry_run=True, paths=(FILE,), protocol=None, expect_hash=None, write_protocol=None, **settings):
    report = benchmark(
        paths,
        Path("data"),
        None,
        settings=settings,
        pins=Pins.parse(pins),
        protocol=protocol,
        expect_hash=expect_hash,
        write_protocol=write_protocol,
        dry_run=dry_run,
        progress=SilentProgress(),
    )
    return report["protocol_sha256"]


def test_the_digest_does_not_depend_on_where_the_data_lies_or_what_is_measured(data, monkeypatch):
    first = digest()
    predicted(data / "half.json", 1)
    assert digest(paths=[Path("half.json"), FILE], dry_run=False) == first
    shutil.copytree(data, data / "moved" / "here")
    monkeypatch.chdir(data / "moved" / "here")
    assert digest() == first
    assert digest(max_images=1) != first
    assert digest(engine="pycocotools") != first
    assert digest(pins=["tta=null"]) != first


def test_a_written_protocol_is_insisted_on(data):
    pinned = digest(write_protocol=Path("p.yaml"), max_images=1, pins=["seed=any"])
    assert digest(protocol=Path("p.yaml"), expect_hash=pinned[:12]) == pinned
    with pytest.raises(UsageError) as caught:
        digest(protocol=Path("p.yaml"), max_images=2, engine="pycocotools")
    told = str(caught.value)
    assert "p.yaml: data.max_images: YZ841 1 -> 2\n" in told
    assert 'p.yaml: boxes.engine: YZ841 "hotcoco" -> "pycocotools"\n' in told


def test_changed_labels_are_another_protocol(data):
    digest(write_protocol=Path("p.yaml"))
    (data / "data" / "labels" / "val" / "1.txt").write_text("0 0.5 0.5 0.3 0.2\n")
    with pytest.raises(UsageError, match=r"p.yaml: data.content: YZ841"):
        digest(protocol=Path("p.yaml"))


@pytest.mark.parametrize(
    ("expected", "told"), [("0" * 12, "YZ842 the protocol's digest is "), ("abc", "YZ842 has less than 12 letters")]
)
def test_another_digest_than_expected_is_an_error(expected, told, data):
    with pytest.raises(UsageError, match=f"--expect-hash {expected}: {told}"):
        digest(expect_hash=expected)


def test_pins_are_added_to_the_usual_ones_or_dropped():
    pins = Pins.parse(["score_threshold=0.5", "seed=any", "tta=null"])
    assert pins.of({"seed": 1, "score_threshold": 0.1}) == {"score_threshold": 0.5, "tta": None}


def test_pins_that_are_none_are_named_together():
    with pytest.raises(UsageError) as caught:
        Pins.parse(["tta", "=1", "x=["])
    assert str(caught.value) == (
        "--pin tta: YZ848 is no pin\n"
        "  fix: write KEY=VALUE, such as score_threshold=0.05\n"
        "--pin =1: YZ848 is no pin\n"
        "  fix: write KEY=VALUE, such as score_threshold=0.05\n"
        "--pin x=[: YZ848 a value that ends too early\n"
        "  fix: close what is open"
    )


def test_files_are_those_named_and_then_those_of_patterns_by_name(data):
    predicted(data / "a.json", 1)
    assert predictions_files([Path("x.json")], ["*.json"]) == [Path("x.json"), Path("a.json"), FILE]


@pytest.mark.parametrize(
    ("patterns", "told"),
    [
        ([], "eval-suite: YZ847 no predictions file is named"),
        (["*.jsn"], "--predictions-glob: YZ847 no file matches '.*jsn'"),
    ],
)
def test_without_files_there_is_nothing_to_evaluate(patterns, told, data):
    with pytest.raises(UsageError, match=told):
        predictions_files([], patterns)
