"""`yolozu model info`: what a detector costs."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolozu.app.described_model import model_meant_by
from yolozu.cli.options import Json
from yolozu.cli.render import say, say_json, show_findings, table

if TYPE_CHECKING:
    from yolozu.app.described_model import Subject
    from yolozu.model.profile import Latency, Part, Profile

NOTES = (
    "FLOPs of one image; a multiply-add is 2. Not counted: bilinear sampling,",
    "normalizations, activations.",
)

POSES_BY_DATA = "Pose heads are not counted: model.pose is auto, so the data decide."


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
    as_json: Json = False,
) -> None:
    """Parameters and FLOPs of a detector, part by part, and the time of an inference. Nothing is written."""
    meant = model_meant_by(
        words or [], image_size=image_size, num_classes=num_classes, batch_size=batch_size, latency=latency
    )
    show_findings(meant.warnings)
    described = meant.described()
    if as_json:
        say_json(json.dumps(_as_json(*described), indent=2))
    else:
        say(_text(*described))


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
