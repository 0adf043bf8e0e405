from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.fixtures.exported import CLASSES, LORA_CONFIG, PREPROCESS, random_checkpoint, write_images
from yolozu.artifacts.checkpoint import write_checkpoint
from yolozu.artifacts.digest import digest_file
from yolozu.data.images import read_image
from yolozu.errors import InputError, UsageError
from yolozu.model.lora import has_lora
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.rtdetr_pose import RtdetrPoseAdapter
from yolozu.progress import SilentProgress
from yolozu.structures.classes import ClassTable


def options(checkpoint, **changes):
    return AdapterRequest(classes=CLASSES, progress=SilentProgress(), checkpoint=checkpoint, batch_size=2, **changes)


@pytest.fixture
def adapter(exported):
    return RtdetrPoseAdapter.open(options(exported.checkpoint))


def test_detections_are_thresholded_and_cut(exported):
    records = exported.index.records
    free = RtdetrPoseAdapter.open(options(exported.checkpoint, score_threshold=0.0)).predict(records)
    cut = RtdetrPoseAdapter.open(options(exported.checkpoint, score_threshold=0.69, max_detections=3)).predict(records)
    for all_of_them, best in zip(free, cut, strict=True):
        assert len(best) <= 3
        assert best.scores.tolist() == [score for score in all_of_them.scores.tolist() if score >= 0.69][: len(best)]


def test_changed_weights_change_the_predictions(exported, adapter):
    before = adapter.predict(exported.index.records[:1])
    assert adapter.supports_ttt()
    with torch.no_grad():
        for parameter in adapter.get_model().parameters():
            parameter.mul_(1.1)
    after = adapter.predict(exported.index.records[:1])
    assert before[0].scores.tolist() != after[0].scores.tolist()


def test_a_model_left_in_training_mode_predicts_all_the_same(exported, adapter):
    before = adapter.predict(exported.index.records[:1])
    adapter.get_model().train()
    assert adapter.predict(exported.index.records[:1])[0].scores.tolist() == before[0].scores.tolist()


def test_the_loader_gives_network_inputs_again_and_again(exported, adapter):
    records = exported.index.records
    loader = adapter.build_loader(records, 2)
    assert len(loader) == 3
    for _ in range(2):
        batches = list(loader)
        assert [tuple(batch.shape) for batch in batches] == [(2, 3, 64, 96), (2, 3, 64, 96), (1, 3, 64, 96)]
        canvas, _ = PREPROCESS.letterbox(read_image(records[4].path))
        assert np.array_equal(batches[2].numpy(), PREPROCESS.to_network(canvas[None]))


def test_it_says_what_predicted(exported, adapter):
    assert adapter.describe() == {
        "checkpoint_sha256": digest_file(exported.checkpoint),
        "torch": torch.__version__,
        "device": "cpu",
    }


def test_a_checkpoint_of_other_classes_is_refused(tmp_path):
    path = tmp_path / "other.pt"
    write_checkpoint(path, random_checkpoint(0, ClassTable(("cup", "can"), (1, 3))))
    with pytest.raises(InputError) as refused:
        RtdetrPoseAdapter.open(options(path))
    assert str(refused.value) == (
        f"{path}: YZ611 the data set has class 7 (box) that the model lacks\n"
        "  fix: predict the data set this model was trained for"
    )


def test_a_device_that_is_not_there_is_refused(exported, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(UsageError) as refused:
        RtdetrPoseAdapter.open(options(exported.checkpoint, device="cuda"))
    assert refused.value.findings[0].code == "YZ501"


def test_a_missing_image_is_named(exported, adapter, tmp_path):
    from dataclasses import replace

    records = [replace(exported.index.records[0], path=tmp_path / "gone.png")]
    with pytest.raises(InputError) as refused:
        adapter.predict(records)
    assert refused.value.findings[0].where == str(tmp_path / "gone.png")


@pytest.fixture(scope="module")
def adapted(tmp_path_factory):
    """A checkpoint with adapters that have learned something, and pictures."""
    root = tmp_path_factory.mktemp("adapted")
    write_checkpoint(root / "best.pt", random_checkpoint(0, CLASSES, LORA_CONFIG))
    return root / "best.pt", write_images(root / "data").records


def test_adapters_are_merged_before_it_predicts(adapted):
    path, records = adapted
    merging, keeping = RtdetrPoseAdapter.open(options(path)), RtdetrPoseAdapter.open(options(path))
    assert has_lora(keeping.get_model())
    merged, beside = merging.predict(records), keeping.predict(records)
    assert not has_lora(merging.get_model())
    assert has_lora(keeping.get_model())
    for one, other in zip(merged, beside, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, rtol=0, atol=1e-5)
