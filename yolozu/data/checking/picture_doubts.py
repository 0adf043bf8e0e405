"""Pictures that are held out and trained on at once, or of a size that nobody means."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from yolozu.data.checking.violations import Violation
from yolozu.data.layouts.files import (
    IMAGE_SUFFIXES,
    LABEL_SUFFIXES,
    SIDECAR_SUFFIXES,
    files_below,
    is_folder,
    others_below,
    suffix_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.data.checking.looked_at import LookedAt
    from yolozu.data.images import ImageFacts
TINY_PX = 32
"""A shorter side below this shows less than one position of the coarsest feature map (stride 32)."""
GIGANTIC_PX2 = 50_000_000
"""Pixels from which a picture takes 150 MB once it is decoded."""
ELONGATED = 8.0
"""Longer over shorter side from which a letterboxed square is mostly border."""


def near_duplicate(looked_at: LookedAt) -> Iterator[Violation]:
    """Images that are one photo with those of another split, told of the split that is trained on, else the first.

    Equal files are an error of their own (leakage).
    """
    training = looked_at.survey.training
    splits = sorted(looked_at.survey.splits, key=lambda split: split.name not in training)
    for group in looked_at.alike:
        for number, split in enumerate(splits):
            later = [other for other in splits[number + 1 :] if other.image_names != split.image_names]
            held = [(owner, image) for owner, image in group if any(owner is other for other in later)]
            files = Counter(image.sha256 for _, image in held)
            for image in (image for owner, image in group if owner is split):
                count = len(held) - files[image.sha256]
                if count:
                    owner, twin = next(other for other in held if other[1].sha256 != image.sha256)
                    more = f" and {count - 1} more" if count > 1 else ""
                    problem = f"is nearly the same picture as {twin.labeled.path} in split {owner.name!r}{more}"
                    yield Violation(split.name, image, str(image.labeled.path), problem, whole_image=True, twin=twin)


def unlisted_files(looked_at: LookedAt) -> Iterator[Violation]:
    """Folders of COCO's pictures with some that no instances file lists; of other layouts their readers tell."""
    layout = looked_at.survey.layout
    coco = [split for split in looked_at.survey.splits if layout.splits[split.name].label_format == "coco"]
    listed = {os.path.normpath(image.labeled.path) for split in coco for image in split.images}
    folders = {layout.splits[split.name].images_dir: split for split in reversed(coco)}
    for folder, split in reversed(folders.items()):
        if not is_folder(folder):
            continue
        names = files_below(folder, IMAGE_SUFFIXES)
        found = Counter(suffix_of(name) for name in names if os.path.normpath(folder / name) not in listed)
        found.update(others_below(folder, IMAGE_SUFFIXES | LABEL_SUFFIXES | SIDECAR_SUFFIXES))
        if found:
            counts = ", ".join(f"{count} {suffix or 'without ending'}" for suffix, count in found.most_common())
            yield Violation(split.name, None, str(folder), f"no split that was looked at lists {counts}")


def unusual_image_size(looked_at: LookedAt) -> Iterator[Violation]:
    """Tiny, gigantic and very elongated images."""
    for split, image in looked_at.survey.images():
        said = None if image.facts.problem is not None else _said_of(image.facts, looked_at.image_size_px)
        if said is not None:
            problem = f"has {image.facts.width}×{image.facts.height} px: {said}"
            yield Violation(split.name, image, str(image.labeled.path), problem, whole_image=True)


def _said_of(facts: ImageFacts, side: int) -> str | None:
    shorter, longer = sorted((facts.width, facts.height))
    if shorter < TINY_PX:
        return "there is little to see in it"
    if facts.width * facts.height > GIGANTIC_PX2:
        return f"at an image_size of {side}, one px of the network's is {longer / side:.3g} of its own"
    if longer > ELONGATED * shorter:
        return f"at an image_size of {side}, {1 - shorter / longer:.0%} of the network input is border"
    return None
