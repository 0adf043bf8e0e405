from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from tests.fixtures.exported import PREPROCESS
from yolozu.data.images import pixels_of, read_image
from yolozu.errors import InputError
from yolozu.predict import batches as module
from yolozu.predict.batches import BATCHES_AHEAD, image_batches
from yolozu.predict.tta.views import OWN, View


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

    def counted(record):
        read.append(record.path)
        return pixels_of(record)

    monkeypatch.setattr(module, "pixels_of", counted)
    records = list(exported.index.records) * 20
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


def test_every_image_is_read_and_changed_once_for_all_its_views(exported, monkeypatch):
    read, changed = [], []

    def counted(record):
        read.append(record.path)
        return pixels_of(record)

    def negative(image_HW3, name):
        changed.append(name)
        return 255 - image_HW3

    monkeypatch.setattr(module, "pixels_of", counted)
    records, views = exported.index.records, (OWN, View(0.5), View(2.0, mirrored=True))
    options = {"batch_size": 7, "threads": 2, "views": views, "any_size": True, "transform": negative}
    batches = list(image_batches(records, PREPROCESS, **options))
    assert sorted(read) == sorted(record.path for record in records)
    assert sorted(changed) == sorted(record.image for record in records)
    assert [len(batch.records) for batch in batches] == [2, 2, 1]  # six canvases of at most seven
    for batch in batches:
        assert [entry.pixels_BHW3.shape[1:3] for entry in batch.views] == [(64, 96), (32, 64), (128, 192)]
        assert batch.own is batch.views[0]
        for place, record in enumerate(batch.records):
            for view, entry in zip(views, batch.views, strict=True):
                placement = view.place(record, record.width, record.height, PREPROCESS, any_size=True)
                assert entry.placements[place] == placement
                expected = placement.paste(255 - read_image(record.path), PREPROCESS.fill)
                assert np.array_equal(entry.pixels_BHW3[place], expected)


def test_an_image_with_more_views_than_a_batch_has_a_batch_of_its_own(exported):
    views = tuple(View(1.0, turn) for turn in (0.0, 5.0, 10.0))
    batches = list(image_batches(exported.index.records, PREPROCESS, batch_size=2, threads=1, views=views))
    assert [len(batch.records) for batch in batches] == [1] * 5
