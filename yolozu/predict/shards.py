"""Images predicted in parts: which belong to which, and the parts put together to what one go gives, to the byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yolozu.artifacts.predictions.join import join_predictions, meta_of
from yolozu.data.index import content_digest
from yolozu.errors import UsageError
from yolozu.predict.run import PredictionRun

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def shard_range(images: int, shard: int, shards: int, *, batch_size: int) -> slice:
    """Which images are the part ``shard`` (from 0) of ``shards``: consecutive ones, in whole batches.

    In batches of other images a network may round otherwise, so parts end where batches of all images do. Where there
    are fewer batches than parts, some parts are empty.
    """
    batches = -(-images // batch_size)
    first, last = (batches * place // shards * batch_size for place in (shard, shard + 1))
    return slice(min(first, images), min(last, images))


def join_shards(
    parts: Sequence[Path], output_path: Path, image_sha256s: Sequence[str], numbers: Sequence[Mapping[str, Any]]
) -> PredictionRun:
    """Write the predictions of all images from those of their parts, and the columns beside them.

    Args:
        parts: predictions files of the parts, in order.
        output_path: predictions file.
        image_sha256s: digests of all images.
        numbers: what came out of each part, as `PredictionRun.to_json` says.

    Raises:
        UsageError: YZ650 parts were predicted by different means.
    """
    metas = [meta_of(part) for part in parts]
    _require_one_means(metas)
    meta = {**metas[0], "images": len(image_sha256s), "images_sha256": content_digest(image_sha256s)}
    if "mirrored" in meta.get("tta", {}):
        meta["tta"] = {**meta["tta"], "mirrored": [name for part in metas for name in part["tta"]["mirrored"]]}
    join_predictions(output_path, parts, meta)
    return PredictionRun(len(image_sha256s), sum(n["detections"] for n in numbers), sum(n["seconds"] for n in numbers))


def _require_one_means(metas: Sequence[dict[str, Any]]) -> None:
    """Refuse to put together what differs in more than its images."""
    first = _means(metas[0])
    for place, meta in enumerate(metas[1:], 2):
        other = _means(meta)
        keys = [key for key in (*first, *other) if first.get(key) != other.get(key)]
        if keys:
            raise UsageError.one(
                "YZ650",
                where=f"predict: shard {place} of {len(metas)}",
                problem=f"{keys[0]} is {other.get(keys[0])}, and {first.get(keys[0])} in shard 1",
                fix="let machines that have the same predict all shards, or set predict_shards: 1",
            )


def _means(meta: Mapping[str, Any]) -> dict[str, Any]:
    """What of ``meta`` does not depend on which images these are."""
    means = {key: value for key, value in meta.items() if key not in {"images", "images_sha256"}}
    if "tta" in means:
        means["tta"] = {key: value for key, value in means["tta"].items() if key != "mirrored"}
    return means
