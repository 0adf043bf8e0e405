"""The page that shows how a run went, and the sheet of its pictures."""

from pydantic import Field

from yolozu.contract.base import Section


class ReportSection(Section):
    """The report of a run."""

    report: bool = True
    """Write `reports/report.html`, one page with curves, numbers and pictures, and `reports/predictions.jpg`, a sheet
    of held-out pictures with what was predicted in them."""

    report_pictures: int = Field(default=12, ge=1, le=60)
    """Pictures on the sheet; on the page, the worst and the best are half as many each."""

    report_score_threshold: float = Field(default=0.25, ge=0.0, le=1.0)
    """Least score of a detection that the report draws, counts as an answer or holds against a label; curves are over
    all detections."""
