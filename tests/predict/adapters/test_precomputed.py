from __future__ import annotations

import json
from dataclasses import replace

import pytest

from yolozu.artifacts.digest import digest_file
from yolozu.errors import InputError, UsageError
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.precomputed import PrecomputedAdapter
from yolozu.progress import SilentProgress


class Notes(SilentProgress):
    """Keeps what was said."""

    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)


def detection(score, class_id=1, **more):
    return {"class_id": class_id, "score": score, "bbox": {"cx": 0.5, "cy": 0.5, "w": 0.2, "h": 0.2}, **more}


@pytest.fixture
def adapter_of(tmp_path):
    def build(entries, **changes):
        path = tmp_path / "given.json"
        path.write_text(json.dumps([{"image": name, "detections": found} for name, found in entries.items()]))
        return PrecomputedAdapter.open(
            AdapterRequest(classes=None, predictions=path, **{"progress": Notes(), "score_threshold": 0.0, **changes})
        )

    return build


@pytest.fixture
def records(exported):
    return exported.index.records[:2]


@pytest.mark.parametrize(
    "names", [("images/val/0.png", "images/val/1.png"), ("0.png", "1.png"), ("/data/images/val/0.png", "val/1.png")]
)
def test_images_are_found_by_path_or_base_name(adapter_of, records, names):
    adapter = adapter_of({names[1]: [detection(0.1)], names[0]: [detection(0.9)], "other/7.png": [detection(0.5)]})
    found = adapter.predict(records)
    assert [(entry.image, entry.width, entry.height) for entry in found] == [
        ("images/val/0.png", 120, 90),
        ("images/val/1.png", 96, 64),
    ]
    assert [entry.scores.tolist() for entry in found] == [[0.9], [0.1]]
    assert adapter.describe()["missing_images"] == 0


def test_missing_images_get_no_detections_and_are_counted(adapter_of, records, tmp_path):
    notes = Notes()
    adapter = adapter_of({"images/val/1.png": [detection(0.5)]}, progress=notes)
    assert [len(entry) for entry in adapter.predict(records)] == [0, 1]
    path = tmp_path / "given.json"
    assert notes.lines == [f"{path}: 1 of 2 images are missing and get no detections"]
    assert adapter.describe() == {"predictions_sha256": digest_file(path), "missing_images": 1}


def test_a_file_of_other_images_is_refused(adapter_of, records, tmp_path):
    adapter = adapter_of({"images/train/7.png": [detection(0.5)], "images/train/8.png": []})
    with pytest.raises(InputError) as refused:
        adapter.predict(records)
    assert str(refused.value) == (
        f"{tmp_path / 'given.json'}: YZ714 has none of the images that are predicted: "
        "'images/train/7.png', not 'images/val/0.png'\n"
        "  fix: give the predictions of this data set and split"
    )


def test_a_file_without_entries_is_one_in_which_nothing_was_found(adapter_of, records):
    assert [len(entry) for entry in adapter_of({}).predict(records)] == [0, 0]


def test_two_entries_for_one_image_are_ambiguous(adapter_of, records, tmp_path):
    adapter = adapter_of({"a/images/val/0.png": [], "b/images/val/0.png": []})
    with pytest.raises(InputError) as refused:
        adapter.predict(records)
    assert str(refused.value) == (
        f"{tmp_path / 'given.json'}: images/val/0.png: YZ614 2 entries may be meant: "
        "a/images/val/0.png, b/images/val/0.png\n"
        "  fix: name images by their path relative to the data set's root"
    )


def test_one_entry_for_two_images_is_ambiguous(adapter_of, records, tmp_path):
    adapter = adapter_of({"7.png": [detection(0.5)]})
    twins = [replace(records[0], image="a/7.png"), replace(records[1], image="b/7.png")]
    with pytest.raises(InputError) as refused:
        adapter.predict(twins)
    assert str(refused.value) == (
        f"{tmp_path / 'given.json'}: 7.png: YZ614 2 images may be meant: a/7.png, b/7.png\n"
        "  fix: name images by their path relative to the data set's root"
    )


def test_detections_are_thresholded_sorted_and_cut_with_their_further_fields(adapter_of, records):
    found = [
        detection(0.2, log_z=2.0),
        detection(0.9, log_z=9.0),
        detection(0.05, log_z=0.5),
        detection(0.2, 3, log_z=3.0),
    ]
    adapter = adapter_of({"0.png": found}, score_threshold=0.1, max_detections=2)
    (entry,) = adapter.predict(records[:1])
    assert entry.scores.tolist() == [0.9, 0.2]
    assert entry.class_ids.tolist() == [1, 1]
    assert entry.fields() == [{"log_z": 9.0}, {"log_z": 2.0}]


def test_a_file_with_errors_is_refused(adapter_of):
    with pytest.raises(InputError) as refused:
        adapter_of({"0.png": [detection(1.5)]})
    assert refused.value.findings[0].code == "YZ709"


def test_there_is_no_model_to_adapt(adapter_of, records):
    adapter = adapter_of({})
    assert not adapter.supports_ttt()
    for ask in (adapter.get_model, lambda: adapter.build_loader(records, 1)):
        with pytest.raises(UsageError):
            ask()
