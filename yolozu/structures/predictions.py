"""Predictions on original images, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ImagePredictions:
    """The detections in one image.

    Attributes:
        image: posix path relative to the data set's root.
        width: of the original image (after EXIF orientation), px; None where the file does not say.
        height: likewise.
        class_ids: (N,) int64 category ids.
        scores: (N,) float64 in [0, 1].
        boxes_cxcywh: (N, 4) float64, normalized to the original image.
        extras: one map per detection with its further fields (``R``, ``t_xyz``, …) as they stand in a file; empty when
            no detection has any.
        intrinsics: camera as it stands in a file.
    """

    image: str
    width: int | None
    height: int | None
    class_ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    boxes_cxcywh: NDArray[np.float64]
    extras: tuple[Mapping[str, Any], ...] = ()
    intrinsics: Any = None

    def __post_init__(self) -> None:
        count = len(self.scores)
        if self.class_ids.shape != (count,) or self.boxes_cxcywh.shape != (count, 4):
            raise ValueError(
                f"{self.image}: {count} scores, class_ids {self.class_ids.shape}, boxes {self.boxes_cxcywh.shape}"
            )
        if self.extras and len(self.extras) != count:
            raise ValueError(f"{self.image}: {count} scores, {len(self.extras)} extras")

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True)
class TimedPredictions:
    """Predictions of some images.

    Attributes:
        entries: at most one an image.
        seconds: what they took; None where they were made before.
    """

    entries: Sequence[ImagePredictions]
    seconds: float | None
