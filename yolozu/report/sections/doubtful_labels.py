"""Labels that sure detections contradict: where to look first when labels are checked."""

from __future__ import annotations

import numpy as np
from PIL import Image

from yolozu.data.images import read_image
from yolozu.evaluation.boxes.diagnosis import Suspect
from yolozu.predict.pictures.drawing import draw_detections
from yolozu.report.chosen import shown_around
from yolozu.report.drawn import jpeg_address
from yolozu.report.markup import Child, Markup, element, joined
from yolozu.report.material import Material
from yolozu.report.page import details, note, table

KINDS = {"wrong_label": "another class is labeled", "missing_annotation": "nothing is labeled"}
MOST_ROWS = 100


def doubtful_labels(material: Material) -> Markup | None:
    """Pictures of the surest contradictions and a list; None where there is none."""
    sure = material.sure
    if sure is None or not sure.suspects:
        return None
    said = note(
        f"{len(sure.suspects)} detections with a score of at least {material.show.score_threshold:g} contradict the "
        "labels. The surest ones are instructive mistakes of the model, or mistakes in the labels: the better the "
        "model, the more often the latter."
    )
    most = min(material.show.pictures, max(1, material.show.pictures // 2))
    pictured = [_figure(one, material) for one in sure.suspects[:most]]
    rows: list[list[Child]] = [
        [material.pairs[one.image][0].image, _words(one), f"{one.score:.2f}"] for one in sure.suspects[:MOST_ROWS]
    ]
    listed = table(["image", "detected, and labeled", "score"], rows, name="Doubtful labels", texts=2)
    first = f"The first {MOST_ROWS}" if len(sure.suspects) > MOST_ROWS else "All"
    shown = element("div", *pictured, class_="pictures small") if pictured else None
    return joined(said, shown, details(f"{first} as a list", listed))


def _words(one: Suspect) -> str:
    return f"{one.predicted}; labeled: {'nothing' if one.labeled is None else one.labeled}"


def _figure(one: Suspect, material: Material) -> Markup:
    """The neighborhood of the detection, with its box alone."""
    record, found = material.pairs[one.image][0], material.detection(one.detection)
    crop, inside = shown_around(Image.fromarray(read_image(record.path)), found)
    picture = draw_detections(np.asarray(crop), inside, material.names)
    image = element(
        "img", src=jpeg_address(picture), alt=f"{record.image}, {_words(one)}", width=crop.width, height=crop.height
    )
    words = f" \u00b7 {KINDS[one.kind]}{'' if one.labeled is None else f': {one.labeled}'} \u00b7 {record.image}"
    caption = element("figcaption", element("b", f"{one.predicted} {one.score:.2f}"), words)
    return element("figure", image, caption)
