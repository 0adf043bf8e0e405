"""Predict some of the images that are evaluated: a part of the stage predict, which puts the parts together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import PositiveInt

from yolozu.contract.base import Section
from yolozu.stages import predict
from yolozu.stages.base import Stage, StageContext, gives
from yolozu.stages.predict import PredictInputs, PredictSpec

NAME = "predict.shard-"
"""What the names of these stages begin with; the number follows, from 1."""

DIRECTORY = "scratch/predict.shards"
"""Where finished parts wait for the others, relative to the run directory."""


class ShardSection(Section):
    """Which part of the images."""

    number: PositiveInt
    """Its place among the parts, from 1."""

    shards: PositiveInt
    """How many parts there are."""


class PredictShardSpec(PredictSpec):
    """What predicts, and which part."""

    shard: ShardSection


@dataclass(frozen=True)
class PredictShardOutputs:
    """The predictions of the part, and the same as columns."""

    predictions: Path = gives(f"{DIRECTORY}/N/predictions.json")
    columns: Path = gives(f"{DIRECTORY}/N/predictions.npz", optional=True)


def run(
    spec: PredictShardSpec, inputs: PredictInputs, outputs: PredictShardOutputs, context: StageContext
) -> dict[str, Any]:
    """Predict the part. Returns counts, seconds and images per second."""
    from yolozu.data.index import DataIndex
    from yolozu.predict.adapters.base import AdapterRequest
    from yolozu.predict.run import predict_to_file
    from yolozu.predict.shards import shard_range

    number, shards, most = spec.shard.number, spec.shard.shards, spec.predict.max_images

    def rows(images: int) -> slice:
        predicted = images if most is None else min(images, most)
        return shard_range(predicted, number - 1, shards, batch_size=AdapterRequest.batch_size)

    index = DataIndex.read_some(inputs.images, context.moved, of=rows)
    request = predict.adapter_request(spec, inputs, index, context)
    context.progress.say(f"predict: shard {number} of {shards}: {len(index)} images")
    adapter = spec.predict.adapter
    return predict_to_file(adapter, request, index.records, outputs.predictions, tta=spec.tta, columns=True).to_json()


STAGE = Stage(
    name=NAME,
    version=predict.STAGE.version,
    spec=PredictShardSpec,
    inputs=PredictInputs,
    outputs=PredictShardOutputs,
    run=run,
    title="predict a part of the images",
)
"""Of every part; in no registry, because a contract's plan has none: whoever builds makes them of the stage predict."""


def whole_and_shard(name: str) -> tuple[str, int | None]:
    """Stage and number of a part by the part's name; of any other stage the name itself, and None."""
    whole, _, number = name.partition(".shard-")
    return (whole, int(number)) if number.isdecimal() else (name, None)


def shard_stage(name: str) -> Stage | None:
    """The stage of the part that is called so; None where the name is no part's."""
    return replace(STAGE, name=name) if name.startswith(NAME) else None
