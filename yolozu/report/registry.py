"""The sections of a report, in the order of the page."""

from yolozu.registry import Registry

SECTIONS = Registry(
    "report section",
    {
        "summary": "yolozu.report.sections.summary:summary",
        "training": "yolozu.report.sections.training:training",
        "pictures": "yolozu.report.sections.pictures:pictures",
    },
)
