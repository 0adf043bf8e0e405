"""Which image of a data set a predictions file means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from yolozu.registry import nearest

NEAREST_AMONG = 2000
"""Above so many images no nearest name is offered: the search would take seconds."""
NEAREST_TIMES = 20
"""Nor for more unknown names than a person reads."""


class ImageNames:
    """The images of a data set by name.

    A name means the image with that path relative to the root. Failing that, it means the one image whose path it ends,
    or that ends it (``7.jpg`` and ``/data/coco/images/val/7.jpg`` both mean ``images/val/7.jpg``); two such images make
    it ambiguous.
    """

    def __init__(self, images: Sequence[str]) -> None:
        self.images = tuple(images)
        self._by_path = {image: index for index, image in enumerate(images)}
        self._searches_left = NEAREST_TIMES if len(images) <= NEAREST_AMONG else 0
        self._by_base: dict[str, list[int]] = defaultdict(list)
        for index, image in enumerate(images):
            self._by_base[image.rpartition("/")[2]].append(index)

    def find(self, name: str) -> tuple[int, ...]:
        """Indices of the images ``name`` may mean: one when it is known, none when unknown, several when ambiguous."""
        if name in self._by_path:
            return (self._by_path[name],)
        path = str(PurePosixPath(name))
        if path in self._by_path:
            return (self._by_path[path],)
        same_base = self._by_base.get(path.rpartition("/")[2], [])
        return tuple(index for index in same_base if _is_tail(path, self.images[index]))

    def nearest(self, name: str) -> str | None:
        """The known image most like ``name``, as long as looking takes no time worth mentioning."""
        if not self._searches_left:
            return None
        self._searches_left -= 1
        return nearest(name, list(self.images))


def _is_tail(one: str, other: str) -> bool:
    """Whether one path is the end of the other, in whole components."""
    return f"/{one}".endswith(f"/{other}") or f"/{other}".endswith(f"/{one}")


@dataclass(frozen=True)
class KnownImages:
    """What a data set says about the images and classes that predictions may name.

    Attributes:
        images: posix paths relative to the root.
        sizes: (width, height) of each image, px.
        category_ids: ids of the class table.
        expected: the first so many images should have predictions; null means all.
    """

    images: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    category_ids: frozenset[int]
    expected: int | None = None
    names: ImageNames = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.images) != len(self.sizes):
            raise ValueError(f"{len(self.images)} images, {len(self.sizes)} sizes")
        object.__setattr__(self, "names", ImageNames(self.images))

    @property
    def expected_count(self) -> int:
        """How many images should have predictions."""
        return len(self.images) if self.expected is None else min(self.expected, len(self.images))
