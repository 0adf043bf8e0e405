"""Whether images hold more objects than a detector can name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yolozu.data.index import DataIndex


def crowded_lines(num_queries: int, *indices: DataIndex) -> tuple[str, ...]:
    """What to say of images with more objects than the detector has queries: a line for each split, or nothing."""
    lines = []
    for index in indices:
        counts = {record.image: int((~record.is_crowd).sum()) for record in index.records}
        crowded = sum(count > num_queries for count in counts.values())
        if not crowded:
            continue
        fullest = max(counts, key=lambda image: counts[image])
        lines.append(
            f"warning: {crowded} of {len(counts)} images of split {index.split} have more objects than the detector "
            f"finds at most (model.num_queries: {num_queries}); the most are {counts[fullest]}, in {fullest}: "
            "raise it, or cut these images into pieces"
        )
    return tuple(lines)
