"""How much work a stage is: a number that its seconds grow with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def work_of(stage: str, keys: Mapping[str, Any], counts: Mapping[str, int]) -> float | None:
    """Work of a stage, comparable with that of the same stage elsewhere; None where its size is not known yet.

    Args:
        stage: its name.
        keys: flat keys of all stages of its run.
        counts: numbers of images, as far as they are known.
    """
    return WORK.get(stage, _the_same)(keys, counts)


def training_steps(keys: Mapping[str, Any], counts: Mapping[str, int]) -> int | None:
    """Optimizer steps of a training; None where that depends on images that nobody has counted."""
    epochs, most = keys.get("epochs"), keys.get("max_steps")
    if epochs is None:
        return None if most is None else int(most)
    images = counts.get("train_images")
    if images is None:
        return None
    of_epochs: int = int(epochs) * math.ceil(math.ceil(images / keys["batch_size"]) / _accumulated(keys))
    return of_epochs if most is None else min(of_epochs, int(most))


def _training(keys: Mapping[str, Any], counts: Mapping[str, int]) -> float | None:
    steps = training_steps(keys, counts)
    return None if steps is None else float(steps * keys["batch_size"] * _accumulated(keys)) * _pixels(keys)


def _accumulated(keys: Mapping[str, Any]) -> int:
    return int(keys.get("gradient_accumulation_steps", 1))


def _pixels(keys: Mapping[str, Any]) -> float:
    """Pixels that the network sees of an image; 1.0 where a run does not say."""
    size = keys.get("image_size", 1)
    height, width = size if isinstance(size, list) else (size, size)
    return float(height) * float(width)


def _prepared(keys: Mapping[str, Any], counts: Mapping[str, int]) -> float | None:
    if keys.get("dataset_root") == "synthetic":
        return float(keys["synth_images"] + keys["synth_val_images"]) * float(keys["synth_size"]) ** 2
    found = [counts.get(name) for name in ("train_images", "val_images")]
    return None if None in found else float(sum(count for count in found if count is not None))


def _predicted(keys: Mapping[str, Any], counts: Mapping[str, int]) -> float | None:
    """Images that are predicted."""
    images, most = counts.get("predict_images"), keys.get("max_images")
    if images is None:
        return None
    return float(images if most is None else min(images, most))


def _pictures(keys: Mapping[str, Any], counts: Mapping[str, int]) -> float | None:
    images = _predicted(keys, counts)
    return None if images is None else images * _pixels(keys)


def _compared(keys: Mapping[str, Any], counts: Mapping[str, int]) -> float | None:  # noqa: ARG001 - as all of them
    return float(keys["parity_images"]) * _pixels(keys)


def _calibrated(keys: Mapping[str, Any], counts: Mapping[str, int]) -> float | None:  # noqa: ARG001 - as all of them
    return float(keys["calibration_images"]) * _pixels(keys)


def _validated_in_cells(keys: Mapping[str, Any], counts: Mapping[str, int]) -> float | None:
    """Pixels of the validation images, once for each file in each runtime."""
    images = counts.get("val_images")
    if images is None:
        return None
    files, runtimes = 1 + len(keys.get("export_precisions", ())), len(keys["parity_runtimes"])
    return float(images * files * runtimes) * _pixels(keys)


def _replayed(keys: Mapping[str, Any], counts: Mapping[str, int]) -> float | None:  # noqa: ARG001 - as all of them
    images = counts.get("train_images")
    return None if images is None else float(images)


def _the_same(keys: Mapping[str, Any], counts: Mapping[str, int]) -> float | None:  # noqa: ARG001 - as all of them
    """It takes as long whatever the data are."""
    return 1.0


WORK: dict[str, Callable[[Mapping[str, Any], Mapping[str, int]], float | None]] = {
    "prepare_data": _prepared,
    "train": _training,
    "replay": _replayed,
    "files": _the_same,
    "export_onnx": _the_same,
    "onnx_parity": _compared,
    "export_precisions": _calibrated,
    "runtime_parity": _validated_in_cells,
    "predict": _pictures,
    "validate_predictions": _predicted,
    "evaluate": _predicted,
    "forgetting": _predicted,
    "scenarios": _pictures,
    "report": _the_same,
}
"""Stage -> its work; of a stage that is not here, always the same."""
