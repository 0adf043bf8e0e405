"""A part of the images, by a stage of its own, and the stage that puts the parts together."""

from dataclasses import replace

import pytest

from tests.stages.contexts import Notes, context_in
from tests.stages.test_predict import inputs_in, outputs_in, spec_of
from yolozu.stages import predict
from yolozu.stages.base import FinishedShard
from yolozu.stages.predict_shard import (
    PredictShardOutputs,
    PredictShardSpec,
    ShardSection,
    shard_stage,
    whole_and_shard,
)


def run_part(exported, directory, number, shards, notes=None):
    stage = shard_stage(f"predict.shard-{number}")
    spec = PredictShardSpec(**vars(spec_of(score_threshold=0.65)), shard=ShardSection(number=number, shards=shards))
    outputs = PredictShardOutputs(directory / f"{number}.json", directory / f"{number}.npz")
    numbers = stage.run(spec, inputs_in(exported, directory), outputs, context_in(directory, notes))
    return FinishedShard(outputs.predictions, numbers)


@pytest.mark.parametrize("shards", [1, 3])
def test_the_parts_together_are_what_one_go_gives(exported, tmp_path, shards):
    inputs, whole, joined = inputs_in(exported, tmp_path), outputs_in(tmp_path / "a"), outputs_in(tmp_path / "b")
    expected = predict.run(spec_of(score_threshold=0.65), inputs, whole, context_in(tmp_path))
    parts = tuple(run_part(exported, tmp_path, number, shards) for number in range(1, shards + 1))
    context = replace(context_in(tmp_path), shards=parts)
    numbers = predict.run(spec_of(score_threshold=0.65), inputs, joined, context)
    assert numbers["detections"] == expected["detections"] > 0
    assert numbers["images"] == expected["images"]
    assert joined.predictions.read_bytes() == whole.predictions.read_bytes()
    assert joined.columns.read_bytes() == whole.columns.read_bytes()


def test_a_part_says_how_many_images_it_has(exported, tmp_path):
    notes = Notes()
    run_part(exported, tmp_path, 1, 2, notes)
    run_part(exported, tmp_path, 2, 2, notes)
    assert notes.lines == ["predict: shard 1 of 2: 0 images", "predict: shard 2 of 2: 5 images"]


@pytest.mark.parametrize(
    ("name", "told"),
    [("predict.shard-12", ("predict", 12)), ("predict", ("predict", None)), ("a.shard-b", ("a.shard-b", None))],
)
def test_a_part_belongs_to_a_whole(name, told):
    assert whole_and_shard(name) == told


def test_other_names_are_no_parts():
    assert shard_stage("predict") is None
    assert shard_stage("train") is None
