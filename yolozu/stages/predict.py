"""Predict the images that are evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.contract.predict import CorruptionSection, PredictSection, TtaSection, TttSection
from yolozu.contract.train import DeviceSection
from yolozu.stages.base import Stage, StageContext, StageSpec, after, gives, needs, reads
from yolozu.stages.stoppable import StoppableProgress

if TYPE_CHECKING:
    from yolozu.progress import Progress


class PredictSpec(StageSpec):
    """What predicts, and what is kept."""

    predict: PredictSection
    corruption: CorruptionSection
    tta: TtaSection
    ttt: TttSection
    device: DeviceSection


@dataclass(frozen=True)
class PredictInputs:
    """The network in both forms, the passed parity gate, the images, and what is known of a given predictions file."""

    checkpoint: Path = needs("train.best")
    onnx: Path = needs("export_onnx.onnx")
    parity: Path = after("onnx_parity.report")
    images: Path = needs("prepare_data.predict")
    given: Path = reads("plan/given.json")


@dataclass(frozen=True)
class PredictOutputs:
    """The predictions."""

    predictions: Path = gives("predictions/predictions.json")


def run(spec: PredictSpec, inputs: PredictInputs, outputs: PredictOutputs, context: StageContext) -> dict[str, Any]:
    """Predict. Returns counts, seconds and images per second."""
    from yolozu.data.corruption.corruption import Corruption
    from yolozu.data.index import DataIndex
    from yolozu.predict.adapters.base import AdapterRequest
    from yolozu.predict.adapters.registry import open_adapter
    from yolozu.predict.run import predict_to_file

    section, index = spec.predict, DataIndex.read(inputs.images)
    request = AdapterRequest(
        classes=index.classes,
        progress=StoppableProgress(context.progress, context.stopping, "predict"),
        checkpoint=inputs.checkpoint,
        onnx=inputs.onnx,
        predictions=None if section.predictions is None else Path(section.predictions),
        device=_device(section.adapter, spec.device.device, context.progress),
        score_threshold=section.score_threshold,
        max_detections=section.max_detections,
        transform=Corruption.from_section(spec.corruption),
        views=spec.tta if spec.tta.tta and spec.tta.tta_mode == "model" else None,
    )
    adapter = open_adapter(section.adapter, request)
    done = predict_to_file(section.adapter, adapter, request, index.records[: section.max_images], outputs.predictions)
    return done.to_json()


def _device(adapter: str, device: str, progress: Progress) -> str:
    """The training's device, unless ONNX Runtime is installed without support for it: then the CPU, said aloud."""
    if adapter != "onnxruntime" or device == "cpu":
        return device
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        return device
    progress.say(f"predict: ONNX Runtime {onnxruntime.__version__} has no CUDA support here; predicting on the CPU")
    return "cpu"


STAGE = Stage(
    name="predict",
    version=3,
    spec=PredictSpec,
    inputs=PredictInputs,
    outputs=PredictOutputs,
    run=run,
    title="predict",
)
