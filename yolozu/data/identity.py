"""Which images a file was made of, without where they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.artifacts.digest import digest_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.structures.image_record import ImageRecord


def images_digest(records: Sequence[ImageRecord]) -> str:
    """SHA-256 (hex) over the content of the images, in order; neither names nor labels enter."""
    return digest_of([record.sha256 for record in records])
