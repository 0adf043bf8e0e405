"""Parts give what one go gives."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.exported import CLASSES
from yolozu.contract.sections.predict import TtaSection
from yolozu.data.corruption.corruption import Corruption
from yolozu.errors import UsageError
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.run import predict_to_file
from yolozu.predict.shards import join_shards, shard_range
from yolozu.progress import SilentProgress


@given(st.integers(0, 200), st.integers(1, 20), st.integers(1, 9))
def test_every_image_is_in_one_part_and_every_part_is_of_whole_batches(images, shards, batch_size):
    ranges = [shard_range(images, shard, shards, batch_size=batch_size) for shard in range(shards)]
    assert [place for rows in ranges for place in range(rows.start, rows.stop)] == list(range(images))
    assert all(rows.start % batch_size == 0 or rows.start == images for rows in ranges)
    counts = [-(-(rows.stop - rows.start) // batch_size) for rows in ranges]
    assert max(counts) - min(counts) <= 1


def predict_in(directory, request, records, shards, **options):
    """Predict in parts and put them together."""
    parts, numbers = [], []
    for shard in range(shards):
        path = directory / str(shard) / "predictions.json"
        rows = shard_range(len(records), shard, shards, batch_size=request.batch_size)
        done = predict_to_file("onnxruntime", request, records[rows], path, columns=True, **options)
        parts.append(path)
        numbers.append(done.to_json())
    digests = [record.sha256 for record in records]
    return join_shards(parts, directory / "joined.json", digests, numbers)


@pytest.mark.parametrize(("shards", "batch_size"), [(1, 2), (4, 1), (2, 2), (16, 1)])
def test_any_number_of_parts_gives_the_same_bytes(exported_pose, tmp_path, shards, batch_size):
    request = AdapterRequest(
        classes=CLASSES,
        progress=SilentProgress(),
        onnx=exported_pose.onnx,
        batch_size=batch_size,
        max_detections=7,
        transform=Corruption("shot_noise", 3, 0),
    )
    records, tta = exported_pose.index.records, TtaSection(tta=True)
    whole = predict_to_file("onnxruntime", request, records, tmp_path / "whole.json", tta=tta, columns=True)
    done = predict_in(tmp_path, request, records, shards, tta=tta)
    assert (done.images, done.detections) == (whole.images, whole.detections)
    for suffix in (".json", ".npz"):
        assert (tmp_path / f"joined{suffix}").read_bytes() == (tmp_path / f"whole{suffix}").read_bytes()


def test_parts_by_different_means_are_refused(exported, tmp_path):
    request = AdapterRequest(classes=CLASSES, progress=SilentProgress(), onnx=exported.onnx, batch_size=1)
    records, parts, numbers = exported.index.records, [], []
    for place, kept in enumerate((300, 10)):
        path = tmp_path / str(place) / "predictions.json"
        done = predict_to_file("onnxruntime", replace(request, max_detections=kept), records[place : place + 1], path)
        parts.append(path)
        numbers.append(done.to_json())
    with pytest.raises(UsageError) as refused:
        join_shards(parts, tmp_path / "joined.json", ["", ""], numbers)
    assert str(refused.value) == (
        "predict: shard 2 of 2: YZ650 max_detections is 10, and 300 in shard 1\n"
        "  fix: let machines that have the same predict all shards, or set predict_shards: 1"
    )
    assert not (tmp_path / "joined.json").exists()
    assert json.loads(parts[0].read_text())["meta"]["images"] == 1
