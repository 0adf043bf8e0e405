from __future__ import annotations

import pytest

from yolozu.errors import UsageError
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.dummy import DummyAdapter
from yolozu.progress import SilentProgress


@pytest.fixture
def adapter():
    return DummyAdapter.open(AdapterRequest(classes=None, progress=SilentProgress()))


def test_every_image_has_an_entry_without_detections(exported, adapter):
    found = adapter.predict(exported.index.records)
    assert [(entry.image, entry.width, len(entry)) for entry in found] == [
        (record.image, record.width, 0) for record in exported.index.records
    ]


def test_there_is_no_model_and_nothing_to_say(exported, adapter):
    assert not adapter.supports_ttt()
    assert adapter.describe() == {}
    for ask in (adapter.get_model, lambda: adapter.build_loader(exported.index.records, 1)):
        with pytest.raises(UsageError) as refused:
            ask()
        assert refused.value.findings[0].code == "YZ613"
