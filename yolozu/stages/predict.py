"""Predict the images that are evaluated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.contract.sections.predict import CorruptionSection, PredictSection, TtaSection, TttSection
from yolozu.contract.sections.train import DeviceSection
from yolozu.errors import InputError, UsageError
from yolozu.predict.adapters.registry import OF_THE_FILE
from yolozu.progress import StoppableProgress
from yolozu.stages.base import Stage, StageContext, StageSpec, after, gives, needs, reads

if TYPE_CHECKING:
    from yolozu.data.index import DataIndex
    from yolozu.predict.adapters.base import AdapterRequest
    from yolozu.predict.ttt.report import Score
    from yolozu.progress import Progress


class PredictSpec(StageSpec):
    """What predicts, and what is kept."""

    predict: PredictSection
    corruption: CorruptionSection
    tta: TtaSection
    ttt: TttSection
    device: DeviceSection

    def needs_device(self) -> str:
        """The contract's, where torch predicts; ONNX Runtime makes do with the CPU."""
        return self.device.device if self.predict.adapter == "rtdetr_pose" else "cpu"


@dataclass(frozen=True)
class PredictInputs:
    """The network in both forms, the passed parity gate, the images, and what is known of a given predictions file."""

    checkpoint: Path = needs("train.best")
    onnx: Path = needs("export_onnx.onnx")
    parity: Path = after("onnx_parity.report")
    images: Path = needs("prepare_data.predict")
    given: Path = reads("plan/given.json")
    models: Path = needs("prepare_data.models")


@dataclass(frozen=True)
class PredictOutputs:
    """The predictions, the same as columns, and how the network adapted to the pictures, where it did."""

    predictions: Path = gives("predictions/predictions.json")
    columns: Path = gives("predictions/predictions.npz", optional=True)
    ttt: Path = gives("reports/ttt.json", optional=True)


def run(spec: PredictSpec, inputs: PredictInputs, outputs: PredictOutputs, context: StageContext) -> dict[str, Any]:
    """Predict, or put together what was predicted in parts. Returns counts, seconds and images per second."""
    from yolozu.artifacts.record import write_record
    from yolozu.data.index import DataIndex
    from yolozu.predict.run import predict_to_file

    if context.shards:
        return _joined(spec, inputs, outputs, context)
    _require_as_planned(spec.predict.predictions, inputs.given)
    index = DataIndex.read(inputs.images, context.moved)
    images = replace(index, records=index.records[: spec.predict.max_images])
    request = adapter_request(spec, inputs, images, context)
    done = predict_to_file(
        spec.predict.adapter,
        request,
        images.records,
        outputs.predictions,
        tta=spec.tta,
        ttt=spec.ttt,
        score=_score(images, inputs.models) if spec.ttt.ttt else None,
        columns=True,
    )
    if done.ttt is not None:
        write_record(outputs.ttt, done.ttt)
        context.progress.say(f"predict: {done.ttt.in_a_line()}")
    return done.to_json()


def _require_as_planned(named: str | None, planned: Path) -> None:
    """Refuse a predictions file that is not the one which the run knows by its digest."""
    from yolozu.artifacts.digest import DigestCache, shown_digest
    from yolozu.artifacts.jsonio import read_json
    from yolozu.paths import digest_cache_path

    if named is None:
        return
    fix = "run the same command again: it plans with the file as it is"
    known = read_json(planned, code="YZ857", fix=fix)["predictions"]
    if known is None:  # an adapter that does without
        return
    with DigestCache(digest_cache_path(), reads_all=True) as cache:  # so that who plans again knows it
        found = cache.file(Path(named))
    if found != known:
        problem = f"has changed since the run was planned: sha256 {shown_digest(known)} → {shown_digest(found)}"
        raise InputError.one("YZ857", where=f"predictions: {named}", problem=problem, fix=fix)


def _joined(spec: PredictSpec, inputs: PredictInputs, outputs: PredictOutputs, context: StageContext) -> dict[str, Any]:
    from yolozu.data.index import image_digests
    from yolozu.predict.shards import join_shards

    parts, numbers = [shard.predictions for shard in context.shards], [shard.numbers for shard in context.shards]
    digests = image_digests(inputs.images)[: spec.predict.max_images]
    return join_shards(parts, outputs.predictions, digests, numbers).to_json()


def adapter_request(
    spec: PredictSpec, inputs: PredictInputs, index: DataIndex, context: StageContext
) -> AdapterRequest:
    """What the adapter of the stage predict is opened with."""
    from yolozu.data.corruption.corruption import Corruption

    request = request_of(spec, index, context, checkpoint=inputs.checkpoint, onnx=inputs.onnx, stage="predict")
    return replace(request, transform=Corruption.from_section(spec.corruption))


def _score(index: DataIndex, models_path: Path) -> Score:
    """What adaptation is worth."""
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.evaluation.quick_metrics import quick_metrics

    models = ObjectModels.read(models_path) if index.has_poses else None
    return lambda predictions: quick_metrics(index, predictions, models)


def request_of(
    spec: PredictSpec, index: DataIndex, context: StageContext, *, checkpoint: Path, onnx: Path, stage: str
) -> AdapterRequest:
    """What the contract's adapter is opened with by a stage, which its progress stops; pictures stay as they are."""
    from yolozu.predict.adapters.base import AdapterRequest

    section = spec.predict
    return AdapterRequest(
        classes=index.classes,
        progress=StoppableProgress(context.progress, context.stopping, stage),
        checkpoint=checkpoint,
        onnx=onnx,
        predictions=None if section.predictions is None else Path(section.predictions),
        device=_device_for(section.adapter, spec.device.device, onnx, context.progress),
        score_threshold=section.score_threshold,
        max_detections=section.max_detections,
        views=spec.tta if spec.tta.looks_again else None,
        inference_precision=section.inference_precision,
    )


def _device_for(adapter: str, device: str, onnx: Path, progress: Progress) -> str:
    """The training's device, unless what runs the exported file cannot use it here: then the CPU, said aloud."""
    if adapter not in OF_THE_FILE or device == "cpu":
        return device
    if adapter == "openvino":
        progress.say("predict: OpenVINO predicts on the CPU")
        return "cpu"
    from yolozu.model.onnx_runtime import onnx_runtime, session_of

    try:
        session_of(onnx, device=device, threads=1, where=str(onnx))
    except UsageError:
        version = onnx_runtime().__version__
        progress.say(f"predict: ONNX Runtime {version} has no CUDA support here; predicting on the CPU")
        return "cpu"
    return device


STAGE = Stage(
    name="predict",
    version=3,
    spec=PredictSpec,
    inputs=PredictInputs,
    outputs=PredictOutputs,
    run=run,
    title="predict",
)
