"""Stored outputs: what a detector once said of an image, in an ``.npz`` file of its own."""

# Shapes: Q queries, C classes.

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.jsonio import MISFIT, atomic_replacement
from yolozu.artifacts.zip_damage import ZIP_DAMAGE
from yolozu.errors import InputError, YolozuError

SCHEMA_VERSION = 1

_DAMAGE = (*ZIP_DAMAGE, *MISFIT, OSError)


@dataclass(frozen=True, eq=False)
class StoredOutputs:
    """All queries of a detector's last decoder layer.

    Attributes:
        logits_QC: (Q, C) float32 class logits.
        boxes_Q4: (Q, 4) float32 cxcywh normalized to the original image; a box may reach over its border.
        class_names: of the C columns.
        teacher_sha256: digest of the detector's checkpoint file.
        image_sha256: digest of the image file.
    """

    logits_QC: NDArray[np.float32]
    boxes_Q4: NDArray[np.float32]
    class_names: tuple[str, ...]
    teacher_sha256: str
    image_sha256: str


def file_of(image_sha256: str) -> str:
    """Name of an image's file in a directory of stored outputs: images are known by content, wherever they lie."""
    return f"{image_sha256}.npz"


def write_stored_outputs(path: Path, stored: StoredOutputs) -> None:
    """Replace the file at ``path``, whole or not at all. Equal outputs give equal bytes."""
    arrays = {
        "schema_version": np.array(SCHEMA_VERSION, np.int64),
        "logits": stored.logits_QC.astype(np.float32),
        "boxes_cxcywh": stored.boxes_Q4.astype(np.float32),
        "class_names": np.array(stored.class_names, np.str_),
        "teacher_sha256": np.array(stored.teacher_sha256, np.str_),
        "image_sha256": np.array(stored.image_sha256, np.str_),
    }
    # A file object, not a path, to which numpy would add an ending. Not packed: that differs by version.
    with atomic_replacement(path) as aside, aside.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def read_stored_outputs(path: Path, *, image_sha256: str | None = None) -> StoredOutputs:
    """The stored outputs at ``path``.

    Args:
        path: the file.
        image_sha256: of the image that they have to be of; None takes them of any.

    Raises:
        InputError: YZ554, the file is missing, damaged, of another kind or version, or of another image.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            stored = _stored({name: arrays[name] for name in arrays.files})
    except _DAMAGE as error:
        raise _unusable(path, f"holds no stored outputs: {' '.join(str(error).split())}") from error
    if image_sha256 is not None and stored.image_sha256 != image_sha256:
        raise _unusable(path, f"is of another image (of digest {stored.image_sha256[:12]}, not {image_sha256[:12]})")
    return stored


def _stored(arrays: dict[str, NDArray[Any]]) -> StoredOutputs:
    version = int(arrays["schema_version"])
    if version != SCHEMA_VERSION:
        raise ValueError(f"schema_version {version}, expected {SCHEMA_VERSION}")
    logits_QC, boxes_Q4, names = arrays["logits"], arrays["boxes_cxcywh"], arrays["class_names"]
    if logits_QC.dtype != np.float32 or boxes_Q4.dtype != np.float32:
        raise ValueError(f"logits of {logits_QC.dtype} and boxes of {boxes_Q4.dtype}, expected float32")
    if names.ndim != 1 or names.dtype.kind != "U":
        raise ValueError("class_names is no list of names")
    count = len(logits_QC) if logits_QC.ndim else 0
    if logits_QC.shape != (count, len(names)) or boxes_Q4.shape != (count, 4):
        raise ValueError(f"logits {logits_QC.shape}, boxes {boxes_Q4.shape} and {len(names)} classes do not fit")
    if not (np.isfinite(logits_QC).all() and np.isfinite(boxes_Q4).all()):
        raise ValueError("a number that is not finite")
    teacher, image = str(arrays["teacher_sha256"]), str(arrays["image_sha256"])
    return StoredOutputs(logits_QC, boxes_Q4, tuple(names.tolist()), teacher, image)


def _unusable(path: Path, problem: str) -> YolozuError:
    return InputError.one(
        "YZ554",
        where=str(path),
        problem=problem,
        fix="write it again: yolozu continual teachers, or the earlier run's stage replay",
    )
