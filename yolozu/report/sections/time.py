"""How long the stages took."""

from __future__ import annotations

from pathlib import Path

from yolozu.artifacts.jsonio import read_json
from yolozu.report.charts import bar_chart
from yolozu.report.markup import Child, Markup, joined
from yolozu.report.material import FIX, Material
from yolozu.report.page import figure, side_by_side, table
from yolozu.stages.registry import STAGES


def time(material: Material) -> Markup | None:
    """A bar and a row for each finished stage; None where no receipt is there."""
    found = [] if material.files.receipts is None else _receipts(material.files.receipts)
    if not found:
        return None
    rows: list[list[Child]] = [
        [name, started.replace("T", " ")[:19], span(seconds)] for name, started, seconds in found
    ]
    bars = [(name, seconds) for name, _, seconds in found]
    chart = bar_chart(bars, name="Seconds by stage", form=".1f")
    listed = table(["stage", "began (UTC)", "took"], rows, name="Stages", texts=2)
    return joined(side_by_side([figure("Seconds", chart), listed]))


def _receipts(directory: Path) -> list[tuple[str, str, float]]:
    """Name, beginning and seconds of every stage that has finished, in the order of the graph."""
    paths = ((name, directory / f"{name}.json") for name in STAGES)
    read = [(name, read_json(path, code="YZ855", fix=FIX)) for name, path in paths if path.is_file()]
    return [(name, str(value["started_at"]), float(value["seconds"])) for name, value in read if name != "report"]


def span(seconds: float) -> str:
    """A duration as people say it."""
    if seconds < 60.0:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
