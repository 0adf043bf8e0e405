"""The worst and the best held-out pictures: what is there, and what was found."""

from __future__ import annotations

from collections.abc import Sequence

from yolozu.evaluation.boxes.diagnosis import ImageScore
from yolozu.report.chosen import shown_detections
from yolozu.report.drawn import draw_pair, jpeg_address
from yolozu.report.markup import Markup, element, joined
from yolozu.report.material import Material
from yolozu.report.page import note, warning

NOTHING_SURE = "No detection has a score of {} or more; a lower report_score_threshold shows those that there are."
SIDE = 280
"""Longer side of a picture, px."""


def pictures(material: Material) -> Markup | None:
    """Pairs of pictures, ordered by F1; None where nothing was predicted, or nothing is labeled."""
    sure = material.sure
    if sure is None or not sure.images or not material.show.pictures:
        return None
    most = max(1, material.show.pictures // 2)
    by_f1 = sorted(sure.images, key=lambda one: (one.f1, -one.missed - one.extra, one.image))
    worst = by_f1[:most]
    best = [one for one in reversed(by_f1) if one not in worst and one.hits][:most]
    threshold = f"{material.show.score_threshold:g}"
    said = note(
        "On the left what is labeled, on the right what was found, with a score of at least ",
        f"{threshold}; a hit overlaps an object of its class by half. Poses: axes (x red, y green, z blue), and the ",
        "box in space where the object's size is known.",
    )
    unsure = not any(len(found) for found in material.sure_predictions)
    none = warning(NOTHING_SURE.format(threshold)) if unsure else None
    return joined(said, none, *_row("Worst", worst, material), *_row("Best", best, material))


def _row(title: str, chosen: Sequence[ImageScore], material: Material) -> list[Markup]:
    if not chosen:
        return []
    return [element("h3", title), element("div", *(_figure(one, material) for one in chosen), class_="pictures")]


def _figure(one: ImageScore, material: Material) -> Markup:
    assert material.index is not None, "scores are of images"
    record, found = material.pairs[one.image]
    shown = shown_detections(found, material.show.score_threshold)
    ids = material.index.classes.category_ids
    pair = draw_pair(record, shown, material.names, ids, side=SIDE, extents=material.extents)
    size = {"width": pair.truth.width, "height": pair.truth.height}
    images = element(
        "div",
        element("img", src=jpeg_address(pair.truth), alt=f"{record.image}, labeled objects", **size),
        element("img", src=jpeg_address(pair.predicted), alt=f"{record.image}, detections", **size),
        class_="pair",
    )
    counts = f"{one.hits} found, {one.missed} missed, {one.extra} wrong"
    caption = element("figcaption", element("b", f"F1 {one.f1:.2f}"), f" · {counts} · {record.image}")
    return element("figure", images, caption)
