from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from tests.fixtures.exported import PREPROCESS
from yolozu.data.images import read_image
from yolozu.errors import InputError
from yolozu.predict import batches as module
from yolozu.predict.batches import BATCHES_AHEAD, image_batches


@pytest.mark.parametrize("batch_size", [1, 2, 5, 8])
def test_images_come_in_order_and_in_batches(exported, batch_size):
    records = exported.index.records
    batches = list(image_batches(records, PREPROCESS, batch_size=batch_size, threads=2))
    assert [record.image for batch in batches for record in batch.records] == [record.image for record in records]
    assert [len(batch.records) for batch in batches[:-1]] == [batch_size] * (len(batches) - 1)
    for batch in batches:
        assert batch.own.pixels_BHW3.shape == (len(batch.records), 64, 96, 3)
        assert batch.own.pixels_BHW3.dtype == np.uint8
        for record, canvas, placement in zip(batch.records, batch.own.pixels_BHW3, batch.own.placements, strict=True):
            expected, expected_placement = PREPROCESS.letterbox(read_image(record.path))
            assert np.array_equal(canvas, expected)
            assert placement == expected_placement


def test_no_images_give_no_batches():
    assert list(image_batches([], PREPROCESS, batch_size=2, threads=2)) == []


def test_only_a_few_batches_are_read_ahead(exported, monkeypatch):
    read = []

    def counted(path):
        read.append(path)
        return read_image(path)

    monkeypatch.setattr(module, "read_image", counted)
    records = exported.index.records * 20
    batches = image_batches(records, PREPROCESS, batch_size=2, threads=2)
    next(batches)
    batches.close()
    assert len(read) <= 2 * (1 + BATCHES_AHEAD)


def test_an_unreadable_image_stops_the_reading_and_leaves_no_thread(exported, tmp_path):
    records = exported.index.records
    missing = replace(records[0], path=tmp_path / "gone.png")
    with pytest.raises(InputError) as refused:
        list(image_batches([*records, missing], PREPROCESS, batch_size=2, threads=2))
    assert refused.value.findings[0].where == str(tmp_path / "gone.png")
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("decode")] == []
