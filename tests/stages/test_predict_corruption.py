"""Corruption, from the contract to what is predicted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image

from tests.stages.contexts import context_in
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.predictions import read_predictions
from yolozu.contract.sections.predict import CorruptionSection, PredictSection, TtaSection, TttSection
from yolozu.contract.sections.train import DeviceSection
from yolozu.data.corruption.corruption import Corruption
from yolozu.data.images import read_image
from yolozu.stages.predict import PredictInputs, PredictOutputs, PredictSpec, run


def predicted(exported, tmp_path, index_path=None, **keys):
    """Scores and boxes of every image."""
    spec = PredictSpec(
        predict=PredictSection(adapter="rtdetr_pose", score_threshold=0.0),
        corruption=CorruptionSection(**keys),
        tta=TtaSection(),
        ttt=TttSection(),
        device=DeviceSection(device="cpu"),
    )
    inputs = PredictInputs(
        checkpoint=exported.checkpoint,
        onnx=exported.onnx,
        parity=tmp_path / "parity.json",
        images=exported.index_path if index_path is None else index_path,
        given=tmp_path / "given.json",
        models=tmp_path / "models.json",
    )
    output = tmp_path / "predictions.json"
    run(spec, inputs, PredictOutputs(output, output.with_suffix(".npz"), tmp_path / "ttt.json"), context_in(tmp_path))
    return [(entry.scores.tolist(), entry.boxes_cxcywh.tolist()) for entry in read_predictions(output)]


@pytest.mark.effect("corruption")
def test_the_network_sees_the_corrupted_pictures(exported, tmp_path):
    """Predictions are those of a data set whose pictures are corrupted already."""
    corruption, root = Corruption("gaussian_noise", 3, 0), tmp_path / "corrupted"
    records = []
    for record in exported.index.records:
        path = root / record.image
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(corruption(read_image(record.path), record.image)).save(path)
        records.append(replace(record, sha256=digest_file(path)))
    index_path = tmp_path / "index.json"
    replace(exported.index, root=root, records=tuple(records)).write(index_path)
    by_key = predicted(exported, tmp_path, corruption="gaussian_noise")
    assert by_key == predicted(exported, tmp_path, index_path)
    assert by_key != predicted(exported, tmp_path)


@pytest.mark.effect("corruption_severity")
def test_severities_differ(exported, tmp_path):
    first, second = (
        predicted(exported, tmp_path, corruption="contrast", corruption_severity=severity) for severity in (1, 5)
    )
    assert first != second


@pytest.mark.effect("corruption_seed")
def test_seeds_differ_and_the_same_seed_does_not(exported, tmp_path):
    first, again, second = (
        predicted(exported, tmp_path, corruption="shot_noise", corruption_seed=seed) for seed in (1, 1, 2)
    )
    assert first == again != second
