"""Which scene and which image of it a picture is, by BOP's numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from yolozu.errors import UsageError

if TYPE_CHECKING:
    from yolozu.data.index import DataIndex

_BOP_IMAGE = re.compile(
    r"(?:^|/)(?:(?P<scene>\d+)/(?:(?:rgb|gray)_(?P<camera>[\w-]+)|(?P<named>(?:rgb|gray)[^_/]*))/(?P<image>\d+)"
    r"|(?P<scene_>\d{6})(?:_(?P<camera_>[\w-]+))?/(?P<image_>\d{6}))\.[^./]+$",
    re.ASCII,
)
"""BOP's own path, or that of `data prepare-bop`, whose folders of scenes hold the pictures themselves."""

ImageKey = tuple[int, int]


def image_keys(index: DataIndex) -> list[ImageKey]:
    """Scene id and image id of every image.

    Those in the paths (``…/000002/rgb/000017.png`` and ``…/000002/000017.png`` are scene 2, image 17) where all images
    have such paths and no two the same ids; otherwise scene 0 and the image's place in the index, which is in order of
    path, from 0.
    """
    stated = stated_keys(index)
    if stated is not None and len(set(stated)) == len(stated):
        return stated
    return [(0, place) for place in range(len(index.records))]


def stated_keys(index: DataIndex) -> list[ImageKey] | None:
    """Those that the paths state, several of one image where several cameras took it; None where they do not."""
    matches = [_BOP_IMAGE.search(record.image) for record in index.records]
    found = [(int(m["scene"] or m["scene_"]), int(m["image"] or m["image_"])) for m in matches if m is not None]
    return found if len(found) == len(index.records) else None


def of_camera(index: DataIndex, camera: str | None) -> DataIndex:
    """The images that one of several cameras took, called as their files or their folder; all where none is named.

    Raises:
        UsageError: YZ806 no image is of that camera.
    """
    if camera is None:
        return index
    cameras = _cameras(index)
    records = tuple(record for record, name in zip(index.records, cameras, strict=True) if name == camera)
    if not records:
        known = sorted({name for name in cameras if name is not None})
        fix = f"choose one of: {', '.join(known)}" if known else "leave it out: the images' paths name no camera"
        problem = f"split {index.split!r} has no image of a camera {camera!r}"
        raise UsageError.one("YZ806", where="--camera", problem=problem, fix=fix)
    return replace(index, records=records)


def require_one_camera(index: DataIndex, where: str) -> None:
    """Hold against results that say scene and image, and no camera.

    Raises:
        UsageError: YZ806 several cameras took one image.
    """
    stated = stated_keys(index)
    cameras = sorted({name for name in _cameras(index) if name is not None})
    if stated is not None and len(set(stated)) < len(stated) and len(cameras) > 1:
        problem = f"BOP results name scene and image, and each was taken by several cameras: {', '.join(cameras)}"
        raise UsageError.one("YZ806", where=where, problem=problem, fix=f"say which with --camera {cameras[0]}")


def _cameras(index: DataIndex) -> list[str | None]:
    matches = [_BOP_IMAGE.search(record.image) for record in index.records]
    return [None if m is None else m["camera"] or m["named"] or m["camera_"] for m in matches]
