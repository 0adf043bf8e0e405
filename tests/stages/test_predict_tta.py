"""Test-time augmentation, from the contract to the predictions file."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.stages.contexts import context_in
from yolozu.artifacts.predictions import check_predictions, read_predictions
from yolozu.contract.sections.predict import CorruptionSection, PredictSection, TtaSection, TttSection
from yolozu.contract.sections.train import DeviceSection
from yolozu.predict.tta.mirror import is_mirrored, mirror
from yolozu.stages.predict import PredictInputs, PredictOutputs, PredictSpec, run

OWN = {"tta_scales": (1.0,), "tta_rotations_deg": (0.0,), "tta_flip": False}


def predicted(exported, tmp_path, adapter="rtdetr_pose", **keys):
    """The file's entries and what it says of itself."""
    spec = PredictSpec(
        predict=PredictSection(adapter=adapter, score_threshold=0.3),
        corruption=CorruptionSection(),
        tta=TtaSection(**keys),
        ttt=TttSection(),
        device=DeviceSection(device="cpu"),
    )
    inputs = PredictInputs(
        checkpoint=exported.checkpoint,
        onnx=exported.onnx,
        parity=tmp_path / "parity.json",
        images=exported.index_path,
        given=tmp_path / "given.json",
        models=tmp_path / "models.json",
    )
    output = tmp_path / "predictions.json"
    run(spec, inputs, PredictOutputs(output, output.with_suffix(".npz"), tmp_path / "ttt.json"), context_in(tmp_path))
    assert check_predictions(output).findings == ()
    return read_predictions(output), json.loads(output.read_text())["meta"]


def in_views(exported, tmp_path, **keys):
    """Scores and boxes of fused views, those of which nothing is said being the network's own."""
    entries, _ = predicted(exported, tmp_path, tta=True, tta_mode="model", **{**OWN, **keys})
    return [(entry.scores.tolist(), entry.boxes_cxcywh.tolist()) for entry in entries]


@pytest.mark.effect("tta", "tta_flip_prob")
@pytest.mark.parametrize("adapter", ["rtdetr_pose", "onnxruntime"])
def test_finished_predictions_of_all_images_are_mirrored(exported_pose, tmp_path, adapter):
    plain, _ = predicted(exported_pose, tmp_path, adapter)
    entries, meta = predicted(exported_pose, tmp_path, adapter, tta=True, tta_mode="prediction", tta_flip_prob=1.0)
    assert meta["tta"] == {"mode": "prediction", "seed": 0, "flip_prob": 1.0, "mirrored": [e.image for e in plain]}
    for found, before in zip(entries, plain, strict=True):
        expected = mirror(before)
        np.testing.assert_array_equal(found.boxes_cxcywh, expected.boxes_cxcywh)
        assert (found.fields(), found.intrinsics) == (expected.fields(), expected.intrinsics)


@pytest.mark.effect("tta_seed")
def test_the_seed_decides_which_are_mirrored(exported, tmp_path):
    mirrored = {}
    for seed in (0, 1):
        entries, meta = predicted(exported, tmp_path, tta=True, tta_seed=seed)
        mirrored[seed] = meta["tta"]["mirrored"]
        assert mirrored[seed] == [e.image for e in entries if is_mirrored(e.image, seed=seed, flip_prob=0.5)]
    assert mirrored[0] != mirrored[1]


@pytest.mark.effect("tta", "tta_mode")
def test_the_file_says_which_views_were_fused(exported, tmp_path):
    _, meta = predicted(exported, tmp_path, tta=True, tta_mode="model")
    assert meta["tta"] == {
        "mode": "model", "scales": [1.0], "rotations_deg": [0.0, -5.0, 5.0], "flip": False, "iou": 0.55, "views": 3,
    }  # fmt: skip
    _, meta = predicted(exported, tmp_path)
    assert "tta" not in meta


@pytest.mark.effect("tta_scales", "tta_rotations_deg", "tta_flip")
@pytest.mark.parametrize(
    "keys", [{"tta_scales": (1.0, 0.7)}, {"tta_rotations_deg": (0.0, 15.0)}, {"tta_flip": True}], ids=str
)
def test_every_further_view_counts(exported, tmp_path, keys):
    assert in_views(exported, tmp_path, **keys) != in_views(exported, tmp_path)


@pytest.mark.effect("tta_iou")
def test_the_overlap_decides_what_is_one_object(exported, tmp_path):
    assert in_views(exported, tmp_path, tta_flip=True, tta_iou=0.9) != in_views(exported, tmp_path, tta_flip=True)
