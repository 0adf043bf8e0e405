"""Whether scores mean what they say."""

from __future__ import annotations

from yolozu.report.charts import Line, bar_chart, line_chart
from yolozu.report.markup import Markup, joined
from yolozu.report.material import Material
from yolozu.report.page import figure, note, side_by_side


def calibration(material: Material) -> Markup | None:
    """The reliability diagram and its error; None where there is no detection to hold against a label."""
    found = material.diagnosis
    if found is None or not found.bins or found.precision_R is None:
        return None
    lines = [
        Line("detections", [(one.confidence, one.accuracy) for one in found.bins], dots=True, color=1),
        Line("scores that mean what they say", [(0.0, 0.0), (1.0, 1.0)], dashed=True, color=8),
    ]
    counts = [(f"{one.low:.1f} to {one.high:.1f}", float(one.count)) for one in found.bins]
    reliable = line_chart(lines, x_name="mean score", name="Share of hits over mean score", unit=True, whole_x=False)
    surer = sum(one.count * (one.confidence - one.accuracy) for one in found.bins) > 0.0
    direction = "surer than it is right" if surer else "less sure than it is right"
    total = sum(one.count for one in found.bins)
    said = note(
        f"Of detections with a score of .7, seven in ten should be hits (IoU .50). The expected calibration error of "
        f"{total} detections is {found.ece:.3f}: on average the model is {direction}."
    )
    figures = [
        figure("Share of hits over score", reliable),
        figure("Detections by score", bar_chart(counts, name="Detections by score", form=".0f")),
    ]
    return joined(said, side_by_side(figures))
