"""Differences into the numbers of a report, and whether they pass."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from yolozu.artifacts.onnx_metadata import SIGMA_OUTPUTS
from yolozu.artifacts.parity_report import Differences, Matched, Selection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from yolozu.artifacts.parity_report import Thresholds
    from yolozu.export.comparison import ComparedImage

ANY_NUMBER = sys.float_info.max
"""Tolerance of a raw output whose differences are judged by what they do: any that is a number."""


def output_differences(compared: Sequence[ComparedImage]) -> dict[str, Differences]:
    """Statistics of each output over everything compared."""
    return {name: _statistics([entry.outputs[name] for entry in compared]) for name in compared[0].outputs}


def selection(compared: Sequence[ComparedImage]) -> Selection:
    """Which proposals became queries, over everything compared."""
    parts = [entry.selection for entry in compared]
    return Selection(
        score_max=_largest([part.score_differences for part in parts]),
        reordered=sum(part.reordered for part in parts),
        tied=sum(part.tied for part in parts),
        other=sum(part.other for part in parts),
    )


def matched(compared: Sequence[ComparedImage]) -> Matched:
    """The paired detections over everything compared."""
    parts = [entry.detections for entry in compared if entry.detections is not None]
    poses = [entry.poses for entry in compared if entry.poses is not None]
    ious = np.concatenate([part.ious for part in parts]) if parts else np.empty(0)
    return Matched(
        pairs=len(ious),
        unmatched=sum(part.unmatched for part in parts),
        tied=sum(part.tied for part in parts),
        iou_min=float(ious.min()) if len(ious) else None,
        score_max=_largest([part.score_differences for part in parts]),
        label_flips=sum(part.label_flips for part in parts),
        rot_deg_max=_largest([part.rot_deg for part in poses]),
        t_mm_max=_largest([part.t_mm for part in poses]),
    )


def shortcomings(compared: Sequence[ComparedImage], thresholds: Thresholds) -> list[str]:
    """What is out of tolerance, each with its worst number and where it was seen; empty when all is within."""
    limits = {"pred_logits": thresholds.score_atol, "pred_boxes": thresholds.bbox_atol}
    limits |= dict.fromkeys(SIGMA_OUTPUTS, thresholds.score_atol)
    matches = [entry.detections for entry in compared]
    sentences = [
        *(
            _beyond(name, [entry.outputs[name] for entry in compared], limits.get(name, ANY_NUMBER), compared)
            for name in compared[0].outputs
        ),
        *_pose_shortcomings(compared, thresholds),
        _beyond(
            "proposal scores",
            [entry.selection.score_differences for entry in compared],
            thresholds.score_atol,
            compared,
        ),
        _counted("queries rank clearly behind others", [entry.selection.other for entry in compared], compared),
        _counted(
            "detections have no counterpart", [0 if match is None else match.unmatched for match in matches], compared
        ),
        _counted("objects changed labels", [0 if match is None else match.label_flips for match in matches], compared),
    ]
    return [sentence for sentence in sentences if sentence is not None]


def _pose_shortcomings(compared: Sequence[ComparedImage], thresholds: Thresholds) -> Iterator[str | None]:
    """What is out of tolerance in poses. Raw outputs are held to what they do to an object, each one by itself.

    A `pred_rot6d` may have any length, and how far a difference of `pred_log_z`, `pred_offsets` or `pred_k_delta` moves
    an object depends on its depth and the camera; so none of them has a tolerance of its own.
    """
    parts = [(entry.poses, entry) for entry in compared if entry.poses is not None]
    if not parts:
        return
    poses, entries = [part for part, _ in parts], [entry for _, entry in parts]
    rot_deg, t_mm = thresholds.rot_deg, thresholds.t_mm
    turned = [part.turned_deg for part in poses]
    yield _beyond("pred_rot6d", turned, rot_deg, entries, verb="turn an object by", unit=" degrees")
    for name in poses[0].moved_mm:
        moved = [part.moved_mm[name] for part in poses]
        yield _beyond(name, moved, t_mm, entries, verb="move an object by", unit=" mm")
    yield _beyond("rotations of detections", [part.rot_deg for part in poses], rot_deg, entries, unit=" degrees")
    yield _beyond("translations of detections", [part.t_mm for part in poses], t_mm, entries, unit=" mm")


def reason(
    failures: Sequence[str],
    *,
    images: int,
    requested: int,
    batch_sizes: Sequence[int],
    other_sizes: Sequence[tuple[int, int]] = (),
    without_camera: int = 0,
) -> str:
    """One sentence for the report: what failed, or what was compared."""
    sizes = " and ".join(str(size) for size in batch_sizes)
    scope = f"{images} image{'s' if images > 1 else ''} at batch sizes {sizes}"
    if other_sizes:
        scope += f" and at {' and '.join(f'{height}x{width}' for height, width in other_sizes)} px"
    if images < requested:
        scope += f" (the split has no more; {requested} were asked for)"
    if without_camera:
        scope += f", {without_camera} of them with a stand-in for the camera, which is not known"
    return f"{'; '.join(failures)}; compared on {scope}" if failures else f"all outputs within tolerance on {scope}"


def _statistics(parts: Sequence[NDArray[np.float64]]) -> Differences:
    values = np.concatenate([part.ravel() for part in parts])
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Differences(max=None, mean=None, p50=None, p90=None, p99=None, non_finite=len(values))
    p50, p90, p99 = (float(value) for value in np.percentile(finite, [50, 90, 99]))
    return Differences(
        max=float(finite.max()),
        mean=float(finite.mean()),
        p50=p50,
        p90=p90,
        p99=p99,
        non_finite=len(values) - len(finite),
    )


def _largest(parts: Sequence[NDArray[np.float64]]) -> float | None:
    finite = [part[np.isfinite(part)] for part in parts]
    largest = [float(part.max()) for part in finite if part.size]
    return max(largest, default=None)


def _beyond(
    name: str,
    differences: Sequence[NDArray[np.float64]],
    limit: float,
    compared: Sequence[ComparedImage],
    *,
    verb: str = "differ by",
    unit: str = "",
) -> str | None:
    """The worst difference, if above ``limit``; NaN and infinity are worse than any number."""
    peaks = [float(np.nan_to_num(values, nan=np.inf, posinf=np.inf).max(initial=0.0)) for values in differences]
    worst = int(np.argmax(peaks))
    if peaks[worst] <= limit:
        return None
    place = _place(compared[worst])
    if np.isinf(peaks[worst]):
        return f"{name} are not finite on {place}"
    return f"{name} {verb} {peaks[worst]:.3g}{unit} (tolerance {limit:g}) on {place}"


def _counted(what: str, counts: Sequence[int], compared: Sequence[ComparedImage]) -> str | None:
    """How many there are, if any, and where the most of them."""
    worst = int(np.argmax(counts))
    return f"{sum(counts)} {what}, most of them on {_place(compared[worst])}" if counts[worst] else None


def _place(entry: ComparedImage) -> str:
    return f"{entry.image} at batch size {entry.batch_size}"
