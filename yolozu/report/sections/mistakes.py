"""What kind of mistakes there are: TIDE's types, and which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from yolozu.evaluation.boxes.diagnosis import SureDiagnosis
from yolozu.report.charts import bar_chart
from yolozu.report.markup import Child, Markup, element, joined
from yolozu.report.material import Material
from yolozu.report.page import figure, note, side_by_side, table

MEANINGS = {
    "Cls": ("Wrong class", "overlaps an object of another class"),
    "Loc": ("Badly placed", "right class, overlap between .1 and .5"),
    "Both": ("Both", "wrong class and badly placed"),
    "Dupe": ("Duplicate", "of an object that a surer detection has"),
    "Bkg": ("Background", "overlaps no object"),
    "Miss": ("Missed", "an object without any detection near it"),
}
MOST_CLASSES = 10
"""Classes of the confusion matrix: with more, nobody reads it."""


def mistakes(material: Material) -> Markup | None:
    """Kinds of errors and the confusion matrix; None where nothing was predicted, or nothing is labeled."""
    found, sure = material.diagnosis, material.sure
    if found is None or sure is None or material.index is None or not material.index.has_objects:
        return None
    shown = [(MEANINGS[error.name][0], error.delta_ap) for error in found.errors]
    rows: list[list[Child]] = [
        [MEANINGS[error.name][0], MEANINGS[error.name][1], str(error.count), f"{error.delta_ap:.3f}"]
        for error in found.errors
    ]
    said = note(
        "Average precision at IoU .50 that would be gained if all mistakes of one kind were cured (TIDE, ECCV 2020), "
        "over all detections, however unsure."
    )
    kinds = side_by_side(
        [
            figure("Gain in average precision", bar_chart(shown, name="Gain in average precision by kind of mistake")),
            table(["kind", "a detection that", "count", "gain"], rows, name="Kinds of mistakes", texts=2),
        ]
    )
    return joined(said, kinds, *_confusion(sure, material))


def _confusion(sure: SureDiagnosis, material: Material) -> list[Markup]:
    assert material.index is not None, "there is a diagnosis"
    names = material.index.classes.names
    frequent = np.argsort(-(sure.confusion[:-1].sum(axis=1) + sure.confusion[:, :-1].sum(axis=0)), kind="stable")
    chosen = sorted(int(place) for place in frequent[:MOST_CLASSES] if _counts(sure.confusion, int(place)))
    places = [*chosen, len(names)]
    part = sure.confusion[np.ix_(places, places)]
    threshold = f"{material.show.score_threshold:g}"
    few = (
        f" Only the {MOST_CLASSES} most frequent of {len(names)} classes are shown."
        if len(names) > MOST_CLASSES
        else ""
    )
    crowd = any(record.is_crowd.any() for record, _ in material.pairs)
    of_crowds = " Detections within crowd regions count as of no object." if crowd else ""
    said = note(
        f"Rows are what is there, columns what it was detected as, with a score of at least {threshold} and an overlap "
        f"of half. The last column counts missed objects, the last row detections of no object.{few}{of_crowds}"
    )
    titles = [*(names[place] for place in chosen), "nothing"]
    return [element("h3", "Confusion"), said, _matrix(part, titles)]


def _counts(confusion: NDArray[np.int64], place: int) -> bool:
    return bool(confusion[place].any() or confusion[:, place].any())


def _matrix(part: NDArray[np.int64], titles: Sequence[str]) -> Markup:
    """Counts on a ground as deep as their share of the row; the diagonal is right, all else is not."""
    sums = part.sum(axis=1, keepdims=True)
    shares = np.divide(part, sums, out=np.zeros(part.shape), where=sums > 0)
    head = element("tr", element("th", "is \u2193  detected as \u2192", scope="col"), *(_title(one) for one in titles))
    rows = []
    for place, title in enumerate(titles):
        cells = [_cell(int(part[place, other]), shares[place, other], place == other) for other in range(len(titles))]
        rows.append(element("tr", element("th", title, scope="row"), *cells))
    whole = element("table", element("thead", head), element("tbody", *rows), class_="matrix")
    return element("div", whole, class_="scroll", role="region", aria_label="Confusion matrix", tabindex=0)


def _title(text: str) -> Markup:
    return element("th", element("span", text), scope="col", class_="n")


def _cell(count: int, share: float, right: bool) -> Markup:
    color = "var(--c1)" if right else "var(--c5)"
    ground = f"background:color-mix(in srgb,{color} {round(70 * share)}%,transparent)" if count else None
    return element("td", str(count) if count else "\u00b7", class_="n" if count else "n none", style=ground)
