"""`yolozu model info`: what a detector costs."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolozu.app.sessions import default_config
from yolozu.cli.render import show_findings, table
from yolozu.contract.loader import load_contract
from yolozu.contract.overrides import Override, parse_assignments
from yolozu.errors import Finding, UsageError

if TYPE_CHECKING:
    from yolozu.model.detector import Detector
    from yolozu.model.profile import Latency, Part, Profile

CONTRACTS = (".yaml", ".yml", ".json")
CHECKPOINTS = (".pt", ".pth")
ASSUMED_CLASSES = 80
"""Classes where neither the contract nor the command line says a number: COCO's."""
NOTES = (
    "FLOPs of one image; a multiply-add is 2. Not counted: bilinear sampling,",
    "normalizations, activations.",
)

POSES_BY_DATA = "Pose heads are not counted: model.pose is auto, so the data decide."


@dataclass(frozen=True)
class Subject:
    """A detector to describe.

    Attributes:
        source: where it is from.
        detector: without values where they were not asked for.
        backbone: its backbone's name.
        height: of the network input in px.
        width: likewise.
        num_classes: classes it tells apart.
        assumed: whether nobody said how many.
        poses: whether it has heads of poses; None where the data decide, and none are counted.
        device: name of the device to measure on.
    """

    source: str
    detector: Detector
    backbone: str
    height: int
    width: int
    num_classes: int
    assumed: bool
    poses: bool | None
    device: str


def info(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="A contract or checkpoint, and KEY=VALUE pairs such as model.backbone.name=resnet50.",
            metavar="CONFIG|CHECKPOINT|KEY=VALUE",
        ),
    ] = None,
    *,
    image_size: Annotated[
        int | None, typer.Option(min=32, help="Side of the network input in px [default: its own].")
    ] = None,
    num_classes: Annotated[int | None, typer.Option(min=1, help="Classes [default: the contract's, or 80].")] = None,
    latency: Annotated[bool, typer.Option("--latency", help="Measure the time of an inference as well.")] = False,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Images at once, for --latency [default: 1].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Parameters and FLOPs of a detector, part by part, and the time of an inference. Nothing is written."""
    given = [] if words is None else words
    paths = [word for word in given if "=" not in word]
    assignments = [word for word in given if "=" in word]
    refused = _refused(paths, assignments, num_classes=num_classes, batch_size=batch_size, latency=latency)
    if refused:
        raise UsageError(refused)
    if paths and paths[0].endswith(CHECKPOINTS):
        subject = _of_checkpoint(Path(paths[0]), image_size)
    else:
        flags = _flags({"image_size": image_size, "model.num_classes": num_classes})
        config = paths[0] if paths else default_config()
        subject = _of_contract(Path(config), [*parse_assignments(assignments), *flags], with_values=latency)

    from yolozu.model.device import device_named
    from yolozu.model.profile import latency_of, profile_of

    size = {"height": subject.height, "width": subject.width}
    profile = profile_of(subject.detector, **size)
    measured = None
    if latency:
        count = 1 if batch_size is None else batch_size
        measured = latency_of(subject.detector, **size, batch_size=count, device=device_named(subject.device))
    print(json.dumps(_as_json(subject, profile, measured), indent=2) if as_json else _text(subject, profile, measured))


def _refused(
    paths: list[str], assignments: list[str], *, num_classes: int | None, batch_size: int | None, latency: bool
) -> list[Finding]:
    """What cannot be meant."""
    findings = [
        Finding("YZ310", word, "is no contract (.yaml, .yml, .json), checkpoint (.pt) or KEY=VALUE", "correct the word")
        for word in paths
        if not word.endswith((*CONTRACTS, *CHECKPOINTS))
    ]
    findings += [Finding("YZ310", word, "is a second model", "describe one at a time") for word in paths[1:]]
    if any(word.endswith(CHECKPOINTS) for word in paths):
        fixed = [*assignments, *(["--num-classes"] if num_classes is not None else [])]
        findings += [
            Finding("YZ411", word, "a checkpoint says so itself", "leave it out, or describe a contract")
            for word in fixed
        ]
    if batch_size is not None and not latency:
        findings.append(Finding("YZ411", "--batch-size", "only time depends on it", "leave it out, or add --latency"))
    return findings


def _flags(values: dict[str, int | None]) -> list[Override]:
    return [
        Override(key, value, f"--{key.rpartition('.')[2].replace('_', '-')}")
        for key, value in values.items()
        if value is not None
    ]


def _of_contract(path: Path, overrides: list[Override], *, with_values: bool) -> Subject:
    loaded = load_contract(path, overrides)
    show_findings(loaded.warnings)

    import torch

    from yolozu.model.detector import build_detector

    contract, config = loaded.contract, loaded.contract.model.model
    size = contract.preprocess.image_size
    height, width = (size, size) if isinstance(size, int) else size
    num_classes = ASSUMED_CLASSES if config.num_classes is None else config.num_classes
    torch.manual_seed(contract.seed.seed)
    with torch.device("cpu" if with_values else "meta"):
        detector = build_detector(config, num_classes=num_classes)
    assumed = config.num_classes is None
    poses, device = None if config.pose == "auto" else config.pose, contract.device.device
    return Subject(str(path), detector, config.backbone.name, height, width, num_classes, assumed, poses, device)


def _of_checkpoint(path: Path, image_size: int | None) -> Subject:
    from yolozu.artifacts.checkpoint import read_checkpoint
    from yolozu.data.preprocess import Preprocess
    from yolozu.model.loading import detector_from

    checkpoint = read_checkpoint(path)
    preprocess = Preprocess.from_json(checkpoint.preprocess)
    height, width = (preprocess.height, preprocess.width) if image_size is None else (image_size, image_size)
    backbone = checkpoint.model_config["backbone"]["name"]
    detector = detector_from(checkpoint)
    poses = detector.k_head is not None
    return Subject(str(path), detector, backbone, height, width, len(checkpoint.classes), False, poses, "cpu")


def _text(subject: Subject, profile: Profile, measured: Latency | None) -> str:
    classes = f"{subject.num_classes} classes{' (assumed)' if subject.assumed else ''}"
    lines = [f"{subject.source}: {subject.backbone}, {subject.height}x{subject.width} px, {classes}"]
    rows = [_row(part) for part in (*profile.parts, profile.total)]
    lines += [table(HEADER, rows, numbers=True), *NOTES, *([POSES_BY_DATA] if subject.poses is None else [])]
    if measured is not None:
        lines += [
            f"latency: {measured.seconds * 1000:.1f} ms for {measured.batch_size} image"
            f"{'s' if measured.batch_size > 1 else ''} ({measured.batch_size / measured.seconds:.1f} images/s)",
            f"  median of {measured.runs} runs after {measured.warm_up} to warm up, {measured.device}, "
            f"{measured.threads} thread{'s' if measured.threads > 1 else ''}",
        ]
    return "\n".join(lines)


HEADER = ("part", "parameters", "trainable", "GFLOPs")


def _row(part: Part) -> tuple[str, str, str, str]:
    return part.name, f"{part.parameters:,}", f"{part.trainable:,}", f"{part.flops / 1e9:.2f}"


def _as_json(subject: Subject, profile: Profile, measured: Latency | None) -> dict[str, Any]:
    total = dataclasses.asdict(profile.total)
    del total["name"]
    return {
        "source": subject.source,
        "backbone": subject.backbone,
        "image_size": [subject.height, subject.width],
        "num_classes": subject.num_classes,
        "num_classes_assumed": subject.assumed,
        "pose_heads": subject.poses,
        **total,
        "parts": [dataclasses.asdict(part) for part in profile.parts],
        "latency": None if measured is None else dataclasses.asdict(measured),
    }
